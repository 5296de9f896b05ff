/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What routers are told, in virtual time: sockets join and leave, queries come, and each message that leaves is written down as a line of text.
 * Groups and sources are named by their last byte: "TO_EX 7 {1 2}".
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <vimage/host.h>
#include <vimage/vimage.h>

#include "base/checksum.h"
#include "base/endian.h"
#include "base/inaddr.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/igmp/igmp.h"
#include "netinet/ip/in_mcast.h"
#include "netinet/ip/ip_var.h"
#include "netinet/ip6/ip6_var.h"
#include "netinet/icmp6/icmp6.h"
#include "netinet/mcast/mcast.h"
#include "netinet/mld/mld.h"
#include "netinet/pcb/in_pcb.h"
#include "socket/socket.h"
#include "vimage/vimage.h"
#include "wire/igmp.h"
#include "wire/mld.h"

#define SEC	UINT64_C(1000000000)
#define MSEC	UINT64_C(1000000)
#define LOGLEN	8192

struct rig {
	struct vi_host	*host;
	struct vi_kernel *vk;
	struct vnet	*vn;
	struct ifnet	*ifp;
	uint32_t	 ifindex;
	bool		 v6;
	uint8_t		 router[16];	/* link-local source of queries */
	char		 log[LOGLEN];
	unsigned	 nmsgs;
	uint64_t	 last;		/* when the last message left */
	bool		 unspec;	/* it came from no address */
};

/* Reading messages */

static void
say(struct rig *g, const char *fmt, ...)
{
	const size_t n = strlen(g->log);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(g->log + n, sizeof(g->log) - n, fmt, ap);
	va_end(ap);
}

/* Solicited-node groups are the stack's own. */
static bool
is_solicited(const uint8_t *a)
{
	return (a[1] == 2 && a[11] == 1 && a[12] == 0xff);
}

/* The records of a report. */
static void
read_records(struct rig *g, const uint8_t *p, size_t len, unsigned n)
{
	static const char *const names[] = { "?", "IS_IN", "IS_EX", "TO_IN", "TO_EX", "ALLOW", "BLOCK" };
	const size_t alen = g->v6 ? 16 : 4;

	while (n-- > 0) {
		assert_true(len >= 4 + alen);
		const unsigned nsrcs = be16dec(p + 2);

		assert_in_range(p[0], 1, 6);
		assert_int_equal(p[1], 0);
		assert_true(len >= 4 + alen * (1 + nsrcs));
		if (g->v6 && is_solicited(p + 4)) {
			assert_int_equal(nsrcs, 0);
		} else if (nsrcs > 20) {
			say(g, "%s %u {%u}; ", names[p[0]], p[4 + alen - 1], nsrcs);
		} else {
			say(g, "%s %u {", names[p[0]], p[4 + alen - 1]);
			for (unsigned i = 0; i < nsrcs; i++)
				say(g, i == 0 ? "%u" : " %u", p[4 + alen * (i + 2) - 1]);
			say(g, "}; ");
		}
		p += 4 + alen * (1 + nsrcs);
		len -= 4 + alen * (1 + nsrcs);
	}
	assert_int_equal(len, 0);
}

static void
noted(struct rig *g)
{
	g->nmsgs++;
	g->last = vi_sim_now(g->host);
}

static void
read_igmp(struct rig *g, const struct ip *ip, const uint8_t *p, size_t len)
{
	const struct igmp *ig = (const void *)p;

	assert_int_equal(ip->ip_ttl, 1);
	assert_int_equal(ip->ip_tos, IPTOS_PREC_INTERNETCONTROL);
	assert_int_equal(ip_hlen(ip), 24);
	assert_int_equal(((const uint8_t *)(ip + 1))[0], IPOPT_RA);
	assert_int_equal(cksum_fold(cksum_add(p, len, 0)), 0);
	noted(g);
	switch (ig->igmp_type) {
	case IGMP_V3_HOST_MEMBERSHIP_REPORT:
		assert_int_equal(ip->ip_dst, HTONL(INADDR_ALLRPTS_GROUP));
		read_records(g, p + 8, len - 8, NTOHL(ig->igmp_group));
		break;
	case IGMP_V2_HOST_MEMBERSHIP_REPORT:
	case IGMP_V1_HOST_MEMBERSHIP_REPORT:
		assert_int_equal(ip->ip_dst, ig->igmp_group);
		say(g, "v%d %u; ", ig->igmp_type == IGMP_V1_HOST_MEMBERSHIP_REPORT ? 1 : 2, NTOHL(ig->igmp_group) & 255);
		break;
	case IGMP_HOST_LEAVE_MESSAGE:
		assert_int_equal(ip->ip_dst, HTONL(INADDR_ALLRTRS_GROUP));
		say(g, "leave %u; ", NTOHL(ig->igmp_group) & 255);
		break;
	default:
		fail();
	}
}

