/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interfaces below everything that uses them: tables, units, link addresses, queues, moves and the
 * end of vnets.
 */
#include "net/ifnet.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "net/net_test.h"
#include "wire/ether.h"

#define TESTTYPE 0x88b5		/* IEEE 802: for experiments */
#define ORDERTYPE 0x88b6	/* the same */

static unsigned received;	/* frames of TESTTYPE that came up */
static uint32_t last_len;
static uint16_t last_csum, last_flags;
static struct ifnet *answerer;	/* when the first frame comes up, somebody sends another by it; NULL: nobody */

static int	send_to(struct ifnet *, const struct ifnet *, size_t);

static void
test_input(struct ifnet *ifp, struct mbuf *m)
{
	if (answerer != NULL && received == 0)
		assert_int_equal(send_to(answerer, ifp, 64), 0);
	assert_ptr_equal(m->m_pkt.rcvif, ifp);
	assert_ptr_equal(m->m_as, vnet_acct(ifp->if_vnet));
	received++;
	last_len = m->m_pkt.len;
	last_csum = m->m_pkt.csum_flags;
	last_flags = m->m_flags;
	m_freem(m);
}

static struct mbuf *
packet(struct vnet *vn, size_t len)
{
	static const uint8_t data[65535];
	struct mbuf *m = m_frombuf(vnet_acct(vn), data, len, 32);

	assert_non_null(m);
	return (m);
}

static int
send_to(struct ifnet *from, const struct ifnet *to, size_t len)
{
	return (ether_frame(from, packet(from->if_vnet, len), TESTTYPE, to->if_lladdr));
}

/* A cable from a to b, both up, frames of TESTTYPE counted at b. */
static void
cable(struct nt *nt, struct vnet *a, struct vnet *b, struct ifnet **ia, struct ifnet **ib)
{
	char name[IFNAMSIZ];

	(void)nt;
	assert_int_equal(if_create(a, "epair", name), 0);
	*ia = nt_if(a, name);
	*ib = (*ia)->if_cloner->ifc_peer(*ia);
	if (b != a)
		assert_int_equal(if_vmove(*ib, b), 0);
	nt_up(*ia);
	nt_up(*ib);
	(void)net_proto_register(b, TESTTYPE, test_input);
	received = 0;
}

static void
names_and_indexes(void **state)
{
	enum { N = 200 };
	struct ifnet *ifp, *prev;
	char name[IFNAMSIZ];
	struct vnet *vn;
	struct nt nt;
	uint32_t n, index;

	(void)state;
	nt_begin(&nt);
	vn = nt.nt_v0;
	for (int i = 0; i < N; i++)
		assert_int_equal(if_create(vn, "epair", name), 0);
	for (int round = 0; round < 5; round++) {
		for (uint32_t i = 0; i < N; i++) {
			if (nt_random(&nt) % 2 == 0)
				continue;
			snprintf(name, sizeof(name), "epair%u%c", i,
			    nt_random(&nt) % 2 ? 'a' : 'b');
			index = nt_if(vn, name)->if_index;
			assert_int_equal(if_destroy(vn, name), 0);
			assert_null(ifnet_byname(vn, name));
			assert_null(ifnet_byindex(vn, index));
			snprintf(name, sizeof(name), "epair%u", i);
			assert_int_equal(if_create(vn, name, name), 0);
			assert_null(ifnet_byindex(vn, index));	/* not so soon again */
		}
		prev = NULL;
		n = 0;
		TAILQ_FOREACH(ifp, &net_vnet(vn)->nv_ifs, if_link) {
			assert_true(prev == NULL || prev->if_index < ifp->if_index);
			assert_ptr_equal(ifnet_byname(vn, ifp->if_xname), ifp);
			assert_ptr_equal(ifnet_byindex(vn, ifp->if_index), ifp);
			prev = ifp;
			n++;
		}
		assert_int_equal(n, 2 * N + 1);
	}
	assert_true(net_vnet(vn)->nv_indexsize <= 8 * N);
	assert_int_equal(if_rename(nt_if(vn, "epair5a"), "epair6a"), EEXIST);
	assert_int_equal(if_rename(nt_if(vn, "epair5a"), "wan"), 0);
	assert_null(ifnet_byname(vn, "epair5a"));
	assert_int_equal(if_rename(nt_if(vn, "wan"), "wan"), 0);
	assert_int_equal(if_rename(nt_if(vn, "wan"), "two words"), EINVAL);
	assert_int_equal(if_rename(nt_if(vn, "wan"), "-wan"), EINVAL);
	assert_int_equal(if_rename(nt_if(vn, "wan"), "a/b"), EINVAL);
	nt_end(&nt);
}

