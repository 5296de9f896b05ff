/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PACKET_RX_RING: frames in memory that the program shares.
 *
 * Theory of operation.  The ring is a sealed memfd; both sides map it, and it cannot be made shorter under us.  What we know of it (where the next frame
 * goes) is our own; of what the program writes only the status of a frame or block is looked at, and only whether it is ours again.
 *
 * With V1 and V2 a frame is the program's at once.  With V3 frames fill a block, which is given away when the next one does not fit or when it has been open
 * for the retirement time.  Where the ring is full frames stay in the vnet's socket, whose buffer bounds them and which counts what is dropped; nobody tells
 * us of room, so we look again in a moment.
 *
 * poll() of the program is to say POLLIN while something in the ring is its own.  An empty datagram in the pair does that; it is put there when something is given
 * away, and taken off, through a copy of the program's end, when the last that was given has come back.  That is looked at by time as well.
 *
 * So POLLIN may be a moment too old.  Programs that select() first and then let libpcap poll() the empty ring, as nmap does, wait in there until the next frame
 * if the datagram went in between, whatever timeout they meant.  Therefore it is put there again for a moment, and again, until there is a frame: a poll() that
 * finds nothing is what programs must bear (select(2)), and libpcap gives it to its caller as a timeout.  As that may deceive again, in one of two cases, the
 * intervals grow with the silence and are an eighth of it: nobody waits longer than that too long.
 */
#include "linux/packet_ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <sys/mman.h>

#define RING_MAXSIZE	(64u << 20)	/* of one ring */
#define RING_TURN	128		/* frames moved in one go */
#define RING_LOOK_NS	300000ull	/* until the first look for what came back */
#define RING_LOOKMAX_NS	5000000ull
#define RING_DOUBT_NS	4000000ull	/* until POLLIN is said again, without a frame */
#define RING_DOUBTMAX_NS 1000000000ull
#define RING_TOV_MS	8		/* retirement time if none is asked for */
#define RING_MINGAP	16u		/* in front of the network header, as Linux */

#define BLOCK_HDR	((sizeof(struct tpacket_block_desc) + 7) & ~(size_t)7)
#define ALIGN8(x)	(((x) + 7) & ~(size_t)7)

struct lx_ring {
	TAILQ_ENTRY(lx_ring) lr_link;	/* lx_rings */
	struct lx_sock	*lr_sock;
	int		 lr_fd;
	uint8_t		*lr_mem;
	size_t		 lr_size;
	int		 lr_version;
	unsigned	 lr_reserve;
	struct tpacket_req3 lr_req;
	unsigned	 lr_head;	/* frame or block that is filled next, or now */
	uint32_t	*lr_given;	/* status of what was given away last; NULL: nothing yet */
	uint64_t	 lr_look;	/* when to look whether it came back; LX_FOREVER: nothing is out */
	uint64_t	 lr_lookns;
	uint64_t	 lr_again;	/* when to say POLLIN again in case somebody waits for it who should not; LX_FOREVER: it is being said */
	uint64_t	 lr_againns;
	bool		 lr_full;	/* frames wait in the vnet's socket */
	/* V3: the block that is being filled */
	bool		 lr_open;
	size_t		 lr_used;
	unsigned	 lr_npkts;
	struct tpacket3_hdr *lr_last;
	uint64_t	 lr_retire;	/* when it is given away at the latest */
	uint64_t	 lr_seq;
};

