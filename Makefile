# SPDX-License-Identifier: MIT
# bpfcap: `make help` lists the targets. Needs GNU make, a C11 compiler, libpcap and libmnl
# (found with pkg-config); the tests also cmocka.

VERSION	= 0.1.0
BUILD	= build
PREFIX	?= /usr/local
CC	?= cc
PKG	= $(CROSS_COMPILE)pkg-config

# Left out of the warnings, and why:
#   -Wno-sign-conversion	signed offsets and sizes mix in every line that touches an instruction
WARN	= -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes \
	  -Wmissing-prototypes
WERROR	= -Werror
OPT	= -O2 -g
ifeq ($(SAN),1)
BUILD	= build/san
OPT	= -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

CPPFLAGS_ALL = -D_GNU_SOURCE -DBPFCAP_VERSION='"$(VERSION)"' -Iinclude $(CPPFLAGS)
CFLAGS_ALL   = -std=c11 $(OPT) $(WARN) $(WERROR) -fPIC -fvisibility=default -MMD -MP \
	       $(shell $(PKG) --cflags libpcap libmnl) $(CFLAGS)
LIBS	     = $(shell $(PKG) --libs libpcap libmnl) -lpthread

LIB_SRC	 = $(wildcard src/*.c src/*/*.c)
LIB_OBJ	 = $(LIB_SRC:%.c=$(BUILD)/%.o)
TOOLS	 = $(patsubst tools/%/main.c,%,$(wildcard tools/*/main.c))
TOOL_BIN = $(TOOLS:%=$(BUILD)/bin/%)
# A file tests/unit/x.c or tests/kernel/x.c is a program of its own; tests/lib is shared by all.
TEST_LIB_OBJ = $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/lib/*.c))
UNIT_BIN   = $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/*.c))
KERNEL_BIN = $(patsubst %.c,$(BUILD)/%,$(wildcard tests/kernel/*.c))

.PHONY: all lib tools tests check clean help
.SECONDARY:

all: lib tools				## library and commands into build/

lib: $(BUILD)/libbpfcap.a $(BUILD)/libbpfcap.so

tools: $(TOOL_BIN)

tests: $(UNIT_BIN) $(KERNEL_BIN)

$(BUILD)/libbpfcap.a: $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/libbpfcap.so: $(LIB_OBJ)
	$(CC) $(CFLAGS_ALL) -shared -Wl,-soname,libbpfcap.so.0 -o $@ $^ $(LDFLAGS) $(LIBS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -c -o $@ $<

define TOOL_RULE
$(BUILD)/bin/$(1): $(patsubst %.c,$(BUILD)/%.o,$(wildcard tools/$(1)/*.c)) $(BUILD)/libbpfcap.a
	@mkdir -p $$(@D)
	$$(CC) $$(CFLAGS_ALL) -o $$@ $$^ $$(LDFLAGS) $$(LIBS)
endef
$(foreach t,$(TOOLS),$(eval $(call TOOL_RULE,$(t))))

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(TEST_LIB_OBJ) $(BUILD)/libbpfcap.a
	$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDFLAGS) $(LIBS) -lcmocka

check: all tests			## units, cases and (as root) kernel tests
	@tests/run $(BUILD) $(UNIT_BIN) $(KERNEL_BIN)

clean:					## remove what was built
	rm -rf build

help:					## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1	/p' $(MAKEFILE_LIST) | expand -t 16

-include $(LIB_OBJ:.o=.d) $(TEST_LIB_OBJ:.o=.d)
