/* SPDX-License-Identifier: MIT */
/* cap_options.c - the command line of bpfcap: options, their arguments, and their modes. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../../tools/bpfcap/options.h"
#include "../../tools/common/text.h"
#include "../lib/test.h"

static char line[512];
static char *argv[64];

/* Splits at spaces; "~" in a word stands for a space. */
static int parse(struct cap_options *o, const char *words, struct err *e)
{
	int argc = 0;
	char *save = NULL;

	strncpy(line, words, sizeof(line) - 1);
	for (char *w = strtok_r(line, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		for (char *c = w; *c; c++)
			if (*c == '~')
				*c = ' ';
		argv[argc++] = w;
	}
	argv[argc] = NULL;
	return options_parse(o, argc, argv, e);
}

TEST(parses_the_main_use)
{
	struct cap_options o;
	struct err e;

	assert_int_equal(parse(&o, "bpfcap -k 5.4 --filter icmp -c 4", &e), 0);
	assert_string_equal(o.kernel, "5.4");
	assert_string_equal(o.filter, "icmp");
	assert_int_equal(o.packet_cnt, 4);
	assert_null(o.hooks.words);
	assert_null(o.write_path);
	options_free(&o);
}

TEST(joins_the_trailing_expression)
{
	struct cap_options o;
	struct err e;

	assert_int_equal(parse(&o, "bpfcap -n tcp port 443 and host 10.0.0.1", &e), 0);
	assert_string_equal(o.filter, "tcp port 443 and host 10.0.0.1");
	options_free(&o);
	assert_int_equal(parse(&o, "bpfcap -i eth0 tcp[13]~&~2~!=~0", &e), 0);
	assert_string_equal(o.filter, "tcp[13] & 2 != 0");
	options_free(&o);
	assert_int_equal(parse(&o, "bpfcap tcp -c 2 port -n 443", &e), 0);
	assert_string_equal(o.filter, "tcp port 443");
	options_free(&o);
	assert_int_equal(parse(&o, "bpfcap", &e), 0);
	assert_null(o.filter);
	options_free(&o);
}

TEST(finds_the_command)
{
	struct cap_options o;
	struct err e;

	assert_int_equal(parse(&o, "bpfcap tcp -c 2 port 53 -- host -t a.b --", &e), 0);
	assert_string_equal(o.filter, "tcp port 53");
	assert_int_equal(o.packet_cnt, 2);
	assert_string_equal(o.command[0], "host");
	assert_string_equal(o.command[1], "-t");
	assert_string_equal(o.command[3], "--");
	assert_null(o.command[4]);
	options_free(&o);
	assert_int_equal(parse(&o, "bpfcap -e -- -c 1", &e), 0);
	assert_string_equal(o.filter, "--");
	assert_null(o.command);
	options_free(&o);
	assert_int_equal(parse(&o, "bpfcap tcp --", &e), -EINVAL);
	options_free(&o);
	assert_int_equal(parse(&o, "bpfcap -r a.pcap -- ls", &e), -EINVAL);
	options_free(&o);
}

TEST(splits_lists)
{
	struct cap_options o;
	struct err e;

	assert_int_equal(parse(&o, "bpfcap -f rx,tracepoint:skb:kfree_skb -f tc -i a -i b,c", &e),
			 0);
	assert_int_equal(o.hooks.cnt, 3);
	assert_string_equal(o.hooks.words[0], "rx");
	assert_string_equal(o.hooks.words[1], "tracepoint:skb:kfree_skb");
	assert_string_equal(o.hooks.words[2], "tc");
	assert_null(o.hooks.words[3]);
	assert_int_equal(o.ifaces.cnt, 2);
	assert_string_equal(o.ifaces.words[1], "b,c");
	options_free(&o);
}

TEST(counts_and_groups_letters)
{
	struct cap_options o;
	struct err e;

	assert_int_equal(parse(&o, "bpfcap -nqvvXX -ttt -Sc1 -w- --json", &e), 0);
	assert_int_equal(o.verbose, 2);
	assert_int_equal(o.hex_ascii, 2);
	assert_int_equal(o.time_form, 3);
	assert_int_equal(o.packet_cnt, 1);
	assert_string_equal(o.write_path, "-");
	assert_true(o.stack && o.json && o.quick && o.no_names);
	options_free(&o);
	assert_int_equal(parse(&o, "bpfcap -ddd -s0", &e), 0);
	assert_int_equal(o.dump_cnt, 3);
	options_free(&o);
}

TEST(refuses_in_one_line)
{
	static const struct {
		const char *words, *text;
	} bad[] = {
		{"bpfcap -Y", "-Y"},
		{"bpfcap --no-such", "--no-such"},
		{"bpfcap -nY", "-Y"},
		{"bpfcap -c", "-c"},
		{"bpfcap --filter", "--filter"},
		{"bpfcap -c x", "x"},
		{"bpfcap -c 0", "0"},
		{"bpfcap -c -1", "-1"},
		{"bpfcap -c 1x", "1x"},
		{"bpfcap -c 99999999999999999999", "99999999999999999999"},
		{"bpfcap -s ~5", " 5"},
		{"bpfcap -f ,", "hook"},
		{"bpfcap --json=yes", "--json=yes"},
		{"bpfcap -e icmp udp", "udp"},
		{"bpfcap -D icmp", "icmp"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct cap_options o;
		struct err e = {0};

		assert_int_equal(parse(&o, bad[i].words, &e), -EINVAL);
		assert_int_equal(e.kind, ERR_INPUT);
		assert_non_null(strstr(e.text, bad[i].text));
		assert_null(strchr(e.text, '\n'));
		options_free(&o);
	}
}

/* Help and manual page list each option with its argument. */
TEST(documents_every_option)
{
	static const char *const names[] = {
		"--filter EXPR", "--hook SPEC", "-w, --write FILE", "-d ", "--dump STAGE",
		"--doctor",	 "-t "};
	struct text help = {0}, man = {0};

	options_help(&help);
	options_man(&man);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_non_null(strstr(text_str(&help), names[i]));
	assert_non_null(strstr(text_str(&man), "\\-e, \\-\\-filter"));
	text_free(&help);
	text_free(&man);
}

/*
 * Every option in every mode: l live, r -r, d -d, p --dump=program, D --doctor, i -D, R --remote, t
 * --top, T -r --top. An option is accepted in the modes named here and refused, by name, in the
 * others.
 */
static const struct {
	const char *words, *modes;
} uses[] = {
	{"-e icmp", "lrdpRtT"},
	{"-F file", "lrdpRtT"},
	{"-f rx", "lrdpRtT"},
	{"-i lo", "lrpRtT"},
	{"-p", "lrdpDiRtT"},
	{"-k 5.4", "ldpRt"},
	{"-c 1", "lrR"},
	{"--duration 9", "lRt"},
	{"-s 9", "ldpR"},
	{"-S", "lrpR"},
	{"--netns self", "lrpRtT"},
	{"--wait", "lpRt"},
	{"--pid 1", "lrpRtT"},
	{"--mark 1", "lpRt"},
	{"--reason A", "lrpRtT"},
	{"-Q in", "lrRT"},
	{"--owner", "lrR"},
	{"--track", "lpRt"},
	{"--gather", "lr"},
	{"--gather-by skb", "lr"},
	{"--fake-hdr", "lpRt"},
	{"--skb-data 1", "lpRt"},
	{"--call x", "lp"},
	{"-y RAW", "ldpRt"},
	{"-B 1", "lpR"},
	{"-Z root", "lRt"},
	{"-w file", "lrR"},
	{"--format pcap", "lrR"},
	{"-C 1", "lrR"},
	{"-z gzip", "lrR"},
	{"-G 1", "lrR"},
	{"-W 1", "lrR"},
	{"--keep 10", "l"},
	{"--trigger drop", "l"},
	{"--after 1s", "l"},
	{"--triggers 2", "l"},
	{"-U", "lrR"},
	{"-l", "lrR"},
	{"--print", "lrR"},
	{"--json", "lrDRtT"},
	{"-n", "lrdpDiRtT"},
	{"-q", "lrR"},
	{"-v", "lrRtT"},
	{"-t", "lrR"},
	{"--nano", "lrR"},
	{"-#", "lrR"},
	{"--absolute-tcp-sequence-numbers", "lrR"},
	{"--decode tcpdump", "lrR"},
	{"--link", "lrR"},
	{"--color never", "lrR"},
	{"--time-stamp-precision nano", "lrR"},
	{"-x", "lrR"},
	{"-X", "lrR"},
	{"-A", "lrR"},
	{"--through all", "lrdpRtT"},
	{"--through all --inner-only", "lrdpRtT"},
	{"--report file", "lrtT"},
	{"--tls-keys", "l"},
	{"--keylog file", "l"},
	{"--tls-process curl", "l"},
	{"--tls-lib file", "l"},
	{"--remote-binaries dir", "R"},
};

static const struct {
	char mode;
	const char *words;
} modes[] = {
	{'l', ""},
	{'r', "-r file"},
	{'d', "-d"},
	{'p', "--dump=program"},
	{'D', "--doctor"},
	{'i', "-D"},
	{'R', "--remote a,b"},
	{'t', "--top"},
	{'T', "-r file --top"},
};

static void check_use(const char *mode_words, const char *use, bool accepted)
{
	struct cap_options o;
	struct err e = {0};
	char words[128], name[32] = "";

	snprintf(words, sizeof(words), "bpfcap %s %s", mode_words, use);
	assert_true(sscanf(use, "%31s", name) == 1);
	if (parse(&o, words, &e) != (accepted ? 0 : -EINVAL))
		fail_msg("%s: %s", words, e.text);
	if (!accepted)
		assert_ptr_equal(strstr(e.text, name), e.text);
	options_free(&o);
}

TEST(refuses_what_a_mode_cannot_honour)
{
	for (size_t m = 0; m < sizeof(modes) / sizeof(modes[0]); m++)
		for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++)
			check_use(modes[m].words, uses[i].words,
				  strchr(uses[i].modes, modes[m].mode) != NULL);
}

/* Each word arrives at the other machine as it was here: sh(1) reads what is sent. */
TEST(quotes_what_other_machines_get)
{
	static const char wanted[] = "[--hook=rx][--hook=tx][--interface=a'b;$(c)][--snaplen=9]"
				     "[--stack][--reason=A]";
	struct text t = {0};
	struct cap_options o;
	char got[256] = "";
	struct err e;
	FILE *sh;

	assert_int_equal(
		parse(&o, "bpfcap --remote a -f rx,tx -i a'b;$(c) -s 9 -S -c 1 -v --reason A", &e),
		0);
	text_put(&t, "printf '[%s]'");
	options_far(&o, &t);
	sh = popen(text_str(&t), "r");
	assert_non_null(sh);
	assert_non_null(fgets(got, sizeof(got), sh));
	pclose(sh);
	assert_string_equal(got, wanted);
	text_free(&t);
	options_free(&o);
}

TEST(top_takes_a_number_or_none)
{
	struct cap_options o;
	struct err e;

	assert_int_equal(parse(&o, "bpfcap --top", &e), 0);
	assert_int_equal(o.top_s, 1);
	options_free(&o);
	assert_int_equal(parse(&o, "bpfcap --top 5 tcp", &e), 0);
	assert_int_equal(o.top_s, 5);
	assert_string_equal(o.filter, "tcp");
	options_free(&o);
	assert_int_equal(parse(&o, "bpfcap --top=3 -f rx", &e), 0);
	assert_int_equal(o.top_s, 3);
	options_free(&o);
	assert_int_equal(parse(&o, "bpfcap --top host 10.0.0.1", &e), 0);
	assert_int_equal(o.top_s, 1);
	assert_string_equal(o.filter, "host 10.0.0.1");
	options_free(&o);
	assert_int_equal(parse(&o, "bpfcap --top 0", &e), -EINVAL);
	options_free(&o);
	assert_int_equal(parse(&o, "bpfcap --top=often", &e), -EINVAL);
	options_free(&o);
}

/* Two modes at once are refused; --dump goes with -d. */
TEST(refuses_two_modes)
{
	check_use("-d", "-r file", false);
	check_use("--doctor", "-r file", false);
	check_use("--doctor", "-d", false);
	check_use("-D", "--doctor", false);
	check_use("-r file", "--remote a", false);
	check_use("-d", "--remote a", false);
	check_use("--doctor", "--remote a", false);
	check_use("-D", "--dump ir", false);
}

/* The list above has a line for each option of --help but those that select a mode. */
TEST(walks_all_options)
{
	static const char *const selecting[] = {
		"-r", "-d", "--dump",	    "--doctor",	    "-D",	"--man",
		"-h", "-V", "--tls-layout", "--completion", "--remote", "--top"};
	struct text help = {0};
	size_t cnt = 0;
	char *save = NULL;

	options_help(&help);
	for (char *l = strtok_r(help.p, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		const char *name = l + strspn(l, " ");

		cnt += *name == '-' && name - l < 8;
	}
	text_free(&help);
	assert_int_equal(cnt,
			 sizeof(uses) / sizeof(uses[0]) + sizeof(selecting) / sizeof(selecting[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_the_main_use),
		cmocka_unit_test(joins_the_trailing_expression),
		cmocka_unit_test(finds_the_command),
		cmocka_unit_test(splits_lists),
		cmocka_unit_test(counts_and_groups_letters),
		cmocka_unit_test(refuses_in_one_line),
		cmocka_unit_test(documents_every_option),
		cmocka_unit_test(refuses_what_a_mode_cannot_honour),
		cmocka_unit_test(quotes_what_other_machines_get),
		cmocka_unit_test(top_takes_a_number_or_none),
		cmocka_unit_test(refuses_two_modes),
		cmocka_unit_test(walks_all_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
