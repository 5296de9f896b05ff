/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses that are asked for before they are used (RFC 5227 2.1): with net.link.ether.inet.probes set, an address of an Ethernet interface waits in
 * if_newaddrs, not known to anybody, while so many requests for it without a sender's address go out.  Nobody answered: ip takes it into use, and it is
 * announced twice.  Somebody did, or asks the same way at the same time: it stays there, marked as a duplicate, until the link comes up anew.
 */
#include <errno.h>

#include "base/inaddr.h"
#include "base/util.h"
#include "net/ifnet.h"
#include "netinet/arp/arp_int.h"
#include "wire/arp.h"

#define PROBE_MSEC	UINT64_C(1000000)
#define PROBE_WAIT	1000u		/* ms; RFC 5227 1.1, as all of these */
#define PROBE_MIN	1000u
#define PROBE_MAX	2000u
#define ANNOUNCE_WAIT	2000u
#define ANNOUNCE_INTERVAL 2000u
#define GARP_INTERVAL	1000u

struct arp_probe {
	struct ifaddr	*ap_ifa;
	struct callout	 ap_timer;
	uint32_t	 ap_sent;
	uint32_t	 ap_left;	/* in use: announcements to come, 0 = not yet in use */
	uint64_t	 ap_interval;	/* to the next of these, ns */
};

static uint64_t
probe_random(const struct vnet *vn, uint32_t min, uint32_t max)
{
	return ((min + kernel_random_below(vn->vn_kernel, max - min + 1)) * PROBE_MSEC);
}

