/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP's rarer options: what they say, and how those that need more than a program has are refused. */
#include "show.h"

/* The host's header ends sooner. */
struct info {
	unsigned char i_state, i_begin[63];
	unsigned i_rcv_ssthresh;
	unsigned char i_middle[36];
	unsigned long long i_pacing, i_max_pacing, i_bytes_acked, i_bytes_received;
	unsigned i_segs_out, i_segs_in, i_notsent, i_min_rtt, i_data_segs_in, i_data_segs_out;
	unsigned long long i_rate, i_busy, i_rwnd_limited, i_sndbuf_limited;
	unsigned i_delivered, i_delivered_ce;
	unsigned long long i_bytes_sent, i_bytes_retrans;
	unsigned i_dsack_dups, i_reord_seen, i_rcv_ooopack, i_snd_wnd, i_rcv_wnd, i_rehash;
	unsigned short i_rto, i_rtorec;
	unsigned i_rtotime;
};

static void
get(const char *what, int fd, int level, int name, socklen_t len)
{
	unsigned char v[512];
	socklen_t i;

	memset(v, 0, sizeof(v));
	if (getsockopt(fd, level, name, v, &len) != 0) {
		show(what, -1);
		return;
	}
	printf("%s: [%u]", what, len);
	for (i = 0; i < len && i < 16; i++)
		printf(" %x", v[i]);
	printf("\n");
}

static void
set(const char *what, int fd, int level, int name, int v)
{
	show(what, setsockopt(fd, level, name, &v, sizeof(v)));
}

#define GET(fd, level, name)		get("get " #name, fd, level, name, 4)
#define SET(fd, level, name, v)		set("set " #name " " #v, fd, level, name, v)
#define BOTH(fd, level, name, v)	SET(fd, level, name, v); GET(fd, level, name)

