/* SPDX-License-Identifier: BSD-2-Clause */
/* The module "ip": its knobs, its counters, its life. */
#include <errno.h>

#include "base/util.h"
#include "netinet/arp/arp.h"
#include "netinet/icmp/icmp.h"
#include "netinet/ip/in.h"
#include "netinet/ip/in_mcast.h"
#include "netinet/ip/ip_var.h"
#include "netinet/mcast/mcast.h"
#include "wire/ether.h"

VNET_STATE_DEFINE(ip);

static const struct ip_vnet ip_defaults = {
	.iv_redirect = 1,
	.iv_ttl = IPDEFTTL,
	.iv_processoptions = 1,
	.iv_reass = { .rs_maxqueues = 256, .rs_maxfrags = 4096, .rs_maxperqueue = 128 },
};

static const struct sysctl_desc ip_sysctls[] = {
	CTL_PROC("net.inet.ip.forwarding", VI_CTL_INT, CTL_RW, ip_forwarding_sysctl, "Forward packets between interfaces"),
	CTL_INT("net.inet.ip.redirect", CTL_RW, struct ip_vnet, iv_redirect, 0, 1, "Send ICMP redirects"),
	CTL_INT("net.inet.ip.ttl", CTL_RW, struct ip_vnet, iv_ttl, 1, 255, "Time to live of packets sent"),
	CTL_INT("net.inet.ip.sourceroute", CTL_RW, struct ip_vnet, iv_sourceroute, 0, 1, "Forward source-routed packets"),
	CTL_INT("net.inet.ip.accept_sourceroute", CTL_RW, struct ip_vnet, iv_acceptsourceroute, 0, 1, "Accept source-routed packets"),
	CTL_INT("net.inet.ip.check_interface", CTL_RW, struct ip_vnet, iv_checkinterface, 0, 1,
	    "Accept packets only by the interface that has the address"),
	CTL_INT("net.inet.ip.process_options", CTL_RW, struct ip_vnet, iv_processoptions, 0, 2,
	    "IP options: 0 ignore, 1 process, 2 refuse with ICMP"),
	CTL_PROC("net.ipv4.ip_forward", VI_CTL_INT, CTL_RW, ip_forwarding_sysctl, "As net.inet.ip.forwarding"),
	CTL_PROC("net.ipv4.conf.*.forwarding", VI_CTL_INT, CTL_RW, ip_conf_sysctl, "Forward what comes by this interface; all: as net.inet.ip.forwarding"),
	CTL_INT("net.ipv4.conf.all.send_redirects", CTL_RW, struct ip_vnet, iv_redirect, 0, 1, "As net.inet.ip.redirect"),
	CTL_INT("net.ipv4.conf.all.accept_source_route", CTL_RW, struct ip_vnet, iv_acceptsourceroute, 0, 1, "As net.inet.ip.accept_sourceroute"),
	CTL_INT("net.ipv4.ip_default_ttl", CTL_RW, struct ip_vnet, iv_ttl, 1, 255, "As net.inet.ip.ttl"),
	CTL_PROC("net.ipv4.conf.*.rp_filter", VI_CTL_INT, CTL_RW, ip_conf_sysctl,
	    "Packets whose source is not reached by their interface (1) or at all (2) are dropped"),
	CTL_PROC("net.ipv4.conf.*.accept_local", VI_CTL_INT, CTL_RW, ip_conf_sysctl, "Packets from an address of this host are taken"),
	CTL_PROC("net.ipv4.conf.*.route_localnet", VI_CTL_INT, CTL_RW, ip_conf_sysctl, "Packets to and from 127.0.0.0/8 come and go"),
	CTL_INT("net.inet.ip.random_id", CTL_RW, struct ip_vnet, iv_randomid, 0, 1, "Random IP ids"),
	CTL_INT("net.inet.ip.maxfragpackets", CTL_RW, struct ip_vnet, iv_reass.rs_maxqueues, -1, 1 << 20,
	    "Datagrams being reassembled at most; 0 none, -1 no limit"),
	CTL_INT("net.inet.ip.maxfrags", CTL_RW, struct ip_vnet, iv_reass.rs_maxfrags, -1, 1 << 24, "Fragments waiting at most; -1 no limit"),
	CTL_INT("net.inet.ip.maxfragsperpacket", CTL_RW, struct ip_vnet, iv_reass.rs_maxperqueue, 1, 8192, "Fragments of one datagram at most"),
	CTL_UINT("net.inet.ip.fragpackets", CTL_RD, struct ip_vnet, iv_reass.rs_nqueues, 0, UINT32_MAX, "Datagrams being reassembled"),
	CTL_UINT("net.inet.ip.frags", CTL_RD, struct ip_vnet, iv_reass.rs_nfrags, 0, UINT32_MAX, "Fragments waiting"),
	CTL_END
};

