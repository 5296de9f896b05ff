/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: address resolution for IPv4 over Ethernet.
 *
 * RFC 826, with the demands of RFC 1122 2.3.2 (old entries go, requests are no flood, packets wait
 * for the answer) and the announcements and defence of RFC 5227.  Probing for conflicts before an
 * address is used (arp_probe.c) is done when the administrator asks for it.
 *
 * An entry is INCOMPLETE after the first packet: a request each second, at most av_maxtries, while
 * up to av_maxhold packets wait, the oldest giving way. Without an answer they are dropped, and the
 * neighbour is DOWN: packets for it are refused at once until av_down seconds went by. An answer
 * makes it REACHABLE for av_max_age seconds.  Near the end of these it is STALE; if it is used
 * then, PROBE asks the neighbour itself, so that traffic never waits for a broadcast.  Unanswered
 * or unused, it goes.  PERMANENT ones are the administrator's.
 *
 * Nothing is learned from messages that neither concern an entry there is nor ask for us; so nobody
 * fills the table with what he says, only with what we are made to ask, and there the oldest
 * unanswered entry makes room.
 *
 * A router that is DOWN is passed over by routes that have another (RFC 1122 3.3.1.4); it is asked
 * again every av_down seconds until it answers or no such route is left.
 *
 * Each entry has one timer.  The interface remembers the entry used last, which is all that a
 * stream of packets looks at.
 */
#include <errno.h>
#include <string.h>

#include "base/inaddr.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "net/route.h"
#include "netinet/arp/arp_int.h"

#define ARP_SEC		1000000000ull
#define ARP_RETRY	ARP_SEC		/* RFC 1122 2.3.2.1: at most one request per second */
#define ARP_STALETIME	(30 * ARP_SEC)	/* before the end */
#define ARP_PROBETIME	(5 * ARP_SEC)

VNET_STATE_DEFINE(arp);

struct ifaddr *
arp_ownaddr(const struct arp_vnet *av, const struct ifnet *ifp, uint32_t addr)
{
	struct ifaddr *ifa;

	if (av->av_findaddr != NULL) {
		ifa = av->av_findaddr(av->av_vnet, addr);
		return (ifa != NULL && ifa->ifa_ifp == ifp ? ifa : NULL);
	}
	TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link)
		if (ifa->ifa_addr.na_af == NET_AF_INET && ifa->ifa_addr.na_in == addr)
			return (ifa);
	return (NULL);
}

/* A packet that cannot be sent: forwarded ones may be answered for. */
static void
arp_unreach(struct arp_vnet *av, struct mbuf *m)
{
	if (m->m_pkt.rcvif != NULL && av->av_unreach != NULL && !av->av_stopping)
		av->av_unreach(av->av_vnet, m);
	else
		m_freem(m);
}

/* The administrator wants nothing sent there. */
static int
arp_refuse(struct arp_vnet *av, const struct arp_entry *ae, struct mbuf *m)
{
	if (ae->ae_refuse == VI_NEIGH_BLACKHOLE) {
		av->av_stat.as_blackholed++;
		m_freem(m);
		return (EWOULDBLOCK);
	}
	av->av_stat.as_rejected++;
	arp_unreach(av, m);
	return (EHOSTUNREACH);
}

void
arp_hold(struct arp_vnet *av, struct arp_entry *ae, struct mbuf *m)
{
	struct mbuf *oldest;

	if (av->av_maxhold == 0) {
		av->av_stat.as_heldover++;
		m_freem(m);
		return;
	}
	while (ae->ae_nhold >= av->av_maxhold) {
		oldest = ae->ae_hold;
		if ((ae->ae_hold = oldest->m_nextpkt) == NULL)
			ae->ae_holdtail = &ae->ae_hold;
		oldest->m_nextpkt = NULL;
		ae->ae_nhold--;
		av->av_stat.as_heldover++;
		m_freem(oldest);
	}
	m->m_nextpkt = NULL;
	*ae->ae_holdtail = m;
	ae->ae_holdtail = &m->m_nextpkt;
	ae->ae_nhold++;
}

