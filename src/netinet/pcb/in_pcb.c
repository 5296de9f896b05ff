/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * An inpcb is on up to three lists of its inpcbinfo: all of the protocol (from allocation on), the hash of local ports (from the moment
 * it has one: INP_ONPORT) and the hash of 4-tuples (while it is connected: INP_ONHASH).
 *
 * A packet is matched exactly first, which is one hash of twelve bytes and one short chain.  Only then the chain of the local port is
 * searched; in it the unconnected pcbs stand before the connected ones, so that a server with a hundred thousand connections on
 * one port still finds its listener at the head.  Connected pcbs are there for bind's sake, which must know that a port is in use.  Those of
 * TCP that have all in common that bind asks for (in_pcb_alike: port, address, user, how they share...) are one to it: the chain has the one that came
 * first, the others hang on that (inp_alike).  Where connections have very many addresses here, alike is what is found soon (INP_ALIKELOOK).
 *
 * Both hashes begin with eight buckets, double when there are more pcbs than half the buckets and halve when there are 32 times fewer; a
 * resize that gets no memory is left for later, chains are then longer.  Keys are secret: nobody can aim at a chain.
 *
 * Families: a packet is of one, a pcb of an AF_INET6 socket may take both (INP_IPV4 | INP_IPV6).  Connecting narrows it to the destination's, and its
 * inp_ops with it; disconnecting goes back to what socket() and bind() left (inp_bound).  Addresses of the two may have the same bits,
 * so every comparison of addresses also asks for the family.
 *
 * Everything runs in the vnet's lane.  Routes are cached by generation (net/route.h); a pcb holds no reference to interface or address.
 */
#include "netinet/pcb/in_pcb.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/inaddr.h"
#include "base/siphash.h"
#include "netinet/pcb/in_pcb_int.h"

static bool
in_pcbtab_alloc(struct inpcbtab *it, struct vnet *vn, uint32_t size)
{
	if ((it->it_head = kmalloc(vnet_acct(vn), ACCT_HASH, size * sizeof(*it->it_head))) == NULL)
		return (false);
	it->it_size = size;
	for (uint32_t i = 0; i < size; i++)
		LIST_INIT(&it->it_head[i]);
	return (true);
}

static void
in_pcbtab_free(struct inpcbtab *it, struct vnet *vn)
{
	kfree(vnet_acct(vn), ACCT_HASH, it->it_head, it->it_size * sizeof(*it->it_head));
	*it = (struct inpcbtab){ .it_size = 0 };
}

int
in_pcbinfo_init(struct inpcbinfo *ipi, struct vnet *vn, uint8_t proto, enum acct_type acct, size_t size)
{
	memset(ipi, 0, sizeof(*ipi));
	ipi->ipi_vnet = vn;
	ipi->ipi_proto = proto;
	ipi->ipi_acct = acct;
	ipi->ipi_size = size;
	ipi->ipi_ops4 = &in_ops;
	ipi->ipi_ops6 = &in6_ops;
	TAILQ_INIT(&ipi->ipi_list);
	ipi->ipi_key = (struct siphash_key){ vn->vn_kernel->k_hashkey[0], vn->vn_kernel->k_hashkey[1] };
	kernel_random(vn->vn_kernel, ipi->ipi_porttab, sizeof(ipi->ipi_porttab));
	ipi->ipi_mix = siphash24(&ipi->ipi_key, &vn->vn_id, sizeof(vn->vn_id)) | 1;
	if (!in_pcbtab_alloc(&ipi->ipi_tab[INP_BYFLOW], vn, INPCB_MINHASH))
		return (ENOMEM);
	if (!in_pcbtab_alloc(&ipi->ipi_tab[INP_BYPORT], vn, INPCB_MINHASH)) {
		in_pcbtab_free(&ipi->ipi_tab[INP_BYFLOW], vn);
		return (ENOMEM);
	}
	return (0);
}

void
in_pcbinfo_fini(struct inpcbinfo *ipi)
{
	VI_ASSERT(ipi->ipi_count == 0 && TAILQ_EMPTY(&ipi->ipi_list));
	for (unsigned t = 0; t < INP_NTABS; t++)
		in_pcbtab_free(&ipi->ipi_tab[t], ipi->ipi_vnet);
}

/* What is hashed of a flow that is not of IPv4. */
struct in_flowkey {
	struct in_addr_any ik_laddr, ik_faddr;
	uint16_t	 ik_lport, ik_fport;
};

uint64_t
in_pcbflowsecret(const struct siphash_key *sk, const struct in_addr_any *laddr, uint16_t lport, const struct in_addr_any *faddr, uint16_t fport)
{
	if (in_addrs_short(laddr, faddr))
		return (siphash24_flow4(sk, laddr->in4, faddr->in4, lport, fport));
	return (siphash24(sk, &(const struct in_flowkey){ *laddr, *faddr, lport, fport }, sizeof(struct in_flowkey)));
}

/* Both ends of a flow, in an order that does not hang on whose they are. */
static bool
in_pcbhashswap(const struct in_addr_any *laddr, uint16_t lport, const struct in_addr_any *faddr, uint16_t fport)
{
	const int order = memcmp(laddr, faddr, sizeof(*laddr));

	return (order > 0 || (order == 0 && lport > fport));
}

