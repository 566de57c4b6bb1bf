/* SPDX-License-Identifier: MIT */
/* swap.h - turns a block of the other byte order into one of this machine's. */
#ifndef BPFCAP_TOOLS_BPFCAP_INPUT_SWAP_H
#define BPFCAP_TOOLS_BPFCAP_INPUT_SWAP_H

#include <stdint.h>

/*
 * Swaps a whole block of `len` bytes in place, its type and lengths included. The contents of a
 * block of an unknown type are not changed, nor is the value of a custom option or block.
 */
void swap_block(uint8_t *block, uint32_t len);

#endif
