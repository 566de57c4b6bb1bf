/* SPDX-License-Identifier: MIT */
/*
 * follow.c - interfaces that appear and disappear while a session captures.
 *
 * rtnetlink reports changes. After any report all interfaces are listed again and compared with the
 * known ones, so lost messages do no harm. Hooks on interfaces are attached to the new ones that a
 * name or glob of -i matches, and detached from those that are gone; the programs of other hooks
 * look interfaces up in a map. The session's notices report failures; the capture continues without
 * that interface.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "../../util.h"
#include "../netns.h"
#include "state.h"

static void __attribute__((format(printf, 2, 3))) notify(struct probe *p, const char *format, ...)
{
	char text[sizeof(((struct err *)0)->text) + 64];
	va_list ap;

	if (!p->notice)
		return;
	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	p->notice(p->notice_user, text);
}

/* ---- Listening ---------------------------------------------------------------------------- */

static int watch(int epoll_fd, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN};

	return fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) == 0 ? 0 : -errno;
}

/* Programs whose context is the packet need the link type of an interface. */
static bool needs_news(const struct probe *p, const char *const *patterns)
{
	return (patterns && *patterns) || probe_hooks_have(&p->hooks, false);
}

static int listen_for_news(struct probe *p, struct err *e)
{
	int rc = kbpf_iface_monitor_open(&p->monitor, e);

	if (rc == 0) {
		rc = watch(p->wake_fd, kbpf_iface_monitor_fd(p->monitor));
		if (rc < 0)
			(void)err_run(e, rc, "interface",
				      "listening for changes of interfaces failed: %s",
				      strerror(-rc));
	}
	return rc;
}

int probe_session_follow_open(struct probe *p, const struct probe_config *c, struct err *e)
{
	int rc;

	p->wake_fd = epoll_create1(EPOLL_CLOEXEC);
	p->bell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = p->wake_fd < 0 || p->bell_fd < 0 ? -errno : watch(p->wake_fd, p->clock.timer_fd);
	if (rc == 0)
		rc = watch(p->wake_fd, p->bell_fd);
	if (rc < 0)
		return err_run(e, rc, "interface", "epoll cannot be set up: %s", strerror(-rc));
	return needs_news(p, c->ifaces) ? listen_for_news(p, e) : 0;
}

void probe_session_follow_close(struct probe *p)
{
	kbpf_iface_monitor_close(p->monitor);
	if (p->wake_fd >= 0)
		close(p->wake_fd);
	if (p->bell_fd >= 0)
		close(p->bell_fd);
}

/* ---- Attaching ---------------------------------------------------------------------------- */

static bool is_named(const struct probe *p, const char *name)
{
	for (const struct iface_pattern *w = p->pattern; w && w->text; w++)
		if (strcmp(w->text, name) == 0)
			return true;
	return false;
}

/* A hook that serves all interfaces at once gets the whole list. */
static int set_ifaces(struct probe *p, unsigned i, struct err *e)
{
	struct hook *h = &p->hooks.hook[i];
	struct capture_ifaces at;
	uint32_t *numbers;
	int rc = probe_session_ifaces(p, &at, &numbers, e);

	if (rc < 0)
		return rc;
	rc = h->ops->set_ifaces(h, &p->env, p->state[i].prog_fd, &at, e);
	free(numbers);
	return rc;
}

static int attach(struct probe *p, unsigned i, const struct kbpf_iface *iface, struct err *e)
{
	struct hook *h = &p->hooks.hook[i];

	if (h->ops->set_ifaces)
		return set_ifaces(p, i, e);
	return h->ops->attach_iface(h, &p->env, p->state[i].prog_fd, iface->index, e);
}

bool probe_session_by_iface(const struct probe *p, unsigned i)
{
	const struct hook_ops *ops = p->hooks.hook[i].ops;

	if (ops->set_ifaces)
		return true;
	return ops->attach_iface && !(ops->attach && probe_session_wants_all(p));
}

int probe_session_attach_ifaces(struct probe *p, unsigned i, struct err *e)
{
	unsigned attached_cnt = 0;
	int rc = 0;

	if (p->hooks.hook[i].ops->set_ifaces)
		return set_ifaces(p, i, e);
	for (unsigned k = 0; k < p->chosen_cnt; k++) {
		struct err why;

		rc = attach(p, i, &p->chosen[k], &why);
		attached_cnt += rc == 0;
		if (rc == 0)
			continue;
		if (e)
			*e = why;
		if (is_named(p, p->chosen[k].name))
			return rc;
		notify(p, "not capturing at %s of %s: %s", p->hooks.hook[i].name, p->chosen[k].name,
		       why.text);
	}
	return attached_cnt || p->chosen_cnt == 0 ? 0 : rc;
}

