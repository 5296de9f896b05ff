/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of bridges in ifconfig(8), and what is shown of a bridge.
 */
#include <errno.h>
#include <string.h>

#include "base/bitstr.h"
#include "base/sbuf.h"
#include "mbuf/mbuf.h"
#include "net/if_bridge.h"
#include "net/if_conf.h"

#define MAXADDR	1000000u	/* that may be learned */

static struct bridge *
bridge_sc(const struct ifnet *ifp)
{
	return (ifp->if_softc);
}

static int
get_member(struct ifnet *ifp, const char *name, struct bridge_port **bpp, char *err)
{
	if ((*bpp = bridge_member(bridge_sc(ifp), name)) == NULL)
		return (ifopt_fail(err, ENOENT, "%s is not a member of %s", name, ifp->if_xname));
	return (0);
}

static int
get_mac(const char *text, uint8_t mac[ETHER_ADDR_LEN], char *err)
{
	if (ether_addr_pton(text, mac) != 0 || ether_multicast(mac))
		return (ifopt_fail(err, EINVAL, "%s: not the address of a station", text));
	return (0);
}

/* Members */

static int
opt_addm(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	struct ifnet *other;
	int error;

	(void)argc;
	if ((error = ifopt_interface(ifp, argv[0], &other, err)) != 0)
		return (error);
	return (io->io_arg == IFBIF_SPAN ? bridge_addspan(bridge_sc(ifp), other, err) : bridge_addmember(bridge_sc(ifp), other, err));
}

static int
opt_deletem(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	struct bridge_port *bp;
	int error;

	(void)io, (void)argc;
	if ((error = get_member(ifp, argv[0], &bp, err)) == 0)
		bridge_remove(bp);
	return (error);
}

static int
opt_unspan(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	struct bridge_port *bp;

	(void)io, (void)argc;
	TAILQ_FOREACH(bp, &bridge_sc(ifp)->sc_spans, bp_link)
		if (strcmp(bp->bp_ifp->if_xname, argv[0]) == 0) {
			bridge_remove(bp);
			return (0);
		}
	return (ifopt_fail(err, ENOENT, "%s is not a span of %s", argv[0], ifp->if_xname));
}

/* A flag of a member: io_arg. */
static int
opt_flag(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	struct bridge_port *bp;
	int error;

	(void)argc;
	if ((error = get_member(ifp, argv[0], &bp, err)) != 0)
		return (error);
	if (io->io_name[0] == '-')
		bp->bp_flags &= ~(uint32_t)io->io_arg;
	else
		bp->bp_flags |= (uint32_t)io->io_arg;
	return (0);
}

static int
opt_ifmaxaddr(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	struct bridge_port *bp;
	long long n = 0;
	int error;

	if ((error = get_member(ifp, argv[0], &bp, err)) == 0 && (argc < 2 || (error = ifopt_number(io, argv[1], &n, err)) == 0))
		bp->bp_addrmax = (uint32_t)n;
	return (error);
}

/* Spanning tree */

static int
opt_stp(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	struct bridge_port *bp;
	int error;

	(void)argc;
	if ((error = get_member(ifp, argv[0], &bp, err)) != 0)
		return (error);
	if (io->io_name[0] != '-') {
		bp->bp_flags |= IFBIF_STP;
		bstp_enable(&bp->bp_stp);
	} else {
		bstp_disable(&bp->bp_stp);
		bp->bp_flags &= ~(uint32_t)IFBIF_STP;
	}
	return (0);
}

/* io_arg: which of the port's. */
static int
opt_stpflag(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	const bool on = io->io_name[0] != '-';
	struct bridge_port *bp;
	int error;

	(void)argc;
	if ((error = get_member(ifp, argv[0], &bp, err)) != 0)
		return (error);
	switch (io->io_arg) {
	case IFBIF_EDGE:
		bp->bp_stp.bp_adminedge = bp->bp_stp.bp_operedge = on;
		break;
	case IFBIF_AUTOEDGE:
		bp->bp_stp.bp_autoedge = on;
		break;
	case IFBIF_PTP:
		bp->bp_stp.bp_ptp = on;
		bp->bp_stp.bp_autoptp = false;
		break;
	default:
		bp->bp_stp.bp_autoptp = on;
		break;
	}
	bstp_update(&bridge_sc(ifp)->sc_stp);
	return (0);
}

