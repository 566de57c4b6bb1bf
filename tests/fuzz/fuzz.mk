# SPDX-License-Identifier: MIT
# tests/fuzz/fuzz.mk - builds and runs the fuzzers, with libFuzzer or with a driver of our own.

FUZZ_SECONDS = 60
FUZZ_DRIVER  = $(BUILD)/tests/fuzz/driver/main.o
FUZZ_MAIN    = $(if $(filter 1,$(FUZZ)),-fsanitize=fuzzer,$(FUZZ_DRIVER))

PLAN_fuzz-run = $(LIB_OBJ) $(BUILD)/libbpfcap.a $(TOOL_OBJ) $(TOOL_TEST_LIBS) $(TEST_LIB) \
		$(FUZZERS:%=%.o) $(FUZZ_DRIVER) $(FUZZERS)

.PHONY: fuzz fuzz-run

have_libfuzzer = $(shell echo 'int LLVMFuzzerTestOneInput(void){return 0;}' | \
	clang -fsanitize=fuzzer,address -x c -o /dev/null - 2>/dev/null && echo yes)

fuzz:					## each fuzzer for FUZZ_SECONDS, with libFuzzer where there is one
	@$(MAKE) $(if $(have_libfuzzer),FUZZ=1 CC=clang,SAN=1) fuzz-run

fuzz-run: $(FUZZERS)
	@BPFCAP_BUILD=$(BUILD) FUZZ=$(FUZZ) FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run $(FUZZERS)

# fuzz_rule PATTERN,LIBRARY: how fuzzers of that name are linked.
define FUZZ_RULE
$(BUILD)/tests/fuzz/$(1): $(BUILD)/tests/fuzz/$(1).o $(FUZZ_DRIVER) $(2) $(BUILD)/libbpfcap.a
	$$(call say,LD)$$(call link,$$< $$(FUZZ_MAIN) $(2) $(BUILD)/libbpfcap.a)
endef
$(eval $(call FUZZ_RULE,%,$(BUILD)/libtest.a))
$(foreach n,cap asm inject,$(eval $(call FUZZ_RULE,$(n)_%,$(BUILD)/lib$(n).a)))
