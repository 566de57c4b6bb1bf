/* SPDX-License-Identifier: MIT */
/*
 * probe_tls.c - lines that describe a TLS library, the derivation of TLS 1.3 (examples of RFC 8448,
 * FIPS 180-4), and keys of records.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../src/probes/tls/record.h"
#include "../../src/probes/tls/sha2.h"
#include "../lib/test.h"

static const char line[] =
	"openssl build-id=00ff10 client_random=0x160 master_secret=0x918:0x50 "
	"handshake_secret=0x584 handshake_hash=0x704 client_traffic=0x744 server_traffic=0x784 "
	"handshake_end=0x720d0:000102030405060708090a0b0c0d0eff";

TEST(a_description_is_read_and_printed_alike)
{
	struct probe_tls_layout l;
	char text[PROBE_TLS_LINE_MAX];
	struct err e;

	assert_int_equal(probe_tls_layout_parse(&l, line, &e), 0);
	assert_int_equal(l.build_id_len, 3);
	assert_int_equal(l.place[PROBE_TLS_MASTER_SECRET].cnt, 2);
	assert_int_equal(l.place[PROBE_TLS_MASTER_SECRET].off[1], 0x50);
	assert_int_equal(l.handshake_end.off, 0x720d0);
	assert_int_equal(l.handshake_end.code[15], 0xff);
	assert_int_equal(probe_tls_layout_check(&l, &e), 0);
	assert_int_equal(probe_tls_layout_text(&l, text, sizeof(text)), 0);
	assert_string_equal(text, line);
	assert_int_equal(probe_tls_layout_text(&l, text, sizeof(line) - 1), -ENOSPC);
}

TEST(a_wrong_description_is_refused)
{
	static const char *const wrong[] = {
		"",
		"schannel client_random=0x160",
		"openssl build-id=0",
		"openssl build-id=zz",
		"openssl client_random",
		"openssl client_random=",
		"openssl client_random=160",
		"openssl client_random=0x",
		"openssl client_random=0x-1",
		"openssl client_random=0x10000",
		"openssl client_random=0x1:",
		"openssl client_random=0x1:0x2:0x3:0x4",
		"openssl client_random=0x1 client_random=0x2",
		"openssl client_randoms=0x1",
		"openssl server_random=0x1",
		"openssl client_random=0x1;0x2",
		"openssl client_random=0xffffffffffffffffff",
		"openssl handshake_end=0x1",
		"openssl handshake_end=0x1:00",
		"openssl handshake_end=0x1:000102030405060708090a0b0c0d0ef",
		"openssl handshake_end=0x1:000102030405060708090a0b0c0d0e0f0",
		"openssl handshake_end=0x1:000102030405060708090a0b0c0d0e0g",
		"openssl handshake_end=0x0:000102030405060708090a0b0c0d0e0f",
		"openssl handshake_end=:000102030405060708090a0b0c0d0e0f",
		"openssl handshake_end=0x100000000:000102030405060708090a0b0c0d0e0f",
		"openssl handshake_end=0xffffffffffffffffff:000102030405060708090a0b0c0d0e0f",
	};
	struct probe_tls_layout l;
	struct err e;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (probe_tls_layout_parse(&l, wrong[i], &e) != -EINVAL)
			fail_msg("accepted: %s", wrong[i]);
}

TEST(a_description_must_suffice_to_decrypt)
{
	static const char *const poor[] = {
		"openssl build-id=00 master_secret=0x20",
		"openssl build-id=00 client_random=0x20",
		"openssl build-id=00 client_random=0x20 client_traffic=0x1 server_traffic=0x2",
	};
	struct probe_tls_layout l;
	struct err e;

	for (size_t i = 0; i < sizeof(poor) / sizeof(poor[0]); i++) {
		assert_int_equal(probe_tls_layout_parse(&l, poor[i], &e), 0);
		assert_int_equal(probe_tls_layout_check(&l, &e), -ENOENT);
	}
}

static void from_hex(uint8_t *to, const char *hex)
{
	for (unsigned byte; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		*to++ = (uint8_t)byte;
}

TEST(hashes_are_those_of_the_standard)
{
	static const char two_blocks[] = "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
					 "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";
	uint8_t got[SHA2_LEN_MAX], want[SHA2_LEN_MAX];

	probe_sha2(32, "abc", 3, got);
	from_hex(want, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_memory_equal(got, want, 32);
	probe_sha2(48, "abc", 3, got);
	from_hex(want, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
		       "8086072ba1e7cc2358baeca134c825a7");
	assert_memory_equal(got, want, 48);
	probe_sha2(48, two_blocks, sizeof(two_blocks) - 1, got);
	from_hex(want, "09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712"
		       "fcc7c71a557e2db966c3e9fa91746039");
	assert_memory_equal(got, want, 48);
}

static const char handshake_secret[] =
	"1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac";
static const char hello_hash[] = "860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8";
static const char client_secret[] =
	"b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21";

static int collect(void *user, const struct probe_tls_key *k)
{
	char *all = user;

	probe_tls_key_text(k, all + strlen(all));
	strcat(all, "\n");
	return 0;
}

TEST(handshake_secrets_are_derived)
{
	struct probe_tls_layout l = {0};
	struct tls_record r = {.pid = 1};
	char all[8 * PROBE_TLS_KEY_LINE_MAX] = "", want[PROBE_TLS_KEY_LINE_MAX];

	memset(r.random, 0xab, sizeof(r.random));
	from_hex(r.secret[TLS_SLOT_HANDSHAKE], handshake_secret);
	from_hex(r.secret[TLS_SLOT_HANDSHAKE_2], hello_hash);
	r.secret[TLS_SLOT_MASTER][0] = 1; /* of the resumption to come: not for TLS 1.2 */
	r.secret[TLS_SLOT_CLIENT_TRAFFIC][0] = r.secret[TLS_SLOT_SERVER_TRAFFIC][0] = 1;
	assert_int_equal(probe_tls_record_keys(&r, &l, collect, all), 0);
	(void)snprintf(want, sizeof(want), " %s\n", client_secret);
	assert_non_null(strstr(all, want));
	assert_memory_equal(all, "CLIENT_HANDSHAKE_TRAFFIC_SECRET abab", 36);
	assert_non_null(strstr(all, "\nSERVER_HANDSHAKE_TRAFFIC_SECRET abab"));
	assert_non_null(strstr(all, "\nSERVER_TRAFFIC_SECRET_0 abab"));
	assert_null(strstr(all, "CLIENT_RANDOM"));
	assert_null(strstr(all, "EXPORTER_SECRET")); /* it was not read */
}