static __attribute__((noinline)) uint32_t
in_pcbhashmake(const struct siphash_key *sk, const struct in_addr_any *laddr, uint16_t lport, const struct in_addr_any *faddr, uint16_t fport)
{
	const uint64_t l4 = (uint64_t)laddr->in4 << 16 | lport, f4 = (uint64_t)faddr->in4 << 16 | fport;

	if (in_addrs_short(laddr, faddr))
		return ((uint32_t)(l4 <= f4 ? siphash13_flow4(sk, laddr->in4, faddr->in4, lport, fport) :
		    siphash13_flow4(sk, faddr->in4, laddr->in4, fport, lport)));
	if (in_pcbhashswap(laddr, lport, faddr, fport))
		return ((uint32_t)siphash13(sk, &(const struct in_flowkey){ *faddr, *laddr, fport, lport }, sizeof(struct in_flowkey)));
	return ((uint32_t)siphash13(sk, &(const struct in_flowkey){ *laddr, *faddr, lport, fport }, sizeof(struct in_flowkey)));
}

uint32_t
in_pcbhashval(struct inpcbinfo *ipi, const struct in_addr_any *laddr, uint16_t lport, const struct in_addr_any *faddr, uint16_t fport)
{
	if (ipi->ipi_memo.hm_fport != fport || ipi->ipi_memo.hm_lport != lport || !in_addr_eq(&ipi->ipi_memo.hm_faddr, faddr) ||
	    !in_addr_eq(&ipi->ipi_memo.hm_laddr, laddr) || !ipi->ipi_memo.hm_valid) {
		ipi->ipi_memo.hm_laddr = *laddr;
		ipi->ipi_memo.hm_faddr = *faddr;
		ipi->ipi_memo.hm_lport = lport;
		ipi->ipi_memo.hm_fport = fport;
		ipi->ipi_memo.hm_hash = in_pcbhashmake(&ipi->ipi_key, laddr, lport, faddr, fport);
		ipi->ipi_memo.hm_valid = true;
	}
	return (ipi->ipi_memo.hm_hash);
}

struct inpcbhead *
in_pcbporthead(struct inpcbinfo *ipi, uint16_t lport)
{
	uint64_t h = ((uint64_t)lport + ipi->ipi_key.sk_k1) * (ipi->ipi_key.sk_k0 | 1);

	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15;
	return (&ipi->ipi_tab[INP_BYPORT].it_head[(h >> 40) & (ipi->ipi_tab[INP_BYPORT].it_size - 1)]);
}

/* Both connected: does whatever keeps bind from sharing the port with one keep it from sharing with the other? */
static bool
in_pcb_alike(const struct inpcb *a, const struct inpcb *b)
{
	const uint16_t how = SO_REUSEADDR | SO_REUSEPORT;

	return (a->inp_lport == b->inp_lport && in_addr_eq(&a->inp_laddr, &b->inp_laddr) &&
		((a->inp_flags ^ b->inp_flags) & (INP_IPV4 | INP_IPV6)) == 0 && a->inp_boundif == b->inp_boundif &&
		a->inp_cred.cr_uid == b->inp_cred.cr_uid && a->inp_cred.cr_jail == b->inp_cred.cr_jail &&
		((in_pcb_options(a) ^ in_pcb_options(b)) & how) == 0);
}

static void
in_pcbport_link(struct inpcb *inp)
{
	struct inpcbhead *head = in_pcbporthead(inp->inp_info, inp->inp_lport);
	const bool stream = inp->inp_info->ipi_proto == VI_IPPROTO_TCP;
	struct inpcb *t, *last = NULL;
	unsigned looked = 0;

	if ((inp->inp_flags & INP_ONHASH) != 0) {
		LIST_FOREACH(t, head, inp_chain[INP_BYPORT]) {
			if ((t->inp_flags & INP_ONHASH) == 0) {
				last = t;
			} else if (!stream || ++looked > INP_ALIKELOOK) {
				break;		/* datagrams: each hears what is sent to all */
			} else if (in_pcb_alike(inp, t)) {
				LIST_INSERT_HEAD(&t->inp_alike, inp, inp_chain[INP_BYPORT]);
				return;
			}
		}
	}
	if (last != NULL)
		LIST_INSERT_AFTER(last, inp, inp_chain[INP_BYPORT]);
	else
		LIST_INSERT_HEAD(head, inp, inp_chain[INP_BYPORT]);
}

/* Off the chain; the next of those that hang on it takes its place. */
static void
in_pcbport_unlink(struct inpcb *inp)
{
	struct inpcb *heir = LIST_FIRST(&inp->inp_alike);

	if (heir != NULL) {
		LIST_REMOVE(heir, inp_chain[INP_BYPORT]);
		LIST_INSERT_AFTER(inp, heir, inp_chain[INP_BYPORT]);
		LIST_SWAP(&inp->inp_alike, &heir->inp_alike, inpcb, inp_chain[INP_BYPORT]);
	}
	LIST_REMOVE(inp, inp_chain[INP_BYPORT]);
}

static inline struct inpcbhead *
in_pcbhashhead(struct inpcbinfo *ipi, uint32_t hash)
{
	return (&ipi->ipi_tab[INP_BYFLOW].it_head[in_pcbhashmix(ipi->ipi_mix, hash) & (ipi->ipi_tab[INP_BYFLOW].it_size - 1)]);
}

static void
in_pcbhash_link(struct inpcb *inp)
{
	LIST_INSERT_HEAD(in_pcbhashhead(inp->inp_info, inp->inp_flowid), inp, inp_chain[INP_BYFLOW]);
}

