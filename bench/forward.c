/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forwarding in one process and one thread: frames of 64 bytes (60 without the checksum) from one
 * stack by a router to a third, which counts them.
 *
 *	forward [-d DESTINATIONS] [-r ROUTES] [-s SIZE] [-t SECONDS] [4|6|bridge ...]
 *
 * "bridge": a bridge of two members in the place of the router, which knows where the sink is and learns where the source is.
 *
 * "direct" is the same cable and counter without the router: what making, handing over and freeing
 * a frame costs, which is no part of forwarding.  Medians of 5 rounds of SECONDS (0.3) of CPU time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <vimage/ifnet.h>
#include <vimage/jail.h>
#include <vimage/route.h>
#include <vimage/sysctl.h>
#include <vimage/vimage.h>

#include "api/api.h"
#include "base/endian.h"
#include "mbuf/mbuf.h"
#include "net/ifnet.h"
#include "wire/ip.h"

#define BURST	64u
#define ROUNDS	5

enum way { DIRECT, ROUTED, BRIDGED };

struct bench {
	struct vi_host	*b_host;
	struct vi_kernel *b_kernel;
	struct vi_vnet	*b_vn[3];	/* source, router, sink */
	struct ifnet	*b_out, *b_sink;
	struct ifnet_ops b_ops;
	struct work	 b_work;
	uint64_t	 b_received, b_sent;
	uint32_t	 b_ndst, b_nroutes, b_size, b_next;
	double		 b_seconds;
	bool		 b_six;
	uint8_t		 b_frame[1514];
};

static struct bench *sinks;	/* the one run */

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ((double)ts.tv_sec + (double)ts.tv_nsec / 1e9);
}

static void
check(const char *what, int error)
{
	if (error == 0)
		return;
	fprintf(stderr, "forward: %s: %s\n", what, strerror(error));
	exit(1);
}

/* 10.NET.0.HOST or 2001:db8:NET::HOST; net 0: where frames go, 2^16 hosts of 10.128/16. */
static struct vi_sockaddr
addr(const struct bench *b, unsigned net, unsigned host)
{
	const uint8_t six[16] = { 0x20, 1, 0x0d, 0xb8, 0, (uint8_t)net, [14] = (uint8_t)(host >> 8), (uint8_t)host };
	const uint8_t four[4] = { 10, (uint8_t)net, (uint8_t)(host >> 8), (uint8_t)host };
	struct vi_sockaddr sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_family = b->b_six ? VI_AF_INET6 : VI_AF_INET;
	if (b->b_six)
		memcpy(sa.sa_in6, six, sizeof(six));
	else
		memcpy(&sa.sa_in, four, sizeof(four));
	return (sa);
}

static void
sink_input(struct ifnet *ifp, struct mbuf *m)
{
	(void)ifp;
	sinks->b_received += m->m_pkt.len == sinks->b_size;	/* not what neighbours say */
	m_freem(m);
}

/* The destination of the next frame, and what depends on it. */
static void
aim(struct bench *b, uint8_t *f)
{
	const uint32_t host = (b->b_next++ * 2654435761u >> 8) % b->b_ndst;
	uint8_t *ip = f + 14;

	if (b->b_six) {
		be16enc(ip + 38, (uint16_t)host);
		return;
	}
	be16enc(ip + 18, (uint16_t)host);
	((struct ip *)(void *)ip)->ip_sum = 0;
	((struct ip *)(void *)ip)->ip_sum = ip_sum_make(ip, 20);
}

static void
burst(struct work *wk)
{
	struct bench *b = sinks;
	struct mbuf *m;

	(void)wk;
	for (unsigned i = 0; i < BURST; i++) {
		if ((m = m_gethdr(vnet_acct(b->b_out->if_vnet))) == NULL)
			check("m_gethdr", ENOBUFS);
		if (b->b_size > MLEN - MAX_HDR)
			check("size", EMSGSIZE);
		memcpy(m->m_data, b->b_frame, b->b_size);
		aim(b, m->m_data);
		m->m_len = m->m_pkt.len = b->b_size;
		b->b_sent++;
		(void)if_transmit(b->b_out, m);
	}
}

