/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vimage/vimage.h>

#include "base/checksum.h"
#include "kern/kernel.h"
#include "wire/ip.h"

/* inet_ops have no argument of ours: one wire at a time. */
static struct wire *wire_current;

static const struct inet_ops wire_ops;

/* Also for programs that are not cmocka's: the fuzzer. */
#define wire_check(cond) wire_check_at((cond), #cond, __LINE__)

static void
wire_check_at(bool ok, const char *what, int line)
{
	if (ok)
		return;
	fprintf(stderr, "wire.c:%d: not so: %s\n", line, what);
	abort();
}

static struct in_addr_any
wire_in(int side)
{
	return (in4_any(HTONL(0x0a000001u + (uint32_t)side)));
}

void
wire_addr(int side, uint16_t port, struct vi_sockaddr *sa)
{
	memset(sa, 0, sizeof(*sa));
	sa->sa_family = VI_AF_INET;
	sa->sa_port = HTONS(port);
	sa->sa_in = wire_in(side).in4;
}

uint32_t
wire_random(struct wire *w)
{
	w->w_rng ^= w->w_rng << 13;
	w->w_rng ^= w->w_rng >> 7;
	w->w_rng ^= w->w_rng << 17;
	return ((uint32_t)(w->w_rng >> 16));
}

static bool
wire_chance(struct wire *w, uint32_t ppm)
{
	return (ppm != 0 && wire_random(w) % 1000000 < ppm);
}

static uint64_t
wire_clock(struct wire *w)
{
	return (vi_sim_now(w->w_host));
}

/* The bottleneck: when the packet has passed it; false: it found the queue full. */
static bool
wire_bottleneck(struct wire *w, struct wpkt *wp, uint64_t *when)
{
	uint64_t now = *when, waiting;

	if (w->w_rate == 0 || wp->wp_to != 1)
		return (true);
	if (w->w_busy < now)
		w->w_busy = now;
	waiting = (w->w_busy - now) * w->w_rate / SEC;
	if (w->w_qlimit != 0 && waiting + wp->wp_len + 20 > w->w_qlimit) {
		w->w_qdrops++;
		return (false);
	}
	if (w->w_qmark != 0 && waiting > w->w_qmark && (wp->wp_tos & IPTOS_ECN_MASK) != 0)
		wp->wp_tos |= IPTOS_ECN_CE;
	w->w_busy += (wp->wp_len + 20) * SEC / w->w_rate;
	*when = w->w_busy;
	return (true);
}

static void
wire_enqueue(struct wire *w, struct wpkt *wp)
{
	struct wpkt **pp = &w->w_queue;
	uint64_t when = wire_clock(w);

	if (!wire_bottleneck(w, wp, &when)) {
		w->w_lost++;
		free(wp);
		return;
	}
	wp->wp_time = when + w->w_delay + wp->wp_hold +
		      (w->w_jitter != 0 ? wire_random(w) % w->w_jitter : 0);
	wp->wp_seq = ++w->w_nsent;
	while (*pp != NULL && (*pp)->wp_time <= wp->wp_time)
		pp = &(*pp)->wp_next;
	wp->wp_next = *pp;
	*pp = wp;
}

static struct wpkt *
wire_newpkt(int to, uint32_t len)
{
	struct wpkt *wp = calloc(1, sizeof(*wp) + len);

	wire_check(wp != NULL);
	wp->wp_to = to;
	wp->wp_len = len;
	return (wp);
}

static void
wire_transmit(struct wire *w, struct wpkt *wp)
{
	struct wpkt *dup;

	if ((w->w_filter != NULL && w->w_filter(w, wp) == WIRE_LOSE) || wire_chance(w, w->w_loss)) {
		w->w_lost++;
		free(wp);
		return;
	}
	if (wire_chance(w, w->w_corrupt)) {
		wp->wp_data[wire_random(w) % wp->wp_len] ^= (uint8_t)(1u << wire_random(w) % 8);
		wp->wp_valid = false;
	}
	if (wire_chance(w, w->w_dup)) {
		dup = wire_newpkt(wp->wp_to, wp->wp_len);
		memcpy(dup, wp, sizeof(*wp) + wp->wp_len);
		wire_enqueue(w, dup);
	}
	wire_enqueue(w, wp);
}

