/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From interfaces to sockets.
 *
 * Theory of operation.  An interface that no packet socket listens to knows nothing of them.  One that somebody is bound to has a struct pktif, whose capture
 * hangs on the interface; with a socket that listens to all, every interface of the vnet has one, and those that come get one.  A frame is then
 * offered to the sockets bound to the interface and to those for all: by its type, by its direction (what is sent is for VI_PKT_ALL alone, and not
 * for who sent it), to one of a group, through the socket's filter, which may shorten it; and copied into the receive buffer, which bounds what waits.
 *
 * An interface that goes down takes its sockets off with ENETDOWN and puts them on again when it comes up; one that goes for good leaves them without any.
 */
#include <errno.h>

#include "base/assert.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "packet/packet_var.h"

static bool
pkt_wants(const struct pktpcb *pp, const struct pktview *pw)
{
	const bool out = pw->pw_frame->f_out;

	if (pp->pp_type != VI_PKT_ALL && (out || pp->pp_type != pw->pw_type))
		return (false);
	return (!out || (!pp->pp_ignoreout && pp != pkt_vnet(pp)->pv_sender));
}

static void
pkt_describe(const struct pktpcb *pp, const struct pktview *pw, uint32_t start, struct sockdgram *sd)
{
	const struct ifnet *ifp = pp->pp_origdev ? pw->pw_frame->f_from : pw->pw_ifp;
	struct vi_station *st = &sd->sd_from.sa_station;
	const uint16_t csum = pw->pw_frame->f_m->m_pkt.csum_flags;

	*sd = (struct sockdgram){ .sd_from = { .sa_family = VI_AF_PACKET, .sa_port = HTONS(pw->pw_type), .sa_scope = ifp->if_index },
	    .sd_ifindex = ifp->if_index, .sd_stamp = pw->pw_frame->f_time };
	st->st_pkttype = pw->pw_pkttype;
	st->st_hatype = pkt_hatype(pw->pw_ifp);
	if (pw->pw_net != 0) {
		st->st_len = ETHER_ADDR_LEN;
		pktview_copy(pw, offsetof(struct ether_header, ether_shost), ETHER_ADDR_LEN, st->st_addr);
	}
	sd->sd_mark = pw->pw_frame->f_m->m_pkt.mark;
	sd->sd_frame.fi_len = pw->pw_len - start;
	sd->sd_frame.fi_net = (uint16_t)(pw->pw_net - start);
	sd->sd_frame.fi_vlan = pw->pw_vlan;
	sd->sd_frame.fi_tpid = pw->pw_tpid;
	sd->sd_frame.fi_flags = (uint16_t)((pw->pw_tpid != 0 ? VI_FRAME_VLAN : 0) | ((csum & CSUM_DATA_VALID) != 0 ? VI_FRAME_SUMMED : 0) |
	    ((csum & CSUM_DELAY_DATA) != 0 ? VI_FRAME_UNSUMMED : 0) | (pp->pp_vnethdr ? VI_FRAME_VNETHDR : 0));
}

static void
pkt_lose(struct pktpcb *pp, uint64_t *reason)
{
	(*reason)++;
	pp->pp_stats.ps_drops++;
	pp->pp_drops++;
}

static void
pkt_deliver(struct pktpcb *pp, const struct pktview *pw)
{
	const uint32_t start = pkt_israw(pp) ? 0 : pw->pw_net;
	struct packet_vnet *pv = pkt_vnet(pp);
	struct socket *so = pp->pp_socket;
	uint32_t len = pw->pw_len - start;
	struct sockdgram sd;
	struct mbuf *m;

	pp->pp_frames++;
	if (so->so_filter != NULL && (len = u32min(pktview_run(pw, so->so_filter, start), len)) == 0) {
		pv->pv_stat.pkts_filtered++;
		return;
	}
	pp->pp_stats.ps_packets++;
	pp->pp_matched++;
	if (!sbfits(&so->so_rcv, len)) {
		pkt_lose(pp, &pv->pv_stat.pkts_fullsock);
		return;
	}
	if ((m = pktview_mbuf(pw, start, len, pp->pp_vnethdr ? VI_PKT_VNETHDRLEN : 0)) == NULL) {
		pkt_lose(pp, &pv->pv_stat.pkts_nomem);
		return;
	}
	if (pp->pp_vnethdr)
		pkt_vnethdr_make(pw, m->m_data);
	pkt_describe(pp, pw, start, &sd);
	if (!sbappenddgram(&so->so_rcv, &sd, m, vnet_acct(pv->pv_vnet))) {
		pkt_lose(pp, &pv->pv_stat.pkts_fullsock);
		return;
	}
	pv->pv_stat.pkts_delivered++;
	sorwakeup(so);
}

static void
pkt_offer(const struct pktpcbs *list, const struct pktview *pw)
{
	struct pktpcb *pp;

	LIST_FOREACH(pp, list, pp_hook)
		if (pkt_wants(pp, pw) && (pp->pp_fanout == NULL || pkt_fanout_mine(pp, pw)))
			pkt_deliver(pp, pw);
}

static void
pktif_frame(struct if_capture *ic, const struct if_frame *fr)
{
	const struct pktif *pi = CONTAINER_OF(ic, struct pktif, pi_capture);
	struct packet_vnet *pv = packet_vnet(ic->ic_ifp->if_vnet);
	struct pktview pw;

	/* What lo sends it receives.  As on Linux both are shown, and programs know to pass over one of them, by the name "lo". */
	if (!pktview_init(&pw, ic->ic_ifp, fr))
		return;
	pv->pv_frame++;
	pv->pv_stat.pkts_frames++;
	pkt_offer(&pi->pi_pcbs, &pw);
	pkt_offer(&pv->pv_any, &pw);
}

/* Interfaces */

