/* SPDX-License-Identifier: MIT */
/*
 * main.c - runs a fuzzer without libFuzzer, for compilers that have none and for short runs.
 *
 * A fuzzer is a file tests/fuzz/X.c that defines LLVMFuzzerTestOneInput(). A child process mutates
 * inputs and runs it, starting from the files in tests/fuzz/corpus/X. Takes FUZZ_SECONDS (or 5)
 * and FUZZ_SEED. Gives result lines as tests/run reads them; an input that ends the child, or holds
 * it for 20 s, is kept as crash-X in BPFCAP_BUILD.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define INPUT_LEN_MAX 4096
#define POOL_CNT      256
#define HANG_SECONDS  20

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct input {
	size_t len;
	uint8_t data[INPUT_LEN_MAX];
};

/* Shared with the child, so that what it was doing survives it. */
struct shared {
	struct input now;
	uint64_t runs;
};

static struct input pool[POOL_CNT];
static size_t pool_cnt = 1; /* the first is empty */
static uint64_t rng;

/* xorshift64* */
static uint32_t any(uint32_t below)
{
	rng ^= rng >> 12;
	rng ^= rng << 25;
	rng ^= rng >> 27;
	return (uint32_t)((rng * 0x2545f4914f6cdd1dull) >> 32) % below;
}

static void seed_from(int dir_fd, const char *name)
{
	struct input *in = &pool[pool_cnt];
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, in->data, sizeof(in->data));

	if (n >= 0) {
		in->len = (size_t)n;
		pool_cnt++;
	}
	if (fd >= 0)
		close(fd);
}

static void read_corpus(const char *name)
{
	char path[512];
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "tests/fuzz/corpus/%s", name);
	dir = opendir(path);
	while (dir && pool_cnt < POOL_CNT && (e = readdir(dir)))
		seed_from(dirfd(dir), e->d_name);
	if (dir)
		closedir(dir);
}

static void flip(struct input *in)
{
	if (in->len)
		in->data[any((uint32_t)in->len)] ^= (uint8_t)(1u << any(8));
}

static void set(struct input *in)
{
	static const uint8_t edges[] = {0, 1, 4, 0x7f, 0x80, 0xff, ' ', '\n', '(', '0'};

	if (in->len)
		in->data[any((uint32_t)in->len)] =
			any(2) ? edges[any(sizeof(edges))] : (uint8_t)any(256);
}

static void cut(struct input *in)
{
	in->len = any((uint32_t)in->len + 1);
}

static void grow(struct input *in)
{
	for (uint32_t n = any(16) + 1; n && in->len < INPUT_LEN_MAX; n--)
		in->data[in->len++] = (uint8_t)any(256);
}

/* Lays a piece of another input over this one. */
static void overlay(struct input *in)
{
	const struct input *from = &pool[any((uint32_t)pool_cnt)];
	size_t src = any((uint32_t)from->len + 1);
	size_t len = any((uint32_t)(from->len - src) + 1);
	size_t dst = any((uint32_t)in->len + 1);

	if (len > INPUT_LEN_MAX - dst)
		len = INPUT_LEN_MAX - dst;
	memcpy(in->data + dst, from->data + src, len);
	if (dst + len > in->len)
		in->len = dst + len;
}

static void mutate(struct input *in)
{
	static void (*const how[])(struct input *) = {flip, flip, set, set, cut, grow, overlay};

	*in = pool[any((uint32_t)pool_cnt)];
	for (uint32_t n = any(8); n; n--)
		how[any(sizeof(how) / sizeof(how[0]))](in);
	if (any(16) == 0)
		pool[pool_cnt < POOL_CNT ? pool_cnt++ : any(POOL_CNT)] = *in;
}

static void child(struct shared *s, time_t end)
{
	for (;; s->runs++) {
		if (s->runs < pool_cnt)
			s->now = pool[s->runs];
		else
			mutate(&s->now);
		alarm(HANG_SECONDS);
		LLVMFuzzerTestOneInput(s->now.data, s->now.len);
		alarm(0);
		if (time(NULL) >= end && s->runs >= pool_cnt)
			_exit(0);
	}
}

static void keep(const struct input *in, const char *name)
{
	const char *dir = getenv("BPFCAP_BUILD");
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/crash-%s", dir ? dir : ".", name);
	f = fopen(path, "w");
	if (f && fwrite(in->data, 1, in->len, f) == in->len)
		printf("  %zu bytes kept in %s\n", in->len, path);
	if (f)
		fclose(f);
}

static unsigned long env_number(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoul(text, NULL, 10) : otherwise;
}

int main(void)
{
	const char *name = program_invocation_short_name;
	time_t end = time(NULL) + (time_t)env_number("FUZZ_SECONDS", 5);
	unsigned long seed = env_number("FUZZ_SEED", (unsigned long)time(NULL));
	int status = 0;
	struct shared *s =
		mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	if (s == MAP_FAILED)
		return 2;
	rng = seed | 1ull << 32;
	read_corpus(name);
	printf("[ RUN      ] fuzz %s\n", name);
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		child(s, end);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 2;
	printf("  %llu inputs, FUZZ_SEED=%lu\n", (unsigned long long)s->runs, seed);
	if (status)
		keep(&s->now, name);
	printf(status ? "[  FAILED  ] fuzz %s\n" : "[       OK ] fuzz %s\n", name);
	return status != 0;
}
