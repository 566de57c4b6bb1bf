/* SPDX-License-Identifier: MIT */
/*
 * c2e_random.c - random classic programs and random expressions, in every access mode,
 * run by the reference interpreter, give libpcap's verdict (see random_check()).
 */
#include "../lib/interpret.h"
#include "../lib/randcheck.h"

int main(void)
{
	return random_check(interpret_agrees, NULL, 300);
}
