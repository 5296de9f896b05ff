/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations on jails: jail.set, jail.remove, jail.release, jail.list, jail.find. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vimage/jail.h>

#include "daemon/ctl_arg.h"
#include "daemon/ctl_serve.h"
#include "daemon/jcpu.h"
#include "daemon/jcpuset.h"
#include "daemon/jproc.h"

#define MAXPARAMS	128

/* Root of the jail that manages; not a jail in its last moments. */
static int
may_manage(struct ctl_request *rq, enum vi_priv priv)
{
	int error;

	if (rq->rq_mixed)
		return ctl_refuse(rq, ctl_fail(rq, EPERM, "a program with containers of several jails may not manage jails"));
	if ((error = vi_jail_priv(rq->rq_kernel, rq->rq_caller, &rq->rq_cred, priv)) != 0)
		return ctl_fail(rq, error, "jail_set: Operation not permitted");
	if (removal_pending(rq->rq_daemon, rq->rq_jid))
		return ctl_fail(rq, EBUSY, "the jail is being removed");
	return 0;
}

/*
 * Setting.
 */
static bool
is_true(const char *value)
{
	return value == NULL || (strcmp(value, "false") != 0 && strcmp(value, "0") != 0);
}

struct setting {
	struct vi_param	se_params[MAXPARAMS];
	unsigned	se_n;
	const char	*se_id;		/* jid or name */
	bool		se_hostname, se_domainname;	/* were given */
	bool		se_persist;
	bool		se_ipclimits;	/* one of them was given */
	bool		se_cpus;	/* vcpu.cpus was */
};

static void
note_param(struct setting *se, const struct vi_param *p)
{
	if (strcmp(p->p_name, "persist") == 0)
		se->se_persist = is_true(p->p_value);
	else if (strcmp(p->p_name, "nopersist") == 0)
		se->se_persist = false;
	else if (strcmp(p->p_name, "host.hostname") == 0)
		se->se_hostname = true;
	else if (strcmp(p->p_name, "host.domainname") == 0)
		se->se_domainname = true;
	else if (strcmp(p->p_name, "vcpu.cpus") == 0)
		se->se_cpus = true;
	else if (strcmp(p->p_name, "limit.shm") == 0 || strcmp(p->p_name, "limit.msgqueues") == 0 ||
		 strcmp(p->p_name, "limit.semaphores") == 0 || strcmp(p->p_name, "limit.mqueues") == 0)
		se->se_ipclimits = true;
	else if (strcmp(p->p_name, "jid") == 0 ||
		 (strcmp(p->p_name, "name") == 0 && se->se_id == NULL))
		se->se_id = p->p_value;
}

static int
read_params(struct ctl_request *rq, const json_t *list, struct setting *se)
{
	const json_t *pair;
	size_t i;

	memset(se, 0, sizeof(*se));
	if (json_array_size(list) > MAXPARAMS)
		return ctl_fail(rq, E2BIG, "more than %d parameters", MAXPARAMS);
	json_array_foreach(list, i, pair) {
		struct vi_param *p = &se->se_params[se->se_n++];
		const json_t *value = json_array_get(pair, 1);

		p->p_name = json_string_value(json_array_get(pair, 0));
		p->p_value = json_string_value(value);
		if (p->p_name == NULL || json_array_size(pair) > 2 ||
		    (value != NULL && p->p_value == NULL && !json_is_null(value)))
			return ctl_fail(rq, EINVAL, "a parameter is a pair of texts");
		note_param(se, p);
	}
	return 0;
}

/* A change of its privileges reaches its programs, and those of its children. */
struct denial {
	struct daemon	*de_daemon;
	unsigned	 de_worker;
	int		 de_jid;
	uint64_t	 de_denied;
};

static void
deny_there(void *arg)
{
	struct denial *de = arg;

	lx_jail_denied(de->de_daemon->d_workers[de->de_worker].w_lx, de->de_jid, de->de_denied);
	free(de);
}

static void
deny(void *arg, int jid)
{
	struct daemon *d = arg;
	struct denial *de;

	if (!jail_used(d, jid))
		return;
	for (unsigned w = 0; w < d->d_nworkers; w++) {
		if ((de = malloc(sizeof(*de))) == NULL)
			return;
		*de = (struct denial){ d, w, jid, vi_jail_denied(d->d_kernel, jid) };
		if (worker_post(d, w, deny_there, de) != 0)
			free(de);
	}
}

static void
tell_name(struct ctl_request *rq, int jid, bool domain)
{
	char name[256];

	if (vi_jail_get(rq->rq_kernel, 0, jid, domain ? "host.domainname" : "host.hostname", name, sizeof(name)) == 0)
		jproc_hostname(rq->rq_daemon, jid, domain, name);
}

static void
limit_ipc(void *arg, int jid)
{
	jproc_ipclimits(arg, jid);
}

