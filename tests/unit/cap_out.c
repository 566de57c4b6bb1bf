/* SPDX-License-Identifier: MIT */
/*
 * cap_out.c - a stream holds whole records only, also after an error. RLIMIT_FSIZE stands for a
 * full disk; both make a write return early.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../tools/bpfcap/output/out.h"
#include "../lib/test.h"

static char dir[] = "/tmp/cap_out.XXXXXX";
static char path[sizeof(dir) + 8];

static int make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/file", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

/* Record i: its length depends on i, and each byte names its record. */
static size_t record_len(unsigned i)
{
	return 1 + i * 37 % 1500;
}

static void make_record(struct text *t, unsigned i)
{
	char byte = (char)('a' + i % 26);

	text_clear(t);
	for (size_t n = record_len(i); n; n--)
		text_bytes(t, &byte, 1);
}

static void limit_file_size(rlim_t bytes)
{
	struct rlimit r;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static size_t file_size(void)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (size_t)st.st_size;
}

/* The file holds the records from 0 on, whole, and as many as the limit allows. */
static void check_file(size_t limit)
{
	struct text t = {0};
	FILE *f = fopen(path, "r");
	size_t left = file_size(), total = 0;
	char got[1500];

	assert_non_null(f);
	for (unsigned i = 0; left; i++) {
		make_record(&t, i);
		assert_true(t.len <= left);
		assert_int_equal(fread(got, 1, t.len, f), t.len);
		assert_memory_equal(got, t.p, t.len);
		left -= t.len;
		total += t.len;
		if (!left)
			assert_true(total + record_len(i + 1) > limit);
	}
	fclose(f);
	text_free(&t);
}

TEST(ends_with_a_whole_record)
{
	const size_t limits[] = {1, 2, 1000, 4096, 100000, 262143, 262144, 262145, 700001};
	struct text t = {0};
	struct err e;
	struct out o;

	signal(SIGXFSZ, SIG_IGN);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		limit_file_size(limits[i]);
		assert_int_equal(out_open(&o, path, &e), 0);
		for (unsigned n = 0; n < 2000 && !o.error; n++) {
			make_record(&t, n);
			out_record(&o, &t);
		}
		assert_int_equal(out_close(&o, &e), -EFBIG);
		assert_non_null(strstr(e.text, path));
		limit_file_size(RLIM_INFINITY);
		check_file(limits[i]);
		assert_int_equal(file_size(), o.size);
	}
	text_free(&t);
}

TEST(writes_all_that_fits)
{
	struct text t = {0};
	size_t total = 0;
	struct err e;
	struct out o;

	assert_int_equal(out_open(&o, path, &e), 0);
	for (unsigned i = 0; i < 3000; i++) {
		make_record(&t, i);
		out_record(&o, &t);
		total += t.len;
		if (i % 100 == 0)
			out_flush(&o);
	}
	assert_int_equal(out_close(&o, &e), 0);
	assert_int_equal(file_size(), total);
	check_file(total);
	text_free(&t);
}

/* A process that is killed in the middle of a write leaves a part of it, as this one does. */
static void write_a_half_and_die(void)
{
	struct text t = {0};
	struct out o;
	struct err e;

	(void)out_open(&o, path, &e);
	for (unsigned i = 0; i < 20; i++) {
		make_record(&t, i);
		out_record(&o, &t);
	}
	out_flush(&o);
	make_record(&t, 20);
	(void)!write(o.fd, t.p, t.len / 2);
	raise(SIGKILL);
}

TEST(a_killed_process_leaves_whole_records)
{
	size_t whole = 0;
	int status;
	pid_t pid;

	for (unsigned i = 0; i < 20; i++)
		whole += record_len(i);
	pid = fork();
	if (pid == 0)
		write_a_half_and_die();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	for (int ms = 0; ms < 5000 && file_size() != whole; ms++)
		usleep(1000);
	assert_int_equal(file_size(), whole);
	check_file(whole);
}

/* Standard output may be a file that others wrote to before. */
TEST(a_check_keeps_the_old_file)
{
	int saved = dup(STDOUT_FILENO), fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	struct text t = {0};
	struct err e;
	struct out o;

	fflush(stdout);
	assert_int_equal(write(fd, "before", 6), 6);
	assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	limit_file_size(50);
	assert_int_equal(out_open(&o, "-", &e), 0);
	for (unsigned i = 0; i < 5; i++) {
		make_record(&t, 0);
		text_put(&t, "nineteen more bytes");
		out_record(&o, &t);
	}
	(void)out_close(&o, &e);
	limit_file_size(RLIM_INFINITY);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(fd);
	assert_int_equal(e.code, -EFBIG);
	assert_int_equal(file_size(), 6 + 2 * 20);
	text_free(&t);
}

TEST(reports_a_closed_pipe)
{
	int fds[2], saved = dup(STDOUT_FILENO);
	struct text t = {0};
	struct err e;
	struct out o;
	int rc;

	signal(SIGPIPE, SIG_IGN);
	fflush(stdout);
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	dup2(fds[1], STDOUT_FILENO);
	close(fds[1]);
	rc = out_open(&o, "-", &e);
	make_record(&t, 1);
	out_record(&o, &t);
	if (rc == 0)
		rc = out_close(&o, &e);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	assert_int_equal(rc, -EPIPE);
	text_free(&t);
}

TEST(a_check_changes_nothing)
{
	char missing[sizeof(path) + 16];
	struct err e;

	unlink(path);
	assert_int_equal(out_check(path, &e), 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(out_check("-", &e), 0);
	assert_int_equal(out_check(dir, &e), -EISDIR);
	assert_int_equal(e.kind, ERR_INPUT);
	snprintf(missing, sizeof(missing), "%s/no/file", dir);
	assert_int_equal(out_check(missing, &e), -ENOENT);
	assert_int_equal(e.kind, ERR_INPUT);
	assert_non_null(strstr(e.text, missing));
	assert_int_equal(out_check("/proc/version/x", &e), -ENOTDIR);
	assert_true(out_check("/proc/x", &e) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_with_a_whole_record),
		cmocka_unit_test(writes_all_that_fits),
		cmocka_unit_test(a_killed_process_leaves_whole_records),
		cmocka_unit_test(a_check_keeps_the_old_file),
		cmocka_unit_test(reports_a_closed_pipe),
		cmocka_unit_test(a_check_changes_nothing),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
