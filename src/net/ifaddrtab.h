/* SPDX-License-Identifier: BSD-2-Clause */
/* The addresses that one family has in a vnet, by address: a hash that grows with them.  They hang on ifa_vlink, in no order. */
#ifndef NET_IFADDRTAB_H
#define NET_IFADDRTAB_H

#include <stdint.h>
#include <string.h>

#include "base/endian.h"
#include "net/ifnet.h"

struct ifaddrtab {
	struct vnet	*it_vnet;	/* (c) whose account pays */
	struct ifaddrhead *it_heads;
	uint32_t	 it_size, it_n;	/* heads, a power of two; addresses */
};

static inline struct ifaddrhead *
ifaddrtab_head4(const struct ifaddrtab *it, uint32_t addr)
{
	return (&it->it_heads[(NTOHL(addr) * 0x9e3779b1u >> 16) & (it->it_size - 1)]);
}

static inline struct ifaddrhead *
ifaddrtab_head6(const struct ifaddrtab *it, const uint8_t addr[16])
{
	uint32_t w[4];

	memcpy(w, addr, sizeof(w));
	return (&it->it_heads[((w[0] ^ w[1] ^ w[2] ^ w[3]) * 0x9e3779b1u >> 16) & (it->it_size - 1)]);
}

int	ifaddrtab_init(struct ifaddrtab *, struct vnet *);	/* ENOMEM */
void	ifaddrtab_fini(struct ifaddrtab *);			/* it is empty */
void	ifaddrtab_add(struct ifaddrtab *, struct ifaddr *);
void	ifaddrtab_remove(struct ifaddrtab *, struct ifaddr *);

#endif