/* After the fact: who may vanish now, and what the processes must learn. */
static int
settle(struct ctl_request *rq, const struct setting *se, int jid, bool hold)
{
	int error;

	if (hold && (error = ctl_hold(rq->rq_client, jid)) != 0)
		return error;
	if (se->se_hostname)
		tell_name(rq, jid, false);
	if (se->se_domainname)
		tell_name(rq, jid, true);
	deny(rq->rq_daemon, jid);
	vi_jail_below(rq->rq_kernel, jid, deny, rq->rq_daemon);
	jcpu_changed(rq->rq_daemon, jid);
	if (se->se_cpus)
		jcpuset_changed(rq->rq_daemon);
	if (se->se_ipclimits) {
		limit_ipc(rq->rq_daemon, jid);
		vi_jail_below(rq->rq_kernel, jid, limit_ipc, rq->rq_daemon);
	}
	jail_expire(rq->rq_daemon, jid);
	return 0;
}

static int
op_set(struct ctl_request *rq)
{
	int create, update, hold = 0, jid, error;
	char name[VI_NAMELEN];
	struct setting se;
	json_t *list;
	bool existed;

	error = ctl_args(rq, "{s:o,s:b,s:b,s?b}", "params", &list, "create", &create, "update",
	    &update, "hold", &hold);
	if (error != 0 || (error = read_params(rq, list, &se)) != 0 ||
	    (error = may_manage(rq, create ? VI_PRIV_JAIL_CREATE : VI_PRIV_JAIL_MODIFY)) != 0)
		return error;
	existed = se.se_id != NULL && vi_jail_find(rq->rq_kernel, rq->rq_jid, se.se_id, &jid) == 0;
	if (existed && removal_pending(rq->rq_daemon, jid))
		return ctl_fail(rq, EBUSY, "jail \"%.128s\" is being removed", se.se_id);
	if (!existed && create && !se.se_persist && !hold)
		return ctl_fail(
		    rq, EINVAL, "neither persist nor a command: the jail would vanish at once");
	error = vi_jail_set(rq->rq_kernel, rq->rq_jid, se.se_params, se.se_n,
	    (create ? VI_JAIL_CREATE : 0u) | (update ? VI_JAIL_UPDATE : 0u), &jid, rq->rq_err);
	if (error != 0)
		return ctl_refuse(rq, error);
	if (vi_jail_get(rq->rq_kernel, rq->rq_caller, jid, "name", name, sizeof(name)) != 0)
		name[0] = '\0';
	json_object_set_new(rq->rq_reply, "jid", json_integer(jid));
	ctl_put_text(rq->rq_reply, "name", name);
	json_object_set_new(rq->rq_reply, "created", json_boolean(!existed));
	return settle(rq, &se, jid, hold);
}

/*
 * Removing.
 */
static void
on_removed(void *arg, int error, struct removal *rm)
{
	struct ctl_client *cl = arg;

	if (error != 0)
		ctl_client_fail(cl, error, NULL, false, true);
	else
		ctl_client_reply(cl,
		    json_pack("{s:i,s:s,s:O,s:i,s:i}", "jid", rm->rm_jid, "name", rm->rm_name,
			"interfaces", rm->rm_interfaces, "ended",
			(int)(rm->rm_programs - rm->rm_killed), "killed", (int)rm->rm_killed),
		    true);
}

static int
op_remove(struct ctl_request *rq)
{
	int error, force = 0;

	if ((error = ctl_args(rq, "{s?b}", "force", &force)) != 0)
		return error;
	if (rq->rq_mixed)
		return ctl_refuse(rq, ctl_fail(rq, EPERM, "a program with containers of several jails may not manage jails"));
	error = vi_jail_priv(rq->rq_kernel, rq->rq_caller, &rq->rq_cred, VI_PRIV_JAIL_REMOVE);
	if (error != 0)
		return ctl_gave_up(rq, VI_PRIV_JAIL_REMOVE) ? error : ctl_fail(rq, error, "only root may remove jails");
	if (rq->rq_jid == rq->rq_caller)
		return ctl_refuse(rq, ctl_fail(rq, EPERM, "a jail cannot remove itself"));
	error = removal_start(
	    rq->rq_daemon, rq->rq_caller, rq->rq_jid, force, on_removed, rq->rq_client);
	if (error == EBUSY)
		return ctl_fail(rq, error, "the jail is being removed already");
	return error != 0 ? error : CTL_LATER;
}

/*
 * Listing.
 */
struct listing {
	struct ctl_request *li_rq;
	const json_t	*li_params;	/* NULL: all */
	struct ctl_list	 li_jails;
	bool		 li_dying, li_settable;
};

static json_t *
text_value(const char *text)
{
	json_t *s = json_string(text);

	return s != NULL ? s : json_string("?");
}

static void
add_param(void *arg, const char *name, const char *value)
{
	json_object_set_new(arg, name, text_value(value));
}

struct settable {
	struct vi_kernel *st_kernel;
	int		 st_jid;
	json_t		*st_object;
};

