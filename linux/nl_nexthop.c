/* SPDX-License-Identifier: BSD-2-Clause */
/* RTM_NEWNEXTHOP, RTM_DELNEXTHOP and RTM_GETNEXTHOP: `ip nexthop`, and the routing daemons that keep ways beside routes. */
#include "linux/nl.h"
#include "linux/ifinfo.h"
#include "linux/rtinfo.h"

#include <errno.h>
#include <string.h>
#include <linux/nexthop.h>

/*
 * A hop of a group, as struct nexthop_grp lays it out.  Its second byte of the weight has had two names in <linux/nexthop.h>: what was
 * reserved counts since Linux 6.12.
 */
struct nexthop_part {
	uint32_t	id;
	uint8_t		weight[2];	/* less one: low, high */
	uint16_t	reserved;
};
_Static_assert(sizeof(struct nexthop_part) == sizeof(struct nexthop_grp), "as in Linux");

/* Asking */

static void
put_group(struct nl_out *no, const struct vi_nexthop *nx)
{
	struct nexthop_part group[VI_RT_MAXPATHS];
	const uint16_t type = NEXTHOP_GRP_TYPE_MPATH;

	for (unsigned i = 0; i < nx->nx_n; i++) {
		const uint32_t weight = nx->nx_part[i].np_weight - 1;

		group[i] = (struct nexthop_part){ .id = nx->nx_part[i].np_id, .weight = { (uint8_t)weight, (uint8_t)(weight >> 8) } };
	}
	nl_out_attr(no, NHA_GROUP, group, nx->nx_n * sizeof(group[0]));
	nl_out_attr(no, NHA_GROUP_TYPE, &type, sizeof(type));
}

void
nl_put_nexthop(struct nl_out *no, uint16_t type, const struct vi_nexthop *nx)
{
	const struct nhmsg nh = { .nh_family = nx->nx_family == VI_AF_INET ? AF_INET : nx->nx_family == VI_AF_INET6 ? AF_INET6 : AF_UNSPEC,
		.nh_scope = nx->nx_ifindex == 0 ? RT_SCOPE_UNIVERSE : (nx->nx_flags & VI_RTF_GATEWAY) != 0 ? RT_SCOPE_LINK : RT_SCOPE_HOST,
		.nh_protocol = nx->nx_proto };

	nl_out_begin(no, type, &nh, sizeof(nh));
	nl_out_u32(no, NHA_ID, nx->nx_id);
	if (nx->nx_n > 0)
		put_group(no, nx);
	if ((nx->nx_flags & VI_RTF_BLACKHOLE) != 0)
		nl_out_attr(no, NHA_BLACKHOLE, "", 0);
	if (nx->nx_ifindex != 0)
		nl_out_u32(no, NHA_OIF, nx->nx_ifindex);
	if ((nx->nx_flags & VI_RTF_GATEWAY) != 0)
		nl_out_addr(no, NHA_GATEWAY, &nx->nx_gateway);
	nl_out_end(no);
}

struct walk { struct nl_out *w_out; const struct nl_req *w_req; };

static void
nexthop_each(void *arg, const struct vi_nexthop *nx)
{
	const struct walk *w = arg;
	const uint32_t oif = nl_u32(w->w_req, NHA_OIF, 0);

	if ((nl_has(w->w_req, NHA_GROUPS) && nx->nx_n == 0) || (oif != 0 && nx->nx_ifindex != oif))
		return;
	if (w->w_req->rq_family != AF_UNSPEC && sockaddr_family(w->w_req->rq_family) != nx->nx_family)
		return;
	nl_put_nexthop(w->w_out, RTM_NEWNEXTHOP, nx);
}

static void
nexthop_found(void *arg, const struct vi_nexthop *nx)
{
	nl_put_nexthop(arg, RTM_NEWNEXTHOP, nx);
}

/* Of bridges, and parts of resilient groups, there are none. */
int
nl_getnexthop(struct nl_out *no, struct vi_vnet *vn, const struct nl_req *rq)
{
	struct walk w = { no, rq };

	if (!nl_dump(rq))
		return (nl_has(rq, NHA_ID) ? vi_nexthop_get(vn, nl_u32(rq, NHA_ID, 0), nexthop_found, no) : EINVAL);
	if (!nl_has(rq, NHA_FDB) && !nl_has(rq, NHA_MASTER))
		vi_nexthop_list(vn, nexthop_each, &w);
	return (0);
}

/* Changes */

