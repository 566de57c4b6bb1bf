/* SPDX-License-Identifier: MIT */
/*
 * name.c - takes an interface of another machine, gives it and its pcapng block with the name of
 * that machine; everything else in the block stays as it is.
 */
#include "name.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../../common/text.h"
#include "../input/iface.h"
#include "../output/pcapng.h"

enum { HEAD_LEN = 16, TAIL_LEN = 4 };

/* Our line about the machine comes first, so that it counts if the machine sent one itself. */
static void put_ours(struct text *block, const char *host, const struct ng_text *rest)
{
	struct text lines = {0};

	text_put(&lines, "host: ");
	text_name(&lines, host);
	if (rest->len) {
		text_put(&lines, "\n");
		text_bytes(&lines, rest->p, rest->len);
	}
	pcapng_option_ours(block, text_str(&lines), lines.len);
	block->failed |= lines.failed;
	text_free(&lines);
}

static void put_block(struct text *t, const struct input_iface *f, const char *host,
		      const struct text *name)
{
	struct ng_options options = {f->block + HEAD_LEN, f->block_len - HEAD_LEN - TAIL_LEN};
	struct ng_text ours = {0}, text;
	struct ng_option o;
	uint32_t len;

	text_bytes(t, f->block, HEAD_LEN);
	pcapng_option(t, NG_OPT_IF_NAME, text_str(name), name->len);
	while (ng_option_next(&options, &o)) {
		if (ng_is_ours(&o, &text))
			ours = text;
		else if (o.code != NG_OPT_IF_NAME)
			pcapng_option(t, o.code, o.value, o.len);
	}
	put_ours(t, host, &ours);
	pcapng_option(t, NG_OPT_END, "", 0);
	len = (uint32_t)t->len + TAIL_LEN;
	pcapng_u32(t, len);
	if (!t->failed)
		memcpy(t->p + 4, &len, sizeof(len));
}

int name_iface(struct input_iface *f, const char *host)
{
	struct text block = {0}, name = {0};
	char *own = strdup(host);

	text_put(&name, host);
	if (f->name)
		text_printf(&name, ":%s", f->name);
	else if (f->ifindex)
		text_printf(&name, ":if%" PRIu32, f->ifindex);
	put_block(&block, f, host, &name);
	if (!own || block.failed || name.failed) {
		free(own);
		text_free(&block);
		text_free(&name);
		return -ENOMEM;
	}
	free(f->host);
	free(f->name);
	free(f->block);
	f->host = own;
	f->name = name.p;
	f->block = (uint8_t *)block.p;
	f->block_len = (uint32_t)block.len;
	return 0;
}