/* io_arg: the port's priority, or its cost. */
static int
opt_stpport(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	struct bridge_port *bp;
	long long n;
	int error;

	(void)argc;
	if ((error = get_member(ifp, argv[0], &bp, err)) != 0 || (error = ifopt_number(io, argv[1], &n, err)) != 0)
		return (error);
	if (io->io_arg != 0)
		bp->bp_stp.bp_cost = (uint32_t)n;
	else
		bp->bp_stp.bp_priority = (uint8_t)(n & 0xf0);
	bstp_update(&bridge_sc(ifp)->sc_stp);
	return (0);
}

static int
opt_stpbridge(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	struct bstp *bs = &bridge_sc(ifp)->sc_stp;
	int error;

	if ((error = ifopt_u16(ifp, io, argv, argc, err)) != 0)
		return (error);
	bs->bs_priority &= 0xf000;	/* the rest of the field is part of the identifier (9.2.5) */
	bstp_update(bs);
	return (0);
}

static int
opt_proto(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	struct bstp *bs = &bridge_sc(ifp)->sc_stp;

	(void)argc;
	if (strcmp(argv[0], "stp") != 0 && strcmp(argv[0], "rstp") != 0)
		return (ifopt_fail(err, EINVAL, "%s: unknown stp protocol \"%s\"", io->io_name, argv[0]));
	bs->bs_rstp = argv[0][0] == 'r';
	bstp_update(bs);
	return (0);
}

/* Addresses */

static int
opt_static(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	uint8_t mac[ETHER_ADDR_LEN];
	struct bridge_port *bp;
	int error;

	(void)io, (void)argc;
	if ((error = get_member(ifp, argv[0], &bp, err)) != 0 || (error = get_mac(argv[1], mac, err)) != 0)
		return (error);
	error = bridge_rt_static(bp, bridge_key(mac, bridge_sc(ifp)->sc_vlanfilter ? bp->bp_pvid : 0));
	return (error == EEXIST ? ifopt_fail(err, error, "%s is this stack's own", argv[1]) : error);
}

/* In whichever VLAN. */
static int
opt_deladdr(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	const unsigned nvlans = BRIDGE_VLANS;
	uint8_t mac[ETHER_ADDR_LEN];
	int error, found = ENOENT;

	(void)io, (void)argc;
	if ((error = get_mac(argv[0], mac, err)) != 0)
		return (error);
	for (unsigned vid = 0; vid < nvlans; vid++)
		if (bridge_rt_delete(bridge_sc(ifp), bridge_key(mac, (uint16_t)vid)) == 0)
			found = 0;
	return (found != 0 ? ifopt_fail(err, found, "%s does not know %s", ifp->if_xname, argv[0]) : 0);
}

static int
opt_flush(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	(void)argv, (void)argc, (void)err;
	bridge_rt_flush(bridge_sc(ifp), io->io_arg != 0);
	return (0);
}

/* VLANs */

/* What was learned was learned by other rules. */
static int
opt_vlanfilter(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	bridge_rt_flush(bridge_sc(ifp), true);
	return (ifopt_flag(ifp, io, argv, argc, err));
}

static int
opt_untagged(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	struct bridge_port *bp;
	long long vid = 0;
	int error;

	if ((error = get_member(ifp, argv[0], &bp, err)) != 0 || (argc == 2 && (error = ifopt_number(io, argv[1], &vid, err)) != 0))
		return (error);
	bp->bp_pvid = (uint16_t)vid;
	bridge_rt_flushport(bp, false);
	return (0);
}

