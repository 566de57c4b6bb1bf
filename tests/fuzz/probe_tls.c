/* SPDX-License-Identifier: MIT */
/*
 * probe_tls.c - fuzzes what reads programs and libraries of containers: symbols, build id, and the
 * table of functions of Go programs.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../src/probes/tls/elf.h"

static void on_function(void *user, const char *name, uint64_t offset, uint64_t len)
{
	uint64_t *sum = user;

	*sum += strlen(name) + offset + len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { MACHINE_END = 20 }; /* of e_ident, e_type and e_machine */

/* A file with this content, for this machine: others are refused at once. */
static int make_file(const uint8_t *data, size_t len)
{
	static uint8_t own[MACHINE_END];
	int fd = memfd_create("fuzz", MFD_CLOEXEC), self;

	if (!own[0]) {
		self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
		if (self < 0 || read(self, own, sizeof(own)) != sizeof(own))
			abort();
		close(self);
	}
	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		abort();
	if (len >= MACHINE_END && pwrite(fd, own, sizeof(own), 0) != sizeof(own))
		abort();
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct probe_tls_layout l = {0};
	uint64_t offset = 0;
	struct tls_elf f;
	struct err e;
	int fd = make_file(data, len);

	if (probe_tls_elf_open(&f, fd, &e) == 0) {
		probe_tls_elf_build_id(&f, &l);
		(void)probe_tls_elf_function(&f, "SSL_read", &offset);
		probe_tls_elf_functions(&f, &f, on_function, &offset);
		(void)probe_tls_go_function(&f, "main.main", &offset);
		if (l.build_id_len > sizeof(l.build_id))
			abort();
		probe_tls_elf_close(&f);
	}
	close(fd);
	return 0;
}
