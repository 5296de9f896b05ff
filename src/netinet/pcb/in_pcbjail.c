/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets of a jail that shares a stack and is restricted to some of its addresses (ip4.addr, ip6.addr), as FreeBSD's jails without vnet:
 *
 *	bind		to one of them only; to any: to the one there is, or to any, which then means them
 *	source		one of them
 *	loopback	127.0.0.1 and ::1, to bind and to send to, are the first of them
 *	packets		a socket bound to any takes those for its jail's addresses, before sockets outside that are bound to any
 *
 * Who is outside, or in a jail with other addresses, may have the same port with another address or with any.
 */
#include <errno.h>

#include "base/inaddr.h"
#include "netinet/pcb/in_pcb_int.h"
#include "vimage/praddr.h"

static const struct praddrs *
jail_addrs(const struct inpcb *inp, uint32_t fam)
{
	if (inp->inp_cred.cr_jail == 0)
		return (NULL);
	return (praddrs_find(inp->inp_vnet->vn_kernel, inp->inp_cred.cr_jail, fam == INP_IPV4 ? PRADDR_IP4 : PRADDR_IP6));
}

/* Jails' addresses have no zone. */
static bool
jail_has(const struct praddrs *pa, uint32_t fam, const struct in_addr_any *a)
{
	struct in_addr_any plain = *a;

	if (fam == INP_IPV6)
		in6_setzone((uint8_t *)plain.in6, 0);
	return (praddrs_has(pa, plain.in6));
}

static struct in_addr_any
jail_addr(const struct praddrs *pa, uint32_t i)
{
	struct in_addr_any a;

	memcpy(a.in6, pa->pa_addr[i], sizeof(a.in6));
	return (a);
}

static bool
is_loopback(uint32_t fam, const struct in_addr_any *a)
{
	return (fam == INP_IPV4 ? a->in4 == HTONL(INADDR_LOOPBACK) : in6_loopback((const uint8_t *)a->in6));
}

bool
in_pcbjail_takes(const struct inpcb *inp, uint32_t fam, const struct in_addr_any *a, bool *restricted)
{
	const struct praddrs *pa = jail_addrs(inp, fam);

	*restricted = pa != NULL;
	return (pa == NULL || jail_has(pa, fam, a));
}

bool
in_pcbjail_may(const struct inpcb *inp, uint32_t fam, const struct in_addr_any *a)
{
	bool restricted;

	return (in_pcbjail_takes(inp, fam, a, &restricted));
}

bool
in_pcbjail_same(const struct inpcb *a, const struct inpcb *b)
{
	return (a->inp_cred.cr_jail == b->inp_cred.cr_jail ||
	    (jail_addrs(a, INP_IPV4) == jail_addrs(b, INP_IPV4) && jail_addrs(a, INP_IPV6) == jail_addrs(b, INP_IPV6)));
}

int
in_pcbjail_family(const struct inpcb *inp)
{
	const struct praddrs *pa = jail_addrs(inp, in_pcbfam(inp->inp_ops));

	return (pa != NULL && pa->pa_n == 0 ? EAFNOSUPPORT : 0);
}

int
in_pcbjail_bind(const struct inpcb *inp, uint32_t fam, struct in_addr_any *laddr)
{
	const struct praddrs *pa = fam == (INP_IPV4 | INP_IPV6) ? NULL : jail_addrs(inp, fam);

	if (pa == NULL)
		return (0);
	if (pa->pa_n == 0)
		return (EADDRNOTAVAIL);
	if (is_loopback(fam, laddr) || (in_addr_any_isany(laddr) && pa->pa_n == 1))
		*laddr = jail_addr(pa, 0);
	if (in_addr_any_isany(laddr) || jail_has(pa, fam, laddr))
		return (0);
	/* What is no address but a group may be bound to, to hear it. */
	return (inp->inp_ops->io_isbcast(inp->inp_vnet, laddr) ? 0 : EADDRNOTAVAIL);
}

void
in_pcbjail_remote(const struct inpcb *inp, const struct inet_ops *ops, struct in_addr_any *faddr)
{
	const uint32_t fam = in_pcbfam(ops);
	const struct praddrs *pa = jail_addrs(inp, fam);

	if (pa != NULL && pa->pa_n > 0 && (is_loopback(fam, faddr) || in_addr_any_isany(faddr)))
		*faddr = jail_addr(pa, 0);
}

/* Bits that two addresses have in common, from the left. */
static unsigned
common_bits(const struct in_addr_any *a, const struct in_addr_any *b)
{
	const uint8_t *x = (const uint8_t *)a, *y = (const uint8_t *)b;
	unsigned i = 0;

	while (i < sizeof(*a) && x[i] == y[i])
		i++;
	return (i == sizeof(*a) ? i * 8 : i * 8 + (unsigned)__builtin_clz((unsigned)(x[i] ^ y[i])) - 24);
}

/* What the stack chose if it may be, or else the nearest to the destination of those that the stack has. */
int
in_pcbjail_source(const struct inpcb *inp, const struct inet_ops *ops, const struct in_addr_any *faddr, struct in_addr_any *laddr)
{
	const uint32_t fam = in_pcbfam(ops);
	const struct praddrs *pa = jail_addrs(inp, fam);
	struct in_addr_any a;
	unsigned bits, most = 0;
	bool found = false;

	if (pa == NULL)
		return (0);
	if (pa->pa_n == 0)
		return (EADDRNOTAVAIL);
	if (!praddrs_select(inp->inp_vnet->vn_kernel, inp->inp_cred.cr_jail, fam == INP_IPV4 ? PRADDR_IP4 : PRADDR_IP6)) {
		*laddr = jail_addr(pa, 0);
		return (0);
	}
	if (jail_has(pa, fam, laddr))
		return (0);
	for (uint32_t i = 0; i < pa->pa_n; i++) {
		a = jail_addr(pa, i);
		bits = common_bits(&a, faddr);
		if (!ops->io_isusable(inp->inp_vnet, &a, false) || (found && bits <= most))
			continue;
		*laddr = a;
		most = bits;
		found = true;
	}
	return (found ? 0 : EADDRNOTAVAIL);
}