static int
maccmp(const void *a, const void *b)
{
	return (memcmp(a, b, 6));
}

/* Link addresses are unique by construction; two kernels have others. */
static void
link_addresses(void **state)
{
	enum { N = 20000 };
	static uint8_t macs[N][6];
	uint8_t again[6];
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	for (int i = 0; i < N; i++) {
		if_lladdr_make(nt.nt_k, (uint32_t)i / 2, (uint8_t)(0x0a + i % 2), macs[i]);
		assert_int_equal(macs[i][0], 0x02);
		assert_int_equal(macs[i][5], 0x0a + i % 2);
	}
	if_lladdr_make(nt.nt_k, 0, 0x0a, again);
	assert_memory_equal(again, macs[0], 6);
	qsort(macs, N, 6, maccmp);
	for (int i = 1; i < N; i++)
		assert_memory_not_equal(macs[i - 1], macs[i], 6);
	nt.nt_k->k_hostkey[0] ^= 1;
	if_lladdr_make(nt.nt_k, 0, 0x0a, again);
	assert_null(bsearch(again, macs, N, 6, maccmp));
	nt_end(&nt);
}

static void
units_are_the_kernels(void **state)
{
	struct vnet *a, *b;
	char name[IFNAMSIZ];
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	a = nt_vnet(&nt, "a");
	b = nt_vnet(&nt, "b");
	assert_int_equal(if_create(a, "epair", name), 0);
	assert_string_equal(name, "epair0a");
	assert_int_equal(if_create(b, "epair", name), 0);
	assert_string_equal(name, "epair1a");
	assert_int_equal(if_create(b, "epair0", name), EEXIST);
	assert_int_equal(if_create(b, "epair700", name), 0);
	assert_int_equal(if_create(b, "epair1000000", name), EINVAL);
	assert_int_equal(if_create(b, "epair01", name), EINVAL);
	assert_int_equal(if_create(b, "epair3a", name), EINVAL);
	assert_int_equal(if_create(b, "lo1", name), 0);		/* those are each vnet's own */
	assert_int_equal(if_create(a, "lo1", name), 0);
	/* A name that is taken is passed over, and the unit stays free. */
	assert_int_equal(if_rename(nt_if(b, "epair700a"), "epair2b"), 0);
	assert_int_equal(if_create(b, "epair2", name), EEXIST);
	assert_int_equal(if_create(b, "epair", name), 0);
	assert_string_equal(name, "epair3a");
	assert_int_equal(if_create(a, "epair", name), 0);
	assert_string_equal(name, "epair2a");
	assert_int_equal(if_destroy(a, "epair0b"), 0);
	assert_int_equal(if_create(b, "epair", name), 0);
	assert_string_equal(name, "epair0a");
	nt_end(&nt);
}

static void
lo0_stays(void **state)
{
	char name[IFNAMSIZ];
	struct vnet *a, *b;
	struct ifnet *lo;
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	a = nt_vnet(&nt, "a");
	b = nt_vnet(&nt, "b");
	lo = nt_if(a, "lo0");
	assert_int_equal(lo->if_flags, 0x8008);
	nt_up(lo);
	assert_int_equal(lo->if_flags, 0x8049);
	assert_int_equal(if_destroy(a, "lo0"), EINVAL);
	assert_int_equal(if_vmove(lo, b), EINVAL);
	assert_int_equal(if_create(a, "lo", name), 0);
	assert_string_equal(name, "lo1");
	assert_int_equal(if_vmove(nt_if(a, "lo1"), b), 0);	/* the others may travel */
	assert_int_equal(if_create(a, "epair", name), 0);
	assert_int_equal(nt_if(a, name)->if_flags, 0x8842);
	nt_up(nt_if(a, name));
	assert_int_equal(nt_if(a, name)->if_flags, 0x8843);
	nt_end(&nt);
}

