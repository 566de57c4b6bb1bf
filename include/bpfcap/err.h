/* SPDX-License-Identifier: MIT */
/*
 * err.h - error reports: what went wrong, where, and what to do about it.
 *
 * Functions return 0 (or a value >= 0) on success and -errno on failure. Those that have more to
 * report take a `struct err *` as their last argument; NULL is allowed if the code is enough. The
 * text is one full sentence that says what failed, where, and what to do about it, without a
 * program name at the start and without a newline at the end.
 *
 *	struct err e;
 *
 *	if (kbpf_elf_read(&k, path, &e) < 0)
 *		fprintf(stderr, "%s: %s\n", program, e.text);
 */
#ifndef BPFCAP_ERR_H
#define BPFCAP_ERR_H

#ifdef __cplusplus
extern "C" {
#endif

#define ERR_TEXT_LEN 1024 /* bytes, with the terminating NUL */

/* The source of the failure: selects the exit status of a command (2 for input, 1 for run). */
enum err_kind {
	ERR_RUN,   /* the system refused, or something broke while running */
	ERR_INPUT, /* an option, expression, hook, name or file given by the user is wrong */
};

struct err {
	int code; /* -errno, the value that the function returned */
	enum err_kind kind;
	const char *stage;	 /* static string: "filter", "load", "hook", "kernel", ... */
	char text[ERR_TEXT_LEN]; /* the sentence, truncated if it is too long */
};

/*
 * Both record the failure in *e (unless e is NULL) and return `code`, so that a caller can write
 *	return err_run(e, -ENOENT, "hook", "tracepoint %s does not exist", name);
 * `stage` must be a static string. `code` is a negative errno. `fmt` may use arguments that point
 * into e->text (to wrap an earlier sentence).
 */
int err_run(struct err *e, int code, const char *stage, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int err_input(struct err *e, int code, const char *stage, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#ifdef __cplusplus
}
#endif
#endif
