/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Neighbour discovery for IPv6 over Ethernet (RFC 4861, 4862).  Each interface has a struct nd6_if from IFATTACH to IFDETACH; neighbours are in a hash of the vnet (nd6_table.c), with
 * one timer each (nd6_nud.c).  Nothing is learned from messages that neither concern an entry there is nor ask for us.
 *
 * What ip6 needs of this module it calls through nd6_vnet_ops, which attach puts into ip6's state.
 */
#include <errno.h>
#include <string.h>

#include "netinet/nd6/nd6_int.h"

VNET_STATE_DEFINE(nd6);

#define ND6_REACHABLE	30000u		/* ms, RFC 4861 10 */
#define ND6_RETRANS	(1 * ND6_SEC)

static uint32_t
nd6_linkmtu(const struct ifnet *ifp)
{
	const struct nd6_if *ni = nd6_if(ifp);

	return (ni == NULL ? 0 : ni->ni_linkmtu);
}

static uint8_t
nd6_hoplimit(const struct ifnet *ifp)
{
	const struct nd6_if *ni = nd6_if(ifp);

	return (ni == NULL ? 0 : ni->ni_hlim);
}

/* Flags of an interface */

static uint32_t
nd6_getflags(const struct ifnet *ifp)
{
	const struct nd6_if *ni = nd6_if(ifp);

	return (ni == NULL ? 0 : ni->ni_head.ih_flags);
}

#define ND6_USERFLAGS	(VI_ND6_IFF_PERFORMNUD | VI_ND6_IFF_ACCEPT_RTADV | VI_ND6_IFF_IFDISABLED | VI_ND6_IFF_AUTO_LINKLOCAL | \
	VI_ND6_IFF_NO_RADR | VI_ND6_IFF_NO_PREFER_IFACE | VI_ND6_IFF_NO_DAD | VI_ND6_IFF_STABLEADDR | VI_ND6_IFF_DEFAULTIF)

static void nd6_flush(struct nd6_vnet *, struct ifnet *, bool all);

/* There is one. */
static void
nd6_defaultif(struct nd6_vnet *nv, struct ifnet *ifp, bool set)
{
	if (set && nv->nv_chosenif != NULL && nv->nv_chosenif != ifp)
		nd6_if(nv->nv_chosenif)->ni_head.ih_flags &= ~(uint32_t)VI_ND6_IFF_DEFAULTIF;
	if (set)
		nv->nv_chosenif = ifp;
	else if (nv->nv_chosenif == ifp)
		nv->nv_chosenif = NULL;
}

/* The interface speaks no IPv6 from now on, or does again: then its addresses are checked anew. */
static void
nd6_setdisabled(struct nd6_vnet *nv, struct ifnet *ifp, bool disabled)
{
	if (disabled) {
		callout_stop(&nd6_if(ifp)->ni_rstimer);
		nd6_flush(nv, ifp, false);
		nd6_dad_disable(nv, ifp);
		return;
	}
	nd6_if(ifp)->ni_lldad = 0;
	if (!if_up(ifp))
		return;
	nd6_dad_ifup(nv, ifp);
	nd6_linklocal_add(nv, ifp);
	nd6_rs_start(nv, ifp);
}

int
nd6_setflags(struct ifnet *ifp, uint32_t set, uint32_t clear)
{
	struct nd6_vnet *nv = nd6_vnet(ifp->if_vnet);
	struct nd6_if *ni = nd6_if(ifp);
	uint32_t was;

	if (((set | clear) & ~(uint32_t)ND6_USERFLAGS) != 0 || (set & clear) != 0)
		return (EINVAL);
	if (ni == NULL)
		return (EINVAL);
	was = ni->ni_head.ih_flags;
	ni->ni_head.ih_flags = (ni->ni_head.ih_flags & ~clear) | set;
	if (((was ^ ni->ni_head.ih_flags) & VI_ND6_IFF_IFDISABLED) != 0)
		nd6_setdisabled(nv, ifp, (set & VI_ND6_IFF_IFDISABLED) != 0);
	if ((set & VI_ND6_IFF_AUTO_LINKLOCAL) != 0 && if_up(ifp))
		nd6_linklocal_add(nv, ifp);
	if ((set & VI_ND6_IFF_ACCEPT_RTADV) != 0)
		nd6_rs_start(nv, ifp);
	if (((set | clear) & VI_ND6_IFF_DEFAULTIF) != 0) {
		nd6_defaultif(nv, ifp, (set & VI_ND6_IFF_DEFAULTIF) != 0);
		nd6_router_select(nv);
	}
	return (0);
}

