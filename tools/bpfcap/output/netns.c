/* SPDX-License-Identifier: MIT */
/*
 * netns.c - names of network namespaces: takes inodes, gives the names of ip-netns(8) and of
 * containers, and keeps them. A namespace without a name gives NULL.
 */
#include "netns.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "../../../src/util.h"

enum { PATH_LEN = 320, ID_LEN = 64, ID_SHOWN = 12 };

struct netns_known {
	uint32_t inode;
	char name[NETNS_NAME_LEN]; /* "": none */
};

struct netns_names {
	struct netns_known *known;
	size_t cnt, cap;
	time_t looked_s; /* when all processes were visited, on the monotonic clock; 0: never */
};

static struct netns_known *find(struct netns_names *n, uint32_t inode)
{
	for (size_t i = 0; i < n->cnt; i++)
		if (n->known[i].inode == inode)
			return &n->known[i];
	return NULL;
}

static void add(struct netns_names *n, uint32_t inode, const char *name)
{
	struct netns_known *known = grow(n->known, &n->cap, n->cnt + 1, sizeof(*known));

	if (!known)
		return;
	n->known = known;
	known[n->cnt].inode = inode;
	(void)snprintf(known[n->cnt].name, NETNS_NAME_LEN, "%s", name);
	n->cnt++;
}

static uint32_t inode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : (uint32_t)st.st_ino;
}

/* Whether it ends in the number of a container, in hexadecimal. */
static bool has_id(const char *s, size_t len)
{
	if (len < ID_LEN)
		return false;
	for (size_t i = len - ID_LEN; i < len; i++)
		if (!isxdigit((unsigned char)s[i]))
			return false;
	return true;
}

/* "/docker/0123..." or "docker-0123....scope" of the container "docker-0123...". */
static int name_by_id(const char *path, const char *last, size_t len, char name[NETNS_NAME_LEN])
{
	const char *id = last + len - ID_LEN, *kind = last, *end = id;

	if (id == last && last > path + 1) { /* the name of its directory */
		end = last - 1;
		kind = end;
		while (kind > path && kind[-1] != '/')
			kind--;
	}
	while (end > kind && end[-1] == '-')
		end--;
	return snprintf(name, NETNS_NAME_LEN, "%.*s%s%.*s", (int)(end - kind), kind,
			end > kind ? "-" : "", ID_SHOWN, id) < NETNS_NAME_LEN;
}

int netns_container(const char *cgroup, char name[NETNS_NAME_LEN])
{
	static const char *const starts[] = {"lxc.payload.", "lxc.monitor.", "machine-"};
	static const char scope[] = ".scope";
	const char *last = strrchr(cgroup, '/');
	size_t len;

	last = last ? last + 1 : cgroup;
	len = strlen(last);
	if (len >= sizeof(scope) && strcmp(last + len - sizeof(scope) + 1, scope) == 0)
		len -= sizeof(scope) - 1;
	if (has_id(last, len))
		return name_by_id(cgroup, last, len, name);
	for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
		size_t start_len = strlen(starts[i]);

		if (len > start_len && strncmp(last, starts[i], start_len) == 0)
			return snprintf(name, NETNS_NAME_LEN, "%.*s", (int)(len - start_len),
					last + start_len) < NETNS_NAME_LEN;
	}
	return 0;
}

static bool read_container(const char *pid, char name[NETNS_NAME_LEN])
{
	char line[PATH_LEN * 4];
	bool found = false;
	FILE *f;

	(void)snprintf(line, sizeof(line), "/proc/%.32s/cgroup", pid);
	f = fopen(line, "re");
	while (f && !found && fgets(line, sizeof(line), f)) {
		const char *path = strchr(line, '/');

		line[strcspn(line, "\n")] = '\0';
		found = path && netns_container(path, name);
	}
	if (f)
		(void)fclose(f);
	return found;
}

/* Calls `take` with the name and the path of each entry of a directory. */
static void each(struct netns_names *n, const char *dir, const char *rest,
		 void (*take)(struct netns_names *n, const char *entry, uint32_t inode))
{
	DIR *d = opendir(dir);
	char path[PATH_LEN];
	struct dirent *e;

	while (d && (e = readdir(d))) {
		uint32_t inode;

		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%.255s%s", dir, e->d_name, rest);
		inode = inode_of(path);
		if (inode && !find(n, inode))
			take(n, e->d_name, inode);
	}
	if (d)
		(void)closedir(d);
}

static void take_named(struct netns_names *n, const char *entry, uint32_t inode)
{
	add(n, inode, entry);
}

static void take_process(struct netns_names *n, const char *entry, uint32_t inode)
{
	char name[NETNS_NAME_LEN];

	if (isdigit((unsigned char)entry[0]) && read_container(entry, name))
		add(n, inode, name);
}

/* Our own namespace is that of most processes; it is looked up once, not for each of them. */
static void look_at_names(struct netns_names *n)
{
	uint32_t own = inode_of("/proc/self/ns/net");
	char name[NETNS_NAME_LEN];

	each(n, "/run/netns", "", take_named);
	if (!find(n, own))
		add(n, own, read_container("self", name) ? name : "");
}

struct netns_names *netns_names_new(void)
{
	return calloc(1, sizeof(struct netns_names));
}

void netns_names_free(struct netns_names *n)
{
	if (n)
		free(n->known);
	free(n);
}

/*
 * Thousands of processes take long to visit, and the capture waits meanwhile. So that is done for
 * an unknown namespace only, and at most once a second.
 */
static bool may_look(struct netns_names *n)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (n->looked_s && now.tv_sec - n->looked_s <= 1)
		return false;
	n->looked_s = now.tv_sec;
	return true;
}

const char *netns_name(struct netns_names *n, uint32_t inode)
{
	const struct netns_known *known;

	if (!n)
		return NULL;
	if (!find(n, inode) && !may_look(n))
		return NULL;
	if (!find(n, inode))
		look_at_names(n);
	if (!find(n, inode))
		each(n, "/proc", "/ns/net", take_process);
	if (!find(n, inode))
		add(n, inode, "");
	known = find(n, inode);
	return known && known->name[0] ? known->name : NULL;
}
