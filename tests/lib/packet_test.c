/* SPDX-License-Identifier: BSD-2-Clause */
/* Packet sockets: what they see, what they send, filters, groups, and interfaces that go. */
#include <arpa/inet.h>

#include <vimage/packet.h>

#include "tests/lib/tl.h"

#define TYPE	0x88b5		/* IEEE 802.1, for local experiments */

struct pair {
	struct tl	 t;
	struct vi_vnet	*a, *b;
	struct tl_cable	 c;
	uint32_t	 ia, ib;	/* indexes */
	uint8_t		 la[6], lb[6];
};

static void
begin(struct pair *p)
{
	struct vi_ifinfo ii;

	tl_begin(&p->t, 1);
	p->a = tl_vnet(&p->t, "a");
	p->b = tl_vnet(&p->t, "b");
	tl_join(p->a, "10.0.0.1", p->b, "10.0.0.2", &p->c);
	tl_run(&p->t, 5 * TL_SEC);	/* addresses of IPv6 have been looked for */
	ii = tl_ifinfo(p->a, p->c.a);
	p->ia = ii.if_index;
	memcpy(p->la, ii.if_lladdr, 6);
	ii = tl_ifinfo(p->b, p->c.b);
	p->ib = ii.if_index;
	memcpy(p->lb, ii.if_lladdr, 6);
}

static void
end(struct pair *p)
{
	tl_destroy(p->a);
	tl_destroy(p->b);
	tl_end(&p->t);
}

static struct vi_socket *
open_at(struct vi_vnet *vn, int type, uint16_t proto, uint32_t index)
{
	const struct vi_sockaddr sa = { .sa_family = VI_AF_PACKET, .sa_port = htons(proto), .sa_scope = index };
	struct vi_socket *so;

	tl_ok(vi_socket(vn, VI_AF_PACKET, type, 0, &tl_root, &so));
	tl_ok(vi_bind(so, &sa));
	return (so);
}

struct got {
	struct vi_msg	msg;
	uint8_t		buf[2048];
	size_t		len;
};

static int
receive(struct vi_socket *so, struct got *g)
{
	struct vi_iovec iov = { g->buf, sizeof(g->buf) };

	g->msg = (struct vi_msg){ .msg_iov = &iov, .msg_iovcnt = 1 };
	return (vi_recvmsg(so, &g->msg, &g->len));
}

/* A frame of TYPE, or another, from a socket that has the link header made. */
static int
send_to(struct vi_socket *so, uint32_t index, uint16_t type, const uint8_t *dst, size_t len)
{
	static uint8_t data[4096] = "payload";
	struct vi_iovec iov = { data, len };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_hasname = true,
		.msg_name = { .sa_family = VI_AF_PACKET, .sa_port = htons(type), .sa_scope = index } };
	size_t done;

	msg.msg_name.sa_station.st_len = 6;
	memcpy(msg.msg_name.sa_station.st_addr, dst, 6);
	return (vi_sendmsg(so, &msg, &done));
}

static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t stranger[6] = { 2, 0, 0, 0, 0, 0x77 };

