# SPDX-License-Identifier: MIT
# tests/tests.mk - builds and runs the tests, the lint and the benchmarks.
#
# A file x.c in tests/unit, tests/kernel, tests/fuzz, tests/vm or bench is a program of its own; of
# tests/lib each program takes what it uses. A file x.sh in these folders is a test, too.

ifneq ($(filter tests check check-%,$(GOALS)),)
CMOCKA := $(shell $(PKG) --exists cmocka 2>/dev/null)
ifneq ($(.SHELLSTATUS),0)
$(error $(PKG) does not find cmocka, which the tests need: install its development package \
	(`sudo tools/setup` does on Debian))
endif
endif

TEST_LIB     := $(call objects,$(wildcard tests/lib/*.c))
UNIT	     := $(call programs,tests/unit) $(wildcard tests/unit/*.sh)
KERNEL_TESTS := $(call programs,tests/kernel) $(wildcard tests/kernel/*.sh)
LINT	     := $(wildcard tests/lint/*.sh)
FUZZERS	     := $(call programs,tests/fuzz)
VM_BIN	     := $(call programs,tests/vm)
BENCH	     := $(call programs,bench)
TEST_BIN     := $(filter $(BUILD)/%,$(UNIT) $(KERNEL_TESTS))

# Objects for bpfinject's tests, without and with type information (-g), where there is clang.
BPF_CLANG := $(shell command -v clang)
BPF_CASES := $(if $(BPF_CLANG),$(foreach c,$(basename $(notdir $(wildcard tests/cases/inject/*.c))),\
	       $(BUILD)/tests/kernel/$(c).bpf $(BUILD)/tests/kernel/$(c)-g.bpf) \
	       $(BUILD)/tests/kernel/fin.bpf $(BUILD)/tests/kernel/object-g.bpf)

# A library that misbehaves while it is examined. It is loaded into a plain program.
# Its stack is followed by them.
$(BUILD)/tests/kernel/probe_user.o: CFLAGS_ALL += -fno-omit-frame-pointer

LIAR := $(BUILD)/tests/kernel/liar.so

# A TLS client in Go, where there is a Go compiler.
GO	   := $(shell command -v go)
GO_CLIENTS := $(if $(GO),$(addprefix $(BUILD)/tests/kernel/goclient-,plain stripped))
GO_FLAGS_stripped := -ldflags='-s -w'

# A TLS client that contains its OpenSSL, where there is one to be linked so.
SSL_ARCHIVE := $(wildcard $(shell $(CC) -print-file-name=libssl.a))
SSL_CLIENT  := $(if $(SSL_ARCHIVE),$(BUILD)/tests/kernel/sslclient)

# Tests named cap_x, asm_x and inject_x test bpfcap, bpfasm and bpfinject, linked from libraries.
TOOL_TEST_LIBS = $(BUILD)/libcap.a $(BUILD)/libasm.a $(BUILD)/libinject.a

TEST_C	    := $(TEST_BIN) $(FUZZERS) $(VM_BIN)
PLAN_tests   = $(PLAN_examples) $(TOOL_OBJ) $(TOOL_TEST_LIBS) $(TEST_LIB) $(BUILD)/libtest.a \
	       $(TEST_C:%=%.o) $(TEST_C) $(FUZZ_DRIVER) \
	       $(filter-out $(wildcard $(BPF_CASES)),$(BPF_CASES)) $(LIAR) $(GO_CLIENTS) $(SSL_CLIENT)
PLAN_check   = $(PLAN_all) $(PLAN_tests)
PLAN_bench   = $(PLAN_all) $(TEST_LIB) $(BUILD)/libtest.a $(BENCH:%=%.o) $(BENCH)
PLAN_check-kernel = $(PLAN_check)
PLAN_check-valgrind = $(PLAN_check)
PLAN_lint    = $(PLAN_all)
PLAN_demo    = $(PLAN_all)

.PHONY: tests check check-kernel check-valgrind lint format bench demo

tests: $(TEST_BIN) $(FUZZERS) $(VM_BIN) $(BPF_CASES) $(LIAR) $(GO_CLIENTS) $(SSL_CLIENT) examples

check: all tests			## all tests that this machine and user can run
	@FUZZ_SECONDS=1 tests/run $(BUILD) $(UNIT) $(KERNEL_TESTS) $(FUZZERS) $(LINT)

check-kernel: all tests			## only the tests that need root and BPF
	@tests/run $(BUILD) $(KERNEL_TESTS)

check-valgrind: all tests		## unit tests under valgrind
	@TEST_WRAP="valgrind -q --error-exitcode=99 --leak-check=full \
		--suppressions=tests/valgrind.supp" \
		tests/run $(BUILD) $(filter $(BUILD)/%,$(UNIT))

lint: all				## house rules: layers, symbols, headers, format, files
	@tests/run $(BUILD) $(LINT)

format:					## lay out the C files as .clang-format says (version 14)
	clang-format -i $$(. tests/lib/tree.sh && c_files)

bench: all $(BENCH)			## measures against other ways to do the same
	@rc=0; for b in $(BENCH); do BPFCAP_BUILD=$(BUILD) $$b || rc=1; done; exit $$rc

demo: all				## live capture between two network namespaces of its own
	@BPFCAP_BUILD=$(BUILD) tools/demo

# ---- Rules ---------------------------------------------------------------------------------------

$(BUILD)/libtest.a: $(TEST_LIB)
	$(call say,AR)rm -f $@ && $(AR) qcs $@ $^

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(BUILD)/libtest.a $(BUILD)/libbpfcap.a
	$(call say,LD)$(call link,$^) -lcmocka

define TOOL_TEST_RULES
$(BUILD)/lib$(2).a: $(filter-out %/main.o,$(call tool_objects,$(1)))
	$$(call say,AR)rm -f $$@ && $$(AR) qcs $$@ $$^

$(BUILD)/tests/unit/$(2)_%: $(BUILD)/tests/unit/$(2)_%.o $(BUILD)/libtest.a $(BUILD)/lib$(2).a \
		$(BUILD)/libbpfcap.a
	$$(call say,LD)$$(call link,$$^) -lcmocka
endef
$(eval $(call TOOL_TEST_RULES,bpfcap,cap))
$(eval $(call TOOL_TEST_RULES,bpfasm,asm))
$(eval $(call TOOL_TEST_RULES,bpfinject,inject))

# Without x permission: what has it there is a test.
$(LIAR): tests/cases/tls/liar.c
	@mkdir -p $(@D)
	$(call say,CC)$(CC) -std=c11 -O1 -fPIC -shared $(WARN) -o $@ $< -ldl && chmod a-x $@

$(GO_CLIENTS): $(BUILD)/tests/kernel/goclient-%: tests/cases/tls/client.go
	@mkdir -p $(@D)
	$(call say,GO)GO111MODULE=off CGO_ENABLED=0 $(GO) build $(GO_FLAGS_$*) -o $@ $< && chmod a-x $@

$(SSL_CLIENT): tests/cases/tls/client.c
	@mkdir -p $(@D)
	$(call say,CC)$(CC) -std=c11 -O1 -o $@ $< -Wl,-Bstatic -lssl -lcrypto -Wl,-Bdynamic -lpthread \
		-ldl && chmod a-x $@

$(BUILD)/tests/kernel/%-g.bpf: tests/cases/inject/%.c tests/cases/inject/bpf.h
	@mkdir -p $(@D)
	$(call say,CLANG)$(BPF_CLANG) -target bpf -O2 -g -c -o $@ $<

$(BUILD)/tests/kernel/%-g.bpf: tests/cases/asm/%.c
	@mkdir -p $(@D)
	$(call say,CLANG)$(BPF_CLANG) -target bpf -O2 -g -c -o $@ $<

$(BUILD)/tests/kernel/%.bpf: tests/cases/inject/%.c tests/cases/inject/bpf.h
	@mkdir -p $(@D)
	$(call say,CLANG)$(BPF_CLANG) -target bpf -O2 -c -o $@ $<

$(BUILD)/tests/kernel/%.bpf: examples/call/%.c include/bpfcap/call.h
	@mkdir -p $(@D)
	$(call say,CLANG)$(BPF_CLANG) -target bpf -O2 -ffreestanding -Iinclude -c -o $@ $<

$(BUILD)/bench/%: $(BUILD)/bench/%.o $(BUILD)/libtest.a $(BUILD)/libbpfcap.a
	$(call say,LD)$(call link,$^) -lm

