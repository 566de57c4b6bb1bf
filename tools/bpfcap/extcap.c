/* SPDX-License-Identifier: MIT */
/*
 * extcap.c - speaks Wireshark's extcap: takes its options, gives answers or our own options; fails
 * for an interface that it did not offer.
 */
#include "extcap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/cbpf.h"
#include "bpfcap/kbpf.h"
#include "bpfcap/version.h"

#include "../common/fail.h"
#include "../common/text.h"

#define REMOTE_VALUE "bpfcap-remote" /* of "interface" */

/* What Wireshark asks for. All strings belong to argv. */
struct request {
	bool interfaces, dlts, config, capture;
	const char *iface, *filter, *fifo, *function, *hosts, *user, *port;
	char **own; /* options that are ours as they are: NULL-terminated */
	int own_cnt;
};

/* Hooks that need no interface, and those that are offered once for each interface. */
static struct {
	const char *value, *text;
	char hooks[16]; /* "": a function; an argument of -f, which is split in place */
} fixed[] = {
	{"bpfcap", "packets received, sent and dropped by this machine", "rx,tx,drop"},
	{"bpfcap-drop", "dropped packets, with reason and place", "drop"},
	{"bpfcap-function", "packets at a kernel function", ""},
	{REMOTE_VALUE, "packets of other machines, over SSH", ""},
};
static struct {
	const char *prefix, *text;
	char hook[8];
} by_iface[] = {
	{"bpfcap-tc-", "traffic control", "tc"},
	{"bpfcap-xdp-", "XDP", "xdp"},
};

/* ---- Questions ---------------------------------------------------------------------------- */

/* Braces end a value in Wireshark's grammar. */
static void print_name(const char *name)
{
	struct text t = {0};

	text_name(&t, name);
	for (const char *c = text_str(&t); *c; c++)
		putchar(*c == '{' || *c == '}' ? '_' : *c);
	text_free(&t);
}

static int print_interfaces(struct err *e)
{
	struct kbpf_iface *list = NULL;
	int cnt = kbpf_iface_list(&list, e);

	puts("extcap {version=" BPFCAP_VERSION "}{display=bpfcap}");
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		printf("interface {value=%s}{display=bpfcap: %s}\n", fixed[i].value, fixed[i].text);
	for (size_t k = 0; k < sizeof(by_iface) / sizeof(by_iface[0]); k++) {
		for (int i = 0; i < cnt; i++) {
			printf("interface {value=%s", by_iface[k].prefix);
			print_name(list[i].name);
			printf("}{display=bpfcap: %s of ", by_iface[k].text);
			print_name(list[i].name);
			puts("}");
		}
	}
	free(list);
	return cnt < 0 ? cnt : 1;
}

/* The file says which link type each packet has; this is the usual one. */
static int print_dlts(void)
{
	puts("dlt {number=1}{name=EN10MB}{display=Ethernet}");
	return 1;
}

static int print_config(const struct request *r)
{
	if (strcmp(r->iface, "bpfcap-function") == 0)
		puts("arg {number=0}{call=--extcap-function}{display=Kernel function}"
		     "{type=string}{required=true}{placeholder=ip_rcv or tcp_v4_*}");
	if (strcmp(r->iface, REMOTE_VALUE) == 0)
		puts("arg {number=6}{call=--extcap-hosts}{display=Machines}{type=string}"
		     "{required=true}{placeholder=web1,web2}"
		     "{tooltip=SSH's own configuration has keys and other settings}\n"
		     "arg {number=7}{call=--extcap-user}{display=User}{type=string}\n"
		     "arg {number=8}{call=--extcap-port}{display=Port}{type=unsigned}"
		     "{range=1,65535}\n"
		     "arg {number=9}{call=--hook}{display=Hooks}{type=string}"
		     "{placeholder=rx,tx,drop}\n"
		     "arg {number=10}{call=--interface}{display=Interface there}{type=string}\n"
		     "arg {number=11}{call=--remote-binaries}{display=Directory of static binaries}"
		     "{type=string}");
	puts("arg {number=1}{call=--stack}{display=Kernel stack of each packet}{type=boolflag}\n"
	     "arg {number=2}{call=--owner}{display=Process that owns the socket}{type=boolflag}\n"
	     "arg {number=3}{call=--snaplen}{display=Snap length (0: all bytes)}{type=unsigned}"
	     "{range=0,64800}{default=0}\n"
	     "arg {number=4}{call=--netns}{display=Network namespace}{type=string}\n"
	     "arg {number=5}{call=--track}{display=Follow packets that are rewritten}"
	     "{type=boolflag}");
	return 1;
}

/* Wireshark takes a word as what is wrong with the filter. */
static int check_filter(const struct request *r)
{
	struct cbpf_prog p = {0};
	struct err e;

	if (cbpf_compile(r->filter, CBPF_LINKTYPE_ETHERNET, UINT32_MAX, false, &p, &e) != 0)
		puts(e.text);
	cbpf_prog_free(&p);
	return 1;
}

/* ---- Captures ----------------------------------------------------------------------------- */

static bool is_remote(const struct request *r)
{
	return strcmp(r->iface, REMOTE_VALUE) == 0;
}

