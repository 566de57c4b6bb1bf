/* SPDX-License-Identifier: MIT */
/* src/err.h - fills a struct err. Below all layers; private to the library. */
#ifndef SRC_ERR_H
#define SRC_ERR_H

#include "bpfcap/err.h"

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

#endif
