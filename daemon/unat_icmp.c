/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: ICMP of links to the host.
 *
 * Echo requests are sent by "ping" sockets of the host, one for each identifier that the jail uses, when the host permits them
 * (net.ipv4.ping_group_range); otherwise the jail is told that it is prohibited.  The gateway answers for itself.
 *
 * Errors that the host's sockets hear become ICMP messages to the jail that quote what it sent, from whom the host heard them: so that connect(2),
 * traceroute(8) and the like see what they would see outside.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>

#include "daemon/unat_raw.h"

#define ECHO_TIMEOUT	(60 * NAT_SEC)	/* RFC 5508 REQ-2 */
#define ECHO_TURN	32
#define ERROR_QUOTE	548	/* bytes, RFC 1812 4.3.2.3 */

/* Errors */

/* What ICMP and ICMPv6 (RFC 4443) call the same. */
enum unreach { UNREACH_NET, UNREACH_HOST, UNREACH_PORT, UNREACH_PROHIBITED, UNREACH_NONE };
static const uint8_t unreach_codes[2][UNREACH_NONE] = {
	{ ICMP_NET_UNREACH, ICMP_HOST_UNREACH, ICMP_PORT_UNREACH, ICMP_PKT_FILTERED },
	{ ICMP6_DST_UNREACH_NOROUTE, ICMP6_DST_UNREACH_ADDR, ICMP6_DST_UNREACH_NOPORT, ICMP6_DST_UNREACH_ADMIN },
};

static enum unreach
error_reason(int error)
{
	switch (error) {
	case ENETUNREACH:
	case ENETDOWN:
	case EADDRNOTAVAIL:		/* no address of that family to come from */
	case EAFNOSUPPORT:
		return UNREACH_NET;
	case EHOSTUNREACH:
	case EHOSTDOWN:
	case ENONET:
		return UNREACH_HOST;
	case ECONNREFUSED:
		return UNREACH_PORT;
	case EACCES:
	case EPERM:
		return UNREACH_PROHIBITED;
	default:
		return UNREACH_NONE;
	}
}

bool
nat_error_make(uint8_t family, int error, struct nat_error *ne)
{
	const bool inet6 = family == VI_AF_INET6;
	const enum unreach reason = error_reason(error);

	*ne = (struct nat_error){ .ne_type = inet6 ? ICMP6_DST_UNREACH : ICMP_DEST_UNREACH };
	if (reason == UNREACH_NONE)
		return false;
	ne->ne_code = unreach_codes[inet6][reason];
	return true;
}

static void
quote_inet(const struct nat_packet *pk, size_t len, uint8_t *quote)
{
	struct iphdr *ip = (void *)quote;

	ip->version = 4;
	ip->ihl = sizeof(*ip) / 4;
	ip->tot_len = htons((uint16_t)len);
	ip->ttl = (uint8_t)pk->pk_ttl;
	ip->protocol = pk->pk_proto;
	ip->saddr = pk->pk_src.sa_in;
	ip->daddr = pk->pk_dst.sa_in;
	ip->check = nat_sum(quote, sizeof(*ip));
}

static void
quote_inet6(const struct nat_packet *pk, size_t len, uint8_t *quote)
{
	struct ip6_hdr *ip6 = (void *)quote;

	ip6->ip6_flow = htonl(6u << 28);
	ip6->ip6_plen = htons((uint16_t)(len - sizeof(*ip6)));
	ip6->ip6_nxt = pk->pk_proto;
	ip6->ip6_hlim = (uint8_t)pk->pk_ttl;
	memcpy(&ip6->ip6_src, pk->pk_src.sa_in6, 16);
	memcpy(&ip6->ip6_dst, pk->pk_dst.sa_in6, 16);
}

/* The length that is too long for a way, or 0: of it the host kept the beginning only, and whoever is told believes nothing that would have fitted. */
static size_t
error_toolong(uint8_t family, const struct nat_error *ne)
{
	const bool toobig = family == VI_AF_INET6 ? ne->ne_type == ICMP6_PACKET_TOO_BIG :
	    ne->ne_type == ICMP_DEST_UNREACH && ne->ne_code == ICMP_FRAG_NEEDED;

	return toobig && ne->ne_info < UINT16_MAX ? ne->ne_info + 1 : 0;
}

