/* SPDX-License-Identifier: MIT */
/*
 * list.c - what carries packets: takes the text of --through, gives a struct cbpf2ebpf_through.
 * Fails with -EINVAL (input) and the words that it knows.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/err.h"
#include "bpfcap/through.h"
#include "../../util.h"

#define CARRIER(c) (1u << CBPF2EBPF_##c)
#define TUNNELS	   (CARRIER(VXLAN) | CARRIER(VXLAN_GPE) | CARRIER(GENEVE) | CARRIER(GTPU))

/* A word, what it stands for, and the destination ports of UDP that go with it. */
static const struct word {
	const char *name;
	uint16_t carriers;
	struct {
		uint16_t port;
		uint8_t carrier;
	} ports[2];
} words[] = {
	{"vlan", CARRIER(VLAN), {{0}}},
	{"mpls", CARRIER(MPLS), {{0}}},
	{"pppoe", CARRIER(PPPOE), {{0}}},
	{"gre", CARRIER(GRE), {{0}}},
	{"ipip", CARRIER(IPIP), {{0}}},
	{"vxlan",
	 CARRIER(VXLAN) | CARRIER(VXLAN_GPE),
	 {{4789, CBPF2EBPF_VXLAN}, {4790, CBPF2EBPF_VXLAN_GPE}}},
	{"geneve", CARRIER(GENEVE), {{6081, CBPF2EBPF_GENEVE}}},
	{"gtpu", CARRIER(GTPU), {{2152, CBPF2EBPF_GTPU}}},
};

static int add_port(struct cbpf2ebpf_through *t, uint16_t port, uint8_t carrier, struct err *e)
{
	if (t->port_cnt == CBPF2EBPF_PORT_MAX)
		return err_input(e, -EINVAL, "through", "more than %d ports", CBPF2EBPF_PORT_MAX);
	t->ports[t->port_cnt].port = port;
	t->ports[t->port_cnt++].carrier = carrier;
	t->carriers |= (uint16_t)(1u << carrier);
	return 0;
}

/* A word with its usual ports. */
static int add_word(struct cbpf2ebpf_through *t, const struct word *w, struct err *e)
{
	int rc = 0;

	t->carriers |= w->carriers;
	for (size_t i = 0; i < ARRAY_LEN(w->ports) && w->ports[i].port && rc == 0; i++)
		rc = add_port(t, w->ports[i].port, w->ports[i].carrier, e);
	return rc;
}

static int add_all(struct cbpf2ebpf_through *t, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(words) && rc == 0; i++)
		rc = add_word(t, &words[i], e);
	return rc;
}

static int add_with_port(struct cbpf2ebpf_through *t, const struct word *w, const char *text,
			 struct err *e)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || port == 0 || port > UINT16_MAX)
		return err_input(e, -EINVAL, "through",
				 "'%s' is not a port; it must be a number from 1 to 65535", text);
	return add_port(t, (uint16_t)port, w->ports[0].carrier, e);
}

/* One item of the list: a word, or a word, ':' and a port. */
static int add_item(struct cbpf2ebpf_through *t, char *item, struct err *e)
{
	char *port = strchr(item, ':');

	if (port)
		*port++ = '\0';
	if (!port && strcmp(item, "all") == 0)
		return add_all(t, e);
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(words[i].name, item) != 0)
			continue;
		if (!port)
			return add_word(t, &words[i], e);
		if (words[i].carriers & TUNNELS)
			return add_with_port(t, &words[i], port, e);
		return err_input(e, -EINVAL, "through", "%s has no port; only UDP tunnels do",
				 item);
	}
	return err_input(e, -EINVAL, "through",
			 "unknown tunnel '%s'; use vlan, mpls, pppoe, gre, ipip, vxlan, geneve, "
			 "gtpu (the last three also with a port, as in vxlan:8472) or all",
			 item);
}

int cbpf2ebpf_through_parse(const char *list, struct cbpf2ebpf_through *t, struct err *e)
{
	char *copy = strdup(list), *save = NULL;
	int rc = 0;

	*t = (struct cbpf2ebpf_through){0};
	if (!copy)
		return err_run(e, -ENOMEM, "through", "out of memory");
	for (char *w = strtok_r(copy, ",", &save); w && rc == 0; w = strtok_r(NULL, ",", &save))
		rc = add_item(t, w, e);
	free(copy);
	if (rc == 0 && !t->carriers)
		rc = err_input(e, -EINVAL, "through", "the list of tunnels is empty; use all");
	return rc;
}