static enum pfil_verdict
see4(void *arg, struct mbuf **mp, struct ifnet *ifp, enum pfil_dir dir)
{
	static uint8_t buf[2048];
	const struct ip *ip = (const void *)buf;
	struct rig *g = arg;

	(void)dir;
	assert_ptr_equal(ifp, g->ifp);
	assert_true((*mp)->m_pkt.len <= ifp->if_mtu);
	assert_int_equal(m_copydata(*mp, 0, (*mp)->m_pkt.len, buf), 0);
	if (ip->ip_p == IPPROTO_IGMP && !g->v6)
		read_igmp(g, ip, buf + ip_hlen(ip), (*mp)->m_pkt.len - ip_hlen(ip));
	return (PFIL_PASS);
}

static void
read_mld(struct rig *g, const struct ip6_hdr *ip6, const uint8_t *p, size_t len)
{
	static const uint8_t hbh[8] = { IPPROTO_ICMPV6, 0, 5, 2, 0, 0, 1, 0 }, reports[16] = { 0xff, 2, [15] = 0x16 };
	const struct mld_hdr *mh = (const void *)(p + 8);
	const size_t before = strlen(g->log);
	struct in_addr_any src, dst;

	assert_int_equal(ip6->ip6_hlim, 1);
	assert_memory_equal(p, hbh, sizeof(hbh));
	memcpy(src.in6, ip6->ip6_src, 16);
	memcpy(dst.in6, ip6->ip6_dst, 16);
	p += 8;
	len -= 8;
	assert_int_equal(cksum_fold(cksum_add(p, len, in6_ops.io_pseudo(&src, &dst, IPPROTO_ICMPV6, (uint32_t)len))), 0);
	if (p[0] == MLDV2_LISTENER_REPORT) {
		assert_true(in6_equal(ip6->ip6_dst, reports));
		read_records(g, p + 8, len - 8, be16dec(p + 6));
	} else if (p[0] == MLD_LISTENER_REPORT && is_solicited(mh->mld_addr)) {
		return;
	} else if (p[0] == MLD_LISTENER_REPORT) {
		assert_true(in6_equal(ip6->ip6_dst, mh->mld_addr));
		say(g, "v1 %u; ", mh->mld_addr[15]);
	} else {
		assert_int_equal(p[0], MLD_LISTENER_DONE);
		assert_int_equal(ip6->ip6_dst[15], 2);
		say(g, "leave %u; ", mh->mld_addr[15]);
	}
	if (strlen(g->log) == before)
		return;
	noted(g);
	g->unspec = in6_unspecified(ip6->ip6_src);
}

static enum pfil_verdict
see6(void *arg, struct mbuf **mp, struct ifnet *ifp, enum pfil_dir dir)
{
	static uint8_t buf[2048];
	const struct ip6_hdr *ip6 = (const void *)buf;
	struct rig *g = arg;

	(void)dir;
	assert_true((*mp)->m_pkt.len <= ifp->if_mtu);
	assert_int_equal(m_copydata(*mp, 0, (*mp)->m_pkt.len, buf), 0);
	if (g->v6 && ip6->ip6_nxt == IPPROTO_HOPOPTS)
		read_mld(g, ip6, buf + IP6_HLEN, (*mp)->m_pkt.len - IP6_HLEN);
	return (PFIL_PASS);
}

/* The stack */

static void
run(struct rig *g, uint64_t ns)
{
	const uint64_t end = vi_sim_now(g->host) + ns;

	(void)vi_kernel_run(g->vk, end, NULL);
	if (vi_sim_now(g->host) < end)
		vi_sim_advance(g->host, end - vi_sim_now(g->host));
	while (vi_kernel_poll(g->vk) == 0)
		;
	(void)lane_clock(&g->vn->vn_lane);
}

static void
begin(struct rig *g, bool v6)
{
	struct vi_ifaddr ia = { .ia_addr = { .sa_family = VI_AF_INET, .sa_in = HTONL(0x0a000001) }, .ia_prefixlen = 24 };
	struct vi_kernel_params kp = { 0 };

	*g = (struct rig){ .v6 = v6, .router = { 0xfe, 0x80, [15] = 0xaa } };
	assert_int_equal(vi_host_sim_new(7, &g->host), 0);
	kp.kp_host = g->host;
	assert_int_equal(vi_kernel_new(&kp, &g->vk), 0);
	g->vn = vnet_first((struct kernel *)g->vk);
	assert_int_equal(if_create(g->vn, "epair1", (char[IFNAMSIZ]){ 0 }), 0);
	g->ifp = ifnet_byname(g->vn, "epair1a");
	g->ifindex = g->ifp->if_index;
	ip6_vnet(g->vn)->i6v_autolinklocal = true;
	assert_int_equal(if_setflags(g->ifp, IFF_UP, 0), 0);
	assert_int_equal(net_vnet(g->vn)->nv_afops[NET_AF_INET]->nao_addr_add(g->ifp, &ia, true), 0);
	run(g, 10 * SEC);
	if (v6)
		assert_non_null(in6_ifaddr_linklocal(g->ifp));
	assert_int_equal(pfil_add(&ip_vnet(g->vn)->iv_pfil[PFIL_OUT], see4, g), 0);
	assert_int_equal(pfil_add(&ip6_vnet(g->vn)->i6v_pfil[PFIL_OUT], see6, g), 0);
}

