/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an interface may have beyond the usual: properties of its link, capabilities it has not, and captures.  Nearly none
 * has; so all of it hangs on one pointer, which is all that the way of a frame looks at.
 */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "mbuf/mbuf.h"
#include "net/if_int.h"
#include "wire/ether.h"

#define EXTRA_MAXTAGS	4u	/* of VLANs that are looked behind */
#define EXTRA_MAXHDR	32u	/* the longest link header */

_Static_assert(ETHER_HDR_LEN + EXTRA_MAXTAGS * ETHER_VLAN_ENCAP_LEN <= EXTRA_MAXHDR, "room for a link header");

int
if_extra_make(struct ifnet *ifp, struct acctset *as)
{
	if (ifp->if_extra != NULL)
		return (0);
	if ((ifp->if_extra = kmalloc(as, ACCT_IFNET, sizeof(*ifp->if_extra))) == NULL)
		return (ENOBUFS);
	ifp->if_extra->ix_acct = as;
	return (0);
}

void
if_extra_trim(struct ifnet *ifp)
{
	struct if_extra *ix = ifp->if_extra;

	if (ix == NULL || ix->ix_link != NULL || !LIST_EMPTY(&ix->ix_captures) ||
	    !LIST_EMPTY(&ix->ix_overs) || ix->ix_capsoff != 0 || ix->ix_promisc != 0 || ix->ix_allmulti != 0)
		return;
	ifp->if_extra = NULL;
	kfree(ix->ix_acct, ACCT_IFNET, ix, sizeof(*ix));
}

/* What another stack pays for waits, empty, until it leaves. */
void
if_extra_trim_in(struct ifnet *ifp)
{
	if (ifp->if_extra != NULL && ifp->if_extra->ix_acct == vnet_acct(ifp->if_vnet))
		if_extra_trim(ifp);
}

int
if_promisc(struct ifnet *ifp, int promisc, int allmulti)
{
	struct if_extra *ix;

	if (if_extra_make(ifp, vnet_acct(ifp->if_vnet)) != 0)
		return (ENOBUFS);
	ix = ifp->if_extra;
	ix->ix_promisc = (uint32_t)((int32_t)ix->ix_promisc + promisc);
	ix->ix_allmulti = (uint32_t)((int32_t)ix->ix_allmulti + allmulti);
	if_extra_trim_in(ifp);
	return (0);
}

void
if_extra_leave(struct ifnet *ifp)
{
	if (ifp->if_extra == NULL)
		return;
	if_capture_endall(ifp);
	if (ifp->if_extra->ix_link != NULL)
		iflink_leave(ifp->if_extra->ix_link);
	if_extra_trim(ifp);
	if (ifp->if_extra != NULL && ifp->if_extra->ix_acct != ifp->if_acct) {
		acct_move(ifp->if_extra->ix_acct, ifp->if_acct, ACCT_IFNET, ifp->if_extra, sizeof(*ifp->if_extra));
		ifp->if_extra->ix_acct = ifp->if_acct;
	}
}

void
if_extra_arrive(struct ifnet *ifp)
{
	if (ifp->if_extra != NULL && ifp->if_extra->ix_link != NULL)
		iflink_arrive(ifp->if_extra->ix_link);
}

/* Wire form */

static unsigned
wire_linklen(const struct ifnet *ifp, const struct mbuf *m)
{
	return ((m->m_flags & M_ETHER) != 0 ? ETHER_HDR_LEN : ifp->if_hdrlen);
}

/* The length of the link header, tags included, and the type behind it (0: not known). */
static unsigned
wire_header(const struct ifnet *ifp, const struct mbuf *m, uint16_t *type)
{
	const unsigned linklen = wire_linklen(ifp, m);
	unsigned hlen = linklen;
	uint16_t t = 0;

	for (unsigned tags = 0; linklen >= ETHER_HDR_LEN && tags <= EXTRA_MAXTAGS; tags++) {
		hlen = ETHER_HDR_LEN + tags * ETHER_VLAN_ENCAP_LEN;
		if (m_copydata(m, hlen - sizeof(t), sizeof(t), &t) != 0)
			t = 0;
		if (t != HTONS(ETHERTYPE_VLAN) && t != HTONS(ETHERTYPE_QINQ))
			break;
	}
	*type = NTOHS(t);
	return (hlen);
}

/* The family of what is in a frame; NULL: none that leaves anything to be done. */
static const struct net_afops *
wire_ops(const struct ifnet *ifp, const struct mbuf *m, uint16_t type)
{
	struct net_vnet *nv = net_vnet(ifp->if_vnet);
	uint8_t vhl;

	if (wire_linklen(ifp, m) >= ETHER_HDR_LEN) {
		if (type == ETHERTYPE_IP)
			return (nv->nv_afops[NET_AF_INET]);
		return (type == ETHERTYPE_IPV6 ? nv->nv_afops[NET_AF_INET6] : NULL);
	}
	if (m_copydata(m, ifp->if_hdrlen, 1, &vhl) != 0)
		return (NULL);
	return (nv->nv_afops[vhl >> 4 == 4 ? NET_AF_INET : NET_AF_INET6]);
}

/* Each packet of a list gets the link header back. */
static struct mbuf *
wire_relink(struct mbuf *m, const uint8_t *lh, unsigned hlen, uint64_t *drops)
{
	struct mbuf *top = NULL, **mp = &top, *next;

	for (; m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		if ((m = m_prepend(m, hlen)) == NULL) {
			(*drops)++;
			continue;
		}
		memcpy(m->m_data, lh, hlen);
		m->m_pkt.l2hlen = (uint8_t)hlen;
		*mp = m;
		mp = &m->m_nextpkt;
	}
	return (top);
}