/* Moves everything into a table of the given size.  Without memory the old one stays. */
static void
in_pcbtab_resize(struct inpcbinfo *ipi, enum inp_tab t, uint32_t size)
{
	struct inpcbtab old = ipi->ipi_tab[t], new;
	struct inpcbhead back;
	struct inpcb *inp;

	if (!in_pcbtab_alloc(&new, ipi->ipi_vnet, size))
		return;
	ipi->ipi_tab[t] = new;
	for (uint32_t i = 0; i < old.it_size; i++) {
		/* Backwards, and so each before those it was before. */
		LIST_INIT(&back);
		while ((inp = LIST_FIRST(&old.it_head[i])) != NULL) {
			LIST_REMOVE(inp, inp_chain[t]);
			LIST_INSERT_HEAD(&back, inp, inp_chain[t]);
		}
		while ((inp = LIST_FIRST(&back)) != NULL) {
			LIST_REMOVE(inp, inp_chain[t]);
			if (t == INP_BYPORT)
				in_pcbport_link(inp);
			else
				in_pcbhash_link(inp);
		}
	}
	in_pcbtab_free(&old, ipi->ipi_vnet);
}

/*
 * The table has n entries now, and twice as many chains at least: who looks for what is not there shall find nothing to compare.  It shrinks late: as
 * many that come and go together shall not make and move it each time.
 */
static inline void
in_pcbtab_fit(struct inpcbinfo *ipi, enum inp_tab t, uint32_t n)
{
	const uint32_t size = ipi->ipi_tab[t].it_size;

	if (2 * n > size && size < INPCB_MAXHASH)
		in_pcbtab_resize(ipi, t, size * 2);
	else if (n < size / 32 && size > INPCB_KEEPHASH)
		in_pcbtab_resize(ipi, t, size / 2);
}

/* Puts the pcb on the chain of its port, or to its new place there. */
void
in_pcbport_insert(struct inpcb *inp)
{
	if ((inp->inp_flags & INP_ONPORT) != 0)
		in_pcbport_unlink(inp);
	inp->inp_flags |= INP_ONPORT;
	in_pcbport_link(inp);
}

void
in_pcbshared(struct inpcb *inp)
{
	if ((inp->inp_flags & (INP_ONPORT | INP_ONHASH)) == (INP_ONPORT | INP_ONHASH))
		in_pcbport_insert(inp);
}

void
in_pcbsetsocket(struct inpcb *inp, struct socket *so)
{
	inp->inp_socket = so;
	so->so_pcb = inp;
	in_pcbport_insert(inp);
}

static void
in_pcbport_remove(struct inpcb *inp)
{
	if ((inp->inp_flags & INP_ONPORT) != 0)
		in_pcbport_unlink(inp);
	inp->inp_flags &= ~(uint32_t)INP_ONPORT;
}

static void
in_pcbhash_insert(struct inpcb *inp)
{
	struct inpcbinfo *ipi = inp->inp_info;

	VI_ASSERT((inp->inp_flags & INP_ONHASH) == 0);
	inp->inp_flowid = in_pcbhashval(ipi, &inp->inp_laddr, inp->inp_lport, &inp->inp_faddr, inp->inp_fport);
	in_pcbhash_link(inp);
	inp->inp_flags |= INP_ONHASH;
	ipi->ipi_last = inp;		/* somebody answers soon, or goes on */
	in_pcbtab_fit(ipi, INP_BYFLOW, ++ipi->ipi_nconn);
	if (inp->inp_socket != NULL)	/* or later, when it has one */
		in_pcbport_insert(inp);
}

static void
in_pcbhash_remove(struct inpcb *inp)
{
	if ((inp->inp_flags & INP_ONHASH) == 0)
		return;
	LIST_REMOVE(inp, inp_chain[INP_BYFLOW]);
	if (inp->inp_info->ipi_last == inp)
		inp->inp_info->ipi_last = NULL;
	inp->inp_flags &= ~(uint32_t)INP_ONHASH;
	inp->inp_info->ipi_nconn--;
}

void
in_pcb_setfam(struct inpcb *inp, uint32_t fam)
{
	inp->inp_flags = (inp->inp_flags & ~(uint32_t)(INP_IPV4 | INP_IPV6)) | fam;
	if ((inp->inp_flags & INP_SOCK6) != 0)
		inp->inp_ops = (fam & INP_IPV6) != 0 ? inp->inp_info->ipi_ops6 : inp->inp_info->ipi_ops4;
	inp->inp_nh = NULL;
	in_pcbunready(inp);
}

/* An AF_INET6 socket begins with both families where it may have both. */
static void
in_pcb_initfam(struct inpcb *inp)
{
	inp->inp_bound = in_pcbfam(inp->inp_ops);
	if (inp->inp_bound == INP_IPV6 && inp->inp_socket != NULL) {
		inp->inp_flags |= INP_SOCK6;
		if (!in_pcbinfo_dual(inp->inp_info) || inpcb_vnet(inp->inp_vnet)->iv_v6only != 0)
			inp->inp_flags |= INP_V6ONLY;
		else
			inp->inp_bound |= INP_IPV4;
	}
	inp->inp_flags |= inp->inp_bound;
}

