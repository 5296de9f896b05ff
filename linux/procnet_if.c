/* SPDX-License-Identifier: BSD-2-Clause */
/* Interfaces, their addresses of IPv6 and the groups they listen to. */
#include "linux/procnet_int.h"
#include "linux/ifinfo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>

#include <vimage/ifnet.h>
#include <vimage/route.h>

static void
dev_each(void *arg, const struct vi_ifinfo *info)
{
	pn_printf(arg, "%6s: %7ju %7ju %4ju %4ju %4u %5u %10u %9ju %8ju %7ju %4ju %4ju %4u %5ju %7u %10u\n", info->if_name,
	    (uintmax_t)info->if_ibytes, (uintmax_t)info->if_ipackets, (uintmax_t)info->if_ierrors, (uintmax_t)info->if_iqdrops, 0, 0, 0,
	    (uintmax_t)info->if_imcasts, (uintmax_t)info->if_obytes, (uintmax_t)info->if_opackets, (uintmax_t)info->if_oerrors,
	    (uintmax_t)info->if_oqdrops, 0, (uintmax_t)info->if_collisions, 0, 0);
}

void
procnet_dev(struct procnet *pn)
{
	pn_printf(pn, "Inter-|   Receive                                                |  Transmit\n"
	    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n");
	vi_if_list(pn->pn_vnet, dev_each, pn);
}

/* Linux's scopes of unicast addresses. */
static unsigned
scope6(const uint8_t a[16])
{
	static const uint8_t zero[12];

	if (a[0] == 0xfe && (a[1] & 0x80) != 0)	/* RFC 4291 2.5.6, RFC 3879 */
		return ((a[1] & 0x40) == 0 ? 0x20 : 0x40);	/* of the link, of the site */
	if (memcmp(a, zero, sizeof(zero)) == 0)
		return (a[12] == 0 && a[13] == 0 && a[14] == 0 && a[15] == 1 ? 0x10 : 0x80);	/* of the host; IPv4 in it, as it was once */
	return (0);
}

static void
inet6_each(void *arg, const struct vi_ifinfo *info)
{
	for (uint32_t i = 0; i < info->if_naddrs; i++) {
		const struct vi_ifaddr *ia = &info->if_addrs[i];

		if (ia->ia_addr.sa_family != VI_AF_INET6)
			continue;
		pn_hex(arg, ia->ia_addr.sa_in6, 16);
		pn_printf(arg, " %02x %02x %02x %02x %8s\n", info->if_index, ia->ia_prefixlen, scope6(ia->ia_addr.sa_in6),
		    ifinfo_addrflags(ia) & 0xff, info->if_name);
	}
}

void
procnet_if_inet6(struct procnet *pn)
{
	vi_if_list(pn->pn_vnet, inet6_each, pn);
}

/*
 * Groups.  The stack tells of those of one interface one after the other; they are kept, because what comes first is how many there are, and what links
 * listen to is of both families.  Behind them are those that every interface is a member of without being told of (RFC 1112 7.2, RFC 4291 2.8).
 */
struct group {
	char	 gr_ifname[VI_IFNAMSIZ];
	uint8_t	 gr_addr[16];
	uint8_t	 gr_version;
	uint32_t gr_users;
};

struct groups {
	struct procnet	*gs_pn;
	uint8_t		 gs_family;
	struct group	*gs_group;
	size_t		 gs_n, gs_room;
	size_t		 gs_at;		/* where the next interface's are likely to be */
	void		(*gs_fn)(struct procnet *, uint8_t family, const struct vi_ifinfo *, const struct group *, size_t n);
};
#define NBORN	2	/* of these */

static struct group *
groups_add(struct groups *gs)
{
	const size_t room = gs->gs_room == 0 ? 32 : gs->gs_room * 2;
	struct group *more;

	if (gs->gs_n == gs->gs_room) {
		if ((more = realloc(gs->gs_group, room * sizeof(*more))) == NULL) {
			gs->gs_pn->pn_error = ENOMEM;
			return (NULL);
		}
		gs->gs_group = more;
		gs->gs_room = room;
	}
	return (&gs->gs_group[gs->gs_n++]);
}

static void
groups_each(void *arg, const struct vi_group *vg)
{
	struct groups *gs = arg;
	struct group *gr;

	if (vg->vg_group.sa_family != gs->gs_family || (gr = groups_add(gs)) == NULL)
		return;
	*gr = (struct group){ .gr_version = vg->vg_version, .gr_users = vg->vg_members };
	memcpy(gr->gr_ifname, vg->vg_ifname, sizeof(gr->gr_ifname));
	memcpy(gr->gr_addr, vg->vg_group.sa_bytes, sizeof(gr->gr_addr));
}

/* An interface's, *n of them, which follow each other. */
static const struct group *
groups_of(struct groups *gs, const char *ifname, size_t *n)
{
	size_t i, at = 0;

	*n = 0;
	for (i = 0; i < gs->gs_n; i++) {
		at = (gs->gs_at + i) % gs->gs_n;
		if (strcmp(gs->gs_group[at].gr_ifname, ifname) == 0)
			break;
	}
	if (i == gs->gs_n)
		return (NULL);
	while (at > 0 && strcmp(gs->gs_group[at - 1].gr_ifname, ifname) == 0)
		at--;
	while (at + *n < gs->gs_n && strcmp(gs->gs_group[at + *n].gr_ifname, ifname) == 0)
		++*n;
	gs->gs_at = at + *n;
	return (&gs->gs_group[at]);
}

/* Adds those that nobody joined; how many there are then. */
static size_t
groups_born(uint8_t family, const struct vi_ifinfo *info, struct group *gr, size_t n)
{
	static const uint8_t born4[NBORN][16] = { { 224, 0, 0, 1 } };
	static const uint8_t born6[NBORN][16] = { { 0xff, 0x02, [15] = 1 }, { 0xff, 0x01, [15] = 1 } };
	const bool six = family == VI_AF_INET6;
	size_t j;

	if ((info->if_flags & VI_IFF_UP) == 0 || (info->if_flags & (VI_IFF_MULTICAST | VI_IFF_LOOPBACK)) == 0 ||
	    (six && (info->if_nd6flags & VI_ND6_IFF_IFDISABLED) != 0))
		return (n);
	for (unsigned i = 0; i < (six ? NBORN : 1); i++) {
		const uint8_t *addr = six ? born6[i] : born4[i];

		for (j = 0; j < n && memcmp(gr[j].gr_addr, addr, 16) != 0; j++)
			;
		if (j < n)
			continue;
		gr[n] = (struct group){ .gr_version = n > 0 ? gr[0].gr_version : 0, .gr_users = 1 };
		memcpy(gr[n++].gr_addr, addr, 16);
	}
	return (n);
}

static void
groups_if(void *arg, const struct vi_ifinfo *info)
{
	struct groups *gs = arg;
	size_t n;
	const struct group *had = groups_of(gs, info->if_name, &n);
	struct group *gr = calloc(n + NBORN, sizeof(*gr));

	if (gr == NULL) {
		gs->gs_pn->pn_error = ENOMEM;
		return;
	}
	if (n > 0)
		memcpy(gr, had, n * sizeof(*gr));
	if ((n = groups_born(gs->gs_family, info, gr, n)) > 0)
		gs->gs_fn(gs->gs_pn, gs->gs_family, info, gr, n);
	free(gr);
}

/* Those of one family, each interface's at once. */
static void
groups_walk(struct procnet *pn, uint8_t family, void (*fn)(struct procnet *, uint8_t, const struct vi_ifinfo *, const struct group *, size_t))
{
	struct groups gs = { .gs_pn = pn, .gs_family = family, .gs_fn = fn };

	vi_group_list(pn->pn_vnet, groups_each, &gs);
	vi_if_list(pn->pn_vnet, groups_if, &gs);
	free(gs.gs_group);
}

static void
igmp_if(struct procnet *pn, uint8_t family, const struct vi_ifinfo *info, const struct group *gr, size_t n)
{
	uint32_t addr;

	(void)family;
	pn_printf(pn, "%u\t%-10s: %5zu %7s\n", info->if_index, info->if_name, n, gr->gr_version == 1 ? "V1" : gr->gr_version == 2 ? "V2" : "V3");
	for (; n > 0; n--, gr++) {
		memcpy(&addr, gr->gr_addr, sizeof(addr));
		pn_printf(pn, "\t\t\t\t%08X %5u %d:%08X\t\t%d\n", addr, gr->gr_users, 0, 0, 0);
	}
}

void
procnet_igmp(struct procnet *pn)
{
	pn_printf(pn, "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n");
	groups_walk(pn, VI_AF_INET, igmp_if);
}

/* Linux's flags of a group: routers are not told of all nodes and what is the host's alone, and links listen to those beyond it. */
static unsigned
group6_flags(const uint8_t a[16])
{
	static const uint8_t allnodes[16] = { 0xff, 0x02, [15] = 1 };
	const unsigned quiet = 0x8, loaded = 0x4;

	if ((a[1] & 0x0f) < 2)
		return (quiet);
	return (memcmp(a, allnodes, sizeof(allnodes)) == 0 ? quiet | loaded : loaded);
}

static void
igmp6_if(struct procnet *pn, uint8_t family, const struct vi_ifinfo *info, const struct group *gr, size_t n)
{
	(void)family;
	for (; n > 0; n--, gr++) {
		pn_printf(pn, "%-4u %-15s ", info->if_index, info->if_name);
		pn_hex(pn, gr->gr_addr, 16);
		pn_printf(pn, " %5u %08X %d\n", gr->gr_users, group6_flags(gr->gr_addr), 0);
	}
}

void
procnet_igmp6(struct procnet *pn)
{
	groups_walk(pn, VI_AF_INET6, igmp6_if);
}

/* Addresses of the link that groups have there (RFC 1112 6.4, RFC 2464 7), each with how many have it. */
struct link_group { uint8_t lg_addr[6]; unsigned lg_n; };

static void
link_groups(struct procnet *pn, uint8_t family, const struct vi_ifinfo *info, const struct group *gr, size_t n)
{
	size_t m = 0, i, j;
	struct link_group *lg;

	if (info->if_type != VI_IFT_ETHER)
		return;
	if ((lg = calloc(n, sizeof(*lg))) == NULL) {
		pn->pn_error = ENOMEM;
		return;
	}
	for (i = 0; i < n; i++) {
		if (family == VI_AF_INET6 && (gr[i].gr_addr[1] & 0x0f) < 2)
			continue;	/* it does not leave the host */
		const uint8_t *a = gr[i].gr_addr, v4[6] = { 0x01, 0x00, 0x5e, a[1] & 0x7f, a[2], a[3] }, v6[6] = { 0x33, 0x33, a[12], a[13], a[14], a[15] };
		const uint8_t *addr = family == VI_AF_INET6 ? v6 : v4;

		for (j = 0; j < m && memcmp(lg[j].lg_addr, addr, 6) != 0; j++)
			;
		memcpy(lg[j].lg_addr, addr, 6);
		lg[j].lg_n++;
		m += j == m;
	}
	for (j = 0; j < m; j++) {
		pn_printf(pn, "%-4u %-15s %-5u %-5d ", info->if_index, info->if_name, lg[j].lg_n, 0);
		pn_hex(pn, lg[j].lg_addr, 6);
		pn_printf(pn, "\n");
	}
	free(lg);
}

void
procnet_dev_mcast(struct procnet *pn)
{
	groups_walk(pn, VI_AF_INET, link_groups);
	groups_walk(pn, VI_AF_INET6, link_groups);
}

/* Sources of groups that somebody asked for, or did not want. */

static void
source4_each(void *arg, const struct vi_group *vg)
{
	struct procnet *pn = arg;
	const uint32_t index = vg->vg_group.sa_family == VI_AF_INET ? ifinfo_index(pn->pn_vnet, vg->vg_ifname) : 0;

	for (uint32_t i = 0; index != 0 && i < vg->vg_numsrc && i < VI_GROUP_MAXSRC; i++)
		pn_printf(pn, "%3u %6.6s 0x%08x 0x%08x %6d %6d\n", index, vg->vg_ifname, ntohl(vg->vg_group.sa_in), ntohl(vg->vg_slist[i].sa_in),
		    vg->vg_include, !vg->vg_include);
}

void
procnet_mcfilter(struct procnet *pn)
{
	pn_printf(pn, "Idx Device        MCA        SRC    INC    EXC\n");
	vi_group_list(pn->pn_vnet, source4_each, pn);
}

static void
source6_each(void *arg, const struct vi_group *vg)
{
	struct procnet *pn = arg;
	const uint32_t index = vg->vg_group.sa_family == VI_AF_INET6 ? ifinfo_index(pn->pn_vnet, vg->vg_ifname) : 0;

	for (uint32_t i = 0; index != 0 && i < vg->vg_numsrc && i < VI_GROUP_MAXSRC; i++) {
		pn_printf(pn, "%3u %6.6s ", index, vg->vg_ifname);
		pn_hex(pn, vg->vg_group.sa_in6, 16);
		pn_printf(pn, " ");
		pn_hex(pn, vg->vg_slist[i].sa_in6, 16);
		pn_printf(pn, " %6d %6d\n", vg->vg_include, !vg->vg_include);
	}
}

void
procnet_mcfilter6(struct procnet *pn)
{
	pn_printf(pn, "Idx Device                Multicast Address                   Source Address    INC    EXC\n");
	vi_group_list(pn->pn_vnet, source6_each, pn);
}
