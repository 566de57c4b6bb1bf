# SPDX-License-Identifier: MIT
# tools/tls-layout/tls-layout.mk - the program that bpfcap starts to examine TLS libraries. It may be
# started with the C library of a container, so it takes nothing but libc.
LIBEXEC	    := $(BUILD)/libexec/bpfcap/tls-layout
LIBEXEC_OBJ := $(call objects,$(wildcard tools/tls-layout/*.c) \
			 $(addprefix tools/common/,fail.c text.c escape.c))

PLAN_all    += $(LIBEXEC_OBJ) $(LIBEXEC)
PLAN_tools  += $(LIBEXEC_OBJ) $(LIBEXEC)

tools: $(LIBEXEC)

$(LIBEXEC): LIBS = -ldl
$(LIBEXEC): $(LIBEXEC_OBJ) $(BUILD)/libbpfcap.a
	@mkdir -p $(@D)
	$(call say,LD)$(call link,$^)
