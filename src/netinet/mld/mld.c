/* SPDX-License-Identifier: BSD-2-Clause */
/* The module "mld": knobs, counters, and messages sent. */
#include "netinet/mld/mld.h"

#include <string.h>

#include "mbuf/mbuf.h"
#include "netinet/icmp6/icmp6_var.h"
#include "netinet/ip6/ip6_var.h"
#include "wire/mld.h"

VNET_STATE_DEFINE(mld);

static const uint8_t all_routers[16] = { 0xff, 0x02, [15] = 2 }, all_reports[16] = { 0xff, 0x02, [15] = 0x16 };

static const struct mld_vnet mld_defaults = { .mv_knobs = { .mk_version = 2, .mk_robustness = 2, .mk_unsolicited = 1 } };

static const struct sysctl_desc mld_sysctls[] = {
	CTL_INT("net.inet6.mld.default_version", CTL_RW, struct mld_vnet, mv_knobs.mk_version, 1, 2, "Newest version of MLD to speak"),
	CTL_INT("net.inet6.mld.robustness", CTL_RW, struct mld_vnet, mv_knobs.mk_robustness, 1, 7,
	    "Times a change is told, until a router says otherwise"),
	CTL_INT("net.inet6.mld.unsolicited_report_interval", CTL_RW, struct mld_vnet, mv_knobs.mk_unsolicited, 1, 60,
	    "Seconds between these at most"),
	CTL_END
};

static const struct stat_desc mld_stats[] = {
#define MLD_STAT_DESC(name, text)	{ "mld", "mld" #name, offsetof(struct mld_vnet, mv_stat.name), text },
	MCAST_STATS(MLD_STAT_DESC)
#undef MLD_STAT_DESC
	STAT_END
};

static const struct mcast_knobs *
mld_knobs(const struct vnet *vn)
{
	return (&mld_vnet(vn)->mv_knobs);
}

static struct mcast_stat *
mld_stat(const struct vnet *vn)
{
	return (&mld_vnet(vn)->mv_stat);
}

/* RFC 9777 6: nothing of all nodes, and nothing that does not leave the node. */
static bool
mld_reportable(const struct vnet *vn, const struct in_addr_any *group)
{
	static const uint8_t all_nodes[16] = { 0xff, 0x02, [15] = 1 };
	uint8_t a[16];

	(void)vn;
	memcpy(a, group->in6, sizeof(a));
	in6_setzone(a, 0);
	return (in6_scope(a) > IN6_SCOPE_INTFACE && !in6_equal(a, all_nodes));
}

/* RFC 9777 5, RFC 3590: hop limit 1, router alert, from the link-local address if there is one yet.  Consumes m. */
static bool
mld_send(struct mcast_if *mi, struct mbuf *m, const uint8_t dst[16])
{
	const struct in6_ifaddr *ia = in6_ifaddr_linklocal(mi->mi_ifp);
	struct ip6_out io = { .i6o_ifindex = mi->mi_ifp->if_index, .i6o_fib = mi->mi_ifp->if_fib, .i6o_proto = IPPROTO_ICMPV6,
		.i6o_mcast_hlim = 1, .i6o_unspecsrc = ia == NULL, .i6o_rtalert = true };

	if (ia != NULL)
		memcpy(io.i6o_src.in6, ia6_addr(ia), sizeof(io.i6o_src.in6));
	memcpy(io.i6o_dst.in6, dst, sizeof(io.i6o_dst.in6));
	in6_setzone((uint8_t *)io.i6o_dst.in6, mi->mi_ifp->if_index);
	icmp6_vnet(mi->mi_vnet)->ic6v_stat.ic6s_outhist[icmp6_hist(m->m_data[0])]++;
	icmp6_cksum(m, &io.i6o_src, &io.i6o_dst);
	if (ip6_output(mi->mi_vnet, m, &io) != 0)
		mld_vnet(mi->mi_vnet)->mv_stat.mcs_snd_errors++;
	return (ia != NULL);
}

static bool
mld_v2report(struct mcast_if *mi, struct mbuf *m, unsigned nrecs)
{
	const struct icmp6_hdr ic = { .icmp6_type = MLDV2_LISTENER_REPORT, .icmp6_data32 = HTONL(nrecs) };
	struct mld_vnet *mv = mld_vnet(mi->mi_vnet);

	if ((m = m_prepend(m, sizeof(ic))) == NULL) {
		mv->mv_stat.mcs_snd_errors++;
		return (true);
	}
	memcpy(m->m_data, &ic, sizeof(ic));
	mv->mv_stat.mcs_snd_reports++;
	return (mld_send(mi, m, all_reports));
}

static bool
mld_old(struct mcast_if *mi, uint8_t type, const struct in_addr_any *group, const uint8_t *dst)
{
	struct mld_hdr mh = { .mld_type = type };
	struct mbuf *m;

	memcpy(mh.mld_addr, group->in6, sizeof(mh.mld_addr));
	in6_setzone(mh.mld_addr, 0);
	if ((m = m_frombuf(vnet_acct(mi->mi_vnet), &mh, sizeof(mh), MAX_HDR)) != NULL)
		return (mld_send(mi, m, dst));
	mld_vnet(mi->mi_vnet)->mv_stat.mcs_snd_errors++;
	return (true);
}

static bool
mld_oldreport(struct mcast_if *mi, const struct in_addr_any *group)
{
	mld_vnet(mi->mi_vnet)->mv_stat.mcs_snd_reports++;
	return (mld_old(mi, MLD_LISTENER_REPORT, group, (const uint8_t *)group->in6));
}

static void
mld_oldleave(struct mcast_if *mi, const struct in_addr_any *group)
{
	mld_vnet(mi->mi_vnet)->mv_stat.mcs_snd_leaves++;
	(void)mld_old(mi, MLD_LISTENER_DONE, group, all_routers);
}

const struct mcast_proto mld_proto = {
	.mp_addrlen = 16,
	.mp_overhead = IP6_HLEN + 8 + ICMP6_MINLEN,
	.mp_versions = 2,
	.mp_knobs = mld_knobs,
	.mp_stat = mld_stat,
	.mp_reportable = mld_reportable,
	.mp_report = mld_v2report,
	.mp_oldreport = mld_oldreport,
	.mp_oldleave = mld_oldleave,
	.mp_input = mld_input,
};

/* Life */

static int
mld_attach(struct vnet *vn)
{
	ip6_vnet(vn)->i6v_mcproto = &mld_proto;
	return (0);
}

/* From here on nothing is told. */
static void
mld_stop(struct vnet *vn)
{
	mcast_stop(vn, NET_AF_INET6);
	ip6_vnet(vn)->i6v_mcproto = NULL;
}

static void
mld_event(struct vnet *vn, enum vnet_event ev, void *obj)
{
	(void)vn;
	mcast_event(NET_AF_INET6, ev, obj);
}

VNET_MODULE(mld,
	.vm_size = sizeof(struct mld_vnet),
	.vm_defaults = &mld_defaults,
	.vm_after = "ip6 icmp6",
	.vm_attach = mld_attach,
	.vm_stop = mld_stop,
	.vm_event = mld_event,
	.vm_sysctls = mld_sysctls,
	.vm_stats = mld_stats);