static void
frames_cross(void **state)
{
	static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
	struct ifnet *ia, *ib;
	struct vnet *a, *b;
	struct mbuf *m;
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	a = nt_vnet(&nt, "a");
	b = nt_vnet(&nt, "b");
	cable(&nt, a, b, &ia, &ib);
	assert_int_equal(send_to(ia, ib, 1500), 0);
	assert_int_equal(received, 0);		/* never inside the sender's call */
	nt_settle(&nt);
	assert_int_equal(received, 1);
	assert_int_equal(last_len, 1500);
	assert_int_equal(last_flags & (M_BCAST | M_MCAST), 0);
	assert_int_equal(ia->if_stats.ifs_opackets, 1);
	assert_int_equal(ia->if_stats.ifs_obytes, 1514);
	assert_int_equal(ib->if_stats.ifs_ipackets, 1);
	assert_int_equal(ether_frame(ia, packet(a, 100), TESTTYPE, all), 0);
	nt_settle(&nt);
	assert_int_equal(received, 2);
	assert_int_equal(last_flags & (M_BCAST | M_MCAST), M_BCAST);
	assert_int_equal(ia->if_stats.ifs_omcasts, 1);
	assert_int_equal(ib->if_stats.ifs_imcasts, 1);
	/* For somebody else; of no known protocol. */
	assert_int_equal(send_to(ia, ia, 100), 0);
	assert_int_equal(ether_frame(ia, packet(a, 100), ORDERTYPE, ib->if_lladdr), 0);
	nt_settle(&nt);
	assert_int_equal(received, 2);
	assert_int_equal(ib->if_stats.ifs_noproto, 1);
	/* Longer than the MTU only in segments. */
	assert_int_equal(send_to(ia, ib, 1501), EMSGSIZE);
	m = packet(a, 60000);
	m->m_pkt.segsz = 1448;
	m->m_pkt.csum_flags = CSUM_TCP | CSUM_TSO;
	assert_int_equal(ether_frame(ia, m, TESTTYPE, ib->if_lladdr), 0);
	nt_settle(&nt);
	assert_int_equal(last_len, 60000);
	assert_int_equal(last_csum & (CSUM_IP_VALID | CSUM_DATA_VALID | CSUM_TCP),
	    CSUM_IP_VALID | CSUM_DATA_VALID | CSUM_TCP);
	assert_int_equal(vnet_acct(a)->as_acct[ACCT_MBUF].ac_count, 0);
	assert_int_equal(vnet_acct(b)->as_acct[ACCT_MBUF].ac_count, 0);
	nt_end(&nt);
}

/*
 * Nobody takes the frames: the queue ends, the sender does not pay, drops are told at the receiver.
 */
static void
queues_are_bounded(void **state)
{
	struct ifnet *ia, *ib;
	struct vnet *a, *b;
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	a = nt_vnet(&nt, "a");
	b = nt_vnet(&nt, "b");
	cable(&nt, a, b, &ia, &ib);
	for (int i = 0; i < IFQ_MAXLEN + 50; i++)
		assert_int_equal(send_to(ia, ib, 64), 0);
	assert_int_equal(vnet_acct(a)->as_acct[ACCT_MBUF].ac_count, 0);
	assert_int_equal(atomic_load(&ib->if_inq.ifq_drops), 50);
	nt_settle(&nt);
	assert_int_equal(received, IFQ_MAXLEN);
	assert_int_equal(ifq_len(&ib->if_inq), 0);
	assert_int_equal(ifq_bytes(&ib->if_inq), 0);
	/* Fewer if the sender says so, never none, and never more. */
	received = 0;
	if_settxqlen(ia, 10);
	for (int i = 0; i < 15; i++)
		assert_int_equal(send_to(ia, ib, 64), 0);
	if_settxqlen(ia, 0);
	assert_int_equal(ia->if_txqlen, 0);
	nt_settle(&nt);
	assert_int_equal(received, 10);
	for (int i = 0; i < 2; i++)
		assert_int_equal(send_to(ia, ib, 64), 0);
	nt_settle(&nt);
	assert_int_equal(received, 11);
	if_settxqlen(ia, UINT32_MAX);
	assert_int_equal(ib->if_inq.ifq_limit, IFQ_MAXLEN);
	assert_int_equal(ia->if_inq.ifq_limit, IFQ_MAXLEN);
	/* By bytes as well. */
	received = 0;
	for (int i = 0; i < 300; i++) {
		struct mbuf *m = packet(a, 65000);

		m->m_pkt.segsz = 1448;
		assert_int_equal(ether_frame(ia, m, TESTTYPE, ib->if_lladdr), 0);
	}
	nt_settle(&nt);
	assert_int_equal(received, IFQ_MAXBYTES / 65014 + 1);
	/* The receiver may have no room, the sender is not told. */
	received = 0;
	acct_setlimit(vnet_acct(b), ACCT_MBUF, 1);
	assert_int_equal(send_to(ia, ib, 64), 0);
	nt_settle(&nt);
	assert_int_equal(received, 0);
	assert_int_equal(ib->if_stats.ifs_iqdrops, 1);
	/* Down at either end. */
	acct_setlimit(vnet_acct(b), ACCT_MBUF, 0);
	assert_int_equal(if_setflags(ib, 0, IFF_UP), 0);
	assert_int_equal(send_to(ia, ib, 64), 0);
	nt_up(ib);
	assert_int_equal(if_setflags(ia, 0, IFF_UP), 0);
	assert_int_equal(send_to(ia, ib, 64), ENETDOWN);
	nt_settle(&nt);
	assert_int_equal(received, 0);
	nt_end(&nt);
}