static void
make_frame(struct bench *b, const struct ifnet *to)
{
	const struct vi_sockaddr src = addr(b, 1, 1), dst = addr(b, 128, 0);
	uint8_t *f = b->b_frame, *ip = f + 14;

	memset(f, 0, sizeof(b->b_frame));
	memcpy(f, to->if_lladdr, 6);
	memcpy(f + 6, b->b_out->if_lladdr, 6);
	be16enc(f + 12, b->b_six ? 0x86dd : 0x0800);
	if (b->b_six) {
		ip[0] = 0x60;
		be16enc(ip + 4, (uint16_t)(b->b_size - 54));
		ip[6] = 17;
		ip[7] = 64;
		memcpy(ip + 8, src.sa_in6, 16);
		memcpy(ip + 24, dst.sa_in6, 16);
		be16enc(ip + 40, 1000);
		return;
	}
	ip[0] = 0x45;
	be16enc(ip + 2, (uint16_t)(b->b_size - 14));
	ip[8] = 64;
	ip[9] = 17;
	memcpy(ip + 12, &src.sa_in, 4);
	memcpy(ip + 16, &dst.sa_in, 4);
	be16enc(ip + 20, 1000);
}

/* A cable from a to the stack behind it, with addresses of this net. */
static void
cable(struct bench *b, int from, int to, unsigned net, char name[2][VI_IFNAMSIZ])
{
	check("epair", vi_if_create(b->b_vn[from], "epair", name[0]));
	memcpy(name[1], name[0], VI_IFNAMSIZ);
	name[1][strlen(name[1]) - 1] = 'b';
	check("move", vi_if_move(b->b_vn[from], name[1], b->b_vn[to]));
	for (int i = 0; i < 2; i++) {
		struct vi_ifaddr ia = { .ia_addr = addr(b, net, (unsigned)i + 1), .ia_prefixlen = b->b_six ? 64 : 24 };
		struct vi_vnet *vn = b->b_vn[i == 0 ? from : to];

		check("addr", vi_if_addr_add(vn, name[i], &ia, false));
		check("up", vi_if_set_flags(vn, name[i], VI_IFF_UP, 0));
	}
}

/* Routes that no frame takes, so that the table is as large as was asked for. */
static void
fill(struct bench *b)
{
	struct vi_route rt = { .rt_gateway = addr(b, 2, 2), .rt_flags = VI_RTF_GATEWAY };

	for (uint32_t i = 0; i < b->b_nroutes; i++) {
		const uint32_t net = 0x14000000u + i * 256;

		rt.rt_dst = addr(b, 0, 0);
		rt.rt_prefixlen = b->b_six ? 48 : 24;
		if (b->b_six)
			be32enc(rt.rt_dst.sa_in6 + 2, net >> 8);
		else
			be32enc(&rt.rt_dst.sa_in, net);
		check("route", vi_route_add(b->b_vn[1], &rt));
	}
}

static void
option(struct bench *b, const char *word, const char *a, const char *c)
{
	const char *argv[] = { a, c };
	char err[VI_ERRLEN];

	check(word, vi_if_option(b->b_vn[1], "bridge0", word, argv, c != NULL ? 2 : 1, err));
}

/* The middle stack's ends of both cables as members. */
static void
bridge(struct bench *b, const char *left, const char *right)
{
	const uint8_t *m = b->b_sink->if_lladdr;
	char name[VI_IFNAMSIZ], mac[18];

	check("bridge", vi_if_create(b->b_vn[1], "bridge0", name));
	check("up", vi_if_set_flags(b->b_vn[1], name, VI_IFF_UP, 0));
	option(b, "addm", left, NULL);
	option(b, "addm", right, NULL);
	(void)snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
	option(b, "static", right, mac);
}

static void
route(struct bench *b)
{
	const struct vi_cred cred = { .cr_priv = true };
	struct vi_route rt = { .rt_prefixlen = b->b_six ? 48 : 16, .rt_flags = VI_RTF_GATEWAY };
	struct vi_neigh ne = { .ne_permanent = true, .ne_complete = true };

	rt.rt_dst = addr(b, 128, 0);
	rt.rt_gateway = ne.ne_addr = addr(b, 2, 2);
	check("forwarding", vi_sysctl_set(b->b_vn[1], b->b_six ? "net.inet6.ip6.forwarding" : "net.inet.ip.forwarding", "1", &cred));
	check("route", vi_route_add(b->b_vn[1], &rt));
	memcpy(ne.ne_lladdr, b->b_sink->if_lladdr, sizeof(ne.ne_lladdr));
	check("neighbour", vi_neigh_add(b->b_vn[1], &ne));
	fill(b);
}

