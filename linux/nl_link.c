/* SPDX-License-Identifier: BSD-2-Clause */
/* RTM_GETLINK and RTM_GETADDR. */
#include "linux/nl.h"
#include "linux/ifinfo.h"

#include <errno.h>
#include <string.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>

#define FOREVER	0xffffffffU

struct walk {
	struct nl_out	*w_out;
	const struct nl_req *w_req;
	bool		 w_found;
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

static void
link_put(struct nl_out *no, const struct vi_ifinfo *info)
{
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC, .ifi_type = ifinfo_arphrd(info),
		.ifi_index = (int)info->if_index, .ifi_flags = ifinfo_flags(info) };
	bool up = (info->if_flags & VI_IFF_UP) != 0;

	nl_out_begin(no, RTM_NEWLINK, &ifi, sizeof(ifi));
	nl_out_attr(no, IFLA_IFNAME, info->if_name, strlen(info->if_name) + 1);
	nl_out_u32(no, IFLA_TXQLEN, 1000);
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
	link_stats(no, info);
	nl_out_end(no);
}

static void
link_each(void *arg, const struct vi_ifinfo *info)
{
	struct walk *w = arg;
	const struct nl_req *rq = w->w_req;

	if ((rq->rq_hdr.nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP) {
		if (rq->rq_index != 0 ? rq->rq_index != info->if_index :
		    strcmp(rq->rq_name, info->if_name) != 0)
			return;
		w->w_found = true;
	}
	link_put(w->w_out, info);
}

int
nl_getlink(struct nl_out *no, struct vi_vnet *vn, const struct nl_req *rq)
{
	struct walk w = { no, rq, (rq->rq_hdr.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP };

	if (!w.w_found && rq->rq_index == 0 && rq->rq_name[0] == '\0')
		return (EINVAL);
	vi_if_list(vn, link_each, &w);
	return (w.w_found ? 0 : ENODEV);
}

static void
addr_put(struct nl_out *no, const struct vi_ifinfo *info, const struct vi_ifaddr *ia)
{
	struct ifa_cacheinfo ci = { .ifa_prefered = FOREVER, .ifa_valid = FOREVER };
	struct ifaddrmsg ifa = {.ifa_family = AF_INET,
	    .ifa_prefixlen = ia->ia_prefixlen,
	    .ifa_flags = IFA_F_PERMANENT,
	    .ifa_index = info->if_index,
	    .ifa_scope =
		(info->if_flags & VI_IFF_LOOPBACK) != 0 ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE};
	uint32_t local = ia->ia_addr.sa_in;
	bool ptp = ia->ia_dst.sa_family == VI_AF_INET;

	nl_out_begin(no, RTM_NEWADDR, &ifa, sizeof(ifa));
	nl_out_u32(no, IFA_ADDRESS, ptp ? ia->ia_dst.sa_in : local);
	nl_out_u32(no, IFA_LOCAL, local);
	if (ia->ia_broadcast.sa_family == VI_AF_INET)
		nl_out_u32(no, IFA_BROADCAST, ia->ia_broadcast.sa_in);
	nl_out_attr(no, IFA_LABEL, info->if_name, strlen(info->if_name) + 1);
	nl_out_u32(no, IFA_FLAGS, IFA_F_PERMANENT);
	nl_out_attr(no, IFA_CACHEINFO, &ci, sizeof(ci));
	nl_out_end(no);
}

static void
addr_each(void *arg, const struct vi_ifinfo *info)
{
	struct walk *w = arg;
	uint32_t i;

	for (i = 0; i < info->if_naddrs; i++)
		if (info->if_addrs[i].ia_addr.sa_family == VI_AF_INET)
			addr_put(w->w_out, info, &info->if_addrs[i]);
}

/* Only a dump; the family narrows it. */
int
nl_getaddr(struct nl_out *no, struct vi_vnet *vn, const struct nl_req *rq)
{
	struct walk w = { no, rq, true };

	if ((rq->rq_hdr.nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		return (EOPNOTSUPP);
	if (rq->rq_family == AF_UNSPEC || rq->rq_family == AF_INET)
		vi_if_list(vn, addr_each, &w);
	return (0);
}
