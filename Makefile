# SPDX-License-Identifier: MIT
# Makefile - builds and installs bpfcap; `make help` lists the targets. Tests are in tests/tests.mk.
#
# Needs GNU make 4.2, a C11 compiler (gcc or clang), libpcap and libmnl, found with pkg-config; the
# tests also cmocka. `tools/setup` installs all of it on Debian and names it elsewhere.

VERSION	  = 0.1.0
SOVERSION = 0

PREFIX	   = /usr/local
BINDIR	   = $(PREFIX)/bin
LIBDIR	   = $(PREFIX)/lib
INCLUDEDIR = $(PREFIX)/include
LIBEXECDIR = $(PREFIX)/libexec
DATADIR	   = $(PREFIX)/share
MANDIR	   = $(PREFIX)/share/man
WIRESHARKDIR = $(LIBDIR)/wireshark

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
BUILD	= build$(patsubst %-,/%,$(notdir $(CROSS_COMPILE)))

# refuses CODE,FLAGS: what the compiler objects to, empty when it accepts both.
refuses = $(shell printf '%s\n' '$(1)' | $(CC) -Werror $(2) -x c -S -o /dev/null - 2>&1 || echo no)

# Hardening, as far as the compiler and the C library have it. Fortified functions need
# optimization. Builds with sanitizers go without: those check the same places.
fortify = $(call refuses,int x;,$(OPT) $(CFLAGS) -include stdio.h -U_FORTIFY_SOURCE \
	  -D_FORTIFY_SOURCE=$(1))
FORTIFY	= $(if $(call fortify,3),$(if $(call fortify,2),,2),3)
harden	= -fstack-protector-strong $(FORTIFY:%=-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=%) \
	  $(if $(call refuses,int x;,-fcf-protection),,-fcf-protection)
HARDEN_LD = -Wl,-z,relro,-z,now

# SAN=1: address and undefined behaviour sanitizers. FUZZ=1: the same for libFuzzer (`make fuzz`).
ifeq ($(SAN),1)
BUILD	= build/san
OPT	= -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
ifeq ($(FUZZ),1)
BUILD	= build/fuzz
OPT	= -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
	  -fno-omit-frame-pointer
endif

HARDEN := $(if $(filter 1,$(SAN) $(FUZZ)),,$(harden))

GOALS = $(or $(MAKECMDGOALS),all)
ifneq ($(filter-out clean format help,$(GOALS)),)
PKG_FLAGS := $(shell $(PKG) --cflags --libs libpcap libmnl 2>/dev/null)
ifneq ($(.SHELLSTATUS),0)
$(error $(if $(shell command -v $(PKG)),$(PKG) does not find libpcap or libmnl: install their \
	development packages,$(PKG) is not installed: install it) ($(if \
	$(CROSS_COMPILE),docs/building.md says how,`sudo tools/setup check` does on Debian)))
endif
endif

CPPFLAGS_ALL = -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DBPFCAP_VERSION='"$(VERSION)"' -Iinclude \
	       $(CPPFLAGS)
CFLAGS_ALL   = -std=c11 $(OPT) $(HARDEN) $(WARN) $(WERROR) -fPIC -MMD -MP \
	       $(filter -I% -D%,$(PKG_FLAGS)) $(CFLAGS)
LDFLAGS_ALL  = $(HARDEN_LD) $(LDFLAGS)
LIBS	     = $(filter-out -I% -D%,$(PKG_FLAGS)) -lpthread

