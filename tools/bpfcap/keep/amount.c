/* SPDX-License-Identifier: MIT */
/*
 * amount.c - numbers with units: takes text, gives a number of packets, bytes or nanoseconds. Fails
 * for any other text.
 */
#include "amount.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "../../../src/util.h"

struct unit {
	const char *name;
	uint64_t factor;
};

static bool read_amount(const char *text, const struct unit *units, size_t cnt, uint64_t *out)
{
	unsigned long long n;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	n = strtoull(text, &end, 10);
	for (size_t i = 0; !errno && n && i < cnt; i++)
		if (strcasecmp(end, units[i].name) == 0 && n <= UINT64_MAX / units[i].factor) {
			*out = n * units[i].factor;
			return true;
		}
	return false;
}

bool amount_number(const char *text, uint64_t *n)
{
	static const struct unit units[] = {{"", 1}};

	return read_amount(text, units, ARRAY_LEN(units), n);
}

bool amount_bytes(const char *text, uint64_t *bytes)
{
	static const struct unit units[] = {{"kB", 1000}, {"MB", 1000000}, {"GB", 1000000000}};

	return read_amount(text, units, ARRAY_LEN(units), bytes);
}

bool amount_time(const char *text, uint64_t *ns)
{
	static const struct unit units[] = {
		{"ns", 1}, {"us", 1000}, {"ms", NS_PER_MS}, {"s", NS_PER_S}};

	return read_amount(text, units, ARRAY_LEN(units), ns);
}