static const struct nd6_ops nd6_vnet_ops = {
	.no_resolve = nd6_resolve,
	.no_heard = nd6_heard,
	.no_input = nd6_input,
	.no_addr_added = nd6_addr_added,
	.no_addr_changed = nd6_addr_changed,
	.no_addr_removed = nd6_addr_removed,
	.no_redirect = nd6_redirect_send,
	.no_linkmtu = nd6_linkmtu,
	.no_hoplimit = nd6_hoplimit,
	.no_neigh_add = nd6_neigh_add,
	.no_neigh_del = nd6_neigh_del,
	.no_neigh_get = nd6_neigh_get,
	.no_neigh_list = nd6_neigh_list,
	.no_getflags = nd6_getflags,
	.no_setflags = nd6_setflags,
};

static int
nd6_forget(struct vnet *vn, enum vi_nd_flush what)
{
	struct nd6_vnet *nv = nd6_vnet(vn);

	switch (what) {
	case VI_ND_ROUTERS:
		nd6_router_flush(nv, NULL);
		break;
	case VI_ND_PREFIXES:
		nd6_prefix_flush(nv, NULL, true);
		break;
	case VI_ND_SYNC:
		break;
	default:
		return (EINVAL);
	}
	nd6_router_select(nv);
	return (0);
}

static const struct net_ndops nd6_ndops = { nd6_router_list, nd6_prefix_list, nd6_forget, nd6_dns_list };

/* Life */

static void
nd6_ifattach(struct nd6_vnet *nv, struct ifnet *ifp)
{
	const struct ip6_vnet *i6v = ip6_vnet(nv->nv_vnet);
	struct kernel *k = nv->nv_vnet->vn_kernel;
	struct nd6_if *ni = kmalloc(vnet_acct(nv->nv_vnet), ACCT_NEIGH, sizeof(*ni));
	const bool asked = ifp->if_cloner != NULL && ifp->if_cloner->ifc_asked6;

	if (ni == NULL) {
		nv->nv_stat.ns_nomem++;		/* it speaks no IPv6, then */
		return;
	}
	*ni = (struct nd6_if){ .ni_ifp = ifp, .ni_head.ih_flags = VI_ND6_IFF_PERFORMNUD, .ni_retrans = ND6_RETRANS };
	ni->ni_reachable = (ND6_REACHABLE / 2 + kernel_random_below(k, ND6_REACHABLE)) * ND6_MSEC;
	for (unsigned i = 0; i < ND6_NKNOBS; i++)
		ni->ni_own[i] = -1;
	if ((ifp->if_flags & IFF_LOOPBACK) == 0)
		ni->ni_head.ih_flags |= nv->nv_newflags;
	if (nv->nv_usestableaddr != 0)
		ni->ni_head.ih_flags |= VI_ND6_IFF_STABLEADDR;
	if (i6v->i6v_autolinklocal && !asked)
		ni->ni_head.ih_flags |= VI_ND6_IFF_AUTO_LINKLOCAL;
	if (i6v->i6v_acceptrtadv && !asked && (ifp->if_flags & IFF_LOOPBACK) == 0)
		ni->ni_head.ih_flags |= VI_ND6_IFF_ACCEPT_RTADV;
	TAILQ_INIT(&ni->ni_entries);
	callout_init(&ni->ni_rstimer, &nv->nv_vnet->vn_lane, nd6_rs_timer, ni);
	ifp->if_afdata[NET_AF_INET6] = ni;
}

static void
nd6_flush(struct nd6_vnet *nv, struct ifnet *ifp, bool all)
{
	struct nd6_entry *ne, *next;

	for (ne = TAILQ_FIRST(&nd6_if(ifp)->ni_entries); ne != NULL; ne = next) {
		next = TAILQ_NEXT(ne, ne_iflink);
		if (all || !ne->ne_permanent)
			nd6_free(nv, ne);
	}
}