static void
wire_sum(struct wpkt *wp)
{
	struct tcphdr *th = (struct tcphdr *)(void *)wp->wp_data;
	struct in_addr_any src = wire_in(1 - wp->wp_to), dst = wire_in(wp->wp_to);

	th->th_sum = wire_ops.io_pseudo(&src, &dst, VI_IPPROTO_TCP, wp->wp_len);
	th->th_sum = cksum_fold(cksum_add(wp->wp_data, wp->wp_len, 0));
}

/* What a real link does to a super-packet. */
static void
wire_cut(struct wire *w, struct wpkt *big)
{
	uint32_t hlen = th_hlen(wp_th(big)), left = big->wp_len - hlen, off = 0, n;
	struct tcphdr *th;
	struct wpkt *wp;

	do {
		n = left < big->wp_segsz || big->wp_segsz == 0 ? left : big->wp_segsz;
		wp = wire_newpkt(big->wp_to, hlen + n);
		wp->wp_tos = big->wp_tos;
		memcpy(wp->wp_data, big->wp_data, hlen);
		memcpy(wp->wp_data + hlen, big->wp_data + hlen + off, n);
		th = (struct tcphdr *)(void *)wp->wp_data;
		th->th_seq = HTONL(NTOHL(th->th_seq) + off);
		if (off > 0)
			th_set_flags(th, (uint16_t)(th_flags(th) & ~TH_CWR));
		if (n < left)
			th_set_flags(th, (uint16_t)(th_flags(th) & ~(TH_FIN | TH_PUSH)));
		wire_sum(wp);
		off += n;
		left -= n;
		wire_transmit(w, wp);
	} while (left > 0);
	free(big);
}

static int
wire_output(struct vnet *vn, struct mbuf *m, uint8_t tos)
{
	struct wire *w = wire_current;
	int from = vn == w->w_vn[1];
	struct wpkt *wp;
	int error = w->w_error;

	wire_check(m->m_pkt.len == m_length(m));
	wire_check(m->m_pkt.csum_flags & CSUM_TCP);
	wire_check(m->m_pkt.len + 20 <= 65535);
	if ((m->m_pkt.csum_flags & CSUM_TSO) == 0 && m->m_pkt.len + 20 > w->w_mtu)
		error = EMSGSIZE;
	if (m->m_pkt.segsz + 20u + 20u > w->w_mtu)
		error = EMSGSIZE;
	if (error != 0) {
		m_freem(m);
		return (error);
	}
	wp = wire_newpkt(1 - from, m->m_pkt.len);
	m_copydata(m, 0, wp->wp_len, wp->wp_data);
	wp->wp_valid = true;
	wp->wp_segsz = m->m_pkt.segsz;
	wp->wp_tos = tos;
	m_freem(m);
	if (w->w_cut)
		wire_cut(w, wp);
	else
		wire_transmit(w, wp);
	return (0);
}

static int
wo_output(struct inpcb *inp, struct mbuf *m, unsigned flags)
{
	(void)flags;
	return (wire_output(inp->inp_vnet, m, inp->inp_tos));
}

static int
wo_send(struct vnet *vn, const struct inet_flow *fl, uint8_t proto, struct mbuf *m)
{
	wire_check(proto == VI_IPPROTO_TCP);
	return (wire_output(vn, m, fl->if_tos));
}

static uint16_t
wo_pseudo(const struct in_addr_any *src, const struct in_addr_any *dst, uint8_t proto, uint32_t len)
{
	uint8_t ph[12];

	u32store(ph, src->in4);
	u32store(ph + 4, dst->in4);
	be16enc(ph + 8, proto);
	be16enc(ph + 10, (uint16_t)len);
	return (cksum_reduce(cksum_add(ph, sizeof(ph), 0)));
}

static int
wo_source(struct inpcb *inp, const struct in_addr_any *faddr, struct in_addr_any *laddr)
{
	(void)faddr;
	*laddr = wire_in(inp->inp_vnet == wire_current->w_vn[1]);
	return (0);
}

static uint32_t
wo_pathmtu(struct vnet *vn, struct inpcb *inp, uint32_t fib, const struct in_addr_any *faddr)
{
	(void)vn, (void)inp, (void)fib, (void)faddr;
	return (wire_current->w_mtu);
}

static bool
wo_islocal(struct vnet *vn, const struct in_addr_any *a)
{
	struct in_addr_any own = wire_in(vn == wire_current->w_vn[1]);

	return (in_addr_eq(a, &own));
}

static bool
wo_isusable(struct vnet *vn, const struct in_addr_any *a, bool raw)
{
	(void)raw;
	return (wo_islocal(vn, a));
}

