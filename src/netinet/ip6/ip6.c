/* SPDX-License-Identifier: BSD-2-Clause */
/* The module "ip6": its knobs, its counters, its life. */
#include <errno.h>
#include <string.h>

#include "base/sbuf.h"
#include "base/util.h"
#include "netinet/ip/ip_var.h"
#include "netinet/ip6/ip6_var.h"
#include "netinet/mcast/mcast.h"
#include "wire/ether.h"

VNET_STATE_DEFINE(ip6);

static const struct ip6_vnet ip6_defaults = {
	.i6v_redirect = 1,
	.i6v_hlim = IPV6_DEFHLIM,
	.i6v_mcasthlim = 1,
	.i6v_autolinklocal = 1,
	.i6v_autoflowlabel = 1,
	.i6v_reass = { .rs_maxqueues = 256, .rs_maxfrags = 4096, .rs_maxperqueue = 128 },
};

void
ip6_forwarding_set(struct vnet *vn, bool on)
{
	struct ip6_vnet *i6v = ip6_vnet(vn);
	struct ifnet *ifp;

	i6v->i6v_forwarding = i6v->i6v_newforwarding = on;
	TAILQ_FOREACH(ifp, &net_vnet(vn)->nv_ifs, if_link)
		ifp->if_forwards[NET_AF_INET6] = on;
}

static int
ip6_forwarding_sysctl(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	const struct sysctl_desc number = { .sd_type = VI_CTL_INT, .sd_min = 0, .sd_max = 1 };
	struct sbuf sb;
	int error, v;

	(void)sd;
	if (value != NULL) {
		if ((error = sysctl_desc_set(&number, &v, value)) == 0)
			ip6_forwarding_set(vn, v != 0);
		return (error);
	}
	if (len == 0)
		return (ENOMEM);
	sbuf_init(&sb, buf, len);
	sbuf_printf(&sb, "%d", ip6_vnet(vn)->i6v_forwarding);
	return (sbuf_finish(&sb));
}

static const struct sysctl_desc ip6_sysctls[] = {
	CTL_PROC("net.inet6.ip6.forwarding", VI_CTL_INT, CTL_RW, ip6_forwarding_sysctl, "Forward packets between interfaces"),
	CTL_INT("net.inet6.ip6.redirect", CTL_RW, struct ip6_vnet, i6v_redirect, 0, 1, "Send redirects"),
	CTL_INT("net.inet6.ip6.hlim", CTL_RW, struct ip6_vnet, i6v_hlim, 1, 255, "Hop limit of packets sent"),
	CTL_INT("net.inet6.ip6.mcast_hlim", CTL_RW, struct ip6_vnet, i6v_mcasthlim, 0, 255, "Hop limit of packets sent to groups"),
	CTL_INT("net.inet6.ip6.auto_linklocal", CTL_RW, struct ip6_vnet, i6v_autolinklocal, 0, 1,
	    "New interfaces get a link-local address"),
	CTL_INT("net.inet6.ip6.accept_rtadv", CTL_RW, struct ip6_vnet, i6v_acceptrtadv, 0, 2,
	    "New interfaces take router advertisements; 2: also when forwarding"),
	CTL_INT("net.inet6.ip6.prefer_tempaddr", CTL_RW, struct ip6_vnet, i6v_prefertempaddr, 0, 1, "Prefer temporary addresses as source"),
	CTL_INT("net.inet6.ip6.auto_flowlabel", CTL_RW, struct ip6_vnet, i6v_autoflowlabel, 0, 1, "Flow labels for flows (RFC 6437)"),
	CTL_INT("net.inet6.ip6.maxfragpackets", CTL_RW, struct ip6_vnet, i6v_reass.rs_maxqueues, -1, 1 << 20,
	    "Datagrams being reassembled at most; 0 none, -1 no limit"),
	CTL_INT("net.inet6.ip6.maxfrags", CTL_RW, struct ip6_vnet, i6v_reass.rs_maxfrags, -1, 1 << 24, "Fragments waiting at most; -1 no limit"),
	CTL_INT("net.inet6.ip6.maxfragsperpacket", CTL_RW, struct ip6_vnet, i6v_reass.rs_maxperqueue, 1, 8192, "Fragments of one datagram at most"),
	CTL_UINT("net.inet6.ip6.frag6_nfragpackets", CTL_RD, struct ip6_vnet, i6v_reass.rs_nqueues, 0, UINT32_MAX, "Datagrams being reassembled"),
	CTL_UINT("net.inet6.ip6.frag6_nfrags", CTL_RD, struct ip6_vnet, i6v_reass.rs_nfrags, 0, UINT32_MAX, "Fragments waiting"),
	CTL_END
};

