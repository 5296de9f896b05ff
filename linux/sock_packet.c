/* SPDX-License-Identifier: BSD-2-Clause */
/* AF_PACKET: what sockets of frames have that other datagram sockets have not. */
#include "linux/packet_ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <linux/if_packet.h>

struct lx_packet {
	int		 lp_version;	/* TPACKET_V* */
	unsigned	 lp_reserve;
	int		 lp_bypass;	/* PACKET_QDISC_BYPASS: there is no queue on the way */
	int		 lp_tstamp;	/* PACKET_TIMESTAMP, as it was set */
	struct lx_ring	*lp_ring;	/* NULL: none */
};

int64_t
packet_socket(struct lx_call *c, int type, int proto, int flags)
{
	struct lx_sockdesc sd = { .sd_family = AF_PACKET, .sd_type = type, .sd_kind = LXK_DGRAM };
	struct vi_socket *so;
	int error;

	/* SOCK_PACKET, of Linux 2.0, is not there; as Linux, the right is asked for before the type. */
	error = lx_sock_make(c, VI_AF_PACKET, type == SOCK_DGRAM ? VI_SOCK_DGRAM : VI_SOCK_RAW, ntohs((uint16_t)proto), true, &sd.sd_cred, &so);
	if (error == 0 && type != SOCK_RAW && type != SOCK_DGRAM) {
		vi_close(so);
		error = ESOCKTNOSUPPORT;
	}
	return (error != 0 ? -error : lx_sock_give(c, so, &sd, flags));
}

int
packet_init(struct lx_sock *ls)
{
	return ((ls->ls_packet = calloc(1, sizeof(*ls->ls_packet))) != NULL ? 0 : ENOMEM);
}

void
packet_free(struct lx_sock *ls)
{
	if (ls->ls_packet != NULL)
		ring_free(ls->ls_packet->lp_ring);
	free(ls->ls_packet);
}

struct lx_ring *
packet_ring(const struct lx_sock *ls)
{
	return (ls->ls_packet != NULL ? ls->ls_packet->lp_ring : NULL);
}

int64_t
packet_bind(struct lx_call *c)
{
	struct vi_sockaddr sa;
	int error = sockaddr_copyin(c, c->c_arg[1], c->c_arg[2], &sa);

	if (error == EAFNOSUPPORT || (error == 0 && sa.sa_family != VI_AF_PACKET))
		error = EINVAL;
	return (error != 0 ? -error : -vi_bind(c->c_sock->ls_so, &sa));
}

/* The family is not looked at, as on Linux. */
int
packet_address(struct lx_call *c, uint64_t addr, uint64_t len, struct vi_sockaddr *sa)
{
	struct sockaddr_ll sll;
	int error;

	if (len < sizeof(sll) || len > sizeof(struct sockaddr_storage))
		return (EINVAL);
	if ((error = lx_copyin(c, addr, &sll, sizeof(sll))) != 0)
		return (error);
	if (sll.sll_halen > len - offsetof(struct sockaddr_ll, sll_addr))
		return (EINVAL);
	sll.sll_family = AF_PACKET;
	return (sockaddr_parse(&sll, sizeof(sll), sa));
}

/* Received frames */

uint32_t
packet_status(const struct lx_dgram *dg)
{
	const unsigned flags = dg->dg_frame.fi_flags;

	return (TP_STATUS_USER | ((flags & VI_FRAME_VLAN) != 0 ? TP_STATUS_VLAN_VALID | TP_STATUS_VLAN_TPID_VALID : 0u) |
	    ((flags & VI_FRAME_SUMMED) != 0 ? TP_STATUS_CSUM_VALID : 0u) | ((flags & VI_FRAME_UNSUMMED) != 0 ? TP_STATUS_CSUMNOTREADY : 0u));
}

unsigned
packet_lead(const struct lx_dgram *dg)
{
	return ((dg->dg_frame.fi_flags & VI_FRAME_VNETHDR) != 0 ? VI_PKT_VNETHDRLEN : 0);
}

/* Options */

int
packet_version(const struct lx_sock *ls)
{
	return (ls->ls_packet->lp_version);
}

static int
packet_setring(struct lx_sock *ls, const uint8_t *buf, size_t len)
{
	struct lx_packet *lp = ls->ls_packet;
	struct tpacket_req3 rq = { 0 };
	const size_t size = lp->lp_version == TPACKET_V3 ? sizeof(rq) : sizeof(struct tpacket_req);
	int error;

	if (len < size)
		return (EINVAL);
	memcpy(&rq, buf, size);
	if (rq.tp_block_nr == 0) {
		if (rq.tp_frame_nr != 0)
			return (EINVAL);
		ring_free(lp->lp_ring);
		lp->lp_ring = NULL;
		return (0);
	}
	if (lp->lp_ring != NULL)
		return (EBUSY);
	if ((error = ring_new(ls, lp->lp_version, lp->lp_reserve, &rq, &lp->lp_ring)) == 0)
		dgram_discard(ls);	/* it would make a reader of the ring look */
	return (error);
}

int
packet_setopt(struct lx_sock *ls, int name, const uint8_t *buf, size_t len)
{
	struct lx_packet *lp = ls->ls_packet;
	int value;

	if (name == PACKET_RX_RING)
		return (packet_setring(ls, buf, len));
	if (len != sizeof(value))
		return (EINVAL);
	memcpy(&value, buf, sizeof(value));
	switch (name) {
	case PACKET_VERSION:
		if (value < TPACKET_V1 || value > TPACKET_V3)
			return (EINVAL);
		if (lp->lp_ring != NULL)
			return (EBUSY);
		lp->lp_version = value;
		return (0);
	case PACKET_RESERVE:
		if (value < 0)
			return (EINVAL);
		if (lp->lp_ring != NULL)
			return (EBUSY);
		lp->lp_reserve = (unsigned)value;
		return (0);
	case PACKET_QDISC_BYPASS:
		lp->lp_bypass = value != 0;
		return (0);
	case PACKET_TIMESTAMP:		/* no interface has a clock: it is ours, whatever is asked for */
		lp->lp_tstamp = value;
		return (0);
	default:
		return (ENOPROTOOPT);
	}
}

/* The version asked about comes in the buffer. */
static int
packet_hdrlen(const uint8_t *buf, size_t len, int *value)
{
	if (len < sizeof(*value))
		return (EINVAL);
	memcpy(value, buf, sizeof(*value));
	switch (*value) {
	case TPACKET_V1:
		*value = sizeof(struct tpacket_hdr);
		return (0);
	case TPACKET_V2:
		*value = sizeof(struct tpacket2_hdr);
		return (0);
	case TPACKET_V3:
		*value = sizeof(struct tpacket3_hdr);
		return (0);
	default:
		return (EINVAL);
	}
}

int
packet_getopt(struct lx_sock *ls, int name, uint8_t *buf, size_t *len)
{
	const struct lx_packet *lp = ls->ls_packet;
	int value = 0, error = 0;

	switch (name) {
	case PACKET_VERSION:
		value = lp->lp_version;
		break;
	case PACKET_RESERVE:
		value = (int)lp->lp_reserve;
		break;
	case PACKET_QDISC_BYPASS:
		value = lp->lp_bypass;
		break;
	case PACKET_TIMESTAMP:
		value = lp->lp_tstamp;
		break;
	case PACKET_HDRLEN:
		error = packet_hdrlen(buf, *len, &value);
		break;
	default:
		return (ENOPROTOOPT);
	}
	if (error != 0)
		return (error);
	*len = *len < sizeof(value) ? *len : sizeof(value);
	memcpy(buf, &value, *len);
	return (0);
}