static void
add_settable(void *arg, const char *name, const char *value)
{
	struct settable *st = arg;

	if (vi_jail_settable(st->st_kernel, st->st_jid, name))
		add_param(st->st_object, name, value);
}

static void
add_params(struct listing *li, int jid, json_t *o)
{
	struct ctl_request *rq = li->li_rq;
	char buf[VI_PARAMLEN];
	json_t *name;
	size_t i;

	json_array_foreach(li->li_params, i, name) {
		const char *param = json_string_value(name);

		if ((!li->li_settable || vi_jail_settable(rq->rq_kernel, jid, param)) &&
		    vi_jail_get(rq->rq_kernel, rq->rq_caller, jid, param, buf, sizeof(buf)) == 0)
			add_param(o, param, buf);
	}
}

static void
add_jail(void *arg, int jid)
{
	struct listing *li = arg;
	struct ctl_request *rq = li->li_rq;
	bool dying = removal_pending(rq->rq_daemon, jid);
	json_t *o;

	if (li->li_jails.l_error != 0 || (dying && !li->li_dying))
		return;
	o = json_object();
	if (li->li_params == NULL && li->li_settable)
		(void)vi_jail_params(rq->rq_kernel, rq->rq_caller, jid, add_settable,
		    &(struct settable){ rq->rq_kernel, jid, o });
	else if (li->li_params == NULL)
		(void)vi_jail_params(rq->rq_kernel, rq->rq_caller, jid, add_param, o);
	else
		add_params(li, jid, o);
	if (dying && json_object_get(o, "dying") != NULL)
		json_object_set_new(o, "dying", json_string("true"));
	ctl_list_add(&li->li_jails, o);
}

/* An unknown name is an error even if there is no jail to look it up in. */
static int
check_params(struct ctl_request *rq, const json_t *params)
{
	char buf[VI_PARAMLEN];
	json_t *name;
	size_t i;

	json_array_foreach(params, i, name) {
		if (!json_is_string(name))
			return ctl_fail(rq, EINVAL, "params is an array of texts");
		if (vi_jail_get(rq->rq_kernel, rq->rq_caller, rq->rq_caller,
			json_string_value(name), buf, sizeof(buf)) == ENOENT)
			return ctl_fail(
			    rq, EINVAL, "unknown parameter: %.128s", json_string_value(name));
	}
	return 0;
}

/* Are there parameters in it that tell what is used?  It takes a look at all processes. */
static bool
wants_use(const json_t *params)
{
	const json_t *name;
	size_t i;

	if (params == NULL)
		return true;
	json_array_foreach(params, i, name)
		if (strcmp(json_string_value(name), "vcpu.usage") == 0 || strncmp(json_string_value(name), "limit.processes", 15) == 0)
			return true;
	return false;
}

static int
op_list(struct ctl_request *rq)
{
	struct listing li = { .li_rq = rq };
	json_t *params = NULL;
	int dying = 0, settable = 0, error;

	if ((error = ctl_args(rq, "{s?o,s?b,s?b}", "params", &params, "dying", &dying, "settable",
	    &settable)) != 0 ||
	    (error = check_params(rq, params)) != 0)
		return error;
	if (wants_use(params))
		jcpu_sample(rq->rq_daemon);
	li.li_params = params;
	li.li_dying = dying;
	li.li_settable = settable;
	ctl_list_begin(rq, "jails", &li.li_jails);
	if (json_object_get(rq->rq_args, "jail") != NULL)
		add_jail(&li, rq->rq_jid);
	else
		vi_jail_list(rq->rq_kernel, rq->rq_caller, add_jail, &li);
	return li.li_jails.l_error;
}

/* Whoever held it has done what was to be done. */
static int
op_release(struct ctl_request *rq)
{
	int error;

	if ((error = ctl_args(rq, "{}")) != 0)
		return error;
	if (!rq->rq_cred.cr_priv || rq->rq_jid == rq->rq_caller || rq->rq_mixed)
		return ctl_fail(rq, EPERM, "only root, from above, may let go of a jail");
	ctl_unhold(rq->rq_daemon, rq->rq_jid);
	jail_expire(rq->rq_daemon, rq->rq_jid);
	return 0;
}

static int
op_find(struct ctl_request *rq)
{
	char name[VI_NAMELEN];
	int error;

	if ((error = ctl_args(rq, "{}")) != 0)
		return error;
	ctl_jail_name(rq, rq->rq_jid, name, sizeof(name));
	json_object_set_new(rq->rq_reply, "jid", json_integer(rq->rq_jid));
	ctl_put_text(rq->rq_reply, "name", name);
	return 0;
}

const struct ctl_op ctl_jail_ops[] = {
	{ "jail.set", op_set },
	{ "jail.remove", op_remove },
	{ "jail.release", op_release },
	{ "jail.list", op_list },
	{ "jail.find", op_find },
	{ NULL, NULL },
};
