/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/arp.h"

#include "base/inaddr.h"
#include "base/util.h"

/* The checks of the fixed part, in the order of RFC 826's "Packet Reception". */
static enum wire_error
arp_check_hdr(const struct arphdr *ar)
{
	/* RFC 5494 and practice: IEEE 802 networks number 6 and carry Ethernet addresses. */
	if (ar->ar_hrd != HTONS(ARPHRD_ETHER) && ar->ar_hrd != HTONS(ARPHRD_IEEE802))
		return (WIRE_BADTYPE);
	if (ar->ar_pro != HTONS(ETHERTYPE_IP))
		return (WIRE_BADPROTO);
	if (ar->ar_hln != ETHER_ADDR_LEN || ar->ar_pln != 4)
		return (WIRE_BADLEN);
	if (ar->ar_op != HTONS(ARPOP_REQUEST) && ar->ar_op != HTONS(ARPOP_REPLY))
		return (WIRE_BADOP);
	return (WIRE_OK);
}

enum wire_error
arp_check(const void *p, size_t clen, size_t plen, struct arp_info *out)
{
	const struct ether_arp *ea = p;
	enum wire_error e;

	*out = (struct arp_info){ .ai_need = MIN(plen, sizeof(*ea)) };
	if (plen < sizeof(struct arphdr))
		return (WIRE_SHORT);
	/* The fixed part tells other networks' longer or shorter messages from a cut one. */
	if (clen < sizeof(struct arphdr))
		return (WIRE_PULLUP);
	if ((e = arp_check_hdr(p)) != WIRE_OK)
		return (e);
	if (plen < sizeof(*ea))
		return (WIRE_SHORT);
	if (clen < sizeof(*ea))
		return (WIRE_PULLUP);
	out->ai_op = NTOHS(ea->arp_op);
	out->ai_spa = u32load(ea->arp_spa);
	out->ai_tpa = u32load(ea->arp_tpa);
	memcpy(out->ai_sha, ea->arp_sha, ETHER_ADDR_LEN);
	memcpy(out->ai_tha, ea->arp_tha, ETHER_ADDR_LEN);
	out->ai_probe = out->ai_spa == 0;
	out->ai_gratuitous = out->ai_spa == out->ai_tpa;
	/* A group as a sender would turn its neighbours' unicast into floods. */
	if (ether_multicast(ea->arp_sha) || in_multicast(out->ai_spa) || in_broadcast(out->ai_spa))
		return (WIRE_BADADDR);
	return (WIRE_OK);
}

void
arp_build(struct ether_arp *ea, uint16_t op, const uint8_t *sha, uint32_t spa, const uint8_t *tha,
    uint32_t tpa)
{
	ea->arp_hrd = HTONS(ARPHRD_ETHER);
	ea->arp_pro = HTONS(ETHERTYPE_IP);
	ea->arp_hln = ETHER_ADDR_LEN;
	ea->arp_pln = 4;
	ea->arp_op = HTONS(op);
	memcpy(ea->arp_sha, sha, ETHER_ADDR_LEN);
	u32store(ea->arp_spa, spa);
	memcpy(ea->arp_tha, tha, ETHER_ADDR_LEN);
	u32store(ea->arp_tpa, tpa);
}
