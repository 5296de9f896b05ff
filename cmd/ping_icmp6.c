/* SPDX-License-Identifier: BSD-2-Clause */
/* The packets of ping(8) over IPv6 (RFC 4443 section 4).  The system fills in the checksum. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/icmp6.h>
#include <netinet/ip6.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "cmd/ping_int.h"

static int
set6(const struct ping *p, int option, int value)
{
	return setsockopt(p->p_sock, IPPROTO_IPV6, option, &value, sizeof(value));
}

/* Neighbour discovery is not this socket's business. */
static int
set_filter(const struct ping *p)
{
	static const int types[] = { ICMP6_ECHO_REPLY, ICMP6_DST_UNREACH, ICMP6_PACKET_TOO_BIG,
	    ICMP6_TIME_EXCEEDED, ICMP6_PARAM_PROB };
	struct icmp6_filter filter;

	ICMP6_FILTER_SETBLOCKALL(&filter);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		ICMP6_FILTER_SETPASS(types[i], &filter);
	return setsockopt(p->p_sock, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter));
}

int
ping6_options(const struct ping *p)
{
	if (set6(p, IPV6_RECVHOPLIMIT, 1) != 0)
		return ping_fail(p, "setsockopt IPV6_RECVHOPLIMIT", EX_OSERR);
	if (p->p_bufsize > 0 && (setsockopt(p->p_sock, SOL_SOCKET, SO_SNDBUF, &p->p_bufsize, sizeof(p->p_bufsize)) != 0 ||
	    setsockopt(p->p_sock, SOL_SOCKET, SO_RCVBUF, &p->p_bufsize, sizeof(p->p_bufsize)) != 0))
		return ping_fail(p, "setsockopt SO_SNDBUF", EX_OSERR);
	if (p->p_ttl > 0 && (set6(p, IPV6_UNICAST_HOPS, p->p_ttl) != 0 ||
	    set6(p, IPV6_MULTICAST_HOPS, p->p_ttl) != 0))
		return ping_fail(p, "setsockopt IPV6_UNICAST_HOPS", EX_OSERR);
	if (p->p_mttl > 0 && set6(p, IPV6_MULTICAST_HOPS, p->p_mttl) != 0)
		return ping_fail(p, "setsockopt IPV6_MULTICAST_HOPS", EX_OSERR);
	if (p->p_tos > 0 && set6(p, IPV6_TCLASS, p->p_tos) != 0)
		return ping_fail(p, "setsockopt IPV6_TCLASS", EX_OSERR);
	if (p->p_noloop && set6(p, IPV6_MULTICAST_LOOP, 0) != 0)
		return ping_fail(p, "setsockopt IPV6_MULTICAST_LOOP", EX_OSERR);
	if (p->p_interface != NULL && set6(p, IPV6_MULTICAST_IF, (int)if_nametoindex(p->p_interface)) != 0)
		return ping_fail(p, p->p_interface, EX_OSERR);
	if (p->p_dontfrag && set6(p, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO) != 0)
		return ping_fail(p, "setsockopt IPV6_MTU_DISCOVER", EX_OSERR);
	if ((p->p_raw ? set_filter(p) : set6(p, IPV6_RECVERR, 1)) != 0)
		return ping_fail(p, p->p_raw ? "setsockopt ICMP6_FILTER" : "setsockopt IPV6_RECVERR",
		    EX_OSERR);
	if (p->p_source != NULL && bind(p->p_sock, (const struct sockaddr *)&p->p_from6,
	    sizeof(p->p_from6)) != 0)
		return ping_fail(p, "bind", EX_OSERR);
	return 0;
}