bool
if_finished(const struct mbuf *m, bool sums)
{
	return (m->m_pkt.segsz == 0 && (!sums || (m->m_pkt.csum_flags & CSUM_DELAY_DATA) == 0));
}

static struct mbuf *
wire_cut(struct ifnet *ifp, struct mbuf *m, bool sums, uint64_t *drops)
{
	const struct net_afops *ops;
	uint8_t lh[EXTRA_MAXHDR];
	uint16_t type;
	unsigned hlen;

	if (if_finished(m, sums))
		return (m);
	hlen = wire_header(ifp, m, &type);
	if (m_copydata(m, 0, hlen, lh) != 0 || (ops = wire_ops(ifp, m, type)) == NULL || ops->nao_wire == NULL)
		return (m);
	m_adj(m, (ptrdiff_t)hlen);
	if ((m = ops->nao_wire(m, sums)) == NULL) {
		(*drops)++;
		return (NULL);
	}
	return (hlen > 0 ? wire_relink(m, lh, hlen, drops) : m);
}

struct mbuf *
if_wire(struct ifnet *ifp, struct mbuf *m, bool sums)
{
	return (wire_cut(ifp, m, sums, &ifp->if_stats.ifs_oerrors));
}

/* Capabilities: what is not left to others */

static bool
caps_inet6(const struct ifnet *ifp, const struct mbuf *m)
{
	uint16_t type;

	(void)wire_header(ifp, m, &type);
	return (wire_ops(ifp, m, type) == net_vnet(ifp->if_vnet)->nv_afops[NET_AF_INET6]);
}

static struct mbuf *
caps_out(struct ifnet *ifp, struct mbuf *m)
{
	const uint32_t off = ifp->if_extra->ix_capsoff;
	const bool six = caps_inet6(ifp, m), tcp = (m->m_pkt.csum_flags & CSUM_TCP) != 0;
	const bool sums = (off & (six ? VI_IFCAP_TXCSUM6 : VI_IFCAP_TXCSUM)) != 0;

	if (sums || (off & (!tcp ? VI_IFCAP_GSO : six ? VI_IFCAP_TSO6 : VI_IFCAP_TSO4)) != 0)
		return (wire_cut(ifp, m, sums, &ifp->if_stats.ifs_oerrors));
	return (m);
}

/* Checksums that are not taken for good are computed where the sender left them out, and verified above. */
static struct mbuf *
caps_in(struct ifnet *ifp, struct mbuf *m)
{
	const uint32_t off = ifp->if_extra->ix_capsoff;
	const bool sums = (off & (caps_inet6(ifp, m) ? VI_IFCAP_RXCSUM6 : VI_IFCAP_RXCSUM)) != 0;

	if (sums || (off & VI_IFCAP_LRO) != 0)
		m = wire_cut(ifp, m, sums, &ifp->if_stats.ifs_iqdrops);
	for (struct mbuf *n = sums ? m : NULL; n != NULL; n = n->m_nextpkt)
		n->m_pkt.csum_flags &= (uint16_t)~(CSUM_IP_VALID | CSUM_DATA_VALID);
	return (m);
}

int
if_setcaps(struct ifnet *ifp, uint32_t set, uint32_t clear)
{
	if (((set | clear) & ~(uint32_t)VI_IFCAP_ALL) != 0 || (set & clear) != 0)
		return (EINVAL);
	if (clear == 0 && ifp->if_extra == NULL)
		return (0);
	if (if_extra_make(ifp, ifp->if_acct) != 0)
		return (ENOBUFS);
	ifp->if_extra->ix_capsoff = (ifp->if_extra->ix_capsoff & ~set) | clear;
	if_extra_trim(ifp);
	return (0);
}

/* Frames */

static int
extra_send(struct ifnet *ifp, struct mbuf *m)
{
	struct if_extra *ix = ifp->if_extra;

	if (!LIST_EMPTY(&ix->ix_captures) && (m->m_flags & M_ETHER) == 0 && if_up(ifp))
		if_capture_show(ifp, m, ifp, true);
	if (ix->ix_link == NULL)
		return (ifp->if_ops->ifo_transmit(ifp, m));
	if (!if_up(ifp)) {
		ifp->if_stats.ifs_oerrors++;
		m_freem(m);
		return (ENETDOWN);
	}
	iflink_output(ix->ix_link, m);
	return (0);
}

int
if_extra_transmit(struct ifnet *ifp, struct mbuf *m)
{
	const uint16_t ether = m->m_flags & M_ETHER;
	struct mbuf *next;
	int error, last = 0;

	if (ifp->if_extra->ix_capsoff == 0)
		return (extra_send(ifp, m));
	if ((m = caps_out(ifp, m)) == NULL)
		return (ENOBUFS);
	for (; m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		m->m_flags |= ether;
		if ((error = extra_send(ifp, m)) != 0)
			last = error;
	}
	return (last);
}

/* Who watches an interface of IP packets knows nothing of frames. */
static void
extra_receive(struct ifnet *ifp, struct mbuf *m, const struct ifnet *from)
{
	if (!LIST_EMPTY(&ifp->if_extra->ix_captures) && (m->m_flags & M_ETHER) == 0 && if_listens(ifp))
		if_capture_show(ifp, m, from != NULL ? from : ifp, false);
	ifp->if_ops->ifo_input(ifp, m);
}

void
if_extra_input(struct ifnet *ifp, struct mbuf *m, const struct ifnet *from)
{
	const uint16_t ether = m->m_flags & M_ETHER;
	struct mbuf *next;

	if (ifp->if_extra->ix_capsoff == 0) {
		extra_receive(ifp, m, from);
		return;
	}
	for (m = caps_in(ifp, m); m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		m->m_flags |= ether;
		extra_receive(ifp, m, from);
	}
}