int
in_pcballoc(struct inpcbinfo *ipi, struct socket *so, const struct inet_ops *ops, struct inpcb **inpp)
{
	struct vnet *vn = ipi->ipi_vnet;
	struct inpcb *inp;

	VNET_ASSERT_LANE(vn);
	if ((inp = kmalloc(vnet_acct(vn), ipi->ipi_acct, ipi->ipi_size)) == NULL)
		return (ENOBUFS);
	inp->inp_info = ipi;
	inp->inp_vnet = vn;
	inp->inp_ops = ops;
	inp->inp_socket = so;
	inp->inp_proto = ipi->ipi_proto;
	inp->inp_mtudisc = 1;
	inp->inp_mtudisc6 = 1;
	inp->inp_mcast_ttl = 1;		/* RFC 1112 6.1 */
	inp->inp_mcast_hops = 1;	/* RFC 3493 5.2 */
	inp->inp_hops = -1;
	inp->inp_flags = INP_MCASTLOOP | INP_MCASTLOOP6 | INP_AUTOFLOWLABEL;
	inp->inp_id = ++inpcb_vnet(vn)->iv_nextid;
	if (so != NULL) {
		inp->inp_cred = so->so_cred;
		inp->inp_fib = so->so_fib;
		so->so_pcb = inp;
	}
	if (in_pcbjail_family(inp) != 0) {
		kfree(vnet_acct(vn), ipi->ipi_acct, inp, ipi->ipi_size);
		if (so != NULL)
			so->so_pcb = NULL;
		return (EAFNOSUPPORT);
	}
	in_pcb_initfam(inp);
	TAILQ_INSERT_TAIL(&ipi->ipi_list, inp, inp_list);
	in_pcbtab_fit(ipi, INP_BYPORT, ++ipi->ipi_count);
	*inpp = inp;
	return (0);
}

void
in_pcbfree(struct inpcb *inp)
{
	struct inpcbinfo *ipi = inp->inp_info;

	VNET_ASSERT_LANE(inp->inp_vnet);
	in_pcbhash_remove(inp);
	in_pcbport_remove(inp);
	TAILQ_REMOVE(&ipi->ipi_list, inp, inp_list);
	if (ipi->ipi_told == inp)
		ipi->ipi_told = NULL;
	ipi->ipi_count--;
	in_pcbopt_free(inp);
	kfree(vnet_acct(inp->inp_vnet), ipi->ipi_acct, inp, ipi->ipi_size);
	in_pcbtab_fit(ipi, INP_BYPORT, ipi->ipi_count);
	in_pcbtab_fit(ipi, INP_BYFLOW, ipi->ipi_nconn);
}

/* Lookup */

struct inpcb *
in_pcblookup_exact(struct inpcbinfo *ipi, uint32_t fam, const struct in_addr_any *laddr, uint16_t lport, const struct in_addr_any *faddr,
    uint16_t fport)
{
	struct inpcb *inp = ipi->ipi_last;

	/* Packets of a connection come in runs. */
	if (inp != NULL && in_pcbisflow(inp, fam, laddr, lport, faddr, fport))
		return (inp);
	LIST_FOREACH(inp, in_pcbhashhead(ipi, in_pcbhashval(ipi, laddr, lport, faddr, fport)), inp_chain[INP_BYFLOW])
		if (in_pcbisflow(inp, fam, laddr, lport, faddr, fport))
			return (ipi->ipi_last = inp);
	return (NULL);
}

uint32_t
in_pcbrcvif(struct vnet *vn, const struct inet_ops *ops, const struct ifnet *rcvif, const struct in_addr_any *laddr)
{
	const struct ifnet *ifp = NULL;

	if (rcvif == NULL || (rcvif->if_flags & IFF_LOOPBACK) != 0)
		ifp = ops->io_localif(vn, laddr);
	if (ifp == NULL)
		ifp = rcvif;
	return (ifp == NULL ? 0 : ifp->if_index);
}

static inline bool
in_pcb_ifmatch(const struct inpcb *inp, const struct inet_ops *ops, const struct ifnet *rcvif, const struct in_addr_any *laddr)
{
	return (inp->inp_boundif == 0 || in_pcbrcvif(inp->inp_vnet, ops, rcvif, laddr) == inp->inp_boundif);
}

/* A packet that looks for a pcb. */
struct in_pcbkey {
	uint32_t	 ik_fam;	/* INP_IPV4 or INP_IPV6 */
	const struct in_addr_any *ik_laddr, *ik_faddr;
	uint16_t	 ik_lport, ik_fport;
	const struct ifnet *ik_rcvif;
	const struct inet_ops *ik_ops;
};

/*
 * How well an unconnected pcb fits: 0 not at all, more is better: one of a jail with this address counts first, then the address, then the interface, then whether the pcb is of the packet's
 * family alone.  A stream pcb that does not listen takes no packets from strangers, so that of several that share a port (SO_REUSEADDR)
 * the listener is found.
 */
static unsigned
in_pcb_score(const struct inpcb *inp, const struct in_pcbkey *ik)
{
	unsigned score = 1;
	bool restricted;

	if (inp->inp_lport != ik->ik_lport || (inp->inp_flags & ik->ik_fam) == 0 || !in_pcb_ifmatch(inp, ik->ik_ops, ik->ik_rcvif, ik->ik_laddr))
		return (0);
	if (inp->inp_info->ipi_proto == VI_IPPROTO_TCP &&
	    (inp->inp_socket == NULL || (inp->inp_socket->so_options & SO_ACCEPTCONN) == 0))
		return (0);
	if (in_addr_eq(&inp->inp_laddr, ik->ik_laddr) && !in_addr_any_isany(&inp->inp_laddr))
		score += 4;
	else if (!in_addr_any_isany(&inp->inp_laddr))
		return (0);
	if (inp->inp_cred.cr_jail != 0) {
		if (!in_pcbjail_takes(inp, ik->ik_fam, ik->ik_laddr, &restricted))
			return (0);
		score += restricted ? 8 : 0;
	}
	if (inp->inp_boundif != 0)
		score += 2;
	return (score + (((inp->inp_flags & INP_SOCK6) != 0) == (ik->ik_fam == INP_IPV6)));
}

