/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/ifaddrtab.h"

#include <errno.h>

#include "base/assert.h"
#include "kern/acct.h"

#define IFADDRTAB_MIN	8

static struct ifaddrhead *
ifaddrtab_head(const struct ifaddrtab *it, const struct ifaddr *ifa)
{
	const struct net_addr *na = &ifa->ifa_addr;

	return (na->na_af == NET_AF_INET ? ifaddrtab_head4(it, na->na_in) : ifaddrtab_head6(it, na->na_in6));
}

/* All of them in so many heads. */
static int
ifaddrtab_resize(struct ifaddrtab *it, uint32_t size)
{
	const struct ifaddrtab old = *it;
	struct ifaddrhead *heads = kmalloc(vnet_acct(it->it_vnet), ACCT_HASH, size * sizeof(*heads));
	struct ifaddr *ifa;

	if (heads == NULL)
		return (ENOMEM);
	for (uint32_t i = 0; i < size; i++)
		TAILQ_INIT(&heads[i]);
	it->it_heads = heads;
	it->it_size = size;
	for (uint32_t i = 0; i < old.it_size; i++) {
		while ((ifa = TAILQ_FIRST(&old.it_heads[i])) != NULL) {
			TAILQ_REMOVE(&old.it_heads[i], ifa, ifa_vlink);
			TAILQ_INSERT_TAIL(ifaddrtab_head(it, ifa), ifa, ifa_vlink);
		}
	}
	kfree(vnet_acct(it->it_vnet), ACCT_HASH, old.it_heads, old.it_size * sizeof(*heads));
	return (0);
}

int
ifaddrtab_init(struct ifaddrtab *it, struct vnet *vn)
{
	*it = (struct ifaddrtab){ .it_vnet = vn };
	return (ifaddrtab_resize(it, IFADDRTAB_MIN));
}

void
ifaddrtab_fini(struct ifaddrtab *it)
{
	VI_ASSERT(it->it_n == 0);
	kfree(vnet_acct(it->it_vnet), ACCT_HASH, it->it_heads, it->it_size * sizeof(*it->it_heads));
	it->it_heads = NULL;
}

/* Where there is no memory for more heads, the chains are longer. */
void
ifaddrtab_add(struct ifaddrtab *it, struct ifaddr *ifa)
{
	TAILQ_INSERT_TAIL(ifaddrtab_head(it, ifa), ifa, ifa_vlink);
	if (++it->it_n > it->it_size)
		(void)ifaddrtab_resize(it, it->it_size * 2);
}

void
ifaddrtab_remove(struct ifaddrtab *it, struct ifaddr *ifa)
{
	TAILQ_REMOVE(ifaddrtab_head(it, ifa), ifa, ifa_vlink);
	it->it_n--;
}