/* "1-5,8", "all", "none"; EINVAL */
static int
parse_vlans(const char *text, uint64_t set[BRIDGE_VLANS / 64])
{
	unsigned n[2];
	const char *p = text;

	memset(set, 0, BRIDGE_VLANS / 8);
	if (strcmp(text, "none") == 0)
		return (0);
	if (strcmp(text, "all") == 0)
		p = "1-4094";
	do {
		for (unsigned i = 0; i < 2; i++) {
			if (i == 1 && *p != '-') {
				n[1] = n[0];
				break;
			}
			p += i;
			if (*p < '0' || *p > '9')
				return (EINVAL);
			for (n[i] = 0; *p >= '0' && *p <= '9'; p++)
				if ((n[i] = n[i] * 10 + (unsigned)(*p - '0')) > 4094)
					return (EINVAL);
		}
		if (n[0] == 0 || n[1] < n[0])
			return (EINVAL);
		for (unsigned v = n[0]; v <= n[1]; v++)
			bitstr_set(set, v);
	} while (*p == ',' && *++p != '\0');
	return (*p == '\0' ? 0 : EINVAL);
}

/* io_arg: the set, more, or fewer. */
enum { TAGGED_SET, TAGGED_ADD, TAGGED_REMOVE };

static int
opt_tagged(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	uint64_t set[BRIDGE_VLANS / 64];
	struct bridge_port *bp;
	int error;

	(void)argc;
	if ((error = get_member(ifp, argv[0], &bp, err)) != 0)
		return (error);
	if (parse_vlans(argv[1], set) != 0)
		return (ifopt_fail(err, EINVAL, "%s: \"%s\" is not a list of VLANs", io->io_name, argv[1]));
	if (bp->bp_tagged == NULL && (bp->bp_tagged = kmalloc(vnet_acct(ifp->if_vnet), ACCT_IFNET, sizeof(set))) == NULL)
		return (ENOBUFS);
	for (unsigned i = 0; i < BRIDGE_VLANS / 64; i++)
		bp->bp_tagged[i] = io->io_arg == TAGGED_SET ? set[i] :
		    io->io_arg == TAGGED_ADD ? bp->bp_tagged[i] | set[i] : bp->bp_tagged[i] & ~set[i];
	bridge_rt_flushport(bp, false);
	return (0);
}

