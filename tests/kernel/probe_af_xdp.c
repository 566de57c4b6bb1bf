/* SPDX-License-Identifier: MIT */
/*
 * probe_af_xdp.c - packets that bypass the kernel's stack: this program receives them from a veth
 * pair by AF_XDP, in copy mode, and hands each to handle(), where raw: captures them. What was
 * sent, and tcpdump reading the file, are the oracles.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_xdp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lib/test.h"
#include "../lib/testnet.h"
#include "../lib/testveth.h"
#include "../lib/toolrun.h"
#include "bpfcap/dsl.h"
#include "bpfcap/kbpf.h"
#include "bpfcap/probe.h"

#ifndef AF_XDP
#define AF_XDP 44
#endif
#ifndef SOL_XDP
#define SOL_XDP 283
#endif

enum {
	CHUNK = 2048,
	CHUNKS = 256, /* also the entries of each ring */
	ROUNDS = 20,
	FRAMES_MAX = 64,
	WAIT_MS = 5000,
	POLL_MS = 20,
	QUIET_POLLS = 3,
	TEXT_MAX = 1 << 18,
};

#define FILE_NAME "/tmp/probe_af_xdp.pcapng"
#define FILTER	  "udp or arp"

#if __has_attribute(noipa)
#define PROBED __attribute__((noipa))
#else
#define PROBED __attribute__((noinline))
#endif

PROBED void handle(const uint8_t *data, uint32_t len);

static volatile unsigned handled;

PROBED void handle(const uint8_t *data, uint32_t len)
{
	handled += data[0] + len > 0;
}

/* ---- An AF_XDP socket --------------------------------------------------------------------- */

struct ring {
	uint32_t *producer, *consumer;
	void *entries;
};

static struct receiver {
	struct testveth veth;
	struct kbpf_xdp xdp;
	int sock, map_fd, prog_fd;
	uint8_t *umem;
	struct ring fill, rx;
	const char *missing; /* why there is none */
} r = {.sock = -1, .map_fd = -1, .prog_fd = -1, .missing = "needs root"};

static bool map_ring(struct ring *ring, const struct xdp_ring_offset *off, size_t entry_len,
		     off_t which)
{
	uint8_t *at = mmap(NULL, (size_t)off->desc + CHUNKS * entry_len, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_POPULATE, r.sock, which);

	if (at == MAP_FAILED)
		return false;
	*ring = (struct ring){(uint32_t *)(void *)(at + off->producer),
			      (uint32_t *)(void *)(at + off->consumer), at + off->desc};
	return true;
}

static bool make_rings(void)
{
	struct xdp_umem_reg reg = {.len = CHUNK * CHUNKS, .chunk_size = CHUNK};
	struct xdp_mmap_offsets off;
	socklen_t off_len = sizeof(off);
	const int cnt = CHUNKS;

	r.umem = mmap(NULL, CHUNK * CHUNKS, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	if (r.umem == MAP_FAILED)
		return false;
	reg.addr = (uintptr_t)r.umem;
	return setsockopt(r.sock, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg)) == 0 &&
	       setsockopt(r.sock, SOL_XDP, XDP_UMEM_FILL_RING, &cnt, sizeof(cnt)) == 0 &&
	       setsockopt(r.sock, SOL_XDP, XDP_UMEM_COMPLETION_RING, &cnt, sizeof(cnt)) == 0 &&
	       setsockopt(r.sock, SOL_XDP, XDP_RX_RING, &cnt, sizeof(cnt)) == 0 &&
	       getsockopt(r.sock, SOL_XDP, XDP_MMAP_OFFSETS, &off, &off_len) == 0 &&
	       map_ring(&r.fill, &off.fr, sizeof(uint64_t), XDP_UMEM_PGOFF_FILL_RING) &&
	       map_ring(&r.rx, &off.rx, sizeof(struct xdp_desc), XDP_PGOFF_RX_RING);
}

static void give_chunk(uint64_t address)
{
	uint64_t *entry = r.fill.entries;

	entry[*r.fill.producer % CHUNKS] = address;
	__atomic_store_n(r.fill.producer, *r.fill.producer + 1, __ATOMIC_RELEASE);
}

