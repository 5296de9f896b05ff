/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux's names of knobs, net.ipv6.conf.{all,default,IF}.*.  There is one value behind each of them and the BSD name.
 *
 * An interface has of its own what nd6 keeps of it; the rest belongs to the stack, is read by the name of any interface, and written by "all" and
 * "default", which then mean the same.  Where interfaces have their own, "default" is what new ones begin with, and "all" those that there are too:
 * Linux does so for some only.  What an interface may have (enum nd6_knob) is the stack's until it is given one of its own; "all" takes that away again.
 *
 * forwarding: whether packets are forwarded "all" says (net.inet6.ip6.forwarding, too), as on Linux.  An interface's own makes a router of this host on that link
 * alone: it says so in advertisements of neighbours, is a member of the group of routers, and neither asks routers nor obeys them.  "all" sets
 * that of all and of "default".  Where it is set so default routers that were learned are forgotten, but by interfaces that listen even then.
 */
#include <errno.h>
#include <string.h>

#include "base/sbuf.h"
#include "base/util.h"
#include "netinet/ip/ip_var.h"
#include "netinet/nd6/nd6_int.h"

#define CONF_PREFIX	"net.ipv6.conf."

static int *
conf_stack(struct nd6_vnet *nv, enum nd6_knob k)
{
	int *const place[ND6_NKNOBS] = { [ND6_REDIRECTS] = &nv->nv_rediraccept, [ND6_DADCOUNT] = &nv->nv_dadcount, [ND6_RSCOUNT] = &nv->nv_rscount };

	return (place[k]);
}

int
nd6_own(const struct nd6_vnet *nv, const struct ifnet *ifp, enum nd6_knob k)
{
	const struct nd6_if *ni = nd6_if(ifp);

	if (ni != NULL && ni->ni_own[k] >= 0)
		return (ni->ni_own[k]);
	return (k == ND6_REDIRECTS ? nv->nv_rediraccept : k == ND6_DADCOUNT ? nv->nv_dadcount : nv->nv_rscount);
}

/* A knob as it was named. */
struct conf {
	struct nd6_vnet	*cf_nv;
	struct ip6_vnet	*cf_i6v;
	struct ifnet	*cf_ifp;	/* NULL: all or default */
	bool		 cf_all;
	const char	*cf_key;
};

static bool
conf_is(const struct conf *cf, const char *key)
{
	return (strcmp(cf->cf_key, key) == 0);
}

static int
conf_parse(struct vnet *vn, const char *name, struct conf *cf)
{
	struct inet_conf cn;
	int error = inet_conf_parse(vn, CONF_PREFIX, name, &cn);

	if (error != 0)
		return (error);
	*cf = (struct conf){ .cf_nv = nd6_vnet(vn), .cf_i6v = ip6_vnet(vn), .cf_ifp = cn.cn_ifp, .cf_key = cn.cn_key, .cf_all = cn.cn_all };
	if (cf->cf_ifp == NULL)
		return (conf_is(cf, "mtu") ? ENOENT : 0);
	return (nd6_if(cf->cf_ifp) == NULL ? ENOENT : 0);
}

/* Flags of interfaces: 1 is the flag, or its absence. */
static const struct conf_flag { const char *fl_key; uint32_t fl_flag; bool fl_not; } conf_flags[] = {
	{ "disable_ipv6", VI_ND6_IFF_IFDISABLED, false },
	{ "accept_dad", VI_ND6_IFF_NO_DAD, true },
	{ "accept_ra_defrtr", VI_ND6_IFF_NO_RADR, true },
};

static const struct conf_flag *
conf_flag(const struct conf *cf)
{
	for (size_t i = 0; i < NITEMS(conf_flags); i++)
		if (conf_is(cf, conf_flags[i].fl_key))
			return (&conf_flags[i]);
	return (NULL);
}

static int
conf_setflag(struct ifnet *ifp, uint32_t flag, bool on)
{
	return (((nd6_if(ifp)->ni_head.ih_flags & flag) != 0) == on ? 0 : nd6_setflags(ifp, on ? flag : 0, on ? 0 : flag));
}

/* The interface, or with "all" each. */
static int
conf_eachflag(const struct conf *cf, uint32_t flag, bool on)
{
	struct ifnet *ifp;
	int error = 0;

	if (cf->cf_ifp != NULL)
		return (conf_setflag(cf->cf_ifp, flag, on));
	TAILQ_FOREACH(ifp, &net_vnet(cf->cf_nv->nv_vnet)->nv_ifs, if_link)
		if (cf->cf_all && error == 0 && nd6_if(ifp) != NULL && (ifp->if_flags & IFF_LOOPBACK) == 0)
			error = conf_setflag(ifp, flag, on);
	return (error);
}