static void
both_ways(void **state)
{
	struct vi_socket *from, *raw, *cooked, *other, *watcher;
	struct got g;
	struct pair p;

	(void)state;
	begin(&p);
	from = open_at(p.a, VI_SOCK_DGRAM, VI_PKT_ALL, p.ia);
	watcher = open_at(p.a, VI_SOCK_RAW, VI_PKT_ALL, 0);
	raw = open_at(p.b, VI_SOCK_RAW, TYPE, p.ib);
	cooked = open_at(p.b, VI_SOCK_DGRAM, VI_PKT_ALL, 0);
	other = open_at(p.b, VI_SOCK_RAW, TYPE + 1, p.ib);
	tl_ok(send_to(from, p.ia, TYPE, p.lb, 20));
	tl_settle(&p.t);
	tl_ok(receive(raw, &g));
	assert_int_equal(g.len, 34);
	assert_memory_equal(g.buf, p.lb, 6);
	assert_memory_equal(g.buf + 6, p.la, 6);
	assert_string_equal((const char *)g.buf + 14, "payload");
	assert_int_equal(g.msg.msg_name.sa_scope, p.ib);
	assert_int_equal(g.msg.msg_name.sa_port, htons(TYPE));
	assert_int_equal(g.msg.msg_name.sa_station.st_pkttype, VI_PKT_HOST);
	assert_int_equal(g.msg.msg_name.sa_station.st_hatype, 1);
	assert_memory_equal(g.msg.msg_name.sa_station.st_addr, p.la, 6);
	assert_int_equal(g.msg.msg_frame.fi_len, 34);
	tl_ok(receive(cooked, &g));
	assert_int_equal(g.len, 20);
	tl_fails(receive(other, &g), EAGAIN);
	tl_ok(receive(watcher, &g));
	assert_int_equal(g.msg.msg_name.sa_station.st_pkttype, VI_PKT_OUTGOING);
	tl_fails(receive(from, &g), EAGAIN);		/* not what it sent itself */
	tl_ok(send_to(from, p.ia, TYPE, everybody, 20));
	tl_ok(send_to(from, p.ia, TYPE, stranger, 20));
	tl_settle(&p.t);
	tl_ok(receive(raw, &g));
	assert_int_equal(g.msg.msg_name.sa_station.st_pkttype, VI_PKT_BROADCAST);
	tl_ok(receive(raw, &g));
	assert_int_equal(g.msg.msg_name.sa_station.st_pkttype, VI_PKT_OTHERHOST);
	vi_close(from);
	vi_close(watcher);
	vi_close(raw);
	vi_close(cooked);
	tl_destroy(p.a);
	tl_destroy(p.b);				/* one is still open */
	assert_true(vi_socket_dead(other));
	vi_close(other);
	tl_end(&p.t);
}

static void
sending_is_checked(void **state)
{
	struct vi_socket *so, *raw;
	struct vi_msg msg;
	struct vi_iovec iov;
	struct pair p;
	uint8_t frame[14] = { 0 };
	size_t done;

	(void)state;
	begin(&p);
	tl_fails(vi_socket(p.a, VI_AF_PACKET, VI_SOCK_RAW, VI_PKT_ALL, &tl_user, &so), EPERM);
	tl_fails(vi_socket(p.a, VI_AF_PACKET, VI_SOCK_STREAM, 0, &tl_root, &so), ESOCKTNOSUPPORT);
	so = open_at(p.a, VI_SOCK_DGRAM, TYPE, 0);
	tl_fails(send_to(so, 99, TYPE, p.lb, 20), ENXIO);
	tl_fails(send_to(so, p.ia, TYPE, p.lb, 1501), EMSGSIZE);
	tl_fails(vi_send(so, "x", 1, 0, &done), ENXIO);		/* bound to none */
	raw = open_at(p.a, VI_SOCK_RAW, TYPE, p.ia);
	iov = (struct vi_iovec){ frame, 13 };
	msg = (struct vi_msg){ .msg_iov = &iov, .msg_iovcnt = 1 };
	tl_fails(vi_sendmsg(raw, &msg, &done), EINVAL);		/* less than a header */
	tl_fails(vi_connect(so, &(struct vi_sockaddr){ .sa_family = VI_AF_PACKET }), EOPNOTSUPP);
	tl_fails(vi_bind(so, &(struct vi_sockaddr){ .sa_family = VI_AF_PACKET, .sa_scope = 99 }), ENODEV);
	tl_fails(vi_bind(so, &(struct vi_sockaddr){ .sa_family = VI_AF_INET }), EINVAL);
	tl_ok(vi_if_set_flags(p.a, p.c.a, 0, VI_IFF_UP));
	tl_fails(send_to(so, p.ia, TYPE, p.lb, 20), ENETDOWN);
	vi_close(so);
	vi_close(raw);
	end(&p);
}

