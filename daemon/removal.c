/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * A jail is removed in steps, because its processes need time to end: it and what is below it
 * is told to stop; each time one of them has no process any more, the removal looks again; when
 * none has, the Linux side lets go of the stacks, the interfaces that will go home are noted,
 * and the prison is destroyed.  Meanwhile no new program starts in there.
 *
 * A jail without persist ends the same way when its last process has ended and nobody holds it.
 */
#include "daemon/jproc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include <vimage/ifnet.h>
#include <vimage/jail.h>

#include "daemon/ctl_serve.h"
#include "daemon/jcpu.h"

/*
 * The jails below one, itself included, deepest last.
 */
struct subtree {
	int		*st_jids;
	size_t		 st_n, st_room;
	bool		 st_nomem;
};

static void
subtree_add(void *arg, int jid)
{
	struct subtree *st = arg;
	int *more;

	if (st->st_n == st->st_room) {
		if ((more = realloc(st->st_jids, (st->st_room * 2 + 16) * sizeof(*more))) == NULL) {
			st->st_nomem = true;
			return;
		}
		st->st_jids = more;
		st->st_room = st->st_room * 2 + 16;
	}
	st->st_jids[st->st_n++] = jid;
}

static int
subtree_read(struct daemon *d, int jid, struct subtree *st)
{
	memset(st, 0, sizeof(*st));
	subtree_add(st, jid);
	vi_jail_below(d->d_kernel, jid, subtree_add, st);
	if (st->st_nomem)
		free(st->st_jids);
	return st->st_nomem ? ENOMEM : 0;
}

static bool
removal_below(const struct removal *rm, int jid)
{
	return vi_jail_visible(rm->rm_daemon->d_kernel, rm->rm_jid, jid);
}

bool
removal_pending(struct daemon *d, int jid)
{
	struct removal *rm;

	LIST_FOREACH(rm, &d->d_removals, rm_link)
		if (removal_below(rm, jid))
			return true;
	return false;
}

/* Does it use something of what is removed? */
static bool
removal_uses(const struct removal *rm, const struct jproc *jp)
{
	for (unsigned i = 0; i < VI_CLASS_MAX && jp->jp_jid >= 0; i++)
		if (removal_below(rm, jp->jp_use.us_jid[i]))
			return true;
	return false;
}

/*
 * What goes home.
 */
struct homing {
	struct removal	*ho_removal;
	uint32_t	 ho_vnet;		/* being read */
	struct vi_vnet	*ho_home;		/* where it may go */
	uint32_t	 ho_homeid;
	json_t		*ho_before;		/* names in there */
	bool		 ho_any;
};

static void
note_borrowed(void *arg, const struct vi_ifinfo *ii)
{
	struct homing *ho = arg;

	if (ii->if_home_vnet == ho->ho_homeid && ho->ho_vnet != ho->ho_homeid)
		ho->ho_any = true;
}

static void
note_name(void *arg, const struct vi_ifinfo *ii)
{
	struct homing *ho = arg;

	json_object_set_new(ho->ho_before, ii->if_name, json_true());
}

static void
note_returned(void *arg, const struct vi_ifinfo *ii)
{
	struct homing *ho = arg;
	char home[VI_NAMELEN] = "0";

	if (json_object_get(ho->ho_before, ii->if_name) != NULL)
		return;
	(void)vi_jail_get(ho->ho_removal->rm_daemon->d_kernel, ho->ho_removal->rm_caller,
	    vi_vnet_jail(ho->ho_home), "name", home, sizeof(home));
	json_array_append_new(ho->ho_removal->rm_interfaces,
	    json_pack("{s:s,s:s}", "name", ii->if_name, "home", home));
}

/* Does a stack of the subtree hold an interface of that home? */
static bool
holds_borrowed(struct homing *ho, const struct subtree *st)
{
	struct vi_kernel *k = ho->ho_removal->rm_daemon->d_kernel;

	ho->ho_any = false;
	for (size_t i = 0; i < st->st_n && !ho->ho_any; i++) {
		struct vi_vnet *vn = vi_jail_vnet(k, st->st_jids[i]);

		if (vn == NULL || !vi_jail_owns_vnet(k, st->st_jids[i]))
			continue;
		ho->ho_vnet = vi_vnet_id(vn);
		vi_if_list(vn, note_borrowed, ho);
	}
	return ho->ho_any;
}

