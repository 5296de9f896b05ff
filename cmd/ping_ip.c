/* SPDX-License-Identifier: BSD-2-Clause */
/* What ping(8) asks of IPv4: the options of its socket, the route that packets record (RFC 791), times and masks (RFC 792, RFC 950). */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>

#include "cmd/ping_int.h"

#define RR_LEN		39	/* nine addresses: the most there is room for */
#define RR_FIRST	4	/* where the pointer begins */

static int
set_int(const struct ping *p, int option, int value)
{
	return setsockopt(p->p_sock, IPPROTO_IP, option, &value, sizeof(value));
}

/* The interface by one of its addresses, or by its name. */
static int
set_interface(const struct ping *p)
{
	struct ip_mreqn mr = { .imr_ifindex = 0 };

	if (inet_pton(AF_INET, p->p_interface, &mr.imr_address) != 1 &&
	    (mr.imr_ifindex = (int)if_nametoindex(p->p_interface)) == 0)
		return -1;
	return setsockopt(p->p_sock, IPPROTO_IP, IP_MULTICAST_IF, &mr, sizeof(mr));
}

static int
set_record(const struct ping *p)
{
	uint8_t rr[RR_LEN + 1] = { IPOPT_NOP, IPOPT_RR, RR_LEN, RR_FIRST };

	return setsockopt(p->p_sock, IPPROTO_IP, IP_OPTIONS, rr, sizeof(rr));
}

static int
set_groups(const struct ping *p)
{
	if (p->p_noloop && set_int(p, IP_MULTICAST_LOOP, 0) != 0)
		return ping_fail(p, "setsockopt IP_MULTICAST_LOOP", EX_OSERR);
	if (p->p_mttl > 0 && set_int(p, IP_MULTICAST_TTL, p->p_mttl) != 0)
		return ping_fail(p, "setsockopt IP_MULTICAST_TTL", EX_OSERR);
	if (p->p_interface != NULL && set_interface(p) != 0)
		return ping_fail(p, p->p_interface, EX_OSERR);
	return 0;
}

int
ping_options(const struct ping *p)
{
	if (p->p_ttl > 0 && set_int(p, IP_TTL, p->p_ttl) != 0)
		return ping_fail(p, "setsockopt IP_TTL", EX_OSERR);
	if (p->p_tos > 0 && set_int(p, IP_TOS, p->p_tos) != 0)
		return ping_fail(p, "setsockopt IP_TOS", EX_OSERR);
	if (p->p_dontfrag && set_int(p, IP_MTU_DISCOVER, IP_PMTUDISC_DO) != 0)
		return ping_fail(p, "setsockopt IP_MTU_DISCOVER", EX_OSERR);
	if ((p->p_record || p->p_type != ICMP_ECHO) && !p->p_raw) {
		cmd_warnx(p->p_cx, "-%c: takes the right to a raw socket", p->p_record ? 'R' : 'M');
		return EX_NOPERM;
	}
	if (p->p_record && set_record(p) != 0)
		return ping_fail(p, "setsockopt IP_OPTIONS", EX_OSERR);
	if (!p->p_raw && (set_int(p, IP_RECVTTL, 1) != 0 || set_int(p, IP_RECVERR, 1) != 0))
		return ping_fail(p, "setsockopt", EX_OSERR);
	if (p->p_source != NULL &&
	    bind(p->p_sock, (const struct sockaddr *)&p->p_from, sizeof(p->p_from)) != 0)
		return ping_fail(p, "bind", EX_OSERR);
	return set_groups(p);
}

/* The recorded route among len bytes of options; NULL: none. */
static const uint8_t *
find_record(const uint8_t *o, size_t len)
{
	const uint8_t *end = o + len;

	while (o < end && *o != IPOPT_EOL) {
		if (*o == IPOPT_NOP) {
			o++;
			continue;
		}
		if (end - o < 3 || o[1] < 3 || o[1] > end - o)
			return NULL;
		if (*o == IPOPT_RR)
			return o;
		o += o[1];
	}
	return NULL;
}

void
ping_print_record(struct ping *p, const uint8_t *options, size_t len)
{
	const uint8_t *rr = find_record(options, len);
	char text[INET_ADDRSTRLEN];
	size_t used;

	if (rr == NULL || rr[2] < RR_FIRST || rr[2] > rr[1] + 1)
		return;
	used = (size_t)rr[2] - RR_FIRST;
	if (used == p->p_rrlen && memcmp(rr + 3, p->p_rr, used) == 0 && used > 0) {
		printf("\t(same route)");
		return;
	}
	printf("\nRR: ");
	for (size_t i = 0; i + 4 <= used; i += 4)
		printf("%s\t%s", i > 0 ? "\n" : "", inet_ntop(AF_INET, rr + 3 + i, text, sizeof(text)));
	p->p_rrlen = used < sizeof(p->p_rr) ? used : 0;
	memcpy(p->p_rr, rr + 3, p->p_rrlen);
}

size_t
ping_extra(const struct ping *p)
{
	return p->p_type == ICMP_TIMESTAMP ? 3 * sizeof(uint32_t) : p->p_type == ICMP_ADDRESS ? sizeof(uint32_t) : 0;
}

/* When it is sent, in ms since midnight UTC; the two others are the answerer's. */
void
ping_put_extra(const struct ping *p, uint8_t *extra)
{
	struct timespec ts;
	uint32_t ms;

	memset(extra, 0, ping_extra(p));
	if (p->p_type != ICMP_TIMESTAMP)
		return;
	clock_gettime(CLOCK_REALTIME, &ts);
	ms = htonl((uint32_t)(ts.tv_sec % 86400 * 1000 + ts.tv_nsec / 1000000));
	memcpy(extra, &ms, sizeof(ms));
}

void
ping_print_extra(const struct ping *p, const uint8_t *extra)
{
	static const char *const times[] = { "tso", "tsr", "tst" };
	char text[INET_ADDRSTRLEN];
	uint32_t s;

	if (p->p_type == ICMP_ADDRESS)
		printf(" mask=%s", inet_ntop(AF_INET, extra, text, sizeof(text)));
	for (size_t i = 0; i < 3 && p->p_type == ICMP_TIMESTAMP; i++) {
		memcpy(&s, extra + 4 * i, sizeof(s));
		s = ntohl(s) / 1000;
		printf(" %s=%02u:%02u:%02u", times[i], s / 3600, s / 60 % 60, s % 60);
	}
}