/* ---- News --------------------------------------------------------------------------------- */

static bool has_index(const struct kbpf_iface *list, unsigned cnt, int ifindex)
{
	for (unsigned i = 0; i < cnt; i++)
		if (list[i].index == ifindex)
			return true;
	return false;
}

/* Chooses an interface, and enters it into the programs' map. */
static int add_chosen(struct probe *p, const struct kbpf_iface *iface)
{
	static const uint32_t yes = 1;
	const uint32_t key = (uint32_t)iface->index;
	struct kbpf_iface *chosen =
		grow(p->chosen, &p->chosen_cap, p->chosen_cnt + 1, sizeof(*chosen));

	if (!chosen)
		return -ENOMEM;
	p->chosen = chosen;
	chosen[p->chosen_cnt++] = *iface;
	return p->capture.ifaces_fd >= 0
		       ? kbpf_map_update(p->capture.ifaces_fd, &key, &yes, BPF_ANY)
		       : 0;
}

static void come(struct probe *p, const struct kbpf_iface *iface)
{
	int rc = add_chosen(p, iface);
	bool failed = false;

	if (rc < 0) {
		notify(p, "not capturing at %s: %s", iface->name, strerror(-rc));
		return;
	}
	for (unsigned i = 0; i < p->hooks.cnt; i++) {
		struct err why;

		if (!probe_session_by_iface(p, i) || attach(p, i, iface, &why) == 0)
			continue;
		failed = true;
		notify(p, "not capturing at %s of %s: %s", p->hooks.hook[i].name, iface->name,
		       why.text);
	}
	if (!failed)
		notify(p, "capturing at %s as well", iface->name);
}

/* Forgets the chosen interface at `at`; the last takes its place. */
static void go(struct probe *p, unsigned at)
{
	const struct kbpf_iface gone = p->chosen[at];
	uint32_t key = (uint32_t)gone.index;

	for (unsigned i = 0; i < p->hooks.cnt; i++)
		if (p->hooks.hook[i].ops->detach_iface && probe_session_by_iface(p, i))
			p->hooks.hook[i].ops->detach_iface(&p->hooks.hook[i], gone.index);
	if (p->capture.ifaces_fd >= 0)
		(void)kbpf_map_delete(p->capture.ifaces_fd, &key);
	p->chosen[at] = p->chosen[--p->chosen_cnt];
	for (unsigned i = 0; i < p->hooks.cnt; i++)
		if (p->hooks.hook[i].ops->set_ifaces)
			(void)set_ifaces(p, i, NULL);
	notify(p, "%s is gone", gone.name);
}

static void compare(struct probe *p)
{
	for (unsigned k = p->chosen_cnt; k-- > 0;)
		if (!has_index(p->iface, p->iface_cnt, p->chosen[k].index))
			go(p, k);
	for (unsigned i = 0; i < p->iface_cnt; i++) {
		const struct kbpf_iface *iface = &p->iface[i];

		probe_session_linktype(p, iface);
		if (probe_session_wants_iface(p, iface->name) &&
		    !has_index(p->chosen, p->chosen_cnt, iface->index))
			come(p, iface);
	}
}

/* Before the next list, another interface may get the number of one that is gone. */
static void hear(void *user, const struct kbpf_iface *iface, bool gone)
{
	struct probe *p = user;

	for (unsigned k = p->chosen_cnt; gone && k-- > 0;)
		if (p->chosen[k].index == iface->index)
			go(p, k);
}

void probe_session_follow(struct probe *p)
{
	bool news = false;
	uint64_t rung;
	int rc, back;

	(void)!read(p->bell_fd, &rung, sizeof(rung));
	if (!p->monitor || p->stopped)
		return;
	back = probe_session_visit_netns(p);
	while ((rc = kbpf_iface_monitor_read(p->monitor, hear, p)) > 0)
		news = true;
	if ((news || rc == -ENOBUFS) && probe_session_hear(p, NULL) == 0)
		compare(p);
	probe_netns_leave(back);
}
