/* SPDX-License-Identifier: MIT */
/*
 * binary.c - finds the static binary for a machine: takes a directory that `make dist` filled,
 * gives the bytes with their checksum of SHA256SUMS. Fails where either is missing.
 */
#include "binary.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/version.h"

#include "../../../src/util.h"
#include "../../common/fail.h"
#include "../../common/text.h"
#include "../../common/whole.h"

enum { SUM_LEN = 64 };

/* A 32-bit program runs on the 64-bit kernels of arm, too. */
static const char *architecture(const char *machine)
{
	static const struct {
		const char *machine, *name;
	} known[] = {{"x86_64", "amd64"},    {"aarch64", "arm64"}, {"armv6l", "armhf"},
		     {"armv7l", "armhf"},    {"armv8l", "armhf"},  {"riscv64", "riscv64"},
		     {"ppc64le", "ppc64el"}, {"s390x", "s390x"}};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(machine, known[i].machine) == 0)
			return known[i].name;
	return NULL;
}

static bool is_sum(const char *line)
{
	for (int i = 0; i < SUM_LEN; i++)
		if (!isxdigit((unsigned char)line[i]))
			return false;
	return line[SUM_LEN] == ' ';
}

/* The checksum of "SUM  NAME" or "SUM *NAME" in the text; NULL: none. */
static const char *find_sum(char *text, const char *name)
{
	char *save = NULL;

	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		if (!is_sum(l) || strcmp(l + SUM_LEN + 2, name) != 0)
			continue;
		l[SUM_LEN] = '\0';
		return l;
	}
	return NULL;
}

static int append(struct text *t, const char *dir, const char *name, struct err *e)
{
	struct text path = {0}, sums_path = {0};
	char *data = NULL, *sums = NULL;
	const char *sum;
	size_t len, sums_len;
	int rc;

	text_printf(&path, "%s/%s", dir, name);
	text_printf(&sums_path, "%s/SHA256SUMS", dir);
	rc = read_whole(text_str(&path), "remote", &data, &len, e);
	if (rc == 0)
		rc = read_whole(text_str(&sums_path), "remote", &sums, &sums_len, e);
	sum = rc == 0 ? find_sum(sums, name) : NULL;
	if (rc == 0 && !sum)
		rc = err_input(e, -EINVAL, "remote", "%s does not list %s", text_str(&sums_path),
			       name);
	if (sum) {
		text_printf(t, "%zu %s\n", len, sum);
		text_bytes(t, data, len);
	}
	free(data);
	free(sums);
	text_free(&path);
	text_free(&sums_path);
	return rc;
}

int binary_append(struct text *t, const char *dir, const char *machine, struct err *e)
{
	const char *arch = architecture(machine);
	struct text name = {0};
	int rc;

	if (!arch)
		return err_input(e, -EINVAL, "remote",
				 "bpfcap is not installed there, and there is no static binary for "
				 "a machine of type '%.32s'",
				 machine);
	text_printf(&name, "bpfcap-%s-linux-%s", BPFCAP_VERSION, arch);
	if (!dir)
		rc = err_input(e, -ENOENT, "remote",
			       "bpfcap is not installed there; specify a directory with %s and "
			       "SHA256SUMS by --remote-binaries",
			       text_str(&name));
	else
		rc = append(t, dir, text_str(&name), e);
	text_free(&name);
	return rc;
}
