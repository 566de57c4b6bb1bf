/* SPDX-License-Identifier: MIT */
/* replay.c - packets of many kinds through devices of the test's own; see replay.h */
#include "replay.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LONG_LEN = 6000, LONG_CNT = 6 };

/* ---- Packets ------------------------------------------------------------------------------ */

static struct replay_packet *add(struct replay *r, enum replay_way way, const char *name,
				 const uint8_t *data, uint32_t len)
{
	struct replay_packet *p = &r->packet[r->cnt];

	if (r->cnt++ == REPLAY_MAX)
		abort();
	*p = (struct replay_packet){.way = way, .name = name, .data = data, .len = len};
	return p;
}

/* A long UDP (17) or TCP (6) packet in a frame, of which the kernel keeps all but the first
 * `linear` bytes in pages. */
static void add_long(struct replay *r, enum replay_way way, const char *name, uint8_t proto,
		     uint32_t linear)
{
	static uint8_t frames[LONG_CNT][LONG_LEN];
	static size_t frame_cnt;
	static const uint8_t head[] = {2,  0,	 0, 0, 0,  1, 2, 0, 0, 0,    0, 2, 8,
				       0,  0x45, 0, 0, 0,  0, 7, 0, 0, 64,   0, 0, 0,
				       10, 0,	 0, 1, 10, 0, 0, 2, 4, 0xd2, 0, 53};
	uint8_t *frame = frames[frame_cnt++ % LONG_CNT];
	uint16_t ip_len = LONG_LEN - 14;

	for (size_t i = 0; i < LONG_LEN; i++)
		frame[i] = (uint8_t)(i * 3 + frame_cnt);
	memcpy(frame, head, sizeof(head));
	/* distinguishes the packets, however short they are */
	frame[11] = (uint8_t)(0x10 + frame_cnt);
	frame[16] = (uint8_t)(ip_len >> 8);
	frame[17] = (uint8_t)ip_len;
	frame[23] = proto;
	frame[46] = 5 << 4; /* TCP: no options */
	add(r, way, name, frame, LONG_LEN)->linear = linear;
}

static void make_packets(struct replay *r)
{
	r->ethernet = packets_ethernet(0);
	r->raw = packets_raw(0);
	for (size_t i = 0; i < r->ethernet.cnt; i++) {
		const struct packet *p = &r->ethernet.all[i];

		if (p->len >= 14)
			add(r, BY_VETH, p->name, p->data, p->len);
	}
	for (size_t i = 0; i < r->raw.cnt; i++)
		add(r, BY_TUN, r->raw.all[i].name, r->raw.all[i].data, r->raw.all[i].len);
	add_long(r, BY_VETH_PAGED, "paged", 17, 60);
	add_long(r, BY_VETH_PAGED, "paged behind the link layer", 17, 14);
	add_long(r, BY_VETH_PAGED, "paged in the ports", 6, 35);
	add_long(r, BY_VETH_GSO, "gso", 6, 54);
	add_long(r, BY_TAP_PAGED, "tap, paged behind the link layer", 6, 14);
	add_long(r, BY_TAP_PAGED, "tap, paged in the network header", 17, 24);
}

static int send_long(const struct replay *r, const struct replay_packet *p)
{
	static uint8_t buf[sizeof(struct virtio_net_hdr) + LONG_LEN];
	struct virtio_net_hdr h = {.hdr_len = (uint16_t)p->linear};
	ssize_t n;

	if (p->way == BY_VETH_GSO)
		h = (struct virtio_net_hdr){.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
					    .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
					    .hdr_len = (uint16_t)p->linear,
					    .gso_size = 1400,
					    .csum_start = 34,
					    .csum_offset = 16};
	memcpy(buf, &h, sizeof(h));
	memcpy(buf + sizeof(h), p->data, p->len);
	n = write(p->way == BY_TAP_PAGED ? r->tap_fd : r->vnet_fd, buf, sizeof(h) + p->len);
	return n < 0 ? -errno : 0;
}

int replay_send(const struct replay *r, size_t i)
{
	const struct replay_packet *p = &r->packet[i];

	if (p->way == BY_VETH)
		return testveth_send(&r->veth, 1, p->data, p->len);
	if (p->way == BY_TUN)
		return write(r->tun_fd, p->data, p->len) < 0 ? -errno : 0;
	return send_long(r, p);
}

size_t replay_find(const struct replay *r, const void *data, uint32_t cap_len, uint32_t len)
{
	size_t i = 0;

	while (i < r->cnt &&
	       (len != r->packet[i].len || memcmp(data, r->packet[i].data, cap_len) != 0))
		i++;
	return i;
}

/* ---- Devices ------------------------------------------------------------------------------ */

static int open_tun(const char *name, short flags)
{
	const char *const up[] = {"ip", "link", "set", name, "up", NULL};
	struct ifreq req = {.ifr_flags = (short)(flags | IFF_NO_PI)};
	char out[256];
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	(void)snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &req) < 0 || testveth_run(up, out, sizeof(out)) != 0)
		return -1;
	return fd;
}

static int open_vnet(const struct testveth *veth)
{
	const struct sockaddr_ll where = {.sll_family = AF_PACKET, .sll_ifindex = veth->ifindex[1]};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), on = 1;

	if (setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&where, sizeof(where)) < 0)
		return -1;
	return fd;
}

int replay_mtu(const char *mtu)
{
	const char *const set_a[] = {"ip", "link", "set", "va", "mtu", mtu, NULL};
	const char *const set_b[] = {"ip", "link", "set", "vb", "mtu", mtu, NULL};
	char out[256];

	return testveth_run(set_a, out, sizeof(out)) == 0 &&
			       testveth_run(set_b, out, sizeof(out)) == 0
		       ? 0
		       : -EINVAL;
}

int replay_open(struct replay *r)
{
	int rc;

	memset(r, 0, sizeof(*r));
	r->tun_fd = r->tap_fd = r->vnet_fd = -1;
	make_packets(r);
	rc = testveth_open(&r->veth);
	if (rc == 0)
		rc = replay_mtu("9000");
	if (rc < 0)
		return rc;
	r->tun_fd = open_tun("tt", IFF_TUN);
	r->tap_fd = open_tun("tp", IFF_TAP | IFF_VNET_HDR);
	r->vnet_fd = open_vnet(&r->veth);
	return r->tun_fd >= 0 && r->tap_fd >= 0 && r->vnet_fd >= 0 ? 0 : -ENODEV;
}

void replay_close(struct replay *r)
{
	close(r->tun_fd);
	close(r->tap_fd);
	close(r->vnet_fd);
	testveth_close(&r->veth);
	packets_free(&r->ethernet);
	packets_free(&r->raw);
}
