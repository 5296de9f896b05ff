/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations on what routers of IPv6 advertised: nd.*. */
#include <errno.h>
#include <string.h>

#include <vimage/ifnet.h>
#include <vimage/route.h>

#include "daemon/ctl_arg.h"
#include "daemon/ctl_server.h"

#define NS_PER_S	1000000000u

static void
add_router(void *arg, const struct vi_nd_router *rd)
{
	json_t *o = json_object();

	ctl_put_zoned(o, "address", &rd->rd_addr, rd->rd_ifname);
	ctl_put_text(o, "interface", rd->rd_ifname);
	json_object_set_new(o, "managed", json_boolean((rd->rd_flags & 0x80) != 0));
	json_object_set_new(o, "other", json_boolean((rd->rd_flags & 0x40) != 0));
	json_object_set_new(o, "preference", json_integer(rd->rd_pref));
	json_object_set_new(o, "installed", json_boolean(rd->rd_installed));
	ctl_put_int(o, "expire", (rd->rd_expire + NS_PER_S - 1) / NS_PER_S);
	ctl_list_add(arg, o);
}

static int
op_routers(struct ctl_request *rq)
{
	struct ctl_list l;
	int error;

	ctl_list_begin(rq, "routers", &l);
	if ((error = ctl_args(rq, "{}")) != 0)
		return error;
	vi_nd_routers(rq->rq_vnet, add_router, &l);
	return l.l_error;
}

static void
add_prefix(void *arg, const struct vi_nd_prefix *np)
{
	json_t *o = json_object();

	ctl_put_zoned(o, "prefix", &np->np_prefix, np->np_ifname);
	ctl_put_int(o, "prefixlen", np->np_prefixlen);
	ctl_put_text(o, "interface", np->np_ifname);
	if (np->np_router.sa_family != 0)
		ctl_put_zoned(o, "router", &np->np_router, np->np_ifname);
	json_object_set_new(o, "onlink", json_boolean(np->np_onlink));
	json_object_set_new(o, "autonomous", json_boolean(np->np_auto));
	if (np->np_vltime != VI_IFA_INFINITE)
		ctl_put_int(o, "vltime", np->np_vltime);
	if (np->np_pltime != VI_IFA_INFINITE)
		ctl_put_int(o, "pltime", np->np_pltime);
	if (np->np_expire != VI_IFA_INFINITE)
		ctl_put_int(o, "expire", np->np_expire);
	ctl_put_int(o, "addresses", np->np_naddrs);
	ctl_list_add(arg, o);
}

static int
op_prefixes(struct ctl_request *rq)
{
	struct ctl_list l;
	int error;

	ctl_list_begin(rq, "prefixes", &l);
	if ((error = ctl_args(rq, "{}")) != 0)
		return error;
	vi_nd_prefixes(rq->rq_vnet, add_prefix, &l);
	return l.l_error;
}

static void
add_dns(void *arg, const struct vi_nd_dns *dn)
{
	json_t *o = json_object();

	if (dn->dn_domain[0] != '\0')
		ctl_put_text(o, "domain", dn->dn_domain);
	else
		ctl_put_zoned(o, "server", &dn->dn_server, dn->dn_ifname);
	ctl_put_text(o, "interface", dn->dn_ifname);
	ctl_put_zoned(o, "router", &dn->dn_router, dn->dn_ifname);
	ctl_put_int(o, "expire", (dn->dn_expire + NS_PER_S - 1) / NS_PER_S);
	ctl_list_add(arg, o);
}

static int
op_dns(struct ctl_request *rq)
{
	struct ctl_list l;
	int error;

	ctl_list_begin(rq, "dns", &l);
	if ((error = ctl_args(rq, "{}")) != 0)
		return error;
	vi_nd_dns(rq->rq_vnet, add_dns, &l);
	return l.l_error;
}

static int
op_flush(struct ctl_request *rq)
{
	static const char *const names[] = { [VI_ND_ROUTERS] = "routers", [VI_ND_PREFIXES] = "prefixes", [VI_ND_SYNC] = "sync" };
	const char *what;
	int error;

	if ((error = ctl_args(rq, "{s:s}", "what", &what)) != 0 || (error = ctl_may(rq, VI_PRIV_NET_NEIGHBOR)) != 0)
		return error;
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(what, names[i]) == 0)
			return vi_nd_flush(rq->rq_vnet, (enum vi_nd_flush)i);
	return ctl_fail(rq, EINVAL, "%.20s: routers, prefixes or sync", what);
}

const struct ctl_op ctl_nd_ops[] = {
	{ "nd.routers", op_routers },
	{ "nd.prefixes", op_prefixes },
	{ "nd.dns", op_dns },
	{ "nd.flush", op_flush },
	{ NULL, NULL },
};