static void
end(struct rig *g)
{
	assert_int_equal(vi_kernel_free(g->vk, NULL, NULL), 0);
	assert_int_equal(vi_sim_memory(g->host), 0);
	vi_host_sim_free(g->host);
}

/* What was said since the last time, exactly. */
#define told(g, text) do {						\
	assert_string_equal((g)->log, (text));				\
	(g)->log[0] = '\0';						\
	(g)->nmsgs = 0;							\
} while (0)

static struct vi_sockaddr
addr(const struct rig *g, bool group, uint8_t last)
{
	struct vi_sockaddr sa = { .sa_family = g->v6 ? VI_AF_INET6 : VI_AF_INET };

	if (!g->v6) {
		sa.sa_in = HTONL((group ? 0xef010100u : 0x0a000000u) | last);
	} else {
		sa.sa_in6[0] = group ? 0xff : 0x20;
		sa.sa_in6[1] = group ? 0x0e : 0x01;
		sa.sa_in6[15] = last;
	}
	return (sa);
}

static struct socket *
open_socket(struct rig *g)
{
	const struct vi_cred cr = { .cr_priv = true };
	struct socket *so;

	assert_int_equal(socreate(g->vn, g->v6 ? VI_AF_INET6 : VI_AF_INET, VI_SOCK_DGRAM, 0, &cr, &so), 0);
	return (so);
}

static int
group(struct rig *g, struct socket *so, enum vi_sockopt opt, uint8_t last)
{
	const struct vi_group_req gr = { .gr_ifindex = g->ifindex, .gr_group = addr(g, true, last) };

	return (sosetopt(so, opt, &gr, sizeof(gr)));
}

static int
source(struct rig *g, struct socket *so, enum vi_sockopt opt, uint8_t last, uint8_t src)
{
	const struct vi_group_source_req gsr = { .gsr_ifindex = g->ifindex, .gsr_group = addr(g, true, last),
		.gsr_source = addr(g, false, src) };

	return (sosetopt(so, opt, &gsr, sizeof(gsr)));
}

/* A filter of sources from first on. */
static int
filter(struct rig *g, struct socket *so, uint8_t last, unsigned mode, uint8_t first, unsigned n)
{
	static union {
		struct vi_group_filter gf;
		uint8_t	room[sizeof(struct vi_group_filter) + 256 * sizeof(struct vi_sockaddr)];
	} u;

	u.gf = (struct vi_group_filter){ .gf_ifindex = g->ifindex, .gf_group = addr(g, true, last), .gf_fmode = mode, .gf_numsrc = n };
	for (unsigned i = 0; i < n; i++)
		u.gf.gf_slist[i] = addr(g, false, (uint8_t)(first + i));
	return (sosetopt(so, VI_MCAST_MSFILTER, &u.gf, sizeof(u.gf) + n * sizeof(u.gf.gf_slist[0])));
}

/* Queries */

enum { GENERAL = -1, OLD = 0x1000, OLDEST = 0x2000 };

static void
inject4_from(struct rig *g, const uint8_t *p, size_t len, uint32_t src, uint32_t dst, uint8_t ttl, bool alert)
{
	const unsigned hlen = alert ? 24 : IP_MINHLEN;
	uint8_t buf[2048] = { 0 };
	struct ip *ip = (void *)buf;
	struct mbuf *m;

	ip_set_vhl(ip, hlen);
	ip->ip_len = HTONS(hlen + len);
	ip->ip_ttl = ttl;
	ip->ip_p = IPPROTO_IGMP;
	ip->ip_src = src;
	ip->ip_dst = dst;
	memcpy(ip + 1, "\x94\4\0\0", 4);
	ip->ip_sum = ip_sum_make(ip, hlen);
	memcpy(buf + hlen, p, len);
	u16store(buf + hlen + 2, cksum_fold(cksum_add(p, len, 0)));
	assert_non_null(m = m_frombuf(vnet_acct(g->vn), buf, hlen + len, 16));
	ip_input(g->ifp, m);
}

static void
inject4(struct rig *g, const uint8_t *p, size_t len, uint32_t dst, uint8_t ttl)
{
	inject4_from(g, p, len, HTONL(0x0a000002), dst, ttl, true);
}