/* The program's memory: it may change under us. */
static bool
ring_ours(const uint32_t *status)
{
	return ((__atomic_load_n(status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) == 0);
}

static void
ring_mark(struct lx_ring *lr)
{
	struct lx_sock *ls = lr->lr_sock;
	const struct lx_dgram marker = { .dg_marker = true };

	if (!ls->ls_marked)
		ls->ls_marked = dgram_push(ls, "", &marker) == 0;
	lr->lr_again = LX_FOREVER;
	lr->lr_lookns = RING_LOOK_NS;
	lr->lr_look = lx_now() + RING_LOOK_NS;
	lx_timer_at(ls->ls_lx, lr->lr_look);
}

static void
ring_give(struct lx_ring *lr, uint32_t *status, uint32_t value)
{
	__atomic_store_n(status, value, __ATOMIC_RELEASE);
	lr->lr_given = status;
	lr->lr_againns = RING_DOUBT_NS;
	ring_mark(lr);
}

/* Nothing of the program's is in the ring: poll() does not say there is. */
static void
ring_unmark(struct lx_sock *ls)
{
	char byte;
	int app;

	if (!ls->ls_marked || ls->ls_fd < 0 || (app = lx_sock_locate(ls)) < 0)
		return;
	if (recv(app, &byte, sizeof(byte), MSG_DONTWAIT) >= 0)
		dgram_markergone(ls);
	close(app);
}

static void
ring_look(struct lx_ring *lr, uint64_t now)
{
	if (lr->lr_given == NULL || ring_ours(lr->lr_given)) {
		ring_unmark(lr->lr_sock);
		lr->lr_look = LX_FOREVER;
		lr->lr_again = now + lr->lr_againns;
		lr->lr_againns += lr->lr_againns < RING_DOUBTMAX_NS ? lr->lr_againns / 8 : 0;
	} else {
		lr->lr_lookns = lr->lr_lookns * 2 < RING_LOOKMAX_NS ? lr->lr_lookns * 2 : RING_LOOKMAX_NS;
		lr->lr_look = now + lr->lr_lookns;
	}
}

/* Frames */

/* Where the frame and its network header go behind the header of hlen bytes (with its address), as Linux has it. */
static void
ring_place(const struct lx_ring *lr, const struct lx_dgram *dg, unsigned hlen, unsigned *mac, unsigned *net)
{
	const unsigned maclen = dg->dg_frame.fi_net, gap = maclen < RING_MINGAP ? RING_MINGAP : maclen;

	*net = (unsigned)TPACKET_ALIGN(hlen + gap) + lr->lr_reserve;
	if (lr->lr_sock->ls_type == SOCK_DGRAM)
		*net = (unsigned)TPACKET_ALIGN(hlen) + RING_MINGAP + lr->lr_reserve;
	*net += packet_lead(dg);
	*mac = *net - maclen;
}

/* Virtio's header, if there is one, is in front of the frame, where that is. */
static void
ring_copy(uint8_t *at, const char *buf, const struct lx_dgram *dg, unsigned mac, unsigned len)
{
	const unsigned lead = packet_lead(dg);

	memcpy(at + mac - lead, buf, (size_t)len + lead);
}

static void
ring_address(uint8_t *at, const struct lx_dgram *dg)
{
	struct sockaddr_storage ss;

	(void)sockaddr_build(&dg->dg_from, &ss);
	memcpy(at, &ss, sizeof(struct sockaddr_ll));
}

/* V1 and V2: the frame that is filled next */

static uint8_t *
ring_slot(const struct lx_ring *lr)
{
	const unsigned perblock = lr->lr_req.tp_block_size / lr->lr_req.tp_frame_size, n = lr->lr_head;

	return (lr->lr_mem + (size_t)(n / perblock) * lr->lr_req.tp_block_size + (size_t)(n % perblock) * lr->lr_req.tp_frame_size);
}

/* The frame, as far as it fits, and the address behind a header of size bytes.  Returns how much of it. */
static unsigned
ring_fill(const struct lx_ring *lr, uint8_t *at, const char *buf, const struct lx_dgram *dg, size_t size, unsigned *mac, unsigned *net)
{
	const unsigned hlen = (unsigned)(TPACKET_ALIGN(size) + sizeof(struct sockaddr_ll)), max = lr->lr_req.tp_frame_size;
	unsigned len = dg->dg_len - packet_lead(dg);

	ring_place(lr, dg, hlen, mac, net);
	if (*mac + len > max)
		len = max > *mac ? max - *mac : 0;
	if (*mac <= max)
		ring_copy(at, buf, dg, *mac, len);
	ring_address(at + TPACKET_ALIGN(size), dg);
	return (len);
}

/* Its status is a long, of which the program and we look at the low half. */
static bool
ring_put1(struct lx_ring *lr, const char *buf, const struct lx_dgram *dg)
{
	struct tpacket_hdr *h = (void *)ring_slot(lr);
	uint32_t *status = (void *)&h->tp_status;
	unsigned mac, net;

	_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && sizeof(h->tp_status) == 8, "the low half is the first");
	if (!ring_ours(status))
		return (false);
	h->tp_snaplen = ring_fill(lr, (void *)h, buf, dg, sizeof(*h), &mac, &net);
	h->tp_len = dg->dg_frame.fi_len;
	h->tp_mac = (uint16_t)mac;
	h->tp_net = (uint16_t)net;
	h->tp_sec = (uint32_t)(dg->dg_stamp / 1000000000);
	h->tp_usec = (uint32_t)(dg->dg_stamp % 1000000000 / 1000);
	status[1] = 0;
	lr->lr_head = (lr->lr_head + 1) % lr->lr_req.tp_frame_nr;
	ring_give(lr, status, packet_status(dg) | TP_STATUS_TS_SOFTWARE);
	return (true);
}