static bool
wo_isbcast(struct vnet *vn, const struct in_addr_any *a)
{
	(void)vn, (void)a;
	return (false);
}

static void
wo_sockaddr(const struct in_addr_any *a, uint16_t port, struct vi_sockaddr *sa)
{
	memset(sa, 0, sizeof(*sa));
	sa->sa_family = VI_AF_INET;
	sa->sa_port = port;
	sa->sa_in = a->in4;
}

static const struct inet_ops wire_ops = {
	.io_family = VI_AF_INET,
	.io_hdrlen = 20,
	.io_output = wo_output,
	.io_send = wo_send,
	.io_pseudo = wo_pseudo,
	.io_source = wo_source,
	.io_pathmtu = wo_pathmtu,
	.io_islocal = wo_islocal,
	.io_isusable = wo_isusable,
	.io_isbcast = wo_isbcast,
	.io_sockaddr = wo_sockaddr,
};

void
wire_deliver(struct wire *w, struct wpkt *wp)
{
	struct vnet *vn = w->w_vn[wp->wp_to];
	struct inet_pkt pkt = {
	    .ip_vnet = vn,
	    .ip_ops = &wire_ops,
	    .ip_src = wire_in(1 - wp->wp_to),
	    .ip_dst = wire_in(wp->wp_to),
	    .ip_hlen = 20,
	    .ip_plen = wp->wp_len,
	    .ip_proto = VI_IPPROTO_TCP,
	    .ip_ttl = 64,
	    .ip_tos = wp->wp_tos,
	};
	struct mbuf *m;

	kernel_lock(w->w_k);
	lane_clock(&vn->vn_lane);
	if ((m = m_frombuf(vnet_acct(vn), wp->wp_data, wp->wp_len, MAX_HDR)) != NULL) {
		m->m_pkt.segsz = (uint16_t)wp->wp_segsz;
		m->m_pkt.csum_flags = wp->wp_valid ? CSUM_DATA_VALID : 0;
		tcp_input(m, &pkt);
	}
	kernel_unlock(w->w_k);
	free(wp);
}

/* Runs one thing that is due until the given time; false when nothing is. */
static bool
wire_step(struct wire *w, uint64_t until)
{
	uint64_t next = worker_next(kernel_worker(w->w_k, 0)), now = wire_clock(w);
	struct wpkt *wp = w->w_queue;

	if (wp != NULL && wp->wp_time < next)
		next = wp->wp_time;
	if (next > until)
		return (false);
	if (next > now)
		vi_sim_advance(w->w_host, next - now);
	if (wp != NULL && wp->wp_time <= wire_clock(w)) {
		w->w_queue = wp->wp_next;
		wire_deliver(w, wp);
	}
	while (kernel_poll(w->w_k) == 0)
		;
	return (true);
}

void
wire_run(struct wire *w, uint64_t ns)
{
	uint64_t until = wire_clock(w) + ns;

	while (kernel_poll(w->w_k) == 0)
		;
	while (wire_step(w, until))
		;
	if (until > wire_clock(w))
		vi_sim_advance(w->w_host, until - wire_clock(w));
	wire_now(w);
}

bool
wire_until(struct wire *w, bool (*cond)(void *), void *arg, uint64_t ns)
{
	uint64_t until = wire_clock(w) + ns;

	while (kernel_poll(w->w_k) == 0)
		;
	while (!cond(arg))
		if (!wire_step(w, until))
			return (cond(arg));
	wire_now(w);
	return (true);
}

void
wire_idle(struct wire *w)
{
	while (w->w_queue != NULL)
		wire_step(w, w->w_queue->wp_time);
	wire_run(w, USEC);
}

void
wire_now(struct wire *w)
{
	kernel_lock(w->w_k);
	lane_clock(&w->w_vn[0]->vn_lane);
	lane_clock(&w->w_vn[1]->vn_lane);
	kernel_unlock(w->w_k);
}

void
wire_init(struct wire *w, uint64_t seed)
{
	struct vi_kernel_params kp;
	struct vi_vnet *vv;

	memset(w, 0, sizeof(*w));
	w->w_rng = seed * 0x9e3779b97f4a7c15u | 1;
	w->w_delay = 1 * MSEC;
	w->w_mtu = 1500;
	wire_check(vi_host_sim_new(seed, &w->w_host) == 0);
	memset(&kp, 0, sizeof(kp));
	kp.kp_host = w->w_host;
	wire_check(vi_kernel_new(&kp, &w->w_vk) == 0);
	w->w_k = (struct kernel *)(void *)w->w_vk;
	for (int i = 0; i < 2; i++) {
		wire_check(vi_vnet_create(w->w_vk, i == 0 ? "a" : "b", &vv) == 0);
		w->w_vn[i] = (struct vnet *)(void *)vv;
	}
	vi_sim_advance(w->w_host, 1000 * SEC);
	wire_current = w;
	wire_now(w);
}

