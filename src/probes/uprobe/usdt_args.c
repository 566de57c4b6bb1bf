/* SPDX-License-Identifier: MIT */
/*
 * usdt_args.c - reads where the arguments of a USDT probe are: text such as "-4@%eax 8@-16(%rbp)".
 *
 * Takes the text of a note; gives registers, memory or constants. "-4" is a signed number of four
 * bytes. The rest is an operand in the syntax of the machine's assembler: those of x86-64 and arm64
 * are known here. Fails with false for others, floating point and addresses with symbols.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "../../util.h"
#include "usdt.h"

enum { NAME_LEN = 8, NO_REGISTER = -1 };

/* ---- Registers: offsets in struct pt_regs ---------------------------------------------------- */

/* "rax", "eax", "ax" or "al", without '%'. */
static int x86_register(const char *name)
{
	static const struct {
		char name[3];
		int at;
	} old[] = {{"ax", 80},	{"bx", 40},  {"cx", 88}, {"dx", 96},
		   {"si", 104}, {"di", 112}, {"bp", 32}, {"sp", 152}};
	static const int numbered[] = {72, 64, 56, 48, 24, 16, 8, 0}; /* r8 to r15 */
	char *end;
	unsigned long n =
		name[0] == 'r' && isdigit((unsigned char)name[1]) ? strtoul(name + 1, &end, 10) : 0;

	if (n >= 8 && n < 8 + ARRAY_LEN(numbered) && (!*end || (strchr("dwb", *end) && !end[1])))
		return numbered[n - 8];
	for (size_t i = 0; i < ARRAY_LEN(old); i++) {
		const char *two = name[0] == 'r' || name[0] == 'e' ? name + 1 : name;
		const char low[] = {old[i].name[0], 'l', '\0'};

		if (strcmp(two, old[i].name) == 0 ||
		    (old[i].name[1] == 'x' && strcmp(name, low) == 0) ||
		    (old[i].name[1] != 'x' && strncmp(name, old[i].name, 2) == 0 &&
		     strcmp(name + 2, "l") == 0))
			return old[i].at;
	}
	return NO_REGISTER;
}

/* "x0", "w0" or "sp" */
static int arm64_register(const char *name)
{
	enum { REGISTERS = 31, SP_AT = 248, EACH = 8 };
	char *end;
	unsigned long n;

	if (strcmp(name, "sp") == 0)
		return SP_AT;
	if ((name[0] != 'x' && name[0] != 'w') || !isdigit((unsigned char)name[1]))
		return NO_REGISTER;
	n = strtoul(name + 1, &end, 10);
	return *end || n >= REGISTERS ? NO_REGISTER : (int)n * EACH;
}

/* ---- Operands ------------------------------------------------------------------------------- */

/* The name at *p, which ends before any of `ends` or the text's end. Moves past it. */
static int take_register(const char **p, int (*find)(const char *), const char *ends)
{
	size_t len = strcspn(*p, ends);
	char name[NAME_LEN] = "";

	if (len >= sizeof(name))
		return NO_REGISTER;
	memcpy(name, *p, len);
	*p += len;
	return find(name);
}

static bool take_number(const char **p, int64_t *n)
{
	const char *digits = **p == '-' ? *p + 1 : *p;
	char *end;

	if (!isdigit((unsigned char)*digits))
		return false;
	*n = (int64_t)strtoll(*p, &end, 0);
	*p = end;
	return true;
}

/* "%base", ",%index", ",scale" and ")", each after the base optional */
static bool x86_address(struct usdt_arg *a, const char *p)
{
	int64_t scale = 1;

	if (*p == '%') {
		p++;
		a->base = take_register(&p, x86_register, ",)");
		if (a->base < 0)
			return false;
	}
	if (*p == ',' && p[1] == '%') {
		p += 2;
		a->index = take_register(&p, x86_register, ",)");
		if (a->index < 0)
			return false;
	}
	if (*p == ',' && (p++, !take_number(&p, &scale)))
		return false;
	a->scale = (unsigned)scale;
	return strcmp(p, ")") == 0 && (a->base >= 0 || a->index >= 0) &&
	       (scale == 1 || scale == 2 || scale == 4 || scale == 8);
}

/* "$5", "%eax", "-16(%rbp)", "8(%rdi,%rsi,4)" */
static bool x86_operand(struct usdt_arg *a, const char *p)
{
	if (*p == '$') {
		a->kind = USDT_CONSTANT;
		p++;
		return take_number(&p, &a->value) && !*p;
	}
	if (*p == '%') {
		a->kind = USDT_REGISTER;
		p++;
		a->base = take_register(&p, x86_register, "");
		return a->base >= 0;
	}
	a->kind = USDT_MEMORY;
	(void)take_number(&p, &a->value);
	return *p == '(' && x86_address(a, p + 1);
}

/* "5", "x0", "[sp, 16]", "[x1]" */
static bool arm64_operand(struct usdt_arg *a, const char *p)
{
	if (take_number(&p, &a->value)) {
		a->kind = USDT_CONSTANT;
		return !*p;
	}
	a->kind = *p == '[' ? USDT_MEMORY : USDT_REGISTER;
	p += *p == '[';
	a->base = take_register(&p, arm64_register, ",]");
	if (a->base < 0 || a->kind == USDT_REGISTER)
		return a->base >= 0 && !*p;
	if (*p == ',') {
		p += 1 + strspn(p + 1, " #");
		if (!take_number(&p, &a->value))
			return false;
	}
	return strcmp(p, "]") == 0;
}

/* ---- Arguments ------------------------------------------------------------------------------ */

/* "-4@" */
static bool begins_argument(const char *p)
{
	p += *p == '-';
	return isdigit((unsigned char)*p) && p[strspn(p, "0123456789f")] == '@';
}

/* Arguments are separated by spaces, which an operand of arm64 may contain, too. */
static const char *end_of(const char *p)
{
	while (*p && !(*p == ' ' && begins_argument(p + 1)))
		p++;
	return p;
}

static bool read_argument(struct usdt_arg *a, const char *machine, const char *text)
{
	int64_t len;

	*a = (struct usdt_arg){.base = NO_REGISTER, .index = NO_REGISTER, .scale = 1};
	if (!take_number(&text, &len) || *text++ != '@')
		return false;
	a->is_signed = len < 0;
	a->len = (unsigned)(len < 0 ? -len : len);
	if (a->len != 1 && a->len != 2 && a->len != 4 && a->len != 8)
		return false;
	if (strcmp(machine, "x86_64") == 0)
		return x86_operand(a, text);
	return strncmp(machine, "aarch64", 7) == 0 && arm64_operand(a, text);
}

bool probe_usdt_arg(struct usdt_arg *a, const char *machine, const char *args, unsigned n)
{
	struct utsname u;
	char text[UPROBE_TEXT_LEN];
	const char *end = end_of(args);
	size_t len;

	for (; n && *end; n--) {
		args = end + 1;
		end = end_of(args);
	}
	len = (size_t)(end - args);
	if (n || len >= sizeof(text))
		return false;
	memcpy(text, args, len);
	text[len] = '\0';
	if (!machine) {
		(void)uname(&u); /* cannot fail with a valid pointer */
		machine = u.machine;
	}
	return read_argument(a, machine, text);
}
