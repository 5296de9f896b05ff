/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations on interfaces and their addresses: if.*, addr.*.
 *
 * Theory of operation.  Each operation takes its arguments, asks whether the caller may, calls the one
 * function of the stack that does it, and turns the errno into a sentence.  Those of the same shape (a
 * name and a text, a number, sets of flags) share a function.  Zones of IPv6 addresses are names of
 * interfaces outside and indices inside.
 */
#include <errno.h>
#include <string.h>

#include <vimage/ifnet.h>
#include <vimage/jail.h>

#include "daemon/ctl_arg.h"
#include "daemon/ctl_link.h"
#include "daemon/ctl_server.h"

/*
 * Listing.
 */
static void
put_lifetime(json_t *o, const char *key, uint32_t left)
{
	if (left != VI_IFA_INFINITE)
		ctl_put_int(o, key, left);
}

static json_t *
address(const struct vi_ifinfo *ii, const struct vi_ifaddr *ia)
{
	const bool inet6 = ia->ia_addr.sa_family == VI_AF_INET6;
	json_t *o = json_pack("{s:s}", "family", inet6 ? "inet6" : "inet");

	ctl_put_zoned(o, "address", &ia->ia_addr, ii->if_name);
	ctl_put_int(o, "prefixlen", ia->ia_prefixlen);
	ctl_put_addr(o, "broadcast", &ia->ia_broadcast);
	ctl_put_zoned(o, "destination", &ia->ia_dst, ii->if_name);
	if (inet6) {
		ctl_put_int(o, "flags", ia->ia_flags);
		if (ia->ia_addr.sa_scope != 0)
			ctl_put_int(o, "scopeid", ia->ia_addr.sa_scope);
		put_lifetime(o, "vltime", ia->ia_vltime);
		put_lifetime(o, "pltime", ia->ia_pltime);
	} else if (ia->ia_flags != 0) {		/* not in use (RFC 5227) */
		ctl_put_int(o, "flags", ia->ia_flags);
	}
	return o;
}

static json_t *
addresses(const struct vi_ifinfo *ii)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < ii->if_naddrs; i++)
		json_array_append_new(list, address(ii, &ii->if_addrs[i]));
	return list;
}

static json_t *
groups(const struct vi_ifinfo *ii)
{
	json_t *list = json_array();
	const char *p = ii->if_groups != NULL ? ii->if_groups : "";
	size_t len;

	for (; *p != '\0'; p += len + strspn(p + len, " ")) {
		len = strcspn(p, " ");
		if (len > 0)
			json_array_append_new(list, json_stringn(p, len));
	}
	return list;
}

static json_t *
counters(const struct vi_ifinfo *ii)
{
	json_t *o = json_object();

	ctl_put_int(o, "ipackets", ii->if_ipackets);
	ctl_put_int(o, "ibytes", ii->if_ibytes);
	ctl_put_int(o, "ierrors", ii->if_ierrors);
	ctl_put_int(o, "iqdrops", ii->if_iqdrops);
	ctl_put_int(o, "opackets", ii->if_opackets);
	ctl_put_int(o, "obytes", ii->if_obytes);
	ctl_put_int(o, "oerrors", ii->if_oerrors);
	ctl_put_int(o, "oqdrops", ii->if_oqdrops);
	ctl_put_int(o, "collisions", ii->if_collisions);
	ctl_put_int(o, "imcasts", ii->if_imcasts);
	ctl_put_int(o, "omcasts", ii->if_omcasts);
	return o;
}

static const char *
type_name(uint8_t type)
{
	return type == VI_IFT_ETHER ? "ether" : type == VI_IFT_LOOP ? "loop" : "other";
}

