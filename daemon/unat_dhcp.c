/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The DHCP server of a link to the host (RFC 2131): one address for the one host on it, network + 15 (or 17), the gateway as its router, the resolver.
 *
 * Answers go to the link's broadcast address, which reaches a client that has no address yet whether it asked for that or not (4.1).
 */
#include <arpa/inet.h>
#include <string.h>
#include <netinet/in.h>
#include <netinet/udp.h>

#include "daemon/unat_raw.h"

#define DHCP_LEASE	86400	/* s */
#define DHCP_COOKIE	0x63825363u
#define DHCP_MINLEN	300	/* as BOOTP had it: some wait for as much */
#define DHCP_HOST	15	/* of the network */

enum { DHCPDISCOVER = 1, DHCPOFFER, DHCPREQUEST, DHCPDECLINE, DHCPACK, DHCPNAK, DHCPRELEASE, DHCPINFORM };
enum { OPT_PAD = 0, OPT_MASK = 1, OPT_ROUTER = 3, OPT_DNS = 6, OPT_REQUESTED = 50, OPT_LEASE = 51, OPT_TYPE = 53, OPT_SERVER = 54, OPT_END = 255 };

struct dhcp {
	uint8_t		op, htype, hlen, hops;
	uint32_t	xid;
	uint16_t	secs, flags;
	uint32_t	ciaddr, yiaddr, siaddr, giaddr;
	uint8_t		chaddr[16], sname[64], file[128];
	uint32_t	cookie;
	uint8_t		options[];
};

struct dhcp_question {
	uint8_t		dq_type;
	uint32_t	dq_requested, dq_server;	/* network order; 0: not said */
};

static void
take_option(struct dhcp_question *dq, uint8_t opt, const uint8_t *val, size_t len)
{
	if (opt == OPT_TYPE && len == 1)
		dq->dq_type = val[0];
	else if (opt == OPT_REQUESTED && len == 4)
		memcpy(&dq->dq_requested, val, 4);
	else if (opt == OPT_SERVER && len == 4)
		memcpy(&dq->dq_server, val, 4);
}

static void
take_options(struct dhcp_question *dq, const uint8_t *p, size_t len)
{
	while (len > 0 && *p != OPT_END) {
		if (*p == OPT_PAD) {
			p++;
			len--;
			continue;
		}
		if (len < 2 || len - 2 < p[1])
			return;
		take_option(dq, p[0], p + 2, p[1]);
		len -= 2u + p[1];
		p += 2 + p[1];
	}
}

static uint8_t *
put_option(uint8_t *p, uint8_t opt, const void *val, uint8_t len)
{
	*p++ = opt;
	*p++ = len;
	memcpy(p, val, len);
	return p + len;
}

/* RFC 2131 4.3: what is the answer?  0: none. */
static uint8_t
dhcp_verdict(const struct nat_net *nn, const struct dhcp *q, const struct dhcp_question *dq, uint32_t address)
{
	switch (dq->dq_type) {
	case DHCPDISCOVER:
		return DHCPOFFER;
	case DHCPINFORM:
		return DHCPACK;
	case DHCPREQUEST:
		if (dq->dq_server != 0 && dq->dq_server != nn->nn_gate.sa_in)
			return 0;	/* another's offer was taken */
		return (dq->dq_requested != 0 ? dq->dq_requested : q->ciaddr) == address ? DHCPACK : DHCPNAK;
	default:
		return 0;
	}
}

static void
dhcp_answer(struct nat *na, const struct dhcp *q, uint8_t asked, uint8_t verdict, uint32_t address)
{
	const struct nat_net *nn = nat_net(na, VI_AF_INET);
	struct nat_packet pk = { .pk_src = nn->nn_gate, .pk_dst = { .sa_family = VI_AF_INET, .sa_in = INADDR_BROADCAST }, .pk_proto = IPPROTO_UDP };
	const uint32_t mask = htonl(~0u << (32 - nn->nn_prefixlen)), lease = htonl(DHCP_LEASE);
	uint8_t buf[sizeof(struct dhcp) + 128] = { 0 }, *p;
	struct dhcp *a = (void *)buf;
	struct udphdr uh = { .source = htons(67), .dest = htons(68) };

	memcpy(a, q, sizeof(*a));
	memset(a->sname, 0, sizeof(a->sname) + sizeof(a->file));
	a->op = 2;
	a->hops = 0;
	a->secs = 0;
	a->ciaddr = verdict == DHCPACK ? q->ciaddr : 0;
	a->yiaddr = verdict == DHCPNAK || asked == DHCPINFORM ? 0 : address;
	a->siaddr = 0;
	p = put_option(a->options, OPT_TYPE, &verdict, 1);
	p = put_option(p, OPT_SERVER, &nn->nn_gate.sa_in, 4);
	if (verdict != DHCPNAK) {
		p = put_option(p, OPT_MASK, &mask, 4);
		p = put_option(p, OPT_ROUTER, &nn->nn_gate.sa_in, 4);
		p = put_option(p, OPT_DNS, &nn->nn_dns.sa_in, 4);
		if (asked != DHCPINFORM)
			p = put_option(p, OPT_LEASE, &lease, 4);
	}
	*p++ = OPT_END;
	pk.pk_data = buf;
	pk.pk_len = (size_t)(p - buf) < DHCP_MINLEN ? DHCP_MINLEN : (size_t)(p - buf);
	uh.len = htons((uint16_t)(sizeof(uh) + pk.pk_len));
	nat_raw_send(na, &pk, &uh, sizeof(uh), offsetof(struct udphdr, check));
}

static uint32_t
dhcp_address(const struct nat_net *nn)
{
	const uint32_t net = nn->nn_gate.sa_in & htonl(~0u << (32 - nn->nn_prefixlen));
	const uint32_t address = net | htonl(DHCP_HOST);

	return address == nn->nn_gate.sa_in || address == nn->nn_dns.sa_in ? net | htonl(DHCP_HOST + 2) : address;
}

bool
nat_dhcp_input(struct nat *na, const uint8_t *data, size_t len)
{
	const struct nat_net *nn = nat_net(na, VI_AF_INET);
	const uint32_t address = dhcp_address(nn);
	const struct dhcp *q = (const void *)data;
	struct dhcp_question dq = { 0 };
	uint8_t verdict;

	if (len < sizeof(*q) || q->op != 1 || q->cookie != htonl(DHCP_COOKIE) || q->hlen > sizeof(q->chaddr))
		return false;
	take_options(&dq, q->options, len - sizeof(*q));
	/* A net too small for that address has static ones. */
	if (nn->nn_prefixlen <= 27 && (verdict = dhcp_verdict(nn, q, &dq, address)) != 0)
		dhcp_answer(na, q, dq.dq_type, verdict, address);
	return true;
}