static inline bool
in_pcb_inreusegroup(const struct inpcb *inp)
{
	return (inp->inp_socket != NULL && (inp->inp_socket->so_options & SO_REUSEPORT) != 0);
}

/* Whose a flow is: the highest draw wins. */
static inline uint64_t
in_pcb_draw(const struct inpcb *inp, uint64_t flow)
{
	uint64_t x = flow ^ inp->inp_id * 0x9e3779b97f4a7c15;

	x = (x ^ x >> 32) * 0xd6e8feb86659fd93;
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93;
	return (x ^ x >> 32);
}

/* Of those with this score the one that draws highest: when members come and go, only their own flows move. */
static struct inpcb *
in_pcblookup_group(struct inpcbinfo *ipi, const struct in_pcbkey *ik, unsigned score)
{
	const uint64_t flow = in_pcbhashval(ipi, ik->ik_laddr, ik->ik_lport, ik->ik_faddr, ik->ik_fport);
	struct inpcb *inp, *best = NULL;
	uint64_t draw, highest = 0;

	LIST_FOREACH(inp, in_pcbporthead(ipi, ik->ik_lport), inp_chain[INP_BYPORT]) {
		if ((inp->inp_flags & INP_ONHASH) != 0)
			break;
		if (in_pcb_score(inp, ik) != score || !in_pcb_inreusegroup(inp))
			continue;
		if ((draw = in_pcb_draw(inp, flow)) >= highest || best == NULL) {
			highest = draw;
			best = inp;
		}
	}
	return (best);
}

static struct inpcb *
in_pcblookup_wild(struct inpcbinfo *ipi, const struct in_pcbkey *ik)
{
	struct inpcb *inp, *best = NULL;
	unsigned score, bestscore = 0, n = 0;

	LIST_FOREACH(inp, in_pcbporthead(ipi, ik->ik_lport), inp_chain[INP_BYPORT]) {
		if ((inp->inp_flags & INP_ONHASH) != 0)
			break;
		if ((score = in_pcb_score(inp, ik)) < bestscore || score == 0)
			continue;
		if (score > bestscore) {
			bestscore = score;
			best = inp;
			n = 0;
		}
		n += in_pcb_inreusegroup(inp);
	}
	if (n > 1 && in_pcb_inreusegroup(best))
		return (in_pcblookup_group(ipi, ik, bestscore));
	return (best);
}

struct inpcb *
in_pcblookup(struct inpcbinfo *ipi, const struct inet_ops *ops, const struct in_addr_any *laddr, uint16_t lport,
    const struct in_addr_any *faddr, uint16_t fport, bool wild, const struct ifnet *rcvif)
{
	const uint32_t fam = in_pcbfam(ops);
	struct inpcb *inp;

	if (ipi->ipi_nconn > 0 && (inp = in_pcblookup_exact(ipi, fam, laddr, lport, faddr, fport)) != NULL &&
	    in_pcb_ifmatch(inp, ops, rcvif, laddr))
		return (inp);
	return (wild ? in_pcblookup_wild(ipi, &(const struct in_pcbkey){ fam, laddr, faddr, lport, fport, rcvif, ops }) : NULL);
}

/*
 * Group membership is not asked for here: as on Linux (IP_MULTICAST_ALL) a socket bound to the port gets what any member on this host
 * receives.
 */
struct inpcb *
in_pcbnext_bcast(struct inpcbinfo *ipi, struct inpcb *last, const struct inet_pkt *pk, uint16_t lport, uint16_t fport)
{
	struct inpcb *inp = last == NULL ? LIST_FIRST(in_pcbporthead(ipi, lport)) : LIST_NEXT(last, inp_chain[INP_BYPORT]);

	for (; inp != NULL; inp = LIST_NEXT(inp, inp_chain[INP_BYPORT])) {
		if (inp->inp_lport != lport || (inp->inp_flags & in_pcbfam(pk->ip_ops)) == 0 ||
		    !in_pcb_ifmatch(inp, pk->ip_ops, pk->ip_rcvif, &pk->ip_dst))
			continue;
		if ((inp->inp_flags & INP_ONHASH) != 0 && (inp->inp_fport != fport || !in_addr_eq(&inp->inp_faddr, &pk->ip_src)))
			continue;
		/*
		 * A connected pcb's local address was chosen for sending; it does not narrow what a group member hears unless the user bound it.
		 */
		if (!in_addr_any_isany(&inp->inp_laddr) && !in_addr_eq(&inp->inp_laddr, &pk->ip_dst) && (inp->inp_flags & INP_ANONADDR) == 0)
			continue;
		if (in_pcbmcast_wants(inp, pk))
			return (inp);
	}
	return (NULL);
}

/* Connecting */

