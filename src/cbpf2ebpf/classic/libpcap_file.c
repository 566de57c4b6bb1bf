/* SPDX-License-Identifier: MIT */
/*
 * libpcap_file.c - reads capture files with libpcap: takes a path or a stream, gives packets, fails
 * with libpcap's reason.
 */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/cbpf.h"
#include "bpfcap/err.h"
#include "libpcap.h"
#include "../../util.h"

struct cbpf_file {
	pcap_t *pcap;
};

/* Takes over f->pcap, or reports why it is NULL. */
static int opened(struct cbpf_file **out, pcap_t *pcap, const char *path, const char *why,
		  struct err *e)
{
	bool named = strncmp(why, path, strlen(path)) == 0;

	*out = NULL;
	if (!pcap)
		return err_input(e, -EINVAL, "file", "%s%s%s", named ? "" : path, named ? "" : ": ",
				 why);
	*out = calloc(1, sizeof(**out));
	if (!*out) {
		pcap_close(pcap);
		return err_run(e, -ENOMEM, "file", "no memory to read %s", path);
	}
	(*out)->pcap = pcap;
	return 0;
}

int cbpf_file_open(struct cbpf_file **out, const char *path, struct err *e)
{
	char why[PCAP_ERRBUF_SIZE] = "";

	return opened(
		out, pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why),
		path, why, e);
}

int cbpf_file_open_stream(struct cbpf_file **out, FILE *f, const char *path, struct err *e)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = pcap_fopen_offline_with_tstamp_precision(f, PCAP_TSTAMP_PRECISION_NANO, why);

	if (!pcap)
		fclose(f);
	return opened(out, pcap, path, why, e);
}

bool cbpf_file_swapped(const struct cbpf_file *f)
{
	return pcap_is_swapped(f->pcap);
}

unsigned cbpf_file_upper_bits(const struct cbpf_file *f)
{
	return (unsigned)pcap_datalink_ext(f->pcap);
}

int cbpf_file_linktype(const struct cbpf_file *f)
{
	return cbpf_linktype_of_dlt(pcap_datalink(f->pcap));
}

int cbpf_file_snap_len(const struct cbpf_file *f)
{
	return pcap_snapshot(f->pcap);
}

/* The format's seconds are unsigned; libpcap reads them as signed. */
static uint64_t seconds_of(const struct pcap_pkthdr *h)
{
	return h->ts.tv_sec < 0 ? (uint32_t)h->ts.tv_sec : (uint64_t)h->ts.tv_sec;
}

/* Nanoseconds; more than a second, or less than nothing, if the file says so. */
static uint64_t fraction_of(const struct pcap_pkthdr *h)
{
	return h->ts.tv_usec < 0 ? 0 : (uint64_t)h->ts.tv_usec;
}

int cbpf_file_next(struct cbpf_file *f, struct cbpf_packet *p, struct err *e)
{
	struct pcap_pkthdr *h;
	const u_char *data;

	switch (pcap_next_ex(f->pcap, &h, &data)) {
	case 1:
		*p = (struct cbpf_packet){
			.time_s = seconds_of(h) + fraction_of(h) / NS_PER_S,
			.time_ns = (uint32_t)(fraction_of(h) % NS_PER_S),
			.len = h->len,
			.cap_len = h->caplen,
			.data = data,
		};
		return 1;
	case PCAP_ERROR_BREAK: /* the end of the file */
		return 0;
	default:
		return err_run(e, -EINVAL, "file", "%s", pcap_geterr(f->pcap));
	}
}

void cbpf_file_close(struct cbpf_file *f)
{
	if (!f)
		return;
	pcap_close(f->pcap);
	free(f);
}
