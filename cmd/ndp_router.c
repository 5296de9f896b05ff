/* SPDX-License-Identifier: BSD-2-Clause */
/* ndp(8): what routers advertised, and the prefixes of addresses. */
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include <vimage/ifnet.h>

#include "cmd/ndp.h"
#include "cmd/xo.h"

/* Asks for a list and shows each of it. */
static int
ndp_list(struct ndp *n, const char *op, const char *member, const char *list, void (*emit)(struct ndp *, const json_t *))
{
	json_t *r, *one;
	size_t i;

	if (cmd_call(n->n_cx, json_pack("{s:s}", "op", op), &r) != 0)
		return 1;
	xo_open_container(n->n_xo, "ndp");
	xo_open_list(n->n_xo, list);
	json_array_foreach(json_object_get(r, member), i, one)
		emit(n, one);
	xo_close(n->n_xo);
	xo_close(n->n_xo);
	json_decref(r);
	return 0;
}

static void
emit_router(struct ndp *n, const json_t *rd)
{
	static const char *const prefs[] = { "low", "medium", "high" };
	char name[NI_MAXHOST], buf[48], flags[3] = "", *f = flags;
	json_int_t pref = cmd_int(rd, "preference"), expire = cmd_int(rd, "expire");

	if (cmd_bool(rd, "managed"))
		*f++ = 'M';
	if (cmd_bool(rd, "other"))
		*f++ = 'O';
	*f = '\0';
	ndp_name(n, cmd_str(rd, "address"), name, sizeof(name));
	xo_open_instance(n->n_xo);
	xo_emit(n->n_xo, "{:address/%s} if={:interface/%s}, flags={:flags/%s}, pref={:preference/%s}, ", name,
	    cmd_str(rd, "interface"), flags,
	    pref >= -1 && pref <= 1 ? prefs[pref + 1] : "?");
	if (expire == 0)
		xo_emit(n->n_xo, "expire={d:x/%s}{en:permanent/true}\n", "Never");
	else
		xo_emit(n->n_xo, "expire={d:x/%s}{e:expires_sec/%jd}\n", ndp_duration(expire, buf, sizeof(buf)), (intmax_t)expire);
	xo_close(n->n_xo);
}

int
ndp_routers(struct ndp *n)
{
	return ndp_list(n, "nd.routers", "routers", "router-list", emit_router);
}

/* Without the key: for ever. */
static const char *
lifetime(const json_t *np, const char *key, char *buf, size_t len)
{
	if (json_object_get(np, key) == NULL)
		snprintf(buf, len, "infinity");
	else
		snprintf(buf, len, "%jd", (intmax_t)cmd_int(np, key));
	return buf;
}

static void
emit_prefix(struct ndp *n, const json_t *np)
{
	const bool expires = json_object_get(np, "expire") != NULL;
	char name[NI_MAXHOST], flags[4] = "", *f = flags, vl[24], pl[24], expire[48] = "Never", prefix[64];

	if (cmd_bool(np, "onlink"))
		*f++ = 'L';
	if (cmd_bool(np, "autonomous"))
		*f++ = 'A';
	if (cmd_bool(np, "onlink"))
		*f++ = 'O';
	*f = '\0';
	if (expires)
		ndp_duration(cmd_int(np, "expire"), expire, sizeof(expire));
	snprintf(prefix, sizeof(prefix), "%s/%d", cmd_str(np, "prefix"), (int)cmd_int(np, "prefixlen"));
	xo_open_instance(n->n_xo);
	xo_emit(n->n_xo, "{:prefix/%s} if={:interface/%s}\n", prefix, cmd_str(np, "interface"));
	xo_emit(n->n_xo, "flags={:flags/%s} vltime={:valid-lifetime/%s}, pltime={:preferred-lifetime/%s}, expire={d:expire/%s}, ", flags,
	    lifetime(np, "vltime", vl, sizeof(vl)), lifetime(np, "pltime", pl, sizeof(pl)), expire);
	if (expires)
		xo_emit(n->n_xo, "{e:expires_sec/%jd}", (intmax_t)cmd_int(np, "expire"));
	else
		xo_emit(n->n_xo, "{en:permanent/true}");
	xo_emit(n->n_xo, "ref={:references/%jd}\n", (intmax_t)cmd_int(np, "addresses"));
	if (json_object_get(np, "router") == NULL)
		xo_emit(n->n_xo, "  No advertising router\n");
	else {
		ndp_name(n, cmd_str(np, "router"), name, sizeof(name));
		xo_emit(n->n_xo, "  advertised by\n    {:router/%s}\n", name);
	}
	xo_close(n->n_xo);
}