static void
add_interface(void *arg, const struct vi_ifinfo *ii)
{
	struct ctl_list *list = arg;
	json_t *o = json_object();

	ctl_put_text(o, "name", ii->if_name);
	ctl_put_text(o, "origname", ii->if_origname);
	ctl_put_text(o, "description", ii->if_descr);
	ctl_put_int(o, "index", ii->if_index);
	ctl_put_int(o, "flags", ii->if_flags);
	ctl_put_int(o, "nd6flags", ii->if_nd6flags);
	ctl_put_int(o, "mtu", ii->if_mtu);
	ctl_put_int(o, "linkmtu6", ii->if_linkmtu6);
	ctl_put_int(o, "metric", ii->if_metric);
	ctl_put_int(o, "capabilities", ii->if_caps);
	ctl_put_int(o, "fib", ii->if_fib);
	ctl_put_text(o, "type", type_name(ii->if_type));
	ctl_put_text(o, "driver", ii->if_driver);
	if (ii->if_addrlen == 6)
		ctl_put_mac(o, "lladdr", ii->if_lladdr);
	json_object_set_new(o, "linkup", json_boolean(ii->if_linkup));
	ctl_put_int(o, "home_vnet", ii->if_home_vnet);
	ctl_put_int(o, "peer_vnet", ii->if_peer_vnet);
	json_object_set_new(o, "groups", groups(ii));
	json_object_set_new(o, "addresses", addresses(ii));
	json_object_set_new(o, "stats", counters(ii));
	ctl_put_config(o, list->l_rq->rq_vnet, ii->if_name);
	ctl_put_link(o, list->l_rq->rq_vnet, ii->if_name);
	ctl_list_add(list, o);
}

static int
op_list(struct ctl_request *rq)
{
	const char *name = NULL;
	struct ctl_list list;
	int error;

	ctl_list_begin(rq, "interfaces", &list);
	if ((error = ctl_args(rq, "{s?s}", "name", &name)) != 0)
		return error;
	if (name == NULL) {
		vi_if_list(rq->rq_vnet, add_interface, &list);
		return list.l_error;
	}
	error = vi_if_get(rq->rq_vnet, name, add_interface, &list);
	return error == 0 ? 0 : ctl_fail(rq, error, "interface %.15s does not exist", name);
}

static void
add_cloner(void *arg, const char *name)
{
	ctl_list_add(arg, json_string(name));
}

static int
op_cloners(struct ctl_request *rq)
{
	struct ctl_list list;

	ctl_list_begin(rq, "cloners", &list);
	vi_if_cloners(rq->rq_kernel, add_cloner, &list);
	return ctl_args(rq, "{}");
}

/*
 * Changing.
 */
static int
report(struct ctl_request *rq, int error, const char *name)
{
	if (error == 0 || rq->rq_err[0] != '\0')
		return error;
	switch (error) {
	case ENXIO:
		return ctl_fail(rq, error, "interface %.15s does not exist", name);
	case EBUSY:
		return ctl_fail(rq, error, "%.15s: a stack that takes part is going away", name);
	default:
		return ctl_fail(rq, error, "%.15s: %s", name, strerrordesc_np(error));
	}
}

static int
op_create(struct ctl_request *rq)
{
	char name[VI_IFNAMSIZ];
	enum vi_priv priv;
	const char *type;
	int error;

	if ((error = ctl_args(rq, "{s:s}", "type", &type)) != 0 ||
	    (error = ctl_may(rq, VI_PRIV_NET_IFCREATE)) != 0)
		return error;
	if ((priv = vi_if_create_priv(type)) != VI_PRIV_MAX && (error = ctl_may(rq, priv)) != 0)
		return error;
	error = vi_if_create(rq->rq_vnet, type, name);
	if (error == EINVAL || error == ENXIO || error == ENOENT)
		return ctl_fail(rq, error, "%.15s: no such type of interface", type);
	if (error == EEXIST)
		return ctl_fail(rq, error, "%.15s: the interface exists already", type);
	if (error == 0)
		ctl_put_text(rq->rq_reply, "name", name);
	return report(rq, error, type);
}

/* Operations with a name alone. */
static int
op_destroy(struct ctl_request *rq)
{
	const char *name;
	int error;

	if ((error = ctl_args(rq, "{s:s}", "name", &name)) != 0 ||
	    (error = ctl_may(rq, VI_PRIV_NET_IFDESTROY)) != 0)
		return error;
	error = vi_if_destroy(rq->rq_vnet, name);
	if (error == EINVAL || error == EPERM || error == EOPNOTSUPP)
		return ctl_fail(rq, error, "%.15s cannot be destroyed", name);
	return report(rq, error, name);
}

