# SPDX-License-Identifier: MIT
# tools/static/static.mk - one static binary, build/static/bpfcap (docs/testing.md).

# Where pkg-config or the compiler looks; the compiler answers with the bare name if it finds none.
MNL_A = $(firstword $(wildcard $(patsubst -L%,%/libmnl.a,$(filter -L%,$(PKG_FLAGS)))) \
	$(shell $(CC) -print-file-name=libmnl.a))

PLAN_static = $(LIB_OBJ) $(BUILD)/libbpfcap.a $(call tool_objects,bpfcap) \
	      $(BUILD)/tools/static/nodbus.o $(BUILD)/static/bpfcap

.PHONY: static

static: $(BUILD)/static/bpfcap		## one static binary, build/static/bpfcap (docs/testing.md)

$(BUILD)/static/bpfcap: $(call tool_objects,bpfcap) \
		$(BUILD)/tools/static/nodbus.o $(BUILD)/libbpfcap.a
	@mkdir -p $(@D)
	@[ -e "$(MNL_A)" ] || { echo "no libmnl.a (Debian has it from 13 on): build libmnl with" \
		"--enable-static and give MNL_A=path/to/libmnl.a" >&2; exit 1; }
	$(call say,LD)$(CC) $(CFLAGS_ALL) -static -o $@ $^ $(LDFLAGS_ALL) \
		$(filter-out -I% -D% -lmnl,$(PKG_FLAGS)) $(MNL_A) -lpthread