const struct if_option bridge_options[] = {
	{ "addm", 1, 1, opt_addm, 0, 0, 0 },
	{ "deletem", 1, 1, opt_deletem, 0, 0, 0 },
	{ "span", 1, 1, opt_addm, IFBIF_SPAN, 0, 0 },
	{ "-span", 1, 1, opt_unspan, 0, 0, 0 },
	{ "learn", 1, 1, opt_flag, IFBIF_LEARNING, 0, 0 },
	{ "-learn", 1, 1, opt_flag, IFBIF_LEARNING, 0, 0 },
	{ "discover", 1, 1, opt_flag, IFBIF_DISCOVER, 0, 0 },
	{ "-discover", 1, 1, opt_flag, IFBIF_DISCOVER, 0, 0 },
	{ "sticky", 1, 1, opt_flag, IFBIF_STICKY, 0, 0 },
	{ "-sticky", 1, 1, opt_flag, IFBIF_STICKY, 0, 0 },
	{ "private", 1, 1, opt_flag, IFBIF_PRIVATE, 0, 0 },
	{ "-private", 1, 1, opt_flag, IFBIF_PRIVATE, 0, 0 },
	{ "stp", 1, 1, opt_stp, 0, 0, 0 },
	{ "-stp", 1, 1, opt_stp, 0, 0, 0 },
	{ "edge", 1, 1, opt_stpflag, IFBIF_EDGE, 0, 0 },
	{ "-edge", 1, 1, opt_stpflag, IFBIF_EDGE, 0, 0 },
	{ "autoedge", 1, 1, opt_stpflag, IFBIF_AUTOEDGE, 0, 0 },
	{ "-autoedge", 1, 1, opt_stpflag, IFBIF_AUTOEDGE, 0, 0 },
	{ "ptp", 1, 1, opt_stpflag, IFBIF_PTP, 0, 0 },
	{ "-ptp", 1, 1, opt_stpflag, IFBIF_PTP, 0, 0 },
	{ "autoptp", 1, 1, opt_stpflag, IFBIF_AUTOPTP, 0, 0 },
	{ "-autoptp", 1, 1, opt_stpflag, IFBIF_AUTOPTP, 0, 0 },
	{ "ifpriority", 2, 2, opt_stpport, 0, 0, 240 },
	{ "ifpathcost", 2, 2, opt_stpport, 1, 0, 200000000 },
	{ "priority", 1, 1, opt_stpbridge, offsetof(struct bridge, sc_stp.bs_priority), 0, 61440 },
	{ "maxage", 1, 1, opt_stpbridge, offsetof(struct bridge, sc_stp.bs_maxage), 6, 40 },
	{ "hellotime", 1, 1, opt_stpbridge, offsetof(struct bridge, sc_stp.bs_hello), 1, 2 },
	{ "fwddelay", 1, 1, opt_stpbridge, offsetof(struct bridge, sc_stp.bs_fwddelay), 4, 30 },
	{ "holdcnt", 1, 1, opt_stpbridge, offsetof(struct bridge, sc_stp.bs_holdcnt), 1, 10 },
	{ "proto", 1, 1, opt_proto, 0, 0, 0 },
	{ "ifmaxaddr", 2, 2, opt_ifmaxaddr, 0, 0, MAXADDR },
	{ "-ifmaxaddr", 1, 1, opt_ifmaxaddr, 0, 0, 0 },
	{ "static", 2, 2, opt_static, 0, 0, 0 },
	{ "deladdr", 1, 1, opt_deladdr, 0, 0, 0 },
	{ "flush", 0, 0, opt_flush, 0, 0, 0 },
	{ "flushall", 0, 0, opt_flush, 1, 0, 0 },
	{ "maxaddr", 1, 1, ifopt_u32, offsetof(struct bridge, sc_maxaddr), 1, MAXADDR },
	{ "timeout", 1, 1, ifopt_u32, offsetof(struct bridge, sc_timeout), 0, 100000000 },
	{ "vlanfilter", 0, 0, opt_vlanfilter, offsetof(struct bridge, sc_vlanfilter), 0, 0 },
	{ "-vlanfilter", 0, 0, opt_vlanfilter, offsetof(struct bridge, sc_vlanfilter), 0, 0 },
	{ "untagged", 2, 2, opt_untagged, 0, 1, 4094 },
	{ "-untagged", 1, 1, opt_untagged, 0, 0, 0 },
	{ "tagged", 2, 2, opt_tagged, TAGGED_SET, 0, 0 },
	{ "+tagged", 2, 2, opt_tagged, TAGGED_ADD, 0, 0 },
	{ "-tagged", 2, 2, opt_tagged, TAGGED_REMOVE, 0, 0 },
	{ NULL, 0, 0, NULL, 0, 0, 0 },
};

/* Showing */

static void
show_tagged(const struct bridge_port *bp, const char *name, const struct ifopt_show *is)
{
	char text[256];
	unsigned first;
	struct sbuf sb;

	sbuf_init(&sb, text, sizeof(text));
	for (unsigned v = 1; v < BRIDGE_VLANS; v++) {
		if (!bitstr_test(bp->bp_tagged, v))
			continue;
		for (first = v; v + 1 < BRIDGE_VLANS && bitstr_test(bp->bp_tagged, v + 1); v++)
			;
		sbuf_printf(&sb, "%s%u", sbuf_len(&sb) > 0 ? "," : "", first);
		if (v > first)
			sbuf_printf(&sb, "-%u", v);
	}
	if (sbuf_len(&sb) > 0)
		ifopt_put(is, "member", name, "tagged", "%s", text);
}

/* The flags that spanning tree keeps. */
static uint32_t
stp_flags(const struct bstp_port *sp)
{
	return ((sp->bp_active && sp->bp_operedge ? IFBIF_EDGE : 0u) | (sp->bp_autoedge ? IFBIF_AUTOEDGE : 0u) |
	    (sp->bp_active && sp->bp_ptp ? IFBIF_PTP : 0u) | (sp->bp_autoptp ? IFBIF_AUTOPTP : 0u));
}

static void
show_stp(const struct bstp_port *sp, const char *name, const struct ifopt_show *is)
{
	static const char *const roles[] = { "disabled", "root", "designated", "alternate", "backup" };
	static const char *const states[] = { "disabled", "listening", "learning", "forwarding", "blocking", "discarding" };

	if (!sp->bp_active)
		return;
	ifopt_put(is, "member", name, "proto", "%s", sp->bp_sendrstp ? "rstp" : "stp");
	ifopt_put(is, "member", name, "role", "%s", roles[sp->bp_role]);
	ifopt_put(is, "member", name, "state", "%s", states[sp->bp_state]);
}