/* Operations with a name and a text. */
static int
with_text(struct ctl_request *rq, enum vi_priv priv, const char *key,
    int (*fn)(struct ctl_request *, const char *name, const char *text))
{
	const char *name, *text;
	int error;

	if ((error = ctl_args(rq, "{s:s,s:s}", "name", &name, key, &text)) != 0 ||
	    (error = ctl_may(rq, priv)) != 0)
		return error;
	/* Others will have it on their terminals. */
	for (const char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return ctl_fail(rq, EINVAL, "%s: control characters are not possible", key);
	return report(rq, fn(rq, name, text), name);
}

static int
do_rename(struct ctl_request *rq, const char *name, const char *newname)
{
	int error = vi_if_rename(rq->rq_vnet, name, newname);

	if (error == EEXIST)
		return ctl_fail(rq, error, "%.15s: the name is taken", newname);
	if (error == EINVAL)
		return ctl_fail(rq, error, "%.40s: bad name for an interface", newname);
	if (error == 0)
		ctl_put_text(rq->rq_reply, "name", newname);
	return error;
}

static int
do_describe(struct ctl_request *rq, const char *name, const char *text)
{
	int error = vi_if_set_descr(rq->rq_vnet, name, text);

	if (error == EINVAL || error == ENAMETOOLONG)
		return ctl_fail(rq, error, "%.15s: the description is too long", name);
	return error;
}

static int
group_result(struct ctl_request *rq, int error, const char *name, const char *group)
{
	const size_t len = strlen(group);

	if (error == EINVAL && len > 0 && group[len - 1] >= '0' && group[len - 1] <= '9')
		return ctl_fail(rq, error, "setifgroup: group names may not end in a digit");
	if (error == EINVAL)
		return ctl_fail(rq, error, "%.40s: bad name for a group", group);
	if (error == ENOENT)
		return ctl_fail(rq, error, "%.15s is not in group %.40s", name, group);
	if (error == ENOSPC)
		return ctl_fail(rq, error, "%.15s is in too many groups", name);
	return error;
}

static int
do_addgroup(struct ctl_request *rq, const char *name, const char *group)
{
	const int error = vi_if_add_group(rq->rq_vnet, name, group);

	/* As in BSD it may be there already. */
	return group_result(rq, error == EEXIST ? 0 : error, name, group);
}

static int
do_delgroup(struct ctl_request *rq, const char *name, const char *group)
{
	return group_result(rq, vi_if_del_group(rq->rq_vnet, name, group), name, group);
}

static int
do_lladdr(struct ctl_request *rq, const char *name, const char *text)
{
	uint8_t mac[6];
	int error;

	if ((error = ctl_get_mac(rq, text, mac)) != 0)
		return error;
	error = vi_if_set_lladdr(rq->rq_vnet, name, mac, sizeof(mac));
	if (error == EINVAL)
		return ctl_fail(
		    rq, error, "%.15s cannot have the link-level address %s", name, text);
	return error;
}

/* The other stack is named as seen from the jail whose interfaces are worked on; it must be below
 * the caller. */
static int
other_vnet(struct ctl_request *rq, const char *jail, struct vi_vnet **vnp)
{
	int error, jid;

	error = vi_jail_find(rq->rq_kernel, rq->rq_jid, jail, &jid);
	if (error == 0 &&
	    (!vi_jail_visible(rq->rq_kernel, rq->rq_caller, jid) || jid == rq->rq_jid))
		error = ENOENT;
	if (error != 0)
		return ctl_fail(rq, ENOENT, "jail \"%.100s\" not found", jail);
	if (!vi_jail_owns_vnet(rq->rq_kernel, jid))
		return ctl_fail(rq, EINVAL, "jail \"%.100s\" has no network of its own", jail);
	*vnp = vi_jail_vnet(rq->rq_kernel, jid);
	return 0;
}

static int
do_move(struct ctl_request *rq, const char *name, const char *jail)
{
	struct vi_vnet *to = NULL;
	int error;

	if ((error = other_vnet(rq, jail, &to)) != 0)
		return error;
	error = vi_if_move(rq->rq_vnet, name, to);
	if (error == EEXIST)
		return ctl_fail(rq, error, "%.15s: the name is taken in jail %.100s", name, jail);
	return error;
}

static int
do_reclaim(struct ctl_request *rq, const char *name, const char *jail)
{
	struct vi_vnet *from = NULL;
	int error;

	if ((error = other_vnet(rq, jail, &from)) != 0)
		return error;
	error = vi_if_reclaim(from, name, rq->rq_vnet);
	if (error == EEXIST)
		return ctl_fail(rq, error, "%.15s: the name is taken here", name);
	if (error == ENXIO)
		return ctl_fail(rq, error, "jail %.100s has no interface %.15s", jail, name);
	return error;
}

static int
op_rename(struct ctl_request *rq)
{
	return with_text(rq, VI_PRIV_NET_IFSET, "newname", do_rename);
}

static int
op_description(struct ctl_request *rq)
{
	return with_text(rq, VI_PRIV_NET_IFSET, "description", do_describe);
}

static int
op_addgroup(struct ctl_request *rq)
{
	return with_text(rq, VI_PRIV_NET_IFSET, "group", do_addgroup);
}

static int
op_delgroup(struct ctl_request *rq)
{
	return with_text(rq, VI_PRIV_NET_IFSET, "group", do_delgroup);
}

static int
op_lladdr(struct ctl_request *rq)
{
	return with_text(rq, VI_PRIV_NET_IFSET, "lladdr", do_lladdr);
}

static int
op_move(struct ctl_request *rq)
{
	return with_text(rq, VI_PRIV_NET_IFMOVE, "to", do_move);
}

static int
op_reclaim(struct ctl_request *rq)
{
	return with_text(rq, VI_PRIV_NET_IFMOVE, "from", do_reclaim);
}

/* Operations with a name and a number. */
static int
with_number(struct ctl_request *rq, const char *key,
    int (*fn)(struct vi_vnet *, const char *, uint32_t))
{
	const char *name;
	json_int_t n;
	int error;

	if ((error = ctl_args(rq, "{s:s,s:I}", "name", &name, key, &n)) != 0 ||
	    (error = ctl_range(rq, key, n, 0, UINT32_MAX)) != 0 ||
	    (error = ctl_may(rq, VI_PRIV_NET_IFSET)) != 0)
		return error;
	error = fn(rq->rq_vnet, name, (uint32_t)n);
	if (error == EINVAL)
		return ctl_fail(
		    rq, error, "%.15s: a %s of %lld is not possible", name, key, (long long)n);
	return report(rq, error, name);
}

static int
op_mtu(struct ctl_request *rq)
{
	return with_number(rq, "mtu", vi_if_set_mtu);
}

static int
op_metric(struct ctl_request *rq)
{
	return with_number(rq, "metric", vi_if_set_metric);
}

static int
op_fib(struct ctl_request *rq)
{
	return with_number(rq, "fib", vi_if_set_fib);
}

/*
 * Flags.
 */
struct flag {
	const char	*fl_name;
	uint32_t	 fl_bit;
};

static int
get_flags(struct ctl_request *rq, const struct flag *table, const json_t *names, uint32_t *flags)
{
	const struct flag *fl;
	const char *name;
	size_t i;
	json_t *o;

	json_array_foreach(names, i, o) {
		name = json_string_value(o);
		for (fl = table; fl->fl_name != NULL; fl++)
			if (name != NULL && strcmp(name, fl->fl_name) == 0)
				break;
		if (fl->fl_name == NULL)
			return ctl_fail(rq, EINVAL, "unknown flag");
		*flags |= fl->fl_bit;
	}
	return 0;
}

static int
with_flags(struct ctl_request *rq, const struct flag *table,
    int (*fn)(struct vi_vnet *, const char *, uint32_t set, uint32_t clear))
{
	json_t *setnames = NULL, *clearnames = NULL;
	uint32_t set = 0, clear = 0;
	const char *name;
	int error;

	if ((error = ctl_args(rq, "{s:s,s?o,s?o}", "name", &name, "set", &setnames, "clear",
		 &clearnames)) != 0 ||
	    (error = get_flags(rq, table, setnames, &set)) != 0 ||
	    (error = get_flags(rq, table, clearnames, &clear)) != 0 ||
	    (error = ctl_may(rq, VI_PRIV_NET_IFSET)) != 0)
		return error;
	return report(rq, fn(rq->rq_vnet, name, set, clear), name);
}

static int
op_flags(struct ctl_request *rq)
{
	static const struct flag table[] = {
		{ "up", VI_IFF_UP },
		{ "promisc", VI_IFF_PROMISC },
		{ "noarp", VI_IFF_NOARP },
		{ "debug", VI_IFF_DEBUG },
		{ "monitor", VI_IFF_MONITOR },
		{ "staticarp", VI_IFF_STATICARP },
		{ NULL, 0 },
	};

	return with_flags(rq, table, vi_if_set_flags);
}

static int
op_capabilities(struct ctl_request *rq)
{
	static const struct flag table[] = {
		{ "rxcsum", VI_IFCAP_RXCSUM },
		{ "rxcsum6", VI_IFCAP_RXCSUM6 },
		{ "txcsum", VI_IFCAP_TXCSUM },
		{ "txcsum6", VI_IFCAP_TXCSUM6 },
		{ "tso", VI_IFCAP_TSO4 | VI_IFCAP_TSO6 },
		{ "tso4", VI_IFCAP_TSO4 },
		{ "tso6", VI_IFCAP_TSO6 },
		{ "lro", VI_IFCAP_LRO },
		{ NULL, 0 },
	};

	return with_flags(rq, table, vi_if_set_caps);
}

static int
op_nd6flags(struct ctl_request *rq)
{
	static const struct flag table[] = {
		{ "nud", VI_ND6_IFF_PERFORMNUD },
		{ "accept_rtadv", VI_ND6_IFF_ACCEPT_RTADV },
		{ "ifdisabled", VI_ND6_IFF_IFDISABLED },
		{ "auto_linklocal", VI_ND6_IFF_AUTO_LINKLOCAL },
		{ "no_radr", VI_ND6_IFF_NO_RADR },
		{ "no_prefer_iface", VI_ND6_IFF_NO_PREFER_IFACE },
		{ "no_dad", VI_ND6_IFF_NO_DAD },
		{ "defaultif", VI_ND6_IFF_DEFAULTIF },
		{ "stableaddr", VI_ND6_IFF_STABLEADDR },
		{ NULL, 0 },
	};

	return with_flags(rq, table, vi_if_set_nd6);
}

/*
 * Addresses.
 */
static void
take_eui64(void *arg, const struct vi_ifinfo *ii)
{
	const uint8_t *m = ii->if_lladdr;
	const uint8_t id[8] = { m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5] };

	if (ii->if_addrlen == 6)
		memcpy(arg, id, sizeof(id));
}