static bool
ring_put2(struct lx_ring *lr, const char *buf, const struct lx_dgram *dg)
{
	struct tpacket2_hdr *h = (void *)ring_slot(lr);
	unsigned mac, net;

	if (!ring_ours(&h->tp_status))
		return (false);
	h->tp_snaplen = ring_fill(lr, (void *)h, buf, dg, sizeof(*h), &mac, &net);
	h->tp_len = dg->dg_frame.fi_len;
	h->tp_mac = (uint16_t)mac;
	h->tp_net = (uint16_t)net;
	h->tp_sec = (uint32_t)(dg->dg_stamp / 1000000000);
	h->tp_nsec = (uint32_t)(dg->dg_stamp % 1000000000);
	h->tp_vlan_tci = dg->dg_frame.fi_vlan;
	h->tp_vlan_tpid = dg->dg_frame.fi_tpid;
	memset(h->tp_padding, 0, sizeof(h->tp_padding));
	lr->lr_head = (lr->lr_head + 1) % lr->lr_req.tp_frame_nr;
	ring_give(lr, &h->tp_status, packet_status(dg) | TP_STATUS_TS_SOFTWARE);
	return (true);
}

/* V3 */

static struct tpacket_block_desc *
ring_block(const struct lx_ring *lr)
{
	return ((void *)(lr->lr_mem + (size_t)lr->lr_head * lr->lr_req.tp_block_size));
}

static bool
ring_open(struct lx_ring *lr, uint64_t stamp)
{
	struct tpacket_block_desc *bd = ring_block(lr);
	struct tpacket_hdr_v1 *bh = &bd->hdr.bh1;

	if (!ring_ours(&bh->block_status))
		return (false);
	bd->version = (uint32_t)lr->lr_version;
	bd->offset_to_priv = BLOCK_HDR;
	lr->lr_used = BLOCK_HDR + ALIGN8(lr->lr_req.tp_sizeof_priv);
	bh->num_pkts = 0;
	bh->offset_to_first_pkt = (uint32_t)lr->lr_used;
	bh->blk_len = (uint32_t)lr->lr_used;
	bh->seq_num = ++lr->lr_seq;
	bh->ts_first_pkt.ts_sec = (uint32_t)(stamp / 1000000000);
	bh->ts_first_pkt.ts_nsec = (uint32_t)(stamp % 1000000000);
	lr->lr_open = true;
	lr->lr_npkts = 0;
	lr->lr_last = NULL;
	lr->lr_retire = lx_now() + (uint64_t)lr->lr_req.tp_retire_blk_tov * 1000000;
	lx_timer_at(lr->lr_sock->ls_lx, lr->lr_retire);
	return (true);
}

static void
ring_close(struct lx_ring *lr, uint32_t why)
{
	struct tpacket_hdr_v1 *bh = &ring_block(lr)->hdr.bh1;

	bh->num_pkts = lr->lr_npkts;
	bh->blk_len = (uint32_t)lr->lr_used;
	lr->lr_last->tp_next_offset = 0;
	bh->ts_last_pkt.ts_sec = lr->lr_last->tp_sec;
	bh->ts_last_pkt.ts_nsec = lr->lr_last->tp_nsec;
	lr->lr_open = false;
	lr->lr_head = (lr->lr_head + 1) % lr->lr_req.tp_block_nr;
	ring_give(lr, &bh->block_status, TP_STATUS_USER | why);
}

