/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/interop/relay.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <vimage/vimage.h>

#include "base/endian.h"
#include "mbuf/mbuf.h"
#include "net/ifnet.h"
#include "netinet/ip/ip_segment.h"
#include "netinet/ip6/ip6_var.h"
#include "tests/lib/tl.h"
#include "wire/ether.h"

struct relay_frame {
	struct relay_frame *rf_next;
	uint64_t	 rf_time;
	bool		 rf_totap;
	uint32_t	 rf_len;
	uint8_t		 rf_data[];
};

/*
 * Frames in a turn, from the tap and to either side.  Whatever the machine has to do besides, a turn must not bring more than the queues behind the
 * tap and of the vnet hold (1000 each): what they refuse is lost without any chance, the same connections' frames each time.
 */
#define RELAY_READ	1000
#define RELAY_TURN	256

/* The far end's operations have no argument of ours: one cable at a time. */
static struct relay *relay_current;

uint64_t
relay_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec);
}

static uint32_t
relay_random(struct relay *r, uint32_t n)
{
	r->r_rng ^= r->r_rng << 13;
	r->r_rng ^= r->r_rng >> 7;
	r->r_rng ^= r->r_rng << 17;
	return ((uint32_t)(r->r_rng >> 20) % n);
}

static bool
relay_chance(struct relay *r, unsigned permille)
{
	return (permille != 0 && relay_random(r, 1000) < permille);
}

/* Mostly at the end: only what is held back has others behind it that are sooner. */
static void
relay_insert(struct relay *r, struct relay_frame *rf)
{
	struct relay_frame **pp = &r->r_head;

	if (r->r_tail != NULL && r->r_tail->rf_time <= rf->rf_time)
		pp = &r->r_tail->rf_next;
	while (*pp != NULL && (*pp)->rf_time <= rf->rf_time)
		pp = &(*pp)->rf_next;
	rf->rf_next = *pp;
	*pp = rf;
	if (rf->rf_next == NULL)
		r->r_tail = rf;
	r->r_waiting++;
}

/* ARP has no checksum, so that damage would be believed: it is left alone. */
static void
relay_damage(struct relay *r, struct relay_frame *rf)
{
	const uint16_t type = be16dec(rf->rf_data + 12);

	if ((type != ETHERTYPE_IP && type != ETHERTYPE_IPV6) || !relay_chance(r, r->r_ills.il_corrupt))
		return;
	rf->rf_data[ETHER_HDR_LEN + relay_random(r, rf->rf_len - ETHER_HDR_LEN)] ^= (uint8_t)(1u << relay_random(r, 8));
	r->r_corrupted++;
}

static void
relay_copy(struct relay *r, const uint8_t *p, uint32_t len, bool totap)
{
	struct relay_frame *rf = malloc(sizeof(*rf) + len);

	assert_non_null(rf);
	memcpy(rf->rf_data, p, len);
	rf->rf_len = len;
	rf->rf_totap = totap;
	rf->rf_time = relay_clock() + r->r_ills.il_delay * TL_US;
	if (relay_chance(r, r->r_ills.il_reorder)) {
		rf->rf_time += relay_random(r, r->r_ills.il_hold + 1) * TL_US;
		r->r_late++;
	}
	relay_damage(r, rf);
	relay_insert(r, rf);
}

static void
relay_take(struct relay *r, const uint8_t *p, uint32_t len, bool totap)
{
	if (len <= ETHER_HDR_LEN)
		return;
	r->r_count++;
	if (r->r_waiting >= RELAY_MAX || relay_chance(r, r->r_ills.il_loss)) {
		r->r_lost++;
		return;
	}
	relay_copy(r, p, len, totap);
	if (relay_chance(r, r->r_ills.il_dup)) {
		relay_copy(r, p, len, totap);
		r->r_doubled++;
	}
}

/* From the vnet. */

static void
relay_packet(struct relay *r, struct mbuf *m, const uint8_t *ether, bool six)
{
	uint8_t frame[ETHER_HDR_LEN + 65536];

	if ((m->m_pkt.csum_flags & CSUM_DELAY_DATA) != 0)
		m = six ? in6_delayed_cksum(m) : in_delayed_cksum(m);
	assert_non_null(m);
	memcpy(frame, ether, ETHER_HDR_LEN);
	assert_int_equal(m_copydata(m, 0, m->m_pkt.len, frame + ETHER_HDR_LEN), 0);
	relay_take(r, frame, ETHER_HDR_LEN + m->m_pkt.len, true);
	m_freem(m);
}

