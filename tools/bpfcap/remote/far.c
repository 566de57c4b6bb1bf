/* SPDX-License-Identifier: MIT */
/*
 * far.c - the command that ssh runs on the other machine: takes options, gives text for its shell.
 * Every word is quoted; none of them becomes part of the script. Cannot fail but for memory.
 */
#include "far.h"

#include <string.h>

#include "../../common/text.h"

/*
 * The login shell may be any, so this is one line, and has neither '\' nor '!'. The copy is removed
 * before it runs, so that nothing is left however it ends.
 */
static const char script[] =
	"PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; export PATH; "
	"if command -v bpfcap >/dev/null 2>&1; then "
	"echo; echo " FAR_MARK " run; exec bpfcap \"$@\"; fi; "
	"echo; echo " FAR_MARK " send $(uname -m); "
	"read -r n sum || exit 1; umask 077; d=$(mktemp -d) || exit 1; "
	"trap 'rm -rf \"$d\"' EXIT; trap 'exit 1' HUP INT TERM; "
	"head -c \"$n\" >\"$d/bpfcap\"; got=$(sha256sum <\"$d/bpfcap\") || exit 1; "
	"test \"${got%% *}\" = \"$sum\" || "
	"{ echo 'bpfcap: the copy differs from what was sent' >&2; exit 1; }; "
	"chmod 700 \"$d/bpfcap\" && exec 9<\"$d/bpfcap\" || exit 1; rm -rf \"$d\"; trap - EXIT; "
	"echo; echo " FAR_MARK " run; exec /proc/self/fd/9 \"$@\"";

void far_quote(struct text *t, const char *word)
{
	text_put(t, " '");
	for (const char *quote; (quote = strchr(word, '\'')); word = quote + 1) {
		text_bytes(t, word, (size_t)(quote - word));
		text_put(t, "'\\''");
	}
	text_put(t, word);
	text_put(t, "'");
}

/*
 * The command after "--" reads the standard input until it ends, and with it the capture: when the
 * near side closes it, dies, or the connection breaks.
 */
void far_command(struct text *t, const struct cap_options *o)
{
	static const char *const end[] = {"--", "sh", "-c", "exec cat >/dev/null"};
	struct text filter = {0};

	text_put(t, "exec sh -c");
	far_quote(t, script);
	far_quote(t, "bpfcap");
	far_quote(t, "--write=-");
	options_far(o, t);
	if (o->filter) {
		text_printf(&filter, "--filter=%s", o->filter);
		far_quote(t, text_str(&filter));
	}
	for (size_t i = 0; i < sizeof(end) / sizeof(end[0]); i++)
		far_quote(t, end[i]);
	t->failed |= filter.failed;
	text_free(&filter);
}