static void
inject6_to(struct rig *g, const uint8_t *p, size_t len, uint8_t hlim, bool alert, const uint8_t to[16])
{
	static const uint8_t hbh[8] = { IPPROTO_ICMPV6, 0, 5, 2, 0, 0, 1, 0 };
	const size_t ext = alert ? 8 : 0;
	uint8_t buf[2048] = { 0 };
	struct ip6_hdr *ip6 = (void *)buf;
	struct in_addr_any src, dst;
	struct mbuf *m;

	ip6_set_flow(ip6, 0, 0);
	ip6->ip6_plen = HTONS(len + ext);
	ip6->ip6_nxt = alert ? IPPROTO_HOPOPTS : IPPROTO_ICMPV6;
	ip6->ip6_hlim = hlim;
	memcpy(ip6->ip6_src, g->router, 16);
	memcpy(ip6->ip6_dst, to, 16);
	memcpy(src.in6, ip6->ip6_src, 16);
	memcpy(dst.in6, ip6->ip6_dst, 16);
	memcpy(buf + IP6_HLEN, hbh, ext);
	memcpy(buf + IP6_HLEN + ext, p, len);
	u16store(buf + IP6_HLEN + ext + 2,
	    cksum_fold(cksum_add(p, len, in6_ops.io_pseudo(&src, &dst, IPPROTO_ICMPV6, (uint32_t)len))));
	assert_non_null(m = m_frombuf(vnet_acct(g->vn), buf, IP6_HLEN + ext + len, 16));
	ip6_input(g->ifp, m);
}

static void
inject6(struct rig *g, const uint8_t *p, size_t len, uint8_t hlim, bool alert)
{
	inject6_to(g, p, len, hlim, alert, (const uint8_t[16]){ 0xff, 2, [15] = 1 });
}

/* A query for a group or all, to be answered within so many ms, of sources from first on; with OLD of the version before. */
static void
query(struct rig *g, int what, unsigned ms, uint8_t first, unsigned nsrcs)
{
	const bool old = what >= OLD, oldest = what >= OLDEST;
	const int last = what == GENERAL || (old && (what & 255) == 0) ? 0 : what & 255;
	const struct vi_sockaddr ga = addr(g, true, (uint8_t)last);
	const size_t alen = g->v6 ? 16 : 4;
	uint8_t buf[2048] = { g->v6 ? MLD_LISTENER_QUERY : IGMP_HOST_MEMBERSHIP_QUERY };
	uint8_t *p = buf + 4;

	if (g->v6) {
		be16enc(p, (uint16_t)ms);
		p += 4;
	} else {
		buf[1] = oldest ? 0 : (uint8_t)(ms / 100);
	}
	if (last != 0)
		memcpy(p, g->v6 ? ga.sa_in6 : (const uint8_t *)&ga.sa_in, alen);
	p += alen;
	if (!old) {
		p[0] = 2;	/* robustness */
		p[1] = 125;
		be16enc(p + 2, (uint16_t)nsrcs);
		p += 4;
		for (unsigned i = 0; i < nsrcs; i++, p += alen) {
			const struct vi_sockaddr sa = addr(g, false, (uint8_t)(first + i));

			memcpy(p, g->v6 ? sa.sa_in6 : (const uint8_t *)&sa.sa_in, alen);
		}
	}
	if (g->v6)
		inject6(g, buf, (size_t)(p - buf), 1, true);
	else
		inject4(g, buf, (size_t)(p - buf), HTONL(INADDR_ALLHOSTS_GROUP), 1);
}

/* Another host's report, of an older version. */
static void
other_reports(struct rig *g, uint8_t last)
{
	const struct vi_sockaddr ga = addr(g, true, last);
	uint8_t buf[24] = { g->v6 ? MLD_LISTENER_REPORT : IGMP_V2_HOST_MEMBERSHIP_REPORT };

	memcpy(buf + (g->v6 ? 8 : 4), g->v6 ? ga.sa_in6 : (const uint8_t *)&ga.sa_in, g->v6 ? 16 : 4);
	if (g->v6)
		inject6(g, buf, 24, 1, true);
	else
		inject4(g, buf, 8, ga.sa_in, 1);
}

/* Tests: each for both families. */

static void
join_and_leave(struct rig *g)
{
	struct socket *a = open_socket(g), *b = open_socket(g);
	const uint64_t t0 = vi_sim_now(g->host);

	assert_int_equal(group(g, a, VI_MCAST_JOIN_GROUP, 7), 0);
	run(g, 1000);
	told(g, "TO_EX 7 {}; ");
	assert_int_equal(g->last, t0);
	run(g, 5 * SEC);
	told(g, "TO_EX 7 {}; ");
	assert_true(g->last > t0 && g->last <= t0 + SEC);
	/* A second one changes nothing, nor does it go. */
	assert_int_equal(group(g, b, VI_MCAST_JOIN_GROUP, 7), 0);
	assert_int_equal(group(g, b, VI_MCAST_JOIN_GROUP, 7), EADDRINUSE);
	assert_int_equal(group(g, b, VI_MCAST_LEAVE_GROUP, 7), 0);
	assert_int_equal(group(g, b, VI_MCAST_LEAVE_GROUP, 7), EADDRNOTAVAIL);
	run(g, 5 * SEC);
	told(g, "");
	soclose(a);
	run(g, 5 * SEC);
	told(g, "TO_IN 7 {}; TO_IN 7 {}; ");
	/* Nothing is remembered. */
	query(g, GENERAL, 1000, 0, 0);
	run(g, 5 * SEC);
	assert_null(strstr(g->log, " 7 "));
	g->log[0] = '\0';
	soclose(b);
}

