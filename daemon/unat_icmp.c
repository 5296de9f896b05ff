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
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>

#include "daemon/daemon.h"
#include "daemon/unat_raw.h"
#include "linux/sockaddr.h"

#define ECHO_TIMEOUT	(60 * NAT_SEC)	/* RFC 5508 REQ-2 */
#define ECHO_TURN	32
#define ERROR_QUOTE	548	/* bytes, RFC 1812 4.3.2.3 */

/* Errors */

bool
nat_error_make(const struct nat *na, uint8_t family, int error, struct nat_error *ne)
{
	(void)na;
	(void)family;
	*ne = (struct nat_error){ .ne_type = ICMP_DEST_UNREACH };
	switch (error) {
	case ENETUNREACH:
	case ENETDOWN:
	case EAFNOSUPPORT:
		ne->ne_code = ICMP_NET_UNREACH;
		return true;
	case EHOSTUNREACH:
	case EHOSTDOWN:
	case ENONET:
		ne->ne_code = ICMP_HOST_UNREACH;
		return true;
	case ECONNREFUSED:
		ne->ne_code = ICMP_PORT_UNREACH;
		return true;
	case EACCES:
	case EPERM:
		ne->ne_code = ICMP_PKT_FILTERED;
		return true;
	default:
		return false;
	}
}