/* RFC 4007 6: the zone of a scoped address, from the sockaddr, else the interface the socket is bound to. */
static int
in_pcbzone(const struct inpcb *inp, const struct vi_sockaddr *sa, struct in_addr_any *a)
{
	uint8_t *b = (uint8_t *)a->in6;
	uint32_t zone = sa->sa_scope;

	memcpy(a->in6, sa->sa_in6, sizeof(a->in6));
	if (!in6_zoned(sa->sa_in6))
		return (0);
	if (zone != 0 && inp->inp_boundif != 0 && zone != inp->inp_boundif)
		return (EINVAL);
	if (zone == 0)
		zone = inp->inp_boundif;
	if (zone == 0 && b[0] == 0xff)
		zone = inp->inp_mcast_if6;
	if (zone == 0)
		return (EINVAL);
	if (zone > UINT16_MAX || ifnet_byindex(inp->inp_vnet, zone) == NULL)
		return (ENODEV);
	in6_setzone(b, zone);
	return (0);
}

static int
in_pcbaddr6(const struct inpcb *inp, const struct vi_sockaddr *sa, const struct inet_ops **ops, struct in_addr_any *a)
{
	if (!in6_v4mapped(sa->sa_in6)) {
		*ops = inp->inp_info->ipi_ops6;
		return (in_pcbzone(inp, sa, a));
	}
	if (!in_pcbinfo_dual(inp->inp_info))
		return (EINVAL);
	if ((inp->inp_flags & INP_V6ONLY) != 0)
		return (ENETUNREACH);
	*ops = inp->inp_info->ipi_ops4;
	memcpy(&a->in4, sa->sa_in6 + 12, sizeof(a->in4));
	return (0);
}

int
in_pcbaddr(const struct inpcb *inp, const struct vi_sockaddr *sa, const struct inet_ops **ops, struct in_addr_any *a)
{
	bool sock6 = (inp->inp_flags & INP_SOCK6) != 0;

	*a = in4_any(0);
	*ops = inp->inp_ops;
	if (sa->sa_family == VI_AF_INET6 && sock6)
		return (in_pcbaddr6(inp, sa, ops, a));
	if (sa->sa_family != VI_AF_INET)
		return (EAFNOSUPPORT);
	/* As Linux: a datagram socket of IPv6 also takes plain IPv4 addresses to connect and send to. */
	if (sock6) {
		if (inp->inp_info->ipi_proto == VI_IPPROTO_TCP || !in_pcbinfo_dual(inp->inp_info) || (inp->inp_flags & INP_V6ONLY) != 0)
			return (EAFNOSUPPORT);
		*ops = inp->inp_info->ipi_ops4;
	}
	*a = in4_any(sa->sa_in);
	return (0);
}

/* RFC 6864 4.1: any start will do; a secret one tells nothing of other flows. */
static void
in_pcbflowinit(struct inpcb *inp)
{
	inp->inp_ipid = (uint16_t)(inp->inp_flowid >> 16 ^ inp->inp_id);
	inp->inp_nh = NULL;
	in_pcbunready(inp);
}

/* Nobody else has these four. */
static void
in_pcbinsfree(struct inpcb *inp, const struct in_addr_any *laddr, uint16_t lport, const struct in_addr_any *faddr, uint16_t fport)
{
	VI_ASSERT((inp->inp_flags & INP_ONHASH) == 0);
	/* Off the old port's chain first: the chain is found by the port. */
	if (inp->inp_lport != lport)
		in_pcbport_remove(inp);
	inp->inp_laddr = *laddr;
	inp->inp_lport = lport;
	inp->inp_faddr = *faddr;
	inp->inp_fport = fport;
	in_pcbhash_insert(inp);
	in_pcbflowinit(inp);
}

int
in_pcbinsconn(struct inpcb *inp, const struct in_addr_any *laddr, uint16_t lport, const struct in_addr_any *faddr, uint16_t fport)
{
	/* As on Linux: two datagram sockets may be connected alike, if they may share the port at all; the later one hears. */
	if (inp->inp_info->ipi_proto == VI_IPPROTO_TCP &&
	    in_pcblookup_exact(inp->inp_info, in_pcbfam(inp->inp_ops), laddr, lport, faddr, fport) != NULL)
		return (EADDRINUSE);
	in_pcbinsfree(inp, laddr, lport, faddr, fport);
	return (0);
}

/* 127.0.0.1 as on Linux, if there is one; otherwise the first address of an interface that is up, as in BSD. */
static struct in_addr_any
in_pcbself4(struct vnet *vn, const struct inet_ops *ops)
{
	struct in_addr_any lo = in4_any(HTONL(INADDR_LOOPBACK));
	const struct ifaddr *ifa;
	const struct ifnet *ifp;

	if (ops->io_islocal(vn, &lo))
		return (lo);
	TAILQ_FOREACH(ifp, &net_vnet(vn)->nv_ifs, if_link)
		if (if_up(ifp))
			TAILQ_FOREACH(ifa, &ifp->if_addrs, ifa_link)
				if (ifa->ifa_addr.na_af == NET_AF_INET)
					return (ifa->ifa_addr.na_in == 0 ? lo : in4_any(ifa->ifa_addr.na_in));
	return (lo);
}

/* As on Linux, "any" as a destination is this host; of IPv6 always ::1. */
static struct in_addr_any
in_pcbself(const struct inpcb *inp)
{
	if (inp->inp_ops->io_family == VI_AF_INET6)
		return ((struct in_addr_any){ .in6 = { 0, 0, 0, HTONL(1) } });
	if (!in_addr_any_isany(&inp->inp_laddr))
		return (inp->inp_laddr);
	return (in_pcbself4(inp->inp_vnet, inp->inp_ops));
}

