/* SPDX-License-Identifier: MIT */
/*
 * field.h - reading fields and printing them. A read beyond the captured bytes gives 0 and marks
 * the packet as cut off; from then on say() prints nothing, and the line ends with " [|proto]".
 * A dissector can therefore be written as if all bytes were there, as long as its loops end.
 */
#ifndef BPFCAP_TOOLS_BPFCAP_DISSECT_FIELD_H
#define BPFCAP_TOOLS_BPFCAP_DISSECT_FIELD_H

#include "line.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* False, and cut off, unless `n` bytes at `off` were captured. */
bool field_has(struct dissect *d, struct slice s, uint32_t off, uint32_t n);
uint8_t field_u8(struct dissect *d, struct slice s, uint32_t off);
uint16_t field_u16(struct dissect *d, struct slice s, uint32_t off);
uint32_t field_u24(struct dissect *d, struct slice s, uint32_t off);
uint32_t field_u32(struct dissect *d, struct slice s, uint32_t off);
uint64_t field_u64(struct dissect *d, struct slice s, uint32_t off);

void say(struct dissect *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void say_ip4(struct dissect *d, struct slice s, uint32_t off);
void say_ip6(struct dissect *d, struct slice s, uint32_t off);
void say_mac(struct dissect *d, struct slice s, uint32_t off);
void say_hex(struct dissect *d, struct slice s, uint32_t off, uint32_t n);
/* Text from the packet; bytes that are not printable become "^X" and "M-x". */
void say_text(struct dissect *d, struct slice s, uint32_t off, uint32_t n);
/* Text that ends at its first NUL byte, if there is one. */
void say_string(struct dissect *d, struct slice s, uint32_t off, uint32_t n);

/* The name of a number in a table that ends with a row whose name is NULL; NULL: not there. */
struct field_name {
	uint32_t number;
	const char *name;
};
const char *field_name(const struct field_name *names, uint32_t number);
/* The names of all bits that are set, with `sep` between; `none` if there are none. */
void say_bits(struct dissect *d, const struct field_name *bits, uint32_t value, const char *sep,
	      const char *none);

#endif
