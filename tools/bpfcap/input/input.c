/* SPDX-License-Identifier: MIT */
/*
 * input.c - opens a capture file and detects its format: pcapng is read here; libpcap opens classic
 * pcap files, and reads the packets of unusual ones. Takes a path, gives items. Fails with a
 * sentence that names the file.
 */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/cbpf.h"

#include "../../common/fail.h"
#include "classic.h"

/* ---- libpcap reads from our buffer: the format is known only after the first bytes ----------- */

static ssize_t read_cookie(void *cookie, char *buf, size_t len)
{
	struct bytes *b = cookie;
	uint8_t *at;
	int rc = bytes_peek(b, 1, &at);

	if (rc <= 0) {
		errno = -rc;
		return rc;
	}
	if (len > b->end - b->start)
		len = b->end - b->start;
	memcpy(buf, at, len);
	bytes_skip(b, len);
	return (ssize_t)len;
}

static int open_pcap(struct input *in, uint32_t *next_id, struct err *e)
{
	FILE *f = fopencookie(&in->ng.in, "r", (cookie_io_functions_t){.read = read_cookie});
	uint8_t *head;
	int rc;

	if (!f)
		return err_run(e, -ENOMEM, "file", "no memory to read %s", in->path);
	if (bytes_peek(&in->ng.in, CLASSIC_HEAD_LEN, &head) > 0)
		in->time_unit = classic_time_unit(head);
	if (in->time_unit) /* libpcap must not read more than the header */
		(void)setvbuf(f, NULL, _IONBF, 0);
	rc = cbpf_file_open_stream(&in->pcap, f, in->path, e);
	if (rc != 0)
		return rc;
	in->pcap_iface = (struct input_iface){
		.id = (*next_id)++,
		.linktype = cbpf_file_linktype(in->pcap),
		.upper = cbpf_file_upper_bits(in->pcap),
		.swapped = cbpf_file_swapped(in->pcap),
		.snap_len = (uint32_t)cbpf_file_snap_len(in->pcap),
		.from_pcap = true,
	};
	return 0;
}

static int next_of_usual(struct input *in, struct probe_event *ev, struct err *e)
{
	uint64_t at = in->ng.in.taken;
	int rc = classic_next(&in->ng.in, in->time_unit, in->pcap_iface.snap_len, ev);

	if (rc >= 0)
		return rc;
	if (rc == -ENODATA)
		return err_run(e, -EINVAL, "file",
			       "%s: the file breaks off in the packet at byte %" PRIu64, in->path,
			       at);
	if (rc == -EMSGSIZE)
		return err_run(e, -EINVAL, "file",
			       "%s: the packet at byte %" PRIu64 " claims more than %d bytes",
			       in->path, at, CLASSIC_CAP_LEN_MAX);
	return err_run(e, rc, "file", "%s: %s", in->path, strerror(-rc));
}

static int next_of_unusual(struct input *in, struct probe_event *ev, struct err *e)
{
	struct cbpf_packet p;
	int rc = cbpf_file_next(in->pcap, &p, e);

	if (rc <= 0)
		return rc;
	ev->time = (struct probe_time){p.time_s, p.time_ns};
	ev->len = p.len;
	ev->cap_len = p.cap_len;
	ev->data = p.data;
	return 1;
}

static int next_of_pcap(struct input *in, struct input_item *it, struct err *e)
{
	input_item_clear(it);
	it->kind = INPUT_PACKET;
	it->iface = &in->pcap_iface;
	it->ev.linktype = in->pcap_iface.linktype;
	return (in->time_unit ? next_of_usual : next_of_unusual)(in, &it->ev, e);
}

/* ---- Any file ----------------------------------------------------------------------------- */

static int open_fd(const char *path, struct err *e)
{
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_input(e, -errno, "file", "%s: %s", path, strerror(errno));
	return fd;
}

int input_open(struct input *in, const char *path, uint32_t *next_id, struct err *e)
{
	int rc, fd = open_fd(path, e);
	uint8_t *head;

	*in = (struct input){.path = path, .ng = {.path = path, .in.fd = fd, .next_id = next_id}};
	if (fd < 0)
		return fd;
	rc = bytes_peek(&in->ng.in, 4, &head);
	if (rc < 0 && rc != -ENODATA)
		rc = err_run(e, rc, "file", "%s: %s", path, strerror(-rc));
	else if (rc > 0 && ng_u32(head) == NG_SECTION)
		rc = 0;
	else
		rc = open_pcap(in, next_id, e);
	if (rc != 0)
		input_close(in);
	return rc;
}

int input_next(struct input *in, struct input_item *out, struct err *e)
{
	return in->pcap ? next_of_pcap(in, out, e) : pcapng_next(&in->ng, out, e);
}

void input_close(struct input *in)
{
	cbpf_file_close(in->pcap);
	in->pcap = NULL;
	pcapng_free(&in->ng);
}
