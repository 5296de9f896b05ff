/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packets of ping(8).
 *
 * Theory of operation.  A raw ICMP socket is tried first: it sees the IP header of replies and the
 * ICMP errors about what was sent.  Without the right to one, an ICMP datagram socket ("ping
 * socket") does: the system fills in the identifier and passes this socket's replies only; the time
 * to live comes as ancillary data and errors come from the error queue.  When a packet was sent is
 * remembered here by sequence number, so that even a packet without data can be timed; a second
 * reply to the same number is a duplicate.
 */
#include "cmd/ping_int.h"
#include <vimage/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <netdb.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

uint64_t
ping_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint16_t
ping_checksum(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t sum = 0;

	for (; len > 1; p += 2, len -= 2)
		sum += (uint32_t)(p[0] | p[1] << 8);
	if (len > 0)
		sum += p[0];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/*
 * The socket.
 */
int
ping_fail(const struct ping *p, const char *what, int status)
{
	cmd_warnx(p->p_cx, "%s: %s", what, strerror(errno));
	return status;
}

/* What is the same in both families. */
static int
set_common(const struct ping *p)
{
	int on = 1, want = (int)p->p_room;

	/* Without it a packet of the allowed size might not fit. */
	if (want > 65536 && setsockopt(p->p_sock, SOL_SOCKET, SO_SNDBUF, &want, sizeof(want)) != 0)
		return ping_fail(p, "setsockopt SO_SNDBUF", EX_OSERR);
	if (p->p_debug && setsockopt(p->p_sock, SOL_SOCKET, SO_DEBUG, &on, sizeof(on)) != 0)
		return ping_fail(p, "setsockopt SO_DEBUG", EX_OSERR);
	if (p->p_dontroute && setsockopt(p->p_sock, SOL_SOCKET, SO_DONTROUTE, &on, sizeof(on)) != 0)
		return ping_fail(p, "setsockopt SO_DONTROUTE", EX_OSERR);
	if (p->p_pcp >= 0 && setsockopt(p->p_sock, SOL_SOCKET, VI_LINUX_SO_VLAN_PCP, &p->p_pcp, sizeof(p->p_pcp)) != 0)
		return ping_fail(p, "setsockopt VLAN_PCP", EX_OSERR);
	return 0;
}

static int
open_socket(struct ping *p)
{
	const int proto = p->p_family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	int status;

	p->p_sock = socket(p->p_family, SOCK_RAW | SOCK_CLOEXEC, proto);
	p->p_raw = p->p_sock >= 0;
	if (!p->p_raw && (errno == EPERM || errno == EACCES))
		p->p_sock = socket(p->p_family, SOCK_DGRAM | SOCK_CLOEXEC, proto);
	if (p->p_sock < 0)
		return ping_fail(p, "socket", errno == EPERM || errno == EACCES ? EX_NOPERM
									       : EX_OSERR);
	if ((status = set_common(p)) != 0)
		return status;
	return p->p_family == AF_INET6 ? ping6_options(p) : ping_options(p);
}

int
ping_open(struct ping *p)
{
	size_t most = p->p_sweep.max > p->p_size ? p->p_sweep.max : p->p_size;

	p->p_room = most + 60 + 8 + 4096;
	p->p_packet = calloc(1, sizeof(struct icmphdr) + ping_extra(p) + most);
	p->p_buffer = malloc(p->p_room);
	if (p->p_packet == NULL || p->p_buffer == NULL)
		return ping_fail(p, "malloc", EX_OSERR);
	for (size_t i = 0; i < most; i++)
		p->p_packet[sizeof(struct icmphdr) + ping_extra(p) + i] = p->p_patlen > 0 ?
		    p->p_pattern[i % p->p_patlen] : (uint8_t)(8 + i);
	p->p_ident = (uint16_t)getpid();
	return open_socket(p);
}

/*
 * Sending.
 */
void
ping_send(struct ping *p)
{
	struct icmphdr *ic = (struct icmphdr *)p->p_packet;
	const bool six = p->p_family == AF_INET6;
	size_t len = sizeof(*ic) + ping_extra(p) + p->p_size;
	uint16_t seq = (uint16_t)p->p_ntransmitted;
	ssize_t n;

	if (p->p_misser && p->p_ntransmitted > 0 && !p->p_seen[(uint16_t)(seq - 1)]) {
		putchar('\a');
		fflush(stdout);
	}
	ic->type = six ? ICMP6_ECHO_REQUEST : p->p_type;
	ic->code = 0;
	ic->checksum = 0;
	ic->un.echo.id = htons(p->p_ident);
	ic->un.echo.sequence = htons(seq);
	ping_put_extra(p, p->p_packet + sizeof(*ic));
	ic->checksum = six ? 0 : ping_checksum(p->p_packet, len);
	p->p_seen[seq] = false;
	p->p_sent[seq] = ping_now();
	n = sendto(p->p_sock, p->p_packet, len, 0,
	    six ? (struct sockaddr *)&p->p_to6 : (struct sockaddr *)&p->p_to,
	    six ? sizeof(p->p_to6) : sizeof(p->p_to));
	p->p_ntransmitted++;
	if (p->p_sweep.step > 0 && p->p_ntransmitted % p->p_sweep.each == 0 && p->p_size + p->p_sweep.step <= p->p_sweep.max)
		p->p_size += p->p_sweep.step;
	if (n < 0)
		cmd_warnx(p->p_cx, "sendto: %s", strerror(errno));
	else if (p->p_flood && !p->p_quiet) {
		putchar('.');
		fflush(stdout);
	}
}

/*
 * Receiving.
 */
static const char *
address_name(const struct ping *p, struct in_addr in, char *buf, size_t len)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr = in };
	char name[NI_MAXHOST], addr[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &in, addr, sizeof(addr));
	if (!p->p_names ||
	    getnameinfo((struct sockaddr *)&sin, sizeof(sin), name, sizeof(name), NULL, 0,
		NI_NAMEREQD) != 0)
		snprintf(buf, len, "%s", addr);
	else
		snprintf(buf, len, "%.200s (%s)", name, addr);
	return buf;
}