/* The interface identifier from the link address (RFC 4291 appendix A). */
static int
put_eui64(struct ctl_request *rq, const char *name, struct vi_ifaddr *ia)
{
	static const uint8_t none[8];
	int error;

	if (ia->ia_addr.sa_family != VI_AF_INET6 || memcmp(ia->ia_addr.sa_in6 + 8, none, 8) != 0)
		return ctl_fail(rq, EINVAL, "eui64: the lower 64 bits must be zero");
	error = vi_if_get(rq->rq_vnet, name, take_eui64, ia->ia_addr.sa_in6 + 8);
	if (error == 0 && memcmp(ia->ia_addr.sa_in6 + 8, none, 8) == 0)
		return ctl_fail(rq, EINVAL, "%.15s has no link-level address", name);
	return error;
}

/* What IPv6 has alone. */
struct addr6_args {
	json_int_t	 a6_vltime, a6_pltime;
	json_t		*a6_flags;
	int		 a6_eui64;
};

static int
get_addr6(struct ctl_request *rq, const char *name, const struct addr6_args *a6,
    struct vi_ifaddr *ia)
{
	static const struct flag table[] = {
		{ "anycast", VI_IN6_IFF_ANYCAST },
		{ "deprecated", VI_IN6_IFF_DEPRECATED },
		{ "no_dad", VI_IN6_IFF_NODAD },
		{ "autoconf", VI_IN6_IFF_AUTOCONF },
		{ "temporary", VI_IN6_IFF_TEMPORARY },
		{ "prefer_source", VI_IN6_IFF_PREFER_SOURCE },
		{ NULL, 0 },
	};
	int error;