static void
values(int s)
{
	unsigned long long rate = 123456789012ULL;

	GET(s, IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS);
	BOTH(s, IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, 1);
	SET(s, IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, 2);
	BOTH(s, IPPROTO_TCP, TCP_THIN_DUPACK, 1);
	SET(s, IPPROTO_TCP, TCP_THIN_DUPACK, 2);
	BOTH(s, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
	BOTH(s, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 0);
	SET(s, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 2);
	GET(s, IPPROTO_TCP, TCP_TX_DELAY);
	BOTH(s, IPPROTO_TCP, TCP_TX_DELAY, 1000);
	SET(s, IPPROTO_TCP, TCP_TX_DELAY, -1);
	SET(s, IPPROTO_TCP, TCP_TX_DELAY, 0x10000000);
	BOTH(s, IPPROTO_TCP, TCP_TX_DELAY, 0);
	BOTH(s, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1);
	SET(s, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 2);
	SET(s, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 0);
	show("key", setsockopt(s, IPPROTO_TCP, TCP_FASTOPEN_KEY, "0123456789abcdef", 16));
	get("key", s, IPPROTO_TCP, TCP_FASTOPEN_KEY, 32);
	show("keys", setsockopt(s, IPPROTO_TCP, TCP_FASTOPEN_KEY, "fedcba98765432100123456789abcdef", 32));
	get("keys", s, IPPROTO_TCP, TCP_FASTOPEN_KEY, 32);
	get("half a key", s, IPPROTO_TCP, TCP_FASTOPEN_KEY, 8);
	show("half a key", setsockopt(s, IPPROTO_TCP, TCP_FASTOPEN_KEY, "01234567", 8));
	BOTH(s, SOL_SOCKET, SO_MAX_PACING_RATE, 1000000);
	get("of 64 bits", s, SOL_SOCKET, SO_MAX_PACING_RATE, 8);
	show("of 64 bits", setsockopt(s, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, sizeof(rate)));
	get("of 64 bits", s, SOL_SOCKET, SO_MAX_PACING_RATE, 8);
	GET(s, SOL_SOCKET, SO_MAX_PACING_RATE);
	BOTH(s, SOL_SOCKET, SO_MAX_PACING_RATE, -1);
	get("of 64 bits", s, SOL_SOCKET, SO_MAX_PACING_RATE, 8);
	GET(s, IPPROTO_TCP, TCP_ULP);
	GET(s, SOL_SOCKET, SO_PREFER_BUSY_POLL);
	SET(s, SOL_SOCKET, SO_PREFER_BUSY_POLL, 0);
	show("ULP", setsockopt(s, IPPROTO_TCP, TCP_ULP, "nosuch", 7));
	show("reno", setsockopt(s, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
	get("TCP_CONGESTION", s, IPPROTO_TCP, TCP_CONGESTION, 16);
	get("TCP_CC_INFO", s, IPPROTO_TCP, TCP_CC_INFO, 64);
	show("newreno", setsockopt(s, IPPROTO_TCP, TCP_CONGESTION, "newreno", 7));
}

/* As a program without privilege sees them; the harness gives none. */
static void
refusals(int s)
{
	GET(s, IPPROTO_TCP, TCP_REPAIR);
	GET(s, IPPROTO_TCP, TCP_REPAIR_QUEUE);
	GET(s, IPPROTO_TCP, TCP_QUEUE_SEQ);
	SET(s, IPPROTO_TCP, TCP_REPAIR_QUEUE, 1);
	SET(s, IPPROTO_TCP, TCP_TIMESTAMP, 1);
	SET(s, IPPROTO_TCP, TCP_QUEUE_SEQ, 1);
	SET(s, IPPROTO_TCP, TCP_REPAIR_OPTIONS, 1);
}

static void
info(void)
{
	struct info t;
	socklen_t len = sizeof(t);
	char buf[1000] = "";
	int fd[2];

	connected(fd);
	show("write", write(fd[0], buf, sizeof(buf)));
	show("read", recv(fd[1], buf, sizeof(buf), MSG_WAITALL));
	show("write", write(fd[1], buf, 500));
	show("read", recv(fd[0], buf, 500, MSG_WAITALL));
	memset(&t, 0, sizeof(t));
	show("TCP_INFO", getsockopt(fd[0], IPPROTO_TCP, TCP_INFO, &t, &len));
	printf("%u bytes, state %u, sent %llu, acknowledged %llu, received %llu, data segments %u %u\n", len,
	    t.i_state, (unsigned long long)t.i_bytes_sent, (unsigned long long)t.i_bytes_acked,
	    (unsigned long long)t.i_bytes_received, t.i_data_segs_out, t.i_data_segs_in);
	printf("retransmitted %llu, duplicates %u, reordered %u, out of order %u, timeouts %u %u %u, rehashed %u\n",
	    (unsigned long long)t.i_bytes_retrans, t.i_dsack_dups, t.i_reord_seen,
	    t.i_rcv_ooopack, t.i_rto, t.i_rtorec, t.i_rtotime, t.i_rehash);
	printf("delivered %d %u, windows %d %d %d, limit %d, pace %d\n", t.i_delivered > 0, t.i_delivered_ce,
	    t.i_snd_wnd > 0, t.i_rcv_wnd > 0, t.i_rcv_ssthresh >= t.i_rcv_wnd / 2, t.i_max_pacing == ~0ULL, t.i_pacing > 0);
	close(fd[0]);
	close(fd[1]);
}

static void
saved(const char *what, int fd, socklen_t space)
{
	unsigned char b[200] = { 0 };
	socklen_t len = space, hlen;
	int error = getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, b, &len);

	hlen = b[0] >> 4 == 6 ? 40 : (socklen_t)(b[0] & 15) * 4;
	show(what, error);
	if (error == 0 && len > 0)
		printf("version %u, protocol %u, length of the packet %d, of all %d, to port %d, flags %x\n", b[0] >> 4, b[hlen == 40 ? 6 : 9],
		    hlen == 40 ? (b[4] << 8 | b[5]) == (int)len - 40 : (b[2] << 8 | b[3]) == (int)len,
		    len == hlen + (socklen_t)(b[hlen + 12] >> 4) * 4, b[hlen + 2] << 8 | b[hlen + 3], b[hlen + 13] & 0x3f);
	else
		printf("%s\n", len > 40 ? "so many" : len == 0 ? "nothing" : "few");
}

static void
savesyn(int family)
{
	union { struct sockaddr sa; struct sockaddr_in sin; struct sockaddr_in6 sin6; } a = { .sin = loopback(7777) };
	const socklen_t alen = family == AF_INET ? sizeof(a.sin) : sizeof(a.sin6);
	int l = socket(family, SOCK_STREAM, 0), fd[2], on = 1;

	if (family == AF_INET6)
		a.sin6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(7777), .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	(void)setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	GET(l, IPPROTO_TCP, TCP_SAVE_SYN);
	SET(l, IPPROTO_TCP, TCP_SAVE_SYN, -1);
	SET(l, IPPROTO_TCP, TCP_SAVE_SYN, 3);
	BOTH(l, IPPROTO_TCP, TCP_SAVE_SYN, 1);
	SET(l, IPPROTO_TCP, TCP_SAVED_SYN, 1);
	saved("of none", l, 100);
	show("bind", bind(l, &a.sa, alen));
	show("listen", listen(l, 1));
	for (int i = 0; i < 2; i++) {
		fd[0] = socket(family, SOCK_STREAM, 0);
		show("connect", connect(fd[0], &a.sa, alen));
		ok("accept", fd[1] = accept(l, NULL, NULL));
		saved("of who called", fd[0], 100);
		saved("too little", fd[1], 30);
		saved("enough", fd[1], 200);
		saved("again", fd[1], 200);
		GET(fd[1], IPPROTO_TCP, TCP_SAVE_SYN);
		close(fd[0]);
		close(fd[1]);
		SET(l, IPPROTO_TCP, TCP_SAVE_SYN, 0);
	}
	close(l);
}

static void
name(const char *what, int fd, const struct sockaddr_in *before)
{
	struct sockaddr_in sin = name_of(fd);

	printf("%s: address %x, port %s\n", what, ntohl(sin.sin_addr.s_addr), sin.sin_port == 0 ? "0" : sin.sin_port == before->sin_port ? "the same" : "another");
}

/* Whoever logs where a connection was that has ended without him. */
static void
names(void)
{
	struct sockaddr_in before, to = nobody(SOCK_STREAM);
	int fd[2];

	connected(fd);
	before = name_of(fd[0]);
	get("of the peer", fd[0], SOL_SOCKET, SO_PEERNAME, 2);
	get("too much of the peer", fd[0], SOL_SOCKET, SO_PEERNAME, 17);
	reset_close(fd[1]);
	show_poll("reset", fd[0], POLLHUP);
	name("after a reset", fd[0], &before);
	close(fd[0]);
	connected(fd);
	before = name_of(fd[1]);
	reset_close(fd[0]);
	show_poll("reset", fd[1], POLLHUP);
	name("of who was called", fd[1], &before);
	close(fd[1]);
	connected(fd);
	before = name_of(fd[0]);
	(void)shutdown(fd[0], SHUT_WR);
	show_poll("shut", fd[1], POLLRDHUP);
	close(fd[1]);
	show_poll("over", fd[0], POLLHUP);
	name("after the end", fd[0], &before);
	close(fd[0]);
	fd[0] = socket(AF_INET, SOCK_STREAM, 0);
	nonblock(fd[0], true);
	show("connect", try_connect(fd[0], &to));
	before = name_of(fd[0]);
	show_poll("refused", fd[0], POLLHUP);
	name("of who was refused", fd[0], &before);
	close(fd[0]);
}

/* A listener's tcpi_unacked and tcpi_sacked, by which servers watch their queues; and what is not inherited. */
static void
queue(void)
{
	struct sockaddr_in sin;
	const int l = listener(&sin);
	int fd[3], i, a;
	unsigned ti[26];
	socklen_t len;

	SET(l, SOL_SOCKET, SO_PRIORITY, 3);
	show("listen", listen(l, 5));
	for (i = 0; i < 3; i++) {
		fd[i] = socket(AF_INET, SOCK_STREAM, 0);
		show("connect", try_connect(fd[i], &sin));
	}
	for (i = 0; i < 2; i++) {
		len = sizeof(ti);
		show("TCP_INFO", getsockopt(l, IPPROTO_TCP, TCP_INFO, ti, &len));
		printf("%u of %u\n", ti[6], ti[7]);
		ok("accept", a = accept(l, NULL, NULL));
		GET(a, SOL_SOCKET, SO_PRIORITY);
		close(a);
	}
	for (i = 0; i < 3; i++)
		close(fd[i]);
	close(l);
}

int
main(void)
{
	int s = socket(AF_INET, SOCK_STREAM, 0);

	setvbuf(stdout, NULL, _IOLBF, 0);
	values(s);
	refusals(s);
	info();
	names();
	queue();
	savesyn(AF_INET);
	savesyn(AF_INET6);
	return (0);
}