/* Every packet of the queue goes to the socket: redirect_map(map, ctx->rx_queue_index, PASS) */
static int load_redirect(struct err *e)
{
	struct ebpf_builder *b = ebpf_new(NULL, EBPF_PROG_XDP);
	struct ebpf_prog prog = {0};
	int rc;

	EMIT(b, LDX(W, R2, MEM(R1, (int)offsetof(struct xdp_md, rx_queue_index))),
	     LD_MAP_FD(R1, r.map_fd), MOV(R3, XDP_PASS), CALL(redirect_map), EXIT());
	rc = ebpf_finish(b, &prog, e);
	ebpf_free(b);
	if (rc == 0)
		rc = kbpf_prog_load(&(struct kbpf_prog_spec){.type = BPF_PROG_TYPE_XDP,
							     .insns = prog.insns,
							     .insn_cnt = prog.cnt},
				    e);
	ebpf_prog_free(&prog);
	return rc;
}

/* Why it cannot be; NULL: it is ready. */
static const char *open_receiver(void)
{
	const uint32_t queue = 0;
	struct sockaddr_xdp to = {.sxdp_family = AF_XDP, .sxdp_flags = XDP_COPY};
	struct err e;

	if (testveth_open(&r.veth) < 0)
		return "needs rights to make network namespaces, and veth";
	r.sock = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (r.sock < 0)
		return "this kernel has no AF_XDP (CONFIG_XDP_SOCKETS)";
	if (!make_rings())
		fail_msg("the rings of the AF_XDP socket: %s", strerror(errno));
	for (uint64_t i = 0; i < CHUNKS; i++)
		give_chunk(i * CHUNK);
	to.sxdp_ifindex = (uint32_t)r.veth.ifindex[0];
	if (bind(r.sock, (const struct sockaddr *)&to, sizeof(to)) < 0)
		fail_msg("AF_XDP in copy mode at veth: %s", strerror(errno));
	r.map_fd = kbpf_map_create(
		&(struct kbpf_map_spec){
			.type = BPF_MAP_TYPE_XSKMAP, .key_len = 4, .value_len = 4, .entry_cnt = 1},
		&e);
	if (r.map_fd < 0 || kbpf_map_update(r.map_fd, &queue, &r.sock, 0) < 0)
		fail_msg("no map of AF_XDP sockets");
	r.prog_fd = load_redirect(&e);
	if (r.prog_fd < 0 || kbpf_xdp_attach(&r.xdp,
					     &(struct kbpf_xdp_spec){.prog_fd = r.prog_fd,
								     .ifindex = r.veth.ifindex[0],
								     .mode = KBPF_XDP_ANY},
					     &e) < 0)
		fail_msg("%s", e.text);
	if (testnet_ready("va") < 0 || testnet_ready("vb") < 0)
		fail_msg("the interfaces do not come up");
	return NULL;
}

/* Takes what has come from the ring, and passes each packet to handle(). */
static void receive(uint32_t cnt)
{
	const struct xdp_desc *desc = r.rx.entries;
	struct pollfd p = {.fd = r.sock, .events = POLLIN};

	for (uint32_t got = 0; got < cnt;) {
		const struct xdp_desc *d = &desc[*r.rx.consumer % CHUNKS];
		uint64_t chunk;

		if (*r.rx.consumer == __atomic_load_n(r.rx.producer, __ATOMIC_ACQUIRE)) {
			if (poll(&p, 1, WAIT_MS) != 1)
				fail_msg("%u of %u frames came", got, cnt);
			continue;
		}
		handle(r.umem + d->addr, d->len);
		chunk = d->addr / CHUNK * CHUNK;
		__atomic_store_n(r.rx.consumer, *r.rx.consumer + 1, __ATOMIC_RELEASE);
		give_chunk(chunk);
		got++;
	}
}

/* Sends the frames of all kinds, each ROUNDS times, and receives them. */
static uint32_t pass_frames(void)
{
	const struct testveth_frame *frame;
	size_t cnt = testveth_frames(&frame);

	assert_in_range(cnt, 1, FRAMES_MAX);
	for (int k = 0; k < ROUNDS; k++) {
		for (size_t i = 0; i < cnt; i++)
			assert_int_equal(testveth_send(&r.veth, 1, frame[i].bytes, frame[i].len),
					 0);
		receive((uint32_t)cnt);
	}
	return (uint32_t)cnt * ROUNDS;
}

static int setup(void **state)
{
	(void)state;
	r.missing = geteuid() == 0 ? open_receiver() : "needs root";
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (!r.missing)
		(void)kbpf_xdp_detach(&r.xdp, NULL);
	testveth_close(&r.veth);
	for (size_t i = 0; i < 3; i++)
		close((int[]){r.sock, r.map_fd, r.prog_fd}[i]);
	(void)unlink(FILE_NAME);
	return 0;
}