static void
pktif_free(struct pktif *pi)
{
	VI_ASSERT(LIST_EMPTY(&pi->pi_pcbs));
	LIST_REMOVE(pi, pi_link);
	kfree(vnet_acct(pi->pi_capture.ic_ifp->if_vnet), ACCT_PCB, pi, sizeof(*pi));
}

/* pkt_event() has been here before: nobody is bound to it any more. */
static void
pktif_ended(struct if_capture *ic)
{
	pktif_free(CONTAINER_OF(ic, struct pktif, pi_capture));
}

/* An interface has few captures, and a stack many interfaces. */
static struct pktif *
pktif_find(const struct ifnet *ifp)
{
	struct if_capture *ic = if_capture_of(ifp, pktif_frame);

	return (ic != NULL ? CONTAINER_OF(ic, struct pktif, pi_capture) : NULL);
}

static struct pktif *
pktif_make(struct packet_vnet *pv, struct ifnet *ifp)
{
	struct acctset *as = vnet_acct(pv->pv_vnet);
	struct pktif *pi;

	if ((pi = kmalloc(as, ACCT_PCB, sizeof(*pi))) == NULL)
		return (NULL);
	pi->pi_capture = (struct if_capture){ .ic_frame = pktif_frame, .ic_ended = pktif_ended, .ic_loop = true, .ic_whole = true };
	LIST_INIT(&pi->pi_pcbs);
	if (if_capture_begin(ifp, &pi->pi_capture, as) != 0) {
		kfree(as, ACCT_PCB, pi, sizeof(*pi));
		return (NULL);
	}
	LIST_INSERT_HEAD(&pv->pv_ifs, pi, pi_link);
	return (pi);
}

/* Those that nobody listens to. */
static void
pktif_trim(struct packet_vnet *pv)
{
	struct pktif *pi, *next;

	if (!LIST_EMPTY(&pv->pv_any))
		return;
	LIST_FOREACH_SAFE(pi, &pv->pv_ifs, pi_link, next)
		if (LIST_EMPTY(&pi->pi_pcbs)) {
			if_capture_end(&pi->pi_capture);
			pktif_free(pi);
		}
}

static int
pkt_hook_all(struct packet_vnet *pv, struct pktpcb *pp)
{
	struct ifnet *ifp;

	if (LIST_EMPTY(&pv->pv_any))
		TAILQ_FOREACH(ifp, &net_vnet(pv->pv_vnet)->nv_ifs, if_link)
			if (!ifp->if_dying && pktif_find(ifp) == NULL && pktif_make(pv, ifp) == NULL) {
				pktif_trim(pv);
				return (ENOBUFS);
			}
	LIST_INSERT_HEAD(&pv->pv_any, pp, pp_hook);
	return (0);
}

static int
pkt_hook_one(struct packet_vnet *pv, struct pktpcb *pp)
{
	struct ifnet *ifp = ifnet_byindex(pv->pv_vnet, pp->pp_ifindex);
	struct pktif *pi;

	if (ifp == NULL || (ifp->if_flags & IFF_UP) == 0) {
		soerror(pp->pp_socket, ENETDOWN);	/* later perhaps */
		return (0);
	}
	if ((pi = pktif_find(ifp)) == NULL && (pi = pktif_make(pv, ifp)) == NULL)
		return (ENOBUFS);
	LIST_INSERT_HEAD(&pi->pi_pcbs, pp, pp_hook);
	pp->pp_hooked = true;
	return (0);
}

int
pkt_hook(struct pktpcb *pp)
{
	struct packet_vnet *pv = pkt_vnet(pp);
	int error;

	VI_ASSERT(!pp->pp_hooked);
	if (pp->pp_type == 0 || pp->pp_gone)
		return (0);
	if (pp->pp_ifindex != 0)
		return (pkt_hook_one(pv, pp));
	if ((error = pkt_hook_all(pv, pp)) == 0)
		pp->pp_hooked = true;
	return (error);
}

void
pkt_unhook(struct pktpcb *pp)
{
	if (!pp->pp_hooked)
		return;
	LIST_REMOVE(pp, pp_hook);
	pp->pp_hooked = false;
	pktif_trim(pkt_vnet(pp));
}

/* What happens to interfaces */

static void
pkt_ifdown(struct pktpcb *pp)
{
	if (!pp->pp_hooked)
		return;
	pkt_unhook(pp);
	soerror(pp->pp_socket, ENETDOWN);
}

static void
pkt_ifevent(struct pktpcb *pp, enum vnet_event ev, const struct ifnet *ifp)
{
	if (ev == VNET_EV_IFDETACH)
		pkt_mreq_leave(pp, ifp->if_index);
	if (pp->pp_ifindex != ifp->if_index)
		return;
	if (ev == VNET_EV_IFUP && !pp->pp_hooked && !pp->pp_gone)
		(void)pkt_hook(pp);
	if (ev == VNET_EV_IFDOWN || ev == VNET_EV_IFDETACH)
		pkt_ifdown(pp);
	if (ev == VNET_EV_IFDETACH)
		pp->pp_gone = true;
}

void
pkt_event(struct vnet *vn, enum vnet_event ev, void *obj)
{
	struct packet_vnet *pv = packet_vnet(vn);
	struct pktpcb *pp;

	if (ev == VNET_EV_IFATTACH) {
		if (!LIST_EMPTY(&pv->pv_any) && pktif_make(pv, obj) == NULL)
			pv->pv_stat.pkts_nomem++;
		return;
	}
	if (ev != VNET_EV_IFUP && ev != VNET_EV_IFDOWN && ev != VNET_EV_IFDETACH)
		return;
	LIST_FOREACH(pp, &pv->pv_pcbs, pp_link)
		pkt_ifevent(pp, ev, obj);
}