static void
nd6_ifdetach(struct nd6_vnet *nv, struct ifnet *ifp)
{
	struct nd6_if *ni = nd6_if(ifp);

	nd6_defaultif(nv, ifp, false);
	nd6_rtr_ifdetach(nv, ifp);
	nd6_forget_rcvif(nv, ifp);
	in6_ifdetach(ifp);	/* while there is still a struct nd6_if */
	if (ni == NULL)
		return;
	nd6_flush(nv, ifp, true);
	callout_stop(&ni->ni_rstimer);
	ifp->if_afdata[NET_AF_INET6] = NULL;
	kfree(vnet_acct(nv->nv_vnet), ACCT_NEIGH, ni, sizeof(*ni));
}

static void
nd6_ifup(struct nd6_vnet *nv, struct ifnet *ifp)
{
	nd6_if(ifp)->ni_lldad = 0;
	nd6_link_up(nv, ifp);
	nd6_dad_ifup(nv, ifp);
	nd6_linklocal_add(nv, ifp);
	if (in6_ifaddr_linklocal(ifp) != NULL)
		nd6_rs_start(nv, ifp);
	nd6_router_select(nv);
}

static void
nd6_event(struct vnet *vn, enum vnet_event ev, void *obj)
{
	struct nd6_vnet *nv = nd6_vnet(vn);

	switch (ev) {
	case VNET_EV_IFATTACH:
		nd6_ifattach(nv, obj);
		break;
	case VNET_EV_IFDETACH:
		nd6_ifdetach(nv, obj);
		break;
	case VNET_EV_IFDOWN:
		if (nd6_if(obj) != NULL)
			nd6_flush(nv, obj, false);
		break;
	case VNET_EV_IFUP:
		if (nd6_if(obj) != NULL && !nv->nv_stopping)
			nd6_ifup(nv, obj);
		break;
	case VNET_EV_LLADDR:
		if (nd6_if(obj) != NULL && !nv->nv_stopping)
			nd6_announce(nv, obj);
		break;
	default:
		break;
	}
}

static int
nd6_attach(struct vnet *vn)
{
	struct nd6_vnet *nv = nd6_vnet(vn);

	nv->nv_vnet = vn;
	TAILQ_INIT(&nv->nv_asking);
	TAILQ_INIT(&nv->nv_entries);
	TAILQ_INIT(&nv->nv_routers);
	TAILQ_INIT(&nv->nv_prefixes);
	TAILQ_INIT(&nv->nv_rios);
	TAILQ_INIT(&nv->nv_dns);
	kernel_random(vn->vn_kernel, &nv->nv_secret, sizeof(nv->nv_secret));
	callout_init(&nv->nv_slow, &vn->vn_lane, nd6_slow, nv);
	ip6_vnet(vn)->i6v_nd = &nd6_vnet_ops;
	net_vnet(vn)->nv_ndops = &nd6_ndops;
	return (0);
}

static void
nd6_stop(struct vnet *vn)
{
	nd6_vnet(vn)->nv_stopping = true;
	callout_stop(&nd6_vnet(vn)->nv_slow);
}

static void
nd6_detach(struct vnet *vn)
{
	ip6_vnet(vn)->i6v_nd = NULL;
	net_vnet(vn)->nv_ndops = NULL;
	nd6_table_fini(nd6_vnet(vn));
}

static const struct nd6_vnet nd6_defaults = {
	.nv_dadcount = 1,
	.nv_mmaxtries = 3,
	.nv_umaxtries = 3,
	.nv_delay = 5,
	.nv_gctimer = 86400,
	.nv_maxhold = 64,
	.nv_maxentries = 4096,
	.nv_rediraccept = 1,
	.nv_rscount = (int)ND6_RS_COUNT,
	.nv_temppltime = 86400,		/* RFC 8981 3.8 */
	.nv_tempvltime = 2 * 86400,
};

#define ND6_CONF(key, descr) CTL_PROC("net.ipv6.conf.*." key, VI_CTL_INT, CTL_RW, nd6_conf_sysctl, descr)