objects	 = $(patsubst %.c,$(BUILD)/%.o,$(1))
LIB_OBJ	:= $(call objects,$(sort $(shell find src -name '*.c')))
HEADERS	:= $(wildcard include/bpfcap/*.h)
TOOLS	:= $(filter-out tls-layout,$(patsubst tools/%/main.c,%,$(wildcard tools/*/main.c)))
TOOL_BIN = $(TOOLS:%=$(BUILD)/bin/%)
TOOL_OBJ := $(call objects,$(sort $(shell find $(TOOLS:%=tools/%) tools/common -name '*.c')))
MAN	:= $(wildcard docs/man/*.[1-8])

# Of a command's objects, tools/common is shared by all.
tool_objects = $(filter $(BUILD)/tools/$(1)/% $(BUILD)/tools/common/%,$(TOOL_OBJ))

LIBBPF	:= $(if $(filter clean format help,$(GOALS)),,$(shell $(PKG) --libs libbpf 2>/dev/null))
EXAMPLES = $(filter-out $(if $(LIBBPF),,%/set_insns),$(call programs,examples))

# A file x.c in a folder of programs is a program of its own.
programs = $(patsubst %.c,$(BUILD)/%,$(wildcard $(1)/*.c))

.PHONY: all lib tools examples install clean help
.SECONDARY:
.DELETE_ON_ERROR:

all: lib tools				## library and commands into build/

lib: $(BUILD)/libbpfcap.a $(BUILD)/libbpfcap.so

tools: $(TOOL_BIN)

examples: $(EXAMPLES)			## programs that use the library

# Files that each goal builds, for the progress that `say` shows.
PLAN_lib   = $(LIB_OBJ) $(BUILD)/libbpfcap.a $(BUILD)/libbpfcap.map \
	     $(BUILD)/libbpfcap.so.$(VERSION) $(BUILD)/libbpfcap.so
PLAN_all   = $(PLAN_lib) $(TOOL_OBJ) $(TOOL_BIN)
PLAN_tools = $(LIB_OBJ) $(BUILD)/libbpfcap.a $(TOOL_OBJ) $(TOOL_BIN)
PLAN_examples = $(LIB_OBJ) $(BUILD)/libbpfcap.a $(EXAMPLES:%=%.o) $(EXAMPLES)

include tests/tests.mk
include tests/fuzz/fuzz.mk
include tests/vm/vm.mk
include tools/static/static.mk
include tools/tls-layout/tls-layout.mk
include tools/static/dist.mk
include debian/deb.mk

# ---- Progress ------------------------------------------------------------------------------------

# The flags of this build stand in a file. When they change, everything is built anew.
FLAGS_LINE = $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL)
FLAGS_SAME := $(if $(filter undefined,$(origin PKG_FLAGS)),,$(findstring \
		<$(strip $(FLAGS_LINE))>,<$(strip $(file <$(BUILD)/flags))>))

# What is missing is counted; what is only out of date adds to the count without a total.
PLAN  := $(sort $(foreach g,$(GOALS),$(PLAN_$(g))))
PLAN  := $(if $(FLAGS_SAME),$(filter-out $(wildcard $(PLAN)),$(PLAN)),$(PLAN))
TOTAL := $(words $(PLAN))
step   = $(eval STEP += x)$(words $(STEP))$(if $(word $(words $(STEP)),$(PLAN)),/$(TOTAL))

# say WORD: prints "[ 37/179] CC build/x.o" before the command that follows; not with V=1 or -s.
ifneq ($(V),1)
say = $(if $(findstring s,$(firstword -$(MAKEFLAGS))),@,@printf '[%7s] %-5s %s\n' $(step) $(1) $@;)
endif

# ---- Rules ---------------------------------------------------------------------------------------

# link OBJECTS: the command that links a program.
link = $(CC) $(CFLAGS_ALL) -pie -o $@ $(1) $(LDFLAGS_ALL) $(LIBS)

ifeq ($(FLAGS_SAME),)
.PHONY: $(BUILD)/flags
endif
$(BUILD)/flags:
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(strip $(FLAGS_LINE)))' >$@

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -c -o $@ $<

$(BUILD)/libbpfcap.a: $(LIB_OBJ)
	$(call say,AR)rm -f $@ && $(AR) qcs $@ $^

# Only what the public headers declare is exported.
$(BUILD)/libbpfcap.map: src/exports $(BUILD)/libbpfcap.a $(HEADERS)
	$(call say,GEN)NM="$(NM)" CPP="$(CC) -E -Iinclude" src/exports $(BUILD)/libbpfcap.a \
		LIBBPFCAP_$(SOVERSION) $(HEADERS) >$@

$(BUILD)/libbpfcap.so.$(VERSION): $(LIB_OBJ) $(BUILD)/libbpfcap.map
	$(call say,LD)$(CC) $(CFLAGS_ALL) -shared -Wl,-soname,libbpfcap.so.$(SOVERSION) \
		-Wl,--version-script=$(BUILD)/libbpfcap.map -o $@ $(LIB_OBJ) $(LDFLAGS_ALL) $(LIBS)

$(BUILD)/libbpfcap.so: $(BUILD)/libbpfcap.so.$(VERSION)
	$(call say,LN)ln -sf $(<F) $(BUILD)/libbpfcap.so.$(SOVERSION) && \
		ln -sf libbpfcap.so.$(SOVERSION) $@

define TOOL_RULE
$(BUILD)/bin/$(1): $(call tool_objects,$(1)) $(BUILD)/libbpfcap.a
	@mkdir -p $$(@D)
	$$(call say,LD)$$(call link,$$^)
endef
$(foreach t,$(TOOLS),$(eval $(call TOOL_RULE,$(t))))

$(BUILD)/examples/set_insns: LIBS += $(LIBBPF)
$(BUILD)/examples/%: $(BUILD)/examples/%.o $(BUILD)/libbpfcap.a
	$(call say,LD)$(call link,$^)

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
	$(INSTALL) -D -t $(DESTDIR)$(LIBEXECDIR)/bpfcap $(LIBEXEC)
	$(INSTALL) -m 644 $(HEADERS) $(DESTDIR)$(INCLUDEDIR)/bpfcap
	$(INSTALL) -m 644 $(BUILD)/libbpfcap.a $(BUILD)/libbpfcap.so.$(VERSION) $(DESTDIR)$(LIBDIR)
	ln -sf libbpfcap.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libbpfcap.so.$(SOVERSION)
	ln -sf libbpfcap.so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/libbpfcap.so
	$(file >$(BUILD)/bpfcap.pc,$(PC))
	$(INSTALL) -m 644 $(BUILD)/bpfcap.pc $(DESTDIR)$(LIBDIR)/pkgconfig
	$(INSTALL) -d $(DESTDIR)$(WIRESHARKDIR)/extcap
	ln -sf $(BINDIR)/bpfcap $(DESTDIR)$(WIRESHARKDIR)/extcap/bpfcap
	$(INSTALL) -D -m 644 -t $(DESTDIR)$(WIRESHARKDIR)/plugins packaging/wireshark/bpfcap.lua
	$(INSTALL) -D -m 644 packaging/completion/bpfcap.bash \
		$(DESTDIR)$(DATADIR)/bash-completion/completions/bpfcap
	$(INSTALL) -D -m 644 packaging/completion/_bpfcap \
		$(DESTDIR)$(DATADIR)/zsh/site-functions/_bpfcap
	$(foreach m,$(MAN),$(INSTALL) -D -m 644 $(m) $(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(m)))/$(notdir $(m));)
	$(if $(DESTDIR),,@ldconfig 2>/dev/null || \
		echo 'bpfcap: run ldconfig as root, so that programs find libbpfcap.so')

clean:					## remove what was built
	rm -rf build

help:					## this list
	@sed -n 's/^\([a-z%-]*\):[^#]*## /\1	/p' $(MAKEFILE_LIST) | expand -t 16
	@echo 'SAN=1: with ASan and UBSan; CC=clang; V=1: show commands and whole test output'

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