/* RFC 3376 5.1: the table of differences. */
static void
filters_change(struct rig *g)
{
	struct socket *a = open_socket(g);

	assert_int_equal(source(g, a, VI_MCAST_JOIN_SOURCE_GROUP, 7, 1), 0);
	run(g, 5 * SEC);
	told(g, "ALLOW 7 {1}; ALLOW 7 {1}; ");
	assert_int_equal(filter(g, a, 7, VI_MCAST_INCLUDE, 2, 2), 0);		/* {1} to {2 3} */
	run(g, 5 * SEC);
	told(g, "ALLOW 7 {2 3}; BLOCK 7 {1}; ALLOW 7 {2 3}; BLOCK 7 {1}; ");
	assert_int_equal(filter(g, a, 7, VI_MCAST_EXCLUDE, 3, 2), 0);
	run(g, 5 * SEC);
	told(g, "TO_EX 7 {3 4}; TO_EX 7 {3 4}; ");
	assert_int_equal(filter(g, a, 7, VI_MCAST_EXCLUDE, 4, 2), 0);		/* {3 4} to {4 5} */
	run(g, 5 * SEC);
	told(g, "ALLOW 7 {3}; BLOCK 7 {5}; ALLOW 7 {3}; BLOCK 7 {5}; ");
	assert_int_equal(filter(g, a, 7, VI_MCAST_INCLUDE, 9, 1), 0);
	run(g, 5 * SEC);
	told(g, "TO_IN 7 {9}; TO_IN 7 {9}; ");
	assert_int_equal(source(g, a, VI_MCAST_LEAVE_SOURCE_GROUP, 7, 9), 0);
	run(g, 5 * SEC);
	told(g, "BLOCK 7 {9}; BLOCK 7 {9}; ");
	soclose(a);
	run(g, 5 * SEC);
	told(g, "");
}

/* RFC 3376 3.2: several sockets. */
static void
filters_merge(struct rig *g)
{
	struct socket *a = open_socket(g), *b = open_socket(g), *c = open_socket(g);

	assert_int_equal(group(g, a, VI_MCAST_JOIN_GROUP, 7), 0);
	assert_int_equal(filter(g, a, 7, VI_MCAST_EXCLUDE, 1, 3), 0);	/* 1 2 3 */
	run(g, 5 * SEC);
	g->log[0] = '\0';
	assert_int_equal(group(g, b, VI_MCAST_JOIN_GROUP, 7), 0);
	assert_int_equal(filter(g, b, 7, VI_MCAST_EXCLUDE, 2, 3), 0);	/* 2 3 4: both exclude 2 3 */
	run(g, 5 * SEC);
	g->log[0] = '\0';
	query(g, 7, 1000, 0, 0);
	run(g, 5 * SEC);
	told(g, "IS_EX 7 {2 3}; ");
	assert_int_equal(source(g, c, VI_MCAST_JOIN_SOURCE_GROUP, 7, 3), 0);
	run(g, 5 * SEC);
	told(g, "ALLOW 7 {3}; ALLOW 7 {3}; ");
	soclose(b);			/* now a alone excludes, but for 3 */
	run(g, 5 * SEC);
	told(g, "BLOCK 7 {1}; BLOCK 7 {1}; ");
	soclose(a);
	run(g, 5 * SEC);
	told(g, "TO_IN 7 {3}; TO_IN 7 {3}; ");
	soclose(c);
	run(g, 5 * SEC);
	told(g, "BLOCK 7 {3}; BLOCK 7 {3}; ");
}

/* A change while another is repeated: the next report is about both. */
static void
changes_merge(struct rig *g)
{
	struct socket *a = open_socket(g);

	assert_int_equal(group(g, a, VI_MCAST_JOIN_GROUP, 7), 0);
	run(g, 1000);
	told(g, "TO_EX 7 {}; ");
	assert_int_equal(source(g, a, VI_MCAST_BLOCK_SOURCE, 7, 1), 0);
	run(g, 1000);
	told(g, "TO_EX 7 {1}; ");		/* the second that tells the mode */
	run(g, 5 * SEC);
	told(g, "BLOCK 7 {1}; ");
	assert_int_equal(source(g, a, VI_MCAST_BLOCK_SOURCE, 7, 2), 0);
	run(g, 1000);
	told(g, "BLOCK 7 {2}; ");
	assert_int_equal(source(g, a, VI_MCAST_UNBLOCK_SOURCE, 7, 1), 0);
	run(g, 1000);
	told(g, "ALLOW 7 {1}; BLOCK 7 {2}; ");
	run(g, 5 * SEC);
	told(g, "ALLOW 7 {1}; ");
	soclose(a);
	run(g, 1000);
	told(g, "TO_IN 7 {}; ");
	/* Back before it was repeated. */
	a = open_socket(g);
	assert_int_equal(group(g, a, VI_MCAST_JOIN_GROUP, 7), 0);
	run(g, 5 * SEC);
	told(g, "TO_EX 7 {}; TO_EX 7 {}; ");
	soclose(a);
}