static void
count_time(struct ping *p, uint64_t rtt)
{
	if (p->p_nreceived == 0 || rtt < p->p_min)
		p->p_min = rtt;
	if (rtt > p->p_max)
		p->p_max = rtt;
	p->p_sum += (double)rtt;
	p->p_sumsq += (double)rtt * (double)rtt;
	p->p_nreceived++;
}

static bool
data_differs(const struct ping *p, const uint8_t *data, size_t len)
{
	const size_t extra = ping_extra(p);

	return len < extra || (p->p_sweep.step == 0 ? len != extra + p->p_size : len > extra + p->p_sweep.max) ||
	    memcmp(data + extra, p->p_packet + sizeof(struct icmphdr) + extra, len - extra) != 0;
}

static void
print_reply(struct ping *p, const struct icmphdr *ic, size_t len, const char *from, int ttl,
    uint64_t rtt, bool dup)
{
	const bool six = p->p_family == AF_INET6;

	printf("%zu bytes from %s%s icmp_seq=%u", len, from, six ? "," : ":",
	    ntohs(ic->un.echo.sequence));
	if (ttl >= 0)
		printf(" %s=%d", six ? "hlim" : "ttl", ttl);
	printf(" time=%.3f ms", (double)rtt / 1e6);
	if (dup)
		printf(" (DUP!)");
	if (len >= sizeof(*ic) + ping_extra(p))
		ping_print_extra(p, (const uint8_t *)(ic + 1));
	if (data_differs(p, (const uint8_t *)(ic + 1), len - sizeof(*ic)))
		printf(" (wrong data)");
	if (p->p_record)
		ping_print_record(p, p->p_buffer + sizeof(struct ip), p->p_optlen);
	printf("%s\n", p->p_audible ? "\a" : "");
}

void
ping_reply(struct ping *p, const void *data, size_t len, const char *from, int ttl)
{
	const struct icmphdr *ic = data;
	uint16_t seq = ntohs(ic->un.echo.sequence);
	uint64_t rtt;
	bool dup;

	if ((p->p_raw && ntohs(ic->un.echo.id) != p->p_ident) || p->p_sent[seq] == 0)
		return;
	rtt = ping_now() - p->p_sent[seq];
	dup = p->p_seen[seq];
	p->p_seen[seq] = true;
	if (dup)
		p->p_ndup++;
	else
		count_time(p, rtt);
	if (p->p_quiet)
		return;
	if (p->p_flood) {
		fputs("\b \b", stdout);
		fflush(stdout);
	} else
		print_reply(p, ic, len, from, ttl, rtt, dup);
}