static const struct stat_desc ip_stats[] = {
#define IP_STAT_DESC(name, text)	STAT_IN("ip", struct ip_vnet, iv_stat, name, text),
	IP_STATS(IP_STAT_DESC)
#undef IP_STAT_DESC
	STAT_END
};

int
in_defttl(const struct vnet *vn)
{
	return (ip_vnet(vn)->iv_ttl);
}

int
inet_proto_register(struct vnet *vn, const struct inet_proto *pr)
{
	struct ip_vnet *iv = ip_vnet(vn);

	if (pr->ip_proto == 0 ? iv->iv_raw != NULL : iv->iv_protoidx[pr->ip_proto] != 0)
		return (EEXIST);
	if (iv->iv_nprotos == IP_MAXPROTO)
		return (ENOSPC);
	iv->iv_protos[iv->iv_nprotos++] = *pr;
	if (pr->ip_proto == 0)
		iv->iv_raw = &iv->iv_protos[iv->iv_nprotos - 1];
	else
		iv->iv_protoidx[pr->ip_proto] = (uint8_t)iv->iv_nprotos;
	return (0);
}

static struct ifaddr *
ip_findaddr(struct vnet *vn, uint32_t addr)
{
	return (in_ifaddr_find(ip_vnet(vn), addr));
}

static int
ip_attach(struct vnet *vn)
{
	struct ip_vnet *iv = ip_vnet(vn);
	int error;

	iv->iv_vnet = vn;
	callout_init(&iv->iv_lifetimer, &vn->vn_lane, in_lifetimer, iv);
	ip_reass_init(iv, vn);
	if ((error = ifaddrtab_init(&iv->iv_addrs, vn)) != 0)
		return (error);
	for (unsigned i = 0; i < NITEMS(iv->iv_ids); i++)
		iv->iv_ids[i] = (uint16_t)(vn->vn_id * 40503u * (i + 1));	/* the secret is in ip_newid */
	if ((error = net_proto_register(vn, ETHERTYPE_IP, ip_input)) != 0) {
		ifaddrtab_fini(&iv->iv_addrs);
		return (error);
	}
	net_vnet(vn)->nv_afops[NET_AF_INET] = &in_afops;
	arp_vnet(vn)->av_findaddr = ip_findaddr;
	arp_vnet(vn)->av_unreach = icmp_hostunreach;
	arp_vnet(vn)->av_verdict = in_ifa_verdict;
	return (0);
}

static void
ip_stop(struct vnet *vn)
{
	ip_vnet(vn)->iv_stopped = true;
	callout_stop(&ip_vnet(vn)->iv_lifetimer);
	reass_stop(&ip_vnet(vn)->iv_reass);
}

static void
ip_detach(struct vnet *vn)
{
	struct ip_vnet *iv = ip_vnet(vn);

	arp_vnet(vn)->av_findaddr = NULL;
	arp_vnet(vn)->av_unreach = NULL;
	arp_vnet(vn)->av_verdict = NULL;
	net_vnet(vn)->nv_afops[NET_AF_INET] = NULL;
	ifaddrtab_fini(&iv->iv_addrs);
}

static void
ip_event(struct vnet *vn, enum vnet_event ev, void *obj)
{
	if (ev == VNET_EV_SHORT)
		reass_short(&ip_vnet(vn)->iv_reass);
	if (ev == VNET_EV_IFATTACH)
		ip_conf_ifattach(obj);
	if (ev != VNET_EV_IFDETACH)
		return;
	reass_ifdetach(&ip_vnet(vn)->iv_reass, obj);
	mcast_if_free(obj, NET_AF_INET);
	in_ifdetach(obj);
}

VNET_MODULE(ip,
	.vm_size = sizeof(struct ip_vnet),
	.vm_defaults = &ip_defaults,
	.vm_after = "net ether route arp inpcb",
	.vm_attach = ip_attach,
	.vm_stop = ip_stop,
	.vm_detach = ip_detach,
	.vm_event = ip_event,
	.vm_sysctls = ip_sysctls,
	.vm_stats = ip_stats);