static void
queries(struct rig *g)
{
	struct socket *a = open_socket(g);
	uint64_t t0;

	assert_int_equal(group(g, a, VI_MCAST_JOIN_GROUP, 7), 0);
	assert_int_equal(filter(g, a, 7, VI_MCAST_EXCLUDE, 1, 2), 0);
	assert_int_equal(source(g, a, VI_MCAST_JOIN_SOURCE_GROUP, 8, 1), 0);
	assert_int_equal(source(g, a, VI_MCAST_JOIN_SOURCE_GROUP, 8, 2), 0);
	run(g, 5 * SEC);
	g->log[0] = '\0';
	g->nmsgs = 0;
	t0 = vi_sim_now(g->host);
	query(g, GENERAL, 8000, 0, 0);
	assert_int_equal(g->nmsgs, 0);
	run(g, 8 * SEC);
	assert_non_null(strstr(g->log, "IS_EX 7 {1 2}; IS_IN 8 {1 2}; "));
	assert_int_equal(g->nmsgs, 1);
	assert_true(g->last > t0 && g->last <= t0 + 8 * SEC);
	g->log[0] = '\0';
	/* One of a group, answered once though asked twice. */
	query(g, 7, 1000, 0, 0);
	query(g, 7, 1000, 5, 1);
	query(g, 9, 1000, 0, 0);
	run(g, 5 * SEC);
	told(g, "IS_EX 7 {1 2}; ");
	/* Of sources: those that are wanted. */
	query(g, 7, 1000, 1, 4);
	query(g, 8, 1000, 2, 4);
	run(g, SEC / 1000);
	run(g, 5 * SEC);
	assert_int_equal(g->nmsgs, 2);
	assert_non_null(strstr(g->log, "IS_IN 7 {3 4}; "));
	assert_non_null(strstr(g->log, "IS_IN 8 {2}; "));
	g->log[0] = '\0';
	g->nmsgs = 0;
	query(g, 8, 1000, 1, 1);	/* two queries add up */
	query(g, 8, 1000, 2, 1);
	query(g, 7, 1000, 1, 2);	/* nothing wanted: no answer */
	run(g, 5 * SEC);
	told(g, "IS_IN 8 {1 2}; ");
	query(g, 7, 1000, 1, 100);	/* more than is remembered */
	run(g, 5 * SEC);
	told(g, "IS_EX 7 {1 2}; ");
	soclose(a);
}

static void
older_version(struct rig *g)
{
	struct socket *a = open_socket(g), *b = open_socket(g);

	assert_int_equal(group(g, a, VI_MCAST_JOIN_GROUP, 7), 0);
	run(g, 1000);
	told(g, "TO_EX 7 {}; ");
	query(g, OLD, 1000, 0, 0);	/* forgets the repetition */
	run(g, 30 * SEC);
	if (g->v6)
		assert_non_null(strstr(g->log, "v1 7; "));
	else
		assert_string_equal(g->log, "v2 7; ");
	g->log[0] = '\0';
	/* Sources are not told. */
	assert_int_equal(source(g, a, VI_MCAST_BLOCK_SOURCE, 7, 1), 0);
	run(g, 30 * SEC);
	told(g, "");
	assert_int_equal(source(g, b, VI_MCAST_JOIN_SOURCE_GROUP, 8, 1), 0);
	run(g, 30 * SEC);
	told(g, g->v6 ? "v1 8; v1 8; " : "v2 8; v2 8; ");
	soclose(b);
	run(g, 30 * SEC);
	told(g, "leave 8; ");
	/* Somebody else reported it. */
	query(g, OLD + 7, 1000, 0, 0);
	other_reports(g, 7);
	run(g, 30 * SEC);
	told(g, "");
	query(g, OLD + 7, 1000, 0, 0);
	run(g, 30 * SEC);
	told(g, g->v6 ? "v1 7; " : "v2 7; ");
	query(g, OLD + 7, 1000, 0, 0);
	other_reports(g, 7);
	soclose(a);		/* the other one may still be there: he will say so */
	run(g, 30 * SEC);
	told(g, "");
	/* 2 * 125 + 1 s later that router is forgotten. */
	run(g, 260 * SEC);
	a = open_socket(g);
	assert_int_equal(group(g, a, VI_MCAST_JOIN_GROUP, 9), 0);
	run(g, 5 * SEC);
	assert_non_null(strstr(g->log, "TO_EX 9 {}; TO_EX 9 {}; "));
	soclose(a);
}