void
ping_icmp_text(int type, int code, uint32_t info, char *buf, size_t len)
{
	static const char *const unreach[] = {
		"Destination Net Unreachable",
		"Destination Host Unreachable",
		"Destination Protocol Unreachable",
		"Destination Port Unreachable",
		"",
		"Source Route Failed",
	};
	static const char *const redirect[] = {
		"Redirect Network",
		"Redirect Host",
		"Redirect Type of Service and Network",
		"Redirect Type of Service and Host",
	};
	struct in_addr gateway = { info };

	if (type == ICMP_DEST_UNREACH && code == ICMP_FRAG_NEEDED)
		snprintf(buf, len, "frag needed and DF set (MTU %u)", ntohl(info) & 0xffff);
	else if (type == ICMP_DEST_UNREACH && code == ICMP_PKT_FILTERED)
		snprintf(buf, len, "Communication prohibited by filter");
	else if (type == ICMP_DEST_UNREACH && code < 6)
		snprintf(buf, len, "%s", unreach[code]);
	else if (type == ICMP_DEST_UNREACH)
		snprintf(buf, len, "Dest Unreachable, Bad Code: %d", code);
	else if (type == ICMP_REDIRECT && code < 4)
		snprintf(buf, len, "%s(New addr: %s)", redirect[code], inet_ntoa(gateway));
	else if (type == ICMP_TIME_EXCEEDED && code < 2)
		snprintf(buf, len, "%s",
		    code == 0 ? "Time to live exceeded" : "Frag reassembly time exceeded");
	else if (type == ICMP_PARAMETERPROB)
		snprintf(buf, len, "Parameter problem: pointer = 0x%02x", ntohl(info) >> 24);
	else if (type == ICMP_SOURCE_QUENCH)
		snprintf(buf, len, "Source Quench");
	else
		snprintf(buf, len, "ICMP type %d code %d", type, code);
}

static void
print_error(
    const struct ping *p, size_t len, struct in_addr from, int type, int code, uint32_t info)
{
	char name[256], text[128];

	if (p->p_quiet || p->p_flood || p->p_noerrors)
		return;
	ping_icmp_text(type, code, info, text, sizeof(text));
	printf("%zu bytes from %s: %s\n", len, address_name(p, from, name, sizeof(name)), text);
}

/* The header of the packet that an error is about, in the layout of ping(8). */
static void
print_quoted(const struct ip *ip)
{
	char src[INET_ADDRSTRLEN], dst[INET_ADDRSTRLEN];
	unsigned off = ntohs(ip->ip_off);

	inet_ntop(AF_INET, &ip->ip_src, src, sizeof(src));
	inet_ntop(AF_INET, &ip->ip_dst, dst, sizeof(dst));
	printf("Vr HL TOS  Len   ID Flg  off TTL Pro  cks      Src      Dst\n");
	printf(" %1x  %1x  %02x %04x %04x   %1x %04x  %02x  %02x %04x %s  %s \n\n", ip->ip_v,
	    ip->ip_hl, ip->ip_tos, ntohs(ip->ip_len), ntohs(ip->ip_id), off >> 13, off & 0x1fff,
	    ip->ip_ttl, ip->ip_p, ntohs(ip->ip_sum), src, dst);
}

/* An ICMP error on a raw socket: ours if the packet it quotes is an echo request of ours. */
static void
take_error(struct ping *p, const struct icmphdr *ic, size_t len, struct in_addr from)
{
	struct icmphdr quoted;
	struct ip ip;
	size_t hlen;

	if (len < sizeof(*ic) + sizeof(ip))
		return;
	memcpy(&ip, ic + 1, sizeof(ip));
	hlen = (size_t)ip.ip_hl * 4;
	if (hlen < sizeof(ip) || len < sizeof(*ic) + hlen + sizeof(quoted) ||
	    ip.ip_p != IPPROTO_ICMP)
		return;
	memcpy(&quoted, (const uint8_t *)(ic + 1) + hlen, sizeof(quoted));
	if (quoted.type != p->p_type || ntohs(quoted.un.echo.id) != p->p_ident ||
	    ip.ip_dst.s_addr != p->p_to.sin_addr.s_addr)
		return;
	print_error(p, len, from, ic->type, ic->code, ic->un.gateway);
	if (!p->p_quiet && !p->p_flood && !p->p_noerrors)
		print_quoted(&ip);
}