static bool
ring_put3(struct lx_ring *lr, const char *buf, const struct lx_dgram *dg)
{
	const size_t first = BLOCK_HDR + ALIGN8(lr->lr_req.tp_sizeof_priv), room = lr->lr_req.tp_block_size - first;
	struct tpacket3_hdr *h;
	unsigned mac, net, len = dg->dg_len - packet_lead(dg);
	uint8_t *at;

	ring_place(lr, dg, TPACKET3_HDRLEN, &mac, &net);
	if (mac + (size_t)len > room)
		len = (unsigned)(room - mac);
	if (lr->lr_open && lr->lr_used + ALIGN8(mac + (size_t)len) > lr->lr_req.tp_block_size)
		ring_close(lr, 0);
	if (!lr->lr_open && !ring_open(lr, dg->dg_stamp))
		return (false);
	at = (uint8_t *)ring_block(lr) + lr->lr_used;
	h = (void *)at;
	memset(h, 0, sizeof(*h));
	h->tp_next_offset = (uint32_t)ALIGN8(mac + (size_t)len);
	h->tp_sec = (uint32_t)(dg->dg_stamp / 1000000000);
	h->tp_nsec = (uint32_t)(dg->dg_stamp % 1000000000);
	h->tp_snaplen = len;
	h->tp_len = dg->dg_frame.fi_len;
	h->tp_status = packet_status(dg) | TP_STATUS_TS_SOFTWARE;
	h->tp_mac = (uint16_t)mac;
	h->tp_net = (uint16_t)net;
	h->hv1.tp_vlan_tci = dg->dg_frame.fi_vlan;
	h->hv1.tp_vlan_tpid = dg->dg_frame.fi_tpid;
	ring_address(at + TPACKET_ALIGN(sizeof(*h)), dg);
	ring_copy(at, buf, dg, mac, len);
	lr->lr_used += ALIGN8(mac + (size_t)len);
	lr->lr_npkts++;
	lr->lr_last = h;
	return (true);
}

/* A frame that found no room waits as ls_held; the rest in the vnet's socket. */
static bool
ring_put(struct lx_ring *lr, const char *buf, const struct lx_dgram *dg)
{
	static bool (*const fn[])(struct lx_ring *, const char *, const struct lx_dgram *) = {
		[TPACKET_V1] = ring_put1, [TPACKET_V2] = ring_put2, [TPACKET_V3] = ring_put3,
	};
	const bool put = fn[lr->lr_version](lr, buf, dg);

	lr->lr_full = !put;
	if (!put)
		lx_timer_at(lr->lr_sock->ls_lx, lx_now() + RING_LOOKMAX_NS);
	return (put);
}

void
ring_rx(struct lx_ring *lr)
{
	struct lx_sock *ls = lr->lr_sock;
	char *buf = ls->ls_lx->lx_buf;
	struct lx_dgram dg;

	if (ls->ls_held != NULL) {
		if (!ring_put(lr, ls->ls_held, &ls->ls_helddg))
			return;
		free(ls->ls_held);
		ls->ls_held = NULL;
	}
	for (int n = 0; n == 0 || (n < RING_TURN && !lx_loop_over(ls->ls_lx->lx_loop)); n++) {
		if (dgram_recv(ls, buf, LX_MAXDGRAM, &dg) != 0)
			return;			/* an error is dgram_upcall's */
		ls->ls_lx->lx_stats.ls_bytes_in += dg.dg_len;
		if (ring_put(lr, buf, &dg))
			continue;
		if ((ls->ls_held = malloc(dg.dg_len + 1)) != NULL) {
			memcpy(ls->ls_held, buf, dg.dg_len);
			ls->ls_helddg = dg;
		}
		return;
	}
	lx_loop_again(ls->ls_lx->lx_loop, &ls->ls_event);
}

/* When to be called again; LX_FOREVER. */
static uint64_t
ring_timer(struct lx_ring *lr, uint64_t now)
{
	uint64_t next;

	if (lr->lr_open && lr->lr_retire <= now)
		ring_close(lr, TP_STATUS_BLK_TMO);
	if (lr->lr_full)
		ring_rx(lr);
	if (lr->lr_again <= now)
		ring_mark(lr);
	if (lr->lr_look <= now)
		ring_look(lr, now);
	next = lr->lr_look < lr->lr_again ? lr->lr_look : lr->lr_again;
	if (lr->lr_open && lr->lr_retire < next)
		next = lr->lr_retire;
	return (lr->lr_full && now + RING_LOOKMAX_NS < next ? now + RING_LOOKMAX_NS : next);
}

uint64_t
rings_timer(struct lx *lx, uint64_t now)
{
	uint64_t at, next = LX_FOREVER;
	struct lx_ring *lr;

	TAILQ_FOREACH(lr, &lx->lx_rings, lr_link)
		if (lr->lr_sock->ls_fd >= 0 && (at = ring_timer(lr, now)) < next)
			next = at;
	return (next);
}

