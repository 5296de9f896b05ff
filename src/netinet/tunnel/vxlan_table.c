/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which stations of a vxlan are behind which address: learned from what comes (RFC 7348 4.1), or entered by hand, which stays.
 *
 * The table is bounded by the interface's vxlanmaxaddr, and paid for by its vnet; an entry that is too old goes when somebody comes across it, and
 * all of them when the table is full, but that is looked for once a second at most: who sends from ever new addresses costs no more than others.
 */
#include <errno.h>
#include <string.h>

#include "base/siphash.h"
#include "netinet/tunnel/vxlan_int.h"

#define SECOND	1000000000ull

static struct acctset *
table_acct(const struct vxlan *vx)
{
	return (vnet_acct(vx->vx_if->if_vnet));
}

static struct vxlan_bucket *
table_bucket(const struct vxlan *vx, const uint8_t *lladdr)
{
	const struct kernel *k = vx->vx_if->if_vnet->vn_kernel;
	const struct siphash_key key = { k->k_hashkey[0], k->k_hashkey[1] };

	return (&vx->vx_table[siphash13(&key, lladdr, ETHER_ADDR_LEN) & (vx->vx_tablesize - 1)]);
}

static void
entry_free(struct vxlan *vx, struct vxlan_entry *ve)
{
	LIST_REMOVE(ve, ve_link);
	vx->vx_naddrs--;
	kfree(table_acct(vx), ACCT_HASH, ve, sizeof(*ve));
}

static struct vxlan_entry *
table_lookup(const struct vxlan *vx, const uint8_t *lladdr)
{
	struct vxlan_entry *ve;

	if (vx->vx_table == NULL)
		return (NULL);
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

/* Those that nothing was heard of until then. */
static void
table_expire(struct vxlan *vx, uint64_t until)
{
	struct vxlan_entry *ve, *next;

	for (uint32_t i = 0; i < vx->vx_tablesize; i++)
		LIST_FOREACH_SAFE(ve, &vx->vx_table[i], ve_link, next)
			if (ve->ve_expire <= until)
				entry_free(vx, ve);
}

void
vxlan_flush(struct vxlan *vx, bool all)
{
	table_expire(vx, all ? UINT64_MAX : UINT64_MAX - 1);
}

/* Without memory for a larger table the chains get longer, no more. */
static void
table_grow(struct vxlan *vx)
{
	const uint32_t osize = vx->vx_tablesize, size = osize == 0 ? VXLAN_NHASH : 2 * osize;
	struct vxlan_bucket *old = vx->vx_table, *new;
	struct vxlan_entry *ve;

	if (vx->vx_naddrs < osize || (new = kmalloc(table_acct(vx), ACCT_HASH, size * sizeof(*new))) == NULL)
		return;
	vx->vx_table = new;
	vx->vx_tablesize = size;
	for (uint32_t i = 0; i < osize; i++)
		while ((ve = LIST_FIRST(&old[i])) != NULL) {
			LIST_REMOVE(ve, ve_link);
			LIST_INSERT_HEAD(table_bucket(vx, ve->ve_lladdr), ve, ve_link);
		}
	kfree(table_acct(vx), ACCT_HASH, old, osize * sizeof(*old));
}

/* Room for one more? */
static bool
table_room(struct vxlan *vx)
{
	const uint64_t now = vnet_now(vx->vx_if->if_vnet);

	if (vx->vx_naddrs < vx->vx_maxaddr)
		return (true);
	if (now < vx->vx_nextscan)
		return (false);
	vx->vx_nextscan = now + SECOND;
	table_expire(vx, now);
	return (vx->vx_naddrs < vx->vx_maxaddr);
}

/* One of that address; ENOSPC, ENOBUFS. */
static int
table_get(struct vxlan *vx, const uint8_t *lladdr, struct vxlan_entry **vep)
{
	struct vxlan_entry *ve = table_lookup(vx, lladdr);

	if (ve == NULL) {
		if (!table_room(vx))
			return (ENOSPC);
		table_grow(vx);
		if (vx->vx_table == NULL || (ve = kmalloc(table_acct(vx), ACCT_HASH, sizeof(*ve))) == NULL)
			return (ENOBUFS);
		memcpy(ve->ve_lladdr, lladdr, ETHER_ADDR_LEN);
		LIST_INSERT_HEAD(table_bucket(vx, lladdr), ve, ve_link);
		vx->vx_naddrs++;
	}
	*vep = ve;
	return (0);
}

void
vxlan_learn(struct vxlan *vx, const uint8_t lladdr[ETHER_ADDR_LEN], const struct in_addr_any *where)
{
	struct vxlan_entry *ve;

	if (table_get(vx, lladdr, &ve) != 0) {
		vxlan_vnet(vx->vx_if->if_vnet)->xv_stat.vxs_full++;
		return;
	}
	if (ve->ve_expire == UINT64_MAX)
		return;
	ve->ve_where = *where;
	ve->ve_expire = vnet_now(vx->vx_if->if_vnet) + vx->vx_timeout * SECOND;
}

int
vxlan_enter(struct vxlan *vx, const uint8_t lladdr[ETHER_ADDR_LEN], const struct in_addr_any *where)
{
	struct vxlan_entry *ve;
	int error;

	if ((error = table_get(vx, lladdr, &ve)) != 0)
		return (error);
	ve->ve_where = *where;
	ve->ve_expire = UINT64_MAX;
	return (0);
}

int
vxlan_forget(struct vxlan *vx, const uint8_t lladdr[ETHER_ADDR_LEN])
{
	struct vxlan_entry *ve = table_lookup(vx, lladdr);

	if (ve == NULL)
		return (ENOENT);
	entry_free(vx, ve);
	return (0);
}

void
vxlan_table_end(struct vxlan *vx)
{
	vxlan_flush(vx, true);
	kfree(table_acct(vx), ACCT_HASH, vx->vx_table, vx->vx_tablesize * sizeof(*vx->vx_table));
	vx->vx_table = NULL;
	vx->vx_tablesize = 0;
}

static void
entry_show(const struct vxlan *vx, const struct vxlan_entry *ve, uint64_t now, const struct ifopt_show *is)
{
	const bool fixed = ve->ve_expire == UINT64_MAX;
	char mac[ETHER_STRLEN], where[TUNNEL_ADDRLEN];

	(void)ether_addr_ntop(mac, sizeof(mac), ve->ve_lladdr);
	ifopt_put(is, "address", mac, "lladdr", "%s", mac);
	ifopt_put(is, "address", mac, "vlan", "1");
	ifopt_put(is, "address", mac, "member", "%s", tunnel_ntop(vx->vx_if->if_vnet, vx->vx_rops, &ve->ve_where, where));
	ifopt_put(is, "address", mac, "expire", "%u", fixed ? 0 : (unsigned)((ve->ve_expire - now + SECOND - 1) / SECOND));
	ifopt_put(is, "address", mac, "flags", "%u", fixed ? 1u : 0);
}

void
vxlan_table_show(const struct vxlan *vx, const struct ifopt_show *is)
{
	const uint64_t now = vnet_now(vx->vx_if->if_vnet);
	const struct vxlan_entry *ve;

	for (uint32_t i = 0; i < vx->vx_tablesize; i++)
		LIST_FOREACH(ve, &vx->vx_table[i], ve_link)
			if (ve->ve_expire > now)
				entry_show(vx, ve, now, is);
}
