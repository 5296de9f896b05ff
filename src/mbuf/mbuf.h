/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mbufs: chains of buffers that make a packet or a socket buffer.
 *
 * An mbuf is MSIZE bytes: a header and inline data, or a header that refers to reference-counted external storage.  A packet's first mbuf carries
 * the packet header (m_pkt).  Packets on virtual links may be up to 64 KB ("super-packets"): m_pkt.segsz > 0 is the payload size they are to be
 * cut into where a real MTU demands it, and CSUM_* say which checksums are known good or still to be computed.
 *
 *	 m_dat / ext buf     m_data              m_data + m_len
 *	 |<- m_leadingspace ->|<------ m_len ------>|<- m_trailingspace ->|
 *
 * Who pays: each mbuf is charged to an acctset (m_as): its own size plus the length it referred to when made (m_charge).  External storage is shared; every
 * mbuf that refers to it pays for itself.  Whoever hands a packet to another vnet calls m_disown() first (it then belongs to nobody, bounded by the queue it is in)
 * and the receiver m_own().
 *
 * Threads: an mbuf belongs to the lane of its acctset; a disowned one to the holder of its queue.  Only the reference count of external storage is atomic.
 */
#ifndef MBUF_MBUF_H
#define MBUF_MBUF_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vimage/types.h>

#include "kern/acct.h"

struct ifnet;

#define MSIZE		256u
#define MCLBYTES	2048u		/* data of a small cluster */
#define MJUMBYTES	(64u * 1024u)	/* data of a large one; room for the headers of a full super-packet is in front of it elsewhere */
#define MAX_SUPERPKT	65535u		/* an IP packet's longest */

/* External storage: header and data in one piece of memory from the worker's cache. */
struct mext {
	atomic_uint	me_refs;
	uint32_t	me_size;	/* of me_data: MCLBYTES or MJUMBYTES */
	uint8_t		me_data[] __attribute__((aligned(64)));
};

enum m_flags {
	M_PKTHDR = 0x01,
	M_BCAST = 0x02,		/* link-layer broadcast */
	M_MCAST = 0x04,
	M_LOOP = 0x08,		/* came back through lo */
	M_PROMISC = 0x10,	/* not for us */
	M_FRAG = 0x20,		/* fragment */
	M_RXOWN = 0x40,
	M_EOR = 0x80,		/* end of what a user sent in one piece */
	M_RECORD = 0x100,	/* ... and nothing that follows may go with it */
	M_ETHER = 0x200,	/* an Ethernet frame on an interface of bare IP packets */
};

enum m_csum {
	/* outbound */
	CSUM_IP = 0x01,		/* ip_sum is to be computed */
	CSUM_TCP = 0x02,	/* th_sum holds the pseudo header's sum, the rest is to be computed */
	CSUM_UDP = 0x04,
	CSUM_TSO = 0x08,	/* segsz says how to cut */
	/* inbound */
	CSUM_IP_VALID = 0x10,
	CSUM_DATA_VALID = 0x20,	/* transport checksum is known good (or need not exist: local) */
	CSUM_WRITTEN = 0x40,	/* ... of which nothing is known: a program wrote the header */
	CSUM_SUMMED = 0x80,	/* ... known because it was computed here */
};
#define CSUM_DELAY_DATA	(CSUM_TCP | CSUM_UDP)

struct m_pkt {
	uint32_t	 len;		/* of the whole packet */
	uint16_t	 csum_flags;	/* CSUM_* */
	uint16_t	 segsz;		/* super-packet: payload bytes per segment; 0 = ordinary */
	struct ifnet	*rcvif;		/* interface it came in by, owned by the same vnet; NULL for our own */
	uint32_t	 flowid;
	uint16_t	 fib;
	uint8_t		 l2hlen, l3hlen;	/* as the sender left them: where the headers lie */
	uint64_t	 rcvtime;	/* host ns; 0 = not taken */
	uint32_t	 mark;
	uint8_t		 nest : 4;	/* tunnels around it already */
	uint8_t		 pcp : 4;	/* 1 + its priority on Ethernets (IEEE 802.1Q 6.9); 0: the interface's */
	uint8_t		 hops;		/* bridges that it went through */
	uint16_t	 fragoff;	/* of a fragment that waits: where it belongs */
};

struct mbuf {
	struct mbuf	*m_next;	/* next buffer of the packet */
	struct mbuf	*m_nextpkt;	/* next packet of the queue */
	uint8_t		*m_data;
	struct acctset	*m_as;		/* who pays; NULL = disowned */
	struct mext	*m_ext;		/* NULL: inline data */
	uint32_t	 m_len;
	uint32_t	 m_charge;
	uint16_t	 m_flags;	/* enum m_flags */
	uint16_t	 m_pad;
	uint32_t	 m_pad2;
	struct m_pkt	 m_pkt;		/* valid with M_PKTHDR */
	uint8_t		 m_dat[];	/* MLEN bytes */
};
#define MHDRSIZE	offsetof(struct mbuf, m_dat)
#define MLEN		(MSIZE - MHDRSIZE)
_Static_assert(MHDRSIZE <= 112, "mbuf header");

