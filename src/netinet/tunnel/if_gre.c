/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: gre, which is IPv4, IPv6 and, as a member of a bridge, Ethernet (0x6558) in GRE (RFC 2784, RFC 7676), with key and sequence numbers
 * (RFC 2890), as it is or in UDP (gre_udp.c).
 *
 * A tunnel with a key takes packets with that key only, one without takes those without.  With sequence numbers what comes late is dropped
 * (RFC 2890 2.2), and so is what has none; they begin anew when the tunnel gets ends.  With checksums packets are sent with one; those that are received
 * are verified whenever they have one.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/checksum.h"
#include "base/sbuf.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "net/route.h"
#include "netinet/tunnel/tunnel.h"
#include "wire/ether.h"
#include "wire/gre.h"
#include "wire/ip.h"
#include "wire/udp.h"

#define GRE_MTU		1476	/* Ethernet's less IPv4's and the shortest header */

/* m with the header in front. */
static struct mbuf *
gre_header(struct tunnel *tn, struct mbuf *m, struct gre_info *gi)
{
	uint16_t sum;

	if ((m = m_prepend(m, gi->gi_hlen)) == NULL)
		return (NULL);
	(void)gre_build(m->m_data, gi);
	if (gi->gi_hasseq)
		tn->tn_oseq++;
	if (gi->gi_hassum) {
		sum = cksum_fold(m_cksum(m, 0, m->m_pkt.len, 0));
		memcpy(m->m_data + GRE_HLEN, &sum, sizeof(sum));
	}
	return (m);
}

static uint16_t
gre_proto(const struct tunnel_inner *ti)
{
	return (ti->ti_ops == NULL ? ETHERTYPE_TRANS_BRIDGE : ti->ti_ops == &in_ops ? ETHERTYPE_IP : ETHERTYPE_IPV6);
}

static int
gre_encap(struct ifnet *ifp, struct mbuf *m, const struct tunnel_inner *ti)
{
	struct tunnel *tn = ifp->if_softc;
	struct tunnel_vnet *tv = tunnel_vnet(ifp->if_vnet);
	const bool key = tn->tn_key != 0, udp = tn->tn_kind == TUNNEL_GREUDP;
	struct gre_info gi = { .gi_proto = gre_proto(ti), .gi_hassum = tn->tn_sum, .gi_haskey = key,
		.gi_hasseq = tn->tn_seq, .gi_key = tn->tn_key, .gi_seq = tn->tn_oseq, .gi_hlen = (uint16_t)(GRE_HLEN + 4 * (tn->tn_sum + key + tn->tn_seq)) };
	const struct tunnel_out to = {
		.to_ops = tn->tn_ops,
		.to_src = tn->tn_src,
		.to_dst = tn->tn_dst,
		.to_fib = tn->tn_fib,
		.to_proto = udp ? IPPROTO_UDP : IPPROTO_GRE,
		.to_overhead = (uint8_t)(gi.gi_hlen + (udp ? UDP_HDRLEN : 0)),
		.to_ttl = (uint8_t)(tn->tn_ops == &in_ops ? tv->tv_ttl[TUNNEL_GRE] : tv->tv_hlim[TUNNEL_GRE]),
	};
	const uint32_t flow = udp ? gre_udp_flow(tn, m) : 0;
	bool df;

	if ((m = tunnel_fit(ifp, m, ti, &to, &df)) == NULL)
		return (EMSGSIZE);
	if ((m = gre_header(tn, m, &gi)) == NULL || (udp && (m = gre_udp_header(tn, m, flow)) == NULL))
		return (tunnel_nomem(ifp));
	return (tunnel_send(ifp, m, ti, &to, df));
}

static int
gre_transmit(struct ifnet *ifp, struct mbuf *m)
{
	return (tunnel_transmit(ifp, m, tunnel_vnet(ifp->if_vnet)->tv_nesting[TUNNEL_GRE], gre_encap));
}

static const struct ifnet_ops gre_ops = {
	.ifo_output = if_output_ip,
	.ifo_transmit = gre_transmit,
	.ifo_input = tunnel_ifinput,
};

/* In */

static void
gre_drop(struct mbuf *m, uint64_t *why)
{
	(*why)++;
	m_freem(m);
}

/* NULL: gone. */
static struct mbuf *
gre_pull(struct tunnel_vnet *tv, struct mbuf *m, struct gre_info *gi)
{
	enum wire_error e = gre_check(m->m_data, m->m_len, m->m_pkt.len, gi);

	for (int i = 0; i < 2 && e == WIRE_PULLUP; i++) {
		if ((m = m_pullup(m, gi->gi_need)) == NULL) {
			tv->tv_stat.tns_nomem++;
			return (NULL);
		}
		e = gre_check(m->m_data, m->m_len, m->m_pkt.len, gi);
	}
	if (e == WIRE_OK)
		return (m);
	gre_drop(m, &tv->tv_stat.tns_badheader);
	return (NULL);
}

