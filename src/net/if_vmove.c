/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interfaces that change their vnet.
 *
 * A move takes the interface out of one vnet, with everything that vnet's modules know of it
 * (addresses, routes, neighbours, queued packets), and puts it into another under a new index;
 * name, link address, description and counters stay.  What must be refused is refused before
 * anything changes.  A vnet that ends gives back what it borrowed, under the names it had at home:
 * that cannot be refused, so an interface whose name has been taken meanwhile takes another.
 */
#include <errno.h>
#include <string.h>

#include "base/sbuf.h"
#include "net/if_int.h"

/* What one vnet's administrator said of it is nothing to the next. */
static void
if_forget(struct ifnet *ifp)
{
	ifp->if_fib = ifp->if_metric = 0;
	ifp->if_pcp = 0;
	if_group_reset(ifp);
}

static void
if_domove(struct ifnet *ifp, struct vnet *to)
{
	if_unlink(ifp);
	if_forget(ifp);
	if_link(ifp, to);
}

int
if_vmove(struct ifnet *ifp, struct vnet *to)
{
	int error;

	if (ifp->if_flags & IFF_LOOPBACK && ifp == net_vnet(ifp->if_vnet)->nv_lo0)
		return (EINVAL);
	if (ifp->if_dying || !vnet_running(ifp->if_vnet) || !vnet_running(to))
		return (EBUSY);
	if (ifnet_byname(to, ifp->if_xname) != NULL)	/* itself too: it is there already */
		return (EEXIST);
	if ((error = if_reserve(to)) != 0)
		return (error);
	if (!acct_count(vnet_acct(to), LIMIT_INTERFACES, 1))
		return (ENOSPC);
	if (ifp->if_vnet == ifp->if_home)
		memcpy(ifp->if_homename, ifp->if_xname, IFNAMSIZ);
	if_domove(ifp, to);
	return (0);
}

/* The name to go home with: what it had there, not what a borrower made of it; the one it was made with; or that with a suffix. */
static void
if_homename(const struct ifnet *ifp, char name[IFNAMSIZ])
{
	char suffix[IFNAMSIZ];
	struct sbuf sb;

	memcpy(name, ifp->if_homename, IFNAMSIZ);
	if (ifnet_byname(ifp->if_home, name) == NULL)
		return;
	memcpy(name, ifp->if_origname, IFNAMSIZ);
	for (uint32_t n = 0; ifnet_byname(ifp->if_home, name) != NULL; n++) {
		sbuf_init(&sb, suffix, sizeof(suffix));
		sbuf_printf(&sb, "_r%u", n);
		sbuf_init(&sb, name, IFNAMSIZ - sbuf_len(&sb));
		sbuf_cat(&sb, ifp->if_origname);
		strcat(name, suffix);	/* room was left */
	}
}

int
if_reclaim(struct ifnet *ifp)
{
	struct vnet *home = ifp->if_home;
	char name[IFNAMSIZ], had[IFNAMSIZ];
	int error;

	if (ifp->if_vnet == home)
		return (0);
	if (!vnet_running(home))
		return (EBUSY);
	if ((error = if_reserve(home)) != 0)
		return (error);
	if_homename(ifp, name);
	memcpy(had, ifp->if_xname, sizeof(had));
	if_unlink(ifp);
	limit_force(vnet_acct(home)->as_limits, LIMIT_INTERFACES, 1);	/* it cannot be refused */
	memcpy(ifp->if_xname, name, sizeof(name));
	if_forget(ifp);
	if_link(ifp, home);
	if (strcmp(had, name) != 0)
		vnet_log(home, LOG_NOTICE, "%s: was called %s where it was lent%s", name, had,
		    strcmp(ifp->if_homename, name) != 0 ? ", and its own name is taken" : "");
	return (0);
}

void
if_return(struct ifnet *ifp)
{
	if (ifp->if_ends || if_reclaim(ifp) != 0)
		if_clone_destroy(ifp);
}

void
if_goes_with(struct ifnet *ifp)
{
	ifp->if_ends = true;
}
