/* SPDX-License-Identifier: BSD-2-Clause */
/* Interfaces that are made and destroyed by name. */
#include <errno.h>
#include <string.h>

#include "base/sbuf.h"
#include "base/siphash.h"
#include "net/if_int.h"
#include "wire/ether.h"

const struct if_clone *const net_cloners[] = {
	&bridge_cloner, &disc_cloner, &edsc_cloner, &epair_cloner, &gif_cloner, &gre_cloner, &host_cloner, &lagg_cloner,
	&lo_cloner, &stf_cloner, &tap_cloner, &tun_cloner, &unat_cloner, &vlan_cloner, &vxlan_cloner, &wire_cloner, NULL
};

/* The number behind a cloner's name: -1 for none.  EINVAL: something else stands there. */
static int
clone_unit(const char *p, int *unit)
{
	int n = 0;

	*unit = -1;
	if (*p == '\0')
		return (0);
	if (*p == '0' && p[1] != '\0')		/* "lo01" would be lo1 again */
		return (EINVAL);
	for (; *p != '\0'; p++) {
		if (*p < '0' || *p > '9' || (n = n * 10 + (*p - '0')) > IF_MAXUNIT)
			return (EINVAL);
	}
	*unit = n;
	return (0);
}

/* A name whose form tells the kind. */
static int
clone_named(struct vnet *vn, const char *type, char name[IFNAMSIZ])
{
	int error;

	if (!if_name_ok(type))
		return (EINVAL);
	for (unsigned i = 0; net_cloners[i] != NULL; i++) {
		if (net_cloners[i]->ifc_create_named == NULL ||
		    (error = net_cloners[i]->ifc_create_named(vn, type)) == ENOENT)
			continue;
		if (error == 0 && name != type)
			memcpy(name, type, strlen(type) + 1);
		return (error);
	}
	return (EINVAL);
}

int
if_clone_name(struct vnet *vn, const char *type, int unit, char name[IFNAMSIZ])
{
	struct sbuf sb;

	for (int u = unit < 0 ? 0 : unit; unit >= 0 ? u == unit : u <= IF_CLONE_MAXAUTO; u++) {
		sbuf_init(&sb, name, IFNAMSIZ);
		sbuf_printf(&sb, "%s%d", type, u);
		if (ifnet_byname(vn, name) == NULL)
			return (0);
	}
	return (unit >= 0 ? EEXIST : ENOSPC);
}

/* For drivers */

/* Names are unique in their vnet: 39 bits of a hash of both, never those of an epair, which end in 0a and 0b. */
static void
new_lladdr(struct vnet *vn, const char *name, uint8_t lladdr[ETHER_ADDR_LEN])
{
	const struct siphash_key key = { vn->vn_kernel->k_hostkey[0], vn->vn_kernel->k_hostkey[1] };
	struct { uint32_t vnet; char name[IFNAMSIZ]; } in = { .vnet = vn->vn_id };
	uint64_t h;

	memcpy(in.name, name, strlen(name));
	h = siphash13(&key, &in, sizeof(in));
	lladdr[0] = 0x02;			/* locally administered, one station */
	be32enc(lladdr + 1, (uint32_t)h);
	lladdr[5] = (uint8_t)(0x10 + (h >> 32) % 0xe0);
}

struct ifnet *
if_new(struct vnet *vn, const struct if_clone *ifc, const char *name)
{
	struct ifnet *ifp = if_alloc(vn, name, ifc->ifc_type);
	uint8_t lladdr[ETHER_ADDR_LEN];

	if (ifp == NULL)
		return (NULL);
	if (ifc->ifc_softsize != 0 && (ifp->if_softc = kmalloc(ifp->if_acct, ACCT_IFNET, ifc->ifc_softsize)) == NULL) {
		if_free(ifp);
		return (NULL);
	}
	if (ifc->ifc_type == VI_IFT_ETHER) {
		new_lladdr(vn, name, lladdr);
		ether_ifinit(ifp, lladdr);
	}
	ifp->if_ops = ifc->ifc_ops;
	ifp->if_cloner = ifc;
	return (ifp);
}

int
if_new_unit(struct vnet *vn, const struct if_clone *ifc, int unit, char name[IFNAMSIZ], struct ifnet **ifpp)
{
	int error = if_clone_name(vn, ifc->ifc_name, unit, name);

	if (error == 0 && (*ifpp = if_new(vn, ifc, name)) == NULL)
		error = ENOBUFS;
	return (error);
}

static void
new_free(struct ifnet *ifp)
{
	struct acctset *as = ifp->if_acct;
	const size_t size = ifp->if_cloner->ifc_softsize;
	void *softc = ifp->if_softc;

	if_free(ifp);
	kfree(as, ACCT_IFNET, softc, size);
}

int
if_new_attach(struct ifnet *ifp)
{
	int error = if_attach(ifp);

	if (error != 0)
		new_free(ifp);
	return (error);
}

void
if_new_destroy(struct ifnet *ifp)
{
	if_detach(ifp);
	new_free(ifp);
}

/* Management */

/* The kind that "epair" or "epair7" names, with the number; NULL: none. */
static const struct if_clone *
clone_bytype(const char *type, int *unit)
{
	size_t len;

	for (unsigned i = 0; net_cloners[i] != NULL; i++) {
		len = strlen(net_cloners[i]->ifc_name);
		if (strncmp(type, net_cloners[i]->ifc_name, len) == 0 && clone_unit(type + len, unit) == 0)
			return (net_cloners[i]);
	}
	return (NULL);
}

const struct if_clone *
if_clone_find(const char *type)
{
	int unit;

	return (clone_bytype(type, &unit));
}

int
if_create(struct vnet *vn, const char *type, char name[IFNAMSIZ])
{
	const struct if_clone *ifc;
	int unit;

	if (!vnet_running(vn))
		return (EBUSY);
	if ((ifc = clone_bytype(type, &unit)) == NULL)
		return (clone_named(vn, type, name));
	if (unit >= 0 && ifnet_byname(vn, type) != NULL)
		return (EEXIST);
	return (ifc->ifc_create(vn, unit, name));
}

void
if_clone_destroy(struct ifnet *ifp)
{
	ifp->if_cloner->ifc_destroy(ifp);
}

int
if_destroy(struct vnet *vn, const char *name)
{
	struct ifnet *ifp = ifnet_byname(vn, name);

	if (ifp == NULL)
		return (ENXIO);
	if (ifp == net_vnet(vn)->nv_lo0)
		return (EINVAL);
	if (ifp->if_dying)
		return (EBUSY);
	if_clone_destroy(ifp);
	return (0);
}