static int
parse_group(const struct nl_req *rq, struct vi_nexthop *nx, struct vi_nexthop_part *part)
{
	const struct nl_attr *na = &rq->rq_attr[NHA_GROUP];
	struct nexthop_part group;

	if (na->na_len == 0 || na->na_len % sizeof(group) != 0)
		return (EINVAL);
	if (nl_has(rq, NHA_OIF) || nl_has(rq, NHA_GATEWAY) || nl_has(rq, NHA_BLACKHOLE) || nx->nx_family != VI_AF_UNSPEC)
		return (EINVAL);
	if (nl_u16(rq, NHA_GROUP_TYPE, NEXTHOP_GRP_TYPE_MPATH) != NEXTHOP_GRP_TYPE_MPATH)
		return (EOPNOTSUPP);
	if ((nx->nx_n = (unsigned)(na->na_len / sizeof(group))) > VI_RT_MAXPATHS)
		return (E2BIG);
	for (unsigned i = 0; i < nx->nx_n; i++) {
		memcpy(&group, na->na_data + i * sizeof(group), sizeof(group));
		part[i] = (struct vi_nexthop_part){ group.id, group.weight[0] + (group.weight[1] << 8) + 1u };
		if (group.reserved != 0 || part[i].np_weight > UINT16_MAX)
			return (EINVAL);
	}
	nx->nx_part = part;
	return (0);
}

static int
parse_way(struct vi_vnet *vn, const struct nl_req *rq, uint32_t flags, struct vi_nexthop *nx)
{
	const uint32_t oif = nl_u32(rq, NHA_OIF, 0);
	int error;

	if (rq->rq_family != AF_INET && rq->rq_family != AF_INET6)
		return (rq->rq_family == AF_UNSPEC ? EINVAL : EAFNOSUPPORT);
	if (nl_has(rq, NHA_BLACKHOLE)) {
		nx->nx_flags = VI_RTF_BLACKHOLE;
		return (nl_has(rq, NHA_OIF) || nl_has(rq, NHA_GATEWAY) ? EINVAL : 0);
	}
	if (oif == 0)
		return (EINVAL);
	if ((error = ifinfo_name(vn, oif, nx->nx_ifname)) != 0 || (error = nl_addr(rq, NHA_GATEWAY, rq->rq_family, &nx->nx_gateway)) != 0)
		return (error);
	if (nl_has(rq, NHA_GATEWAY))
		nx->nx_flags = VI_RTF_GATEWAY | ((flags & RTNH_F_ONLINK) != 0 ? VI_RTF_ONLINK : VI_RTF_NEAR);
	return (0);
}

static void
last_each(void *arg, const struct vi_nexthop *nx)
{
	*(uint32_t *)arg = nx->nx_id;
}

/* The number one gets that has none: behind the last. */
static uint32_t
unused_id(struct vi_vnet *vn)
{
	uint32_t last = 0;

	vi_nexthop_list(vn, last_each, &last);
	return (last + 1);
}

static void
exists(void *arg, const struct vi_nexthop *nx)
{
	(void)nx;
	*(bool *)arg = true;
}

int
nl_newnexthop(struct vi_vnet *vn, const struct nl_req *rq, const struct vi_cred *cr)
{
	static const uint8_t not[] = { NHA_ENCAP, NHA_ENCAP_TYPE, NHA_FDB, NHA_RES_GROUP };
	const uint16_t flags = rq->rq_hdr.nlmsg_flags;
	struct vi_nexthop_part part[VI_RT_MAXPATHS];
	struct vi_nexthop nx = { .nx_id = nl_u32(rq, NHA_ID, 0) };
	struct nhmsg nh;
	bool there = false;
	int error;

	(void)cr;
	if (rq->rq_fixed == NULL)
		return (EINVAL);
	for (size_t i = 0; i < LX_NITEMS(not); i++)
		if (nl_has(rq, not[i]))
			return (EOPNOTSUPP);
	memcpy(&nh, rq->rq_fixed, sizeof(nh));
	nx.nx_family = rq->rq_family == AF_UNSPEC ? (uint8_t)VI_AF_UNSPEC : sockaddr_family(rq->rq_family);
	nx.nx_proto = nh.nh_protocol;
	if ((error = nl_has(rq, NHA_GROUP) ? parse_group(rq, &nx, part) : parse_way(vn, rq, nh.nh_flags, &nx)) != 0)
		return (error);
	if (nx.nx_id == 0 && (flags & NLM_F_REPLACE) != 0)
		return (EINVAL);
	nx.nx_id = nx.nx_id != 0 ? nx.nx_id : unused_id(vn);
	(void)vi_nexthop_get(vn, nx.nx_id, exists, &there);
	if (!there && (flags & NLM_F_CREATE) == 0)
		return (ENOENT);
	error = vi_nexthop_set(vn, &nx, (flags & NLM_F_REPLACE) != 0);
	if (error == ENETUNREACH && rq->rq_family == AF_INET6)
		return (EHOSTUNREACH);
	return (error == ENXIO ? ENODEV : error);
}

int
nl_delnexthop(struct vi_vnet *vn, const struct nl_req *rq, const struct vi_cred *cr)
{
	(void)cr;
	return (nl_has(rq, NHA_ID) ? vi_nexthop_del(vn, nl_u32(rq, NHA_ID, 0)) : EINVAL);
}
