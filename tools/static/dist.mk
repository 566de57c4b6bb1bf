# SPDX-License-Identifier: MIT
# tools/static/dist.mk - static binaries for other machines, in dist/ (docs/building.md).
#
# Each is built with musl, by the toolchain that tools/cross/musl makes. The same source and compiler
# make the same bytes, wherever the source is.

DIST_ARCHS = amd64 arm64 armhf riscv64
DIST_BUILD = build/dist
NATIVE	   = $(shell dpkg --print-architecture)
DIST	   = $(DIST_ARCHS:%=dist/bpfcap-$(VERSION)-linux-%)

.PHONY: dist check-dist $(DIST)

dist: $(DIST)				## static binaries for DIST_ARCHS and SHA256SUMS into dist/
	cd dist && sha256sum $(notdir $(DIST)) >SHA256SUMS

$(DIST): dist/bpfcap-$(VERSION)-linux-%:
	prefix=$$(tools/cross/musl $*) && $(MAKE) static CROSS_COMPILE="$$prefix" CC="$${prefix}gcc" \
		BUILD=$(DIST_BUILD)/$* OPT="-O2 -ffunction-sections -fdata-sections" \
		CFLAGS="-ffile-prefix-map=$(CURDIR)=." \
		LDFLAGS="-s -Wl,--gc-sections,--build-id=none,--fatal-warnings"
	@mkdir -p dist
	$(INSTALL) $(DIST_BUILD)/$*/static/bpfcap $@

# Commands of the tests run as this static binary, which takes the place of the one built here.
check-dist: dist all			## those binaries: small, same bytes again, same code, captures
	@DIST="$(DIST)" TEST_TIMEOUT=1200 tests/run $(BUILD) tests/dist/check.sh
	@mkdir -p $(DIST_BUILD)/native/bin
	@cp dist/bpfcap-$(VERSION)-linux-$(NATIVE) $(DIST_BUILD)/native/bin/bpfcap
	@tests/run $(DIST_BUILD)/native tests/kernel/cli_capture.sh
