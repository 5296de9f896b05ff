/* SPDX-License-Identifier: BSD-2-Clause */
/* The module "igmp": knobs, counters, and messages sent. */
#include "netinet/igmp/igmp.h"

#include <string.h>

#include "base/checksum.h"
#include "base/inaddr.h"
#include "mbuf/mbuf.h"
#include "netinet/ip/ip_var.h"
#include "wire/igmp.h"

VNET_STATE_DEFINE(igmp);

static const struct igmp_vnet igmp_defaults = {
	.gv_knobs = { .mk_version = 3, .mk_robustness = 2, .mk_unsolicited = 1 },
	.gv_sendlocal = 1,
};

static const struct sysctl_desc igmp_sysctls[] = {
	CTL_INT("net.inet.igmp.default_version", CTL_RW, struct igmp_vnet, gv_knobs.mk_version, 1, 3, "Newest version of IGMP to speak"),
	CTL_INT("net.inet.igmp.robustness", CTL_RW, struct igmp_vnet, gv_knobs.mk_robustness, 1, 7,
	    "Times a change is told, until a router says otherwise"),
	CTL_INT("net.inet.igmp.unsolicited_report_interval", CTL_RW, struct igmp_vnet, gv_knobs.mk_unsolicited, 1, 60,
	    "Seconds between these at most"),
	CTL_INT("net.inet.igmp.sendlocal", CTL_RW, struct igmp_vnet, gv_sendlocal, 0, 1, "Report groups of 224.0.0.0/24 too"),
	CTL_INT("net.inet.igmp.require_alert", CTL_RW, struct igmp_vnet, gv_requirealert, 0, 1, "Ignore queries without router alert"),
	CTL_END
};

static const struct stat_desc igmp_stats[] = {
#define IGMP_STAT_DESC(name, text)	{ "igmp", "ig" #name, offsetof(struct igmp_vnet, gv_stat.name), text },
	MCAST_STATS(IGMP_STAT_DESC)
#undef IGMP_STAT_DESC
	STAT_END
};

static const struct mcast_knobs *
igmp_knobs(const struct vnet *vn)
{
	return (&igmp_vnet(vn)->gv_knobs);
}

static struct mcast_stat *
igmp_stat(const struct vnet *vn)
{
	return (&igmp_vnet(vn)->gv_stat);
}

/* RFC 9776 5: never of all systems.  (Groups of 224.0.0.0/24 that switches flood anyway are reported unless told not to.) */
static bool
igmp_reportable(const struct vnet *vn, const struct in_addr_any *group)
{
	return (group->in4 != HTONL(INADDR_ALLHOSTS_GROUP) && (igmp_vnet(vn)->gv_sendlocal != 0 || !in_local_group(group->in4)));
}

/* Messages sent */

/* RFC 9776 4: TTL 1, internetwork control, router alert.  Consumes m.  False: there is no address to send from. */
static bool
igmp_send(struct mcast_if *mi, struct mbuf *m, uint32_t dst)
{
	static const uint8_t alert[4] = { IPOPT_RA, 4, 0, 0 };
	const struct ip_out io = {
		.io_dst = dst,
		.io_ifindex = mi->mi_ifp->if_index,
		.io_fib = mi->mi_ifp->if_fib,
		.io_proto = IPPROTO_IGMP,
		.io_tos = IPTOS_PREC_INTERNETCONTROL,
		.io_mcast_ttl = 1,
		.io_opts = alert,
		.io_optlen = sizeof(alert),
	};
	struct igmp *ig = mtod(m, struct igmp *);

	ig->igmp_cksum = 0;
	ig->igmp_cksum = cksum_fold(m_cksum(m, 0, m->m_pkt.len, 0));
	if (ip_output(mi->mi_vnet, m, &io) != 0)
		igmp_vnet(mi->mi_vnet)->gv_stat.mcs_snd_errors++;
	return (true);		/* 0.0.0.0 will do (4.2.13) */
}

static bool
igmp_v3report(struct mcast_if *mi, struct mbuf *m, unsigned nrecs)
{
	struct igmp_vnet *gv = igmp_vnet(mi->mi_vnet);
	struct igmp ig = { .igmp_type = IGMP_V3_HOST_MEMBERSHIP_REPORT, .igmp_group = HTONL(nrecs) };

	if ((m = m_prepend(m, sizeof(ig))) == NULL) {
		gv->gv_stat.mcs_snd_errors++;
		return (true);
	}
	memcpy(m->m_data, &ig, sizeof(ig));
	gv->gv_stat.mcs_snd_reports++;
	return (igmp_send(mi, m, HTONL(INADDR_ALLRPTS_GROUP)));
}

static bool
igmp_old(struct mcast_if *mi, uint8_t type, uint32_t group, uint32_t dst)
{
	const struct igmp ig = { .igmp_type = type, .igmp_group = group };
	struct mbuf *m = m_frombuf(vnet_acct(mi->mi_vnet), &ig, sizeof(ig), MAX_HDR);

	if (m != NULL)
		return (igmp_send(mi, m, dst));
	igmp_vnet(mi->mi_vnet)->gv_stat.mcs_snd_errors++;
	return (true);
}

static bool
igmp_oldreport(struct mcast_if *mi, const struct in_addr_any *group)
{
	igmp_vnet(mi->mi_vnet)->gv_stat.mcs_snd_reports++;
	return (igmp_old(mi, mi->mi_age == 2 ? IGMP_V1_HOST_MEMBERSHIP_REPORT : IGMP_V2_HOST_MEMBERSHIP_REPORT, group->in4, group->in4));
}

static void
igmp_oldleave(struct mcast_if *mi, const struct in_addr_any *group)
{
	igmp_vnet(mi->mi_vnet)->gv_stat.mcs_snd_leaves++;
	(void)igmp_old(mi, IGMP_HOST_LEAVE_MESSAGE, group->in4, HTONL(INADDR_ALLRTRS_GROUP));
}

const struct mcast_proto igmp_proto = {
	.mp_addrlen = 4,
	.mp_overhead = IP_MINHLEN + 4 + IGMP_MINLEN,
	.mp_versions = 3,
	.mp_knobs = igmp_knobs,
	.mp_stat = igmp_stat,
	.mp_reportable = igmp_reportable,
	.mp_report = igmp_v3report,
	.mp_oldreport = igmp_oldreport,
	.mp_oldleave = igmp_oldleave,
	.mp_input = igmp_input,
};

/* Life */

static int
igmp_attach(struct vnet *vn)
{
	const struct inet_proto pr = { .ip_proto = IPPROTO_IGMP, .ip_input = igmp_input };
	int error = inet_proto_register(vn, &pr);

	if (error == 0)
		ip_vnet(vn)->iv_mcproto = &igmp_proto;
	return (error);
}

/* From here on nothing is told. */
static void
igmp_stop(struct vnet *vn)
{
	mcast_stop(vn, NET_AF_INET);
	ip_vnet(vn)->iv_mcproto = NULL;
}

static void
igmp_event(struct vnet *vn, enum vnet_event ev, void *obj)
{
	(void)vn;
	mcast_event(NET_AF_INET, ev, obj);
}

VNET_MODULE(igmp,
	.vm_size = sizeof(struct igmp_vnet),
	.vm_defaults = &igmp_defaults,
	.vm_after = "ip",
	.vm_attach = igmp_attach,
	.vm_stop = igmp_stop,
	.vm_event = igmp_event,
	.vm_sysctls = igmp_sysctls,
	.vm_stats = igmp_stats);
