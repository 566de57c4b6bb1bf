/* SPDX-License-Identifier: MIT */
/*
 * glibc.c - the names of glibc that Debian's libmnl.a refers to and musl does not have.
 *
 * Only mnl_nlmsg_fprintf(), which prints messages for debugging, refers to them, and nothing here
 * calls it; the linker still wants them. They end the program, should that change.
 */
#include <stdlib.h>

const unsigned short **__ctype_b_loc(void);
int __fprintf_chk(void *stream, int flag, const char *format, ...);

const unsigned short **__ctype_b_loc(void)
{
	abort();
}

int __fprintf_chk(void *stream, int flag, const char *format, ...)
{
	(void)stream;
	(void)flag;
	(void)format;
	abort();
}