static void
interfaces_go(void **state)
{
	struct vi_socket *from, *so, *any;
	struct vi_sockaddr name;
	struct got g;
	struct pair p;

	(void)state;
	begin(&p);
	from = open_at(p.a, VI_SOCK_DGRAM, 0, 0);
	so = open_at(p.b, VI_SOCK_RAW, TYPE, p.ib);
	any = open_at(p.b, VI_SOCK_RAW, TYPE, 0);
	tl_ok(vi_if_set_flags(p.b, p.c.b, 0, VI_IFF_UP));
	tl_fails(receive(so, &g), ENETDOWN);
	tl_fails(receive(so, &g), EAGAIN);
	tl_fails(receive(any, &g), EAGAIN);
	tl_ok(vi_if_set_flags(p.b, p.c.b, VI_IFF_UP, 0));
	tl_ok(send_to(from, p.ia, TYPE, p.lb, 20));
	tl_settle(&p.t);
	tl_ok(receive(so, &g));				/* it listens again */
	tl_ok(receive(any, &g));
	tl_ok(vi_if_destroy(p.b, p.c.b));
	tl_fails(receive(so, &g), ENETDOWN);
	tl_ok(vi_sockname(so, &name));
	assert_int_equal(name.sa_scope, UINT32_MAX);
	tl_join(p.a, "10.0.1.1", p.b, "10.0.1.2", &p.c);	/* a new one: for who listens to all */
	tl_run(&p.t, 5 * TL_SEC);
	tl_ok(send_to(from, tl_ifinfo(p.a, p.c.a).if_index, TYPE, everybody, 20));
	tl_settle(&p.t);
	tl_ok(receive(any, &g));
	tl_fails(receive(so, &g), EAGAIN);
	vi_close(from);
	vi_close(so);
	vi_close(any);
	end(&p);
}

/* Accepts frames whose first byte of payload is 'p', and four bytes of them; nothing; not a program. */
static const struct vi_bpf_insn wants_p[] = { { 0x30, 0, 0, 14 }, { 0x15, 0, 1, 'p' }, { 0x06, 0, 0, 18 }, { 0x06, 0, 0, 0 } };
static const struct vi_bpf_insn wants_none[] = { { 0x06, 0, 0, 0 } };
static const struct vi_bpf_insn is_none[] = { { 0x05, 0, 0, 7 } };

static void
filters(void **state)
{
	struct vi_bpf_insn copy[4];
	struct vi_socket *from, *so, *udp, *sender;
	struct vi_sockaddr to = tl_addr("10.0.0.2", 53);
	struct vi_iovec iov = { (void *)(uintptr_t)"query", 5 };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_hasname = true, .msg_name = to };
	struct vi_bpf_insn port[] = { { 0x28, 0, 0, 2 }, { 0x15, 0, 1, 53 }, { 0x06, 0, 0, 8 + 3 }, { 0x06, 0, 0, 0 } };
	size_t len = sizeof(copy), done;
	int on = 1, off = 0;
	struct got g;
	struct pair p;

	(void)state;
	begin(&p);
	from = open_at(p.a, VI_SOCK_DGRAM, 0, 0);
	so = open_at(p.b, VI_SOCK_RAW, TYPE, p.ib);
	tl_fails(vi_setsockopt(so, VI_SO_NOFILTER, NULL, 0), ENOENT);
	tl_fails(vi_setsockopt(so, VI_SO_FILTER, is_none, sizeof(is_none)), EINVAL);
	tl_fails(vi_setsockopt(so, VI_SO_FILTER, wants_p, sizeof(wants_p) - 1), EINVAL);
	tl_ok(vi_setsockopt(so, VI_SO_FILTER, wants_p, sizeof(wants_p)));
	tl_ok(vi_getsockopt(so, VI_SO_FILTER, copy, &len));
	assert_memory_equal(copy, wants_p, sizeof(wants_p));
	tl_ok(send_to(from, p.ia, TYPE, p.lb, 20));
	tl_settle(&p.t);
	tl_ok(receive(so, &g));
	assert_int_equal(g.len, 18);
	assert_int_equal(g.msg.msg_frame.fi_len, 34);
	tl_ok(vi_setsockopt(so, VI_SO_FILTER, wants_none, sizeof(wants_none)));
	tl_ok(vi_setsockopt(so, VI_SO_LOCK_FILTER, &on, sizeof(on)));
	tl_fails(vi_setsockopt(so, VI_SO_NOFILTER, NULL, 0), EPERM);
	tl_fails(vi_setsockopt(so, VI_SO_LOCK_FILTER, &off, sizeof(off)), EPERM);
	tl_ok(send_to(from, p.ia, TYPE, p.lb, 20));
	tl_settle(&p.t);
	tl_fails(receive(so, &g), EAGAIN);
	/* A datagram socket: the filter sees the header of UDP. */
	udp = tl_udp(p.b, "10.0.0.2", 53);
	sender = tl_socket(p.a, VI_SOCK_DGRAM);
	tl_ok(vi_setsockopt(udp, VI_SO_FILTER, port, sizeof(port)));
	tl_ok(vi_sendmsg(sender, &msg, &done));
	tl_settle(&p.t);
	tl_ok(receive(udp, &g));
	assert_int_equal(g.len, 3);
	port[1].bi_k = 54;
	tl_ok(vi_setsockopt(udp, VI_SO_FILTER, port, sizeof(port)));
	tl_ok(vi_sendmsg(sender, &msg, &done));
	tl_settle(&p.t);
	tl_fails(receive(udp, &g), EAGAIN);
	assert_int_equal(tl_stat(p.b, "udps_filtered"), 1);
	vi_close(from);
	vi_close(so);
	vi_close(udp);
	vi_close(sender);
	end(&p);
}

