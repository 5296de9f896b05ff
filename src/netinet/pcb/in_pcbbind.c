/* SPDX-License-Identifier: BSD-2-Clause */
/* Local addresses and ports: who may have which. */
#include <errno.h>

#include "base/endian.h"
#include "base/siphash.h"
#include "base/util.h"
#include "netinet/pcb/in_pcb_int.h"
#include "netinet/pcb/in_pcbextra.h"
#include "vimage/priv.h"

/* Could a packet be meant for both? */
static bool
in_pcb_overlap(const struct inpcb *inp, const struct in_addr_any *laddr, const struct inpcb *t)
{
	if ((inp->inp_flags & t->inp_flags & (INP_IPV4 | INP_IPV6)) == 0)
		return (false);
	if (inp->inp_boundif != 0 && t->inp_boundif != 0 && inp->inp_boundif != t->inp_boundif)
		return (false);
	if (in_addr_any_isany(laddr) || in_addr_any_isany(&t->inp_laddr))
		return (in_pcbjail_same(inp, t));
	return (in_addr_eq(laddr, &t->inp_laddr));
}

/*
 * May inp have the port although t has it?  Linux's rules (socket(7)): SO_REUSEADDR on both, unless t listens; SO_REUSEPORT on both, of the
 * same user.
 */
static bool
in_pcb_mayshare(const struct inpcb *inp, const struct inpcb *t)
{
	uint16_t mine = in_pcb_options(inp), theirs = in_pcb_options(t);

	if ((mine & theirs & SO_REUSEADDR) != 0 && (theirs & SO_ACCEPTCONN) == 0)
		return (true);
	return ((mine & theirs & SO_REUSEPORT) != 0 && inp->inp_cred.cr_uid == t->inp_cred.cr_uid);
}

static bool
in_pcb_portconflict(struct inpcb *inp, const struct in_addr_any *laddr, uint16_t lport)
{
	struct inpcb *t;

	LIST_FOREACH(t, in_pcbporthead(inp->inp_info, lport), inp_chain[INP_BYPORT])
		if (t->inp_lport == lport && t != inp && in_pcb_overlap(inp, laddr, t) && !in_pcb_mayshare(inp, t))
			return (true);
	return (false);
}

/* What waits in TIME_WAIT keeps its port from others as its socket did. */
static bool
in_pcb_portlingers(const struct inpcb *inp, const struct in_addr_any *laddr, uint16_t lport)
{
	const struct inpcbinfo *ipi = inp->inp_info;

	return (ipi->ipi_lingers != NULL && ipi->ipi_lingers(inp, in_addr_any_isany(laddr) ? NULL : laddr, lport));
}

/*
 * Two that share a port by SO_REUSEADDR cannot both listen.
 */
bool
in_pcblistenok(struct inpcb *inp)
{
	return (!in_pcb_portconflict(inp, &inp->inp_laddr, inp->inp_lport));
}

/* Nobody at all there, not even somebody who would share. */
static bool
in_pcb_portfree(struct inpcb *inp, const struct in_addr_any *laddr, uint16_t lport)
{
	struct inpcb *t;

	LIST_FOREACH(t, in_pcbporthead(inp->inp_info, lport), inp_chain[INP_BYPORT])
		if (t->inp_lport == lport && t != inp && in_pcb_overlap(inp, laddr, t))
			return (false);
	return (true);
}

/* A connection may share its port with other connections, but not with somebody who bound it. */
static bool
in_pcb_portfree_conn(struct inpcb *inp, const struct in_addr_any *laddr, const struct in_addr_any *faddr, uint16_t fport, uint16_t lport)
{
	struct inpcb *t;

	LIST_FOREACH(t, in_pcbporthead(inp->inp_info, lport), inp_chain[INP_BYPORT]) {
		if ((t->inp_flags & INP_ONHASH) != 0)
			break;
		if (t->inp_lport == lport && t != inp && in_pcb_overlap(inp, laddr, t))
			return (false);
	}
	return (in_pcblookup_exact(inp->inp_info, in_pcbfam(inp->inp_ops), laddr, lport, faddr, fport) == NULL);
}

/* The range of ephemeral ports, host order, whichever way round it was set; of it what the socket wants. */
static uint32_t
in_pcb_portrange(const struct inpcb *inp, uint32_t *first)
{
	const struct inpcb_vnet *iv = inpcb_vnet(inp->inp_vnet);
	const uint32_t a = (uint32_t)iv->iv_first, b = (uint32_t)iv->iv_last, lo = MIN(a, b), hi = MAX(a, b);
	const uint32_t want = inp->inp_extra == NULL ? 0 : inp->inp_extra->ex_ports;
	const uint32_t from = (want & 0xffff) >= lo && (want & 0xffff) <= hi ? want & 0xffff : lo;
	const uint32_t to = want >> 16 >= lo && want >> 16 <= hi ? want >> 16 : hi;

	*first = from;
	return (to - from + 1);
}

