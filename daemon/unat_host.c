/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams by sockets of the host, of UDP or for echo requests, as like to the jail's packets as such a socket can make them: with their time to live,
 * their type of service and congestion marks (RFC 3168), and whole where the jail wants them whole.
 *
 * What is too long for the way is said by the host itself, or by a router on the way (RFC 1191, RFC 8201); the jail is told either way.  Of IPv6 nobody
 * can tell here whether the jail had sent it in fragments, so it is sent on in fragments besides.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include "daemon/unat_raw.h"
#include "linux/sockaddr.h"

/* What the two families call the same. */
static const struct host_family {
	int	hf_level, hf_recverr, hf_recvtos, hf_tos, hf_ttl, hf_discover, hf_do, hf_dont;
} host_families[2] = {
	{ IPPROTO_IP, IP_RECVERR, IP_RECVTOS, IP_TOS, IP_TTL, IP_MTU_DISCOVER, IP_PMTUDISC_DO, IP_PMTUDISC_DONT },
	{ IPPROTO_IPV6, IPV6_RECVERR, IPV6_RECVTCLASS, IPV6_TCLASS, IPV6_HOPLIMIT, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO, IPV6_PMTUDISC_DONT },
};

static const struct host_family *
host_family(const struct nat_flow *nf)
{
	return &host_families[nat_hostinet6(&nf->nf_pair)];
}

static int
host_set(const struct nat_flow *nf, int option, int value)
{
	return setsockopt(nf->nf_fd, host_family(nf)->hf_level, option, &value, sizeof(value)) != 0 ? errno : 0;
}

static int
host_setwhole(struct nat_flow *nf, bool whole)
{
	const struct host_family *hf = host_family(nf);
	int error = host_set(nf, hf->hf_discover, whole ? hf->hf_do : hf->hf_dont);

	if (error == 0)
		nf->nf_whole = whole;
	return error;
}

int
nat_host_setup(struct nat_flow *nf)
{
	const struct host_family *hf = host_family(nf);
	int error;

	if ((error = host_set(nf, hf->hf_recverr, 1)) != 0 || (error = host_set(nf, hf->hf_recvtos, 1)) != 0)
		return error;
	return host_setwhole(nf, false);
}

/* Out */

static void
put_int(struct msghdr *mh, int level, int type, int value)
{
	struct cmsghdr *cm = (struct cmsghdr *)(void *)((char *)mh->msg_control + mh->msg_controllen);

	cm->cmsg_level = level;
	cm->cmsg_type = type;
	cm->cmsg_len = CMSG_LEN(sizeof(value));
	memcpy(CMSG_DATA(cm), &value, sizeof(value));
	mh->msg_controllen += CMSG_SPACE(sizeof(value));
}