/* From which address the packets go. */
static int
find_source(const struct ping *p, struct sockaddr_in6 *src)
{
	struct sockaddr_in6 dst = p->p_to6;
	socklen_t len = sizeof(*src);
	int error, fd;

	*src = p->p_from6;
	if (p->p_source != NULL)
		return 0;
	if ((fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
		return ping_fail(p, "UDP socket", EX_OSERR);
	dst.sin6_port = htons(58);	/* any will do: nothing is sent */
	error = connect(fd, (struct sockaddr *)&dst, sizeof(dst)) != 0 ||
	    getsockname(fd, (struct sockaddr *)src, &len) != 0 ?
	    ping_fail(p, "UDP connect", EX_OSERR) : 0;
	close(fd);
	return error;
}

static const char *
number(const struct sockaddr_in6 *sin6, char *buf, size_t len)
{
	if (getnameinfo((const struct sockaddr *)sin6, sizeof(*sin6), buf, (socklen_t)len, NULL, 0,
	    NI_NUMERICHOST) != 0)
		snprintf(buf, len, "?");
	return buf;
}

int
ping6_start(const struct ping *p)
{
	char from[NI_MAXHOST], to[NI_MAXHOST];
	struct sockaddr_in6 src;
	int status = find_source(p, &src);

	if (status != 0)
		return status;
	printf("PING(%zu=40+8+%zu bytes) %s --> %s\n", p->p_size + 48, p->p_size,
	    number(&src, from, sizeof(from)), number(&p->p_to6, to, sizeof(to)));
	return 0;
}

/*
 * Receiving.
 */
static const char *
name6(const struct ping *p, const struct sockaddr_in6 *sin6, char *buf, size_t len)
{
	if (p->p_quiet || p->p_flood || !p->p_names || getnameinfo((const struct sockaddr *)sin6,
	    sizeof(*sin6), buf, (socklen_t)len, NULL, 0, NI_NAMEREQD) != 0)
		return number(sin6, buf, len);
	return buf;
}

void
ping_icmp6_text(int type, int code, uint32_t info, char *buf, size_t len)
{
	static const char *const unreach[] = {
		"No Route to Destination",
		"Destination Administratively Unreachable",
		"Destination Unreachable Beyond Scope",
		"Destination Host Unreachable",
		"Destination Port Unreachable",
	};
	static const char *const problem[] = {
		"Erroneous Header",
		"Unknown Nextheader",
		"Unrecognized Option",
	};

	if (type == ICMP6_DST_UNREACH && code >= 0 && code < 5)
		snprintf(buf, len, "%s", unreach[code]);
	else if (type == ICMP6_DST_UNREACH)
		snprintf(buf, len, "Destination Unreachable, Bad Code: %d", code);
	else if (type == ICMP6_PACKET_TOO_BIG)
		snprintf(buf, len, "Packet too big mtu = %u", info);
	else if (type == ICMP6_TIME_EXCEEDED && (code == 0 || code == 1))
		snprintf(buf, len, "%s", code == 0 ? "Time to live exceeded"
						   : "Frag reassembly time exceeded");
	else if (type == ICMP6_PARAM_PROB && code >= 0 && code < 3)
		snprintf(buf, len, "Parameter problem: %s pointer = 0x%02x", problem[code], info);
	else
		snprintf(buf, len, "ICMPv6 type %d code %d", type, code);
}

static void
print_error6(const struct ping *p, size_t len, const struct sockaddr_in6 *from, int type, int code,
    uint32_t info)
{
	char name[NI_MAXHOST], text[128];

	if (p->p_quiet || p->p_flood)
		return;
	ping_icmp6_text(type, code, info, text, sizeof(text));
	printf("%zu bytes from %s: %s\n", len, name6(p, from, name, sizeof(name)), text);
}

/* On a raw socket: ours if the packet it quotes is an echo request of ours. */
static void
take_error6(const struct ping *p, const uint8_t *data, size_t len, const struct sockaddr_in6 *from)
{
	struct icmp6_hdr ic, quoted;
	struct ip6_hdr ip6;

	if (len < sizeof(ic) + sizeof(ip6) + sizeof(quoted))
		return;
	memcpy(&ic, data, sizeof(ic));
	memcpy(&ip6, data + sizeof(ic), sizeof(ip6));
	memcpy(&quoted, data + sizeof(ic) + sizeof(ip6), sizeof(quoted));
	if (ip6.ip6_nxt != IPPROTO_ICMPV6 || quoted.icmp6_type != ICMP6_ECHO_REQUEST ||
	    ntohs(quoted.icmp6_id) != p->p_ident ||
	    memcmp(&ip6.ip6_dst, &p->p_to6.sin6_addr, sizeof(ip6.ip6_dst)) != 0)
		return;
	print_error6(p, len, from, ic.icmp6_type, ic.icmp6_code, ntohl(ic.icmp6_mtu));
}

static void
take_error_cmsg(const struct ping *p, const struct cmsghdr *cm)
{
	struct sockaddr_in6 offender;
	struct sock_extended_err ee;

	if (cm->cmsg_level != IPPROTO_IPV6 || cm->cmsg_type != IPV6_RECVERR ||
	    cm->cmsg_len < CMSG_LEN(sizeof(ee) + sizeof(offender)))
		return;
	memcpy(&ee, CMSG_DATA(cm), sizeof(ee));
	memcpy(&offender, CMSG_DATA(cm) + sizeof(ee), sizeof(offender));
	if (ee.ee_origin == SO_EE_ORIGIN_ICMP6)
		print_error6(p, 8 + 40 + 8, &offender, ee.ee_type, ee.ee_code, ee.ee_info);
}

static void
take_message(struct ping *p, size_t len, const struct sockaddr_in6 *from, int hlim)
{
	const uint8_t *data = p->p_buffer;
	char name[NI_MAXHOST];

	if (len < sizeof(struct icmp6_hdr))
		return;
	if (data[0] == ICMP6_ECHO_REPLY)
		ping_reply(p, data, len, name6(p, from, name, sizeof(name)), hlim);
	else if (data[0] < ICMP6_ECHO_REQUEST)
		take_error6(p, data, len, from);
}

bool
ping6_receive(struct ping *p, int flags)
{
	char control[512];
	struct sockaddr_in6 from = { .sin6_family = AF_INET6 };
	struct iovec iov = { p->p_buffer, p->p_room };
	struct msghdr mh = { .msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *cm;
	int hlim = -1;
	ssize_t n;

	if ((n = recvmsg(p->p_sock, &mh, flags | MSG_DONTWAIT)) < 0)
		return !p->p_raw && flags == 0 && ping6_receive(p, MSG_ERRQUEUE);
	for (cm = CMSG_FIRSTHDR(&mh); cm != NULL; cm = CMSG_NXTHDR(&mh, cm)) {
		if (flags != 0)
			take_error_cmsg(p, cm);
		else if (cm->cmsg_level == IPPROTO_IPV6 && cm->cmsg_type == IPV6_HOPLIMIT)
			memcpy(&hlim, CMSG_DATA(cm), sizeof(hlim));
	}
	if (flags == 0)
		take_message(p, (size_t)n, &from, hlim);
	return true;
}
