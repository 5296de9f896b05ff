/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a jail sends that a link to the host takes apart by itself: DHCP, echo requests, and the packets that its errors quote.
 *
 * The first byte says which (K_*), the second the length of the network's prefix and the family, the third an errno; the rest is the message, in a block of its size.  Nothing
 * goes to the host: no flow is to be had.  What the jail is sent is read to its last byte; an answer of DHCP is one, with options that add up.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>

#include "daemon/unat_raw.h"
#include "tests/fuzz/target.h"

enum { K_DHCP, K_ECHO, K_QUOTE, K_MAX };
enum { DHCP_OPTIONS = 240, DHCP_LEAST = 300 };

static volatile uint8_t sink;

static void
dhcp_check(const uint8_t *p, size_t len)
{
	size_t at = DHCP_OPTIONS;

	REQUIRE(len >= DHCP_LEAST && p[0] == 2);
	while (at < len && p[at] != 255) {
		REQUIRE(at + 2 <= len && at + 2 + p[at + 1] <= len);
		at += 2u + p[at + 1];
	}
	REQUIRE(at < len);
}

void
nat_raw_send(struct nat *na, const struct nat_packet *pk, void *hdr, size_t hdrlen, size_t sumoff)
{
	(void)na;
	REQUIRE(pk->pk_src.sa_family == pk->pk_dst.sa_family && sumoff + 2 <= hdrlen && hdrlen + pk->pk_len <= 65535);
	memset((uint8_t *)hdr + sumoff, 0, 2);
	for (size_t i = 0; i < pk->pk_len; i++)
		sink = (uint8_t)(sink + pk->pk_data[i]);
	if (pk->pk_proto == IPPROTO_UDP)
		dhcp_check(pk->pk_data, pk->pk_len);
}

uint16_t
nat_sum(const void *buf, size_t len)
{
	const uint8_t *p = buf;
	uint16_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint16_t)(sum + p[i]);
	return sum;
}

/* The host is out of reach: there is no memory for a flow. */

void *
nat_alloc(struct nat *na, size_t size)
{
	(void)na, (void)size;
	return NULL;
}

void
nat_release(struct nat *na, void *p, size_t size)
{
	(void)na, (void)size;
	REQUIRE(p == NULL);
}

struct nat_flow *
nat_flow_find(const struct nat *na, const struct nat_kind *nk, const struct nat_pair *np)
{
	(void)na, (void)nk, (void)np;
	return NULL;
}

bool
nat_flow_add(struct nat *na, struct nat_flow *nf, const struct nat_kind *nk, const struct nat_pair *np)
{
	(void)na, (void)nf, (void)nk, (void)np;
	abort();
}

void
nat_flow_remove(struct nat_flow *nf)
{
	(void)nf;
	abort();
}

int
nat_host_setup(struct nat_flow *nf)
{
	(void)nf;
	abort();
}

int
nat_host_send(struct nat_flow *nf, const struct nat_packet *pk, const struct vi_sockaddr *host, const void *data, size_t len)
{
	(void)nf, (void)pk, (void)host, (void)data, (void)len;
	abort();
}

int
nat_host_receive(const struct nat_flow *nf, struct nat_packet *pk)
{
	(void)nf, (void)pk;
	abort();
}

bool
nat_host_error(const struct nat_flow *nf, struct nat_hosterr *he, void *buf, size_t len)
{
	(void)nf, (void)he, (void)buf, (void)len;
	abort();
}

/* No event comes. */
bool
nat_begin(struct nat *na)
{
	(void)na;
	return false;
}

void
nat_done(struct nat *na)
{
	(void)na;
}

uint64_t
nat_now(const struct nat *na)
{
	(void)na;
	return 1;
}

void
nat_ra_solicited(struct nat *na)
{
	na->na_refused++;
}

static void
network(struct nat *na, unsigned prefixlen)
{
	na->na_net[0] = (struct nat_net){ .nn_gate = { .sa_family = VI_AF_INET, .sa_bytes = { 10, 0, 2, 2 } },
		.nn_dns = { .sa_family = VI_AF_INET, .sa_bytes = { 10, 0, 2, 3 } }, .nn_prefixlen = (uint8_t)(8 + prefixlen % 22) };
	na->na_net[1] = (struct nat_net){ .nn_gate = { .sa_family = VI_AF_INET6, .sa_in6 = { 0xfd, [15] = 2 } },
		.nn_dns = { .sa_family = VI_AF_INET6, .sa_in6 = { 0xfd, [15] = 3 } }, .nn_prefixlen = 64 };
}

/* To an address that the message says, of the family's. */
static void
echo(struct nat *na, bool six, const uint8_t *p, size_t len)
{
	struct nat_packet pk = { .pk_proto = six ? IPPROTO_ICMPV6 : IPPROTO_ICMP, .pk_data = p, .pk_len = len };

	pk.pk_src = na->na_net[six].nn_gate;
	pk.pk_src.sa_bytes[six ? 15 : 3] = 15;
	pk.pk_dst = na->na_net[six].nn_gate;
	pk.pk_ttl = len > 8 ? p[8] : 64;
	if (len > 24)
		memcpy(pk.pk_dst.sa_bytes, p + 9, six ? 16 : 4);
	nat_icmp_input(na, &pk);
}

/* A SYN as the far stack shows it: whole, with a header's length that is true. */
static void
quote(struct nat *na, bool six, unsigned error, uint8_t *p, size_t len)
{
	const struct nat_pair np = { .np_jail = na->na_net[six].nn_gate, .np_far = na->na_net[six].nn_dns };

	if (len < sizeof(struct ip6_hdr) + 20)
		return;
	if (!six)
		p[0] = (uint8_t)(0x40 | (5 + p[0] % 11));
	if (six || len >= (size_t)(p[0] & 15) * 4 + 20)
		nat_unreach(na, &np, p, len, (int)error);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct nat na;
	unsigned kind, error;
	uint8_t *block;
	bool six;

	if (size < 3)
		return (0);
	kind = data[0] % K_MAX;
	six = (data[1] & 0x80) != 0;
	error = data[2];
	network(&na, data[1] & 0x7f);
	data += 3;
	size -= 3;
	REQUIRE((block = malloc(size > 0 ? size : 1)) != NULL);
	memcpy(block, data, size);
	switch (kind) {
	case K_DHCP: (void)nat_dhcp_input(&na, block, size); break;
	case K_ECHO: echo(&na, six, block, size); break;
	default: quote(&na, six, error, block, size); break;
	}
	free(block);
	return (0);
}