/* Frames wait in the queue of an interface that goes away, by every way there is. */
/*
 * In a kernel of several workers: a frame that comes while those before it are taken in two runs.  Its sender found the
 * work for it posted already, and nobody sends another that would be noticed.
 */
static void
queues_are_emptied(void **state)
{
	struct ifnet *ia, *ib;
	struct vnet *a, *b;
	struct nt nt;

	(void)state;
	for (unsigned n = 1; n <= 3 * IFQ_BATCH; n++) {
		nt_begin_workers(&nt, 2);
		kernel_lock(nt.nt_k);
		a = nt_vnet(&nt, "a");
		b = nt_vnet(&nt, "b");
		lane_move(&a->vn_lane, kernel_worker(nt.nt_k, 0));
		lane_move(&b->vn_lane, kernel_worker(nt.nt_k, 1));
		cable(&nt, a, b, &ia, &ib);
		for (unsigned i = 0; i < n; i++)
			assert_int_equal(send_to(ia, ib, 64), 0);
		answerer = ia;
		kernel_unlock(nt.nt_k);
		nt_settle(&nt);
		answerer = NULL;
		assert_int_equal(received, n + 1);
		assert_int_equal(ifq_len(&ib->if_inq), 0);
		nt_end(&nt);
	}
}

/*
 * Two senders in threads of their own, one queue: whatever they do, the receiver gets all that is not counted as
 * dropped, of each in order, without waiting for more to come.
 */

#define ROUNDS	400

struct sender {
	struct vnet	*sd_vn;
	struct ifnet	*sd_to;
	struct nt	 sd_nt;		/* for its random numbers */
	uint32_t	 sd_id, sd_sent;
	atomic_uint	*sd_round;	/* the round that may be sent, or ROUNDS */
	atomic_uint	*sd_finished;	/* senders' rounds */
};

static uint32_t lastof[2];	/* the number of the last frame received */

static void
ordered_input(struct ifnet *ifp, struct mbuf *m)
{
	uint32_t what[2];

	(void)ifp;
	assert_int_equal(m_copydata(m, 0, sizeof(what), what), 0);
	assert_true(what[0] < 2 && what[1] > lastof[what[0]]);
	lastof[what[0]] = what[1];
	received++;
	m_freem(m);
}

static void
sender_burst(struct sender *sd)
{
	struct { struct ether_header eh; uint32_t what[2]; } __attribute__((packed)) frame = { .eh.ether_type = HTONS(ORDERTYPE) };
	struct mbuf *m;

	memcpy(frame.eh.ether_dhost, sd->sd_to->if_lladdr, ETHER_ADDR_LEN);
	memcpy(frame.eh.ether_shost, sd->sd_to->if_lladdr, ETHER_ADDR_LEN);
	frame.what[0] = sd->sd_id;
	for (uint32_t n = 1 + nt_random(&sd->sd_nt) % 20; n > 0; n--) {
		frame.what[1] = ++sd->sd_sent;
		m = m_frombuf(vnet_acct(sd->sd_vn), &frame, sizeof(frame), 32);
		VI_ASSERT(m != NULL);
		if_deliver(sd->sd_to, m);
	}
}

