/* SPDX-License-Identifier: MIT */
/*
 * sha2.c - SHA-256, SHA-384, HMAC and HKDF-Expand-Label, for short inputs that are wholly in
 * memory.
 *
 * The round constants are the first bits of the fractional parts of cube roots of primes, and those
 * of SHA-256 are the upper halves of SHA-512's first 64: one table serves both.
 */
#include "sha2.h"

#include <stdbool.h>
#include <string.h>

enum { BLOCK_256 = 64, BLOCK_512 = 128, LEN_256 = 32, DATA_MAX = 512 };

static const uint64_t round_constants[80] = {
	0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
	0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
	0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
	0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
	0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
	0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
	0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
	0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
	0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
	0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
	0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
	0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
	0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
	0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
	0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
	0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
	0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
	0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
	0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
	0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};

/* SHA-256 and SHA-384 */
static const uint64_t initial[2][8] = {
	{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab,
	 0x5be0cd19},
	{0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
	 0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4},
};

/* Rotations (and in the last place of the small ones a shift) of the four functions. */
struct sha2_kind {
	unsigned bits, rounds;
	unsigned big0[3], big1[3], small0[3], small1[3];
};

static const struct sha2_kind kinds[2] = {
	{32, 64, {2, 13, 22}, {6, 11, 25}, {7, 18, 3}, {17, 19, 10}},
	{64, 80, {28, 34, 39}, {14, 18, 41}, {1, 8, 7}, {19, 61, 6}},
};

static uint64_t cut(const struct sha2_kind *k, uint64_t x)
{
	return k->bits == 32 ? (uint32_t)x : x;
}

static uint64_t rotate(const struct sha2_kind *k, uint64_t x, unsigned n)
{
	return cut(k, x >> n | x << (k->bits - n));
}

static uint64_t big(const struct sha2_kind *k, uint64_t x, const unsigned *n)
{
	return rotate(k, x, n[0]) ^ rotate(k, x, n[1]) ^ rotate(k, x, n[2]);
}

static uint64_t small(const struct sha2_kind *k, uint64_t x, const unsigned *n)
{
	return rotate(k, x, n[0]) ^ rotate(k, x, n[1]) ^ x >> n[2];
}

static void expand_block(const struct sha2_kind *k, const uint8_t *block, uint64_t *w)
{
	unsigned bytes = k->bits / 8;

	for (unsigned i = 0; i < 16; i++) {
		w[i] = 0;
		for (unsigned b = 0; b < bytes; b++)
			w[i] = w[i] << 8 | block[i * bytes + b];
	}
	for (unsigned i = 16; i < k->rounds; i++)
		w[i] = cut(k, w[i - 16] + small(k, w[i - 15], k->small0) + w[i - 7] +
				      small(k, w[i - 2], k->small1));
}

static void add_block(const struct sha2_kind *k, uint64_t *state, const uint8_t *block)
{
	uint64_t w[80], s[8];

	expand_block(k, block, w);
	memcpy(s, state, sizeof(s));
	for (unsigned i = 0; i < k->rounds; i++) {
		uint64_t constant = k->bits == 32 ? round_constants[i] >> 32 : round_constants[i];
		uint64_t t1 = s[7] + big(k, s[4], k->big1) + ((s[4] & s[5]) ^ (~s[4] & s[6])) +
			      constant + w[i];
		uint64_t t2 =
			big(k, s[0], k->big0) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));

		memmove(s + 1, s, 7 * sizeof(s[0]));
		s[4] = cut(k, s[4] + t1);
		s[0] = cut(k, t1 + t2);
	}
	for (unsigned i = 0; i < 8; i++)
		state[i] = cut(k, state[i] + s[i]);
}

/* Data, 0x80, zeros, and the length in bits in the last 8 bytes of the last block. */
static void add_end(const struct sha2_kind *k, uint64_t *state, const uint8_t *rest, size_t n,
		    size_t total)
{
	uint8_t end[2 * BLOCK_512] = {0};
	size_t block = k->bits == 32 ? BLOCK_256 : BLOCK_512;
	size_t len = n + 1 + block / 8 > block ? 2 * block : block;

	memcpy(end, rest, n);
	end[n] = 0x80;
	for (unsigned i = 0; i < 8; i++)
		end[len - 1 - i] = (uint8_t)((uint64_t)total * 8 >> 8 * i);
	for (size_t at = 0; at < len; at += block)
		add_block(k, state, end + at);
}

void probe_sha2(size_t len, const void *data, size_t data_len, uint8_t *to)
{
	bool wide = len != LEN_256;
	const struct sha2_kind *k = &kinds[wide];
	size_t block = wide ? BLOCK_512 : BLOCK_256, bytes = k->bits / 8, at = 0;
	uint64_t state[8];

	memcpy(state, initial[wide], sizeof(state));
	for (; data_len - at >= block; at += block)
		add_block(k, state, (const uint8_t *)data + at);
	add_end(k, state, (const uint8_t *)data + at, data_len - at, data_len);
	for (size_t i = 0; i < len; i++)
		to[i] = (uint8_t)(state[i / bytes] >> (k->bits - 8 - i % bytes * 8));
}

/* The hash of a key of one block, each byte of it combined with `pad`, and of the data after it. */
static void add_key(size_t len, const uint8_t key[BLOCK_512], uint8_t pad, const void *data,
		    size_t data_len, uint8_t *to)
{
	size_t block = len == LEN_256 ? BLOCK_256 : BLOCK_512;
	uint8_t all[BLOCK_512 + DATA_MAX];

	for (size_t i = 0; i < block; i++)
		all[i] = key[i] ^ pad;
	memcpy(all + block, data, data_len);
	probe_sha2(len, all, block + data_len, to);
}

/* Keys of at most a block, data of at most DATA_MAX. */
void probe_sha2_hmac(size_t len, const uint8_t *key, size_t key_len, const void *data,
		     size_t data_len, uint8_t *to)
{
	uint8_t hash[SHA2_LEN_MAX], padded[BLOCK_512] = {0};

	memcpy(padded, key, key_len);
	add_key(len, padded, 0x36, data, data_len, hash);
	add_key(len, padded, 0x5c, hash, len, to);
}

void probe_sha2_expand_label(size_t len, const uint8_t *secret, const char *label,
			     const uint8_t *context, uint8_t *to)
{
	static const char prefix[] = "tls13 ";
	uint8_t info[2 + 1 + 255 + 1 + SHA2_LEN_MAX + 1];
	size_t label_len = strlen(label), n = 0;

	info[n++] = 0;
	info[n++] = (uint8_t)len;
	info[n++] = (uint8_t)(sizeof(prefix) - 1 + label_len);
	memcpy(info + n, prefix, sizeof(prefix) - 1);
	n += sizeof(prefix) - 1;
	memcpy(info + n, label, label_len);
	n += label_len;
	info[n++] = (uint8_t)len;
	memcpy(info + n, context, len);
	n += len;
	info[n++] = 1; /* the first and only block of HKDF-Expand */
	probe_sha2_hmac(len, secret, len, info, n, to);
}
