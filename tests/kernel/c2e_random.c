/* SPDX-License-Identifier: MIT */
/*
 * c2e_random.c - random classic programs and random expressions, written for kernel
 * 5.4, load here in every access mode and give libpcap's verdict (see random_check()).
 */
#include "../lib/kernelrun.h"
#include "../lib/randcheck.h"

int main(void)
{
	return random_check(kernel_agrees, kernel_agrees_need, 300);
}
