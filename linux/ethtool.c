/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SIOCETHTOOL: what an interface leaves to others, as ethtool(8) -k shows and -K changes it, by names or in the older way of a call
 * for each group of them; what drives it and how fast it is, as of Linux's veth: a name, and 10 Gbit/s that nothing is bound by.
 * Everything else is EOPNOTSUPP, to who may ask, else EPERM.
 */
#include "linux/lx.h"
#include "linux/ifinfo.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <net/if.h>
#include <linux/ethtool.h>
#include <linux/net_tstamp.h>

#include <vimage/ifnet.h>
#include <vimage/priv.h>

enum { EF_TXCSUM, EF_TXCSUM6, EF_SG, EF_GSO, EF_TSO, EF_TSO6, EF_RXCSUM, EF_GRO, EF_COUNT };

/* By Linux's names.  Without capabilities: on for good. */
static const struct {
	const char	*name;
	uint32_t	 caps;
	uint32_t	 needs;		/* where it is off, this is, too */
} features[EF_COUNT] = {
	[EF_TXCSUM] = { "tx-checksum-ipv4", VI_IFCAP_TXCSUM, 0 },
	[EF_TXCSUM6] = { "tx-checksum-ipv6", VI_IFCAP_TXCSUM6, 0 },
	[EF_SG] = { "tx-scatter-gather", 0, 0 },
	[EF_GSO] = { "tx-generic-segmentation", VI_IFCAP_GSO, VI_IFCAP_TXCSUM },
	[EF_TSO] = { "tx-tcp-segmentation", VI_IFCAP_TSO4, VI_IFCAP_TXCSUM },
	[EF_TSO6] = { "tx-tcp6-segmentation", VI_IFCAP_TSO6, VI_IFCAP_TXCSUM6 },
	[EF_RXCSUM] = { "rx-checksum", VI_IFCAP_RXCSUM | VI_IFCAP_RXCSUM6, 0 },
	[EF_GRO] = { "rx-gro", VI_IFCAP_LRO, 0 },
};

/* The older calls. */
static const struct { uint32_t get, set, mask; } groups[] = {
	{ ETHTOOL_GRXCSUM, ETHTOOL_SRXCSUM, 1 << EF_RXCSUM },
	{ ETHTOOL_GTXCSUM, ETHTOOL_STXCSUM, 1 << EF_TXCSUM | 1 << EF_TXCSUM6 },
	{ ETHTOOL_GSG, ETHTOOL_SSG, 1 << EF_SG },
	{ ETHTOOL_GTSO, ETHTOOL_STSO, 1 << EF_TSO | 1 << EF_TSO6 },
	{ ETHTOOL_GUFO, ETHTOOL_SUFO, 0 },
	{ ETHTOOL_GGSO, ETHTOOL_SGSO, 1 << EF_GSO },
	{ ETHTOOL_GGRO, ETHTOOL_SGRO, 1 << EF_GRO },
};

/* The structures of <linux/ethtool.h> end in arrays, which are written out below. */
_Static_assert(sizeof(struct ethtool_sset_info) == 16 && sizeof(struct ethtool_gstrings) == 12 && sizeof(struct ethtool_gfeatures) == 8 &&
    sizeof(struct ethtool_sfeatures) == 8, "heads of structures");

struct eth_call {
	struct lx_call	*ec_call;
	struct vi_vnet	*ec_vnet;
	char		 ec_name[VI_IFNAMSIZ];
	uint64_t	 ec_at;		/* the program's structure */
	uint32_t	 ec_caps;
	bool		 ec_up, ec_ether;
	char		 ec_driver[32];
};

static uint32_t
eth_changeable(void)
{
	uint32_t bits = 0;

	for (unsigned i = 0; i < EF_COUNT; i++)
		bits |= features[i].caps != 0 ? 1u << i : 0;
	return (bits);
}

static uint32_t
eth_wanted(uint32_t caps)
{
	uint32_t bits = 0;

	for (unsigned i = 0; i < EF_COUNT; i++)
		bits |= (caps & features[i].caps) == features[i].caps ? 1u << i : 0;
	return (bits);
}