/* The secret of a destination.  Who connects often goes where he went before. */
static uint64_t
in_pcb_portsecret(struct inpcbinfo *ipi, const struct in_addr_any *laddr, const struct in_addr_any *faddr, uint16_t fport)
{
	if (!ipi->ipi_portmemo.pm_valid || ipi->ipi_portmemo.pm_fport != fport || !in_addr_eq(&ipi->ipi_portmemo.pm_faddr, faddr) ||
	    !in_addr_eq(&ipi->ipi_portmemo.pm_laddr, laddr)) {
		ipi->ipi_portmemo.pm_laddr = *laddr;
		ipi->ipi_portmemo.pm_faddr = *faddr;
		ipi->ipi_portmemo.pm_fport = fport;
		ipi->ipi_portmemo.pm_secret = in_pcbflowsecret(&ipi->ipi_key, laddr, 0, faddr, fport);
		ipi->ipi_portmemo.pm_valid = true;
	}
	return (ipi->ipi_portmemo.pm_secret);
}

/*
 * RFC 6056 3.3.4 (algorithm 4, double hash): a secret offset per destination, and one of a few counters, chosen by the same secret, that moves
 * past each port given.  Ports of one destination are used in turn and the next is usually free even when most are taken; who sees the ports
 * used towards himself learns little of those used towards others.
 */
int
in_pcbport_conn(struct inpcb *inp, const struct in_addr_any *laddr, const struct in_addr_any *faddr, uint16_t fport, uint16_t *lport)
{
	struct inpcbinfo *ipi = inp->inp_info;
	const uint64_t hash = in_pcb_portsecret(ipi, laddr, faddr, fport);
	uint16_t *next = &ipi->ipi_porttab[(hash >> 32) % INP_PORTTAB];
	uint32_t first, range = in_pcb_portrange(inp, &first), off = (uint32_t)hash % range;

	for (uint32_t i = 0; i < range; i++) {
		/* Counted within the range: where 65,536 is no multiple of it, its end would begin again what was used just now. */
		const uint32_t n = *next % range;

		*next = (uint16_t)(n + 1);
		*lport = HTONS(first + (off + n) % range);
		if (in_pcb_portfree_conn(inp, laddr, faddr, fport, *lport))
			return (0);
	}
	return (EADDRNOTAVAIL);
}

/* RFC 6056 3.3.1 (algorithm 1): a random start, then in turn. */
int
in_pcbport_any(struct inpcb *inp, const struct in_addr_any *laddr, uint16_t *lport)
{
	uint32_t first, range = in_pcb_portrange(inp, &first), off = kernel_random_below(inp->inp_vnet->vn_kernel, range);

	for (uint32_t i = 0; i < range; i++) {
		*lport = HTONS(first + (off + i) % range);
		if (in_pcb_portfree(inp, laddr, *lport))
			return (0);
	}
	return (EADDRINUSE);
}

/* The prison must have the right and who binds must be its administrator, as with FreeBSD's jails. */
static int
in_pcb_portpriv(const struct inpcb *inp, uint16_t lport)
{
	if (inp->inp_info->ipi_proto == VI_IPPROTO_ICMP || (int)NTOHS(lport) > inpcb_vnet(inp->inp_vnet)->iv_reservedhigh)
		return (0);
	return (vnet_priv_check(inp->inp_vnet, &inp->inp_socket->so_cred, VI_PRIV_NET_RESERVEDPORT) == 0 ? 0 : EACCES);
}

static int
in_pcbbind_addr(const struct inpcb *inp, const struct in_addr_any *laddr)
{
	struct vnet *vn = inp->inp_vnet;

	/* Linux: the broadcast address of the loopback net, of which every other address is a host's. */
	if (inp->inp_info->ipi_proto == VI_IPPROTO_ICMP && inp->inp_ops->io_family == VI_AF_INET && laddr->in4 == HTONL(0x7fffffff))
		return (EADDRNOTAVAIL);
	if (in_addr_any_isany(laddr) || (inp->inp_flags & INP_ANYADDR) != 0 || inp->inp_ops->io_isusable(vn, laddr, in_pcbinfo_raw(inp->inp_info)))
		return (0);
	/* As Linux says it. */
	if (inp->inp_info->ipi_proto == VI_IPPROTO_TCP && inp->inp_ops->io_family == VI_AF_INET6 && inp->inp_ops->io_isbcast(vn, laddr))
		return (EINVAL);
	if (inp->inp_info->ipi_proto == VI_IPPROTO_ICMPV6 && inp->inp_ops->io_isbcast(vn, laddr))
		return (EINVAL);		/* those for echoes; raw sockets are in a table of their own */
	/* Datagram sockets may bind to a group or a broadcast address, to hear nothing else; as on Linux those for echoes may not. */
	if (inp->inp_info->ipi_proto != VI_IPPROTO_TCP && inp->inp_info->ipi_proto != VI_IPPROTO_ICMP && inp->inp_ops->io_isbcast(vn, laddr))
		return (0);
	return (EADDRNOTAVAIL);
}