/* Headers go in front: new packet mbufs leave this much room. */
#define MAX_HDR		(16 + 60)	/* link + IPv4 with options */

static inline uint8_t *m_bufstart(const struct mbuf *m) { return (m->m_ext != NULL ? m->m_ext->me_data : (uint8_t *)(uintptr_t)m->m_dat); }
static inline size_t m_bufsize(const struct mbuf *m) { return (m->m_ext != NULL ? m->m_ext->me_size : MLEN); }
static inline bool m_writable(const struct mbuf *m) { return (m->m_ext == NULL || atomic_load_explicit(&m->m_ext->me_refs, memory_order_acquire) == 1); }
static inline size_t m_leadingspace(const struct mbuf *m) { return (m_writable(m) ? (size_t)(m->m_data - m_bufstart(m)) : 0); }
static inline size_t m_trailingspace(const struct mbuf *m) { return (m_writable(m) ? (size_t)(m_bufstart(m) + m_bufsize(m) - (m->m_data + m->m_len)) : 0); }
#define mtod(m, type)	((type)(void *)((m)->m_data))

/* Allocation: NULL when the account's limit or memory is reached (counted there). */
struct mbuf	*m_get(struct acctset *);			/* plain, m_len 0, m_data at the start */
struct mbuf	*m_gethdr(struct acctset *);			/* packet header; m_data leaves MAX_HDR in front; len 0 */
struct mbuf	*m_getcl(struct acctset *, size_t size, bool pkthdr);	/* with a cluster of at least size (<= MJUMBYTES) */
struct mbuf	*m_free(struct mbuf *);				/* this one; returns m_next */
void		 m_freem(struct mbuf *);			/* the chain; NULL is fine */
void		 m_freeq(struct mbuf *);			/* packets linked by m_nextpkt */

/* Ownership (see above).  m_own: ENOBUFS beyond the limit; the packet is then still disowned. */
void		 m_disown(struct mbuf *);			/* whole packet */
int		 m_own(struct mbuf *, struct acctset *);
void		 m_freem_disowned(struct mbuf *, struct acctset *);	/* as charges nothing but supplies the cache; called in as's lane or under the kernel lock */

/* Shape.  Functions that return an mbuf consume their argument: NULL means it is gone (and counted by the caller). */
struct mbuf	*m_pullup(struct mbuf *, size_t len);		/* first len bytes contiguous and writable-in-place or copied; frees on failure */
struct mbuf	*m_prepend(struct mbuf *, size_t len);		/* room for len bytes in front; contents undefined */
struct mbuf	*m_copym(struct mbuf *, size_t off, size_t len, struct acctset *);	/* by reference where external; len SIZE_MAX = all; packet header copied when off 0 */
struct mbuf	*m_dup(const struct mbuf *, struct acctset *);	/* deep, writable copy with leading space */
struct mbuf	*m_split(struct mbuf *, size_t len);		/* the part after len as a new chain; NULL and untouched on failure */
void		 m_cat(struct mbuf *, struct mbuf *);		/* n behind m; m's packet length is not changed */
struct mbuf	*m_last(struct mbuf *);
size_t		 m_length(const struct mbuf *);			/* sum of m_len */
int		 m_copydata(const struct mbuf *, size_t off, size_t len, void *);	/* EINVAL: too short, nothing read past */
int		 m_copyback(struct mbuf *, size_t off, size_t len, const void *);	/* within the chain only; unshares what it writes: may fail ENOBUFS */
struct mbuf	*m_frombuf(struct acctset *, const void *, size_t len, size_t lead);	/* new packet with len bytes copied, lead bytes of room in front (clusters as needed) */
uint32_t	 m_cksum(const struct mbuf *, size_t off, size_t len, uint32_t sum);	/* partial Internet checksum */

struct mstat { uint64_t ms_mbufs, ms_clusters, ms_jumbos, ms_bytes, ms_fails; };
void		 mbuf_stat(struct kernel *, struct mstat *);	/* under the kernel lock */

void		 m_adjchain(struct mbuf *, ptrdiff_t);
/* Trims from the front (>0) or the end (<0); keeps m_pkt.len. */
static inline void
m_adj(struct mbuf *m, ptrdiff_t n)
{
	if (n < 0 || n > (ptrdiff_t)m->m_len) {
		m_adjchain(m, n);
		return;
	}
	m->m_data += n;
	m->m_len -= (uint32_t)n;
	if (m->m_flags & M_PKTHDR)
		m->m_pkt.len -= (uint32_t)n;
}

#endif