static uint32_t
eth_active(uint32_t caps)
{
	uint32_t bits = eth_wanted(caps);

	for (unsigned i = 0; i < EF_COUNT; i++)
		if ((caps & features[i].needs) != features[i].needs)
			bits &= ~(1u << i);
	return (bits);
}

static int
eth_change(struct eth_call *ec, uint32_t valid, uint32_t on)
{
	uint32_t set = 0, clear = 0;
	int error;

	for (unsigned i = 0; i < EF_COUNT; i++) {
		if ((valid & 1u << i) == 0)
			continue;
		if ((on & 1u << i) != 0)
			set |= features[i].caps;
		else
			clear |= features[i].caps;
	}
	lx_manage(ec->ec_call->c_lx);
	error = vi_if_set_caps(ec->ec_vnet, ec->ec_name, set, clear);
	lx_managed(ec->ec_call->c_lx);
	ec->ec_caps = (ec->ec_caps | set) & ~clear;
	return (error == ENXIO ? ENODEV : error);
}

static int64_t
eth_group(struct eth_call *ec, const struct ethtool_value *asked, size_t i)
{
	const uint32_t mask = groups[i].mask & eth_changeable();
	struct ethtool_value ev = *asked;

	if (asked->cmd == groups[i].set)
		return (mask == 0 ? -EOPNOTSUPP : -eth_change(ec, mask, ev.data != 0 ? mask : 0));
	ev.data = (eth_active(ec->ec_caps) & groups[i].mask) != 0;
	return (-lx_copyout(ec->ec_call, ec->ec_at, &ev, sizeof(ev)));
}

/* How many names there are. */
static int64_t
eth_sets(struct eth_call *ec)
{
	struct { struct { uint32_t cmd, reserved; uint64_t sset_mask; } si; uint32_t count; } s;
	int error;

	if ((error = lx_copyin(ec->ec_call, ec->ec_at, &s.si, sizeof(s.si))) != 0)
		return (-error);
	if (s.si.reserved != 0)
		return (-EINVAL);
	s.si.sset_mask &= 1u << ETH_SS_FEATURES;
	s.count = EF_COUNT;
	return (-lx_copyout(ec->ec_call, ec->ec_at, &s, sizeof(s.si) + (s.si.sset_mask != 0 ? sizeof(s.count) : 0)));
}

static int64_t
eth_strings(struct eth_call *ec)
{
	struct { struct { uint32_t cmd, string_set, len; } gs; char name[EF_COUNT][ETH_GSTRING_LEN]; } s;
	int error;

	if ((error = lx_copyin(ec->ec_call, ec->ec_at, &s.gs, sizeof(s.gs))) != 0)
		return (-error);
	if (s.gs.string_set != ETH_SS_FEATURES)
		return (-EOPNOTSUPP);
	s.gs.len = EF_COUNT;
	memset(s.name, 0, sizeof(s.name));
	for (unsigned i = 0; i < EF_COUNT; i++)
		memcpy(s.name[i], features[i].name, strlen(features[i].name));
	return (-lx_copyout(ec->ec_call, ec->ec_at, &s, sizeof(s)));
}

static int64_t
eth_getfeatures(struct eth_call *ec)
{
	struct { struct { uint32_t cmd, size; } gf; struct ethtool_get_features_block b; } s;
	int error;

	if ((error = lx_copyin(ec->ec_call, ec->ec_at, &s.gf, sizeof(s.gf))) != 0)
		return (-error);
	s.b = (struct ethtool_get_features_block){ .available = eth_changeable(), .requested = eth_wanted(ec->ec_caps) & eth_changeable(),
	    .active = eth_active(ec->ec_caps), .never_changed = ~eth_changeable() & ((1u << EF_COUNT) - 1) };
	error = lx_copyout(ec->ec_call, ec->ec_at + sizeof(s.gf), &s.b, s.gf.size > 0 ? sizeof(s.b) : 0);
	s.gf.size = 1;
	return (error != 0 ? -error : -lx_copyout(ec->ec_call, ec->ec_at, &s.gf, sizeof(s.gf)));
}

