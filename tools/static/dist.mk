# SPDX-License-Identifier: MIT
# tools/static/dist.mk - static binaries for other machines, in dist/ (docs/building.md).
#
# Each is built with musl, by the toolchain that tools/cross/musl makes. The same source and compiler
# make the same bytes, wherever the source is.

DIST_ARCHS = amd64 arm64 armhf riscv64
DIST_BUILD = build/dist
# Small before fast: arm64 is 13 % above 1 MiB with -O2. Nothing unwinds the stack.
DIST_OPT   = -Os -ffunction-sections -fdata-sections -fno-unwind-tables -fno-asynchronous-unwind-tables
NATIVE	   = $(shell dpkg --print-architecture 2>/dev/null)
DIST	   = $(DIST_ARCHS:%=dist/bpfcap-$(VERSION)-linux-%)
DIST_OWN   = dist/bpfcap-$(VERSION)-linux-$(NATIVE)

.PHONY: dist check-dist check-musl $(DIST) $(DIST_OWN)

dist: $(DIST)				## static binaries for DIST_ARCHS and SHA256SUMS into dist/
	cd dist && sha256sum $(notdir $(DIST)) >SHA256SUMS

$(sort $(DIST) $(DIST_OWN)): dist/bpfcap-$(VERSION)-linux-%:
	prefix=$$(tools/cross/musl $*) && $(MAKE) static CROSS_COMPILE="$$prefix" CC="$${prefix}gcc" \
		BUILD=$(DIST_BUILD)/$* OPT="$(DIST_OPT)" \
		CFLAGS="-ffile-prefix-map=$(CURDIR)=." \
		LDFLAGS="-s -Wl,--gc-sections,--build-id=none,--fatal-warnings"
	@mkdir -p dist
	$(INSTALL) $(DIST_BUILD)/$*/static/bpfcap $@

check-dist: dist all check-musl		## those binaries: small, same bytes again, same code, captures
	@DIST="$(DIST)" TEST_TIMEOUT=1200 tests/run $(BUILD) tests/dist/check.sh

# The static binary takes the place of the command that the tests run.
check-musl: $(DIST_OWN)			## tests of the static binary of this machine
	@mkdir -p $(DIST_BUILD)/native/bin
	@cp $< $(DIST_BUILD)/native/bin/bpfcap
	@tests/run $(DIST_BUILD)/native tests/kernel/cli_capture.sh
