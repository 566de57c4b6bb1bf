# SPDX-License-Identifier: MIT
# debian/deb.mk - Debian packages, in build/deb/ (docs/building.md).

DEB_TREE = build/deb/bpfcap-$(VERSION)

.PHONY: deb check-deb

deb:					## Debian packages into build/deb/, as an ordinary user
	rm -rf $(DEB_TREE)
	@mkdir -p $(DEB_TREE)
	cp -r LICENSE Makefile README.md bench debian docs examples include src tests tools $(DEB_TREE)
	cd $(DEB_TREE) && env -u MAKEFLAGS -u MAKEOVERRIDES -u MFLAGS dpkg-buildpackage -us -uc -b

check-deb:				## packages built, checked, installed and removed in a new chroot
	packaging/chroot
