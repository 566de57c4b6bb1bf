/* SPDX-License-Identifier: MIT */
/*
 * reveal.c - loads a program and reads the rewritten form.
 *
 * Takes a program with markers; gives the loads after each. Fails with the load's error, -EPERM if
 * the kernel hides rewritten programs, -ENOTSUP if a marker is lost.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "bpfcap/kbpf.h"
#include "parts.h"

static int hidden(int rc, struct err *e)
{
	return err_run(
		e, rc, "kernel",
		"the layout of sk_buff cannot be found: this kernel does not show rewritten "
		"programs (net.core.bpf_jit_harden with kernel.kptr_restrict=2 or without "
		"CAP_SYSLOG); set kernel.kptr_restrict to 1 or less, or use -f socket or -f tc");
}

int probe_layout_reveal(struct ebpf_prog *p, uint32_t type, struct layout_loads *seg, unsigned cnt,
			struct err *e)
{
	const struct kbpf_prog_spec spec = {
		.type = type, .insns = p->insns, .insn_cnt = p->cnt, .name = "bpfcap_layout"};
	struct ebpf_insn *insns = NULL;
	size_t insn_cnt = 0;
	int rc, fd = kbpf_prog_load(&spec, e);

	ebpf_prog_free(p);
	if (fd < 0)
		return fd;
	rc = kbpf_prog_xlated(fd, &insns, &insn_cnt);
	close(fd);
	if (rc < 0)
		return hidden(rc, e);
	rc = probe_layout_xlat(insns, insn_cnt, seg, cnt);
	free(insns);
	return rc == (int)cnt ? 0 : -ENOTSUP;
}