/* A server that reads before its handshake has ended: the client's secret comes last. */
TEST(a_secret_that_is_missing_does_not_shorten_the_others)
{
	struct probe_tls_layout l = {.place[PROBE_TLS_CLIENT_HANDSHAKE].cnt = 1};
	struct tls_record r = {.pid = 1};
	char all[8 * PROBE_TLS_KEY_LINE_MAX] = "", want[2 * TLS_SECRET_MAX + 3] = " ";

	for (int i = 0; i < TLS_SECRET_MAX; i++)
		strcat(want, "03");
	strcat(want, "\n");
	memset(r.random, 1, sizeof(r.random));
	memset(r.secret[TLS_SLOT_HANDSHAKE], 3, TLS_SECRET_MAX);
	memset(r.secret[TLS_SLOT_SERVER_TRAFFIC], 4, TLS_SECRET_MAX);
	assert_int_equal(probe_tls_record_keys(&r, &l, collect, all), 0);
	assert_non_null(strstr(all, want));
	assert_null(strstr(all, "CLIENT_TRAFFIC_SECRET_0"));
}

TEST(a_master_secret_is_all_of_tls_1_2)
{
	struct probe_tls_layout l = {0};
	struct tls_record r = {.pid = 1};
	char all[8 * PROBE_TLS_KEY_LINE_MAX] = "";

	memset(r.random, 1, sizeof(r.random));
	memset(r.secret[TLS_SLOT_MASTER], 2, TLS_SECRET_MAX);
	assert_int_equal(probe_tls_record_keys(&r, &l, collect, all), 0);
	assert_memory_equal(all, "CLIENT_RANDOM 0101", 18);
	assert_int_equal(strlen(all), strlen("CLIENT_RANDOM ") + 64 + 1 + 96 + 1);
}

/* As if the page of the label had not been in memory when the program ran. */
TEST(a_label_of_go_is_read_from_the_process)
{
	static const char label[] = "CLIENT_RANDOM";
	struct probe_tls_layout l = {.kind = PROBE_TLS_GO};
	struct tls_record r = {
		.pid = (uint32_t)getpid(), .label_len = sizeof(label) - 1, .secret_len = 32};
	const uint64_t addr = (uintptr_t)label;
	char all[8 * PROBE_TLS_KEY_LINE_MAX] = "";

	memset(r.secret[TLS_SLOT_GO_SECRET], 2, 32);
	memcpy(r.secret[TLS_SLOT_GO_ADDRESS], &addr, sizeof(addr));
	assert_int_equal(probe_tls_record_label(&r), 0);
	assert_int_equal(probe_tls_record_keys(&r, &l, collect, all), 0);
	assert_memory_equal(all, "CLIENT_RANDOM 0000", 18);
}

TEST(a_label_of_a_process_that_has_ended_is_an_error)
{
	struct tls_record r = {.pid = 1U << 22, .label_len = 5}; /* no process has this number */

	assert_int_equal(probe_tls_record_label(&r), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_description_is_read_and_printed_alike),
		cmocka_unit_test(a_wrong_description_is_refused),
		cmocka_unit_test(a_description_must_suffice_to_decrypt),
		cmocka_unit_test(hashes_are_those_of_the_standard),
		cmocka_unit_test(handshake_secrets_are_derived),
		cmocka_unit_test(a_secret_that_is_missing_does_not_shorten_the_others),
		cmocka_unit_test(a_master_secret_is_all_of_tls_1_2),
		cmocka_unit_test(a_label_of_go_is_read_from_the_process),
		cmocka_unit_test(a_label_of_a_process_that_has_ended_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
