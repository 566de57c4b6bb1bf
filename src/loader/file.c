/* SPDX-License-Identifier: MIT */
/*
 * file.c - whole small files of /proc, /sys and tracefs, whose size is known only by
 * reading them, and the CPU lists among them.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/kbpf.h"
#include "../util.h"

#define PIECE_LEN 4096u
#define MAX_LEN	  (256u << 20)

/* Reads to the end into *text, which is grown as needed and owned by the caller even on failure. */
static int read_all(int fd, char **text, size_t *len)
{
	size_t cap = 0, used = 0;

	for (;;) {
		char *more = used < MAX_LEN ? grow(*text, &cap, used + PIECE_LEN, 1) : NULL;
		ssize_t n;

		if (!more)
			return used < MAX_LEN ? -ENOMEM : -EFBIG;
		*text = more;
		n = read(fd, *text + used, cap - used - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	(*text)[used] = '\0';
	*len = used;
	return 0;
}

int kbpf_read_file(int dir_fd, const char *path, char **text, size_t *len)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	int rc;

	*text = NULL;
	if (fd < 0)
		return -errno;
	rc = read_all(fd, text, &used);
	close(fd);
	if (rc < 0) {
		free(*text);
		*text = NULL;
		return rc;
	}
	if (len)
		*len = used;
	return 0;
}

int kbpf_file_read_number(int dir_fd, const char *path, uint64_t *value)
{
	char *text, *end;
	int rc = kbpf_read_file(dir_fd, path, &text, NULL);

	if (rc < 0)
		return rc;
	errno = 0;
	*value = strtoull(text, &end, 0);
	rc = end == text || errno ? -EINVAL : 0;
	free(text);
	return rc;
}

/* Reads one more range of the list at *s, such as "0-3,8". 1, 0 at the end, -EINVAL. */
static int next_range(const char **s, unsigned long *first, unsigned long *last)
{
	char *end;

	while (**s == ',' || **s == '\n' || **s == ' ')
		++*s;
	if (!**s)
		return 0;
	*first = *last = strtoul(*s, &end, 10);
	if (end == *s)
		return -EINVAL;
	if (*end == '-') {
		*s = end + 1;
		*last = strtoul(*s, &end, 10);
		if (end == *s)
			return -EINVAL;
	}
	*s = end;
	return *last < *first || *last >= CPU_CNT_MAX ? -EINVAL : 1;
}

int kbpf_file_cpu_list_parse(const char *text, int *cpus, int cap)
{
	unsigned long first, last;
	int cnt = 0, rc;

	while ((rc = next_range(&text, &first, &last)) > 0) {
		for (; first <= last; first++, cnt++) {
			if (cnt < cap)
				cpus[cnt] = (int)first;
		}
	}
	return rc < 0 ? rc : cnt;
}

int kbpf_file_cpu_list(const char *path, int *cpus, int cap)
{
	char *text;
	int rc = kbpf_read_file(AT_FDCWD, path, &text, NULL);

	if (rc < 0)
		return rc;
	rc = kbpf_file_cpu_list_parse(text, cpus, cap);
	free(text);
	return rc;
}

int kbpf_possible_cpu_cnt(void)
{
	int cnt = kbpf_file_cpu_list("/sys/devices/system/cpu/possible", NULL, 0);

	return cnt == 0 ? -ENOENT : cnt;
}