static void need_af_xdp(void)
{
	if (!r.missing)
		return;
	print_message("%s\n", r.missing);
	skip();
}

/* ---- Captures ----------------------------------------------------------------------------- */

static struct probe *begin(struct probe_config c)
{
	static const char *const hooks[] = {"raw:/proc/self/exe:handle@1@2", NULL};
	struct probe *p;
	struct err e;

	c.hooks = hooks;
	if (probe_open(&p, &c, &e) < 0)
		fail_msg("%s", e.text);
	return p;
}

static uint32_t seen;

/* Frames come in the order in which they were sent. */
static int compare(void *user, const struct probe_event *ev)
{
	const struct testveth_frame *frame;
	size_t cnt = testveth_frames(&frame);

	(void)user;
	frame += seen++ % cnt;
	assert_int_equal(ev->len, frame->len);
	assert_int_equal(ev->cap_len, frame->len);
	assert_memory_equal(ev->data, frame->bytes, frame->len);
	return 0;
}

static int count(void *user, const struct probe_event *ev)
{
	(void)user;
	(void)ev;
	seen++;
	return 0;
}

static struct probe_counts end(struct probe *p, int (*each)(void *, const struct probe_event *))
{
	struct probe_counts counts;
	struct err e;

	for (int quiet = 0; quiet < QUIET_POLLS;)
		quiet = probe_poll(p, POLL_MS, each, NULL, &e) == 0 ? quiet + 1 : 0;
	probe_stop(p);
	while (probe_poll(p, 0, each, NULL, &e) > 0)
		;
	assert_int_equal(probe_counts(p, PROBE_ALL_HOOKS, &counts), 0);
	probe_close(p);
	return counts;
}

TEST(each_frame_of_an_af_xdp_socket_is_captured_as_it_was_sent)
{
	static const char *const kernels[] = {NULL, "5.4"};

	need_af_xdp();
	for (size_t k = 0; k < sizeof(kernels) / sizeof(kernels[0]); k++) {
		struct probe *p = begin((struct probe_config){.kernel = kernels[k]});
		uint32_t sent = pass_frames();
		struct probe_counts c;

		seen = 0;
		c = end(p, compare);
		assert_int_equal(seen, sent);
		assert_int_equal(c.matched, sent);
		assert_int_equal(probe_counts_lost(&c) + c.no_packet, 0);
	}
}

/* What tcpdump prints of the file with an expression: a line for each packet. */
static uint32_t tcpdump_lines(const char *expr)
{
	static char text[TEXT_MAX];
	const char *const argv[] = {"tcpdump", "-n", "-t", "-q", "-r", FILE_NAME, expr, NULL};
	uint32_t lines = 0;

	memset(text, 0, sizeof(text));
	assert_int_equal(testveth_run(argv, text, sizeof(text)), 0);
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	return lines;
}

TEST(tcpdump_finds_in_the_file_what_was_sent_and_what_the_filter_selects)
{
	char pid[16], version[256];
	const char *const argv[] = {"bpfcap", "-f", "raw:handle@1@2", "--pid",
				    pid,      "-w", FILE_NAME,	      NULL};
	struct probe_counts c;
	struct toolrun t;
	struct probe *p;
	uint32_t sent;

	need_af_xdp();
	if (testveth_run((const char *const[]){"tcpdump", "--version", NULL}, version,
			 sizeof(version)) != 0) {
		print_message("tcpdump is not installed\n");
		skip();
	}
	(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
	p = begin((struct probe_config){.expr = FILTER});
	if (!toolrun_start(&t, argv, -1, "capturing at"))
		fail_msg("%s", t.said);
	sent = pass_frames();
	assert_true(toolrun_end(&t, SIGINT));
	seen = 0;
	c = end(p, count);
	assert_int_equal(c.seen, sent);
	assert_int_equal(seen, c.matched);
	assert_int_equal(tcpdump_lines(NULL), sent);
	assert_int_equal(tcpdump_lines(FILTER), c.matched);
	assert_in_range(c.matched, 1, sent - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_frame_of_an_af_xdp_socket_is_captured_as_it_was_sent),
		cmocka_unit_test(
			tcpdump_finds_in_the_file_what_was_sent_and_what_the_filter_selects),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
