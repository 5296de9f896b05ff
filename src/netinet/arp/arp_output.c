/* SPDX-License-Identifier: BSD-2-Clause */
/* ARP messages sent. */
#include <errno.h>
#include <string.h>

#include "base/inaddr.h"
#include "mbuf/mbuf.h"
#include "netinet/arp/arp_int.h"
#include "wire/arp.h"

static const uint8_t arp_everybody[ETHER_ADDR_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t arp_unknown[ETHER_ADDR_LEN] = { 0 };

int
arp_send(struct arp_vnet *av, struct ifnet *ifp, uint16_t op, const uint8_t *sha, uint32_t spa,
    const uint8_t *tha, uint32_t tpa, const uint8_t *dst)
{
	struct mbuf *m = m_gethdr(vnet_acct(av->av_vnet));
	int error = ENOBUFS;

	if (m != NULL) {
		m->m_len = m->m_pkt.len = sizeof(struct ether_arp);
		arp_build(mtod(m, struct ether_arp *), op, sha, spa, tha, tpa);
		error = ether_frame(ifp, m, ETHERTYPE_ARP, dst);
	}
	if (error != 0)
		av->av_stat.as_txerrors++;
	else if (op == ARPOP_REQUEST)
		av->av_stat.as_txrequests++;
	else
		av->av_stat.as_txreplies++;
	return (error);
}

/*
 * The address the neighbour may answer to: of its net, if we have one there (RFC 1122 leaves it
 * open; other hosts filter by it).
 */
static uint32_t
arp_source(const struct arp_entry *ae)
{
	const struct ifaddr *ifa, *first = NULL;

	TAILQ_FOREACH(ifa, &ae->ae_ifp->if_addrs, ifa_link) {
		if (ifa->ifa_addr.na_af != NET_AF_INET)
			continue;
		if (in_samenet(ifa->ifa_addr.na_in, ae->ae_addr, ifa->ifa_mask))
			return (ifa->ifa_addr.na_in);
		if (first == NULL)
			first = ifa;
	}
	return (first != NULL ? first->ifa_addr.na_in : 0);
}

void
arp_request(struct arp_vnet *av, struct arp_entry *ae, const uint8_t *dst)
{
	ae->ae_asked++;
	(void)arp_send(av, ae->ae_ifp, ARPOP_REQUEST, ae->ae_ifp->if_lladdr, arp_source(ae),
	    arp_unknown, ae->ae_addr, dst != NULL ? dst : arp_everybody);
}

/* RFC 5227 3: an announcement is a request for the address itself. */
void
arp_announce(struct arp_vnet *av, struct ifaddr *ifa)
{
	struct ifnet *ifp = ifa->ifa_ifp;
	const uint32_t addr = ifa->ifa_addr.na_in;

	if (av->av_stopping || ifa->ifa_addr.na_af != NET_AF_INET || ifp->if_type != VI_IFT_ETHER ||
	    (ifp->if_flags & IFF_NOARP) != 0 || !if_up(ifp))
		return;
	ifa->ifa_announced = true;
	if (arp_send(av, ifp, ARPOP_REQUEST, ifp->if_lladdr, addr, arp_unknown, addr,
		arp_everybody) == 0)
		av->av_stat.as_announced++;
}
