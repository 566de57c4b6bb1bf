/* SPDX-License-Identifier: MIT */
/*
 * options_modes.c - what a run does: takes the options, finds the mode that they select, and
 * refuses with -EINVAL what has no meaning in it.
 */
#include "options_modes.h"

#include <errno.h>
#include <string.h>

#include "../common/fail.h"
#include "tls/layouts.h"

static bool is_one_of(const char *word, const char *a, const char *b)
{
	return word && (strcmp(word, a) == 0 || strcmp(word, b) == 0);
}

/* The mode that the options select; *name is the option that selected it. */
static unsigned find_mode(const struct cap_options *o, const char **name)
{
	const struct {
		bool given;
		unsigned mode;
		const char *name;
	} modes[] = {
		{o->help || o->man || o->version || o->completion, SELF, "--help"},
		{o->list_ifaces, LIST, "-D"},
		{o->doctor, DOCTOR, "--doctor"},
		{is_one_of(o->dump_stage, "program", "log"), PROGRAM, "--dump=program"},
		{o->dump_stage != NULL, FILTER, "--dump"},
		{o->dump_cnt > 0, FILTER, "-d"},
		{o->top_s && o->reads.cnt > 0, RETOP, "-r and --top"},
		{o->reads.cnt > 0, REPLAY, "-r"},
		{o->remotes.cnt > 0, REMOTE, "--remote"},
		{o->tls_layout && layouts_is_library(o->tls_layout), LAYOUT,
		 "--tls-layout LIBRARY"},
		{o->top_s > 0, TOP, "--top"},
		{true, LIVE, "a live capture"},
	};
	size_t i = 0;

	while (!modes[i].given)
		i++;
	*name = modes[i].name;
	return modes[i].mode;
}

int options_check_modes(const struct cap_options *o, const struct opt_table *table,
			const struct opt_words *w, struct err *e)
{
	const char *name;
	unsigned mode = find_mode(o, &name);

	if (w->command && !(mode & (LIVE | TOP | SELF)))
		return err_input(e, -EINVAL, "options",
				 "a command after -- has no meaning with %s; remove one", name);
	if (w->command && !w->command[0])
		return err_input(e, -EINVAL, "options",
				 "a command must follow --; it runs during the capture");
	if (mode & (LIST | DOCTOR | LAYOUT) && w->words[0])
		return err_input(e, -EINVAL, "options", "unexpected argument '%s' with %s",
				 w->words[0], name);
	return mode == SELF ? 0 : opt_check_mode(table, w, mode, name, e);
}
