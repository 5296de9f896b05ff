/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP's rarer options: what they say, and how those that need more than a program has are refused. */
#include "show.h"

/* The host's header ends sooner. */
struct info {
	unsigned char i_state, i_begin[103];
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
	printf("%u bytes, state %u, sent %llu, acknowledged %d, received %llu, data segments %u %u\n", len,
	    t.i_state, (unsigned long long)t.i_bytes_sent, t.i_bytes_acked >= 1000,	/* Linux counts the SYN */
	    (unsigned long long)t.i_bytes_received, t.i_data_segs_out, t.i_data_segs_in);
	printf("retransmitted %llu, duplicates %u, reordered %u, out of order %u, timeouts %u %u %u, rehashed %u\n",
	    (unsigned long long)t.i_bytes_retrans, t.i_dsack_dups, t.i_reord_seen,
	    t.i_rcv_ooopack, t.i_rto, t.i_rtorec, t.i_rtotime, t.i_rehash);
	printf("delivered %d %u, windows %d %d, limit %d\n", t.i_delivered > 0, t.i_delivered_ce,
	    t.i_snd_wnd > 0, t.i_rcv_wnd > 0, t.i_max_pacing == ~0ULL);
	close(fd[0]);
	close(fd[1]);
}

int
main(void)
{
	int s = socket(AF_INET, SOCK_STREAM, 0);

	setvbuf(stdout, NULL, _IOLBF, 0);
	values(s);
	refusals(s);
	info();
	return (0);
}