/* The packet as the jail sent it, as far as we know. */
static size_t
error_quote(const struct nat_packet *pk, uint8_t quote[ERROR_QUOTE])
{
	struct iphdr *ip = (void *)quote;
	size_t len = pk->pk_len < ERROR_QUOTE - sizeof(*ip) ? pk->pk_len : ERROR_QUOTE - sizeof(*ip);
	uint32_t sum = 0;

	memset(ip, 0, sizeof(*ip));
	ip->version = 4;
	ip->ihl = sizeof(*ip) / 4;
	ip->tot_len = htons((uint16_t)(sizeof(*ip) + pk->pk_len));
	ip->ttl = (uint8_t)pk->pk_ttl;
	ip->protocol = pk->pk_proto;
	ip->saddr = pk->pk_src.sa_in;
	ip->daddr = pk->pk_dst.sa_in;
	for (size_t i = 0; i < sizeof(*ip); i += 2)
		sum += (uint32_t)quote[i] << 8 | quote[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = htons((uint16_t)~(sum + (sum >> 16)));
	memcpy(quote + sizeof(*ip), pk->pk_data, len);
	return sizeof(*ip) + len;
}

void
nat_error_send(struct nat *na, const struct nat_error *ne, const struct nat_packet *pk)
{
	struct icmphdr ic = { .type = ne->ne_type, .code = ne->ne_code, .un.gateway = htonl(ne->ne_info) };
	uint8_t quote[ERROR_QUOTE];

	nat_raw_send(na, IPPROTO_ICMP, ne->ne_from.sa_family != 0 ? &ne->ne_from : &na->na_gate, &pk->pk_src, &ic, sizeof(ic),
	    offsetof(struct icmphdr, checksum), quote, error_quote(pk, quote));
}

void
nat_unreach(struct nat *na, const uint8_t *packet, size_t len, int error)
{
	const struct iphdr *ip = (const void *)packet;
	struct nat_packet pk = { .pk_src.sa_family = VI_AF_INET, .pk_dst.sa_family = VI_AF_INET };
	struct nat_error ne;

	if (ip->version != 4 || !nat_error_make(na, VI_AF_INET, error, &ne))
		return;
	pk.pk_src.sa_in = ip->saddr;
	pk.pk_dst.sa_in = ip->daddr;
	pk.pk_proto = ip->protocol;
	pk.pk_ttl = ip->ttl;
	pk.pk_data = packet + ip->ihl * 4;
	pk.pk_len = len - (size_t)ip->ihl * 4;
	nat_error_send(na, &ne, &pk);
}

static bool
host_error_take(const struct cmsghdr *cm, struct nat_hosterr *he)
{
	const struct sock_extended_err *ee = (const void *)CMSG_DATA(cm);

	if (cm->cmsg_level != IPPROTO_IP || cm->cmsg_type != IP_RECVERR || ee->ee_origin != SO_EE_ORIGIN_ICMP)
		return false;
	he->he_error.ne_type = ee->ee_type;
	he->he_error.ne_code = ee->ee_code;
	he->he_error.ne_info = ee->ee_info;
	(void)sockaddr_parse(SO_EE_OFFENDER(ee), sizeof(struct sockaddr_in), &he->he_error.ne_from);
	he->he_error.ne_from.sa_port = 0;
	return true;
}

/* Those of the host itself (a datagram too long for its interface) are skipped. */
bool
nat_host_error(int fd, struct nat_hosterr *he, void *buf, size_t len)
{
	char control[512] __attribute__((aligned(8)));
	struct sockaddr_storage ss;
	struct iovec iov = { buf, len };
	ssize_t n;

	for (;;) {
		struct msghdr mh = { .msg_name = &ss, .msg_namelen = sizeof(ss), .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			.msg_controllen = sizeof(control) };

		if ((n = recvmsg(fd, &mh, MSG_ERRQUEUE | MSG_DONTWAIT)) < 0)
			return false;
		*he = (struct nat_hosterr){ .he_len = (size_t)n };
		if (sockaddr_parse(&ss, mh.msg_namelen, &he->he_dst) != 0)
			continue;
		for (struct cmsghdr *cm = CMSG_FIRSTHDR(&mh); cm != NULL; cm = CMSG_NXTHDR(&mh, cm))
			if (host_error_take(cm, he))
				return true;
	}
}

/* Echo */

static void
echo_free(struct nat_flow *nf)
{
	nat_flow_remove(nf);
	free(nf);
}

static bool
echo_expire(struct nat_flow *nf, uint64_t now)
{
	(void)now;
	echo_free(nf);
	return true;
}

static const struct nat_kind echo_kind = { .nk_free = echo_free, .nk_expire = echo_expire };

static void
echo_error(struct nat_flow *nf)
{
	struct nat *na = nf->nf_nat;
	uint8_t buf[ERROR_QUOTE];
	struct nat_hosterr he;

	while (nat_host_error(nf->nf_fd, &he, buf, sizeof(buf))) {
		struct nat_packet pk = { .pk_src = nf->nf_pair.np_jail, .pk_dst = he.he_dst, .pk_proto = IPPROTO_ICMP, .pk_ttl = 1, .pk_data = buf,
			.pk_len = he.he_len };
		struct icmphdr *ic = (void *)buf;

		if (he.he_len < sizeof(*ic))
			continue;
		ic->un.echo.id = nf->nf_pair.np_jail.sa_port;
		nat_unmap(na, &pk.pk_dst, false);
		nat_unmap(na, &he.he_error.ne_from, false);
		nat_error_send(na, &he.he_error, &pk);
	}
}

static bool
echo_reply(struct nat_flow *nf)
{
	struct nat *na = nf->nf_nat;
	struct sockaddr_storage ss;
	socklen_t slen = sizeof(ss);
	struct vi_sockaddr from;
	struct icmphdr ic;
	ssize_t n = recvfrom(nf->nf_fd, na->na_buf, sizeof(na->na_buf), MSG_DONTWAIT, (struct sockaddr *)&ss, &slen);

	if (n < 0)
		return errno == EINTR;
	if ((size_t)n < sizeof(ic) || sockaddr_parse(&ss, slen, &from) != 0)
		return true;
	memcpy(&ic, na->na_buf, sizeof(ic));
	ic.un.echo.id = nf->nf_pair.np_jail.sa_port;
	from.sa_port = 0;
	if (nat_unmap(na, &from, false))
		nat_raw_send(na, IPPROTO_ICMP, &from, &nf->nf_pair.np_jail, &ic, sizeof(ic), offsetof(struct icmphdr, checksum), na->na_buf + sizeof(ic),
		    (size_t)n - sizeof(ic));
	return true;
}

static void
echo_event(struct lx_event *le, uint32_t events)
{
	struct nat_flow *nf = CONTAINER(le, struct nat_flow, nf_event);

	if (nf->nf_nat->na_closed)
		return;
	if ((events & EPOLLERR) != 0)
		echo_error(nf);
	for (int i = 0; i < ECHO_TURN && echo_reply(nf); i++)
		;
}

static int
echo_open(struct nat *na, const struct nat_pair *np, struct nat_flow **nfp)
{
	struct nat_flow *nf = calloc(1, sizeof(*nf));

	*nfp = NULL;
	if (nf == NULL || !nat_flow_add(na, nf, &echo_kind, np)) {
		free(nf);
		return ENOBUFS;
	}
	if ((nf->nf_fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMP)) < 0 ||
	    setsockopt(nf->nf_fd, IPPROTO_IP, IP_RECVERR, &(int){ 1 }, sizeof(int)) != 0 ||
	    lx_loop_add(na->na_worker->w_loop, &nf->nf_event, nf->nf_fd, EPOLLIN, echo_event) != 0) {
		int error = errno;

		echo_free(nf);
		return error;
	}
	*nfp = nf;
	return 0;
}