/* The family of the destination becomes the pcb's.  What is bound to an address of the other one has no way there. */
static int
in_pcbconnect_fam(struct inpcb *inp, const struct inet_ops *ops)
{
	uint32_t fam = in_pcbfam(ops);

	if ((inp->inp_bound & fam) == 0)
		return (fam == INP_IPV4 ? ENETUNREACH : EAFNOSUPPORT);
	if ((inp->inp_flags & (INP_IPV4 | INP_IPV6)) != fam)
		in_pcb_setfam(inp, fam);
	return (0);
}

static int
in_pcbconnect_addrs(struct inpcb *inp, const struct vi_sockaddr *sa, struct in_addr_any *laddr, struct in_addr_any *faddr)
{
	const struct inet_ops *ops;
	int error;

	if ((error = in_pcbaddr(inp, sa, &ops, faddr)) != 0 || (error = in_pcbconnect_fam(inp, ops)) != 0)
		return (error == ENODEV ? ENETUNREACH : error);	/* by no such zone, as on Linux */
	in_pcbjail_remote(inp, inp->inp_ops, faddr);
	if (in_addr_any_isany(faddr))
		*faddr = in_pcbself(inp);
	/* RFC 9293 MUST-46; the error is Linux's. */
	if (inp->inp_info->ipi_proto == VI_IPPROTO_TCP && inp->inp_ops->io_isbcast(inp->inp_vnet, faddr))
		return (ENETUNREACH);
	/* A source that is bound stays, but there must be a way. */
	if ((error = inp->inp_ops->io_source(inp, faddr, laddr)) != 0)
		return (error);
	if (in_addr_any_isany(&inp->inp_laddr))
		return (in_pcbjail_source(inp, inp->inp_ops, faddr, laddr));
	*laddr = inp->inp_laddr;
	/* RFC 2827's concern: an address anybody may bind (FREEBIND) is no source until it is ours; IPv6 on Linux knows no such check. */
	if (inp->inp_ops->io_family == VI_AF_INET && (inp->inp_flags & INP_ANYADDR) == INP_BINDANY && !inp->inp_ops->io_islocal(inp->inp_vnet, laddr))
		return (ENETUNREACH);
	return (0);
}

static int
in_pcbconnect_raw(struct inpcb *inp, const struct in_addr_any *laddr, const struct in_addr_any *faddr)
{
	if (in_addr_any_isany(&inp->inp_laddr))
		inp->inp_flags |= INP_ANONADDR;
	inp->inp_laddr = *laddr;
	inp->inp_faddr = *faddr;
	in_pcbflowinit(inp);
	return (0);
}

static int
in_pcbconnect_to(struct inpcb *inp, const struct vi_sockaddr *sa)
{
	struct in_addr_any laddr, faddr;
	uint16_t lport = inp->inp_lport;
	uint32_t anon = 0;
	int error;

	if ((error = in_pcbconnect_addrs(inp, sa, &laddr, &faddr)) != 0)
		return (error);
	if (in_pcbinfo_raw(inp->inp_info))
		return (in_pcbconnect_raw(inp, &laddr, &faddr));
	if (in_addr_any_isany(&inp->inp_laddr))
		anon |= INP_ANONADDR;
	if (lport == 0) {
		if ((error = in_pcbport_conn(inp, &laddr, &faddr, sa->sa_port, &lport)) != 0)
			return (error);
		in_pcbinsfree(inp, &laddr, lport, &faddr, sa->sa_port);
		anon |= INP_ANONPORT;
	} else if ((error = in_pcbinsconn(inp, &laddr, lport, &faddr, sa->sa_port)) != 0) {
		return (error);
	}
	inp->inp_flags |= anon;
	return (0);
}

int
in_pcbconnect(struct inpcb *inp, const struct vi_sockaddr *sa)
{
	int error;

	VNET_ASSERT_LANE(inp->inp_vnet);
	if ((error = in_pcbconnect_to(inp, sa)) != 0)
		in_pcb_setfam(inp, inp->inp_bound);
	return (error);
}

/* What the user bound stays; what connect chose goes (as Linux does it). */
void
in_pcbdisconnect(struct inpcb *inp)
{
	VNET_ASSERT_LANE(inp->inp_vnet);
	in_pcbhash_remove(inp);
	inp->inp_faddr = in4_any(0);
	inp->inp_fport = 0;
	if ((inp->inp_flags & INP_ANONADDR) != 0)
		inp->inp_laddr = in4_any(0);
	if ((inp->inp_flags & INP_ANONPORT) != 0) {
		in_pcbport_remove(inp);
		inp->inp_lport = 0;
	}
	inp->inp_flags &= ~(uint32_t)(INP_ANONADDR | INP_ANONPORT);
	in_pcb_setfam(inp, inp->inp_bound);
	if ((inp->inp_flags & INP_ONPORT) != 0)
		in_pcbport_insert(inp);
	in_pcbtab_fit(inp->inp_info, INP_BYFLOW, inp->inp_info->ipi_nconn);
}