static void
groups(void **state)
{
	const uint32_t turn = 7 | VI_FANOUT_LB << 16, hash = 7 | VI_FANOUT_HASH << 16;
	struct vi_socket *from, *member[3];
	unsigned n[3] = { 0, 0, 0 };
	struct got g;
	struct pair p;

	(void)state;
	begin(&p);
	from = open_at(p.a, VI_SOCK_DGRAM, 0, 0);
	for (unsigned i = 0; i < 3; i++) {
		member[i] = open_at(p.b, VI_SOCK_RAW, TYPE, p.ib);
		if (i == 2)
			tl_fails(vi_setsockopt(member[i], VI_PKT_FANOUT, &hash, sizeof(hash)), EINVAL);	/* it goes in turn */
		tl_ok(vi_setsockopt(member[i], VI_PKT_FANOUT, &turn, sizeof(turn)));
	}
	tl_fails(vi_setsockopt(member[0], VI_PKT_FANOUT, &turn, sizeof(turn)), EALREADY);
	for (unsigned i = 0; i < 9; i++)
		tl_ok(send_to(from, p.ia, TYPE, p.lb, 20));
	tl_settle(&p.t);
	for (unsigned i = 0; i < 3; i++)
		while (receive(member[i], &g) == 0)
			n[i]++;
	assert_int_equal(n[0], 3);
	assert_int_equal(n[1], 3);
	assert_int_equal(n[2], 3);
	vi_close(member[1]);
	for (unsigned i = 0; i < 4; i++)
		tl_ok(send_to(from, p.ia, TYPE, p.lb, 20));
	tl_settle(&p.t);
	for (n[0] = 0; receive(member[0], &g) == 0;)
		n[0]++;
	assert_int_equal(n[0], 2);
	vi_close(member[0]);
	vi_close(member[2]);
	vi_close(from);
	end(&p);
}

static void
promiscuous_is_shown(void **state)
{
	struct vi_pkt_mreq mr = { .pm_type = VI_PKTMR_PROMISC };
	struct vi_socket *so;
	struct pair p;

	(void)state;
	begin(&p);
	so = open_at(p.a, VI_SOCK_RAW, TYPE, p.ia);
	mr.pm_ifindex = 99;
	tl_fails(vi_setsockopt(so, VI_PKT_ADD_MEMBERSHIP, &mr, sizeof(mr)), ENODEV);
	mr.pm_ifindex = p.ia;
	tl_ok(vi_setsockopt(so, VI_PKT_ADD_MEMBERSHIP, &mr, sizeof(mr)));
	tl_ok(vi_setsockopt(so, VI_PKT_ADD_MEMBERSHIP, &mr, sizeof(mr)));
	assert_true((tl_ifinfo(p.a, p.c.a).if_flags & VI_IFF_PROMISC) != 0);
	tl_ok(vi_setsockopt(so, VI_PKT_DROP_MEMBERSHIP, &mr, sizeof(mr)));
	assert_true((tl_ifinfo(p.a, p.c.a).if_flags & VI_IFF_PROMISC) != 0);
	vi_close(so);
	assert_false((tl_ifinfo(p.a, p.c.a).if_flags & VI_IFF_PROMISC) != 0);
	/* An interface that goes takes the membership with it. */
	so = open_at(p.a, VI_SOCK_RAW, TYPE, p.ia);
	tl_ok(vi_setsockopt(so, VI_PKT_ADD_MEMBERSHIP, &mr, sizeof(mr)));
	tl_ok(vi_if_destroy(p.a, p.c.a));
	tl_ok(vi_setsockopt(so, VI_PKT_DROP_MEMBERSHIP, &mr, sizeof(mr)));
	vi_close(so);
	end(&p);
}

