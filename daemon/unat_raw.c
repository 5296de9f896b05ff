/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/unat_raw.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>

#define RAW_TURN	64	/* packets taken in one upcall */
#define RAW_BUFFER	(1 << 20)	/* bytes that wait for it */

static const struct raw_kind {
	int	rk_family, rk_proto;
	void	(*rk_input)(struct nat *, const struct nat_packet *);
} raw_kinds[NAT_NRAW] = {
	{ VI_AF_INET, IPPROTO_UDP, nat_udp_input },
	{ VI_AF_INET, IPPROTO_ICMP, nat_icmp_input },
	{ VI_AF_INET6, IPPROTO_UDP, nat_udp_input },
	{ VI_AF_INET6, IPPROTO_ICMPV6, nat_icmp_input },
};

/* Input */

/* One packet of the socket's queue; false: none. */
static bool
raw_next(struct nat *na, const struct raw_kind *rk, struct vi_socket *so)
{
	struct vi_iovec iov = { na->na_buf, sizeof(na->na_buf) };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1 };
	struct nat_packet pk = { .pk_proto = (uint8_t)rk->rk_proto, .pk_data = na->na_buf };
	const struct iphdr *ip = (const void *)na->na_buf;
	size_t n, hlen = 0;

	if (vi_recvmsg(so, &msg, &n) != 0)
		return false;
	pk.pk_src = msg.msg_name;
	pk.pk_dst = msg.msg_dst;
	pk.pk_src.sa_port = pk.pk_dst.sa_port = 0;
	pk.pk_src.sa_scope = pk.pk_dst.sa_scope = 0;
	pk.pk_ttl = msg.msg_ttl;
	pk.pk_tos = msg.msg_tos;
	pk.pk_whole = true;
	if (rk->rk_family == VI_AF_INET && n >= sizeof(*ip)) {
		hlen = (size_t)ip->ihl * 4;
		pk.pk_whole = (ip->frag_off & htons(IP_DF)) != 0;
	}
	if (n < hlen)
		return true;
	pk.pk_data += hlen;
	pk.pk_len = n - hlen;
	rk->rk_input(na, &pk);
	return true;
}

static void
raw_upcall(struct vi_socket *so, unsigned events, void *arg)
{
	struct nat *na = arg;
	unsigned i;

	(void)events;
	for (i = 0; i < NAT_NRAW && na->na_raw[i] != so; i++)
		;
	if (vi_socket_dead(so)) {
		na->na_raw[i] = NULL;
		vi_close(so);
		return;
	}
	for (int turn = 0; turn < RAW_TURN; turn++)
		if (!raw_next(na, &raw_kinds[i], so))
			return;
	vi_socket_upcall(so, raw_upcall, na);	/* more is there: in the next round */
}

/* Echo requests and solicitations of routers; neighbours are the far stack's own business. */
static int
raw_filter(struct vi_socket *so)
{
	uint32_t filter[8];

	memset(filter, 0xff, sizeof(filter));
	filter[ICMP6_ECHO_REQUEST >> 5] &= ~(1u << (ICMP6_ECHO_REQUEST & 31));
	filter[ND_ROUTER_SOLICIT >> 5] &= ~(1u << (ND_ROUTER_SOLICIT & 31));
	return vi_setsockopt(so, VI_ICMP6_FILTER, filter, sizeof(filter));
}

static int
raw_setup(struct vi_socket *so, const struct raw_kind *rk)
{
	static const enum vi_sockopt opts[2][3] = { { VI_IP_PKTINFO, VI_IP_RECVTTL, VI_IP_RECVTOS },
		{ VI_IPV6_RECVPKTINFO, VI_IPV6_RECVHOPLIMIT, VI_IPV6_RECVTCLASS } };
	const bool inet6 = rk->rk_family == VI_AF_INET6;
	int error;

	if ((error = nat_transparent(so, rk->rk_family)) != 0 || (error = nat_setint(so, opts[inet6][0], 1)) != 0 ||
	    (error = nat_setint(so, opts[inet6][1], 1)) != 0 || (error = nat_setint(so, opts[inet6][2], 1)) != 0 ||
	    (error = nat_setint(so, inet6 ? VI_IPV6_MTU_DISCOVER : VI_IP_MTU_DISCOVER, 0)) != 0 ||
	    (error = nat_setint(so, VI_SO_BROADCAST, 1)) != 0 || (error = nat_setint(so, VI_SO_RCVBUF, RAW_BUFFER)) != 0)
		return error;
	return rk->rk_proto == IPPROTO_ICMPV6 ? raw_filter(so) : 0;
}