static void
relay_input(struct ifnet *ifp, struct mbuf *m)
{
	uint8_t ether[ETHER_HDR_LEN];
	struct mbuf *next;
	unsigned n;
	bool six;

	(void)ifp;
	assert_int_equal(m_copydata(m, 0, sizeof(ether), ether), 0);
	six = be16dec(ether + 12) == ETHERTYPE_IPV6;
	m_adj(m, ETHER_HDR_LEN);
	if (m->m_pkt.segsz != 0)
		assert_non_null(m = six ? ip6_segment(m, &n) : ip_segment(m, &n));
	for (; m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		relay_packet(relay_current, m, ether, six);
	}
}

/* Nobody sends at the far end, but its own stack might. */
static int
relay_transmit(struct ifnet *ifp, struct mbuf *m)
{
	(void)ifp;
	m_freem(m);
	return (0);
}

static const struct ifnet_ops relay_ops = {
	.ifo_output = ether_output,
	.ifo_transmit = relay_transmit,
	.ifo_input = relay_input,
};

/* To the vnet and to the tap. */

static void
relay_arrive(struct relay *r, struct relay_frame *rf)
{
	struct mbuf *m;

	if (rf->rf_totap) {
		if (write(r->r_tap, rf->rf_data, rf->rf_len) < 0)
			r->r_full++;
		return;
	}
	if ((m = m_frombuf(vnet_acct(r->r_vn), rf->rf_data, rf->rf_len, 0)) != NULL)
		if_deliver(r->r_if, m);
}

static void
relay_read(struct relay *r)
{
	uint8_t frame[ETHER_HDR_LEN + 65536];
	ssize_t len;

	r->r_dry = false;
	for (unsigned n = 0; n < RELAY_READ && !r->r_dry; n++) {
		len = read(r->r_tap, frame, sizeof(frame));
		r->r_dry = len <= 0;
		if (len > 0)
			relay_take(r, frame, (uint32_t)len, false);
	}
}

void
relay_run(struct relay *r)
{
	struct relay_frame *rf;
	uint64_t now;

	relay_read(r);
	now = relay_clock();
	for (unsigned n = 0; n < RELAY_TURN && (rf = r->r_head) != NULL && rf->rf_time <= now; n++) {
		if ((r->r_head = rf->rf_next) == NULL)
			r->r_tail = NULL;
		r->r_waiting--;
		relay_arrive(r, rf);
		free(rf);
	}
}

uint64_t
relay_due(const struct relay *r)
{
	uint64_t now = relay_clock();

	if (!r->r_dry)
		return (0);
	if (r->r_head == NULL)
		return (VI_FOREVER);
	return (r->r_head->rf_time > now ? r->r_head->rf_time - now : 0);
}

void
relay_ills(struct relay *r, const struct ills *il, uint64_t seed)
{
	r->r_ills = *il;
	r->r_rng = seed * 0x9e3779b97f4a7c15u + 1;
	r->r_count = r->r_lost = r->r_doubled = r->r_corrupted = r->r_late = r->r_full = 0;
}

void
relay_init(struct relay *r, struct vi_vnet *vn, int tap, char *ifname)
{
	struct ifnet *far;
	char name[VI_IFNAMSIZ];

	memset(r, 0, sizeof(*r));
	r->r_tap = tap;
	r->r_vn = (struct vnet *)vn;
	relay_current = r;
	tl_ok(vi_if_create(vn, "epair", ifname));
	assert_non_null(r->r_if = ifnet_byname(r->r_vn, ifname));
	assert_non_null(far = r->r_if->if_cloner->ifc_peer(r->r_if));
	far->if_ops = &relay_ops;
	memcpy(name, far->if_xname, sizeof(name));
	tl_ok(vi_if_set_flags(vn, name, VI_IFF_UP, 0));
}

void
relay_fini(struct relay *r)
{
	struct relay_frame *rf;

	while ((rf = r->r_head) != NULL) {
		r->r_head = rf->rf_next;
		free(rf);
	}
	relay_current = NULL;
}
