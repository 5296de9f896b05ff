/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: a network card of the host, lent by a packet socket (packet(7)).
 *
 * The command opens the socket, which takes CAP_NET_RAW, in the network namespace the card is in, binds it to the card and makes that promiscuous; nothing of that
 * is needed afterwards.  Frames have a header in front (struct virtio_net_hdr), by which checksums and cutting are left to the card or to the host's
 * kernel, in both directions: super-packets of 64 KB pass whole.  VLAN tags come beside the frame and are put back.
 *
 * Frames are fetched in batches, many by one call.
 *
 * The host's own stack goes on using the card, if it has addresses there.  What it sends by it is not seen here.
 *
 * Nobody is told when the cable is pulled; the card is asked once a second.  When the card goes the connection ends.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/if_packet.h>
#include <net/if.h>

#include <vimage/ifnet.h>

#include "daemon/ctl_arg.h"
#include "daemon/ctl_server.h"
#include "daemon/medium.h"
#include "linux/vnethdr.h"

#define HOSTNIC_LOOK	UINT64_C(1000000000)
#define HOSTNIC_MACS	12		/* both addresses */
#define HOSTNIC_TAG	4
#define HOSTNIC_BATCH	16		/* frames taken by one call */

/* Room for one frame, with what comes in front and beside. */
struct hostnic_slot {
	uint8_t		 hs_vh[VI_VNETHDRLEN];
	struct iovec	 hs_iov[2];
	_Alignas(struct cmsghdr) char hs_ctl[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	char		 hs_buf[HOSTNIC_TAG + MEDIUM_FRAME + 1];
};

struct hostnic {
	struct medium	 hn_medium;
	struct lx_event	 hn_event;
	int		 hn_fd;
	int		 hn_index;	/* the card's */
	bool		 hn_running;
	struct mmsghdr	 hn_msgs[HOSTNIC_BATCH];	/* of the slots */
	struct hostnic_slot hn_slots[HOSTNIC_BATCH];
};

/* Frames out */

static int
hostnic_output(struct medium *m, const struct vi_tap_frame *tf)
{
	const struct hostnic *hn = CONTAINER(m, struct hostnic, hn_medium);
	uint8_t vh[VI_VNETHDRLEN];
	struct iovec iov[1 + VI_TAP_MAXIOV];
	struct msghdr mh = { .msg_iov = iov };

	vnethdr_of(tf, vh);
	iov[0] = (struct iovec){ vh, sizeof(vh) };
	mh.msg_iovlen = 1 + medium_iov(tf, iov + 1);
	if (sendmsg(hn->hn_fd, &mh, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	return medium_unsent(m, errno);
}

/* Frames in */

/* The tag that the kernel took out, in network order; false: there was none. */
static bool
hostnic_tag(struct msghdr *mh, uint16_t tag[2])
{
	struct tpacket_auxdata aux;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c != NULL; c = CMSG_NXTHDR(mh, c)) {
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA || c->cmsg_len < CMSG_LEN(sizeof(aux)))
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		tag[0] = htobe16((aux.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0 ? aux.tp_vlan_tpid : 0x8100);
		tag[1] = htobe16(aux.tp_vlan_tci);
		return (aux.tp_status & TP_STATUS_VLAN_VALID) != 0;
	}
	return false;
}

/* What came into a slot, len bytes with the header. */
static void
hostnic_frame(struct hostnic *hn, struct hostnic_slot *hs, struct msghdr *mh, size_t len)
{
	char *frame = hs->hs_buf + HOSTNIC_TAG;
	struct vi_tap_rest tr;
	uint16_t tag[2];

	if ((mh->msg_flags & MSG_TRUNC) != 0 || len < sizeof(hs->hs_vh) + HOSTNIC_MACS || !vnethdr_rest(hs->hs_vh, &tr)) {
		medium_drop(&hn->hn_medium, (mh->msg_flags & MSG_TRUNC) != 0 ? MEDIUM_TOOLONG : MEDIUM_GARBAGE, 0);
		return;
	}
	len -= sizeof(hs->hs_vh);
	if (hostnic_tag(mh, tag)) {
		frame = memmove(hs->hs_buf, frame, HOSTNIC_MACS);
		memcpy(frame + HOSTNIC_MACS, tag, sizeof(tag));
		len += HOSTNIC_TAG;
		if (tr.tr_csumstart != 0) {
			tr.tr_csumstart = (uint16_t)(tr.tr_csumstart + HOSTNIC_TAG);
			tr.tr_csumat = (uint16_t)(tr.tr_csumat + HOSTNIC_TAG);
		}
	}
	if (hn->hn_medium.m_tap != NULL)
		(void)vi_tap_input_rest(hn->hn_medium.m_tap, frame, len, &tr);	/* what is dropped is counted there */
}

static void
hostnic_slots(struct hostnic *hn)
{
	for (unsigned i = 0; i < HOSTNIC_BATCH; i++) {
		struct hostnic_slot *hs = &hn->hn_slots[i];

		hs->hs_iov[0] = (struct iovec){ hs->hs_vh, sizeof(hs->hs_vh) };
		hs->hs_iov[1] = (struct iovec){ hs->hs_buf + HOSTNIC_TAG, MEDIUM_FRAME };
		hn->hn_msgs[i].msg_hdr = (struct msghdr){ .msg_iov = hs->hs_iov, .msg_iovlen = 2, .msg_control = hs->hs_ctl,
			.msg_controllen = sizeof(hs->hs_ctl) };
	}
}

/* What there is, up to a batch; false: there may be no more. */
static bool
hostnic_receive(struct hostnic *hn)
{
	int n = recvmmsg(hn->hn_fd, hn->hn_msgs, HOSTNIC_BATCH, MSG_DONTWAIT, NULL);

	if (n < 0 && errno == EINVAL) {
		medium_drop(&hn->hn_medium, MEDIUM_GARBAGE, 0);	/* of a kind the header cannot tell */
		return true;
	}
	for (int i = 0; i < n; i++) {
		struct mmsghdr *mm = &hn->hn_msgs[i];

		hostnic_frame(hn, &hn->hn_slots[i], &mm->msg_hdr, mm->msg_len);
		mm->msg_hdr.msg_controllen = sizeof(hn->hn_slots[i].hs_ctl);
	}
	return n == HOSTNIC_BATCH;
}

/* Errors are taken from the socket by the first call; the look at the card tells what they meant. */
static void
hostnic_event(struct lx_event *le, uint32_t events)
{
	struct hostnic *hn = CONTAINER(le, struct hostnic, hn_event);

	if (!medium_begin(&hn->hn_medium))
		return;
	for (int i = 0; medium_goeson(&hn->hn_medium, i) && hostnic_receive(hn); i += HOSTNIC_BATCH)
		;
	medium_done(&hn->hn_medium);
	if ((events & EPOLLERR) != 0)
		(void)medium_timer(&hn->hn_medium, 1);
}

/* The card */

/* Its name may have changed; ENODEV: it is gone. */
static int
hostnic_ask(struct hostnic *hn, bool *running)
{
	struct ifreq ifr = { .ifr_ifindex = hn->hn_index };

	if (ioctl(hn->hn_fd, SIOCGIFNAME, &ifr) != 0)
		return errno;
	snprintf(hn->hn_medium.m_name, sizeof(hn->hn_medium.m_name), "%.15s", ifr.ifr_name);
	if (ioctl(hn->hn_fd, SIOCGIFFLAGS, &ifr) != 0)
		return errno;
	*running = (ifr.ifr_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING);
	return 0;
}

/* Frames that the kernel had no room for since it was asked last. */
static void
hostnic_lost(struct hostnic *hn)
{
	struct tpacket_stats ts = { 0 };
	socklen_t len = sizeof(ts);

	if (getsockopt(hn->hn_fd, SOL_PACKET, PACKET_STATISTICS, &ts, &len) == 0)
		hn->hn_medium.m_drops[MEDIUM_FULL] += ts.tp_drops;
}

static void
hostnic_look(struct medium *m)
{
	struct hostnic *hn = CONTAINER(m, struct hostnic, hn_medium);
	const bool was = hn->hn_running;

	hostnic_lost(hn);
	if (hostnic_ask(hn, &hn->hn_running) != 0) {
		medium_end(m);
		return;
	}
	if (hn->hn_running != was && !medium_carrier(m, hn->hn_running))
		return;
	(void)medium_timer(m, HOSTNIC_LOOK);
}

/* The interface gets the card's MTU, if it can. */
static void
hostnic_start(struct medium *m)
{
	struct hostnic *hn = CONTAINER(m, struct hostnic, hn_medium);
	struct ifreq ifr = { .ifr_ifindex = hn->hn_index };
	char name[VI_IFNAMSIZ];

	vi_tap_name(m->m_tap, name);
	if (ioctl(hn->hn_fd, SIOCGIFNAME, &ifr) == 0 && ioctl(hn->hn_fd, SIOCGIFMTU, &ifr) == 0)
		(void)vi_if_set_mtu(vi_tap_vnet(m->m_tap), name, (uint32_t)ifr.ifr_mtu);
	vi_tap_offload(m->m_tap, VI_TAP_TSO4 | VI_TAP_TSO6 | VI_TAP_REST);
	vi_tap_carrier(m->m_tap, hn->hn_running);
	(void)medium_timer(m, HOSTNIC_LOOK);
}

static void
hostnic_free(struct medium *m)
{
	struct hostnic *hn = CONTAINER(m, struct hostnic, hn_medium);

	lx_loop_del(m->m_worker->w_loop, &hn->hn_event);
	close(hn->hn_fd);
	medium_fini(m);
	free(hn);
}

static const struct medium_ops hostnic_ops = {
	.mo_name = "dev",
	.mo_kind = "host",
	.mo_nocarrier = true,
	.mo_output = hostnic_output,
	.mo_start = hostnic_start,
	.mo_timer = hostnic_look,
	.mo_free = hostnic_free,
};

/* A raw packet socket, bound to a card, with the header and the tags; it becomes non-blocking. */
static int
hostnic_check(struct ctl_request *rq, int fd, int *indexp)
{
	struct sockaddr_ll sll = { .sll_family = AF_UNSPEC };
	socklen_t len = sizeof(int), sllen = sizeof(sll);
	int header = 0, aux = 0;

	if (!medium_socket(fd, AF_PACKET, SOCK_RAW) || getsockname(fd, (struct sockaddr *)(void *)&sll, &sllen) != 0 || sll.sll_ifindex <= 0 ||
	    getsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &header, &len) != 0 || header == 0 ||
	    getsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &aux, &len) != 0 || aux == 0)
		return ctl_fail(rq, EINVAL, "no packet socket of that kind was passed");
	*indexp = sll.sll_ifindex;
	return 0;
}

int
medium_packet_open(struct ctl_request *rq, struct medium **mp)
{
	struct hostnic *hn;
	int error, fd, ifindex = 0;

	if ((error = medium_take_fd(rq, &fd)) != 0 || (error = hostnic_check(rq, fd, &ifindex)) != 0)
		return error;
	if ((hn = calloc(1, sizeof(*hn))) == NULL)
		return ENOMEM;
	hn->hn_fd = fd;
	hn->hn_index = ifindex;
	hostnic_slots(hn);
	medium_init(&hn->hn_medium, &hostnic_ops, rq);
	if ((error = hostnic_ask(hn, &hn->hn_running)) != 0 ||
	    (error = lx_loop_add(hn->hn_medium.m_worker->w_loop, &hn->hn_event, fd, EPOLLIN, hostnic_event)) != 0) {
		medium_fini(&hn->hn_medium);
		free(hn);
		return error;
	}
	rq->rq_fds[0] = -1;
	hn->hn_medium.m_events[0] = &hn->hn_event;
	*mp = &hn->hn_medium;
	return 0;
}
