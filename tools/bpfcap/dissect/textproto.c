/* SPDX-License-Identifier: MIT */
/*
 * textproto.c - the first line of protocols that talk in text: HTTP, RTSP, SIP, FTP, SMTP, whois
 * and SSH's greeting. Takes a payload.
 */
#include "field.h"

#include <string.h>
#include <strings.h>

enum { TOKEN_MAX = 128 };

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_printable(uint8_t c)
{
	return c >= 0x20 && c < 0x7f;
}

/* The word at *off, which moves to the next one on the line. False: there is none. */
static bool take_word(struct slice s, uint32_t *off, char word[TOKEN_MAX])
{
	uint32_t len = 0, at = *off;

	for (; at < s.cap && !is_blank(s.p[at]); at++) {
		if (!is_printable(s.p[at]) || len + 1 == TOKEN_MAX)
			return false;
		word[len++] = (char)s.p[at];
	}
	word[len] = '\0';
	if (at == s.cap && s.cap < s.len)
		return false;
	while (at < s.cap && s.p[at] == ' ')
		at++;
	*off = at;
	return len > 0;
}

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (strcasecmp(word, *words) == 0)
			return true;
	return false;
}

static bool is_status(const char *word)
{
	return strlen(word) == 3 && strspn(word, "0123456789") == 3;
}

/* Does a request or response begin here? Else this is the middle of one. */
static bool begins(struct slice s, const char *const *methods)
{
	char word[TOKEN_MAX];
	uint32_t off = 0;

	if (!take_word(s, &off, word))
		return false;
	return is_one_of(word, methods) || (take_word(s, &off, word) && is_status(word));
}

/* The first line, if it is one of text; a line that does not end in this packet counts. */
static void print_line(struct dissect *d, struct slice s)
{
	uint32_t end = 0;

	while (end < s.cap && (s.p[end] == '\t' || is_printable(s.p[end])))
		end++;
	if (end < s.len && field_u8(d, s, end) == '\r' &&
	    (end + 1 == s.len || field_u8(d, s, end + 1) != '\n'))
		return;
	if (end < s.cap && s.p[end] != '\r' && s.p[end] != '\n')
		return;
	say(d, ": ");
	for (uint32_t i = 0; i < end; i++)
		say(d, "%c", s.p[i] == '\t' ? ' ' : s.p[i]);
}

/* `methods` may be NULL: each packet begins with a line. */
static void print_message(struct dissect *d, struct slice s, const char *proto, const char *title,
			  const char *const *methods)
{
	d->proto = proto;
	say(d, "%s", title);
	if (methods && !begins(s, methods))
		return;
	if (d->opts.verbose)
		say(d, ", length: %u", s.len);
	print_line(d, s);
}

void dissect_http(struct dissect *d, struct slice s)
{
	static const char *const methods[] = {
		"GET",
		"PUT",
		"COPY",
		"HEAD",
		"LOCK",
		"MOVE",
		"POLL",
		"POST",
		"BCOPY",
		"BMOVE",
		"MKCOL",
		"TRACE",
		"LABEL",
		"MERGE",
		"DELETE",
		"SEARCH",
		"UNLOCK",
		"REPORT",
		"UPDATE",
		"NOTIFY",
		"BDELETE",
		"CONNECT",
		"OPTIONS",
		"CHECKIN",
		"PROPFIND",
		"CHECKOUT",
		"CCM_POST",
		"SUBSCRIBE",
		"PROPPATCH",
		"BPROPFIND",
		"BPROPPATCH",
		"UNCHECKOUT",
		"MKACTIVITY",
		"MKWORKSPACE",
		"UNSUBSCRIBE",
		"RPC_CONNECT",
		"VERSION-CONTROL",
		"BASELINE-CONTROL",
		NULL,
	};

	print_message(d, s, "http", ": HTTP", methods);
}

void dissect_rtsp(struct dissect *d, struct slice s)
{
	static const char *const methods[] = {
		"DESCRIBE", "ANNOUNCE", "GET_PARAMETER", "OPTIONS",	  "PAUSE",    "PLAY",
		"RECORD",   "REDIRECT", "SETUP",	 "SET_PARAMETER", "TEARDOWN", NULL,
	};

	print_message(d, s, "rtsp", ": RTSP", methods);
}

void dissect_sip(struct dissect *d, struct slice s)
{
	static const char *const methods[] = {
		"ACK",	    "BYE",    "CANCEL",	   "DO",     "INFO",	"INVITE",
		"MESSAGE",  "NOTIFY", "OPTIONS",   "PRACK",  "QAUTH",	"REFER",
		"REGISTER", "SPRACK", "SUBSCRIBE", "UPDATE", "PUBLISH", NULL,
	};

	print_message(d, s, "sip", "SIP", methods);
}

void dissect_ftp(struct dissect *d, struct slice s)
{
	print_message(d, s, "ftp", ": FTP", NULL);
}

void dissect_smtp(struct dissect *d, struct slice s)
{
	print_message(d, s, "smtp", ": SMTP", NULL);
}

void dissect_whois(struct dissect *d, struct slice s)
{
	print_message(d, s, "whois", ": WHOIS", NULL);
}

/* Only the greeting is text. */
void dissect_ssh(struct dissect *d, struct slice s)
{
	static const char greeting[] = {'S', 'S', 'H', '-'};
	uint32_t end = sizeof(greeting);

	d->proto = "ssh";
	for (uint32_t i = 0; i < sizeof(greeting); i++)
		if (field_u8(d, s, i) != greeting[i])
			return;
	while (end < s.cap && is_printable(s.p[end]))
		end++;
	if (end < s.len && field_u8(d, s, end) == '\r' && end + 1 < s.len)
		(void)field_u8(d, s, end + 1);
	if (slice_u8(s, end) == '\r' ? slice_u8(s, end + 1) != '\n' : slice_u8(s, end) != '\n')
		return;
	say(d, ": SSH: %.*s", (int)end, (const char *)s.p);
}