/* A reader that does not read: bounded, counted, told once. */
static void
full_socket(void **state)
{
	struct vi_socket *from, *so;
	struct vi_pkt_stats st;
	size_t len = sizeof(st);
	int size = 4096;
	struct got g;
	struct pair p;
	unsigned n = 0;

	(void)state;
	begin(&p);
	from = open_at(p.a, VI_SOCK_DGRAM, 0, 0);
	so = open_at(p.b, VI_SOCK_RAW, TYPE, p.ib);
	tl_ok(vi_setsockopt(so, VI_SO_RCVBUF, &size, sizeof(size)));
	for (unsigned i = 0; i < 50; i++) {
		tl_ok(send_to(from, p.ia, TYPE, p.lb, 986));
		tl_settle(&p.t);
	}
	tl_ok(vi_getsockopt(so, VI_PKT_STATISTICS, &st, &len));
	assert_int_equal(st.ps_packets, 50);
	while (receive(so, &g) == 0)
		n++;
	assert_int_equal(n, 4);
	assert_int_equal(st.ps_drops, 46);
	tl_ok(vi_getsockopt(so, VI_PKT_STATISTICS, &st, &len));
	assert_int_equal(st.ps_packets + st.ps_drops, 0);
	vi_close(from);
	vi_close(so);
	end(&p);
}

/* Memory that a user holds is the stack's to pay for, up to its limit. */
static void
ring_is_charged(void **state)
{
	const int size = 8 << 20, less = 1 << 20, none = -1;
	struct vi_socket *so;
	struct pair p;
	uint64_t before;

	(void)state;
	begin(&p);
	so = open_at(p.a, VI_SOCK_RAW, TYPE, p.ia);
	before = vi_vnet_memory(p.a);
	tl_ok(vi_vnet_set_limit(p.a, "socket", 4 << 20));
	tl_fails(vi_setsockopt(so, VI_PKT_RING, &none, sizeof(none)), EINVAL);
	tl_fails(vi_setsockopt(so, VI_PKT_RING, &size, sizeof(size)), ENOBUFS);
	assert_int_equal(vi_vnet_memory(p.a), before);
	tl_ok(vi_setsockopt(so, VI_PKT_RING, &less, sizeof(less)));
	assert_int_equal(vi_vnet_memory(p.a), before + (uint64_t)less);
	vi_close(so);
	tl_settle(&p.t);
	assert_true(vi_vnet_memory(p.a) < before);
	end(&p);
}

/* The frames of a capture: the longest, and the payload of TCP in all; what is summed is right. */
struct seen {
	uint32_t longest, bytes, wrong;
};

static void
see(void *arg, const struct vi_frame *fr)
{
	struct seen *s = arg;
	const uint8_t *b;
	uint32_t sum;

	if (fr == NULL)
		return;
	b = fr->fr_data;
	if (fr->fr_len < 54 || b[12] != 0x08 || b[13] != 0 || b[23] != 6)
		return;
	s->longest = fr->fr_len > s->longest ? fr->fr_len : s->longest;
	s->bytes += fr->fr_len - 34 - (uint32_t)(b[46] >> 4) * 4;
	/* Over addresses and segment, with protocol and length: all ones (RFC 9293 3.1). */
	sum = 6 + fr->fr_len - 34;
	for (uint32_t i = 26; i < fr->fr_len; i++)
		sum += i % 2 == 0 ? (uint32_t)b[i] << 8 : b[i];
	s->wrong += sum % 0xffff != 0;
}

/* A frame longer than the MTU, with virtio's header in front. */
static uint8_t super[70000];

static size_t
receive_super(struct vi_socket *so, struct vi_msg *msg)
{
	struct vi_iovec iov = { super, sizeof(super) };
	size_t len;

	do {
		*msg = (struct vi_msg){ .msg_iov = &iov, .msg_iovcnt = 1 };
		tl_ok(vi_recvmsg(so, msg, &len));
	} while (msg->msg_frame.fi_len <= 1514 || msg->msg_name.sa_station.st_pkttype != VI_PKT_OUTGOING);
	return (len);
}