/* The packet as the jail sent it, as far as we know; it was no shorter than that. */
static size_t
error_quote(const struct nat_packet *pk, size_t atleast, uint8_t quote[ERROR_QUOTE])
{
	const bool inet6 = pk->pk_dst.sa_family == VI_AF_INET6;
	const size_t hlen = inet6 ? sizeof(struct ip6_hdr) : sizeof(struct iphdr);
	const size_t len = pk->pk_len < ERROR_QUOTE - hlen ? pk->pk_len : ERROR_QUOTE - hlen;

	memset(quote, 0, hlen);
	(inet6 ? quote_inet6 : quote_inet)(pk, hlen + pk->pk_len > atleast ? hlen + pk->pk_len : atleast, quote);
	memcpy(quote + hlen, pk->pk_data, len);
	return hlen + len;
}

void
nat_error_send(struct nat *na, const struct nat_error *ne, const struct nat_packet *pk)
{
	const uint8_t family = pk->pk_dst.sa_family;
	struct icmphdr ic = { .type = ne->ne_type, .code = ne->ne_code, .un.gateway = htonl(ne->ne_info) };
	const bool told = ne->ne_from.sa_family == family && nat_isunicast(&ne->ne_from);
	uint8_t quote[ERROR_QUOTE];
	const struct nat_packet error = { .pk_src = told ? ne->ne_from : nat_net(na, family)->nn_gate, .pk_dst = pk->pk_src,
		.pk_proto = family == VI_AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, .pk_data = quote, .pk_len = error_quote(pk, error_toolong(family, ne), quote) };

	nat_raw_send(na, &error, &ic, sizeof(ic), offsetof(struct icmphdr, checksum));
}

void
nat_error_ttl(struct nat *na, const struct nat_packet *pk)
{
	const struct nat_error ne = { .ne_type = pk->pk_dst.sa_family == VI_AF_INET6 ? ICMP6_TIME_EXCEEDED : ICMP_TIME_EXCEEDED };

	nat_error_send(na, &ne, pk);
}

void
nat_unreach(struct nat *na, const struct nat_pair *np, const uint8_t *packet, size_t len, int error)
{
	const size_t hlen = np->np_far.sa_family == VI_AF_INET6 ? sizeof(struct ip6_hdr) : (size_t)((const struct iphdr *)(const void *)packet)->ihl * 4;
	const struct nat_packet pk = { .pk_src = np->np_jail, .pk_dst = np->np_far, .pk_proto = IPPROTO_TCP, .pk_ttl = 64, .pk_data = packet + hlen,
		.pk_len = len - hlen };
	struct nat_error ne;

	if (nat_error_make(np->np_far.sa_family, error, &ne))
		nat_error_send(na, &ne, &pk);
}

/* Echo */

static void
echo_free(struct nat_flow *nf)
{
	nat_flow_remove(nf);
	nat_release(nf->nf_nat, nf, sizeof(*nf));
}

static uint8_t
echo_proto(const struct nat_flow *nf)
{
	return nf->nf_pair.np_jail.sa_family == VI_AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
}

static uint32_t
echo_errors(struct nat_flow *nf)
{
	struct nat *na = nf->nf_nat;
	uint8_t buf[ERROR_QUOTE];
	struct nat_hosterr he;
	uint32_t mtu = 0;

	while (nat_host_error(nf, &he, buf, sizeof(buf))) {
		struct nat_packet pk = { .pk_src = nf->nf_pair.np_jail, .pk_dst = he.he_dst, .pk_proto = echo_proto(nf), .pk_ttl = 1, .pk_data = buf,
			.pk_len = he.he_len };
		struct icmphdr *ic = (void *)buf;

		if (he.he_mtu != 0)
			mtu = he.he_mtu;
		if (he.he_mtu != 0 || he.he_len < sizeof(*ic))
			continue;
		ic->un.echo.id = nf->nf_pair.np_jail.sa_port;
		(void)nat_unmap(na, &pk.pk_dst, false);
		(void)nat_unmap(na, &he.he_error.ne_from, false);
		nat_error_send(na, &he.he_error, &pk);
	}
	return mtu;
}

static const struct nat_kind echo_kind = { .nk_free = echo_free, .nk_expire = echo_free, .nk_errors = echo_errors };

