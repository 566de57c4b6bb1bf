/* SPDX-License-Identifier: MIT */
/* fields.h - a packet's headers as members of JSON; docs/packet.schema.json lists them. */
#ifndef BPFCAP_TOOLS_BPFCAP_DISSECT_FIELDS_H
#define BPFCAP_TOOLS_BPFCAP_DISSECT_FIELDS_H

#include <stdint.h>

#include "../../common/text.h"

#include "../slice.h"

/*
 * Appends members of an object, each after a comma: ,"ip":{...},"tcp":{...}. Any bytes are fine; a
 * header that was not captured completely is omitted, with all behind it.
 */
void dissect_fields(struct text *out, int linktype, const uint8_t *data, uint32_t cap_len,
		    uint32_t len);
/* fields_dns.c: ,"dns":{...} of a DNS message; nothing if its header is cut off. */
void dissect_fields_dns(struct text *out, struct slice s);

#endif