static int
conf_putflag(const struct conf *cf, const struct conf_flag *fl, int v)
{
	const bool on = (v != 0) != fl->fl_not;

	if (v < 0 || v > 2)
		return (EINVAL);
	if (cf->cf_ifp == NULL)
		cf->cf_nv->nv_newflags = (cf->cf_nv->nv_newflags & ~fl->fl_flag) | (on ? fl->fl_flag : 0);
	return (conf_eachflag(cf, fl->fl_flag, on));
}

/* Linux: 2 listens even while this host forwards. */
static int
conf_put_ra(const struct conf *cf, int v)
{
	if (v < 0 || v > 2)
		return (EINVAL);
	if (cf->cf_ifp != NULL)
		nd6_if(cf->cf_ifp)->ni_rafwd = v == 2;
	else
		cf->cf_i6v->i6v_acceptrtadv = v;
	return (conf_eachflag(cf, VI_ND6_IFF_ACCEPT_RTADV, v != 0));
}

static int
conf_get_ra(const struct conf *cf)
{
	const struct nd6_if *ni;

	if (cf->cf_ifp == NULL)
		return (cf->cf_i6v->i6v_acceptrtadv);
	ni = nd6_if(cf->cf_ifp);
	return ((ni->ni_head.ih_flags & VI_ND6_IFF_ACCEPT_RTADV) == 0 ? 0 : ni->ni_rafwd || cf->cf_i6v->i6v_acceptrtadv == 2 ? 2 : 1);
}

/* 0: of the hardware address; 1: none is made; 2: opaque (RFC 7217).  3, opaque with a secret of its own, is what 2 is here. */
static int
conf_put_genmode(const struct conf *cf, int v)
{
	int error;

	if (v < 0 || v > 3)
		return (EINVAL);
	if (cf->cf_ifp == NULL) {
		cf->cf_i6v->i6v_autolinklocal = v != 1;
		cf->cf_nv->nv_usestableaddr = v >= 2;
	}
	error = conf_eachflag(cf, VI_ND6_IFF_STABLEADDR, v >= 2);
	return (error != 0 ? error : conf_eachflag(cf, VI_ND6_IFF_AUTO_LINKLOCAL, v != 1));
}

static int
conf_get_genmode(const struct conf *cf)
{
	const uint32_t flags = cf->cf_ifp != NULL ? nd6_if(cf->cf_ifp)->ni_head.ih_flags :
	    (cf->cf_i6v->i6v_autolinklocal ? VI_ND6_IFF_AUTO_LINKLOCAL : 0u) | (cf->cf_nv->nv_usestableaddr ? VI_ND6_IFF_STABLEADDR : 0u);

	return ((flags & VI_ND6_IFF_AUTO_LINKLOCAL) == 0 ? 1 : (flags & VI_ND6_IFF_STABLEADDR) != 0 ? 2 : 0);
}

/* What the stack has one of: the place, and what it may be; and which knob it is of those that an interface may have. */
struct conf_number { const char *nu_key; int *nu_p; int nu_min, nu_max; enum nd6_knob nu_own; };

static bool
conf_number(const struct conf *cf, struct conf_number *nu)
{
	struct nd6_vnet *nv = cf->cf_nv;
	const struct conf_number all[] = {
		{ "hop_limit", &cf->cf_i6v->i6v_hlim, 1, 255, ND6_NKNOBS },
		{ "temp_valid_lft", &nv->nv_tempvltime, 60, INT32_MAX, ND6_NKNOBS },
		{ "temp_prefered_lft", &nv->nv_temppltime, 60, INT32_MAX, ND6_NKNOBS },
		{ "dad_transmits", conf_stack(nv, ND6_DADCOUNT), 0, 100, ND6_DADCOUNT },
		{ "accept_redirects", conf_stack(nv, ND6_REDIRECTS), 0, 1, ND6_REDIRECTS },
		{ "router_solicitations", conf_stack(nv, ND6_RSCOUNT), 0, 100, ND6_RSCOUNT },
	};

	for (size_t i = 0; i < NITEMS(all); i++)
		if (conf_is(cf, all[i].nu_key)) {
			*nu = all[i];
			return (true);
		}
	return (false);
}

static int
conf_get_forwarding(const struct conf *cf)
{
	if (cf->cf_ifp != NULL)
		return (cf->cf_ifp->if_forwards[NET_AF_INET6]);
	return (cf->cf_all ? cf->cf_i6v->i6v_forwarding : cf->cf_i6v->i6v_newforwarding);
}

static int
conf_put_forwarding(const struct conf *cf, int v)
{
	if (v < 0 || v > 1)
		return (EINVAL);
	if (cf->cf_all)
		ip6_forwarding_set(cf->cf_nv->nv_vnet, v != 0);
	else if (cf->cf_ifp != NULL)
		cf->cf_ifp->if_forwards[NET_AF_INET6] = v != 0;
	else
		cf->cf_i6v->i6v_newforwarding = v;
	if (v != 0 && (cf->cf_all || cf->cf_ifp != NULL))
		nd6_router_forwards(cf->cf_nv);
	return (0);
}