	if ((error = ctl_range(rq, "vltime", a6->a6_vltime, 0, UINT32_MAX)) != 0 ||
	    (error = ctl_range(rq, "pltime", a6->a6_pltime, 0, UINT32_MAX)) != 0 ||
	    (error = get_flags(rq, table, a6->a6_flags, &ia->ia_flags)) != 0 ||
	    (a6->a6_eui64 && (error = put_eui64(rq, name, ia)) != 0))
		return error;
	ia->ia_vltime = (uint32_t)a6->a6_vltime;
	ia->ia_pltime = (uint32_t)a6->a6_pltime;
	if (ia->ia_addr.sa_family != VI_AF_INET6 &&
	    (ia->ia_flags | ia->ia_vltime | ia->ia_pltime) != 0)
		return ctl_fail(rq, EINVAL, "flags and lifetimes are for IPv6 addresses");
	return 0;
}

static int
get_ifaddr(struct ctl_request *rq, const char **name, struct vi_ifaddr *ia, int *alias)
{
	const char *addr, *bcast = NULL, *dst = NULL;
	struct addr6_args a6 = { .a6_flags = NULL };
	json_int_t len = 0xff;
	int error;

	memset(ia, 0, sizeof(*ia));
	if ((error = ctl_args(rq, "{s:s,s:s,s?I,s?s,s?s,s?b,s?I,s?I,s?o,s?b}", "name", name,
		 "address", &addr, "prefixlen", &len, "broadcast", &bcast, "destination", &dst,
		 "alias", alias, "vltime", &a6.a6_vltime, "pltime", &a6.a6_pltime, "flags",
		 &a6.a6_flags, "eui64", &a6.a6_eui64)) != 0 ||
	    (error = ctl_get_addr(rq, "address", addr, &ia->ia_addr)) != 0 ||
	    (error = ctl_get_addr(rq, "broadcast", bcast, &ia->ia_broadcast)) != 0 ||
	    (error = ctl_get_addr(rq, "destination", dst, &ia->ia_dst)) != 0 ||
	    (error = get_addr6(rq, *name, &a6, ia)) != 0)
		return error;
	ia->ia_prefixlen = (uint8_t)len;
	return len == 0xff ? 0 :
	    ctl_range(rq, "prefixlen", len, 0, ia->ia_addr.sa_family == VI_AF_INET6 ? 128 : 32);
}