/* Takes all that wait off the entry, which then may change in whatever is done with them. */
static struct mbuf *
arp_unhold(struct arp_entry *ae)
{
	struct mbuf *m = ae->ae_hold;

	ae->ae_hold = NULL;
	ae->ae_holdtail = &ae->ae_hold;
	ae->ae_nhold = 0;
	return (m);
}

void
arp_drop_held(struct arp_vnet *av, struct arp_entry *ae)
{
	struct mbuf *m, *next;

	for (m = arp_unhold(ae); m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		if (ae->ae_refuse != VI_NEIGH_TAKE) {
			(void)arp_refuse(av, ae, m);
			continue;
		}
		av->av_stat.as_dropped++;
		arp_unreach(av, m);
	}
}

/* True: there are routes with a choice, which will not come by it now. */
static bool
arp_router_silent(struct arp_entry *ae, bool silent)
{
	const struct net_addr gw = { .na_af = NET_AF_INET, .na_in = ae->ae_addr };

	return (rt_router_silent(ae->ae_ifp->if_vnet, ae->ae_ifp, &gw, silent));
}

void
arp_router_forget(struct arp_entry *ae)
{
	if (ae->ae_router)
		(void)arp_router_silent(ae, false);
	ae->ae_router = false;
}

void
arp_confirm(struct arp_vnet *av, struct arp_entry *ae, const uint8_t *lladdr)
{
	const uint64_t age = av->av_max_age * ARP_SEC;
	uint8_t dst[ETHER_ADDR_LEN];
	struct ifnet *ifp = ae->ae_ifp;
	struct mbuf *m, *next;

	arp_router_forget(ae);
	memcpy(ae->ae_lladdr, lladdr, ETHER_ADDR_LEN);
	memcpy(dst, lladdr, sizeof(dst));
	arp_setstate(av, ae, ARP_REACHABLE);
	ae->ae_expire = vnet_now(av->av_vnet) + age;
	callout_reset_at(&ae->ae_timer, ae->ae_expire - MIN(ARP_STALETIME, age / 2));
	for (m = arp_unhold(ae); m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		(void)ether_frame(ifp, m, ETHERTYPE_IP, dst);
	}
}

/* No answer yet: ask again, or give up for a while. */
static void
arp_timer_incomplete(struct arp_vnet *av, struct arp_entry *ae)
{
	if (ae->ae_asked < av->av_maxtries) {
		arp_request(av, ae, NULL);
		callout_reset(&ae->ae_timer, ARP_RETRY);
		return;
	}
	av->av_stat.as_timeouts++;
	arp_setstate(av, ae, ARP_DOWN);
	callout_reset(&ae->ae_timer, MAX(av->av_down, 1u) * ARP_SEC);
	ae->ae_router = arp_router_silent(ae, true);
	arp_drop_held(av, ae);
}

/* It was left alone for a while. */
static void
arp_timer_down(struct arp_vnet *av, struct arp_entry *ae)
{
	if (!ae->ae_router || !arp_router_silent(ae, true)) {
		arp_free(av, ae);
		return;
	}
	arp_request(av, ae, NULL);
	callout_reset(&ae->ae_timer, MAX(av->av_down, 1u) * ARP_SEC);
}

static void
arp_expired(struct arp_vnet *av, struct arp_entry *ae)
{
	av->av_stat.as_timeouts++;
	arp_free(av, ae);
}

void
arp_timer(void *arg)
{
	struct arp_entry *ae = arg;
	struct arp_vnet *av = arp_vnet(ae->ae_ifp->if_vnet);
	const uint64_t now = vnet_now(av->av_vnet), age = av->av_max_age * ARP_SEC;

	switch ((enum arp_state)ae->ae_state) {
	case ARP_INCOMPLETE:
		arp_timer_incomplete(av, ae);
		break;
	case ARP_DOWN:
		arp_timer_down(av, ae);
		break;
	case ARP_REACHABLE:
		ae->ae_used = false;
		ae->ae_state = ARP_STALE;	/* on the same list, in the same place */
		ae->ae_ifp->if_linkgen++;	/* whoever uses it from now on says so */
		callout_reset_at(&ae->ae_timer, ae->ae_expire - MIN(ARP_PROBETIME, age / 4));
		break;
	case ARP_STALE:
		if (ae->ae_used) {
			ae->ae_state = ARP_PROBE;
			ae->ae_asked = 0;
		}
		/* FALLTHROUGH */
	case ARP_PROBE:
		if (now >= ae->ae_expire) {
			arp_expired(av, ae);
		} else if (ae->ae_state == ARP_STALE) {
			callout_reset_at(&ae->ae_timer, ae->ae_expire);
		} else {
			arp_request(av, ae, ae->ae_lladdr);
			callout_reset_at(&ae->ae_timer, MIN(now + ARP_RETRY, ae->ae_expire));
		}
		break;
	case ARP_PERMANENT:
		break;
	}
}