static void
probe_send(struct arp_vnet *av, struct ifaddr *ifa)
{
	static const uint8_t everybody[ETHER_ADDR_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, unknown[ETHER_ADDR_LEN];

	if (arp_send(av, ifa->ifa_ifp, ARPOP_REQUEST, ifa->ifa_ifp->if_lladdr, 0, unknown, ifa->ifa_addr.na_in, everybody) == 0)
		av->av_stat.as_probes++;
}

static void
probe_timer(void *arg)
{
	struct arp_probe *ap = arg;
	struct ifaddr *ifa = ap->ap_ifa;
	struct vnet *vn = ifa->ifa_ifp->if_vnet;
	struct arp_vnet *av = arp_vnet(vn);

	if (ap->ap_left > 0) {
		arp_announce(av, ifa);
		ap->ap_interval *= 2;
		if (--ap->ap_left > 0)
			callout_reset(&ap->ap_timer, ap->ap_interval);
		else
			arp_probe_stop(ifa);
	} else if (ap->ap_sent < av->av_probes) {
		probe_send(av, ifa);
		ap->ap_sent++;
		callout_reset(&ap->ap_timer, ap->ap_sent < av->av_probes ? probe_random(vn, PROBE_MIN, PROBE_MAX) : ANNOUNCE_WAIT * PROBE_MSEC);
	} else {
		ap->ap_left = MAX(av->av_garp, 1u);
		ap->ap_interval = ANNOUNCE_INTERVAL * PROBE_MSEC;
		callout_reset(&ap->ap_timer, ap->ap_interval);
		av->av_verdict(ifa, ARP_FREE);	/* announces it; may free both */
	}
}

bool
arp_probe_due(const struct ifnet *ifp)
{
	const struct arp_vnet *av = arp_vnet(ifp->if_vnet);

	return (av->av_probes > 0 && av->av_verdict != NULL && !av->av_stopping && ifp->if_type == VI_IFT_ETHER &&
	    (ifp->if_flags & IFF_NOARP) == 0);
}

static struct arp_probe *
probe_get(struct ifaddr *ifa)
{
	struct vnet *vn = ifa->ifa_ifp->if_vnet;
	struct arp_probe *ap = ifa->ifa_probe;

	if (ap == NULL && (ap = kmalloc(vnet_acct(vn), ACCT_NEIGH, sizeof(*ap))) != NULL) {
		callout_init(&ap->ap_timer, &vn->vn_lane, probe_timer, ap);
		ap->ap_ifa = ifa;
		ifa->ifa_probe = ap;
	}
	return (ap);
}

/* Announcements that may be lost are repeated after 1, 2, 4... seconds: as many as net.link.ether.inet.garp_rexmit_count says. */
void
arp_probe_repeat(struct ifaddr *ifa)
{
	const struct arp_vnet *av = arp_vnet(ifa->ifa_ifp->if_vnet);
	struct arp_probe *ap;

	if (av->av_garp == 0 || av->av_stopping || ifa->ifa_addr.na_af != NET_AF_INET || ifa->ifa_probe != NULL ||
	    (ap = probe_get(ifa)) == NULL)
		return;
	ap->ap_left = av->av_garp;
	ap->ap_interval = GARP_INTERVAL * PROBE_MSEC;
	callout_reset(&ap->ap_timer, ap->ap_interval);
}

int
arp_probe_start(struct ifaddr *ifa)
{
	struct arp_probe *ap = probe_get(ifa);

	if (ap == NULL)
		return (ENOBUFS);
	ap->ap_sent = 0;
	ap->ap_left = 0;
	ifa->ifa_flags = VI_IN6_IFF_TENTATIVE;
	if (if_up(ifa->ifa_ifp))
		callout_reset(&ap->ap_timer, probe_random(ifa->ifa_ifp->if_vnet, 0, PROBE_WAIT));
	else
		callout_stop(&ap->ap_timer);	/* until it is */
	return (0);
}

void
arp_probe_stop(struct ifaddr *ifa)
{
	struct arp_probe *ap = ifa->ifa_probe;

	if (ap == NULL)
		return;
	callout_stop(&ap->ap_timer);
	ifa->ifa_probe = NULL;
	kfree(vnet_acct(ifa->ifa_ifp->if_vnet), ACCT_NEIGH, ap, sizeof(*ap));
}

/* The link comes up: it may be another one, so what is in use is asked for as well (RFC 5227 2.1). */
void
arp_probe_ifup(struct ifnet *ifp)
{
	struct arp_vnet *av = arp_vnet(ifp->if_vnet);
	struct ifaddr *ifa, *next;

	if (av->av_stopping)
		return;
	if (arp_probe_due(ifp))
		TAILQ_FOREACH_SAFE(ifa, &ifp->if_addrs, ifa_link, next)
			if (ifa->ifa_addr.na_af == NET_AF_INET)
				av->av_verdict(ifa, ARP_UNSURE);
	TAILQ_FOREACH(ifa, &ifp->if_newaddrs, ifa_link)
		(void)arp_probe_start(ifa);
}

void
arp_probe_ifdown(struct ifnet *ifp)
{
	struct ifaddr *ifa;

	TAILQ_FOREACH(ifa, &ifp->if_newaddrs, ifa_link)
		if (ifa->ifa_probe != NULL)
			callout_stop(&((struct arp_probe *)ifa->ifa_probe)->ap_timer);
}

/* RFC 5227 2.1.1: two of our interfaces may be on one link, and then hear each other. */
static bool
probe_isown(const struct arp_vnet *av, const uint8_t *mac)
{
	const struct ifnet *ifp;

	TAILQ_FOREACH(ifp, &net_vnet(av->av_vnet)->nv_ifs, if_link)
		if (ifp->if_type == VI_IFT_ETHER && ether_equal(ifp->if_lladdr, mac))
			return (true);
	return (false);
}

/* RFC 5227 2.1.1: any message from the address, or another's probe for it. */
void
arp_probe_input(struct arp_vnet *av, struct ifnet *ifp, const struct arp_info *ai)
{
	char mac[ETHER_STRLEN], addr[INADDR_STRLEN];
	struct ifaddr *ifa;

	TAILQ_FOREACH(ifa, &ifp->if_newaddrs, ifa_link)
		if (ifa->ifa_probe != NULL && (ai->ai_spa == ifa->ifa_addr.na_in ||
			(ai->ai_op == ARPOP_REQUEST && ai->ai_probe && ai->ai_tpa == ifa->ifa_addr.na_in &&
			    !probe_isown(av, ai->ai_sha))))
			break;
	if (ifa == NULL)
		return;
	av->av_stat.as_duplicates++;
	vnet_log(av->av_vnet, LOG_ERR, "arp: %s has the address %s, which is not used on %s", ether_addr_ntop(mac, sizeof(mac), ai->ai_sha),
	    inaddr_ntop(addr, sizeof(addr), ifa->ifa_addr.na_in), ifp->if_xname);
	arp_probe_stop(ifa);
	ifa->ifa_flags = VI_IN6_IFF_DUPLICATED;
}
