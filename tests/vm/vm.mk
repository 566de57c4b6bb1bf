# SPDX-License-Identifier: MIT
# tests/vm/vm.mk - the kernel tests on other kernels, under qemu.

PLAN_check-vm = $(PLAN_all) $(PLAN_tests)

.PHONY: check-vm

check-vm: all tests			## kernel tests on 5.10, 6.1, 6.12 and the newest, under qemu
	@BPFCAP_BUILD=$(BUILD) tests/vm/check $(if $(KERNEL),image,amd64)

check-vm-%: all tests			## the same on one kernel (check-vm-5.10) or architecture (check-vm-arm64)
	@BPFCAP_BUILD=$(BUILD) tests/vm/check $*

vm-shell-%: all tests			## a shell in that kernel: vm-shell-5.10
	@BPFCAP_BUILD=$(BUILD) tests/vm/shell $*

$(BUILD)/tests/vm/%: $(BUILD)/tests/vm/%.o
	$(call say,LD)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDFLAGS_ALL)