static uint16_t
get16(size_t off)
{
	uint16_t v;

	memcpy(&v, super + off, sizeof(v));
	return (v);
}

static void
put16(size_t off, uint16_t v)
{
	memcpy(super + off, &v, sizeof(v));
}

struct packets { unsigned n; struct vi_packetinfo pi[8]; };

static void
note_packet(void *arg, const struct vi_packetinfo *pi)
{
	struct packets *ps = arg;

	assert_true(ps->n < 8);
	ps->pi[ps->n++] = *pi;
}

/* What netstat -B is told. */
static void
listed(void **state)
{
	struct vi_pkt_mreq mine = { .pm_type = VI_PKTMR_PROMISC };
	struct packets ps = { 0 };
	struct vi_pkt_stats st;
	struct vi_socket *all, *one, *from;
	size_t len = sizeof(st);
	struct pair p;
	struct got g;

	(void)state;
	begin(&p);
	vi_packets(p.b, note_packet, &ps);
	assert_int_equal(ps.n, 0);
	all = open_at(p.b, VI_SOCK_RAW, VI_PKT_ALL, 0);
	one = open_at(p.b, VI_SOCK_DGRAM, TYPE, p.ib);
	mine.pm_ifindex = p.ib;
	tl_ok(vi_setsockopt(one, VI_PKT_ADD_MEMBERSHIP, &mine, sizeof(mine)));
	from = open_at(p.a, VI_SOCK_DGRAM, 0, p.ia);
	for (int i = 0; i < 3; i++)
		tl_ok(send_to(from, p.ia, TYPE, p.lb, 100));
	tl_run(&p.t, TL_SEC);
	tl_ok(receive(one, &g));
	/* What the program asks for does not change what was counted. */
	tl_ok(vi_getsockopt(one, VI_PKT_STATISTICS, &st, &len));
	vi_packets(p.b, note_packet, &ps);
	assert_int_equal(ps.n, 2);
	assert_string_equal(ps.pi[0].pi_ifname, p.c.b);
	assert_ptr_equal(ps.pi[0].pi_socket, one);
	assert_int_equal(ps.pi[0].pi_ethertype, TYPE);
	assert_true(ps.pi[0].pi_promisc && !ps.pi[0].pi_raw && !ps.pi[0].pi_outgoing);
	assert_int_equal(ps.pi[0].pi_frames, 3);
	assert_int_equal(ps.pi[0].pi_matched, 3);
	assert_int_equal(ps.pi[0].pi_waiting, 200);
	assert_string_equal(ps.pi[1].pi_ifname, "");
	assert_int_equal(ps.pi[1].pi_ifindex, 0);
	assert_true(!ps.pi[1].pi_promisc && ps.pi[1].pi_raw && ps.pi[1].pi_outgoing);
	assert_int_equal(ps.pi[1].pi_frames, 3);
	/* One that is full loses what comes; its interface goes. */
	tl_ok(vi_setsockopt(one, VI_SO_RCVBUF, &(int){ 4096 }, sizeof(int)));
	for (int i = 0; i < 4; i++)
		tl_ok(send_to(from, p.ia, TYPE, p.lb, 986));
	tl_run(&p.t, TL_SEC);
	tl_ok(vi_if_destroy(p.b, p.c.b));
	ps.n = 0;
	vi_packets(p.b, note_packet, &ps);
	assert_int_equal(ps.pi[0].pi_drops, 1);
	assert_int_equal(ps.pi[0].pi_matched, 7);
	assert_string_equal(ps.pi[0].pi_ifname, "");
	assert_int_equal(ps.pi[0].pi_ifindex, p.ib);
	vi_close(from);
	vi_close(one);
	vi_close(all);
	end(&p);
}

