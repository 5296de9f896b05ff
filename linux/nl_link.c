/* SPDX-License-Identifier: BSD-2-Clause */
/* RTM_GETLINK and RTM_GETADDR. */
#include "linux/nl.h"
#include "linux/ifinfo.h"

#include <errno.h>
#include <string.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>

struct walk {
	struct nl_out	*w_out;
	const struct nl_req *w_req;
};

static void
link_stats(struct nl_out *no, const struct vi_ifinfo *info)
{
	struct rtnl_link_stats64 st = {
		.rx_packets = info->if_ipackets, .tx_packets = info->if_opackets,
		.rx_bytes = info->if_ibytes, .tx_bytes = info->if_obytes,
		.rx_errors = info->if_ierrors, .tx_errors = info->if_oerrors,
		.rx_dropped = info->if_iqdrops, .tx_dropped = info->if_oqdrops,
		.multicast = info->if_imcasts, .collisions = info->if_collisions };
	struct rtnl_link_stats old = {
		.rx_packets = (uint32_t)st.rx_packets, .tx_packets = (uint32_t)st.tx_packets,
		.rx_bytes = (uint32_t)st.rx_bytes, .tx_bytes = (uint32_t)st.tx_bytes,
		.rx_errors = (uint32_t)st.rx_errors, .tx_errors = (uint32_t)st.tx_errors,
		.rx_dropped = (uint32_t)st.rx_dropped, .tx_dropped = (uint32_t)st.tx_dropped,
		.multicast = (uint32_t)st.multicast, .collisions = (uint32_t)st.collisions };

	nl_out_attr(no, IFLA_STATS64, &st, sizeof(st));
	nl_out_attr(no, IFLA_STATS, &old, sizeof(old));
}

void
nl_put_link(struct nl_out *no, uint16_t type, const struct vi_ifinfo *info)
{
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC, .ifi_type = ifinfo_arphrd(info),
		.ifi_index = (int)info->if_index, .ifi_flags = ifinfo_flags(info) };
	bool up = (info->if_flags & VI_IFF_UP) != 0;

	nl_out_begin(no, type, &ifi, sizeof(ifi));
	nl_out_attr(no, IFLA_IFNAME, info->if_name, strlen(info->if_name) + 1);
	nl_out_u32(no, IFLA_TXQLEN, info->if_txqlen);
	nl_out_u8(no, IFLA_OPERSTATE, (uint8_t)(info->if_type == VI_IFT_LOOP ? IF_OPER_UNKNOWN :
	    up && info->if_linkup ? IF_OPER_UP : IF_OPER_DOWN));
	nl_out_u8(no, IFLA_LINKMODE, 0);
	nl_out_u32(no, IFLA_MTU, info->if_mtu);
	nl_out_u32(no, IFLA_GROUP, 0);
	nl_out_u8(no, IFLA_CARRIER, info->if_linkup);
	nl_out_attr(no, IFLA_QDISC, "noqueue", 8);
	if (info->if_type == VI_IFT_LOOP) {
		nl_out_attr(no, IFLA_ADDRESS, "\0\0\0\0\0", 6);
		nl_out_attr(no, IFLA_BROADCAST, "\0\0\0\0\0", 6);
	} else if (info->if_addrlen == 6) {
		nl_out_attr(no, IFLA_ADDRESS, info->if_lladdr, 6);
		nl_out_attr(no, IFLA_BROADCAST, broadcast, 6);
	}
	if (info->if_descr[0] != '\0')
		nl_out_attr(no, IFLA_IFALIAS, info->if_descr, strnlen(info->if_descr, sizeof(info->if_descr) - 1) + 1);
	nl_put_kind(no, info);
	link_stats(no, info);
	nl_out_end(no);
}

static void
link_each(void *arg, const struct vi_ifinfo *info)
{
	struct walk *w = arg;

	if (nl_dump(w->w_req) && w->w_req->rq_family == AF_BRIDGE &&
	    (info->if_masterdriver == NULL || strcmp(info->if_masterdriver, "bridge") != 0))
		return;			/* bridge(8) wants ports */
	nl_put_link(w->w_out, RTM_NEWLINK, info);
}

/* No interface has a queue that can be chosen. */
static void
qdisc_each(void *arg, const struct vi_ifinfo *info)
{
	struct walk *w = arg;
	const struct tcmsg tcm = { .tcm_family = AF_UNSPEC, .tcm_ifindex = (int)info->if_index, .tcm_parent = TC_H_ROOT, .tcm_info = 2 };

	nl_out_begin(w->w_out, RTM_NEWQDISC, &tcm, sizeof(tcm));
	nl_out_attr(w->w_out, TCA_KIND, "noqueue", 8);
	nl_out_end(w->w_out);
}

