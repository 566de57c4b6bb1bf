/* SPDX-License-Identifier: MIT */
/*
 * glibc.c - the names of glibc that Debian's libmnl.a refers to and musl does not have.
 *
 * Only mnl_nlmsg_fprintf(), which prints messages for debugging, refers to the first two, and
 * nothing here calls it; the linker still wants them. They end the program, should that change.
 * The others are what 32-bit machines with 64-bit times call in glibc; musl's times always have
 * 64 bits.
 */
#include <stdlib.h>
#include <sys/socket.h>

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

#if __SIZEOF_POINTER__ == 4
ssize_t __recvmsg64(int fd, struct msghdr *message, int flags);
int __getsockopt64(int fd, int level, int name, void *value, socklen_t *len);
int __setsockopt64(int fd, int level, int name, const void *value, socklen_t len);

ssize_t __recvmsg64(int fd, struct msghdr *message, int flags)
{
	return recvmsg(fd, message, flags);
}

int __getsockopt64(int fd, int level, int name, void *value, socklen_t *len)
{
	return getsockopt(fd, level, name, value, len);
}

int __setsockopt64(int fd, int level, int name, const void *value, socklen_t len)
{
	return setsockopt(fd, level, name, value, len);
}
#endif
