/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Received datagrams (RFC 768, RFC 1122 4.1, RFC 8200 8.1; UDP-Lite: RFC 3828) and what ICMP says of sent ones.
 *
 * A train of datagrams that was sent by one call (VI_UDP_SEGMENT) arrives as one super-packet over virtual links.  A socket with VI_UDP_GRO gets it
 * whole; for all others it is cut here, by reference.
 */
#include <errno.h>
#include <string.h>

#include <vimage/host.h>

#include "base/checksum.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "netinet/pcb/dgram.h"
#include "netinet/udp/udp_var.h"
#include "wire/icmp.h"
#include "wire/ip.h"
#include "wire/udp.h"

static void
udp_drop(struct mbuf *m, uint64_t *counter)
{
	++*counter;
	m_freem(m);
}

/* RFC 1122 4.1.3.4: a sum that is there is verified.  UDP-Lite's always is (RFC 3828 3.1). */
static bool
udp_sumok(struct udp_vnet *uv, struct mbuf *m, const struct inet_pkt *pk, const struct udp_info *ui)
{
	uint32_t sum;

	if (!ui->ui_hassum && pk->ip_proto == IPPROTO_UDP) {
		uv->uv_stat.udps_nosum++;
		return (true);
	}
	if ((m->m_pkt.csum_flags & CSUM_DATA_VALID) != 0)
		return (true);
	if (!ui->ui_hassum)
		return (false);
	sum = pk->ip_ops->io_pseudo(&pk->ip_src, &pk->ip_dst, pk->ip_proto, ui->ui_len);
	if (wire_sum_check(m_cksum(m, 0, ui->ui_cov, sum)) != WIRE_OK)
		return (false);
	m->m_pkt.csum_flags |= CSUM_DATA_VALID | CSUM_SUMMED;
	return (true);
}

/* RFC 8200 8.1: over IPv6 a datagram without a checksum is discarded, but for the ports of RFC 6935's tunnels. */
static bool
udp_needssum(const struct udp_vnet *uv, const struct inet_pkt *pk, const struct udp_info *ui)
{
	return (!ui->ui_hassum && pk->ip_ops->io_family == VI_AF_INET6 && (uv->uv_nosum6port == 0 || NTOHS(ui->ui_dport) != uv->uv_nosum6port));
}

/*
 * What the socket demands of checksums: one over IPv6, unless it said that it need not be (RFC 6935); RFC 3828 3.3: UDP-Lite must cover what
 * the user asked for.  NULL: taken.
 */
static uint64_t *
udp_unwanted(struct udp_vnet *uv, const struct inpcb *inp, const struct inet_pkt *pk, const struct udp_info *ui)
{
	const struct udpcb *u = intoudpcb(inp);

	if (!u->u_nosum6rx && udp_needssum(uv, pk, ui))
		return (&uv->uv_stat.udps_nosum6);
	if (u->u_rcvcovset && ui->ui_cov < ui->ui_len && (u->u_rcvcov == 0 || ui->ui_cov < u->u_rcvcov))
		return (&uv->uv_stat.udps_coverage);
	return (NULL);
}

/* Does the socket's filter want it?  The sum is not kept; a filter finds 0 there. */
static bool
udp_filter(const struct inpcb *inp, struct mbuf *m, const struct inet_pkt *pk, const struct udp_info *ui)
{
	const struct udphdr uh = { .uh_sport = ui->ui_sport, .uh_dport = ui->ui_dport, .uh_ulen = HTONS(ui->ui_len) };

	return (dgram_filter(inp, m, pk, &uh, sizeof(uh)));
}