static bool
echo_reply(struct nat_flow *nf)
{
	struct nat_packet pk;
	struct icmphdr ic;
	int error;

	if ((error = nat_host_receive(nf, &pk)) != 0)
		return error == EINTR;
	if (pk.pk_len < sizeof(ic))
		return true;
	memcpy(&ic, pk.pk_data, sizeof(ic));
	ic.un.echo.id = nf->nf_pair.np_jail.sa_port;
	pk.pk_proto = echo_proto(nf);
	pk.pk_src.sa_port = 0;
	pk.pk_data += sizeof(ic);
	pk.pk_len -= sizeof(ic);
	if (nat_unmap(nf->nf_nat, &pk.pk_src, false))
		nat_raw_send(nf->nf_nat, &pk, &ic, sizeof(ic), offsetof(struct icmphdr, checksum));
	return true;
}

static void
echo_event(struct lx_event *le, uint32_t events)
{
	struct nat_flow *nf = CONTAINER(le, struct nat_flow, nf_event);

	if (!nat_begin(nf->nf_nat))
		return;
	if ((events & EPOLLERR) != 0)
		(void)echo_errors(nf);
	for (int i = 0; i < ECHO_TURN && echo_reply(nf); i++)
		;
	nat_done(nf->nf_nat);
}

static int
echo_open(struct nat *na, const struct nat_pair *np, struct nat_flow **nfp)
{
	const bool inet6 = np->np_jail.sa_family == VI_AF_INET6;
	struct nat_flow *nf = nat_alloc(na, sizeof(*nf));
	int error;

	*nfp = NULL;
	if (nf == NULL || !nat_flow_add(na, nf, &echo_kind, np)) {
		nat_release(na, nf, sizeof(*nf));
		return ENOBUFS;
	}
	nf->nf_fd = socket(inet6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, echo_proto(nf));
	error = nf->nf_fd < 0 ? errno : nat_host_setup(nf);
	if (error == 0)
		error = lx_loop_add(na->na_worker->w_loop, &nf->nf_event, nf->nf_fd, EPOLLIN, echo_event);
	if (error == 0)
		*nfp = nf;
	else
		echo_free(nf);
	return error;
}

static int
echo_send(struct nat *na, const struct nat_packet *pk, const struct vi_sockaddr *host)
{
	const struct icmphdr *ic = (const void *)pk->pk_data;
	struct nat_pair np = { .np_jail = pk->pk_src };
	struct nat_flow *nf;
	int error;

	np.np_jail.sa_port = ic->un.echo.id;
	if ((nf = nat_flow_find(na, &echo_kind, &np)) == NULL && (error = echo_open(na, &np, &nf)) != 0)
		return error;
	nf->nf_until = nat_now(na) + ECHO_TIMEOUT;
	return nat_host_send(nf, pk, host, pk->pk_data, pk->pk_len);	/* the id becomes the socket's */
}

/* The gateway itself. */
static void
echo_answer(struct nat *na, const struct nat_packet *pk)
{
	const struct nat_packet reply = { .pk_src = pk->pk_dst, .pk_dst = pk->pk_src, .pk_proto = pk->pk_proto, .pk_tos = pk->pk_tos,
		.pk_data = pk->pk_data + sizeof(struct icmphdr), .pk_len = pk->pk_len - sizeof(struct icmphdr) };
	struct icmphdr ic;

	memcpy(&ic, pk->pk_data, sizeof(ic));
	ic.type = pk->pk_proto == IPPROTO_ICMPV6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY;
	nat_raw_send(na, &reply, &ic, sizeof(ic), offsetof(struct icmphdr, checksum));
}

void
nat_icmp_input(struct nat *na, const struct nat_packet *pk)
{
	const struct icmphdr *ic = (const void *)pk->pk_data;
	struct vi_sockaddr host;
	struct nat_error ne;
	int error;

	if (pk->pk_proto == IPPROTO_ICMPV6 && pk->pk_len >= sizeof(*ic) && ic->type == ND_ROUTER_SOLICIT) {
		nat_ra_solicited(na);
		return;
	}
	if (pk->pk_len < sizeof(*ic) || ic->type != (pk->pk_proto == IPPROTO_ICMPV6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO) || ic->code != 0)
		return;
	if (nat_isgateway(na, &pk->pk_dst) || nat_islinklocal(&pk->pk_dst)) {
		echo_answer(na, pk);
		return;
	}
	if (!nat_isonlink(na, &pk->pk_src)) {
		na->na_refused++;
		return;
	}
	if (pk->pk_ttl <= 1) {
		nat_error_ttl(na, pk);
		return;
	}
	if ((error = nat_map(na, &pk->pk_dst, &host)) == 0)
		error = echo_send(na, pk, &host);
	if (error != 0 && nat_error_make(pk->pk_dst.sa_family, error, &ne))
		nat_error_send(na, &ne, pk);
}