static void *
sender_run(void *arg)
{
	struct sender *sd = arg;
	struct worker *w = kernel_worker(sd->sd_vn->vn_kernel, 1 + sd->sd_id);

	for (unsigned round = 0; round < ROUNDS; round++) {
		while (atomic_load(sd->sd_round) < round)
			sched_yield();
		worker_enter(w);
		sender_burst(sd);
		(void)worker_poll(w);
		worker_leave(w);
		atomic_fetch_add(sd->sd_finished, 1);
	}
	return (NULL);
}

static void
queues_of_threads(void **state)
{
	atomic_uint round = 0, finished = 0;
	struct sender sd[2];
	pthread_t thread[2];
	struct ifnet *ia, *ib;
	struct vnet *b;
	struct nt nt;

	(void)state;
	nt_begin_workers(&nt, 3);
	kernel_lock(nt.nt_k);
	b = nt_vnet(&nt, "b");
	cable(&nt, b, b, &ia, &ib);
	assert_int_equal(net_proto_register(b, ORDERTYPE, ordered_input), 0);
	for (uint32_t i = 0; i < 2; i++) {
		sd[i] = (struct sender){ .sd_vn = nt_vnet(&nt, i == 0 ? "s0" : "s1"), .sd_to = ib, .sd_nt.nt_rand = i + 1, .sd_id = i,
		    .sd_round = &round, .sd_finished = &finished };
		lane_move(&sd[i].sd_vn->vn_lane, kernel_worker(nt.nt_k, 1 + i));
		lastof[i] = 0;
	}
	lane_move(&b->vn_lane, kernel_worker(nt.nt_k, 0));
	kernel_unlock(nt.nt_k);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, sender_run, &sd[i]), 0);
	for (unsigned r = 1; r <= ROUNDS; r++) {
		bool all;

		do {
			all = atomic_load(&finished) == 2 * r;
			worker_enter(kernel_worker(nt.nt_k, 0));
			while (worker_poll(kernel_worker(nt.nt_k, 0)) == 0)
				;
			worker_leave(kernel_worker(nt.nt_k, 0));
		} while (!all);
		assert_int_equal(received + atomic_load(&ib->if_inq.ifq_drops), sd[0].sd_sent + sd[1].sd_sent);
		atomic_store(&round, r);
	}
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	assert_int_equal(ifq_len(&ib->if_inq), 0);
	nt_end(&nt);
}

static void
gone_while_frames_wait(void **state)
{
	for (int way = 0; way < 7; way++) {
		struct vnet *a, *b, *c, *home;
		struct ifnet *ia, *ib;
		struct nt nt;

		(void)state;
		nt_begin(&nt);
		home = nt_vnet(&nt, "home");
		a = nt_vnet(&nt, "a");
		b = nt_vnet(&nt, "b");
		c = nt_vnet(&nt, "c");
		cable(&nt, home, b, &ia, &ib);
		assert_int_equal(if_vmove(ia, a), 0);
		nt_up(ia);
		(void)net_proto_register(a, TESTTYPE, test_input);
		for (int i = 0; i < 100; i++) {
			assert_int_equal(send_to(ia, ib, 64), 0);
			assert_int_equal(send_to(ib, ia, 64), 0);
		}
		switch (way) {
		case 0:
			assert_int_equal(if_destroy(a, ia->if_xname), 0);
			break;
		case 1:
			assert_int_equal(if_destroy(b, ib->if_xname), 0);
			break;
		case 2:
			assert_int_equal(if_vmove(ib, c), 0);
			break;
		case 3:
			assert_int_equal(if_reclaim(ib), 0);
			break;
		case 4:
			assert_int_equal(vnet_destroy(a, NULL, NULL), 0);
			assert_ptr_equal(nt_if(home, "epair0a"), ia);
			break;
		case 5:
			assert_int_equal(vnet_destroy(b, NULL, NULL), 0);
			break;
		case 6:
			assert_int_equal(vnet_destroy(home, NULL, NULL), 0);
			assert_int_equal(net_vnet(a)->nv_nifs, 1);
			assert_int_equal(net_vnet(b)->nv_nifs, 1);
			break;
		}
		nt_settle(&nt);
		/*
		 * What was on its way to the end that stayed arrives, unless the other end took it
		 * along.
		 */
		assert_int_equal(received, way == 2 || way == 3 || way == 4 || way == 5 ? 100 : 0);
		nt_end(&nt);
	}
}

