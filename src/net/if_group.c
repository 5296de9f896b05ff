/* SPDX-License-Identifier: BSD-2-Clause */
/* Groups of interfaces: names for several at once.  All are of the group of their kind, "epair", until they are taken out of it. */
#include <errno.h>
#include <string.h>

#include "net/if_int.h"

#define IF_MAXGROUPS	1024u	/* bytes of all the names */

const char *
if_groups(const struct ifnet *ifp)
{
	return (ifp->if_groups != NULL ? ifp->if_groups : ifp->if_cloner->ifc_name);
}

/* Where it stands among the names; NULL: nowhere. */
static const char *
group_find(const char *groups, const char *group)
{
	const size_t len = strlen(group);
	const char *p = groups;

	while (len > 0 && (p = strstr(p, group)) != NULL) {
		if ((p == groups || p[-1] == ' ') && (p[len] == ' ' || p[len] == '\0'))
			return (p);
		p += len;
	}
	return (NULL);
}

/* A digit at the end would be an interface's. */
static bool
group_ok(const char *group)
{
	const size_t len = strlen(group);

	return (if_name_ok(group) && (group[len - 1] < '0' || group[len - 1] > '9'));
}

static void
group_set(struct ifnet *ifp, char *groups)
{
	if (ifp->if_groups != NULL)
		kfree(ifp->if_acct, ACCT_IFNET, ifp->if_groups, strlen(ifp->if_groups) + 1);
	ifp->if_groups = groups;
}

int
if_group_add(struct ifnet *ifp, const char *group)
{
	const char *had = if_groups(ifp);
	const size_t hadlen = strlen(had), len = strlen(group);
	const size_t at = hadlen == 0 ? 0 : hadlen + 1;
	char *new;

	if (!group_ok(group))
		return (EINVAL);
	if (group_find(had, group) != NULL)
		return (EEXIST);
	if (at + len + 1 > IF_MAXGROUPS)
		return (ENOSPC);
	if ((new = kmalloc(ifp->if_acct, ACCT_IFNET, at + len + 1)) == NULL)
		return (ENOBUFS);
	memcpy(new, had, hadlen);
	if (at > 0)
		new[hadlen] = ' ';
	memcpy(new + at, group, len + 1);
	group_set(ifp, new);
	return (0);
}

int
if_group_del(struct ifnet *ifp, const char *group)
{
	const char *had = if_groups(ifp), *p = group_find(had, group), *rest;
	char *new;

	if (p == NULL)
		return (ENOENT);
	/* With the blank before it, or else the one behind it. */
	rest = p + strlen(group);
	if (p > had)
		p--;
	else if (*rest == ' ')
		rest++;
	if ((new = kmalloc(ifp->if_acct, ACCT_IFNET, (size_t)(p - had) + strlen(rest) + 1)) == NULL)
		return (ENOBUFS);
	memcpy(new, had, (size_t)(p - had));
	memcpy(new + (p - had), rest, strlen(rest) + 1);
	group_set(ifp, new);
	return (0);
}

void
if_group_reset(struct ifnet *ifp)
{
	group_set(ifp, NULL);
}