static void
plumb(struct bench *b, enum way way, bool six)
{
	const struct vi_kernel_params kp = { .kp_host = b->b_host };
	static const char *const names[] = { "source", "middle", "sink" };
	char left[2][VI_IFNAMSIZ], right[2][VI_IFNAMSIZ];

	b->b_six = six;
	b->b_size = b->b_size < (six ? 62u : 42u) ? (six ? 62u : 42u) : b->b_size;
	check("kernel", vi_kernel_new(&kp, &b->b_kernel));
	for (int i = 0; i < 3; i++)
		check("vnet", vi_vnet_create(b->b_kernel, names[i], &b->b_vn[i]));
	cable(b, 0, way == DIRECT ? 2 : 1, 1, left);
	b->b_out = ifnet_byname(api_vnet(b->b_vn[0]), left[0]);
	if (way != DIRECT)
		cable(b, 1, 2, 2, right);
	b->b_sink = ifnet_byname(api_vnet(b->b_vn[2]), way == DIRECT ? left[1] : right[1]);
	if (way == ROUTED)
		route(b);
	else if (way == BRIDGED)
		bridge(b, left[1], right[0]);
	make_frame(b, way != ROUTED ? b->b_sink : ifnet_byname(api_vnet(b->b_vn[1]), left[1]));
	for (int i = 0; i < (six ? 25 : 0); i++) {	/* addresses are verified */
		(void)vi_kernel_poll(b->b_kernel);
		(void)nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	}
	b->b_ops = *b->b_sink->if_ops;
	b->b_ops.ifo_input = sink_input;
	b->b_sink->if_ops = &b->b_ops;
	work_init(&b->b_work, burst);
}

static int
by_value(const void *x, const void *y)
{
	const double a = *(const double *)x, b = *(const double *)y;

	return ((a > b) - (a < b));
}

/* ns a frame, the median. */
static double
measure(struct bench *b, enum way way, bool six)
{
	double took[ROUNDS], t0, t;

	plumb(b, way, six);
	sinks = b;
	for (int r = 0; r < ROUNDS; r++) {
		b->b_received = b->b_sent = 0;
		t0 = now();
		do {
			for (int i = 0; i < 32; i++) {
				(void)lane_post(&b->b_out->if_vnet->vn_lane, &b->b_work);
				while (vi_kernel_poll(b->b_kernel) == 0)
					;
			}
		} while ((t = now() - t0) < b->b_seconds);
		if (b->b_received != b->b_sent)
			fprintf(stderr, "forward: %ju of %ju frames lost\n", (uintmax_t)(b->b_sent - b->b_received), (uintmax_t)b->b_sent);
		took[r] = t * 1e9 / (double)b->b_received;
	}
	qsort(took, ROUNDS, sizeof(took[0]), by_value);
	if (vi_kernel_free(b->b_kernel, NULL, NULL) != 0)
		fprintf(stderr, "forward: something is left\n");
	return (took[ROUNDS / 2]);
}

int
main(int argc, char **argv)
{
	static struct bench b = { .b_ndst = 1, .b_size = 60, .b_seconds = 0.3 };
	int c;

	while ((c = getopt(argc, argv, "d:r:s:t:")) != -1) {
		switch (c) {
		case 'd':
			b.b_ndst = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'r':
			b.b_nroutes = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 's':
			b.b_size = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 't':
			b.b_seconds = strtod(optarg, NULL);
			break;
		default:
			fprintf(stderr, "usage: forward [-d destinations] [-r routes] [-s size] [-t seconds] [4|6|bridge ...]\n");
			return (2);
		}
	}
	if (b.b_ndst == 0 || vi_host_posix_new(NULL, &b.b_host) != 0)
		return (2);
	for (int i = optind; i < (optind < argc ? argc : optind + 2); i++) {
		const char *what = optind < argc ? argv[i] : i > optind ? "6" : "4";
		const bool bridged = what[0] == 'b', six = what[0] == '6';
		const double direct = measure(&b, DIRECT, six), there = measure(&b, bridged ? BRIDGED : ROUTED, six);

		printf("%s%s: %.1f ns a frame (%.2f million a second), without the %s %.1f\n", bridged ? "" : "IPv", what, there, 1e3 / there,
		    bridged ? "bridge" : "router", direct);
	}
	vi_host_posix_free(b.b_host);
	return (0);
}