/* Not the entry used last. */
static int
arp_resolve_slow(struct ifnet *ifp, struct mbuf *m, uint32_t addr, uint8_t *lladdr)
{
	struct arp_vnet *av = arp_vnet(ifp->if_vnet);
	struct arp_entry *ae = arp_lookup(av, ifp, addr);

	if (ae != NULL && ae->ae_refuse != VI_NEIGH_TAKE)
		return (arp_refuse(av, ae, m));
	if (ae != NULL && ae->ae_state >= ARP_VALID && !ae->ae_proxy) {
		ifp->if_arplast = ae;
		ae->ae_used = true;
		memcpy(lladdr, ae->ae_lladdr, ETHER_ADDR_LEN);
		return (0);
	}
	if (ae != NULL && ae->ae_state == ARP_INCOMPLETE) {
		arp_hold(av, ae, m);
		return (EWOULDBLOCK);
	}
	if (ae != NULL || (ifp->if_flags & (IFF_NOARP | IFF_STATICARP)) != 0 || av->av_stopping) {
		av->av_stat.as_dropped++;
		arp_unreach(av, m);
		return (EHOSTUNREACH);
	}
	if ((ae = arp_new(av, ifp, addr)) == NULL) {
		av->av_stat.as_dropped++;
		m_freem(m);
		return (ENOBUFS);
	}
	arp_hold(av, ae, m);
	arp_request(av, ae, NULL);
	callout_reset(&ae->ae_timer, ARP_RETRY);
	return (EWOULDBLOCK);
}

int
arp_resolve(struct ifnet *ifp, struct mbuf *m, const struct net_addr *nh, uint8_t *lladdr)
{
	struct arp_entry *ae = ifp->if_arplast;

	if (nh->na_af != NET_AF_INET) {
		m_freem(m);
		return (EAFNOSUPPORT);
	}
	if (ae != NULL && ae->ae_addr == nh->na_in) {
		ae->ae_used = true;
		memcpy(lladdr, ae->ae_lladdr, ETHER_ADDR_LEN);
		return (0);
	}
	return (arp_resolve_slow(ifp, m, nh->na_in, lladdr));
}

/* The entry used last has been told that it is in use; when it forgets that, if_linkgen moves. */
bool
arp_known(struct ifnet *ifp, const struct net_addr *nh, uint8_t *lladdr)
{
	const struct arp_entry *ae = ifp->if_arplast;

	if (ae == NULL || ae->ae_addr != nh->na_in || !ae->ae_used)
		return (false);
	memcpy(lladdr, ae->ae_lladdr, ETHER_ADDR_LEN);
	return (true);
}

/* Life */

static void
arp_ifdetach(struct arp_vnet *av, struct ifnet *ifp)
{
	struct arp_entry *ae;

	while ((ae = TAILQ_FIRST(&ifp->if_arps)) != NULL)
		arp_free(av, ae);
	arp_forget_rcvif(av, ifp);
}

/* What was learned of a link that went down may not be so when it is up again. */
static void
arp_ifdown(struct arp_vnet *av, struct ifnet *ifp)
{
	struct arp_entry *ae, *next;

	for (ae = TAILQ_FIRST(&ifp->if_arps); ae != NULL; ae = next) {
		next = TAILQ_NEXT(ae, ae_iflink);
		if (ae->ae_state != ARP_PERMANENT)
			arp_free(av, ae);
	}
}

static void
arp_announce_all(struct arp_vnet *av, struct ifnet *ifp)
{
	struct ifaddr *ifa;

	TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link)
		arp_announce(av, ifa);
}

