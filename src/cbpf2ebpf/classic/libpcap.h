/* SPDX-License-Identifier: MIT */
/* libpcap.h - what the files that call libpcap share. */
#ifndef BPFCAP_SRC_CBPF2EBPF_CLASSIC_LIBPCAP_H
#define BPFCAP_SRC_CBPF2EBPF_CLASSIC_LIBPCAP_H

/* The LINKTYPE_ number of files for one of libpcap's DLT_ numbers. */
int cbpf_linktype_of_dlt(int dlt);

#endif