int
ndp_prefixes(struct ndp *n)
{
	return ndp_list(n, "nd.prefixes", "prefixes", "prefix-list", emit_prefix);
}

static void
emit_dns(struct ndp *n, const json_t *dn)
{
	const bool domain = json_object_get(dn, "domain") != NULL;
	const json_int_t expire = cmd_int(dn, "expire");
	char name[NI_MAXHOST], buf[48];

	xo_open_instance(n->n_xo);
	if (domain)
		xo_emit(n->n_xo, "search {:domain/%s}", cmd_str(dn, "domain"));
	else
		xo_emit(n->n_xo, "nameserver {:server/%s}", cmd_str(dn, "server"));
	xo_emit(n->n_xo, " if={:interface/%s}, expire=", cmd_str(dn, "interface"));
	if (expire == 0)
		xo_emit(n->n_xo, "{d:x/%s}{en:permanent/true}\n", "Never");
	else
		xo_emit(n->n_xo, "{d:x/%s}{e:expires_sec/%jd}\n", ndp_duration(expire, buf, sizeof(buf)), (intmax_t)expire);
	ndp_name(n, cmd_str(dn, "router"), name, sizeof(name));
	xo_emit(n->n_xo, "  advertised by\n    {:router/%s}\n", name);
	xo_close(n->n_xo);
}

int
ndp_dns(struct ndp *n)
{
	return ndp_list(n, "nd.dns", "dns", "dns-list", emit_dns);
}

int
ndp_flush(const struct ndp *n)
{
	const char *what = n->n_verb == 'P' ? "prefixes" : n->n_verb == 'R' ? "routers" : "sync";

	return cmd_call(n->n_cx, json_pack("{s:s,s:s}", "op", "nd.flush", "what", what), NULL) != 0;
}

/* The name of the interface that is taken where no router is known; "" none. */
static int
find_defaultif(const struct ndp *n, char *name, size_t len)
{
	json_t *r, *ifp;
	size_t i;

	name[0] = '\0';
	if (cmd_call(n->n_cx, json_pack("{s:s}", "op", "if.list"), &r) != 0)
		return 1;
	json_array_foreach(json_object_get(r, "interfaces"), i, ifp)
		if ((cmd_int(ifp, "nd6flags") & VI_ND6_IFF_DEFAULTIF) != 0)
			snprintf(name, len, "%s", cmd_str(ifp, "name"));
	json_decref(r);
	return 0;
}

int
ndp_defaultif(const struct ndp *n, const char *word)
{
	const bool delete = word != NULL && strcmp(word, "delete") == 0;
	char name[VI_IFNAMSIZ];

	if ((word == NULL || delete) && find_defaultif(n, name, sizeof(name)) != 0)
		return 1;
	if (word == NULL) {
		if (name[0] == '\0')
			printf("No default interface.\n");
		else
			printf("Default interface = %s\n", name);
		return 0;
	}
	if (delete && name[0] == '\0')
		return 0;
	return cmd_call(n->n_cx, json_pack("{s:s,s:s,s:[s]}", "op", "if.nd6flags", "name", delete ? name : word,
	    delete ? "clear" : "set", "defaultif"), NULL) != 0;
}