static int set_hook(const struct request *r, const char **hook, const char **iface, struct err *e)
{
	*hook = *iface = NULL;
	if (is_remote(r))
		return r->hosts ? 0
				: err_input(e, -EINVAL, "extcap",
					    "name the machines in the settings of %s", r->iface);
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (strcmp(r->iface, fixed[i].value) != 0)
			continue;
		*hook = fixed[i].hooks[0] ? fixed[i].hooks : r->function;
		return *hook ? 0
			     : err_input(e, -EINVAL, "extcap",
					 "choose the kernel function in the settings of %s",
					 r->iface);
	}
	for (size_t i = 0; i < sizeof(by_iface) / sizeof(by_iface[0]); i++) {
		size_t len = strlen(by_iface[i].prefix);

		if (strncmp(r->iface, by_iface[i].prefix, len) != 0)
			continue;
		*hook = by_iface[i].hook;
		*iface = r->iface + len;
		return 0;
	}
	return err_input(e, -EINVAL, "extcap", "'%s' is not an interface of bpfcap", r->iface);
}

/* Each machine with the user and port of the settings; the text is for argv, until the end. */
static char *remote_words(const struct request *r)
{
	const char *host = r->hosts;
	struct text t = {0};

	while (*host) {
		size_t len = strcspn(host, ",");

		text_put(&t, t.len ? "," : "");
		text_put(&t, r->port ? "ssh://" : "");
		if (r->user && !memchr(host, '@', len))
			text_printf(&t, "%s@", r->user);
		text_bytes(&t, host, len);
		if (r->port)
			text_printf(&t, ":%s", r->port);
		host += len + (host[len] == ',');
	}
	return t.failed ? NULL : t.p;
}

static void add(char **words, int *cnt, const char *option, const char *value)
{
	words[(*cnt)++] = (char *)option;
	words[(*cnt)++] = (char *)value;
}

static int make_options(const struct request *r, int *argc, char ***argv, struct err *e)
{
	static char **words; /* until the process ends */
	const char *hook, *iface;
	char *remotes;
	int cnt = 1, rc = set_hook(r, &hook, &iface, e);

	if (rc < 0)
		return rc;
	if (!r->fifo)
		return err_input(e, -EINVAL, "extcap", "--capture requires --fifo");
	words = calloc((size_t)r->own_cnt + 10, sizeof(*words));
	remotes = is_remote(r) ? remote_words(r) : NULL;
	if (!words || (is_remote(r) && !remotes)) {
		free(remotes);
		return err_run(e, -ENOMEM, "extcap", "out of memory");
	}
	words[0] = (*argv)[0];
	add(words, &cnt, "-w", r->fifo);
	if (hook)
		add(words, &cnt, "-f", hook);
	if (remotes)
		add(words, &cnt, "--remote", remotes);
	if (iface)
		add(words, &cnt, "-i", iface);
	if (r->filter && r->filter[0])
		add(words, &cnt, "-e", r->filter);
	memcpy(words + cnt, r->own, (size_t)r->own_cnt * sizeof(*words));
	*argc = cnt + r->own_cnt;
	*argv = words;
	/* Wireshark shows all of standard error as an error. With several machines, the lines say
	 * which of them failed. */
	if (!is_remote(r))
		fail_errors_only();
	return 0;
}

/* ---- Options ------------------------------------------------------------------------------ */

bool extcap_is_asked(char **argv)
{
	for (argv++; *argv; argv++)
		if (strncmp(*argv, "--extcap-", strlen("--extcap-")) == 0)
			return true;
	return false;
}

/* Reads "--name VALUE" or "--name=VALUE"; *at then is its last word. */
static bool read_value(char ***at, const char *name, const char **value)
{
	size_t len = strlen(name);

	if (strncmp(**at, name, len) != 0 || ((**at)[len] && (**at)[len] != '='))
		return false;
	if ((**at)[len])
		*value = **at + len + 1;
	else if ((*at)[1])
		*value = *++*at;
	return true;
}

static bool read_flag(const char *word, const char *name, bool *flag)
{
	bool is = strcmp(word, name) == 0;

	*flag |= is;
	return is;
}

/* Our own options are moved to the front of argv. */
static void read_request(struct request *r, char **argv)
{
	const char *unused;

	r->own = argv + 1;
	for (char **at = argv + 1; *at; at++) {
		if (read_flag(*at, "--extcap-interfaces", &r->interfaces) ||
		    read_flag(*at, "--extcap-dlts", &r->dlts) ||
		    read_flag(*at, "--extcap-config", &r->config) ||
		    read_flag(*at, "--capture", &r->capture) ||
		    read_value(&at, "--extcap-interface", &r->iface) ||
		    read_value(&at, "--extcap-capture-filter", &r->filter) ||
		    read_value(&at, "--extcap-function", &r->function) ||
		    read_value(&at, "--extcap-hosts", &r->hosts) ||
		    read_value(&at, "--extcap-user", &r->user) ||
		    read_value(&at, "--extcap-port", &r->port) ||
		    read_value(&at, "--extcap-version", &unused) ||
		    read_value(&at, "--extcap-control-in", &unused) ||
		    read_value(&at, "--extcap-control-out", &unused) ||
		    read_value(&at, "--fifo", &r->fifo))
			continue;
		r->own[r->own_cnt++] = *at;
	}
}

int extcap(int *argc, char ***argv, struct err *e)
{
	struct request r = {0};

	read_request(&r, *argv);
	if (r.interfaces)
		return print_interfaces(e);
	if (!r.iface)
		return err_input(e, -EINVAL, "extcap", "--extcap-interface must name an interface");
	if (r.dlts)
		return print_dlts();
	if (r.config)
		return print_config(&r);
	if (!r.capture && r.filter)
		return check_filter(&r);
	return make_options(&r, argc, argv, e);
}