int
nl_getqdisc(struct nl_out *no, struct vi_vnet *vn, const struct nl_req *rq)
{
	struct walk w = { no, rq };

	if (!nl_dump(rq))
		return (EOPNOTSUPP);
	vi_if_list(vn, qdisc_each, &w);
	return (0);
}

int
nl_getlink(struct nl_out *no, struct vi_vnet *vn, const struct nl_req *rq)
{
	struct walk w = { no, rq };
	char name[VI_IFNAMSIZ];

	if (nl_dump(rq)) {
		vi_if_list(vn, link_each, &w);
		return (0);
	}
	if (rq->rq_index == 0 && rq->rq_name[0] == '\0')
		return (EINVAL);
	memcpy(name, rq->rq_name, sizeof(name));
	ifinfo_realname(vn, name);
	if (rq->rq_index != 0 && ifinfo_name(vn, rq->rq_index, name) != 0)
		return (ENODEV);
	return (vi_if_get(vn, name, link_each, &w) == 0 ? 0 : ENODEV);
}

static uint8_t
addr_scope(const struct vi_ifinfo *info, const struct vi_sockaddr *sa)
{
	if (sa->sa_family == VI_AF_INET)
		return ((info->if_flags & VI_IFF_LOOPBACK) != 0 ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE);
	if (sa->sa_in6[0] == 0xfe && (sa->sa_in6[1] & 0xc0) == 0x80)
		return (RT_SCOPE_LINK);
	return (IN6_IS_ADDR_LOOPBACK((const struct in6_addr *)(const void *)sa->sa_in6) ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE);
}

void
nl_put_addr(struct nl_out *no, uint16_t type, const struct vi_ifinfo *info, const struct vi_ifaddr *ia)
{
	const bool six = ia->ia_addr.sa_family == VI_AF_INET6, ptp = ia->ia_dst.sa_family == ia->ia_addr.sa_family;
	const char *label = ia->ia_label[0] != '\0' ? ia->ia_label : info->if_name;
	struct ifa_cacheinfo ci = { .ifa_prefered = (ifinfo_addrflags(ia) & IFA_F_DEPRECATED) != 0 ? 0 : ia->ia_pltime, .ifa_valid = ia->ia_vltime };
	struct ifaddrmsg ifa = {.ifa_family = nl_family(&ia->ia_addr),
	    .ifa_prefixlen = ia->ia_prefixlen,
	    .ifa_flags = (uint8_t)ifinfo_addrflags(ia),
	    .ifa_index = info->if_index,
	    .ifa_scope = addr_scope(info, &ia->ia_addr)};

	nl_out_begin(no, type, &ifa, sizeof(ifa));
	nl_out_addr(no, IFA_ADDRESS, ptp ? &ia->ia_dst : &ia->ia_addr);
	if (!six || ptp)
		nl_out_addr(no, IFA_LOCAL, &ia->ia_addr);
	if (ia->ia_broadcast.sa_family == VI_AF_INET)
		nl_out_addr(no, IFA_BROADCAST, &ia->ia_broadcast);
	if (!six)
		nl_out_attr(no, IFA_LABEL, label, strlen(label) + 1);
	nl_out_u32(no, IFA_FLAGS, ifinfo_addrflags(ia));
	nl_out_attr(no, IFA_CACHEINFO, &ci, sizeof(ci));
	nl_out_end(no);
}

static void
addr_each(void *arg, const struct vi_ifinfo *info)
{
	struct walk *w = arg;
	uint32_t i;

	if (w->w_req->rq_only.on_index != 0 && w->w_req->rq_only.on_index != info->if_index)
		return;
	for (i = 0; i < info->if_naddrs; i++)
		if (nl_wants(w->w_req, nl_family(&info->if_addrs[i].ia_addr)))
			nl_put_addr(w->w_out, RTM_NEWADDR, info, &info->if_addrs[i]);
}

/* Only a dump; the family narrows it. */
int
nl_getaddr(struct nl_out *no, struct vi_vnet *vn, const struct nl_req *rq)
{
	struct walk w = { no, rq };

	if (!nl_dump(rq))
		return (EOPNOTSUPP);
	if (nl_wants(rq, AF_INET) || nl_wants(rq, AF_INET6))
		vi_if_list(vn, addr_each, &w);
	return (0);
}