static const struct sysctl_desc nd6_sysctls[] = {
	CTL_INT("net.inet6.ip6.dad_count", CTL_RW, struct nd6_vnet, nv_dadcount, 0, 100, "Solicitations before an address is used; 0 no check"),
	CTL_INT("net.inet6.ip6.use_tempaddr", CTL_RW, struct nd6_vnet, nv_usetempaddr, 0, 1, "Temporary addresses for advertised prefixes (RFC 8981)"),
	CTL_INT("net.inet6.ip6.temppltime", CTL_RW, struct nd6_vnet, nv_temppltime, 60, INT32_MAX, "Seconds a temporary address is preferred at most"),
	CTL_INT("net.inet6.ip6.tempvltime", CTL_RW, struct nd6_vnet, nv_tempvltime, 60, INT32_MAX, "Seconds a temporary address is valid at most"),
	CTL_INT("net.inet6.ip6.use_stableaddr", CTL_RW, struct nd6_vnet, nv_usestableaddr, 0, 1, "New interfaces make opaque addresses (RFC 7217)"),
	CTL_PROC("net.inet6.ip6.stable_secret", VI_CTL_STRING, CTL_RW, nd6_secret_sysctl, "32 hexadecimal digits: opaque addresses are made with it"),
	CTL_INT("net.inet6.icmp6.nd6_mmaxtries", CTL_RW, struct nd6_vnet, nv_mmaxtries, 1, 100, "Solicitations to the group before giving up"),
	CTL_INT("net.inet6.icmp6.nd6_umaxtries", CTL_RW, struct nd6_vnet, nv_umaxtries, 1, 100, "Solicitations to the neighbor before giving up"),
	CTL_INT("net.inet6.icmp6.nd6_delay", CTL_RW, struct nd6_vnet, nv_delay, 1, 3600, "Seconds before a stale neighbor in use is asked"),
	CTL_INT("net.inet6.icmp6.nd6_gctimer", CTL_RW, struct nd6_vnet, nv_gctimer, 1, 86400 * 365, "Seconds until a stale neighbor that nobody uses is forgotten"),
	CTL_INT("net.inet6.icmp6.nd6_maxqueuelen", CTL_RW, struct nd6_vnet, nv_maxhold, 1, 1024, "Packets that wait for one neighbor at most"),
	CTL_INT("net.inet6.icmp6.nd6_maxentries", CTL_RW, struct nd6_vnet, nv_maxentries, 1, 1 << 24, "Neighbors at most"),
	CTL_PROC("net.inet6.icmp6.nd6_resolv", VI_CTL_STRING, CTL_RD, nd6_resolv_sysctl, "Name servers and domains that routers told of, as in resolv.conf(5)"),
	ND6_CONF("accept_dad", "Addresses are checked for duplicates"),
	ND6_CONF("accept_ra", "Listen to routers; 2: even while forwarding"),
	ND6_CONF("accept_ra_defrtr", "Routers heard become default routers"),
	ND6_CONF("accept_redirects", "Obey redirects"),
	ND6_CONF("addr_gen_mode", "Link-local addresses: 0 of the hardware's, 1 none, 2 opaque"),
	ND6_CONF("dad_transmits", "Solicitations before an address is used"),
	ND6_CONF("disable_ipv6", "The interface speaks no IPv6"),
	ND6_CONF("forwarding", "Forward packets"),
	ND6_CONF("hop_limit", "Hop limit of packets sent"),
	ND6_CONF("mtu", "Largest packet"),
	ND6_CONF("router_solicitations", "Solicitations when an interface comes up"),
	ND6_CONF("temp_prefered_lft", "Seconds a temporary address is preferred at most"),
	ND6_CONF("temp_valid_lft", "Seconds a temporary address is valid at most"),
	ND6_CONF("use_tempaddr", "Temporary addresses; 2: preferred"),
	CTL_INT("net.inet6.icmp6.rediraccept", CTL_RW, struct nd6_vnet, nv_rediraccept, 0, 1, "Obey redirects"),
	CTL_UINT("net.inet6.icmp6.nd6_count", CTL_RD, struct nd6_vnet, nv_n, 0, UINT32_MAX, "Neighbors now"),
	CTL_END
};

static const struct stat_desc nd6_stats[] = {
#define ND6_STAT_DESC(name, text)	STAT_IN("nd6", struct nd6_vnet, nv_stat, name, text),
	ND6_STATS(ND6_STAT_DESC)
#undef ND6_STAT_DESC
	STAT_END
};

VNET_MODULE(nd6,
	.vm_size = sizeof(struct nd6_vnet),
	.vm_defaults = &nd6_defaults,
	.vm_after = "icmp6",
	.vm_attach = nd6_attach,
	.vm_stop = nd6_stop,
	.vm_detach = nd6_detach,
	.vm_event = nd6_event,
	.vm_sysctls = nd6_sysctls,
	.vm_stats = nd6_stats);
