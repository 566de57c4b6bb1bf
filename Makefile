# SPDX-License-Identifier: MIT
# Makefile - builds, tests and installs bpfcap; `make help` lists the targets.
#
# Needs GNU make, a C11 compiler (gcc or clang), libpcap and libmnl, found with pkg-config; the
# tests also cmocka. `tools/setup` installs all of it on Debian and names it elsewhere.

VERSION	  = 0.1.0
SOVERSION = 0

PREFIX	   = /usr/local
BINDIR	   = $(PREFIX)/bin
LIBDIR	   = $(PREFIX)/lib
INCLUDEDIR = $(PREFIX)/include
MANDIR	   = $(PREFIX)/share/man

ifneq ($(CROSS_COMPILE),)
ifeq ($(origin CC),default)
CC = $(CROSS_COMPILE)gcc
endif
ifeq ($(origin AR),default)
AR = $(CROSS_COMPILE)ar
endif
endif
NM	= $(CROSS_COMPILE)nm
PKG	= $(CROSS_COMPILE)pkg-config
INSTALL	= install

# Left out of the warnings, and why:
#   -Wno-sign-conversion	signed offsets and sizes mix in every line that touches an instruction
WARN	= -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes \
	  -Wmissing-prototypes
WERROR	= -Werror
OPT	= -O2 -g
BUILD	= build$(CROSS_COMPILE:%-=/%)

# SAN=1: address and undefined behaviour sanitizers. FUZZ=1: the same for libFuzzer (`make fuzz`).
ifeq ($(SAN),1)
BUILD	= build/san
OPT	= -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
ifeq ($(FUZZ),1)
BUILD	= build/fuzz
OPT	= -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
	  -fno-omit-frame-pointer
FUZZ_MAIN = -fsanitize=fuzzer
endif

CPPFLAGS_ALL = -D_GNU_SOURCE -DBPFCAP_VERSION='"$(VERSION)"' -Iinclude $(CPPFLAGS)
PKG_CFLAGS  := $(shell $(PKG) --cflags libpcap libmnl)
PKG_LIBS    := $(shell $(PKG) --libs libpcap libmnl)
CFLAGS_ALL   = -std=c11 $(OPT) $(WARN) $(WERROR) -fPIC -MMD -MP $(PKG_CFLAGS) $(CFLAGS)
LIBS	     = $(PKG_LIBS) -lpthread