static int
raw_open_one(struct nat *na, unsigned i)
{
	const struct vi_cred root = { .cr_priv = true };
	struct vi_socket *so;
	int error;

	if ((error = vi_socket(na->na_far, raw_kinds[i].rk_family, VI_SOCK_RAW, raw_kinds[i].rk_proto, &root, &so)) != 0)
		return error;
	na->na_raw[i] = so;
	if ((error = raw_setup(so, &raw_kinds[i])) == 0)
		vi_socket_upcall(so, raw_upcall, na);
	return error;
}

int
nat_raw_open(struct nat *na)
{
	int error = 0;

	for (unsigned i = 0; i < NAT_NRAW && error == 0; i++)
		error = raw_open_one(na, i);
	return error;
}

void
nat_raw_fini(struct nat *na)
{
	for (unsigned i = 0; i < NAT_NRAW; i++) {
		if (na->na_raw[i] != NULL)
			vi_close(na->na_raw[i]);
		na->na_raw[i] = NULL;
	}
}

/* Output */

/* RFC 1071; the bytes of one piece behind another of an even length. */
static uint32_t
sum_add(uint32_t sum, const void *buf, size_t len)
{
	const uint8_t *p = buf;

	for (; len > 1; p += 2, len -= 2)
		sum += (uint32_t)p[0] << 8 | p[1];
	if (len > 0)
		sum += (uint32_t)p[0] << 8;
	return (sum & 0xffff) + (sum >> 16);
}

static uint16_t
sum_fold(uint32_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

uint16_t
nat_sum(const void *buf, size_t len)
{
	return sum_fold(sum_add(0, buf, len));
}

/* Of UDP and ICMPv6 the addresses are summed too; those of ICMP are not. */
static uint32_t
sum_pseudo(const struct nat_packet *pk, size_t len)
{
	const size_t alen = pk->pk_src.sa_family == VI_AF_INET6 ? 16 : 4;

	if (pk->pk_proto == IPPROTO_ICMP)
		return 0;
	return sum_add(sum_add(0, pk->pk_src.sa_bytes, alen), pk->pk_dst.sa_bytes, alen) + pk->pk_proto + (uint32_t)len;
}

static struct vi_socket *
raw_socket(const struct nat *na, int family, int proto)
{
	for (unsigned i = 0; i < NAT_NRAW; i++)
		if (raw_kinds[i].rk_family == family && raw_kinds[i].rk_proto == proto)
			return na->na_raw[i];
	return NULL;
}

static void
raw_zone(const struct nat *na, struct vi_sockaddr *sa)
{
	if (nat_islinklocal(sa))
		sa->sa_scope = na->na_gateindex;
}

void
nat_raw_send(struct nat *na, const struct nat_packet *pk, void *hdr, size_t hdrlen, size_t sumoff)
{
	struct vi_iovec iov[2] = { { hdr, hdrlen }, { (void *)(uintptr_t)pk->pk_data, pk->pk_len } };
	struct vi_msg msg = { .msg_iov = iov, .msg_iovcnt = 2, .msg_hasname = true, .msg_name = pk->pk_dst, .msg_dst = pk->pk_src, .msg_tos = pk->pk_tos,
		.msg_set = VI_MSGSET_ADDR | VI_MSGSET_IFINDEX | VI_MSGSET_TOS, .msg_ifindex = na->na_gateindex };
	struct vi_socket *so = raw_socket(na, pk->pk_src.sa_family, pk->pk_proto);
	uint16_t sum = 0;
	size_t done;

	if (so == NULL)
		return;
	memcpy((uint8_t *)hdr + sumoff, &sum, sizeof(sum));
	sum = sum_fold(sum_add(sum_add(sum_pseudo(pk, hdrlen + pk->pk_len), hdr, hdrlen), pk->pk_data, pk->pk_len));
	if (sum == 0 && pk->pk_proto == IPPROTO_UDP)	/* RFC 768 */
		sum = 0xffff;
	memcpy((uint8_t *)hdr + sumoff, &sum, sizeof(sum));
	msg.msg_name.sa_port = 0;
	raw_zone(na, &msg.msg_name);
	raw_zone(na, &msg.msg_dst);
	(void)vi_sendmsg(so, &msg, &done);	/* what is lost is lost */
}

void
nat_raw_multicast(struct nat *na, uint8_t proto, const struct vi_sockaddr *to, int ttl, void *data, size_t len)
{
	struct vi_iovec iov = { data, len };
	const struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_hasname = true, .msg_name = *to, .msg_set = VI_MSGSET_TTL | VI_MSGSET_IFINDEX,
		.msg_ttl = ttl, .msg_ifindex = na->na_gateindex };
	struct vi_socket *so = raw_socket(na, to->sa_family, proto);
	size_t done;

	if (so != NULL)
		(void)vi_sendmsg(so, &msg, &done);
}
