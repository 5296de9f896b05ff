/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counters of IPv6 and ICMPv6 of each interface: RFC 4293 5 and, of messages, RFC 2466.  They begin when an interface arrives in a vnet, and are of its lane.
 * A packet that is forwarded is counted by the interface it came by and by the one it leaves by.
 */
#ifndef NETINET_IP6_IN6_IFSTAT_H
#define NETINET_IP6_IN6_IFSTAT_H

#include <stdbool.h>
#include <stdint.h>

#include <vimage/vimage.h>

#include "net/ifnet.h"

/* X(tag, name, words of netstat -s), both FreeBSD's */
#define IN6_IFSTATS(X) \
	X(IN_RECEIVE, "received-packets", "total input datagram%s") \
	X(IN_HDRERR, "dropped-invalid-header", "datagram%s with invalid header received") \
	X(IN_TOOBIG, "dropped-mtu-exceeded", "datagram%s exceeded MTU received") \
	X(IN_NOROUTE, "dropped-no-route", "datagram%s with no route received") \
	X(IN_ADDRERR, "dropped-invalid-destination", "datagram%s with invalid dst received") \
	X(IN_PROTOUNKNOWN, "dropped-unknown-protocol", "datagram%s with unknown proto received") \
	X(IN_TRUNCATED, "dropped-truncated", "truncated datagram%s received") \
	X(IN_DISCARD, "dropped-discarded", "input datagram%s discarded") \
	X(IN_DELIVER, "received-valid-packets", "datagram%s delivered to an upper layer protocol") \
	X(OUT_FORWARD, "sent-forwarded", "datagram%s forwarded to this interface") \
	X(OUT_REQUEST, "sent-packets", "datagram%s sent from an upper layer protocol") \
	X(OUT_DISCARD, "discard-packets", "total discarded output datagram%s") \
	X(OUT_FRAGOK, "discard-fragments", "output datagram%s fragmented") \
	X(OUT_FRAGFAIL, "fragments-failed", "output datagram%s failed on fragment") \
	X(OUT_FRAGCREAT, "fragments-created", "output datagram%s succeeded on fragment") \
	X(REASS_REQD, "reassembly-required", "incoming datagram%s fragmented") \
	X(REASS_OK, "reassembled-packets", "datagram%s reassembled") \
	X(REASS_FAIL, "reassembly-failed", "datagram%s failed on reassembly") \
	X(IN_MCAST, "received-multicast", "multicast datagram%s received") \
	X(OUT_MCAST, "sent-multicast", "multicast datagram%s sent")

enum in6_ifstat {
#define IN6_IFSTAT_TAG(tag, name, text) IN6S_##tag,
	IN6_IFSTATS(IN6_IFSTAT_TAG)
#undef IN6_IFSTAT_TAG
	IN6S_MAX
};

/* X(tag, name behind "received-" or "sent-", words behind "input " or "output ") */
#define ICMP6_IFSTATS(X) \
	X(MSG, "packets", "message%s") \
	X(ERROR, "errors", "error message%s") \
	X(DSTUNREACH, "destination-unreachable", "destination unreachable error%s") \
	X(ADMINPROHIB, "admin-prohibited", "administratively prohibited error%s") \
	X(TIMEEXCEED, "time-exceeded", "time exceeded error%s") \
	X(PARAMPROB, "bad-parameter", "parameter problem error%s") \
	X(PKTTOOBIG, "packet-too-big", "packet too big error%s") \
	X(ECHO, "echo-requests", "echo request%s") \
	X(ECHOREPLY, "echo-replies", "echo reply%s") \
	X(ROUTERSOLICIT, "router-solicitation", "router solicitation%s") \
	X(ROUTERADVERT, "router-advertisement", "router advertisement%s") \
	X(NEIGHBORSOLICIT, "neighbor-solicitation", "neighbor solicitation%s") \
	X(NEIGHBORADVERT, "neighbor-advertisement", "neighbor advertisement%s") \
	X(REDIRECT, "redirects", "redirect%s") \
	X(MLDQUERY, "mld-queries", "MLD query%s") \
	X(MLDREPORT, "mld-reports", "MLD report%s") \
	X(MLDDONE, "mld-done", "MLD done%s")

enum icmp6_ifstat {
#define ICMP6_IFSTAT_TAG(tag, name, text) ICMP6S_##tag,
	ICMP6_IFSTATS(ICMP6_IFSTAT_TAG)
#undef ICMP6_IFSTAT_TAG
	ICMP6S_MAX
};

/* What if_afdata[NET_AF_INET6] begins with; nd6 makes it. */
struct in6_ifhead {
	uint32_t	 ih_flags;	/* VI_ND6_IFF_* */
	uint64_t	 ih_stat[IN6S_MAX];
	uint64_t	 ih_icmpin[ICMP6S_MAX], ih_icmpout[ICMP6S_MAX];
};

static inline void
in6_ifcount_n(const struct ifnet *ifp, enum in6_ifstat st, uint64_t n)
{
	struct in6_ifhead *ih = ifp->if_afdata[NET_AF_INET6];

	if (ih != NULL)
		ih->ih_stat[st] += n;
}

static inline void in6_ifcount(const struct ifnet *ifp, enum in6_ifstat st) { in6_ifcount_n(ifp, st, 1); }

void	icmp6_ifcount(const struct ifnet *, bool out, uint8_t type, uint8_t code);
void	icmp6_ifbad(const struct ifnet *);	/* received, and cannot be read */
void	in6_ifstats(const struct ifnet *, const char *proto, vi_stat_fn *, void *arg);	/* nao_ifstats */

#endif
