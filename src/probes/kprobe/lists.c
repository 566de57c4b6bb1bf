/* SPDX-License-Identifier: MIT */
/*
 * lists.c - the kernel's lists of its functions, read once for all hooks.
 *
 * The kernel generates these files as they are read, which takes longer than all their processing.
 * Gives their text, and its lines; fails with -errno of reading.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/kbpf.h"
#include "kprobe.h"

/* Not every kernel traces functions, and not every user may read tracefs. */
static void read_traceable(struct kprobe_lists *l)
{
	int dir_fd = kbpf_tracefs_open(NULL);

	l->asked_traceable = true;
	if (dir_fd < 0)
		return;
	(void)kbpf_read_file(dir_fd, "available_filter_functions", &l->traceable, NULL);
	close(dir_fd);
}

int probe_kprobe_lists_read(struct kprobe_lists *l, bool traceable)
{
	int rc = l->symbols ? 0 : kbpf_read_file(AT_FDCWD, "/proc/kallsyms", &l->symbols, NULL);

	if (rc == 0 && traceable && !l->asked_traceable)
		read_traceable(l);
	return rc;
}

void probe_kprobe_lists_free(struct kprobe_lists *l)
{
	free(l->symbols);
	free(l->traceable);
	*l = (struct kprobe_lists){0};
}

bool probe_kprobe_line(const char **text, char line[KPROBE_LINE_LEN])
{
	size_t len = strcspn(*text, "\n"), kept = len < KPROBE_LINE_LEN ? len : KPROBE_LINE_LEN - 1;

	if (!**text)
		return false;
	memcpy(line, *text, kept);
	line[kept] = '\0';
	*text += len + ((*text)[len] == '\n');
	return true;
}

bool probe_kprobe_optimizer_waits(const char *symbols)
{
	return strstr(symbols, " T synchronize_rcu_tasks\n") != NULL;
}
