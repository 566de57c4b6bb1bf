/* SPDX-License-Identifier: MIT */
/* sink.c - finds a format by its name or by a file name, and creates its sink. */
#include "sink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct sink_ops *sink_by_name(const char *name)
{
	static const struct sink_ops *const all[] = {&sink_text, &sink_json, &sink_pcapng,
						     &sink_pcap};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}

const struct sink_ops *sink_by_path(const char *path)
{
	static const char suffix[] = ".pcap";
	size_t len = strlen(path), suffix_len = sizeof(suffix) - 1;

	if (len >= suffix_len && strcmp(path + len - suffix_len, suffix) == 0)
		return &sink_pcap;
	return &sink_pcapng;
}

int sink_init(struct sink *s, const struct sink_ops *ops, const struct sink_conf *conf,
	      struct out *out)
{
	*s = (struct sink){.ops = ops, .conf = conf, .out = out};
	s->state = calloc(1, ops->state_len ? ops->state_len : 1);
	return s->state ? 0 : -ENOMEM;
}

void sink_free(struct sink *s)
{
	if (s->ops && s->ops->free && s->state)
		s->ops->free(s);
	text_free(&s->record);
	free(s->state);
	s->state = NULL;
}