/* More than one message holds. */
static void
long_lists(struct rig *g)
{
	const unsigned max = g->v6 ? 90 : 250, fits = g->v6 ? (1500 - 56 - 20) / 16 : 0;
	struct socket *a = open_socket(g);
	char want[256];

	(g->v6 ? &inpcb_vnet(g->vn)->iv_maxmsf6 : &inpcb_vnet(g->vn)->iv_maxmsf)[0] = 250;
	g->ifp->if_mtu = g->v6 ? 1500 : 576;
	assert_int_equal(group(g, a, VI_MCAST_JOIN_GROUP, 7), 0);
	run(g, 5 * SEC);
	g->log[0] = '\0';
	assert_int_equal(filter(g, a, 7, VI_MCAST_INCLUDE, 1, max), 0);
	run(g, 1000);
	if (g->v6)
		(void)snprintf(want, sizeof(want), "TO_IN 7 {%u}; TO_IN 7 {", fits);
	else
		(void)snprintf(want, sizeof(want), "TO_IN 7 {%u}; TO_IN 7 {%u}; ", (576 - 32 - 8) / 4, 250 - (576 - 32 - 8) / 4);
	assert_memory_equal(g->log, want, strlen(want));
	run(g, 5 * SEC);
	g->log[0] = '\0';
	/* What excludes is cut off. */
	assert_int_equal(filter(g, a, 7, VI_MCAST_EXCLUDE, 1, max), 0);
	run(g, 1000);
	(void)snprintf(want, sizeof(want), "TO_EX 7 {%u}; ", g->v6 ? fits : (576 - 32 - 8) / 4);
	told(g, want);
	soclose(a);
}

/* Nothing of what is not routers' business, and everything anew when the link comes back. */
static void
link_returns(struct rig *g)
{
	struct socket *a = open_socket(g);

	assert_int_equal(group(g, a, VI_MCAST_JOIN_GROUP, 7), 0);
	run(g, 5 * SEC);
	g->log[0] = '\0';
	assert_int_equal(if_setflags(g->ifp, 0, IFF_UP), 0);
	assert_int_equal(group(g, a, VI_MCAST_JOIN_GROUP, 8), 0);
	run(g, 5 * SEC);
	told(g, "");
	assert_int_equal(if_setflags(g->ifp, IFF_UP, 0), 0);
	run(g, 5 * SEC);
	assert_non_null(strstr(g->log, "TO_EX 7 {}; TO_EX 8 {}; "));
	g->log[0] = '\0';
	/* The membership ends with the interface; the socket may go before or after. */
	assert_int_equal(if_destroy(g->vn, "epair1a"), 0);
	assert_int_equal(group(g, a, VI_MCAST_LEAVE_GROUP, 8), 0);
	soclose(a);
	run(g, 5 * SEC);
	told(g, "");
}

static void
both(void (*fn)(struct rig *))
{
	struct rig g;

	for (int v6 = 0; v6 < 2; v6++) {
		begin(&g, v6 != 0);
		fn(&g);
		end(&g);
	}
}

#define BOTH(name)	static void test_##name(void **state) { (void)state; both(name); }
BOTH(join_and_leave)
BOTH(filters_change)
BOTH(filters_merge)
BOTH(changes_merge)
BOTH(queries)
BOTH(older_version)
BOTH(long_lists)
BOTH(link_returns)

/* RFC 1112's hosts never say farewell. */
static void
oldest_version(void **state)
{
	struct socket *a;
	bool late = false;
	uint64_t t0;
	struct rig g;

	(void)state;
	begin(&g, false);
	a = open_socket(&g);
	query(&g, OLDEST, 0, 0, 0);
	run(&g, SEC);
	assert_int_equal(group(&g, a, VI_MCAST_JOIN_GROUP, 7), 0);
	run(&g, 30 * SEC);
	told(&g, "v1 7; v1 7; ");
	/* RFC 3376 7.2.1: such a query says no time: ten seconds, at random. */
	for (unsigned i = 0; i < 20; i++) {
		t0 = vi_sim_now(g.host);
		query(&g, OLDEST, 0, 0, 0);
		run(&g, 30 * SEC);
		told(&g, "v1 7; ");
		assert_true(g.last - t0 <= 10 * SEC);
		late |= g.last - t0 > 5 * SEC;
	}
	assert_true(late);
	soclose(a);
	run(&g, 30 * SEC);
	told(&g, "");
	end(&g);
}

