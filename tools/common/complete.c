/* SPDX-License-Identifier: MIT */
/*
 * complete.c - completion of options: takes a table of options, gives a script for bash or zsh. It
 * offers every option of the help, files for those that take one, and interfaces.
 */
#include "complete.h"

#include <string.h>

#include "opt.h"
#include "text.h"

static bool is_shown(const struct opt_row *row)
{
	return row->kind != OPT_IGNORED && row->kind != OPT_REFUSED;
}

static bool takes(const struct opt_row *row, const char *arg)
{
	return row->arg && row->kind != OPT_FORM && (!arg || strcmp(row->arg, arg) == 0);
}

/* "-w|--write" of each option with this argument (NULL: any), joined by `between`. */
static void put_names(const struct opt_table *t, struct text *out, bool all, const char *arg,
		      const char *between)
{
	const char *sep = "";

	for (size_t i = 0; i < t->cnt; i++) {
		const struct opt_row *row = &t->rows[i];

		if (!is_shown(row) || (!all && !takes(row, arg)))
			continue;
		if (row->letter)
			text_printf(out, "%s-%c", sep, row->letter);
		if (row->letter)
			sep = between;
		if (row->name)
			text_printf(out, "%s--%s", sep, row->name);
		sep = between;
	}
}

static void put_bash(const struct opt_table *t, const char *command, struct text *out)
{
	text_printf(out,
		    "# SPDX-License-Identifier: MIT\n"
		    "# bash completion for %s; made by `%s --completion bash`.\n"
		    "# shellcheck disable=SC2207 # compgen gives one word a line\n"
		    "_%s()\n{\n"
		    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
		    "\tcase $prev in\n\t",
		    command, command, command);
	put_names(t, out, false, "IF", " | ");
	text_put(out, ")\n\t\tCOMPREPLY=($(compgen -W \"any $(cd /sys/class/net && echo *)\""
		      " -- \"$cur\"))\n\t\treturn\n\t\t;;\n\t");
	put_names(t, out, false, "FILE", " | ");
	text_put(out, ")\n\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n\t\treturn\n\t\t;;\n\t");
	put_names(t, out, false, NULL, " | ");
	text_put(out, ")\n\t\treturn\n\t\t;;\n\tesac\n"
		      "\t[[ $cur != -* ]] || COMPREPLY=($(compgen -W \"");
	put_names(t, out, true, NULL, " ");
	text_printf(out, "\" -- \"$cur\"))\n}\ncomplete -o default -F _%s %s\n", command, command);
}

/* Text within '[...]' of _arguments. */
static void put_zsh_text(struct text *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '\'')
			text_put(out, "'\\'");
		else if (strchr("[]:\\", *s))
			text_put(out, "\\");
		text_bytes(out, s, 1);
	}
}

static void put_zsh_row(const struct opt_row *row, struct text *out)
{
	const char *files = takes(row, "FILE") ? "_files"
			    : takes(row, "IF") ? "_net_interfaces"
					       : " ";

	if (row->letter && row->name)
		text_printf(out, "\t'*'{-%c,--%s}'[", row->letter, row->name);
	else if (row->letter)
		text_printf(out, "\t'*-%c[", row->letter);
	else
		text_printf(out, "\t'*--%s[", row->name);
	put_zsh_text(out, row->text);
	text_put(out, "]");
	if (takes(row, NULL)) {
		text_put(out, ":");
		put_zsh_text(out, row->arg);
		text_printf(out, ":%s", files);
	}
	text_put(out, "' \\\n");
}

static void put_zsh(const struct opt_table *t, const char *command, struct text *out)
{
	text_printf(out,
		    "#compdef %s\n# SPDX-License-Identifier: MIT\n"
		    "# zsh completion for %s; made by `%s --completion zsh`.\n_arguments -s \\\n",
		    command, command, command);
	for (size_t i = 0; i < t->cnt; i++)
		if (is_shown(&t->rows[i]))
			put_zsh_row(&t->rows[i], out);
	text_put(out, "\t'*:expression: '\n");
}

bool complete_script(const struct opt_table *t, const char *command, const char *shell,
		     struct text *out)
{
	if (strcmp(shell, "bash") == 0)
		put_bash(t, command, out);
	else if (strcmp(shell, "zsh") == 0)
		put_zsh(t, command, out);
	else
		return false;
	return true;
}