/* RFC 2890 2.2: what is not newer than the newest is out of order.  The first one sets it. */
static bool
gre_inorder(struct tunnel *tn, const struct gre_info *gi)
{
	if (!tn->tn_seq)
		return (true);
	if (!gi->gi_hasseq || (tn->tn_iseqvalid && (int32_t)(gi->gi_seq - tn->tn_iseq) <= 0))
		return (false);
	tn->tn_iseq = gi->gi_seq;
	tn->tn_iseqvalid = true;
	return (true);
}

/* GRE as it is may ask for an answer; a datagram had a port to come to. */
static void
gre_nobody(struct mbuf *m, const struct inet_pkt *pk, enum tunnel_kind kind)
{
	if (kind == TUNNEL_GRE)
		tunnel_unreach(m, pk);
	else
		gre_drop(m, &tunnel_vnet(pk->ip_vnet)->tv_stat.tns_nobody);
}

void
gre_receive(struct mbuf *m, const struct inet_pkt *pk, enum tunnel_kind kind)
{
	struct tunnel_vnet *tv = tunnel_vnet(pk->ip_vnet);
	struct gre_info gi;
	struct tunnel *tn;

	if ((m = gre_pull(tv, m, &gi)) == NULL)
		return;
	tn = tunnel_lookup(tv, kind, pk->ip_ops, &pk->ip_dst, &pk->ip_src, gi.gi_haskey ? gi.gi_key : 0);
	if (tn == NULL) {
		gre_nobody(m, pk, kind);
		return;
	}
	if (gi.gi_hassum && cksum_fold(m_cksum(m, 0, m->m_pkt.len, 0)) != 0) {
		tn->tn_if->if_stats.ifs_ierrors++;
		gre_drop(m, &tv->tv_stat.tns_badsum);
	} else if (!gre_inorder(tn, &gi)) {
		tn->tn_if->if_stats.ifs_ierrors++;
		gre_drop(m, &tv->tv_stat.tns_oldseq);
	} else if (gi.gi_proto == ETHERTYPE_TRANS_BRIDGE) {
		m_adj(m, gi.gi_hlen);
		tunnel_receive_ether(tn->tn_if, m);
	} else if (gi.gi_proto != ETHERTYPE_IP && gi.gi_proto != ETHERTYPE_IPV6) {
		tn->tn_if->if_stats.ifs_noproto++;
		gre_drop(m, &tv->tv_stat.tns_badheader);
	} else {
		m_adj(m, gi.gi_hlen);
		tunnel_receive(tn->tn_if, m, gi.gi_proto == ETHERTYPE_IP ? &in_ops : &in6_ops, pk->ip_tos);
	}
}

void
gre_input(struct mbuf *m, const struct inet_pkt *pk)
{
	if (m->m_pkt.len > pk->ip_plen)		/* link padding is not covered by the checksum */
		m_adj(m, (ptrdiff_t)pk->ip_plen - (ptrdiff_t)m->m_pkt.len);
	gre_receive(m, pk, TUNNEL_GRE);
}

void
gre_ctlinput(struct vnet *vn, const struct inet_ctlmsg *ic)
{
	struct gre_info gi;

	if (gre_check(ic->ic_data, ic->ic_len, ic->ic_len, &gi) != WIRE_OK || gi.gi_proto == ETHERTYPE_TRANS_BRIDGE ||
	    tunnel_lookup(tunnel_vnet(vn), TUNNEL_GRE, ic->ic_ops, &ic->ic_src, &ic->ic_dst, gi.gi_haskey ? gi.gi_key : 0) == NULL)
		return;
	tunnel_relay(vn, ic, gi.gi_proto == ETHERTYPE_IP ? &in_ops : &in6_ops, gi.gi_hlen);
}

/* Options */

/* Has another its ends, of that kind and with that key? */
static bool
gre_taken(const struct tunnel *tn, enum tunnel_kind kind, uint32_t key)
{
	return (tn->tn_ops != NULL && tunnel_lookup(tunnel_vnet(tn->tn_if->if_vnet), kind, tn->tn_ops, &tn->tn_src, &tn->tn_dst, key) != NULL);
}

static int
gre_opt_key(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	struct tunnel *tn = ifp->if_softc;
	long long key;
	int error;

	(void)argc;
	if ((error = ifopt_number(io, argv[0], &key, err)) != 0)
		return (error);
	if (key == tn->tn_key)
		return (0);
	if (gre_taken(tn, tn->tn_kind, (uint32_t)key))
		return (ifopt_fail(err, EEXIST, "%s: another tunnel has these ends and the key", io->io_name));
	tn->tn_key = (uint32_t)key;
	return (0);
}

static int
gre_opt_flag(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	struct tunnel *tn = ifp->if_softc;

	tn->tn_iseqvalid = false;
	return (ifopt_flag(ifp, io, argv, argc, err));
}