/*
 * The homes that matter are those of the jails above: an interface is lent downwards.  Names
 * may change on the way home, so what is there after and was not before is what came back.
 */
static struct homing *
homes_before(struct removal *rm, const struct subtree *st, unsigned *np)
{
	struct vi_kernel *k = rm->rm_daemon->d_kernel;
	struct homing *list = NULL, *more;
	unsigned n = 0;

	for (int jid = vi_jail_parent(k, rm->rm_jid); jid >= 0; jid = vi_jail_parent(k, jid)) {
		struct homing ho = { .ho_removal = rm };

		if (!vi_jail_owns_vnet(k, jid))
			continue;
		ho.ho_home = vi_jail_vnet(k, jid);
		ho.ho_homeid = vi_vnet_id(ho.ho_home);
		if (!holds_borrowed(&ho, st) ||
		    (more = realloc(list, (n + 1) * sizeof(*list))) == NULL)
			continue;
		list = more;
		ho.ho_before = json_object();
		vi_if_list(ho.ho_home, note_name, &ho);
		list[n++] = ho;
	}
	*np = n;
	return list;
}

static void
homes_after(struct homing *list, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		vi_if_list(list[i].ho_home, note_returned, &list[i]);
		json_decref(list[i].ho_before);
	}
	free(list);
}

/*
 * The end of a jail.
 */
struct letgo {
	struct daemon	*lg_daemon;
	unsigned	 lg_worker;
	struct vi_vnet	*lg_vnet;
};

static void
let_go(void *arg)
{
	struct letgo *lg = arg;

	lx_vnet_gone(lg->lg_daemon->d_workers[lg->lg_worker].w_lx, lg->lg_vnet);
}

static void
destroy(struct removal *rm, const struct subtree *st)
{
	struct daemon *d = rm->rm_daemon;
	struct homing *homes;
	unsigned nhomes;
	int error;

	for (size_t i = 0; i < st->st_n; i++) {
		struct letgo lg = { .lg_daemon = d,
			.lg_vnet = vi_jail_vnet(d->d_kernel, st->st_jids[i]) };

		if (lg.lg_vnet == NULL || !vi_jail_owns_vnet(d->d_kernel, st->st_jids[i]))
			continue;
		lg.lg_worker = vi_vnet_worker(lg.lg_vnet);
		worker_call_managed(d, lg.lg_worker, let_go, &lg);
	}
	for (size_t i = st->st_n; i-- > 0;)
		jcpu_gone(d, st->st_jids[i]);
	homes = homes_before(rm, st, &nhomes);
	error = vi_jail_remove(d->d_kernel, rm->rm_caller, rm->rm_jid);
	homes_after(homes, nhomes);
	if (rm->rm_fn != NULL && rm->rm_arg != NULL)
		rm->rm_fn(rm->rm_arg, error, rm);
}

static void
removal_free(struct removal *rm)
{
	LIST_REMOVE(rm, rm_link);
	json_decref(rm->rm_interfaces);
	free(rm);
}

/* True when it is done, and rm gone. */
static bool
removal_step(struct removal *rm)
{
	struct daemon *d = rm->rm_daemon;
	int parent = vi_jail_parent(d->d_kernel, rm->rm_jid);
	struct subtree st;

	if (subtree_read(d, rm->rm_jid, &st) != 0)
		return false;
	for (size_t i = 0; i < st.st_n; i++) {
		if (!jail_used(d, st.st_jids[i]))
			continue;
		free(st.st_jids);
		return false;
	}
	destroy(rm, &st);
	for (size_t i = 0; i < st.st_n; i++)
		ctl_unhold(d, st.st_jids[i]);
	free(st.st_jids);
	removal_free(rm);
	if (parent > 0)
		jail_expire(d, parent);
	return true;
}