/* As Linux: what cannot be changed, and what did not become as it was wished, is told by a positive result. */
static int64_t
eth_setfeatures(struct eth_call *ec)
{
	struct { struct { uint32_t cmd, size; } sf; struct ethtool_set_features_block b; } s;
	int64_t told = 0;
	int error;

	if ((error = lx_copyin(ec->ec_call, ec->ec_at, &s.sf, sizeof(s.sf))) != 0)
		return (-error);
	if (s.sf.size != 1)
		return (-EINVAL);
	if ((error = lx_copyin(ec->ec_call, ec->ec_at, &s, sizeof(s))) != 0)
		return (-error);
	if ((s.b.valid & ~((1u << EF_COUNT) - 1)) != 0)
		return (-EINVAL);
	if ((s.b.valid & ~eth_changeable()) != 0)
		told |= ETHTOOL_F_UNSUPPORTED;
	if ((error = eth_change(ec, s.b.valid & eth_changeable(), s.b.requested)) != 0)
		return (-error);
	return (eth_active(ec->ec_caps) == eth_wanted(ec->ec_caps) ? told : told | ETHTOOL_F_WISH);
}

static void
eth_found(void *arg, const struct vi_ifinfo *info)
{
	struct eth_call *ec = arg;

	ec->ec_caps = info->if_caps;
	ec->ec_up = (info->if_flags & VI_IFF_UP) != 0 && info->if_linkup;
	ec->ec_ether = info->if_type == VI_IFT_ETHER;
	snprintf(ec->ec_driver, sizeof(ec->ec_driver), "%s", info->if_driver);
}

/* Does it change nothing? */
static bool
eth_reads(uint32_t cmd)
{
	for (size_t i = 0; i < LX_NITEMS(groups); i++)
		if (groups[i].get == cmd)
			return (true);
	return (cmd == ETHTOOL_GLINK || cmd == ETHTOOL_GDRVINFO || cmd == ETHTOOL_GLINKSETTINGS || cmd == ETHTOOL_GFLAGS || cmd == ETHTOOL_GET_TS_INFO || cmd == ETHTOOL_GSSET_INFO || cmd == ETHTOOL_GSTRINGS || cmd == ETHTOOL_GFEATURES);
}

/* ETH_FLAG_*: of these there are none. */
static int64_t
eth_flags(struct eth_call *ec, bool set)
{
	struct ethtool_value ev;
	int error;

	if ((error = lx_copyin(ec->ec_call, ec->ec_at, &ev, sizeof(ev))) != 0)
		return (-error);
	if (set)
		return (ev.data == 0 ? 0 : -EINVAL);
	ev.data = 0;
	return (-lx_copyout(ec->ec_call, ec->ec_at, &ev, sizeof(ev)));
}

static int64_t
eth_link(struct eth_call *ec)
{
	const struct ethtool_value ev = { .cmd = ETHTOOL_GLINK, .data = ec->ec_up };

	return (-lx_copyout(ec->ec_call, ec->ec_at, &ev, sizeof(ev)));
}

static int64_t
eth_driver(struct eth_call *ec)
{
	struct ethtool_drvinfo di = { .cmd = ETHTOOL_GDRVINFO };

	_Static_assert(sizeof(di.driver) == sizeof(ec->ec_driver), "as long as Linux's");
	memcpy(di.driver, ec->ec_driver, sizeof(di.driver));
	snprintf(di.version, sizeof(di.version), "%s", VI_VERSION);
	return (-lx_copyout(ec->ec_call, ec->ec_at, &di, sizeof(di)));
}

