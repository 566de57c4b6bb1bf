/* SPDX-License-Identifier: MIT */
/* sha2.h - HKDF-Expand-Label of TLS 1.3 with SHA-256 and SHA-384 (RFC 8446, RFC 5869, FIPS
 * 180-4). */
#ifndef BPFCAP_SRC_PROBES_TLS_SHA2_H
#define BPFCAP_SRC_PROBES_TLS_SHA2_H

#include <stddef.h>
#include <stdint.h>

#define SHA2_LEN_MAX 64

/* `len` is 32 (SHA-256) or 48 (SHA-384): of the hash, and of what is written to `to`. */
void probe_sha2(size_t len, const void *data, size_t data_len, uint8_t *to);
void probe_sha2_hmac(size_t len, const uint8_t *key, size_t key_len, const void *data,
		     size_t data_len, uint8_t *to);
/* Derives a secret of `len` bytes from `secret`, `label` ("c hs traffic") and the context; context
 * and secret have `len` bytes, too. */
void probe_sha2_expand_label(size_t len, const uint8_t *secret, const char *label,
			     const uint8_t *context, uint8_t *to);

#endif