/* Life */

/* What Linux asks of it (packet(7), packet_mmap). */
static int
ring_check(const struct tpacket_req3 *rq, int version, unsigned reserve)
{
	const unsigned hlen = (unsigned)(version == TPACKET_V3 ? TPACKET3_HDRLEN : version == TPACKET_V2 ? TPACKET2_HDRLEN : TPACKET_HDRLEN);
	const uint64_t size = (uint64_t)rq->tp_block_size * rq->tp_block_nr, most = UINT16_MAX / 2;

	if ((int)rq->tp_block_size <= 0 || rq->tp_block_size % (unsigned)getpagesize() != 0 || rq->tp_frame_size % TPACKET_ALIGNMENT != 0 ||
	    reserve > most || rq->tp_frame_size < hlen + reserve || rq->tp_frame_size > rq->tp_block_size)
		return (EINVAL);
	if ((uint64_t)(rq->tp_block_size / rq->tp_frame_size) * rq->tp_block_nr != rq->tp_frame_nr)
		return (EINVAL);
	if (version == TPACKET_V3 && (rq->tp_feature_req_word & ~(unsigned)TP_FT_REQ_FILL_RXHASH) != 0)
		return (EINVAL);
	if (version == TPACKET_V3 && (rq->tp_sizeof_priv >= rq->tp_block_size ||
	    BLOCK_HDR + ALIGN8((size_t)rq->tp_sizeof_priv) + hlen + reserve + 64 > rq->tp_block_size))
		return (EINVAL);
	return (size > RING_MAXSIZE ? ENOMEM : 0);
}

/* The jail's stack pays. */
static int
ring_charge(const struct lx_ring *lr, size_t size)
{
	const int bytes = (int)size;

	return (lr->lr_sock->ls_so == NULL ? 0 : vi_setsockopt(lr->lr_sock->ls_so, VI_PKT_RING, &bytes, sizeof(bytes)));
}

static int
ring_memory(struct lx_ring *lr)
{
	if (ring_charge(lr, lr->lr_size) != 0)
		return (ENOMEM);
	lr->lr_fd = memfd_create("packet ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (lr->lr_fd < 0 || ftruncate(lr->lr_fd, (off_t)lr->lr_size) != 0 ||
	    fcntl(lr->lr_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
		return (errno);
	lr->lr_mem = mmap(NULL, lr->lr_size, PROT_READ | PROT_WRITE, MAP_SHARED, lr->lr_fd, 0);
	if (lr->lr_mem != MAP_FAILED)
		return (0);
	lr->lr_mem = NULL;
	return (ENOMEM);
}

void
ring_free(struct lx_ring *lr)
{
	if (lr == NULL)
		return;
	TAILQ_REMOVE(&lr->lr_sock->ls_lx->lx_rings, lr, lr_link);
	if (lr->lr_mem != NULL)
		(void)munmap(lr->lr_mem, lr->lr_size);
	if (lr->lr_fd >= 0)
		close(lr->lr_fd);
	(void)ring_charge(lr, 0);
	ring_unmark(lr->lr_sock);
	free(lr);
}

int
ring_new(struct lx_sock *ls, int version, unsigned reserve, const struct tpacket_req3 *rq, struct lx_ring **lrp)
{
	struct lx_ring *lr;
	int error;

	if ((error = ring_check(rq, version, reserve)) != 0)
		return (error);
	if ((lr = calloc(1, sizeof(*lr))) == NULL)
		return (ENOMEM);
	lr->lr_sock = ls;
	lr->lr_fd = -1;
	lr->lr_size = (size_t)rq->tp_block_size * rq->tp_block_nr;
	lr->lr_version = version;
	lr->lr_reserve = reserve;
	lr->lr_req = *rq;
	if (lr->lr_req.tp_retire_blk_tov == 0)
		lr->lr_req.tp_retire_blk_tov = RING_TOV_MS;
	lr->lr_look = lr->lr_again = LX_FOREVER;
	TAILQ_INSERT_TAIL(&ls->ls_lx->lx_rings, lr, lr_link);
	if ((error = ring_memory(lr)) != 0) {
		ring_free(lr);
		return (error);
	}
	*lrp = lr;
	return (0);
}

int
ring_fd(const struct lx_ring *lr, size_t len)
{
	return (len == lr->lr_size ? lr->lr_fd : -1);
}