/* What is known of a connected pcb's packets. */
static void
in_pcbflow(const struct inpcb *inp, struct rt_flow *rf)
{
	*rf = (struct rt_flow){
		.rf_fib = inp->inp_fib,
		.rf_flowid = inp->inp_flowid,
		.rf_mark = inp->inp_socket == NULL ? 0 : inp->inp_socket->so_mark,
		.rf_uid = inp->inp_cred.cr_uid,
		.rf_oif = inp->inp_boundif,
		.rf_sport = inp->inp_lport,
		.rf_dport = inp->inp_fport,
		.rf_proto = inp->inp_proto,
		.rf_tos = in_pcbtos(inp, inp->inp_ops),
	};
	if (inp->inp_ops->io_family == VI_AF_INET) {
		rf->rf_dst.na_in = inp->inp_faddr.in4;
		rf->rf_src.na_in = inp->inp_laddr.in4;
		return;
	}
	rf->rf_dst.na_af = rf->rf_src.na_af = NET_AF_INET6;
	memcpy(rf->rf_dst.na_in6, inp->inp_faddr.in6, sizeof(rf->rf_dst.na_in6));
	memcpy(rf->rf_src.na_in6, inp->inp_laddr.in6, sizeof(rf->rf_src.na_in6));
}

const struct nhop *
in_pcbroute(struct inpcb *inp)
{
	uint64_t gen = rt_generation(inp->inp_vnet);
	struct rt_flow rf;

	if (inp->inp_nh != NULL && inp->inp_rtgen == gen && in_addr_eq(&inp->inp_rtdst, &inp->inp_faddr))
		return (inp->inp_nh);
	in_pcbflow(inp, &rf);
	inp->inp_nh = rt_lookup(inp->inp_vnet, &rf);
	/* The lookup may have dropped an expired route, and so moved the generation: what it returned belongs to the new one. */
	inp->inp_rtgen = rt_isfixed(inp->inp_vnet) ? rt_generation(inp->inp_vnet) : 0;
	inp->inp_rtdst = inp->inp_faddr;
	return (inp->inp_nh);
}

/* Names */

void
in_pcbmap(struct vi_sockaddr *sa)
{
	const uint32_t in4 = sa->sa_in;

	if (sa->sa_family != VI_AF_INET)
		return;
	memset(sa->sa_in6, 0, sizeof(sa->sa_in6));
	sa->sa_family = VI_AF_INET6;
	sa->sa_in6[10] = sa->sa_in6[11] = 0xff;
	memcpy(sa->sa_in6 + 12, &in4, sizeof(in4));
}

void
in_pcbname(const struct inpcb *inp, const struct inet_ops *ops, const struct in_addr_any *a, uint16_t port, struct vi_sockaddr *sa)
{
	ops->io_sockaddr(a, port, sa);
	if ((inp->inp_flags & INP_SOCK6) != 0)
		in_pcbmap(sa);
}

int
in_pcbsockaddr(struct inpcb *inp, struct vi_sockaddr *sa)
{
	in_pcbname(inp, inp->inp_ops, &inp->inp_laddr, inp->inp_lport, sa);
	return (0);
}

int
in_pcbpeeraddr(struct inpcb *inp, struct vi_sockaddr *sa)
{
	if (in_addr_any_isany(&inp->inp_faddr))
		return (ENOTCONN);
	in_pcbname(inp, inp->inp_ops, &inp->inp_faddr, inp->inp_fport, sa);
	return (0);
}

/* Who goes on where another piece ended need not look at all before it again, unless somebody else has looked meanwhile. */
struct inpcb *
in_pcbscan(struct inpcbinfo *ipi, struct pcbscan *ps, struct inpcb *last)
{
	struct inpcb *inp = last;

	if (inp == NULL && ipi->ipi_told != NULL && ipi->ipi_told->inp_id == ps->ps_after)
		inp = ipi->ipi_told;
	inp = inp != NULL ? TAILQ_NEXT(inp, inp_list) : TAILQ_FIRST(&ipi->ipi_list);
	while (inp != NULL && inp->inp_id <= ps->ps_after)
		inp = TAILQ_NEXT(inp, inp_list);
	if (inp == NULL)
		return (NULL);
	if (ps->ps_left == 0) {
		ps->ps_more = true;
		return (NULL);
	}
	ps->ps_left--;
	ps->ps_after = inp->inp_id;
	ipi->ipi_told = inp;
	return (inp);
}

void
in_pcbinfo_fill(const struct inpcb *inp, struct vi_pcbinfo *pi)
{
	const struct socket *so = inp->inp_socket;

	memset(pi, 0, sizeof(*pi));
	pi->pi_proto = inp->inp_proto;
	pi->pi_type = inp->inp_info->ipi_proto == VI_IPPROTO_TCP ? VI_SOCK_STREAM : VI_SOCK_DGRAM;
	in_pcbname(inp, inp->inp_ops, &inp->inp_laddr, inp->inp_lport, &pi->pi_local);
	in_pcbname(inp, inp->inp_ops, &inp->inp_faddr, inp->inp_fport, &pi->pi_foreign);
	pi->pi_uid = inp->inp_cred.cr_uid;
	pi->pi_jail = inp->inp_cred.cr_jail;
	pi->pi_fib = inp->inp_fib;
	pi->pi_id = inp->inp_id;
	pi->pi_flowid = (inp->inp_flags & INP_ONHASH) != 0 ? inp->inp_flowid : 0;
	if (so == NULL)
		return;
	pi->pi_type = so->so_type;
	pi->pi_recvq = so->so_options & SO_ACCEPTCONN ? so->so_qlen : so->so_rcv.sb_cc;
	pi->pi_sendq = so->so_options & SO_ACCEPTCONN ? so->so_qlimit : so->so_snd.sb_cc;
	pi->pi_drops = so->so_type != VI_SOCK_STREAM ? so->so_rcv.sb_drops : 0;
	if ((so->so_state & SS_NOFDREF) == 0)
		pi->pi_socket = (const struct vi_socket *)so;
}