static void
take_icmp(struct ping *p, const uint8_t *data, size_t len, struct in_addr from, int ttl)
{
	const struct icmphdr *ic = (const struct icmphdr *)data;
	char name[256];

	if (len < sizeof(*ic))
		return;
	if (ic->type == (p->p_type == ICMP_ECHO ? ICMP_ECHOREPLY : p->p_type + 1))
		ping_reply(p, ic, len, p->p_quiet || p->p_flood ? "" :
		    address_name(p, from, name, sizeof(name)), ttl);
	else if (ic->type == ICMP_DEST_UNREACH || ic->type == ICMP_TIME_EXCEEDED ||
	    ic->type == ICMP_REDIRECT || ic->type == ICMP_PARAMETERPROB ||
	    ic->type == ICMP_SOURCE_QUENCH)
		take_error(p, ic, len, from);
	else if (p->p_verbose && ic->type != p->p_type)
		print_error(p, len, from, ic->type, ic->code, 0);
}

static int
ancillary_ttl(struct msghdr *mh)
{
	struct cmsghdr *cm;
	int ttl = -1;

	for (cm = CMSG_FIRSTHDR(mh); cm != NULL; cm = CMSG_NXTHDR(mh, cm))
		if (cm->cmsg_level == IPPROTO_IP && cm->cmsg_type == IP_TTL)
			memcpy(&ttl, CMSG_DATA(cm), sizeof(ttl));
	return ttl;
}

/* One entry of the error queue; *len is the quoted packet's. */
static bool
receive_error(struct ping *p)
{
	char control[512];
	struct iovec iov = { p->p_buffer, p->p_room };
	struct msghdr mh = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	struct sockaddr_in offender;
	struct sock_extended_err ee;
	struct cmsghdr *cm;

	if (recvmsg(p->p_sock, &mh, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return false;
	for (cm = CMSG_FIRSTHDR(&mh); cm != NULL; cm = CMSG_NXTHDR(&mh, cm)) {
		if (cm->cmsg_level != IPPROTO_IP || cm->cmsg_type != IP_RECVERR ||
		    cm->cmsg_len < CMSG_LEN(sizeof(ee) + sizeof(offender)))
			continue;
		memcpy(&ee, CMSG_DATA(cm), sizeof(ee));
		memcpy(&offender, CMSG_DATA(cm) + sizeof(ee), sizeof(offender));
		if (ee.ee_origin == SO_EE_ORIGIN_ICMP)
			print_error(p, 8 + 20 + 8, offender.sin_addr, ee.ee_type, ee.ee_code,
			    htonl(ee.ee_info));
	}
	return true;
}

bool
ping_receive(struct ping *p)
{
	char control[128];
	struct sockaddr_in from;
	struct iovec iov = { p->p_buffer, p->p_room };
	struct msghdr mh = { .msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	const struct ip *ip = (const struct ip *)p->p_buffer;
	size_t hlen;
	ssize_t n;

	if (p->p_family == AF_INET6)
		return ping6_receive(p, 0);
	n = recvmsg(p->p_sock, &mh, MSG_DONTWAIT);
	if (n < 0)
		return !p->p_raw && receive_error(p);
	if (!p->p_raw) {
		take_icmp(p, p->p_buffer, (size_t)n, from.sin_addr, ancillary_ttl(&mh));
		return true;
	}
	hlen = (size_t)n >= sizeof(*ip) ? (size_t)ip->ip_hl * 4 : SIZE_MAX;
	p->p_optlen = hlen - sizeof(*ip);
	if (hlen >= sizeof(*ip) && hlen <= (size_t)n)
		take_icmp(p, p->p_buffer + hlen, (size_t)n - hlen, from.sin_addr, ip->ip_ttl);
	return true;
}