/* Into one socket's buffer.  Consumes m, m_data at the data. */
static void
udp_append(struct inpcb *inp, struct mbuf *m, const struct inet_pkt *pk, const struct udp_info *ui)
{
	struct udp_vnet *uv = udp_vnet(pk->ip_vnet);
	struct udpcb *u = intoudpcb(inp);

	if (u->u_tunnel != NULL && u->u_tunnel(inp, m, pk, ui, u->u_tunnelarg)) {
		uv->uv_stat.udps_tunnelled++;
		return;
	}
	if (inp->inp_socket->so_filter != NULL && !udp_filter(inp, m, pk, ui)) {
		uv->uv_stat.udps_filtered++;
		m_freem(m);
		return;
	}
	switch (dgram_append(inp, m, pk, ui->ui_sport)) {
	case DGRAM_OK:
		uv->uv_stat.udps_delivered++;
		break;
	case DGRAM_FULL:
		uv->uv_stat.udps_fullsock++;
		break;
	case DGRAM_MINTTL:
		uv->uv_stat.udps_minttl++;
		break;
	case DGRAM_SHUT:
		uv->uv_stat.udps_shutdown++;
		break;
	}
}

/* A train for a socket that wants single datagrams. */
static void
udp_append_cut(struct inpcb *inp, struct mbuf *m, const struct inet_pkt *pk, const struct udp_info *ui)
{
	struct udp_vnet *uv = udp_vnet(pk->ip_vnet);
	uint32_t segsz = m->m_pkt.segsz, len = m->m_pkt.len, n;
	struct udp_info one = *ui;
	struct mbuf *s;

	for (uint32_t off = 0; off < len; off += n) {
		n = MIN(segsz, len - off);
		if ((s = m_gethdr(vnet_acct(pk->ip_vnet))) == NULL || (s->m_next = m_copym(m, off, n, vnet_acct(pk->ip_vnet))) == NULL) {
			m_freem(s);
			uv->uv_stat.udps_nomem++;
			continue;
		}
		s->m_pkt.len = n;
		one.ui_dlen = (uint16_t)n;
		one.ui_len = one.ui_cov = (uint16_t)(n + UDP_HDRLEN);
		udp_append(inp, s, pk, &one);
	}
	m_freem(m);
}

/* To one socket.  Consumes m, m_data at the data. */
static void
udp_deliver(struct inpcb *inp, struct mbuf *m, const struct inet_pkt *pk, const struct udp_info *ui)
{
	struct udp_vnet *uv = udp_vnet(pk->ip_vnet);
	const struct udpcb *u = intoudpcb(inp);
	uint64_t *why;

	if ((why = udp_unwanted(uv, inp, pk, ui)) != NULL) {
		udp_drop(m, why);
		return;
	}
	if (m->m_pkt.segsz >= m->m_pkt.len)
		m->m_pkt.segsz = 0;
	if (m->m_pkt.segsz == 0) {
		udp_append(inp, m, pk, ui);
	} else if (u->u_gro && u->u_tunnel == NULL) {
		uv->uv_stat.udps_supers++;
		udp_append(inp, m, pk, ui);
	} else {
		udp_append_cut(inp, m, pk, ui);
	}
}

/* Broadcasts and groups: a copy to each socket that should have one; the last gets the datagram itself. */
static void
udp_input_bcast(struct mbuf *m, const struct inet_pkt *pk, const struct udp_info *ui)
{
	struct udp_vnet *uv = udp_vnet(pk->ip_vnet);
	struct inpcbinfo *ipi = udp_pcbinfo(uv, pk->ip_proto);
	struct inpcb *inp, *next;
	struct mbuf *n;

	if ((inp = in_pcbnext_bcast(ipi, NULL, pk, ui->ui_dport, ui->ui_sport)) == NULL) {
		udp_drop(m, &uv->uv_stat.udps_noportbcast);
		return;
	}
	m_adj(m, UDP_HDRLEN);
	for (; inp != NULL; inp = next) {
		next = in_pcbnext_bcast(ipi, inp, pk, ui->ui_dport, ui->ui_sport);
		n = next == NULL ? m : m_copym(m, 0, SIZE_MAX, vnet_acct(pk->ip_vnet));
		if (n != NULL)
			udp_deliver(inp, n, pk, ui);
		else
			uv->uv_stat.udps_nomem++;
	}
}

/* The log bounds how often. */
static void
udp_vain(const struct inet_pkt *pk, const struct udp_info *ui)
{
	struct in_vain v;

	in_pcbvain(pk, &v);
	vnet_log(pk->ip_vnet, LOG_INFO, pk->ip_ops->io_family == VI_AF_INET ? "Connection attempt to UDP %s:%u from %s:%u" :
	    "Connection attempt to UDP [%s]:%u from [%s]:%u", v.iv_dst, NTOHS(ui->ui_dport), v.iv_src, NTOHS(ui->ui_sport));
}

