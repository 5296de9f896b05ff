/* SPDX-License-Identifier: BSD-2-Clause */
/* Received datagrams (RFC 768, RFC 1122 4.1) and what ICMP says of sent ones. */
#include <errno.h>
#include <string.h>

#include <vimage/host.h>

#include "base/checksum.h"
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

/* RFC 1122 4.1.3.4: a sum that is there is verified. */
static bool
udp_sumok(struct udp_vnet *uv, const struct mbuf *m, const struct inet_pkt *pk, const struct udp_info *ui)
{
	uint32_t sum;

	if (!ui->ui_hassum) {
		uv->uv_stat.udps_nosum++;
		return (true);
	}
	if ((m->m_pkt.csum_flags & CSUM_DATA_VALID) != 0)
		return (true);
	sum = pk->ip_ops->io_pseudo(&pk->ip_src, &pk->ip_dst, IPPROTO_UDP, ui->ui_len);
	return (wire_sum_check(m_cksum(m, 0, ui->ui_len, sum)) == WIRE_OK);
}

/* To one socket.  Consumes m, m_data at the data. */
static void
udp_append(struct inpcb *inp, struct mbuf *m, const struct inet_pkt *pk, const struct udp_info *ui)
{
	struct udp_vnet *uv = udp_vnet(pk->ip_vnet);

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

/* Broadcasts and groups: a copy to each socket that should have one; the last gets the datagram itself. */
static void
udp_input_bcast(struct mbuf *m, const struct inet_pkt *pk, const struct udp_info *ui)
{
	struct udp_vnet *uv = udp_vnet(pk->ip_vnet);
	struct inpcb *inp, *next;
	struct mbuf *n;

	if ((inp = in_pcbnext_bcast(&uv->uv_pcbs, NULL, pk, ui->ui_dport, ui->ui_sport)) == NULL) {
		udp_drop(m, &uv->uv_stat.udps_noportbcast);
		return;
	}
	m_adj(m, UDP_HDRLEN);
	for (; inp != NULL; inp = next) {
		next = in_pcbnext_bcast(&uv->uv_pcbs, inp, pk, ui->ui_dport, ui->ui_sport);
		n = next == NULL ? m : m_copym(m, 0, SIZE_MAX, vnet_acct(pk->ip_vnet));
		if (n != NULL)
			udp_append(inp, n, pk, ui);
		else
			uv->uv_stat.udps_nomem++;
	}
}

/* RFC 1122 4.1.3.1.  m_data at the UDP header. */
static void
udp_noport(struct mbuf *m, const struct inet_pkt *pk)
{
	struct udp_vnet *uv = udp_vnet(pk->ip_vnet);

	uv->uv_stat.udps_noport++;
	if (uv->uv_blackhole != 0)
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
	if ((we = udp_check(m->m_data, m->m_len, pk->ip_plen, &ui)) != WIRE_OK) {
		udp_drop(m, we == WIRE_BADLEN ? &uv->uv_stat.udps_badlen : &uv->uv_stat.udps_hdrops);
		return;
	}
	if (!udp_sumok(uv, m, pk, &ui)) {
		udp_drop(m, &uv->uv_stat.udps_badsum);
		return;
	}
	if (pk->ip_bcast) {
		udp_input_bcast(m, pk, &ui);
		return;
	}
	inp = in_pcblookup(&uv->uv_pcbs, pk->ip_ops, &pk->ip_dst, ui.ui_dport, &pk->ip_src, ui.ui_sport, true, pk->ip_rcvif);
	if (inp == NULL) {
		udp_noport(m, pk);
		return;
	}
	if (m->m_pkt.len > ui.ui_len)
		m_adj(m, (ptrdiff_t)ui.ui_len - (ptrdiff_t)m->m_pkt.len);
	m_adj(m, UDP_HDRLEN);
	udp_append(inp, m, pk, &ui);
}

void
udp_ctlinput(struct vnet *vn, const struct inet_ctlmsg *ic)
{
	struct udp_vnet *uv = udp_vnet(vn);
	const uint16_t sport = u16load(ic->ic_data), dport = u16load(ic->ic_data + 2);
	struct inpcb *inp;

	/* Sent by us: our port is the source.  An unconnected socket hears of it only through its error queue. */
	if ((inp = in_pcblookup(&uv->uv_pcbs, ic->ic_ops, &ic->ic_src, sport, &ic->ic_dst, dport, true, NULL)) != NULL)
		dgram_ctl(inp, ic, dport, UDP_HDRLEN);
}
