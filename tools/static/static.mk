# SPDX-License-Identifier: MIT
# tools/static/static.mk - one static binary, build/static/bpfcap (docs/testing.md).

# The compiler answers with the bare name where the library has no static form.
MNL_A = $(shell $(CC) -print-file-name=libmnl.a)

PLAN_static = $(LIB_OBJ) $(BUILD)/libbpfcap.a $(call tool_objects,bpfcap) \
	      $(BUILD)/tools/static/nodbus.o $(BUILD)/static/bpfcap

.PHONY: static

static: $(BUILD)/static/bpfcap		## one static binary, build/static/bpfcap (docs/testing.md)

$(BUILD)/static/bpfcap: $(call tool_objects,bpfcap) \
		$(BUILD)/tools/static/nodbus.o $(BUILD)/libbpfcap.a
	@mkdir -p $(@D)
	@[ -e "$(MNL_A)" ] || { echo "no libmnl.a (Debian has it from 13 on): build libmnl with" \
		"--enable-static and give MNL_A=path/to/libmnl.a" >&2; exit 1; }
	$(call say,LD)$(CC) $(CFLAGS_ALL) -static -o $@ $^ $(LDFLAGS_ALL) -lpcap $(MNL_A) -lpthread