static void
put_id(const struct ifopt_show *is, const char *key, uint64_t id)
{
	uint8_t mac[ETHER_ADDR_LEN];
	char text[ETHER_STRLEN];

	be16enc(mac, (uint16_t)(id >> 32));
	be32enc(mac + 2, (uint32_t)id);
	(void)ether_addr_ntop(text, sizeof(text), mac);
	ifopt_put(is, NULL, NULL, key, "%s", text);
}

/* Without ports that take part there is no tree, and no identifier. */
static void
show_tree(const struct bstp *bs, const struct ifopt_show *is)
{
	const bool tree = bs->bs_running;

	put_id(is, "id", tree ? bs->bs_id : 0);
	ifopt_put(is, NULL, NULL, "priority", "%u", bs->bs_priority);
	ifopt_put(is, NULL, NULL, "hellotime", "%u", bs->bs_hello);
	ifopt_put(is, NULL, NULL, "fwddelay", "%u", bs->bs_fwddelay);
	ifopt_put(is, NULL, NULL, "maxage", "%u", bs->bs_maxage);
	ifopt_put(is, NULL, NULL, "holdcnt", "%u", bs->bs_holdcnt);
	ifopt_put(is, NULL, NULL, "proto", "%s", bs->bs_rstp ? "rstp" : "stp");
	put_id(is, "rootid", tree ? bs->bs_rootvec.bv_root : 0);
	ifopt_put(is, NULL, NULL, "rootpriority", "%u", tree ? (unsigned)(bs->bs_rootvec.bv_root >> 48) : bs->bs_priority);
	ifopt_put(is, NULL, NULL, "rootcost", "%u", tree ? bs->bs_rootvec.bv_cost : 0);
	ifopt_put(is, NULL, NULL, "rootport", "%u", tree && bs->bs_rootport != NULL ? bstp_portid(bs->bs_rootport) & 0xfffu : 0);
}

static void
show_member(const struct bridge_port *bp, const struct ifopt_show *is)
{
	const char *name = bp->bp_ifp->if_xname;

	ifopt_put(is, "member", name, "flags", "%u", bp->bp_flags | (bp->bp_flags & IFBIF_SPAN ? 0 : stp_flags(&bp->bp_stp)));
	if ((bp->bp_flags & IFBIF_SPAN) != 0)
		return;
	ifopt_put(is, "member", name, "ifmaxaddr", "%u", bp->bp_addrmax);
	ifopt_put(is, "member", name, "port", "%u", bp->bp_ifp->if_index & 0xfff);
	ifopt_put(is, "member", name, "priority", "%u", bp->bp_stp.bp_priority);
	ifopt_put(is, "member", name, "cost", "%u", bstp_pathcost(&bp->bp_stp));
	show_stp(&bp->bp_stp, name, is);
	if (bp->bp_pvid != 0)
		ifopt_put(is, "member", name, "untagged", "%u", bp->bp_pvid);
	if (bp->bp_tagged != NULL)
		show_tagged(bp, name, is);
}

void
bridge_show(const struct ifnet *ifp, const struct ifopt_show *is)
{
	const struct bridge *sc = ifp->if_softc;
	const struct bridge_port *bp;

	show_tree(&sc->sc_stp, is);
	ifopt_put(is, NULL, NULL, "maxaddr", "%u", sc->sc_maxaddr);
	ifopt_put(is, NULL, NULL, "timeout", "%u", sc->sc_timeout);
	if (sc->sc_vlanfilter)
		ifopt_put(is, NULL, NULL, "vlanfilter", "1");
	TAILQ_FOREACH(bp, &sc->sc_members, bp_link)
		show_member(bp, is);
	TAILQ_FOREACH(bp, &sc->sc_spans, bp_link)
		show_member(bp, is);
}

int
bridge_show_list(const struct ifnet *ifp, const char *list, const struct ifopt_show *is)
{
	if (strcmp(list, "address") != 0)
		return (ENOENT);
	bridge_rt_show(ifp->if_softc, is);
	return (0);
}