static void
moves_are_refused_whole(void **state)
{
	struct ifnet *ia, *ib;
	struct vnet *a, *b;
	char name[IFNAMSIZ];
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	a = nt_vnet(&nt, "a");
	b = nt_vnet(&nt, "b");
	cable(&nt, a, a, &ia, &ib);
	assert_int_equal(if_vmove(ia, a), EEXIST);	/* it is there */
	assert_int_equal(if_create(b, "lo7", name), 0);
	assert_int_equal(if_rename(nt_if(b, "lo7"), "epair0a"), 0);
	assert_int_equal(if_vmove(ia, b), EEXIST);
	assert_true(ia->if_vnet == a && (ia->if_flags & IFF_UP) != 0);
	/* b's table of indexes is full to its mark: no memory for a larger one. */
	for (int i = 0; i < 2; i++)
		assert_int_equal(if_create(b, "lo", name), 0);
	acct_setlimit(vnet_acct(b), ACCT_IFNET, 1);
	assert_int_equal(if_vmove(ib, b), ENOBUFS);
	assert_true(ib->if_vnet == a && (ib->if_flags & IFF_UP) != 0);
	acct_setlimit(vnet_acct(b), ACCT_IFNET, 0);
	assert_int_equal(if_vmove(ib, b), 0);
	assert_true(ib->if_vnet == b && (ib->if_flags & IFF_UP) == 0);
	assert_int_equal(if_reclaim(ib), 0);
	assert_int_equal(if_reclaim(ib), 0);		/* it is at home */
	nt_end(&nt);
}

/* Home comes what was lent, under a name that is free there. */
static void
names_on_return(void **state)
{
	struct vnet *home, *guest, *other;
	char name[IFNAMSIZ];
	struct ifnet *ifp;
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	home = nt_vnet(&nt, "home");
	guest = nt_vnet(&nt, "guest");
	other = nt_vnet(&nt, "other");
	assert_int_equal(if_create(home, "epair999999", name), 0);
	ifp = nt_if(home, "epair999999a");
	assert_int_equal(if_vmove(ifp, guest), 0);
	assert_int_equal(if_rename(ifp, "mine"), 0);
	assert_int_equal(if_reclaim(ifp), 0);
	assert_string_equal(ifp->if_xname, "epair999999a");	/* what the guest called it is forgotten */
	assert_int_equal(if_rename(ifp, "wan"), 0);
	assert_int_equal(if_vmove(ifp, guest), 0);
	assert_int_equal(if_rename(ifp, "mine"), 0);
	assert_int_equal(if_vmove(ifp, other), 0);	/* lent on */
	assert_int_equal(if_reclaim(ifp), 0);
	assert_string_equal(ifp->if_xname, "wan");
	assert_int_equal(if_vmove(ifp, guest), 0);
	assert_int_equal(if_create(home, "lo1", name), 0);
	assert_int_equal(if_rename(nt_if(home, "lo1"), "wan"), 0);
	assert_int_equal(if_reclaim(ifp), 0);
	assert_string_equal(ifp->if_xname, "epair999999a");	/* as it was made */
	assert_int_equal(if_vmove(ifp, guest), 0);
	assert_int_equal(if_create(home, "lo2", name), 0);
	assert_int_equal(if_rename(nt_if(home, "lo2"), "epair999999a"), 0);
	assert_int_equal(if_create(home, "lo3", name), 0);
	assert_int_equal(if_rename(nt_if(home, "lo3"), "epair999999a_r0"), 0);
	assert_int_equal(if_reclaim(ifp), 0);
	assert_string_equal(ifp->if_xname, "epair999999a_r1");
	assert_int_equal(if_rename(ifp, "x"), 0);
	assert_int_equal(if_vmove(ifp, guest), 0);
	assert_int_equal(vnet_destroy(guest, NULL, NULL), 0);
	assert_string_equal(ifp->if_xname, "x");
	assert_int_equal(if_destroy(home, "x"), 0);
	assert_null(ifnet_byname(home, "epair999999b"));
	nt_end(&nt);
}

