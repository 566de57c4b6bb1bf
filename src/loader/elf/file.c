/* SPDX-License-Identifier: MIT */
/*
 * file.c - reads objects from files and writes them. Writing leaves either the complete new file or
 * the old one. Fails with the error of the system.
 */
#include "elf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TMP_NAMES 100 /* attempts to find an unused name */

static int read_exactly(int fd, uint8_t *p, size_t len)
{
	while (len) {
		ssize_t n = read(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO; /* the file shrank while it was read */
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int read_open_file(int fd, uint8_t **image, size_t *image_len)
{
	struct stat st;
	int rc;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size > (off_t)KELF_FILE_MAX)
		return -EFBIG;
	*image_len = (size_t)st.st_size;
	*image = malloc(*image_len + 1);
	if (!*image)
		return -ENOMEM;
	rc = read_exactly(fd, *image, *image_len);
	if (rc)
		free(*image);
	return rc;
}

static int read_file(const char *path, uint8_t **image, size_t *image_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* do not wait for a FIFO */
	int rc;

	if (fd < 0)
		return -errno;
	rc = read_open_file(fd, image, image_len);
	close(fd);
	return rc;
}

int kbpf_elf_read(struct kbpf_elf **out, const char *path, struct err *e)
{
	struct err inner = {0};
	uint8_t *image = NULL;
	size_t image_len = 0;
	int rc = read_file(path, &image, &image_len);

	if (rc)
		return err_input(e, rc, "object", "%s cannot be read: %s", path, strerror(-rc));
	rc = kbpf_elf_parse(out, image, image_len, &inner);
	free(image);
	if (rc)
		err_input(e, rc, "object", "%s: %s", path, inner.text);
	return rc;
}

static int write_exactly(int fd, const uint8_t *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return fsync(fd) ? -errno : 0;
}

/* Opens a new file next to `path`; *name is malloc'ed. (mkstemp(3) ignores the umask.) */
static int open_beside(const char *path, char **name)
{
	for (int i = 0; i < TMP_NAMES; i++) {
		int fd;

		if (asprintf(name, "%s.%ld.%d", path, (long)getpid(), i) < 0)
			return -ENOMEM;
		fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd >= 0)
			return fd;
		free(*name);
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

static int write_file(const char *path, const uint8_t *image, size_t image_len)
{
	char *name;
	int fd = open_beside(path, &name);
	int rc;

	if (fd < 0)
		return fd;
	rc = write_exactly(fd, image, image_len);
	if (close(fd) && !rc)
		rc = -errno;
	if (!rc && rename(name, path))
		rc = -errno;
	if (rc)
		unlink(name);
	free(name);
	return rc;
}

int kbpf_elf_write(const struct kbpf_elf *k, const char *path, struct err *e)
{
	struct stat st;
	uint8_t *image;
	size_t image_len;
	int rc;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return err_input(e, -EINVAL, "object", "%s is not a regular file", path);
	rc = kbpf_elf_image(k, &image, &image_len, e);
	if (rc)
		return rc;
	rc = write_file(path, image, image_len);
	free(image);
	if (rc)
		err_run(e, rc, "object", "%s cannot be written: %s", path, strerror(-rc));
	return rc;
}
