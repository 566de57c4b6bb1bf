/* SPDX-License-Identifier: MIT */
/*
 * target.c - the features of a kernel: from a version as text, queried and changed bit by bit.
 * Takes hostile text; fails with -EINVAL.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bpfcap/ebpf.h"
#include "bpfcap/err.h"
#include "../util.h"

#define BASELINE_VERSION 504
#define HELPER_MAX	 (EBPF_HELPER_WORDS * 64)

struct feature {
	uint8_t major, minor;
	const char *name, *text;
};

#define FEATURE_INIT(id, major, minor, text) [EBPF_FEATURE_##id] = {major, minor, #id, text},
static const struct feature features[EBPF_FEATURE_CNT] = {EBPF_FEATURES(FEATURE_INIT)};

/* The last minor number of each major; the next kernel has the next major. */
static const struct {
	unsigned major, minor_max;
} majors[] = {{5, 19}, {6, 19}, {7, 19}};

/* Reads a number of at most three digits at *s and advances *s. Returns -1 if there is none. */
static int take_number(const char **s)
{
	int n = 0, digits = 0;

	for (; isdigit((unsigned char)**s); (*s)++) {
		if (++digits > 3)
			return -1;
		n = n * 10 + (**s - '0');
	}
	return digits ? n : -1;
}

/* "5.4", "5.4.17-2136.el8uek" -> major and minor; ignores everything after the third number. */
static bool parse_version(const char *s, int *major, int *minor)
{
	*minor = 0;
	*major = take_number(&s);
	if (*major < 0)
		return false;
	if (*s == '.') {
		s++;
		*minor = take_number(&s);
		if (*minor < 0)
			return false;
	}
	if (*s == '.') {
		s++;
		if (take_number(&s) < 0)
			return false;
	}
	return *s == '\0' || *s == '-' || *s == '+' || *s == '.';
}

static bool version_exists(int major, int minor)
{
	for (size_t i = 0; i < ARRAY_LEN(majors); i++)
		if ((unsigned)major == majors[i].major)
			return (unsigned)minor <= majors[i].minor_max;
	return false;
}

static void set_bit(uint64_t *words, int bit, bool on)
{
	uint64_t mask = UINT64_C(1) << (bit % 64);

	words[bit / 64] = on ? words[bit / 64] | mask : words[bit / 64] & ~mask;
}

/*
 * Do kernels of this machine let programs access unaligned addresses? Those that do not select
 * HAVE_EFFICIENT_UNALIGNED_ACCESS (arch/ARCH/Kconfig) load every program with strict alignment.
 */
#if defined(__x86_64__) || defined(__i386__) || defined(__aarch64__) || defined(__powerpc__) ||    \
	defined(__s390x__) || (defined(__arm__) && __ARM_ARCH >= 6)
#define UNALIGNED_ACCESS true
#else
#define UNALIGNED_ACCESS false
#endif

static void fill(struct ebpf_target *t, int major, int minor)
{
	const int version = major * 100 + minor;
	static const struct {
		uint16_t since[EBPF_CLASS_CNT];
	} helpers[HELPER_MAX] = {
#define HELPER_INIT(number, name, tracing, socket, cls, xdp)                                       \
	[number] = {{tracing, socket, cls, xdp}},
		EBPF_HELPERS(HELPER_INIT)
#undef HELPER_INIT
	};

	memset(t, 0, sizeof(*t));
	t->version = ((uint32_t)major << 16) | ((uint32_t)minor << 8);
	(void)snprintf(t->name, sizeof(t->name), "%d.%d", major, minor);
	for (int f = 0; f < EBPF_FEATURE_CNT; f++)
		set_bit(&t->features, f, features[f].major * 100 + features[f].minor <= version);
	ebpf_target_set(t, EBPF_FEATURE_UNALIGNED, UNALIGNED_ACCESS);
	for (int h = 0; h < HELPER_MAX; h++)
		for (int c = 0; c < EBPF_CLASS_CNT; c++)
			set_bit(t->helpers[c], h,
				helpers[h].since[c] && helpers[h].since[c] <= version);
}

int ebpf_target_by_version(struct ebpf_target *t, const char *version, struct err *e)
{
	int major, minor;

	if (!parse_version(version, &major, &minor))
		return err_input(e, -EINVAL, "kernel",
				 "'%.40s' is not a kernel version; use one such as 5.4 or 6.1",
				 version);
	if (major * 100 + minor < BASELINE_VERSION)
		return err_input(e, -EINVAL, "kernel",
				 "kernel %d.%d is too old; the oldest supported version is 5.4",
				 major, minor);
	if (!version_exists(major, minor))
		return err_input(e, -EINVAL, "kernel",
				 "kernel %d.%d does not exist; use 5.4 to 7.x", major, minor);
	fill(t, major, minor);
	return 0;
}

bool ebpf_target_has(const struct ebpf_target *t, enum ebpf_feature f)
{
	return f < EBPF_FEATURE_CNT && (t->features >> f & 1);
}

void ebpf_target_set(struct ebpf_target *t, enum ebpf_feature f, bool on)
{
	if (f < EBPF_FEATURE_CNT)
		set_bit(&t->features, (int)f, on);
}

/* The classes of the helper table that a program type belongs to, one bit each. */
static unsigned type_classes(enum ebpf_prog_type type)
{
	switch (type) {
	case EBPF_PROG_SOCKET_FILTER:
		return 1u << EBPF_CLASS_SOCKET;
	case EBPF_PROG_SCHED_CLS:
		return 1u << EBPF_CLASS_CLS;
	case EBPF_PROG_XDP:
		return 1u << EBPF_CLASS_XDP;
	case EBPF_PROG_KPROBE:
	case EBPF_PROG_TRACEPOINT:
	case EBPF_PROG_RAW_TRACEPOINT:
		return 1u << EBPF_CLASS_TRACING;
	case EBPF_PROG_ANY:
		return (1u << EBPF_CLASS_CNT) - 1;
	}
	return 0;
}

bool ebpf_target_has_helper(const struct ebpf_target *t, enum ebpf_prog_type type, int helper)
{
	const unsigned classes = type_classes(type);

	if (helper < 0 || helper >= HELPER_MAX)
		return false;
	for (int c = 0; c < EBPF_CLASS_CNT; c++)
		if ((classes >> c & 1) && (t->helpers[c][helper / 64] >> (helper % 64) & 1))
			return true;
	return false;
}

void ebpf_target_set_helper(struct ebpf_target *t, enum ebpf_prog_type type, int helper, bool on)
{
	const unsigned classes = type_classes(type);

	if (helper < 0 || helper >= HELPER_MAX)
		return;
	for (int c = 0; c < EBPF_CLASS_CNT; c++)
		if (classes >> c & 1)
			set_bit(t->helpers[c], helper, on);
}

const char *ebpf_feature_name(enum ebpf_feature f)
{
	return f < EBPF_FEATURE_CNT ? features[f].name : NULL;
}

const char *ebpf_feature_text(enum ebpf_feature f)
{
	return f < EBPF_FEATURE_CNT ? features[f].text : NULL;
}