/* Out of memory at each step: nothing is left of the cable, and its unit is free. */
static void
create_without_memory(void **state)
{
	char name[IFNAMSIZ];
	struct vnet *vn;
	struct nt nt;
	uint64_t nth;
	int error;

	(void)state;
	nt_begin(&nt);
	vn = nt_vnet(&nt, "v");
	for (nth = 1;; nth++) {
		kernel_fail_alloc(nt.nt_k, nth);
		error = if_create(vn, "epair", name);
		kernel_fail_alloc(nt.nt_k, 0);
		if (error == 0)
			break;
		assert_int_equal(error, ENOBUFS);
		assert_int_equal(net_vnet(vn)->nv_nifs, 1);
	}
	assert_true(nth > 3);
	assert_string_equal(name, "epair0a");
	for (nth = 1;; nth++) {
		struct vnet *w;

		kernel_fail_alloc(nt.nt_k, nth);
		error = vnet_create(nt.nt_k, "w", NULL, &w);
		kernel_fail_alloc(nt.nt_k, 0);
		if (error == 0)
			break;
	}
	assert_true(nth > 5);
	nt_end(&nt);
}

/* Indices end where the zone of an address has no room for more. */
static void
indices_end(void **state)
{
	char name[IFNAMSIZ];
	struct vnet *vn;
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	vn = nt_vnet(&nt, "v");
	while (net_vnet(vn)->nv_nifs < UINT16_MAX)
		assert_int_equal(if_create(vn, "epair", name), 0);
	assert_int_equal(net_vnet(vn)->nv_nifs, UINT16_MAX);
	assert_int_equal(if_create(vn, "epair", name), ENOBUFS);
	assert_int_equal(if_destroy(vn, "epair77a"), 0);
	assert_int_equal(if_create(vn, "epair", name), 0);
	assert_true(nt_if(vn, name)->if_index <= UINT16_MAX);
	nt_end(&nt);
}

/* Garbage at the link: counted, never more. */
static void
bad_frames(void **state)
{
	struct ifnet *ia, *ib;
	struct vnet *a, *b;
	struct nt nt;
	uint8_t frame[64];

	(void)state;
	nt_begin(&nt);
	a = nt_vnet(&nt, "a");
	b = nt_vnet(&nt, "b");
	cable(&nt, a, b, &ia, &ib);
	for (int i = 0; i < 5000; i++) {
		size_t len = nt_random(&nt) % sizeof(frame);
		struct mbuf *m;

		for (size_t j = 0; j < sizeof(frame); j++)
			frame[j] = (uint8_t)nt_random(&nt);
		if (nt_random(&nt) % 2)
			memcpy(frame, ib->if_lladdr, 6);
		assert_non_null(m = m_frombuf(vnet_acct(a), frame, len, 0));
		assert_int_equal(if_transmit(ia, m), 0);
		if (i % 100 == 0)
			nt_settle(&nt);
	}
	nt_settle(&nt);
	assert_true(ib->if_stats.ifs_ierrors > 1000);
	assert_int_equal(ib->if_stats.ifs_ipackets, 5000);
	assert_int_equal(vnet_acct(b)->as_acct[ACCT_MBUF].ac_count, 0);
	nt_end(&nt);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_indexes),
		cmocka_unit_test(link_addresses),
		cmocka_unit_test(units_are_the_kernels),
		cmocka_unit_test(lo0_stays),
		cmocka_unit_test(frames_cross),
		cmocka_unit_test(queues_are_bounded),
		cmocka_unit_test(queues_are_emptied),
		cmocka_unit_test(queues_of_threads),
		cmocka_unit_test(gone_while_frames_wait),
		cmocka_unit_test(moves_are_refused_whole),
		cmocka_unit_test(names_on_return),
		cmocka_unit_test(create_without_memory), cmocka_unit_test(indices_end),
		cmocka_unit_test(bad_frames),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