static void
arp_event(struct vnet *vn, enum vnet_event ev, void *obj)
{
	struct arp_vnet *av = arp_vnet(vn);

	switch (ev) {
	case VNET_EV_IFDETACH:
		arp_ifdetach(av, obj);
		break;
	case VNET_EV_IFDOWN:
		arp_ifdown(av, obj);
		arp_probe_ifdown(obj);
		break;
	case VNET_EV_IFUP:
		arp_probe_ifup(obj);
		/* FALLTHROUGH */
	case VNET_EV_LLADDR:
		arp_announce_all(av, obj);
		break;
	case VNET_EV_IFADDR_ADD:
		/* The first address took the interface up, which announced it. */
		if (!((struct ifaddr *)obj)->ifa_announced)
			arp_announce(av, obj);
		arp_probe_repeat(obj);
		break;
	default:
		break;
	}
}

static int
arp_attach(struct vnet *vn)
{
	struct arp_vnet *av = arp_vnet(vn);

	av->av_vnet = vn;
	TAILQ_INIT(&av->av_incomplete);
	TAILQ_INIT(&av->av_complete);
	TAILQ_INIT(&av->av_permanent);
	return (net_proto_register(vn, ETHERTYPE_ARP, arp_input));
}

/* From here on nothing is asked, answered or learned; entries go with their interfaces. */
static void
arp_stop(struct vnet *vn)
{
	arp_vnet(vn)->av_stopping = true;
}

static void
arp_detach(struct vnet *vn)
{
	arp_table_fini(arp_vnet(vn));
}

static const struct arp_vnet arp_defaults = {
	.av_max_age = 1200,
	.av_maxtries = 5,
	.av_down = 20,
	.av_maxhold = 16,
	.av_maxentries = 4096,
	.av_log_movements = 1,
	.av_log_permanent = 1,
	.av_defend = ARP_DEFEND_ALWAYS,
};

#define ARP_CTL(name, member, min, max, descr) \
	CTL_UINT("net.link.ether.inet." name, CTL_RW, struct arp_vnet, member, min, max, descr)
static const struct sysctl_desc arp_sysctls[] = {
	ARP_CTL("max_age", av_max_age, 1, 1 << 30, "Seconds an ARP entry is believed"),
	ARP_CTL("maxtries", av_maxtries, 1, 100, "ARP requests before giving up"),
	ARP_CTL("host_down_time", av_down, 1, 86400,
	    "Seconds a host that did not answer is not asked again"),
	ARP_CTL("maxhold", av_maxhold, 0, 1024, "Packets that wait for one ARP answer at most"),
	ARP_CTL("maxentries", av_maxentries, 1, 1 << 24, "ARP entries at most"),
	ARP_CTL("proxyall", av_proxyall, 0, 1,
	    "Answer ARP requests for every host we have another way to"),
	ARP_CTL("log_arp_movements", av_log_movements, 0, 1,
	    "Log hosts that change their link address"),
	ARP_CTL("log_arp_permanent_modify", av_log_permanent, 0, 1,
	    "Log attempts to change permanent entries"),
	ARP_CTL("garp_rexmit_count", av_garp, 0, 16, "Times the announcement of a new address is repeated"),
	ARP_CTL("probes", av_probes, 0, 10, "ARP probes before an address is used, 3 as RFC 5227 has it; 0 none"),
	ARP_CTL("defend", av_defend, 0, 2,
	    "An address that another uses: 0 give up, 1 defend once, 2 always"),
	CTL_UINT("net.link.ether.inet.entries", CTL_RD, struct arp_vnet, av_n, 0, UINT32_MAX,
	    "ARP entries now"),
	CTL_END
};

static const struct stat_desc arp_stats[] = {
#define ARP_STAT_DESC(name, text)	STAT_IN("arp", struct arp_vnet, av_stat, name, text),
	ARP_STATS(ARP_STAT_DESC)
#undef ARP_STAT_DESC
	STAT_END
};

VNET_MODULE(arp,
	.vm_size = sizeof(struct arp_vnet),
	.vm_defaults = &arp_defaults,
	.vm_after = "net ether route",
	.vm_attach = arp_attach,
	.vm_stop = arp_stop,
	.vm_detach = arp_detach,
	.vm_event = arp_event,
	.vm_sysctls = arp_sysctls,
	.vm_stats = arp_stats);
