/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: the frames of a bridge.
 *
 * A frame comes from a member (bridge_input, before the member's own stack), from the bridge's own stack (bridge_transmit), or from a
 * member's (bridge_member_output).  Its source is learned; a known destination gets it alone, others get a copy by reference each.
 * Frames for an address of the bridge or of any member are this stack's, whichever way they came.  Super-packets pass whole.
 *
 * With a VLAN filter (IEEE 802.1Q 8.6) a frame belongs to the VLAN of its tag, or to its member's for frames without one; it travels through
 * the bridge without a tag (bf_vid, bf_pcp) and gets one again where it leaves tagged.  The bridge's own stack always gets and gives tagged frames: vlans
 * above the bridge take them.  Without a filter tags are not touched, but addresses are learned for each tag apart.
 *
 * Everything happens in the lane of the one stack; what leaves is queued by the members, whose queues are bounded.
 *
 * In a loop of bridges without spanning trees what is flooded comes again by another member.  A bridge remembers the last such frames for a tenth of a
 * second and floods each once, from where it came first: so the loop carries no more than a tree would, and what came the longer way is not learned
 * from.  A station that moves to another member and says the same again within that time is not heard once.  What gets by, in loops of more frames than
 * are remembered or of more than that time, counts the bridges it goes through (m_pkt.hops, which stays with it through routers and tunnels), and ends.
 */
#include <errno.h>
#include <string.h>

#include "base/siphash.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "net/if_bridge.h"

#define SEEN_BYTES	96u	/* of a frame tell it from others of its sender */
#define SEEN_TIME	100u	/* ms */

/* A frame on its way through. */
struct bridge_frame {
	struct bridge	*bf_sc;
	struct bridge_port *bf_from;	/* NULL: our own */
	uint64_t	 bf_dst, bf_src;
	uint16_t	 bf_vid;	/* 0: none */
	uint16_t	 bf_pcp;	/* the rest of its tag */
	bool		 bf_untagged;	/* its tag was taken off */
	bool		 bf_mcast;
};

static struct bridge_vnet *
bf_stat(const struct bridge_frame *bf)
{
	return (bridge_vnet(bf->bf_sc->sc_ifp->if_vnet));
}

static void
bridge_drop(struct mbuf *m, uint64_t *counter)
{
	(*counter)++;
	m_freem(m);
}

/* Spanning tree */

static bool
port_learns(const struct bridge_port *bp)
{
	return ((bp->bp_flags & IFBIF_STP) == 0 || bp->bp_stp.bp_state != BSTP_DISCARDING);
}

static bool
port_forwards(const struct bridge_port *bp)
{
	return ((bp->bp_flags & IFBIF_STP) == 0 || bp->bp_stp.bp_state == BSTP_FORWARDING);
}

/* VLANs */

static bool
port_hasvlan(const struct bridge_port *bp, uint16_t vid)
{
	return (bp->bp_pvid == vid || (bp->bp_tagged != NULL && (bp->bp_tagged[vid / 64] >> vid % 64 & 1) != 0));
}

/*
 * The frame's VLAN; with a filter the tag goes.  NULL: not of a VLAN that may come in here (counted).  from NULL: our own stack,
 * which has all of them.
 */
static struct mbuf *
bridge_classify(struct bridge_frame *bf, struct mbuf *m)
{
	const struct bridge_port *from = bf->bf_from;
	struct ether_vlan_header *evl;
	bool tagged;

	bf->bf_vid = bf->bf_pcp = 0;
	tagged = mtod(m, struct ether_header *)->ether_type == HTONS(ETHERTYPE_VLAN);
	if (!tagged && !bf->bf_sc->sc_vlanfilter)
		return (m);
	if (tagged) {
		if (m->m_pkt.len < sizeof(*evl) || (m = m_pullup(m, sizeof(*evl))) == NULL) {
			bridge_drop(m, &bf_stat(bf)->bv_filtered);
			return (NULL);
		}
		evl = mtod(m, struct ether_vlan_header *);
		bf->bf_vid = EVL_VLANOFTAG(NTOHS(evl->evl_tag));
		bf->bf_pcp = NTOHS(evl->evl_tag) & (uint16_t)~EVL_VLID_MASK;
		if ((bf->bf_untagged = bf->bf_sc->sc_vlanfilter))
			vlan_untag(m);
	}
	if (!bf->bf_sc->sc_vlanfilter)
		return (m);
	if (bf->bf_vid == 0 && from != NULL)
		bf->bf_vid = from->bp_pvid;
	if (bf->bf_vid != 0 && bf->bf_vid != EVL_VLID_MASK && (from == NULL || port_hasvlan(from, bf->bf_vid)))
		return (m);
	bridge_drop(m, &bf_stat(bf)->bv_filtered);
	return (NULL);
}

/* As it leaves the bridge by a member, or (NULL) to our own stack. */
static struct mbuf *
bridge_retag(const struct bridge_frame *bf, const struct bridge_port *to, struct mbuf *m)
{
	if (!bf->bf_sc->sc_vlanfilter || (to != NULL && to->bp_pvid == bf->bf_vid))
		return (m);
	if ((m = vlan_tag(m, ETHERTYPE_VLAN, bf->bf_pcp | bf->bf_vid)) == NULL)
		bf_stat(bf)->bv_nomem++;
	return (m);
}

/* As it came. */
static struct mbuf *
bridge_restore(const struct bridge_frame *bf, struct mbuf *m)
{
	if (bf->bf_untagged && (m = vlan_tag(m, ETHERTYPE_VLAN, bf->bf_pcp | bf->bf_vid)) == NULL)
		bf_stat(bf)->bv_nomem++;
	return (m);
}

/* Sending */

/* The longest frame that a super-packet's segments make. */
static uint32_t
segment_len(const struct mbuf *m)
{
	uint32_t hlen = ETHER_HDR_LEN;
	uint8_t b[2];
	uint16_t type = 0;

	(void)m_copydata(m, offsetof(struct ether_header, ether_type), sizeof(type), &type);
	if (type == HTONS(ETHERTYPE_VLAN) && m_copydata(m, ETHER_HDR_LEN + 2, sizeof(type), &type) == 0)
		hlen += ETHER_VLAN_ENCAP_LEN;
	if (type == HTONS(ETHERTYPE_IP) && m_copydata(m, hlen, 1, b) == 0) {
		(void)m_copydata(m, hlen + 9, 1, b + 1);
		hlen += (b[0] & 0xfu) * 4;
	} else if (type == HTONS(ETHERTYPE_IPV6)) {
		(void)m_copydata(m, hlen + 6, 1, b + 1);
		hlen += 40;
	} else {
		return (m->m_pkt.len);
	}
	if ((m->m_pkt.csum_flags & CSUM_UDP) != 0)
		return (hlen + 8 + m->m_pkt.segsz);
	if (m_copydata(m, hlen + 12, 1, b) != 0)
		return (m->m_pkt.len);
	return (hlen + (b[0] >> 4) * 4u + m->m_pkt.segsz);
}

/* A bridge makes no fragments: what is too long for the member's wire is dropped (IEEE 802.1D 6.3.8). */
static bool
bridge_toolong(const struct ifnet *ifp, const struct mbuf *m)
{
	if (m->m_pkt.len <= ifp->if_mtu + ETHER_HDR_LEN)
		return (false);
	if (m->m_pkt.segsz != 0)
		return (segment_len(m) > ifp->if_mtu + ETHER_HDR_LEN + ETHER_VLAN_ENCAP_LEN);
	return (ether_toolong(ifp, m));
}

/* Out by a member.  Consumes m. */
static int
bridge_enqueue(const struct bridge_frame *bf, struct bridge_port *to, struct mbuf *m)
{
	struct ifnet *ifp = to->bp_ifp;
	int error = ENETDOWN;

	if (!if_up(ifp)) {
		bridge_drop(m, &bf_stat(bf)->bv_down);
		return (error);
	}
	if ((m = bridge_retag(bf, to, m)) == NULL)
		return (ENOBUFS);
	if (bridge_toolong(ifp, m)) {
		bf->bf_sc->sc_ifp->if_stats.ifs_oerrors++;
		bridge_drop(m, &bf_stat(bf)->bv_toobig);
		return (EMSGSIZE);
	}
	bf->bf_sc->sc_ifp->if_stats.ifs_opackets++;
	bf->bf_sc->sc_ifp->if_stats.ifs_obytes += m->m_pkt.len;
	return (if_transmit_ether(ifp, m));
}

/* May a frame go from here to there? */
static bool
bridge_path(const struct bridge_frame *bf, const struct bridge_port *to)
{
	if (to == bf->bf_from || !port_forwards(to) || !if_up(to->bp_ifp))
		return (false);
	if (bf->bf_from != NULL && (bf->bf_from->bp_flags & to->bp_flags & IFBIF_PRIVATE) != 0) {
		bf_stat(bf)->bv_private++;
		return (false);
	}
	if (bf->bf_sc->sc_vlanfilter && !port_hasvlan(to, bf->bf_vid))
		return (false);
	return (bf->bf_mcast || (to->bp_flags & IFBIF_DISCOVER) != 0);
}

/* To all but where it came from.  keep: m is the caller's still; else it is consumed. */
static void
bridge_flood(const struct bridge_frame *bf, struct mbuf *m, bool keep)
{
	struct bridge_port *to, *last = NULL;
	struct mbuf *copy;

	bf_stat(bf)->bv_flooded++;
	TAILQ_FOREACH(to, &bf->bf_sc->sc_members, bp_link) {
		if (!bridge_path(bf, to))
			continue;
		if (last != NULL) {
			if ((copy = m_copym(m, 0, SIZE_MAX, m->m_as)) != NULL)
				(void)bridge_enqueue(bf, last, copy);
			else
				bf_stat(bf)->bv_nomem++;
		}
		last = to;
	}
	if (keep && last != NULL && (m = m_copym(m, 0, SIZE_MAX, m->m_as)) == NULL) {
		bf_stat(bf)->bv_nomem++;
		return;
	}
	if (last != NULL)
		(void)bridge_enqueue(bf, last, m);
	else if (!keep)
		m_freem(m);
}

/* Every frame, as it came, to those who watch. */
static void
bridge_span(struct bridge *sc, const struct mbuf *m)
{
	struct bridge_port *bp;
	struct mbuf *copy;

	TAILQ_FOREACH(bp, &sc->sc_spans, bp_link) {
		if (!if_up(bp->bp_ifp))
			continue;
		if ((copy = m_dup(m, vnet_acct(sc->sc_ifp->if_vnet))) == NULL)
			bridge_vnet(sc->sc_ifp->if_vnet)->bv_nomem++;
		else
			(void)if_transmit_ether(bp->bp_ifp, copy);
	}
}

/* To one member.  Consumes m. */
static int
bridge_unicast(const struct bridge_frame *bf, struct bridge_port *to, struct mbuf *m)
{
	if (to == bf->bf_from) {	/* it is there already */
		bridge_drop(m, &bf_stat(bf)->bv_same);
		return (0);
	}
	if (!port_forwards(to)) {
		bridge_drop(m, &bf_stat(bf)->bv_blocked);
		return (ENETDOWN);
	}
	if (bf->bf_from != NULL && (bf->bf_from->bp_flags & to->bp_flags & IFBIF_PRIVATE) != 0) {
		bridge_drop(m, &bf_stat(bf)->bv_private);
		return (EHOSTUNREACH);
	}
	if (bf->bf_sc->sc_vlanfilter && !port_hasvlan(to, bf->bf_vid)) {
		bridge_drop(m, &bf_stat(bf)->bv_filtered);
		return (EHOSTUNREACH);
	}
	return (bridge_enqueue(bf, to, m));
}

/* Receiving */

/* Does anybody above the interface look at groups? */
static bool
wants_groups(const struct ifnet *ifp)
{
	return (if_up(ifp) && (!TAILQ_EMPTY(&ifp->if_addrs) || !TAILQ_EMPTY(&ifp->if_newaddrs) || ifp->if_extra != NULL));
}

static void
bridge_up(const struct bridge_frame *bf, struct mbuf *m)
{
	struct ifnet *ifp = bf->bf_sc->sc_ifp;

	bf_stat(bf)->bv_local++;
	if ((m = bridge_retag(bf, NULL, m)) != NULL)
		if_receive(ifp, m);
}

/* A frame for a member that came by another one: as if it had come by that. */
static void
bridge_member_up(struct bridge_port *bp, struct mbuf *m, const struct ether_info *ei)
{
	struct ifnet *ifp = bp->bp_ifp;

	if (!if_up(ifp)) {
		bridge_drop(m, &bridge_vnet(ifp->if_vnet)->bv_down);
		return;
	}
	m->m_pkt.rcvif = ifp;
	m->m_pkt.fib = (uint16_t)ifp->if_fib;
	if ((m = vlan_input(ifp, m, ei)) != NULL)
		ether_input_stack(ifp, m, ei);
}

/* Groups: everywhere, the bridge's and the member's own stacks included. */
static struct mbuf *
bridge_input_group(const struct bridge_frame *bf, struct mbuf *m)
{
	const bool member = wants_groups(bf->bf_from->bp_ifp) &&
	    (!TAILQ_EMPTY(&bf->bf_from->bp_ifp->if_addrs) || bf->bf_from->bp_ifp->if_extra->ix_trunk != NULL);
	const bool own = wants_groups(bf->bf_sc->sc_ifp);
	struct mbuf *copy;

	bridge_flood(bf, m, own || member);
	if (own) {
		copy = member ? m_copym(m, 0, SIZE_MAX, m->m_as) : m;
		if (copy != NULL)
			bridge_up(bf, copy);
		else
			bf_stat(bf)->bv_nomem++;
	}
	return (member ? bridge_restore(bf, m) : NULL);
}

/* For an address of this stack.  What is left for the member's own. */
static struct mbuf *
bridge_input_local(const struct bridge_frame *bf, const struct bridge_rt *rt, struct mbuf *m, const struct ether_info *ei)
{
	if (rt->rt_port == NULL) {
		bridge_up(bf, m);
		return (NULL);
	}
	if ((m = bridge_restore(bf, m)) == NULL || rt->rt_port == bf->bf_from)
		return (m);
	bridge_member_up(rt->rt_port, m, ei);
	return (NULL);
}

/* To be flooded: was it already, from elsewhere?  It is remembered. */
static bool
bridge_again(const struct bridge_frame *bf, const struct mbuf *m)
{
	const struct vnet *vn = bf->bf_sc->sc_ifp->if_vnet;
	const struct siphash_key key = { vn->vn_kernel->k_hashkey[0], vn->vn_kernel->k_hashkey[1] ^ bf->bf_vid };
	const uint32_t now = (uint32_t)(vnet_now(vn) / 1000000) | 1;	/* never 0 */
	const size_t len = m->m_pkt.len < SEEN_BYTES ? m->m_pkt.len : SEEN_BYTES;
	struct bridge_seen *bs;
	uint8_t bytes[SEEN_BYTES];
	uint32_t hash;

	if (m_copydata(m, 0, len, bytes) != 0)
		return (false);
	hash = (uint32_t)siphash13(&key, bytes, len) ^ m->m_pkt.len;
	bs = &bf->bf_sc->sc_seen[hash & (BRIDGE_SEEN - 1)];
	if (bs->bs_hash == hash && bs->bs_when != 0 && now - bs->bs_when < SEEN_TIME && bs->bs_from != bf->bf_from) {
		bf_stat(bf)->bv_again++;
		return (true);
	}
	*bs = (struct bridge_seen){ hash, now, bf->bf_from };
	return (false);
}

static bool
bridge_forwardable(struct bridge_frame *bf, const struct bridge_rt *src)
{
	if (src != NULL && (src->rt_flags & IFBAF_LOCAL) != 0) {	/* we sent it: it went in a circle */
		bf_stat(bf)->bv_looped++;
		return (false);
	}
	if ((bf->bf_from->bp_flags & IFBIF_LEARNING) != 0 && port_learns(bf->bf_from) &&
	    bridge_rt_learn(bf->bf_from, bf->bf_src) != 0 && bf->bf_from->bp_addrmax != 0) {
		bf_stat(bf)->bv_limit++;
		return (false);
	}
	return (true);
}

/* 01:80:c2:00:00:00 to :0f never pass a bridge (IEEE 802.1D 7.12.6). */
static bool
reserved_group(const uint8_t *mac)
{
	return (be32dec(mac) == 0x0180c200 && mac[4] == 0 && mac[5] < 0x10);
}

static struct mbuf *
bridge_input_unicast(struct bridge_frame *bf, const struct bridge_rt *rt, struct mbuf *m)
{
	if (rt != NULL)
		(void)bridge_unicast(bf, rt->rt_port, m);
	else
		bridge_flood(bf, m, false);
	return (NULL);
}

/* The frame whose source is not the one this member saw last. */
static const struct bridge_rt *
bridge_source(const struct bridge_frame *bf, uint64_t local)
{
	const struct bridge_rt *last = bf->bf_from->bp_last;

	return (last != NULL && last->rt_key == bf->bf_src ? last : bridge_rt_find(bf->bf_sc, local));
}

struct mbuf *
bridge_input(struct if_over *ov, struct mbuf *m, const struct ether_info *ei)
{
	struct bridge_port *bp = CONTAINER_OF(ov, struct bridge_port, bp_over);
	struct bridge_frame bf = { .bf_sc = bp->bp_sc, .bf_from = bp, .bf_mcast = ei->ei_mcast };
	const struct ether_header *eh = mtod(m, const struct ether_header *);
	const struct bridge_rt *rt, *local;
	uint64_t dst, src;

	if ((bp->bp_flags & IFBIF_SPAN) != 0 || !if_up(bf.bf_sc->sc_ifp))
		return (m);
	if (ei->ei_mcast && reserved_group(eh->ether_dhost)) {
		if (eh->ether_dhost[5] != 0)
			return (m);
		bstp_input(&bp->bp_stp, m);
		return (NULL);
	}
	if (m->m_pkt.hops == BRIDGE_MAXHOPS) {
		bridge_drop(m, &bf_stat(&bf)->bv_toofar);
		return (NULL);
	}
	m->m_pkt.hops++;
	bridge_span(bf.bf_sc, m);
	if ((bp->bp_flags & IFBIF_STP) != 0 && bp->bp_stp.bp_state == BSTP_DISCARDING)
		return (m);
	dst = bridge_key(eh->ether_dhost, 0);
	src = bridge_key(eh->ether_shost, 0);
	if ((m = bridge_classify(&bf, m)) == NULL)
		return (NULL);
	bf.bf_dst = dst | (uint64_t)bf.bf_vid << 48;
	bf.bf_src = src | (uint64_t)bf.bf_vid << 48;
	/* Before anything is learned from it.  Own addresses are in no VLAN. */
	rt = local = bf.bf_mcast ? NULL : bridge_rt_find(bf.bf_sc, dst);
	if (bf.bf_vid != 0 && !bf.bf_mcast && (local == NULL || (local->rt_flags & IFBAF_LOCAL) == 0))
		rt = bridge_rt_find(bf.bf_sc, bf.bf_dst);
	if ((rt == NULL && port_forwards(bp) && bridge_again(&bf, m)) || !bridge_forwardable(&bf, bridge_source(&bf, src))) {
		m_freem(m);
		return (NULL);
	}
	bf.bf_sc->sc_ifp->if_stats.ifs_ipackets++;
	bf.bf_sc->sc_ifp->if_stats.ifs_ibytes += m->m_pkt.len;
	if (local != NULL && (local->rt_flags & IFBAF_LOCAL) != 0)
		return (bridge_input_local(&bf, local, m, ei));
	if (!port_forwards(bp)) {	/* it learns, no more */
		bridge_drop(m, &bf_stat(&bf)->bv_blocked);
		return (NULL);
	}
	bf_stat(&bf)->bv_forwarded++;
	return (bf.bf_mcast ? bridge_input_group(&bf, m) : bridge_input_unicast(&bf, rt, m));
}

/* Our own */

/* Consumes m, a frame whose header is contiguous. */
static int
bridge_send(struct bridge *sc, struct mbuf *m)
{
	const struct ether_header *eh = mtod(m, const struct ether_header *);
	struct bridge_frame bf = { .bf_sc = sc, .bf_mcast = ether_multicast(eh->ether_dhost), .bf_dst = bridge_key(eh->ether_dhost, 0) };
	struct bridge_rt *rt;

	bridge_span(sc, m);
	if ((m = bridge_classify(&bf, m)) == NULL)
		return (EHOSTUNREACH);
	bf.bf_dst |= (uint64_t)bf.bf_vid << 48;
	rt = bf.bf_mcast ? NULL : bridge_rt_find(sc, bf.bf_dst);
	if (rt != NULL && rt->rt_port != NULL && (rt->rt_flags & IFBAF_LOCAL) == 0)
		return (bridge_unicast(&bf, rt->rt_port, m));
	bridge_flood(&bf, m, false);
	return (0);
}

int
bridge_transmit(struct ifnet *ifp, struct mbuf *m)
{
	if (!if_up(ifp)) {
		ifp->if_stats.ifs_oerrors++;
		m_freem(m);
		return (ENETDOWN);
	}
	if ((m = m_pullup(m, ETHER_HDR_LEN)) == NULL) {
		ifp->if_stats.ifs_oerrors++;
		return (ENOBUFS);
	}
	return (bridge_send(ifp->if_softc, m));
}

/* A member's stack has no VLAN of its own: with a filter its frames are of the member's. */
int
bridge_member_output(struct if_over *ov, struct mbuf *m)
{
	struct bridge_port *bp = CONTAINER_OF(ov, struct bridge_port, bp_over);
	struct bridge *sc = bp->bp_sc;

	if ((bp->bp_flags & IFBIF_SPAN) != 0 || !if_up(sc->sc_ifp) || sc->sc_vlanfilter)
		return (if_transmit(bp->bp_ifp, m));
	return (bridge_send(sc, m));
}
