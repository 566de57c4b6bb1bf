# SPDX-License-Identifier: MIT
# debian/deb.mk - Debian packages, in build/deb/ (docs/building.md).

DEB_TREE = build/deb/bpfcap-$(VERSION)

.PHONY: deb check-deb

deb:					## Debian packages into build/deb/, as an ordinary user
	rm -rf build/deb
	packaging/source $(DEB_TREE)
	cd $(DEB_TREE) && env -u MAKEFLAGS -u MAKEOVERRIDES -u MFLAGS dpkg-buildpackage -us -uc

check-deb:				## packages built, checked, installed and removed in a new chroot
	packaging/chroot