/* Super-packets are seen whole by packet sockets and cut by captures; sent, they are cut as if they were the stack's own. */
static void
super_packets(void **state)
{
	struct vi_socket *listener, *so;
	struct seen seen = { 0 }, again = { 0 };
	struct tl_conn tc;
	struct vi_msg msg;
	struct pair p;
	size_t len, done;
	int on = 1;

	(void)state;
	begin(&p);
	listener = tl_listen(p.b, "10.0.0.2", 80, 5);
	tl_connect(&p.t, p.a, listener, &tc);
	so = open_at(p.a, VI_SOCK_RAW, VI_PKT_ALL, p.ia);
	tl_ok(vi_setsockopt(so, VI_PKT_VNET_HDR, &on, sizeof(on)));
	tl_ok(vi_if_capture(p.a, p.c.a, see, &seen));
	tl_send(&p.t, tc.c, tc.s, 100000);
	tl_ok(vi_if_uncapture(p.a, p.c.a, see, &seen));
	tl_run(&p.t, TL_SEC);				/* all is acknowledged */
	assert_int_equal(seen.longest, 1514);
	assert_int_equal(seen.bytes, 100000);
	assert_int_equal(seen.wrong, 0);
	len = receive_super(so, &msg);
	assert_int_equal(len, msg.msg_frame.fi_len + VI_PKT_VNETHDRLEN);
	assert_int_equal(msg.msg_frame.fi_flags, VI_FRAME_UNSUMMED | VI_FRAME_VNETHDR);
	assert_int_equal(super[0], 1);			/* the checksum is to be made, */
	assert_int_equal(super[1], 1);			/* and it is TCP over IPv4, to be cut */
	assert_int_equal(get16(4), 1448);
	assert_int_equal(get16(2), 14 + 20 + 32);
	assert_int_equal(get16(6), 34);
	assert_int_equal(get16(8), 16);
	/* The same once more: who gets it sees it whole as well, a capture cut. */
	tl_ok(vi_if_capture(p.b, p.c.b, see, &again));
	tl_ok(vi_send(so, super, len, 0, &done));
	tl_settle(&p.t);
	assert_int_equal(again.longest, 1514);
	assert_int_equal(again.bytes, len - VI_PKT_VNETHDRLEN - 66);
	assert_int_equal(again.wrong, 0);
	tl_ok(vi_if_uncapture(p.b, p.c.b, see, &again));
	/* What makes no sense. */
	put16(4, 1449);
	tl_fails(vi_send(so, super, len, 0, &done), EMSGSIZE);
	put16(4, 0);
	tl_fails(vi_send(so, super, len, 0, &done), EINVAL);
	put16(4, 1448);
	super[1] = 5;
	tl_fails(vi_send(so, super, len, 0, &done), EINVAL);
	super[1] = 1;
	super[0] = 0;
	tl_fails(vi_send(so, super, len, 0, &done), EINVAL);
	super[1] = 0;
	tl_fails(vi_send(so, super, len, 0, &done), EMSGSIZE);
	tl_fails(vi_send(so, super, 9, 0, &done), EINVAL);
	vi_close(so);
	tl_hangup(&p.t, &tc);
	vi_close(listener);
	end(&p);
}

/* The longest frame that a packet socket saw pass one way since it was asked last, and whether all had their checksums. */
static size_t
longest(struct vi_socket *so, bool out, bool *summed)
{
	struct vi_iovec iov = { super, sizeof(super) };
	struct vi_msg msg;
	size_t len, most = 0;

	*summed = true;
	for (;;) {
		msg = (struct vi_msg){ .msg_iov = &iov, .msg_iovcnt = 1 };
		if (vi_recvmsg(so, &msg, &len) != 0)
			return (most);
		if ((msg.msg_name.sa_station.st_pkttype == VI_PKT_OUTGOING) != out)
			continue;
		if (msg.msg_frame.fi_len > most)
			most = msg.msg_frame.fi_len;
		if ((msg.msg_frame.fi_flags & VI_FRAME_UNSUMMED) != 0)
			*summed = false;
	}
}