/* RFC 1122 4.1.3.1, RFC 4443 3.1.  m_data at the UDP header. */
static void
udp_noport(struct mbuf *m, const struct inet_pkt *pk, const struct udp_info *ui)
{
	struct udp_vnet *uv = udp_vnet(pk->ip_vnet);

	if (udp_needssum(uv, pk, ui)) {
		udp_drop(m, &uv->uv_stat.udps_nosum6);
		return;
	}
	uv->uv_stat.udps_noport++;
	if (uv->uv_vain != 0)
		udp_vain(pk, ui);
	if (uv->uv_blackhole != 0 && (uv->uv_blackholelocal != 0 || !pk->ip_ops->io_islocal(pk->ip_vnet, &pk->ip_src)))
		udp_drop(m, &uv->uv_stat.udps_blackholed);
	else
		inet_unreach(m, pk, ICMP_UNREACH_PORT);
}

void
udp_input(struct mbuf *m, const struct inet_pkt *pk)
{
	struct udp_vnet *uv = udp_vnet(pk->ip_vnet);
	struct udp_info ui;
	struct inpcb *inp;
	enum wire_error we;

	uv->uv_stat.udps_ipackets++;
	we = pk->ip_proto == IPPROTO_UDP ? udp_check(m->m_data, m->m_len, pk->ip_plen, &ui) :
	    udplite_check(m->m_data, m->m_len, pk->ip_plen, &ui);
	if (we != WIRE_OK) {
		udp_drop(m, we == WIRE_BADLEN ? &uv->uv_stat.udps_badlen : &uv->uv_stat.udps_hdrops);
		return;
	}
	if (!udp_sumok(uv, m, pk, &ui)) {
		udp_drop(m, &uv->uv_stat.udps_badsum);
		if (vnet_logdue(pk->ip_vnet, VNET_LOG_BADSUM))
			vnet_log(pk->ip_vnet, LOG_NOTICE, "udp: bad checksums on %s", pk->ip_rcvif == NULL ? "?" : pk->ip_rcvif->if_xname);
		return;
	}
	/* Link padding is not data. */
	if (m->m_pkt.len > ui.ui_len)
		m_adj(m, (ptrdiff_t)ui.ui_len - (ptrdiff_t)m->m_pkt.len);
	if (pk->ip_bcast) {
		udp_input_bcast(m, pk, &ui);
		return;
	}
	inp = in_pcblookup(udp_pcbinfo(uv, pk->ip_proto), pk->ip_ops, &pk->ip_dst, ui.ui_dport, &pk->ip_src, ui.ui_sport, true,
	    pk->ip_rcvif);
	if (inp == NULL) {
		udp_noport(m, pk, &ui);
		return;
	}
	m_adj(m, UDP_HDRLEN);
	udp_deliver(inp, m, pk, &ui);
}

/* Sent by us: our port is the source.  An unconnected socket hears of it only through its error queue. */
static void
udp_ctl(struct inpcbinfo *ipi, const struct inet_ctlmsg *ic)
{
	const uint16_t sport = u16load(ic->ic_data), dport = u16load(ic->ic_data + 2);
	struct inpcb *inp;
	struct udpcb *u;

	if ((inp = in_pcblookup(ipi, ic->ic_ops, &ic->ic_src, sport, &ic->ic_dst, dport, true, NULL)) == NULL)
		return;
	u = intoudpcb(inp);
	if (u->u_tunnelctl != NULL)
		u->u_tunnelctl(inp, ic, u->u_tunnelarg);
	dgram_ctl(inp, ic, dport, UDP_HDRLEN);
}

void
udp_ctlinput(struct vnet *vn, const struct inet_ctlmsg *ic)
{
	udp_ctl(&udp_vnet(vn)->uv_pcbs, ic);
}

void
udplite_ctlinput(struct vnet *vn, const struct inet_ctlmsg *ic)
{
	udp_ctl(&udp_vnet(vn)->uv_lite, ic);
}