static int
op_addr_add(struct ctl_request *rq)
{
	const char *name = NULL, *addr;
	struct vi_ifaddr ia;
	int alias = 0, error;

	if ((error = get_ifaddr(rq, &name, &ia, &alias)) != 0 ||
	    (error = ctl_may(rq, VI_PRIV_NET_IFADDR)) != 0)
		return error;
	addr = json_string_value(json_object_get(rq->rq_args, "address"));
	error = vi_if_addr_add(rq->rq_vnet, name, &ia, alias != 0);
	if (error == EEXIST)
		return ctl_fail(rq, error, "%s exists already", addr);
	if (error == EINVAL)
		return ctl_fail(rq, error, "%.15s cannot have the address %s", name, addr);
	return report(rq, error, name);
}

static int
op_addr_delete(struct ctl_request *rq)
{
	const char *name, *addr;
	struct vi_sockaddr sa;
	int error;

	if ((error = ctl_args(rq, "{s:s,s:s}", "name", &name, "address", &addr)) != 0 ||
	    (error = ctl_get_addr(rq, "address", addr, &sa)) != 0 ||
	    (error = ctl_may(rq, VI_PRIV_NET_IFADDR)) != 0)
		return error;
	error = vi_if_addr_del(rq->rq_vnet, name, &sa);
	if (error == EADDRNOTAVAIL)
		return ctl_fail(rq, error, "%.15s has no address %s", name, addr);
	return report(rq, error, name);
}

const struct ctl_op ctl_if_ops[] = {
	{ "if.list", op_list },
	{ "if.cloners", op_cloners },
	{ "if.create", op_create },
	{ "if.destroy", op_destroy },
	{ "if.rename", op_rename },
	{ "if.flags", op_flags },
	{ "if.capabilities", op_capabilities },
	{ "if.nd6flags", op_nd6flags },
	{ "if.mtu", op_mtu },
	{ "if.metric", op_metric },
	{ "if.fib", op_fib },
	{ "if.lladdr", op_lladdr },
	{ "if.description", op_description },
	{ "if.addgroup", op_addgroup },
	{ "if.delgroup", op_delgroup },
	{ "if.move", op_move },
	{ "if.reclaim", op_reclaim },
	{ "addr.add", op_addr_add },
	{ "addr.delete", op_addr_delete },
	{ NULL, NULL },
};
