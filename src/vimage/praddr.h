/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The addresses that a prison may use of a stack which is not its own: ip4.addr and ip6.addr.
 *
 * A prison that says nothing has what its parent has.  Sockets find theirs by the jid in their credentials, at every bind, connect and packet for a
 * wildcard, so that a change holds for the sockets that are there, too.  Changed under the kernel lock, read by lanes.
 */
#ifndef VIMAGE_PRADDR_H
#define VIMAGE_PRADDR_H

#include <stdbool.h>
#include <stdint.h>

#include <vimage/jail.h>

struct kernel;
struct prison;

enum praddr_fam { PRADDR_IP4, PRADDR_IP6, PRADDR_NFAM };

#define PRADDR_MAX	VI_JAIL_MAXIPS	/* of a family */
#define PRADDR_WORDS	4	/* network order; IPv4 in the first, the others 0; IPv6 without zone */

struct praddrs {
	uint32_t	pa_n;		/* 0: it does without the family */
	uint32_t	pa_addr[PRADDR_MAX][PRADDR_WORDS];
};

/* What the prison is restricted to; NULL: nothing, it has the whole stack.  A jid that is none has no address. */
const struct praddrs *praddrs_find(struct kernel *, int jid, enum praddr_fam);
const struct praddrs *praddrs_of(const struct prison *, enum praddr_fam);
bool	praddrs_has(const struct praddrs *, const uint32_t addr[PRADDR_WORDS]);
/* May the stack choose among them (ip4.saddrsel)?  Else the first is the source. */
bool	praddrs_select(struct kernel *, int jid, enum praddr_fam);

#endif