static int
in_pcbbind_port(struct inpcb *inp, const struct in_addr_any *laddr, uint16_t *lport)
{
	int error;

	if (*lport == 0)
		return ((inp->inp_flags & INP_NOPORT) != 0 ? 0 : in_pcbport_any(inp, laddr, lport));
	if ((error = in_pcb_portpriv(inp, *lport)) != 0)
		return (error);
	if (in_pcb_portconflict(inp, laddr, *lport) || in_pcb_portlingers(inp, laddr, *lport))
		return (EADDRINUSE);
	return (0);
}

/* The address and the families it leaves: any of IPv6 stands for both, unless the socket takes only one. */
static int
in_pcbbind_name(const struct inpcb *inp, const struct vi_sockaddr *sa, struct in_addr_any *laddr, uint32_t *fam)
{
	const struct inet_ops *ops;
	int error;

	*laddr = in4_any(0);
	*fam = inp->inp_bound;
	/* Linux takes an unspecified family for IPv4 when the address is any. */
	if (sa->sa_family == VI_AF_UNSPEC && sa->sa_in == 0 && (inp->inp_flags & INP_SOCK6) == 0)
		return (0);
	if ((inp->inp_flags & INP_SOCK6) != 0 && sa->sa_family != VI_AF_INET6)
		return (EAFNOSUPPORT);
	if ((error = in_pcbaddr(inp, sa, &ops, laddr)) != 0)
		return (error == ENETUNREACH ? EINVAL : error);
	if (ops->io_family != VI_AF_INET6 || !in_addr_any_isany(laddr))
		*fam = in_pcbfam(ops);
	return (0);
}

/* RFC 1122 3.2.1.3: such an address is no source. */
static void
in_pcbbind_set(struct inpcb *inp, const struct in_addr_any *laddr)
{
	struct vnet *vn = inp->inp_vnet;

	inp->inp_laddr = *laddr;
	inp->inp_flags &= ~(uint32_t)INP_GROUPADDR;
	if (!in_addr_any_isany(laddr) && !inp->inp_ops->io_islocal(vn, laddr) && inp->inp_ops->io_isbcast(vn, laddr))
		inp->inp_flags |= INP_GROUPADDR;
}

static int
in_pcbbind_to(struct inpcb *inp, const struct in_addr_any *laddr, uint16_t lport)
{
	bool anyport = lport == 0;
	int error;

	if ((error = in_pcbbind_addr(inp, laddr)) != 0)
		return (error);
	if (in_pcbinfo_raw(inp->inp_info)) {
		in_pcbbind_set(inp, laddr);
		inp->inp_flags &= ~(uint32_t)INP_ANONADDR;
		return (0);
	}
	if ((error = in_pcbbind_port(inp, laddr, &lport)) != 0)
		return (error);
	in_pcbbind_set(inp, laddr);
	inp->inp_lport = lport;
	if (anyport)
		inp->inp_flags |= INP_ANONPORT;
	if (lport != 0)
		in_pcbport_insert(inp);
	return (0);
}

int
in_pcbbind(struct inpcb *inp, const struct vi_sockaddr *sa)
{
	struct in_addr_any laddr;
	uint32_t fam;
	int error;

	VNET_ASSERT_LANE(inp->inp_vnet);
	if (inp->inp_lport != 0 || (!in_addr_any_isany(&inp->inp_laddr) && !in_pcbinfo_raw(inp->inp_info)))
		return (EINVAL);
	if ((error = in_pcbbind_name(inp, sa, &laddr, &fam)) != 0)
		return (error);
	in_pcb_setfam(inp, fam);
	if ((error = in_pcbjail_bind(inp, fam, &laddr)) == 0)
		error = in_pcbbind_to(inp, &laddr, sa->sa_port);
	if (error == 0)
		inp->inp_bound = fam;
	else
		in_pcb_setfam(inp, inp->inp_bound);
	return (error);
}