static int
conf_get(const struct conf *cf)
{
	const struct conf_flag *fl = conf_flag(cf);
	const struct nd6_if *ni = cf->cf_ifp == NULL ? NULL : nd6_if(cf->cf_ifp);
	struct conf_number nu;

	if (fl != NULL)
		return ((((ni == NULL ? cf->cf_nv->nv_newflags : ni->ni_head.ih_flags) & fl->fl_flag) != 0) != fl->fl_not);
	if (conf_is(cf, "accept_ra"))
		return (conf_get_ra(cf));
	if (conf_is(cf, "forwarding"))
		return (conf_get_forwarding(cf));
	if (conf_is(cf, "addr_gen_mode"))
		return (conf_get_genmode(cf));
	if (conf_is(cf, "use_tempaddr"))
		return (cf->cf_nv->nv_usetempaddr == 0 ? 0 : 1 + (cf->cf_i6v->i6v_prefertempaddr != 0));
	if (ni != NULL && conf_is(cf, "hop_limit") && ni->ni_hlim != 0)
		return (ni->ni_hlim);
	if (ni != NULL && conf_is(cf, "mtu"))
		return ((int)(ni->ni_linkmtu != 0 ? MIN(ni->ni_linkmtu, cf->cf_ifp->if_mtu) : cf->cf_ifp->if_mtu));
	if (!conf_number(cf, &nu))
		return (0);
	return (ni != NULL && nu.nu_own < ND6_NKNOBS ? nd6_own(cf->cf_nv, cf->cf_ifp, nu.nu_own) : *nu.nu_p);
}

static int
conf_put_interface(const struct conf *cf, int v)
{
	struct nd6_if *ni = nd6_if(cf->cf_ifp);
	struct conf_number nu;

	if (conf_number(cf, &nu) && nu.nu_own < ND6_NKNOBS) {
		if (v < nu.nu_min || v > nu.nu_max)
			return (EINVAL);
		ni->ni_own[nu.nu_own] = (int16_t)v;
		return (0);
	}
	if (conf_is(cf, "hop_limit")) {
		if (v < 1 || v > 255)
			return (EINVAL);
		ni->ni_hlim = (uint8_t)v;
		return (0);
	}
	if (conf_is(cf, "mtu")) {
		if (v < (int)IPV6_MMTU || v > (int)cf->cf_ifp->if_mtu)
			return (EINVAL);
		ni->ni_linkmtu = (uint32_t)v;
		return (0);
	}
	return (v == conf_get(cf) ? 0 : EOPNOTSUPP);	/* the stack has but one */
}

static int
conf_put(const struct conf *cf, int v)
{
	const struct conf_flag *fl = conf_flag(cf);
	struct conf_number nu;
	struct ifnet *ifp;

	if (fl != NULL)
		return (conf_putflag(cf, fl, v));
	if (conf_is(cf, "accept_ra"))
		return (conf_put_ra(cf, v));
	if (conf_is(cf, "forwarding"))
		return (conf_put_forwarding(cf, v));
	if (conf_is(cf, "addr_gen_mode"))
		return (conf_put_genmode(cf, v));
	if (cf->cf_ifp != NULL)
		return (conf_put_interface(cf, v));
	if (conf_is(cf, "use_tempaddr")) {
		if (v < 0 || v > 2)
			return (EINVAL);
		cf->cf_nv->nv_usetempaddr = v > 0;
		cf->cf_i6v->i6v_prefertempaddr = v == 2;
		return (0);
	}
	if (!conf_number(cf, &nu) || v < nu.nu_min || v > nu.nu_max)
		return (EINVAL);
	*nu.nu_p = v;
	if (cf->cf_all && nu.nu_own < ND6_NKNOBS)
		TAILQ_FOREACH(ifp, &net_vnet(cf->cf_nv->nv_vnet)->nv_ifs, if_link)
			if (nd6_if(ifp) != NULL)
				nd6_if(ifp)->ni_own[nu.nu_own] = -1;
	return (0);
}

static bool
conf_has(const struct ifnet *ifp)
{
	return (nd6_if(ifp) != NULL);
}

int
nd6_conf_sysctl(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	const struct sysctl_desc number = { .sd_type = VI_CTL_INT, .sd_min = INT32_MIN, .sd_max = INT32_MAX };
	struct conf cf;
	struct sbuf sb;
	int error, v;

	if (value == NULL && len == 0)
		return (ENOMEM);
	if (value == NULL && strchr(sd->sd_name, '*') != NULL)
		return (inet_conf_instances(vn, conf_has, buf, len));
	if ((error = conf_parse(vn, sd->sd_name, &cf)) != 0)
		return (error);
	if (value != NULL)
		return ((error = sysctl_desc_set(&number, &v, value)) != 0 ? error : conf_put(&cf, v));
	sbuf_init(&sb, buf, len);
	sbuf_printf(&sb, "%d", conf_get(&cf));
	return (sbuf_finish(&sb));
}