LIB_SRC	 = $(sort $(shell find src -name '*.c'))
LIB_OBJ	 = $(LIB_SRC:%.c=$(BUILD)/%.o)
HEADERS	 = $(wildcard include/bpfcap/*.h)
TOOLS	 = $(patsubst tools/%/main.c,%,$(wildcard tools/*/main.c))
TOOL_BIN = $(TOOLS:%=$(BUILD)/bin/%)
MAN	 = $(wildcard docs/man/*.[1-8])

# A file x.c in tests/unit, tests/kernel, tests/fuzz, tests/vm or bench is a program of its own;
# of tests/lib each program takes what it uses. A file x.sh in these folders is a test, too.
programs     = $(patsubst %.c,$(BUILD)/%,$(wildcard $(1)/*.c))
TEST_LIB_OBJ = $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/lib/*.c))
UNIT	     = $(call programs,tests/unit) $(wildcard tests/unit/*.sh)
KERNEL_TESTS = $(call programs,tests/kernel) $(wildcard tests/kernel/*.sh)
LINT	     = $(wildcard tests/lint/*.sh)
FUZZERS	     = $(call programs,tests/fuzz)
VM_BIN	     = $(call programs,tests/vm)
BENCH	     = $(call programs,bench)
LIBBPF	    := $(shell $(PKG) --libs libbpf 2>/dev/null)
EXAMPLES     = $(filter-out $(if $(LIBBPF),,%/set_insns),$(call programs,examples))

# Objects for bpfinject's tests, without and with type information (-g), where there is clang.
BPF_CLANG := $(shell command -v clang)
BPF_CASES = $(if $(BPF_CLANG),$(foreach c,$(basename $(notdir $(wildcard tests/cases/inject/*.c))),\
	      $(BUILD)/tests/kernel/$(c).bpf $(BUILD)/tests/kernel/$(c)-g.bpf))

FUZZ_SECONDS = 60
FUZZ_MAIN    ?= $(BUILD)/tests/fuzz/driver/main.o

ifneq ($(V),1)
say = $(if $(findstring s,$(firstword -$(MAKEFLAGS))),@,@printf '  %-6s %s\n' $(1) $@;)
endif

.PHONY: all lib tools tests check check-kernel check-valgrind lint fuzz fuzz-run bench demo
.PHONY: examples check-vm static format install clean help FORCE
.SECONDARY:
.DELETE_ON_ERROR:

all: lib tools				## library and commands into build/

lib: $(BUILD)/libbpfcap.a $(BUILD)/libbpfcap.so

tools: $(TOOL_BIN)

tests: $(filter $(BUILD)/%,$(UNIT) $(KERNEL_TESTS)) $(FUZZERS) $(VM_BIN) $(BPF_CASES) examples

examples: $(EXAMPLES)			## programs that use the library

# ---- Rules ---------------------------------------------------------------------------------------

$(BUILD)/libbpfcap.a: $(LIB_OBJ)
	$(call say,AR)rm -f $@ && $(AR) qcs $@ $^

# Only what the public headers declare is exported.
$(BUILD)/libbpfcap.map: src/exports $(BUILD)/libbpfcap.a $(HEADERS)
	$(call say,GEN)NM="$(NM)" CPP="$(CC) -E -Iinclude" src/exports $(BUILD)/libbpfcap.a \
		LIBBPFCAP_$(SOVERSION) $(HEADERS) >$@

$(BUILD)/libbpfcap.so.$(VERSION): $(LIB_OBJ) $(BUILD)/libbpfcap.map
	$(call say,LD)$(CC) $(CFLAGS_ALL) -shared -Wl,-soname,libbpfcap.so.$(SOVERSION) \
		-Wl,--version-script=$(BUILD)/libbpfcap.map -o $@ $(LIB_OBJ) $(LDFLAGS) $(LIBS)

$(BUILD)/libbpfcap.so: $(BUILD)/libbpfcap.so.$(VERSION)
	$(call say,LN)ln -sf $(<F) $(BUILD)/libbpfcap.so.$(SOVERSION) && \
		ln -sf libbpfcap.so.$(SOVERSION) $@

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -c -o $@ $<

# Changes only when the compiler or its flags do, and everything is then built anew.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL))' | cmp -s - $@ || \
		echo '$(subst ','\'',$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL))' >$@

# tools/common is shared by all commands.
tool_objects = $(patsubst %.c,$(BUILD)/%.o,$(sort $(shell find tools/$(1) tools/common -name '*.c')))
define TOOL_RULE
$(BUILD)/bin/$(1): $(call tool_objects,$(1)) $(BUILD)/libbpfcap.a
	@mkdir -p $$(@D)
	$$(call say,LD)$$(CC) $$(CFLAGS_ALL) -o $$@ $$^ $$(LDFLAGS) $$(LIBS)
endef
$(foreach t,$(TOOLS),$(eval $(call TOOL_RULE,$(t))))

# Tests named cap_x, asm_x and inject_x take what they test of bpfcap, bpfasm and bpfinject.
define TOOL_TEST_RULES
$(BUILD)/lib$(2).a: $(filter-out %/main.o,$(call tool_objects,$(1)))
	$$(call say,AR)rm -f $$@ && $$(AR) qcs $$@ $$^

$(BUILD)/tests/unit/$(2)_%: $(BUILD)/tests/unit/$(2)_%.o $(BUILD)/libtest.a $(BUILD)/lib$(2).a \
		$(BUILD)/libbpfcap.a
	$$(call say,LD)$$(CC) $$(CFLAGS_ALL) -o $$@ $$^ $$(LDFLAGS) $$(LIBS) -lcmocka

$(BUILD)/tests/fuzz/$(2)_%: $(BUILD)/tests/fuzz/$(2)_%.o $(BUILD)/tests/fuzz/driver/main.o \
		$(BUILD)/lib$(2).a $(BUILD)/libbpfcap.a
	$$(call say,LD)$$(CC) $$(CFLAGS_ALL) -o $$@ $$< $$(FUZZ_MAIN) $(BUILD)/lib$(2).a \
		$(BUILD)/libbpfcap.a $$(LDFLAGS) $$(LIBS)
endef
$(eval $(call TOOL_TEST_RULES,bpfcap,cap))
$(eval $(call TOOL_TEST_RULES,bpfasm,asm))
$(eval $(call TOOL_TEST_RULES,bpfinject,inject))

$(BUILD)/libtest.a: $(TEST_LIB_OBJ)
	$(call say,AR)rm -f $@ && $(AR) qcs $@ $^

$(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/driver/main.o $(BUILD)/libtest.a \
		$(BUILD)/libbpfcap.a
	$(call say,LD)$(CC) $(CFLAGS_ALL) -o $@ $< $(FUZZ_MAIN) $(BUILD)/libtest.a \
		$(BUILD)/libbpfcap.a $(LDFLAGS) $(LIBS)

$(BUILD)/tests/vm/%: $(BUILD)/tests/vm/%.o
	$(call say,LD)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDFLAGS)

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(BUILD)/libtest.a $(BUILD)/libbpfcap.a
	$(call say,LD)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDFLAGS) $(LIBS) -lcmocka

$(BUILD)/examples/set_insns: LIBS += $(LIBBPF)
$(BUILD)/examples/%: $(BUILD)/examples/%.o $(BUILD)/libbpfcap.a
	$(call say,LD)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDFLAGS) $(LIBS)

$(BUILD)/tests/kernel/%-g.bpf: tests/cases/inject/%.c tests/cases/inject/bpf.h
	@mkdir -p $(@D)
	$(call say,CLANG)$(BPF_CLANG) -target bpf -O2 -g -c -o $@ $<

$(BUILD)/tests/kernel/%.bpf: tests/cases/inject/%.c tests/cases/inject/bpf.h
	@mkdir -p $(@D)
	$(call say,CLANG)$(BPF_CLANG) -target bpf -O2 -c -o $@ $<

$(BUILD)/bench/%: $(BUILD)/bench/%.o $(BUILD)/libtest.a $(BUILD)/libbpfcap.a
	$(call say,LD)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDFLAGS) $(LIBS) -lm

# ---- Static ----------------------------------------------------------------------------------------

# The compiler answers with the bare name where the library has no static form.
MNL_A := $(shell $(CC) -print-file-name=libmnl.a)

static: $(BUILD)/static/bpfcap		## one static binary, build/static/bpfcap (docs/testing.md)

$(BUILD)/static/bpfcap: $(call tool_objects,bpfcap) \
		$(BUILD)/tools/static/nodbus.o $(BUILD)/libbpfcap.a
	@mkdir -p $(@D)
	@[ -e "$(MNL_A)" ] || { echo "no libmnl.a (Debian has it from 13 on): build libmnl with" \
		"--enable-static and give MNL_A=path/to/libmnl.a" >&2; exit 1; }
	$(call say,LD)$(CC) $(CFLAGS_ALL) -static -o $@ $^ $(LDFLAGS) -lpcap $(MNL_A) -lpthread

# ---- Tests ---------------------------------------------------------------------------------------

check: all tests			## all tests that this machine and user can run
	@FUZZ_SECONDS=1 tests/run $(BUILD) $(UNIT) $(KERNEL_TESTS) $(FUZZERS) $(LINT)

check-kernel: all tests			## only the tests that need root and BPF
	@tests/run $(BUILD) $(KERNEL_TESTS)

check-valgrind: all tests		## unit tests under valgrind
	@TEST_WRAP="valgrind -q --error-exitcode=99 --leak-check=full" \
		tests/run $(BUILD) $(filter $(BUILD)/%,$(UNIT))

lint: all				## house rules: layers, symbols, headers, format, files
	@tests/run $(BUILD) $(LINT)

format:					## lay out the C files as .clang-format says (version 14)
	clang-format -i $$(. tests/lib/tree.sh && c_files)

have_libfuzzer = $(shell echo 'int LLVMFuzzerTestOneInput(void){return 0;}' | \
	clang -fsanitize=fuzzer,address -x c -o /dev/null - 2>/dev/null && echo yes)

fuzz:					## each fuzzer for FUZZ_SECONDS, with libFuzzer where there is one
	@$(MAKE) $(if $(have_libfuzzer),FUZZ=1 CC=clang,SAN=1) fuzz-run

fuzz-run: $(FUZZERS)
	@BPFCAP_BUILD=$(BUILD) FUZZ=$(FUZZ) FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run $(FUZZERS)

bench: all $(BENCH)			## measures against other ways to do the same
	@for b in $(BENCH); do BPFCAP_BUILD=$(BUILD) $$b || exit 1; done

demo: all				## live capture between two network namespaces of its own
	@BPFCAP_BUILD=$(BUILD) tools/demo

check-vm: all tests			## kernel tests on 5.10, 6.1, 6.12 and the newest, under qemu
	@BPFCAP_BUILD=$(BUILD) tests/vm/check $(if $(KERNEL),image,all)

check-vm-%: all tests			## the same on one kernel: check-vm-5.10
	@BPFCAP_BUILD=$(BUILD) tests/vm/check $*

vm-shell-%: all tests			## a shell in that kernel: vm-shell-5.10
	@BPFCAP_BUILD=$(BUILD) tests/vm/shell $*

# ---- Install -------------------------------------------------------------------------------------

define PC
prefix=$(PREFIX)
libdir=$(LIBDIR)
includedir=$(INCLUDEDIR)

Name: bpfcap
Description: writes eBPF at run time and captures packets anywhere in the kernel
Version: $(VERSION)
Requires.private: libpcap libmnl
Libs: -L$${libdir} -lbpfcap
Libs.private: -lpthread
Cflags: -I$${includedir}
endef

install: all				## into PREFIX (/usr/local), below DESTDIR
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR)/bpfcap
	$(if $(TOOL_BIN),$(INSTALL) $(TOOL_BIN) $(DESTDIR)$(BINDIR))
	$(INSTALL) -m 644 $(HEADERS) $(DESTDIR)$(INCLUDEDIR)/bpfcap
	$(INSTALL) -m 644 $(BUILD)/libbpfcap.a $(BUILD)/libbpfcap.so.$(VERSION) $(DESTDIR)$(LIBDIR)
	ln -sf libbpfcap.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libbpfcap.so.$(SOVERSION)
	ln -sf libbpfcap.so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/libbpfcap.so
	$(file >$(BUILD)/bpfcap.pc,$(PC))
	$(INSTALL) -m 644 $(BUILD)/bpfcap.pc $(DESTDIR)$(LIBDIR)/pkgconfig
	$(foreach m,$(MAN),$(INSTALL) -D -m 644 $(m) $(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(m)))/$(notdir $(m));)

clean:					## remove what was built
	rm -rf build

help:					## this list
	@sed -n 's/^\([a-z%-]*\):[^#]*## /\1	/p' $(MAKEFILE_LIST) | expand -t 16
	@echo 'SAN=1: with ASan and UBSan; CC=clang; V=1: show commands and whole test output'

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
