/* SPDX-License-Identifier: MIT */
/* dns.h - what the parts of the DNS dissector share: a message, and where it is read. */
#ifndef BPFCAP_TOOLS_BPFCAP_DISSECT_DNS_H
#define BPFCAP_TOOLS_BPFCAP_DISSECT_DNS_H

#include "field.h"

enum { DNS_CLASS_IN = 1, DNS_TYPE_OPT = 41, DNS_RECORD_HEAD_LEN = 10 };

struct dns {
	struct slice msg;
	uint32_t off; /* of what is read next */
	bool mdns;
};

/* dns_name.c: both move past a name. False: it is malformed or cut off. */
bool dns_skip_name(struct dns *m);
bool dns_print_name(struct dissect *d, struct dns *m);

/* dns_record.c: " A? example.com." False: malformed or cut off. */
bool dns_print_question(struct dissect *d, struct dns *m);
/* " A 192.0.2.1". False: malformed or cut off. */
bool dns_print_record(struct dissect *d, struct dns *m);
/* " 192.0.2.1" of a record that is read from its type on. False: malformed or cut off. */
bool dns_print_data(struct dissect *d, struct dns *m);
void dns_print_type(struct dissect *d, uint16_t type);
void dns_print_class(struct dissect *d, uint16_t class);
/* dns_edns.c: the options of an EDNS record up to `end`. */
bool dns_print_edns(struct dissect *d, struct dns *m, uint32_t end);

#endif
