/* SPDX-License-Identifier: MIT */
/*
 * tally.c - the table of a session that counts: its map, waiting while programs count, and reading
 * the rows. Fails with the error of the map.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "../../util.h"
#include "../tally.h"
#include "state.h"

enum {
	ROW_LEN = 144, /* of the kernel's memory */
	ROW_CNT_MIN = 64,
	MEMORY_SHARE = 32, /* the table takes a 32nd of the memory at most */
};

/* The kernel allocates all rows at once. */
static uint32_t row_cnt(uint32_t wanted)
{
	uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);

	while (wanted > ROW_CNT_MIN && (uint64_t)wanted * ROW_LEN > memory / MEMORY_SHARE)
		wanted /= 2;
	return wanted;
}

int probe_session_make_tally(struct probe *p, struct err *e)
{
	p->capture.tally_fd =
		kbpf_map_create(&(struct kbpf_map_spec){.type = BPF_MAP_TYPE_HASH,
							.key_len = sizeof(struct probe_tally_key),
							.value_len = sizeof(struct tally_value),
							.entry_cnt = row_cnt(p->capture.tally),
							.name = "bpfcap_tally"},
				e);
	return p->capture.tally_fd < 0 ? p->capture.tally_fd : 0;
}

int probe_session_wait(const struct probe *p, int timeout_ms)
{
	struct pollfd wake = {.fd = p->wake_fd, .events = POLLIN};

	return poll(&wake, 1, timeout_ms) < 0 && errno != EINTR ? -errno : 0;
}

static int read_row(struct probe *p, const struct probe_tally_key *key, struct probe_tally *row)
{
	struct tally_value value;
	int rc = kbpf_map_lookup(p->capture.tally_fd, key, &value);

	if (rc < 0)
		return rc;
	*row = (struct probe_tally){.key = *key, .packets = value.packets, .bytes = value.bytes};
	memcpy(row->comm, value.comm, sizeof(row->comm) - 1);
	if (p->addresses.hides)
		row->key.location = 0;
	return 0;
}

int probe_tally_read(struct probe *p, probe_tally_fn fn, void *user, struct err *e)
{
	struct probe_tally_key key, next;
	struct probe_tally row;
	int rc = kbpf_map_next(p->capture.tally_fd, NULL, &next), fn_rc;

	while (rc == 0) {
		key = next;
		rc = read_row(p, &key, &row);
		if (rc < 0)
			break;
		fn_rc = fn(user, &row);
		if (fn_rc != 0)
			return fn_rc;
		rc = kbpf_map_next(p->capture.tally_fd, &key, &next);
	}
	if (rc == -ENOENT)
		return 0;
	return err_run(e, rc, "tally", "reading the table of counts failed: %s", strerror(-rc));
}