/* io_arg: the kind that it becomes. */
static int
gre_opt_udpencap(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	const enum tunnel_kind kind = (enum tunnel_kind)io->io_arg;
	struct tunnel *tn = ifp->if_softc;
	int error;

	(void)argv, (void)argc;
	if (kind == tn->tn_kind)
		return (0);
	if (gre_taken(tn, kind, tn->tn_key))
		return (ifopt_fail(err, EEXIST, "%s: another tunnel has these ends and the key", io->io_name));
	if (kind == TUNNEL_GREUDP && tn->tn_ops != NULL && (error = gre_udp_open(ifp->if_vnet, tn->tn_ops)) != 0)
		return (ifopt_fail(err, error, "%s: UDP's port %u cannot be had", io->io_name, GRE_UDPPORT));
	tn->tn_kind = kind;
	gre_udp_close(ifp->if_vnet);
	return (0);
}

static int
gre_opt_udpport(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	struct tunnel *tn = ifp->if_softc;
	long long port;
	int error;

	(void)argc;
	if ((error = ifopt_number(io, argv[0], &port, err)) != 0)
		return (error);
	if (port != 0 && port < GRE_MINPORT)
		return (ifopt_fail(err, EINVAL, "%s: %s is neither 0 nor at least %u", io->io_name, argv[0], GRE_MINPORT));
	tn->tn_udpport = (uint16_t)port;
	return (0);
}

static void
gre_show_options(const struct tunnel *tn, const struct ifopt_show *is)
{
	const struct { bool on; const char *name; } opts[] = { { tn->tn_sum, "ENABLE_CSUM" }, { tn->tn_seq, "ENABLE_SEQ" },
		{ tn->tn_kind == TUNNEL_GREUDP, "UDPENCAP" } };
	unsigned bits = 0;
	char names[48];
	struct sbuf sb;

	sbuf_init(&sb, names, sizeof(names));
	for (unsigned i = 0; i < NITEMS(opts); i++) {
		if (!opts[i].on)
			continue;
		sbuf_printf(&sb, "%s%s", bits != 0 ? "," : "", opts[i].name);
		bits |= 1u << i;
	}
	if (bits != 0)
		ifopt_put(is, NULL, NULL, "options", "%x<%s>", bits, names);
}

static void
gre_show(const struct ifnet *ifp, const struct ifopt_show *is)
{
	const struct tunnel *tn = ifp->if_softc;

	tunnel_show(ifp, is);
	if (tn->tn_key != 0)
		ifopt_put(is, NULL, NULL, "grekey", "0x%x (%u)", tn->tn_key, tn->tn_key);
	if (tn->tn_udpport != 0)
		ifopt_put(is, NULL, NULL, "udpport", "%u", tn->tn_udpport);
	gre_show_options(tn, is);
}

static int
gre_create(struct vnet *vn, int unit, char name[IFNAMSIZ])
{
	return (tunnel_create(vn, TUNNEL_GRE, &gre_cloner, GRE_MTU, unit, name));
}

static const struct if_option gre_options[] = {
	{ "tunnel", 2, 2, tunnel_opt_ends, 0, 0, 0 },
	{ "deletetunnel", 0, 0, tunnel_opt_noends, 0, 0, 0 },
	{ "-tunnel", 0, 0, tunnel_opt_noends, 0, 0, 0 },
	{ "tunnelfib", 1, 1, tunnel_opt_fib, 0, 0, RT_MAXFIBS },
	{ "grekey", 1, 1, gre_opt_key, 0, 0, UINT32_MAX },
	{ "enable_csum", 0, 0, gre_opt_flag, offsetof(struct tunnel, tn_sum), 0, 0 },
	{ "-enable_csum", 0, 0, gre_opt_flag, offsetof(struct tunnel, tn_sum), 0, 0 },
	{ "enable_seq", 0, 0, gre_opt_flag, offsetof(struct tunnel, tn_seq), 0, 0 },
	{ "-enable_seq", 0, 0, gre_opt_flag, offsetof(struct tunnel, tn_seq), 0, 0 },
	{ "udpencap", 0, 0, gre_opt_udpencap, TUNNEL_GREUDP, 0, 0 },
	{ "-udpencap", 0, 0, gre_opt_udpencap, TUNNEL_GRE, 0, 0 },
	{ "udpport", 1, 1, gre_opt_udpport, 0, 0, UINT16_MAX },
	{ NULL, 0, 0, NULL, 0, 0, 0 },
};

const struct if_clone gre_cloner = {
	.ifc_name = "gre",
	.ifc_carries = true,
	.ifc_ops = &gre_ops,
	.ifc_softsize = sizeof(struct tunnel),
	.ifc_type = VI_IFT_TUNNEL,
	.ifc_priv = VI_PRIV_NET_TUNNEL,
	.ifc_create = gre_create,
	.ifc_destroy = if_new_destroy,	/* its ends go with IFDETACH */
	.ifc_options = gre_options,
	.ifc_show = gre_show,
};