static int
host_transmit(const struct nat_flow *nf, const struct nat_packet *pk, const struct vi_sockaddr *host, const void *data, size_t len)
{
	const struct host_family *hf = host_family(nf);
	char control[2 * CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = { 0 };
	struct iovec iov = { (void *)(uintptr_t)data, len };
	struct sockaddr_storage ss;
	struct msghdr mh = { .msg_name = &ss, .msg_namelen = sockaddr_build(host, &ss), .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control };

	/* Where the host is the destination itself there is no hop between. */
	put_int(&mh, hf->hf_level, hf->hf_ttl, nat_isgateway(nf->nf_nat, &pk->pk_dst) ? 64 : pk->pk_ttl - 1);
	put_int(&mh, hf->hf_level, hf->hf_tos, pk->pk_tos);
	return sendmsg(nf->nf_fd, &mh, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? errno : 0;
}

/* The host said that it is too long. */
static int
host_toobig(struct nat_flow *nf, const struct nat_packet *pk, const struct vi_sockaddr *host, const void *data, size_t len)
{
	const bool inet6 = pk->pk_dst.sa_family == VI_AF_INET6;
	struct nat_error ne = { .ne_type = inet6 ? ICMP6_PACKET_TOO_BIG : ICMP_DEST_UNREACH, .ne_code = inet6 ? 0 : ICMP_FRAG_NEEDED };

	if ((ne.ne_info = nf->nf_kind->nk_errors(nf)) != 0)
		nat_error_send(nf->nf_nat, &ne, pk);
	if (!inet6 || host_setwhole(nf, false) != 0)
		return 0;
	return host_transmit(nf, pk, host, data, len);
}

int
nat_host_send(struct nat_flow *nf, const struct nat_packet *pk, const struct vi_sockaddr *host, const void *data, size_t len)
{
	int error = nf->nf_whole != pk->pk_whole ? host_setwhole(nf, pk->pk_whole) : 0;

	if (error != 0)
		return error;
	/* An error of an earlier datagram is said once, by any call: it is in the queue as well. */
	if ((error = host_transmit(nf, pk, host, data, len)) != 0)
		error = host_transmit(nf, pk, host, data, len);
	return error == EMSGSIZE && nf->nf_whole ? host_toobig(nf, pk, host, data, len) : error;
}

/* In */

static void
take_tos(const struct cmsghdr *cm, int *tos)
{
	if (cm->cmsg_level == IPPROTO_IP && cm->cmsg_type == IP_TOS)
		*tos = *CMSG_DATA(cm);
	else if (cm->cmsg_level == IPPROTO_IPV6 && cm->cmsg_type == IPV6_TCLASS)
		memcpy(tos, CMSG_DATA(cm), sizeof(*tos));
}

int
nat_host_receive(const struct nat_flow *nf, struct nat_packet *pk)
{
	char control[CMSG_SPACE(sizeof(int)) + 64] __attribute__((aligned(8)));
	struct nat *na = nf->nf_nat;
	struct iovec iov = { na->na_buf, sizeof(na->na_buf) };
	struct sockaddr_storage ss;
	struct msghdr mh = { .msg_name = &ss, .msg_namelen = sizeof(ss), .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(nf->nf_fd, &mh, MSG_DONTWAIT);

	if (n < 0)
		return errno;
	*pk = (struct nat_packet){ .pk_dst = nf->nf_pair.np_jail, .pk_data = na->na_buf, .pk_len = (size_t)n };
	for (struct cmsghdr *cm = CMSG_FIRSTHDR(&mh); cm != NULL; cm = CMSG_NXTHDR(&mh, cm))
		take_tos(cm, &pk->pk_tos);
	return sockaddr_parse(&ss, mh.msg_namelen, &pk->pk_src) != 0 ? EINTR : 0;
}

/* The error queue */

static bool
error_take(const struct cmsghdr *cm, struct nat_hosterr *he)
{
	const struct sock_extended_err *ee = (const void *)CMSG_DATA(cm);

	if (!(cm->cmsg_level == IPPROTO_IP && cm->cmsg_type == IP_RECVERR) && !(cm->cmsg_level == IPPROTO_IPV6 && cm->cmsg_type == IPV6_RECVERR))
		return false;
	if (ee->ee_origin == SO_EE_ORIGIN_LOCAL && ee->ee_errno == EMSGSIZE)
		he->he_mtu = ee->ee_info;
	if (ee->ee_origin != SO_EE_ORIGIN_ICMP && ee->ee_origin != SO_EE_ORIGIN_ICMP6)
		return he->he_mtu != 0;
	he->he_error.ne_type = ee->ee_type;
	he->he_error.ne_code = ee->ee_code;
	he->he_error.ne_info = ee->ee_info;
	(void)sockaddr_parse(SO_EE_OFFENDER(ee), cm->cmsg_len - CMSG_LEN(sizeof(*ee)), &he->he_error.ne_from);
	he->he_error.ne_from.sa_port = 0;
	return true;
}

bool
nat_host_error(const struct nat_flow *nf, struct nat_hosterr *he, void *buf, size_t len)
{
	char control[512] __attribute__((aligned(8)));
	struct sockaddr_storage ss;
	struct iovec iov = { buf, len };
	ssize_t n;

	for (;;) {
		struct msghdr mh = { .msg_name = &ss, .msg_namelen = sizeof(ss), .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			.msg_controllen = sizeof(control) };

		if ((n = recvmsg(nf->nf_fd, &mh, MSG_ERRQUEUE | MSG_DONTWAIT)) < 0)
			return false;
		*he = (struct nat_hosterr){ .he_len = (size_t)n };
		for (struct cmsghdr *cm = CMSG_FIRSTHDR(&mh); cm != NULL; cm = CMSG_NXTHDR(&mh, cm))
			if (error_take(cm, he) && (he->he_mtu != 0 || sockaddr_parse(&ss, mh.msg_namelen, &he->he_dst) == 0))
				return true;
	}
}