static int
echo_send(struct nat *na, const struct nat_packet *pk, const struct vi_sockaddr *host)
{
	struct nat_pair np = { .np_jail = pk->pk_src };
	const struct icmphdr *ic = (const void *)pk->pk_data;
	struct sockaddr_storage ss;
	struct nat_flow *nf;
	socklen_t len = sockaddr_build(host, &ss);
	int error;

	np.np_jail.sa_port = ic->un.echo.id;
	if ((nf = nat_flow_find(na, &echo_kind, &np)) == NULL && (error = echo_open(na, &np, &nf)) != 0)
		return error;
	nf->nf_until = nat_now(na) + ECHO_TIMEOUT;
	(void)setsockopt(nf->nf_fd, IPPROTO_IP, IP_TTL, &(int){ pk->pk_ttl - 1 }, sizeof(int));
	/* The id becomes the socket's. */
	return sendto(nf->nf_fd, pk->pk_data, pk->pk_len, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&ss, len) < 0 ? errno : 0;
}

/* The gateway itself. */
static void
echo_answer(struct nat *na, const struct nat_packet *pk)
{
	struct icmphdr ic;

	memcpy(&ic, pk->pk_data, sizeof(ic));
	ic.type = ICMP_ECHOREPLY;
	nat_raw_send(na, IPPROTO_ICMP, &pk->pk_dst, &pk->pk_src, &ic, sizeof(ic), offsetof(struct icmphdr, checksum), pk->pk_data + sizeof(ic),
	    pk->pk_len - sizeof(ic));
}

void
nat_icmp_input(struct nat *na, const struct nat_packet *pk)
{
	const struct icmphdr *ic = (const void *)pk->pk_data;
	struct vi_sockaddr host;
	struct nat_error ne;
	int error;

	if (pk->pk_len < sizeof(*ic) || ic->type != ICMP_ECHO || ic->code != 0)
		return;
	if (nat_isgateway(na, &pk->pk_dst)) {
		echo_answer(na, pk);
		return;
	}
	if (pk->pk_ttl <= 1) {
		nat_error_send(na, &(struct nat_error){ .ne_type = ICMP_TIME_EXCEEDED }, pk);
		return;
	}
	if ((error = nat_map(na, &pk->pk_dst, &host)) == 0)
		error = echo_send(na, pk, &host);
	if (error != 0 && nat_error_make(na, pk->pk_dst.sa_family, error, &ne))
		nat_error_send(na, &ne, pk);
}
