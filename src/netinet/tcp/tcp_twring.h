/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Those in TIME_WAIT, in order of their coming: a ring.  All live equally long, so who comes is put behind the latest, and who goes is the oldest.  What is
 * touched lies beside what was touched last, where caches look ahead: among thousands that are linked both ways nobody's neighbours are in a cache, and their
 * links are written when he goes.
 *
 * Entries are numbered as they come; a number is there while tr_first <= number < tr_next (modulo 2^32), and names a slot of the ring.  Chains of the hash
 * are numbers, latest first.  Who goes is not taken out of his chain: a number that is not there ends it, for those behind it are older still.  Who goes
 * before the oldest (his pair of addresses is used again) leaves a hole until he would be the oldest.
 *
 * The heads of chains keep the latest three with a byte of their hashes, so that entries are seldom looked at for nothing.
 *
 * A ring takes no memory while it is empty and nobody came since tcp_twring_resize(0).  It is its vnet's, with the vnet's lane.
 */
#ifndef NETINET_TCP_TCP_TWRING_H
#define NETINET_TCP_TCP_TWRING_H

#include "netinet/tcp/tcp_flow.h"

struct tcp_authctx;

struct tcptw {
	struct tcp_flow	 tw_flow;
	uint32_t	 tw_older;	/* the number before it in its chain */
	uint32_t	 tw_fib, tw_uid;
	int		 tw_jail;	/* of the credentials */
	uint32_t	 tw_snd_nxt, tw_rcv_nxt;
	uint32_t	 tw_ts_recent, tw_tsoff;
	uint16_t	 tw_win, tw_udpport;
	uint8_t		 tw_tos, tw_ttl;
	uint8_t		 tw_share;	/* SO_REUSEADDR, SO_REUSEPORT of its socket */
	bool		 tw_ts;		/* timestamps were in use */
	bool		 tw_gone;	/* a hole */
	uint64_t	 tw_due;	/* ns: it is looked at then, */
	uint64_t	 tw_expire;	/* and goes, or begins anew if it is to wait longer */
	struct tcp_authctx *tw_auth;	/* its key is counted; NULL: none */
};

#define TCP_TWLATEST	3
#define TCP_TWAHEAD	8	/* connections end in bursts, and memory takes as long as some of them */
#define TCP_TWRING_MIN	16	/* slots of the smallest */

struct tcp_twhead {
	uint32_t	 th_latest[TCP_TWLATEST];
	uint8_t		 th_tag[TCP_TWLATEST];	/* theirs */
};

struct tcp_twring {
	struct tcptw	*tr_slot;	/* NULL while tr_size is 0 */
	struct tcp_twhead *tr_head;
	uint32_t	 tr_size;	/* slots, and chains: a power of two, or 0 */
	uint32_t	 tr_first, tr_next;	/* the first is no hole, if any is there */
	uint32_t	 tr_count;	/* without holes */
	struct inpcbinfo *tr_pcbs;	/* whose hash it is, and whose mix */
	struct acctset	*tr_acct;
};

void	tcp_twring_init(struct tcp_twring *, struct acctset *, struct inpcbinfo *);
/* Room for so many at least, and no holes; 0: no memory, which asserts that it is empty.  ENOBUFS: nothing has changed. */
int	tcp_twring_resize(struct tcp_twring *, uint32_t room);
/* Makes who is in tcp_twring_new() the latest. */
void	tcp_twring_push(struct tcp_twring *);
void	tcp_twring_remove(struct tcp_twring *, struct tcptw *);
struct tcptw *tcp_twring_look(const struct tcp_twring *, const struct inet_ops *, const struct in_addr_any *laddr, uint16_t lport,
    const struct in_addr_any *faddr, uint16_t fport);

static inline struct tcptw *
tcp_twring_find(const struct tcp_twring *tr, const struct inet_ops *ops, const struct in_addr_any *laddr, uint16_t lport,
    const struct in_addr_any *faddr, uint16_t fport)
{
	return (tr->tr_count != 0 ? tcp_twring_look(tr, ops, laddr, lport, faddr, fport) : NULL);
}

static inline struct tcptw *tcp_twring_slot(const struct tcp_twring *tr, uint32_t n) { return (&tr->tr_slot[n & (tr->tr_size - 1)]); }
/* How many slots are taken, with the holes. */
static inline uint32_t tcp_twring_span(const struct tcp_twring *tr) { return (tr->tr_next - tr->tr_first); }
static inline bool tcp_twring_there(const struct tcp_twring *tr, uint32_t n) { return (n - tr->tr_first < tcp_twring_span(tr)); }
/* NULL: nobody is there. */
static inline struct tcptw *tcp_twring_first(const struct tcp_twring *tr) { return (tr->tr_count != 0 ? tcp_twring_slot(tr, tr->tr_first) : NULL); }

/* To be filled, but for tw_older and tw_gone; what stood there does not matter any more.  Not while all slots are taken.  One further ahead is fetched. */
static inline struct tcptw *
tcp_twring_new(const struct tcp_twring *tr)
{
	const struct tcptw *ahead = tcp_twring_slot(tr, tr->tr_next + TCP_TWAHEAD);

	__builtin_prefetch(ahead, 1);
	__builtin_prefetch((const char *)(ahead + 1) - 1, 1);
	return (tcp_twring_slot(tr, tr->tr_next));
}

static inline struct tcp_twhead *
tcp_twring_head(const struct tcp_twring *tr, uint32_t hash)
{
	return (&tr->tr_head[in_pcbhashmix(tr->tr_pcbs->ipi_mix, hash) & (tr->tr_size - 1)]);
}

/* A flow of this hash will be looked for or come soon. */
static inline void
tcp_twring_expect(const struct tcp_twring *tr, uint32_t hash)
{
	if (tr->tr_count != 0)
		__builtin_prefetch(tcp_twring_head(tr, hash), 1);
}

#endif
