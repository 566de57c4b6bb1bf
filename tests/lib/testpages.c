/* SPDX-License-Identifier: MIT */
/* testpages.c - asks the list of symbols how the kernel keeps page structs. */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "testpages.h"

static bool has_symbol(const char *name)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	char line[256];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, name) != NULL;
	if (f)
		fclose(f);
	return found;
}

bool testpages_wanted(void)
{
	struct utsname u;

	if (uname(&u) != 0)
		return false;
	return (strcmp(u.machine, "x86_64") == 0 || strcmp(u.machine, "aarch64") == 0) &&
	       has_symbol(" vmemmap_populate\n");
}
