/* SPDX-License-Identifier: MIT */
/* files.h - what fuzzers of capture files share: a file in memory, and text that is harmless. */
#ifndef BPFCAP_TESTS_FUZZ_DRIVER_FILES_H
#define BPFCAP_TESTS_FUZZ_DRIVER_FILES_H

#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

/* A file in memory that a reader opens by its path. Gives its descriptor. */
static inline int files_make(const uint8_t *data, size_t len, char path[64])
{
	int fd = memfd_create("capture", 0);

	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		abort();
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

/* Aborts if the text would control a terminal, in the opinion of libc. Lines are allowed. */
static inline void files_check_text(const char *s)
{
	static const char *locale;
	mbstate_t state = {0};
	const size_t len = s ? strlen(s) : 0;
	size_t n;

	if (!locale)
		locale = setlocale(LC_CTYPE, "C.UTF-8");
	for (size_t i = 0; locale && i < len; i += n) {
		wchar_t c;

		n = mbrtowc(&c, s + i, len - i, &state);
		if (n == 0 || n > len - i || (iswcntrl((wint_t)c) && c != '\n' && c != '\t'))
			abort();
	}
}

#endif
