/* SPDX-License-Identifier: MIT */
/* file.h - numbers and CPU lists in files of /proc and /sys; private to the loader. */
#ifndef BPFCAP_SRC_LOADER_FILE_H
#define BPFCAP_SRC_LOADER_FILE_H

#include <stdint.h>

#define CPU_CNT_MAX 65536

#define CPU_ONLINE_FILE "/sys/devices/system/cpu/online"

/* Reads one number, decimal or 0x. -EINVAL if there is none. */
int kbpf_file_read_number(int dir_fd, const char *path, uint64_t *value);

/* Reads a list of CPUs such as "0-3,8" into cpus[]; returns their number (which may exceed `cap`),
 * or -EINVAL. */
int kbpf_file_cpu_list_parse(const char *text, int *cpus, int cap);
int kbpf_file_cpu_list(const char *path, int *cpus, int cap);

#endif