/* What an interface must not leave to others is done by it: frames are cut, checksums made, either way. */
static void
capabilities(void **state)
{
	static const struct { const char *a, *b; uint32_t offa, offb; size_t out, in; bool sumout, sumin; } row[] = {
		{ "10.0.0.1", "10.0.0.2", 0, 0, 5000, 5000, false, false },
		{ "10.0.0.1", "10.0.0.2", VI_IFCAP_TSO4, 0, 1514, 1514, false, false },
		{ "10.0.0.1", "10.0.0.2", VI_IFCAP_TSO6 | VI_IFCAP_TXCSUM6 | VI_IFCAP_GSO, VI_IFCAP_RXCSUM6, 5000, 5000, false, false },
		{ "10.0.0.1", "10.0.0.2", VI_IFCAP_TXCSUM, 0, 1514, 1514, true, true },
		{ "10.0.0.1", "10.0.0.2", 0, VI_IFCAP_LRO, 5000, 1514, false, false },
		{ "10.0.0.1", "10.0.0.2", 0, VI_IFCAP_RXCSUM, 5000, 1514, false, true },
		{ "2001:db8::1", "2001:db8::2", VI_IFCAP_TSO4 | VI_IFCAP_TXCSUM, VI_IFCAP_RXCSUM, 5000, 5000, false, false },
		{ "2001:db8::1", "2001:db8::2", VI_IFCAP_TSO6, 0, 1514, 1514, false, false },
		{ "2001:db8::1", "2001:db8::2", VI_IFCAP_TXCSUM6, 0, 1514, 1514, true, true },
	};
	struct vi_socket *listener, *out, *in;
	struct tl_conn tc;
	struct pair p;
	bool summed;
	size_t n;

	(void)state;
	begin(&p);
	tl_ifaddr(p.a, p.c.a, "2001:db8::1", 64);
	tl_ifaddr(p.b, p.c.b, "2001:db8::2", 64);
	tl_run(&p.t, 5 * TL_SEC);
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		listener = tl_listen(p.b, row[i].b, 80, 5);
		tl_connect(&p.t, p.a, listener, &tc);
		tl_ok(vi_if_set_caps(p.a, p.c.a, 0, row[i].offa));
		tl_ok(vi_if_set_caps(p.b, p.c.b, 0, row[i].offb));
		assert_int_equal(tl_ifinfo(p.a, p.c.a).if_caps, VI_IFCAP_ALL & ~row[i].offa);
		out = open_at(p.a, VI_SOCK_RAW, VI_PKT_ALL, p.ia);
		in = open_at(p.b, VI_SOCK_RAW, VI_PKT_ALL, p.ib);
		for (int r = 0; r < 4; r++)
			tl_send(&p.t, tc.c, tc.s, 100000);
		n = longest(out, true, &summed);
		if (row[i].out == 1514)
			assert_int_equal(n, 1514);
		else
			assert_true(n > 5000);
		assert_int_equal(summed, row[i].sumout);
		n = longest(in, false, &summed);
		if (row[i].in == 1514)
			assert_int_equal(n, 1514);
		else
			assert_true(n > 5000);
		assert_int_equal(summed, row[i].sumin);
		vi_close(out);
		vi_close(in);
		tl_ok(vi_if_set_caps(p.a, p.c.a, VI_IFCAP_ALL, 0));
		tl_ok(vi_if_set_caps(p.b, p.c.b, VI_IFCAP_ALL, 0));
		tl_hangup(&p.t, &tc);
		vi_close(listener);
		tl_run(&p.t, TL_SEC);
	}
	tl_fails(vi_if_set_caps(p.a, p.c.a, 1u << 31, 0), EINVAL);
	tl_fails(vi_if_set_caps(p.a, p.c.a, VI_IFCAP_LRO, VI_IFCAP_LRO), EINVAL);
	tl_fails(vi_if_set_caps(p.a, "none", VI_IFCAP_LRO, 0), ENXIO);
	/* They stay with an interface that moves, and nothing of them stays behind. */
	tl_ok(vi_if_set_caps(p.b, p.c.b, 0, VI_IFCAP_TSO4));
	tl_ok(vi_if_move(p.b, p.c.b, p.a));
	assert_int_equal(tl_ifinfo(p.a, p.c.b).if_caps, VI_IFCAP_ALL & ~VI_IFCAP_TSO4);
	end(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
		cmocka_unit_test(sending_is_checked),
		cmocka_unit_test(interfaces_go),
		cmocka_unit_test(filters),
		cmocka_unit_test(groups),
		cmocka_unit_test(promiscuous_is_shown),
		cmocka_unit_test(full_socket),
		cmocka_unit_test(capabilities),
		cmocka_unit_test(ring_is_charged),
		cmocka_unit_test(super_packets),
		cmocka_unit_test(listed),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