static void
wire_leak(void *arg, const struct vi_leak *lk)
{
	(void)arg;
	fprintf(stderr, "leak: %s %llu\n", lk->lk_zone, (unsigned long long)lk->lk_count);
}

static void
wire_no_bytes(void *arg, const struct vi_account *va)
{
	static const char *const zones[] = { "mbuf", "socket", "tcpcb" };

	(void)arg;
	for (unsigned i = 0; i < NITEMS(zones); i++) {
		if (va->va_bytes == 0 || strcmp(va->va_name, zones[i]) != 0)
			continue;
		fprintf(stderr, "%llu bytes of %s are left\n", (unsigned long long)va->va_bytes, va->va_name);
		wire_check(false);
	}
}

void
wire_quiet(struct wire *w)
{
	for (int i = 0; i < 2; i++)
		vi_vnet_accounts((struct vi_vnet *)(void *)w->w_vn[i], wire_no_bytes, NULL);
}

void
wire_fini(struct wire *w)
{
	struct wpkt *wp;
	unsigned leaks;

	leaks = vi_kernel_free(w->w_vk, wire_leak, NULL);
	while ((wp = w->w_queue) != NULL) {
		w->w_queue = wp->wp_next;
		free(wp);
	}
	vi_host_sim_free(w->w_host);
	wire_current = NULL;
	wire_check(leaks == 0);
}

struct socket *
wire_socket(struct wire *w, int side)
{
	struct vi_cred cred = { .cr_priv = true };
	struct socket *so;
	struct inpcb *inp;

	if (socreate(w->w_vn[side], VI_AF_INET, VI_SOCK_STREAM, 0, &cred, &so) != 0)
		return (NULL);
	inp = so->so_pcb;
	inp->inp_ops = &wire_ops;
	return (so);
}

struct socket *
wire_listen(struct wire *w, int side, uint16_t port, int backlog)
{
	struct socket *so = wire_socket(w, side);
	struct vi_sockaddr sa;

	wire_check(so != NULL);
	wire_addr(side, port, &sa);
	wire_setint(so, VI_SO_REUSEADDR, 1);
	wire_check(sobind(so, &sa) == 0);
	wire_check(solisten(so, backlog) == 0);
	return (so);
}

static bool
wire_connected(void *arg)
{
	const struct socket *so = arg;

	return ((so->so_state & SS_ISCONNECTING) == 0);
}

int
wire_connect(struct wire *w, struct socket *so, int toside, uint16_t port)
{
	struct vi_sockaddr sa;
	int error;

	wire_now(w);
	wire_addr(toside, port, &sa);
	if ((error = soconnect(so, &sa)) != EINPROGRESS)
		return (error);
	wire_until(w, wire_connected, so, 300 * SEC);
	if (so->so_state & SS_ISCONNECTED)
		return (0);
	error = so->so_error;
	so->so_error = 0;
	return (error != 0 ? error : EINPROGRESS);
}

static bool
wire_acceptable(void *arg)
{
	const struct socket *so = arg;

	return (so->so_qlen > 0);
}

struct socket *
wire_accept(struct wire *w, struct socket *listener)
{
	struct vi_sockaddr sa;
	struct socket *so;

	if (!wire_until(w, wire_acceptable, listener, 300 * SEC))
		return (NULL);
	wire_check(soaccept(listener, &so, &sa) == 0);
	return (so);
}

void
wire_pair(struct wire *w, struct socket *so[2])
{
	struct socket *ls = wire_listen(w, 1, 80, 16);

	so[0] = wire_socket(w, 0);
	wire_check(so[0] != NULL);
	wire_check(wire_connect(w, so[0], 1, 80) == 0);
	so[1] = wire_accept(w, ls);
	wire_check(so[1] != NULL);
	soclose(ls);
}

size_t
wire_send(struct wire *w, struct socket *so, const void *p, size_t len, int flags)
{
	struct vi_iovec iov = { (void *)(uintptr_t)p, len };
	struct vi_msg msg;
	size_t done = 0;

	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovcnt = 1;
	msg.msg_flags = (unsigned)flags;
	wire_now(w);
	(void)sosend(so, &msg, &done);
	return (done);
}

