/* SPDX-License-Identifier: MIT */
/*
 * iface.c - the interfaces of a session: those chosen, and the names of all.
 *
 * They belong to the network namespace that the session was opened in, or to the one that --netns
 * names, and are chosen by names, globs or "any". Fails with -EINVAL (input) for a name that does
 * not exist, unless the session waits for it.
 */
#include <errno.h>
#include <fnmatch.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "../../util.h"
#include "../netns.h"
#include "state.h"

#define HEAR_AGAIN_NS 200000000u /* an unknown index does not cost a dump each time */

uint32_t probe_iface_netmask(const char *name)
{
	struct ifreq r = {0};
	struct sockaddr_in mask = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return 0;
	strncpy(r.ifr_name, name, sizeof(r.ifr_name) - 1);
	if (ioctl(fd, SIOCGIFNETMASK, &r) == 0)
		memcpy(&mask, &r.ifr_netmask, sizeof(mask));
	close(fd);
	return mask.sin_addr.s_addr;
}

int probe_session_visit_netns(const struct probe *p)
{
	return p->netns_fd < 0 ? -1 : probe_netns_enter(p->netns_fd);
}

int probe_session_hear(struct probe *p, struct err *e)
{
	struct kbpf_iface *list;
	int cnt = kbpf_iface_list(&list, e);

	if (cnt < 0)
		return cnt;
	free(p->iface);
	p->iface = list;
	p->iface_cnt = (unsigned)cnt;
	p->iface_heard_ns = mono_now_ns();
	return 0;
}

static int no_memory(struct err *e)
{
	return err_run(e, -ENOMEM, "interface", "no memory for the list of interfaces");
}

static bool is_any(const char *pattern)
{
	return strcmp(pattern, "any") == 0;
}

static bool exists(const struct probe *p, const char *name)
{
	for (unsigned i = 0; i < p->iface_cnt; i++)
		if (strcmp(p->iface[i].name, name) == 0)
			return true;
	return false;
}

static bool is_glob(const struct probe *p, const char *pattern)
{
	return is_any(pattern) || (strpbrk(pattern, "*?[") && !exists(p, pattern));
}

bool probe_session_wants_all(const struct probe *p)
{
	for (const struct iface_pattern *w = p->pattern; w && w->text; w++)
		if (is_any(w->text))
			return true;
	return p->pattern == NULL;
}

bool probe_session_has_glob(const struct probe *p)
{
	for (const struct iface_pattern *w = p->pattern; w && w->text; w++)
		if (w->glob)
			return true;
	return false;
}

static bool matches(const struct iface_pattern *w, const char *name)
{
	return is_any(w->text) || strcmp(w->text, name) == 0 ||
	       (w->glob && fnmatch(w->text, name, 0) == 0);
}

bool probe_session_wants_iface(const struct probe *p, const char *name)
{
	for (const struct iface_pattern *w = p->pattern; w && w->text; w++)
		if (matches(w, name))
			return true;
	return false;
}

static int copy_patterns(struct probe *p, const char *const *patterns, struct err *e)
{
	size_t cnt = 0;

	while (patterns[cnt])
		cnt++;
	p->pattern = calloc(cnt + 1, sizeof(*p->pattern));
	for (size_t i = 0; p->pattern && i < cnt; i++) {
		p->pattern[i].text = strdup(patterns[i]);
		if (!p->pattern[i].text)
			return no_memory(e);
		p->pattern[i].glob = is_glob(p, patterns[i]);
	}
	return p->pattern ? 0 : no_memory(e);
}

/* A name must exist, unless the session waits for it; a glob need not match. */
static int must_exist(const struct probe *p, const struct iface_pattern *w, struct err *e)
{
	if (p->waits || w->glob || exists(p, w->text))
		return 0;
	return err_input(e, -EINVAL, "interface",
			 "interface '%s' does not exist here; bpfcap -D lists those that do, and "
			 "--wait waits for it",
			 w->text);
}

int probe_session_choose_ifaces(struct probe *p, const char *const *patterns, struct err *e)
{
	int rc = probe_session_hear(p, e);

	if (rc < 0 || !patterns || !patterns[0])
		return rc;
	rc = copy_patterns(p, patterns, e);
	for (const struct iface_pattern *w = p->pattern; rc == 0 && w->text; w++)
		rc = must_exist(p, w, e);
	if (rc < 0)
		return rc;
	p->chosen_cap = p->iface_cnt + 1;
	p->chosen = calloc(p->chosen_cap, sizeof(*p->chosen));
	if (!p->chosen)
		return no_memory(e);
	for (unsigned i = 0; i < p->iface_cnt; i++)
		if (probe_session_wants_iface(p, p->iface[i].name))
			p->chosen[p->chosen_cnt++] = p->iface[i];
	return 0;
}

void probe_session_free_ifaces(struct probe *p)
{
	for (struct iface_pattern *w = p->pattern; w && w->text; w++)
		free(w->text);
	free(p->pattern);
	free(p->iface);
	free(p->chosen);
}

static const char *find_name(const struct probe *p, uint32_t ifindex)
{
	for (unsigned i = 0; i < p->iface_cnt; i++)
		if ((uint32_t)p->iface[i].index == ifindex)
			return p->iface[i].name;
	return NULL;
}

const char *probe_iface_name(struct probe *p, uint32_t ifindex)
{
	const char *name = find_name(p, ifindex);
	int back, rc;

	if (name || ifindex == 0 || mono_now_ns() - p->iface_heard_ns < HEAR_AGAIN_NS)
		return name;
	back = probe_session_visit_netns(p);
	rc = probe_session_hear(p, NULL);
	probe_netns_leave(back);
	return rc < 0 ? NULL : find_name(p, ifindex);
}
