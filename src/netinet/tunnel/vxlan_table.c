/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which stations of a vxlan are behind which address, learned from what comes (RFC 7348 4.1).
 *
 * The table is bounded by the interface's vxlanmaxaddr, and paid for by its vnet; an entry that is too old goes when somebody comes across it, and
 * all of them when the table is full.
 */
#include <string.h>

#include "base/siphash.h"
#include "netinet/tunnel/vxlan_int.h"

static struct vxlan_bucket *
table_bucket(struct vxlan *vx, const uint8_t *lladdr)
{
	const struct kernel *k = vx->vx_if->if_vnet->vn_kernel;
	const struct siphash_key key = { k->k_hashkey[0], k->k_hashkey[1] };

	return (&vx->vx_table[siphash13(&key, lladdr, ETHER_ADDR_LEN) % VXLAN_NHASH]);
}

static void
entry_free(struct vxlan *vx, struct vxlan_entry *ve)
{
	LIST_REMOVE(ve, ve_link);
	vx->vx_naddrs--;
	kfree(vnet_acct(vx->vx_if->if_vnet), ACCT_MISC, ve, sizeof(*ve));
}

static struct vxlan_entry *
table_lookup(struct vxlan *vx, const uint8_t *lladdr)
{
	struct vxlan_entry *ve;

	LIST_FOREACH(ve, table_bucket(vx, lladdr), ve_link)
		if (ether_equal(ve->ve_lladdr, lladdr))
			return (ve);
	return (NULL);
}

const struct in_addr_any *
vxlan_find(struct vxlan *vx, const uint8_t lladdr[ETHER_ADDR_LEN])
{
	struct vxlan_entry *ve = table_lookup(vx, lladdr);

	if (ve == NULL)
		return (NULL);
	if (ve->ve_expire > vnet_now(vx->vx_if->if_vnet))
		return (&ve->ve_where);
	entry_free(vx, ve);
	return (NULL);
}

/* Those that nobody has heard of for too long; with all, everything. */
static void
table_expire(struct vxlan *vx, bool all)
{
	const uint64_t now = vnet_now(vx->vx_if->if_vnet);
	struct vxlan_entry *ve, *next;

	for (unsigned i = 0; i < VXLAN_NHASH; i++)
		for (ve = LIST_FIRST(&vx->vx_table[i]); ve != NULL; ve = next) {
			next = LIST_NEXT(ve, ve_link);
			if (all || ve->ve_expire <= now)
				entry_free(vx, ve);
		}
}

void
vxlan_flush(struct vxlan *vx)
{
	table_expire(vx, true);
}

void
vxlan_learn(struct vxlan *vx, const uint8_t lladdr[ETHER_ADDR_LEN], const struct in_addr_any *where)
{
	struct vxlan_vnet *xv = vxlan_vnet(vx->vx_if->if_vnet);
	struct vxlan_entry *ve = table_lookup(vx, lladdr);

	if (ve == NULL) {
		if (vx->vx_naddrs >= vx->vx_maxaddr)
			table_expire(vx, false);
		if (vx->vx_naddrs >= vx->vx_maxaddr ||
		    (ve = kmalloc(vnet_acct(vx->vx_if->if_vnet), ACCT_MISC, sizeof(*ve))) == NULL) {
			xv->xv_stat.vxs_full++;
			return;
		}
		memcpy(ve->ve_lladdr, lladdr, ETHER_ADDR_LEN);
		LIST_INSERT_HEAD(table_bucket(vx, lladdr), ve, ve_link);
		vx->vx_naddrs++;
	}
	ve->ve_where = *where;
	ve->ve_expire = vnet_now(vx->vx_if->if_vnet) + vx->vx_timeout * UINT64_C(1000000000);
}