static void
stop_one(struct removal *rm, struct jproc *jp, bool force)
{
	uint64_t seconds = 10;
	char text[32];

	rm->rm_programs += jproc_programs(jp);
	if (vi_jail_get(rm->rm_daemon->d_kernel, 0, jp->jp_jid, "stop.timeout", text, sizeof(text)) == 0)
		seconds = strtoul(text, NULL, 10);
	jproc_stop(jp, force ? 0 : seconds * 1000000000);
}

/* Programs that use something of it and are another jail's processes, too. */
static void
stop_all(struct removal *rm, const struct subtree *st, bool force)
{
	struct daemon *d = rm->rm_daemon;
	struct jproc *jp, *next;

	for (jp = LIST_FIRST(&d->d_mixed); jp != NULL; jp = next) {
		next = LIST_NEXT(jp, jp_mixlink);
		if (removal_uses(rm, jp))
			stop_one(rm, jp, force);
	}
	for (size_t i = 0; i < st->st_n; i++)
		if ((jp = jproc_find(d, st->st_jids[i])) != NULL)
			stop_one(rm, jp, force);
}

int
removal_start(struct daemon *d, int caller, int jid, bool force, removal_fn *fn, void *arg)
{
	struct removal *rm;
	struct subtree st;

	if (removal_pending(d, jid))
		return EBUSY;
	if (subtree_read(d, jid, &st) != 0)
		return ENOMEM;
	if ((rm = calloc(1, sizeof(*rm))) == NULL) {
		free(st.st_jids);
		return ENOMEM;
	}
	rm->rm_daemon = d;
	rm->rm_caller = caller;
	rm->rm_jid = jid;
	rm->rm_fn = fn;
	rm->rm_arg = arg;
	rm->rm_interfaces = json_array();
	(void)vi_jail_get(d->d_kernel, caller, jid, "name", rm->rm_name, sizeof(rm->rm_name));
	/* Not yet in the list: what stops at once must not finish it under our hands. */
	stop_all(rm, &st, force);
	if (force)
		rm->rm_killed = rm->rm_programs;
	free(st.st_jids);
	LIST_INSERT_HEAD(&d->d_removals, rm, rm_link);
	(void)removal_step(rm);
	return 0;
}

/* Their time was over. */
void
removal_killed(struct daemon *d, const struct jproc *jp)
{
	struct removal *rm;

	LIST_FOREACH(rm, &d->d_removals, rm_link)
		if (removal_uses(rm, jp))
			rm->rm_killed += jproc_programs(jp);
}

void
removal_forget(struct daemon *d, void *arg)
{
	struct removal *rm;

	LIST_FOREACH(rm, &d->d_removals, rm_link)
		if (rm->rm_arg == arg)
			rm->rm_arg = NULL;
}

/* A program of another jail that uses one of its containers keeps it, as its own would. */
static bool
borrowed(const struct daemon *d, int jid)
{
	const struct jproc *jp;

	LIST_FOREACH(jp, &d->d_mixed, jp_mixlink)
		if (jproc_uses(jp, jid))
			return true;
	return false;
}

void
jail_expire(struct daemon *d, int jid)
{
	if (jid <= 0 || d->d_stopping || ctl_held(d, jid) || removal_pending(d, jid) || borrowed(d, jid) ||
	    !vi_jail_expired(d->d_kernel, jid))
		return;
	(void)removal_start(d, 0, jid, false, NULL, NULL);
}

void
jail_progress(struct daemon *d, int jid)
{
	struct removal *rm;
	bool again = true;

	/* The end of one removal may end or begin others: look from the start each time. */
	while (again) {
		again = false;
		LIST_FOREACH(rm, &d->d_removals, rm_link)
			if ((again = (removal_below(rm, jid) ||
					 !vi_jail_visible(d->d_kernel, 0, rm->rm_jid)) &&
				     removal_step(rm)))
				break;
	}
	jail_expire(d, jid);
}

void
removals_fini(struct daemon *d)
{
	while (!LIST_EMPTY(&d->d_removals))
		removal_free(LIST_FIRST(&d->d_removals));
}