static const struct stat_desc ip6_stats[] = {
#define IP6_STAT_DESC(name, text)	STAT_IN("ip6", struct ip6_vnet, i6v_stat, name, text),
	IP6_STATS(IP6_STAT_DESC)
#undef IP6_STAT_DESC
	STAT_END
};

static int
ip6_attach(struct vnet *vn)
{
	struct ip6_vnet *i6v = ip6_vnet(vn);
	int error;

	i6v->i6v_vnet = vn;
	frag6_init(i6v);
	if ((error = ifaddrtab_init(&i6v->i6v_addrs, vn)) != 0)
		return (error);
	if ((error = net_proto_register(vn, ETHERTYPE_IPV6, ip6_input)) != 0) {
		ifaddrtab_fini(&i6v->i6v_addrs);
		return (error);
	}
	net_vnet(vn)->nv_afops[NET_AF_INET6] = &in6_afops;
	return (0);
}

static void
ip6_stop(struct vnet *vn)
{
	ip6_vnet(vn)->i6v_stopped = true;
	reass_stop(&ip6_vnet(vn)->i6v_reass);
}

static void
ip6_detach(struct vnet *vn)
{
	net_vnet(vn)->nv_afops[NET_AF_INET6] = NULL;
	ifaddrtab_fini(&ip6_vnet(vn)->i6v_addrs);
}

/* The loopback interface has ::1 and fe80::1 from the time it first comes up, as BSD's has. */
static void
ip6_loop_up(struct ip6_vnet *i6v, struct ifnet *ifp)
{
	static const uint8_t lo[16] = { [15] = 1 }, ll[16] = { 0xfe, 0x80, [15] = 1 };
	uint8_t a[16];

	if (in6_ifaddr_find(i6v, lo) == NULL)
		(void)in6_ifaddr_add(ifp, lo, 128, VI_IN6_IFF_NODAD, VI_IFA_INFINITE, VI_IFA_INFINITE, NULL);
	memcpy(a, ll, sizeof(a));
	in6_setzone(a, ifp->if_index);
	if (i6v->i6v_autolinklocal != 0 && in6_ifaddr_find(i6v, a) == NULL)
		(void)in6_ifaddr_add(ifp, a, 64, VI_IN6_IFF_NODAD, VI_IFA_INFINITE, VI_IFA_INFINITE, NULL);
}

static void
ip6_event(struct vnet *vn, enum vnet_event ev, void *obj)
{
	if (ev == VNET_EV_IFATTACH) {
		((struct ifnet *)obj)->if_forwards[NET_AF_INET6] = ip6_vnet(vn)->i6v_newforwarding != 0;
	} else if (ev == VNET_EV_IFDETACH) {
		reass_ifdetach(&ip6_vnet(vn)->i6v_reass, obj);
		in6_ifdetach(obj);
		mcast_if_free(obj, NET_AF_INET6);
	} else if (ev == VNET_EV_IFPORT) {
		in6_ifmerge(obj);
	} else if (ev == VNET_EV_SHORT) {
		reass_short(&ip6_vnet(vn)->i6v_reass);
	} else if (ev == VNET_EV_IFUP && obj == net_vnet(vn)->nv_lo0 && !ip6_vnet(vn)->i6v_stopped) {
		ip6_loop_up(ip6_vnet(vn), obj);
	}
}

VNET_MODULE(ip6,
	.vm_size = sizeof(struct ip6_vnet),
	.vm_defaults = &ip6_defaults,
	.vm_after = "net ether route ip inpcb",
	.vm_attach = ip6_attach,
	.vm_stop = ip6_stop,
	.vm_detach = ip6_detach,
	.vm_event = ip6_event,
	.vm_sysctls = ip6_sysctls,
	.vm_stats = ip6_stats);