size_t
wire_recv(struct wire *w, struct socket *so, void *p, size_t len, int *error)
{
	struct vi_iovec iov = { p, len };
	struct vi_msg msg;
	size_t done = 0;

	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovcnt = 1;
	wire_now(w);
	*error = soreceive(so, &msg, &done);
	return (done);
}

static void
wire_forge(struct wire *w, int toside, uint16_t sport, uint16_t dport, uint32_t seq, uint32_t ack,
    uint16_t flags, uint16_t win, unsigned hlen, const void *rest, size_t len)
{
	struct wpkt *wp = wire_newpkt(toside, (uint32_t)(TCP_MINHLEN + len));
	struct tcphdr *th = (struct tcphdr *)(void *)wp->wp_data;

	th->th_sport = sport;
	th->th_dport = dport;
	th->th_seq = HTONL(seq);
	th->th_ack = HTONL(ack);
	th_set_offflags(th, hlen, flags);
	th->th_win = HTONS(win);
	if (len > 0)
		memcpy(wp->wp_data + TCP_MINHLEN, rest, len);
	wp->wp_valid = true;
	wire_deliver(w, wp);
	while (kernel_poll(w->w_k) == 0)
		;
}

void
wire_inject(struct wire *w, int toside, uint16_t sport, uint16_t dport, uint32_t seq, uint32_t ack,
    uint16_t flags, uint16_t win, const void *data, size_t len)
{
	wire_forge(w, toside, sport, dport, seq, ack, flags, win, TCP_MINHLEN, data, len);
}

void
wire_inject_opts(struct wire *w, int toside, uint16_t sport, uint16_t dport, uint32_t seq,
    uint32_t ack, uint16_t flags, uint16_t win, const void *opts, size_t len)
{
	wire_forge(w, toside, sport, dport, seq, ack, flags, win, TCP_MINHLEN + (unsigned)len, opts, len);
}

void
wire_setint(struct socket *so, enum vi_sockopt opt, int v)
{
	wire_check(sosetopt(so, opt, &v, sizeof(v)) == 0);
}

int
wire_getint(struct socket *so, enum vi_sockopt opt)
{
	size_t len = sizeof(int);
	int v = -12345;

	wire_check(sogetopt(so, opt, &v, &len) == 0);
	return (v);
}

void
wire_sysctl(struct wire *w, int side, const char *name, const char *value)
{
	struct vi_cred cred = { .cr_priv = true };

	wire_check(vi_sysctl_set((struct vi_vnet *)(void *)w->w_vn[side], name, value, &cred) == 0);
}

void
wire_options(const struct wpkt *wp, struct tcp_opts *to)
{
	const struct tcphdr *th = wp_th(wp);

	wire_check(tcp_opts_parse(wp->wp_data + TCP_MINHLEN, th_hlen(th) - TCP_MINHLEN,
		       (th_flags(th) & TH_SYN) != 0, to) == WIRE_OK);
}

void
wire_carry(struct wire *w, struct socket *so[2], uint32_t total)
{
	static uint8_t buf[65536];
	uint32_t sent = 0, got = 0;
	int error;

	for (unsigned i = 0; got < total; i++) {
		wire_check(i < 100000);
		if (sent < total)
			sent += (uint32_t)wire_send(
			    w, so[0], buf, szmin(sizeof(buf), total - sent), 0);
		wire_run(w, 5 * MSEC);
		got += (uint32_t)wire_recv(w, so[1], buf, sizeof(buf), &error);
	}
}

void
wire_ctl(struct wire *w, int side, const struct inpcb *inp, enum inet_ctl cmd, uint32_t mtu, uint32_t seq)
{
	uint8_t quoted[8];
	struct inet_ctlmsg ic = {
	    .ic_cmd = cmd,
	    .ic_errno = cmd == INET_CTL_MSGSIZE ? EMSGSIZE : ECONNREFUSED,
	    .ic_mtu = mtu,
	    .ic_ops = inp->inp_ops,
	    .ic_src = inp->inp_laddr,
	    .ic_dst = inp->inp_faddr,
	    .ic_data = quoted,
	    .ic_len = sizeof(quoted),
	};

	u16store(quoted, inp->inp_lport);
	u16store(quoted + 2, inp->inp_fport);
	be32enc(quoted + 4, seq);
	tcp_ctlinput(w->w_vn[side], &ic);
}