/* Who may ask. */
static void
forgeries(void **state)
{
	uint8_t q4[12] = { IGMP_HOST_MEMBERSHIP_QUERY, 1, [8] = 2, 125 }, q6[28] = { MLD_LISTENER_QUERY, [5] = 100, [24] = 2, 125 },
	    r4[8] = { IGMP_V2_HOST_MEMBERSHIP_REPORT, [4] = 239, 1, 1, 7 };
	struct mcast_stat *ms;
	struct socket *a;
	uint8_t to[16];
	struct rig g;

	(void)state;
	begin(&g, false);
	ms = &igmp_vnet(g.vn)->gv_stat;
	a = open_socket(&g);
	assert_int_equal(group(&g, a, VI_MCAST_JOIN_GROUP, 7), 0);
	run(&g, 5 * SEC);
	g.log[0] = '\0';
	inject4(&g, q4, sizeof(q4), HTONL(INADDR_ALLHOSTS_GROUP), 2);
	assert_int_equal(ms->mcs_badttl, 1);
	inject4(&g, q4, 11, HTONL(INADDR_ALLHOSTS_GROUP), 1);
	q4[11] = 1;			/* a source that is not there */
	inject4(&g, q4, sizeof(q4), HTONL(INADDR_ALLHOSTS_GROUP), 1);
	assert_int_equal(ms->mcs_badquery, 2);
	run(&g, 5 * SEC);
	told(&g, "");
	q4[11] = 0;
	inject4(&g, q4, sizeof(q4), HTONL(0xef010107), 1);	/* 9.1: to the group alone */
	assert_int_equal(ms->mcs_badquery, 3);
	run(&g, 5 * SEC);
	told(&g, "");
	inject4(&g, q4, sizeof(q4), HTONL(0x0a000001), 1);	/* to us alone: RFC 3376 4.1.12 */
	run(&g, 5 * SEC);
	told(&g, "IS_EX 7 {}; ");
	/* 9.1: without an alert, if that is asked for. */
	for (int i = 0; i < 2; i++) {
		inject4_from(&g, q4, sizeof(q4), HTONL(0x0a000002), HTONL(INADDR_ALLHOSTS_GROUP), 1, false);
		assert_int_equal(ms->mcs_noalert, i);
		run(&g, 5 * SEC);
		told(&g, i == 0 ? "IS_EX 7 {}; " : "");
		igmp_vnet(g.vn)->gv_requirealert = 1;
	}
	/* 9.2: what others say who are not of this link. */
	inject4_from(&g, r4, sizeof(r4), HTONL(0xcb007109), HTONL(0xef010107), 1, true);
	assert_int_equal(ms->mcs_badsrc, 1);
	soclose(a);
	end(&g);

	begin(&g, true);
	ms = &mld_vnet(g.vn)->mv_stat;
	inject6(&g, q6, 26, 1, true);		/* neither of version 1 nor of 2 */
	assert_int_equal(ms->mcs_badquery, 1);
	inject6(&g, q6, sizeof(q6), 2, true);
	assert_int_equal(ms->mcs_badttl, 1);
	inject6(&g, q6, sizeof(q6), 1, false);
	assert_int_equal(ms->mcs_noalert, 1);
	g.router[0] = 0x20;
	inject6(&g, q6, sizeof(q6), 1, true);
	assert_int_equal(ms->mcs_badsrc, 1);
	run(&g, 5 * SEC);
	assert_int_equal(ms->mcs_queries, 0);
	g.router[0] = 0xfe;
	inject6(&g, q6, sizeof(q6), 1, true);
	assert_int_equal(ms->mcs_general, 1);
	memcpy(to, ia6_addr(in6_ifaddr_linklocal(g.ifp)), 16);	/* to us alone: RFC 3810 5.1.15 */
	to[2] = to[3] = 0;
	inject6_to(&g, q6, sizeof(q6), 1, true, to);
	assert_int_equal(ms->mcs_general, 2);
	end(&g);
}

/* RFC 3590: before the link-local address is verified, from ::, and then again. */
static void
no_address_yet(void **state)
{
	struct socket *a;
	struct rig g;

	(void)state;
	begin(&g, true);
	a = open_socket(&g);
	assert_int_equal(group(&g, a, VI_MCAST_JOIN_GROUP, 7), 0);
	assert_int_equal(if_setflags(g.ifp, 0, IFF_UP), 0);
	run(&g, SEC);
	g.log[0] = '\0';
	assert_int_equal(if_setflags(g.ifp, IFF_UP, 0), 0);
	run(&g, MSEC);
	assert_non_null(strstr(g.log, "TO_EX 7 {}; "));
	assert_true(g.unspec);
	g.log[0] = '\0';
	run(&g, 2 * SEC);
	assert_non_null(strstr(g.log, "TO_EX 7 {}; "));
	assert_false(g.unspec);
	soclose(a);
	end(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_join_and_leave),
		cmocka_unit_test(test_filters_change),
		cmocka_unit_test(test_filters_merge),
		cmocka_unit_test(test_changes_merge),
		cmocka_unit_test(test_queries),
		cmocka_unit_test(test_older_version),
		cmocka_unit_test(test_long_lists),
		cmocka_unit_test(test_link_returns),
		cmocka_unit_test(oldest_version),
		cmocka_unit_test(forgeries),
		cmocka_unit_test(no_address_yet),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