/* Who asks first learns how many words its sets of modes must have, as a negative number; all are empty. */
static int64_t
eth_settings(struct eth_call *ec)
{
	enum { WORDS = 4 };
	struct { struct { uint8_t bytes[48]; } ls; uint32_t modes[3][WORDS]; } s = { .modes = { { 0 } } };
	struct ethtool_link_settings ls;
	bool fits;
	int error;

	_Static_assert(sizeof(ls) == sizeof(s.ls), "the structure of <linux/ethtool.h> ends in an array");
	if (!ec->ec_ether)
		return (-EOPNOTSUPP);
	if ((error = lx_copyin(ec->ec_call, ec->ec_at, &ls, sizeof(ls))) != 0)
		return (-error);
	fits = ls.link_mode_masks_nwords == WORDS;
	memset(&ls, 0, sizeof(ls));
	ls.cmd = ETHTOOL_GLINKSETTINGS;
	ls.link_mode_masks_nwords = fits ? WORDS : -WORDS;
	if (!fits)
		return (-lx_copyout(ec->ec_call, ec->ec_at, &ls, sizeof(ls)));
	ls.speed = SPEED_10000;
	ls.duplex = DUPLEX_FULL;
	ls.port = PORT_TP;
	ls.autoneg = AUTONEG_DISABLE;
	memcpy(&s.ls, &ls, sizeof(s.ls));
	return (-lx_copyout(ec->ec_call, ec->ec_at, &s, sizeof(s)));
}

/* Of datagrams only those that come are stamped, by software. */
static int64_t
eth_stamps(const struct eth_call *ec)
{
	const struct ethtool_ts_info ti = { .cmd = ETHTOOL_GET_TS_INFO, .so_timestamping = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE, .phc_index = -1 };

	return (-lx_copyout(ec->ec_call, ec->ec_at, &ti, sizeof(ti)));
}

static int64_t
eth_do(struct eth_call *ec, uint32_t cmd)
{
	struct ethtool_value ev;
	int error;

	switch (cmd) {
	case ETHTOOL_GLINK:
		return (eth_link(ec));
	case ETHTOOL_GDRVINFO:
		return (eth_driver(ec));
	case ETHTOOL_GLINKSETTINGS:
		return (eth_settings(ec));
	case ETHTOOL_GET_TS_INFO:
		return (eth_stamps(ec));
	case ETHTOOL_GSSET_INFO:
		return (eth_sets(ec));
	case ETHTOOL_GSTRINGS:
		return (eth_strings(ec));
	case ETHTOOL_GFLAGS:
	case ETHTOOL_SFLAGS:
		return (eth_flags(ec, cmd == ETHTOOL_SFLAGS));
	case ETHTOOL_GFEATURES:
		return (eth_getfeatures(ec));
	case ETHTOOL_SFEATURES:
		return (eth_setfeatures(ec));
	default:
		break;
	}
	for (size_t i = 0; i < LX_NITEMS(groups); i++) {
		if (groups[i].get != cmd && groups[i].set != cmd)
			continue;
		error = lx_copyin(ec->ec_call, ec->ec_at, &ev, sizeof(ev));
		return (error != 0 ? -error : eth_group(ec, &ev, i));
	}
	return (-EOPNOTSUPP);
}

int64_t
lx_ethtool(struct lx_call *c, struct vi_vnet *vn)
{
	struct eth_call ec = { .ec_call = c, .ec_vnet = vn };
	struct vi_cred cr;
	struct ifreq ifr;
	uint32_t cmd;
	int error;

	if ((error = lx_copyin(c, c->c_arg[2], &ifr, sizeof(ifr))) != 0)
		return (-error);
	memcpy(ec.ec_name, ifr.ifr_name, sizeof(ec.ec_name) - 1);
	ec.ec_at = (uintptr_t)ifr.ifr_data;
	lx_manage(c->c_lx);
	ifinfo_realname(vn, ec.ec_name);
	error = vi_if_get(vn, ec.ec_name, eth_found, &ec) != 0 ? ENODEV : 0;
	lx_managed(c->c_lx);
	if (error != 0 || (error = lx_copyin(c, ec.ec_at, &cmd, sizeof(cmd))) != 0)
		return (-error);
	if (!eth_reads(cmd)) {
		lx_manage(c->c_lx);
		error = lx_call_netcred(c, vn, VI_PRIV_NET_IFSET, &cr);
		lx_managed(c->c_lx);
	}
	return (error != 0 ? -error : eth_do(&ec, cmd));
}
