/* SPDX-License-Identifier: MIT */
/* json.h - values of JSON objects that several files print. */
#ifndef BPFCAP_TOOLS_BPFCAP_OUTPUT_JSON_H
#define BPFCAP_TOOLS_BPFCAP_OUTPUT_JSON_H

#include "bpfcap/probe.h"

#include "../../common/text.h"

/* A string; `value` is printable UTF-8: a constant, or escaped by text_name(). */
void json_put_quoted(struct text *t, const char *value);
/* {"time":"2024-01-02T03:04:05.123456789Z", without the end of the object. */
void json_put_time(struct text *t, struct probe_time when);

#endif
