/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * The first program of a jail makes its init: a pair of sockets is made, one end goes to the
 * spawner and is the init's.  Requests for programs are written into the other end at once; the
 * init reads them when it is ready.  What it answers:
 *
 *	LISTENER	the process exists and has its filter: the listener is attached to the
 *			jail's stack, then GO
 *	STARTED, FAILED	exec
 *	EXITED		the program's first process ended; others may go on (a daemon)
 *	EMPTY		no process is left
 *
 * The prison counts a process for each program, and one for what outlives its program, until EMPTY.
 *
 * A jail that shares processes or IPC with the jail it is in has an init of its own all the same: it joins the namespaces of
 * that jail's init (its anchor), which must be ready first and stays as long as it is shared.
 *
 * Programs whose containers come from several jails have an init of their own for each combination.  It joins the processes of
 * one jail's main init and, where that is another's, the IPC of a second; which account and messages they have is told to the
 * spawner and the log.  It ends with its last program, and when any of the jails is removed.
 *
 * The main init stays when the jail is empty: its namespaces may hold what the jail's root did.  At
 * most MAXIDLE of them stay, the least recently used goes.  A jproc that is given up loses its
 * jid at once and its memory when the spawner says that the init has ended.
 */
#include "daemon/jproc.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vimage/jail.h>

#include "daemon/ctl_arg.h"
#include "daemon/jcpu.h"
#include "daemon/jcpuset.h"
#include "daemon/kmsg.h"
#include "daemon/nsjoin.h"
#include "daemon/proctree.h"
#include "daemon/seqpacket.h"

#define MAXIDLE	256
#define PROBE_TIMEOUT	2000	/* ms */

static void jproc_event(struct lx_event *, uint32_t);
static void spawner_event(struct lx_event *, uint32_t);

static int
jproc_idcmp(const struct jproc *a, const struct jproc *b)
{
	return (a->jp_id > b->jp_id) - (a->jp_id < b->jp_id);
}

static int
jproc_jidcmp(const struct jproc *a, const struct jproc *b)
{
	return (a->jp_jid > b->jp_jid) - (a->jp_jid < b->jp_jid);
}

RB_PROTOTYPE(jprocids, jproc, jp_idlink, jproc_idcmp);
RB_PROTOTYPE(jprocjids, jproc, jp_jidlink, jproc_jidcmp);
RB_GENERATE(jprocids, jproc, jp_idlink, jproc_idcmp)
RB_GENERATE(jprocjids, jproc, jp_jidlink, jproc_jidcmp)

struct jproc *
jproc_find(const struct daemon *d, int jid)
{
	struct jproc key;

	key.jp_jid = jid;
	return RB_FIND(jprocjids, (struct jprocjids *)(uintptr_t)&d->d_jprocjids, &key);
}

static struct jproc *
jproc_byid(const struct daemon *d, uint32_t id)
{
	struct jproc key;

	key.jp_id = id;
	return RB_FIND(jprocids, (struct jprocids *)(uintptr_t)&d->d_jprocids, &key);
}

bool
jproc_uses(const struct jproc *jp, int jid)
{
	for (unsigned i = 0; i < VI_CLASS_MAX && jp->jp_jid >= 0; i++)
		if (jp->jp_use.us_jid[i] == jid)
			return true;
	return false;
}

bool
jail_used(const struct daemon *d, int jid)
{
	const struct jproc *jp;

	if (jproc_find(d, jid) != NULL)
		return true;
	LIST_FOREACH(jp, &d->d_mixed, jp_mixlink)
		if (jproc_uses(jp, jid))
			return true;
	return false;
}

/* The one for this combination. */
static struct jproc *
jproc_lookup(const struct daemon *d, const struct lx_use *us)
{
	struct jproc *jp;

	if (!lx_use_mixed(us))
		return jproc_find(d, us->us_jid[0]);
	LIST_FOREACH(jp, &d->d_mixed, jp_mixlink)
		if (memcmp(&jp->jp_use, us, sizeof(*us)) == 0)
			break;
	return jp;
}

/*
 * Programs.
 */

/* One process less is counted. */
static void
jproc_detach(const struct jproc *jp)
{
	vi_jail_proc_detach(jp->jp_daemon->d_kernel, jp->jp_jid, jp->jp_use.us_jid[VI_CLASS_VCPU]);
}

static void
exec_end(struct exec *ex)
{
	struct jproc *jp = ex->ex_jproc;

	TAILQ_REMOVE(&jp->jp_execs, ex, ex_link);
	/* The last one leaves its place to those it may have left behind. */
	if (TAILQ_EMPTY(&jp->jp_execs) && !jp->jp_linger)
		jp->jp_linger = true;
	else
		jproc_detach(jp);
	free(ex);
}

static void
exec_failed(struct exec *ex, int error, const char *text, bool exec)
{
	if (ex->ex_ops != NULL)
		ex->ex_ops->eo_failed(ex->ex_arg, error, text, exec);
	exec_end(ex);
}

/*
 * The jail's processes are gone with their init: what ran was killed, what did not run yet will
 * not.
 */
static void
exec_killed(struct exec *ex)
{
	if (!ex->ex_started) {
		exec_failed(ex, ESRCH, "the jail's processes are gone", false);
		return;
	}
	if (ex->ex_ops != NULL)
		ex->ex_ops->eo_ended(ex->ex_arg, SIGKILL);
	exec_end(ex);
}

static struct exec *
exec_find(struct jproc *jp, uint32_t id)
{
	struct exec *ex;

	TAILQ_FOREACH(ex, &jp->jp_execs, ex_link)
		if (ex->ex_id == id)
			break;
	return ex;
}

static void
jproc_send(
    struct jproc *jp, enum seqtype type, uint32_t id, int arg, unsigned flags, const char *text)
{
	struct seqmsg sm = { .sm_type = type, .sm_id = id, .sm_arg = arg, .sm_flags = flags };

	if (text != NULL)
		snprintf(sm.sm_text, sizeof(sm.sm_text), "%s", text);
	if (jp->jp_fd >= 0 && seq_send(jp->jp_fd, &sm, NULL, 0, MSG_DONTWAIT) == EAGAIN)
		dlog("jail %d: its init does not answer", jp->jp_jid);
}

void
exec_signal(struct exec *ex, int sig, bool group)
{
	jproc_send(ex->ex_jproc, INIT_SIGNAL, ex->ex_id, sig, group, NULL);
}

void
exec_forget(struct exec *ex)
{
	ex->ex_ops = NULL;
	exec_signal(ex, SIGHUP, true);
	exec_signal(ex, SIGCONT, true);
}

/*
 * The life of a jproc.
 */
static void jproc_giveup(struct jproc *);
static void jproc_free(struct jproc *);

/* Given up; what the spawner was not asked for yet goes at once, for of that it will say nothing. */
static void
jproc_end(struct jproc *jp)
{
	const bool unasked = jp->jp_initfd >= 0;

	jproc_giveup(jp);
	if (unasked)
		jproc_free(jp);
}

static bool
jproc_idle(const struct jproc *jp)
{
	return jp->jp_jid >= 0 && TAILQ_EMPTY(&jp->jp_execs) && !jp->jp_linger;
}

/* It shares nothing any more.  Anchors that only waited for that may go. */
static void
jproc_leave(struct jproc *jp)
{
	struct jproc *anchor;

	if (jp->jp_initfd >= 0)
		close(jp->jp_initfd);
	jp->jp_initfd = -1;
	for (unsigned i = 0; i < ANCHOR_N; i++) {
		anchor = jp->jp_anchor[i];
		jp->jp_anchor[i] = NULL;
		if (anchor != NULL && --anchor->jp_nsharers == 0 && anchor->jp_stopping && jproc_idle(anchor))
			jproc_giveup(anchor);
	}
}

/* Its init is gone: who shared its processes has none either, and the spawner will say so. */
static void
jproc_unshared(struct jproc *jp)
{
	struct jproc *other;

	LIST_FOREACH(other, &jp->jp_daemon->d_jprocs, jp_link)
		for (unsigned i = 0; i < ANCHOR_N; i++)
			if (other->jp_anchor[i] == jp) {
				other->jp_anchor[i] = NULL;
				jp->jp_nsharers--;
			}
}

/* No longer to be found. */
static void
jproc_unlink(struct jproc *jp)
{
	if (jp->jp_jid >= 0 && jp->jp_mixed)
		LIST_REMOVE(jp, jp_mixlink);
	else if (jp->jp_jid >= 0)
		RB_REMOVE(jprocjids, &jp->jp_daemon->d_jprocjids, jp);
	jp->jp_jid = -1;
}

/* Those that we answer for. */
static void
files_free(struct jproc *jp)
{
	kmsg_free(jp->jp_kmsg);
	for (int i = 0; i < NETFS_N; i++) {
		netfs_free(jp->jp_netfs[i]);
		jp->jp_netfs[i] = NULL;
	}
}

static void
files_attach(struct jproc *jp, unsigned which, int fd)
{
	if (jp->jp_jid < 0 || which >= NETFS_N || jp->jp_netfs[which] != NULL)
		close(fd);
	else
		jp->jp_netfs[which] = netfs_new(jp, fd, which);
}

static void
jproc_free(struct jproc *jp)
{
	struct exec *ex;

	dtimer_clear(jp->jp_daemon, &jp->jp_timer);
	files_free(jp);
	while ((ex = TAILQ_FIRST(&jp->jp_execs)) != NULL)
		exec_killed(ex);
	if (jp->jp_fd >= 0) {
		lx_loop_del(daemon_loop(jp->jp_daemon), &jp->jp_event);
		close(jp->jp_fd);
	}
	jproc_leave(jp);
	jproc_unshared(jp);
	LIST_REMOVE(jp, jp_link);
	RB_REMOVE(jprocids, &jp->jp_daemon->d_jprocids, jp);
	jproc_unlink(jp);
	if (jp->jp_daemon->d_stopping && LIST_EMPTY(&jp->jp_daemon->d_jprocs))
		daemon_stopped(jp->jp_daemon);
	free(jp);
}

static void
jproc_unlinger(struct jproc *jp)
{
	if (jp->jp_linger)
		jproc_detach(jp);
	jp->jp_linger = false;
}

/* Removals of the jails that it used may go on. */
static void
use_progress(struct daemon *d, const struct lx_use *us)
{
	unsigned k;

	for (unsigned i = 0; i < VI_CLASS_MAX; i++) {
		for (k = 0; k < i && us->us_jid[k] != us->us_jid[i]; k++)
			;
		if (k == i)
			jail_progress(d, us->us_jid[i]);
	}
}

/* The init of one that still waited for this one's was never asked for. */
static void
jproc_refuse_waiting(struct jproc *jp)
{
	struct jproc *other, *next;

	for (other = LIST_FIRST(&jp->jp_daemon->d_jprocs); other != NULL; other = next) {
		next = LIST_NEXT(other, jp_link);
		if (other->jp_initfd < 0 || (other->jp_anchor[ANCHOR_PROC] != jp && other->jp_anchor[ANCHOR_IPC] != jp))
			continue;
		jproc_end(other);
		next = LIST_FIRST(&jp->jp_daemon->d_jprocs);	/* others may have gone with it */
	}
}

/*
 * A jail's root can kill an init of a combination, and what was below it lives on below his own: it must not have what it had.
 */
struct parting {
	struct lx	*pa_lx;
	struct lx_use	 pa_use;
};

static void
part_there(void *arg)
{
	const struct parting *pa = arg;

	lx_use_gone(pa->pa_lx, &pa->pa_use);
}

static void
use_part(struct daemon *d, const struct lx_use *us)
{
	for (unsigned i = 0; i < d->d_nworkers; i++)
		worker_call_managed(d, i, part_there, &(struct parting){ d->d_workers[i].w_lx, *us });
}

/* No process of the jail is left, or will be: the init may go when it likes. */
static void
jproc_giveup(struct jproc *jp)
{
	const struct lx_use use = jp->jp_use;
	struct daemon *d = jp->jp_daemon;
	struct exec *ex;
	int jid = jp->jp_jid;

	dtimer_clear(d, &jp->jp_timer);
	files_free(jp);
	while ((ex = TAILQ_FIRST(&jp->jp_execs)) != NULL)
		exec_killed(ex);
	jproc_unlinger(jp);
	jproc_unlink(jp);
	if (jp->jp_fd >= 0) {
		lx_loop_del(daemon_loop(d), &jp->jp_event);
		close(jp->jp_fd);
		jp->jp_fd = -1;
	}
	jproc_leave(jp);
	if (jp->jp_nsharers > 0)
		jproc_refuse_waiting(jp);
	if (jid >= 0 && jp->jp_mixed)
		use_part(d, &use);
	if (jid >= 0)
		use_progress(d, &use);
}

/* Too many inits without work: the one longest without it goes. */
static void
jprocs_trim(struct daemon *d)
{
	struct jproc *jp, *oldest = NULL;
	unsigned n = 0;

	LIST_FOREACH(jp, &d->d_jprocs, jp_link) {
		if (!jproc_idle(jp) || jp->jp_nsharers > 0)
			continue;
		n++;
		if (oldest == NULL || jp->jp_used < oldest->jp_used)
			oldest = jp;
	}
	if (n > MAXIDLE)
		jproc_giveup(oldest);
}

/* Is its IPC not that of its processes' jail?  Each jail without has an empty one. */
static bool
ipc_differs(struct daemon *d, const struct lx_use *us)
{
	const int proc = us->us_jid[VI_CLASS_VPROC], ipc = us->us_jid[VI_CLASS_VIPC], owner = vi_jail_owner(d->d_kernel, ipc, "vipc");

	return proc != ipc && (owner < 0 || owner != vi_jail_owner(d->d_kernel, proc, "vipc"));
}

/* Has it the files of another jail, whose /dev/kmsg is not for its messages? */
static bool
messages_differ(struct daemon *d, int jid)
{
	const int files = vi_jail_owner(d->d_kernel, jid, "vproc");

	return files != jid && vi_jail_owner(d->d_kernel, jid, "vlog") != vi_jail_owner(d->d_kernel, files, "vlog");
}

/* Each IPC namespace has limits of its own, so nothing but the numbers binds a jail to what those above it may; 0: none. */
static uint64_t
ipc_limit(struct daemon *d, int jid, const char *param)
{
	uint64_t least = 0, n;
	char text[32];

	for (; jid > 0; jid = vi_jail_parent(d->d_kernel, jid)) {
		if (vi_jail_get(d->d_kernel, 0, jid, param, text, sizeof(text)) != 0 || (n = strtoull(text, NULL, 10)) == 0)
			continue;
		if (least == 0 || n < least)
			least = n;
	}
	return least;
}

/* Of the jail whose files its processes see.  The host's /dev has no rules. */
static void
rule_devices(struct vi_kernel *k, int files, struct init_params *ip)
{
	char text[16], root[PATH_MAX];

	if (files <= 0 || vi_jail_get(k, 0, files, "devfs_ruleset", text, sizeof(text)) != 0 ||
	    vi_jail_rootdir(k, files, root, sizeof(root)) != 0 || strcmp(root, "/") == 0)
		return;
	ip->ip_devfs = (uint32_t)strtoul(text, NULL, 10);
}

static void
fill_params(struct daemon *d, const struct jproc *jp, struct init_params *ip)
{
	static const char *const limits[ISO_NIPCLIMITS] = { "limit.shm", "limit.msgqueues", "limit.semaphores", "limit.mqueues" };
	struct vi_kernel *k = d->d_kernel;
	int jid = jp->jp_jid, ipc = vi_jail_owner(k, jid, "vipc");
	char text[32];

	memset(ip, 0, sizeof(*ip));
	rule_devices(k, vi_jail_owner(k, jid, "vproc"), ip);
	if (jp->jp_mixed) {
		ip->ip_mixed = true;
		strcpy(ip->ip_path, "/");	/* it is in the jail's already */
		ip->ip_ipcmounts = ipc_differs(d, &jp->jp_use);
		ip->ip_kmsg = jp->jp_use.us_jid[VI_CLASS_VLOG] != jid;
		return;
	}
	ip->ip_kmsg = messages_differ(d, jid);
	ip->ip_ownproc = jid != 0 && vi_jail_owner(k, jid, "vproc") == jid;
	ip->ip_ownipc = jid != 0 && (ipc == jid || ipc < 0);
	ip->ip_noipc = jid != 0 && ipc < 0;
	ip->ip_shared = jid != 0 && vi_jail_get(k, 0, jid, "children.max", text, sizeof(text)) == 0 && strcmp(text, "0") != 0;
	if (vi_jail_rootdir(k, jid, ip->ip_path, sizeof(ip->ip_path)) != 0)
		strcpy(ip->ip_path, "/");
	(void)vi_jail_get(k, 0, jid, "host.hostname", ip->ip_hostname, sizeof(ip->ip_hostname));
	(void)vi_jail_get(k, 0, jid, "host.domainname", ip->ip_domainname, sizeof(ip->ip_domainname));
	for (size_t i = 0; i < ISO_NIPCLIMITS; i++)
		ip->ip_ipclimit[i] = ipc_limit(d, jid, limits[i]);
}

/* Asks the spawner for the init; initfd becomes its end. */
static int
ask_spawner(struct daemon *d, struct jproc *jp, int initfd)
{
	struct seqmsg sm = { .sm_type = SPAWN_INIT, .sm_id = jp->jp_id };
	const int cpu = jp->jp_use.us_jid[VI_CLASS_VCPU];
	struct init_params ip;
	struct vi_cpus all;
	int error, fds[2];

	if (d->d_spawner->sp_sock < 0)
		return ESRCH;
	for (unsigned i = 0; i < ANCHOR_N; i++)
		if (jp->jp_anchor[i] != NULL)
			sm.sm_ino[i] = jp->jp_anchor[i]->jp_id;
	jcpu_prepare(d, cpu);
	jcpu_path(d, cpu, sm.sm_text, sizeof(sm.sm_text));
	fill_params(d, jp, &ip);
	ip.ip_bound = vi_jail_cpus(d->d_kernel, cpu, &ip.ip_cpus) && vi_jail_cpus(d->d_kernel, 0, &all) && !vi_cpus_equal(&ip.ip_cpus, &all);
	jp->jp_cpus = ip.ip_cpus;
	fds[0] = initfd;
	if ((error = memfile(&ip, sizeof(ip), &fds[1])) != 0)
		return error;
	error = spawner_send(d, &sm, fds, 2);
	close(fds[1]);
	return error;
}

/* The nearest jail above with something that a jail without processes or IPC of its own shares; 0: the host. */
static int
anchor_jid(struct daemon *d, int jid)
{
	struct vi_kernel *k = d->d_kernel;
	int ipc = vi_jail_owner(k, jid, "vipc");

	if (jid == 0 || (vi_jail_owner(k, jid, "vproc") == jid && (ipc == jid || ipc < 0)))
		return 0;
	for (jid = vi_jail_parent(k, jid); jid > 0; jid = vi_jail_parent(k, jid)) {
		ipc = vi_jail_owner(k, jid, "vipc");
		if (vi_jail_owner(k, jid, "vproc") == jid || ipc == jid || ipc < 0)
			break;
	}
	return jid < 0 ? 0 : jid;
}

static int jproc_new(struct daemon *, const struct lx_use *, struct jproc **);

static int
jproc_anchor(struct jproc *jp, unsigned which, int jid)
{
	struct daemon *d = jp->jp_daemon;
	struct jproc *anchor;
	struct lx_use us;
	int error;

	if (jid == 0)
		return 0;
	for (unsigned i = 0; i < VI_CLASS_MAX; i++)
		us.us_jid[i] = jid;
	if ((anchor = jproc_find(d, jid)) == NULL && (error = jproc_new(d, &us, &anchor)) != 0)
		return error;
	if (anchor->jp_stopping)
		return EBUSY;
	jp->jp_anchor[which] = anchor;
	anchor->jp_nsharers++;
	return 0;
}

/* What a jail has of its own its init makes; the rest it has from its anchor. */
static int
anchors_of_main(struct jproc *jp)
{
	struct vi_kernel *k = jp->jp_daemon->d_kernel;
	int jid = jp->jp_jid, anchor = anchor_jid(jp->jp_daemon, jid), ipc = vi_jail_owner(k, jid, "vipc"), error = 0;

	if (vi_jail_owner(k, jid, "vproc") != jid)
		error = jproc_anchor(jp, ANCHOR_PROC, anchor);
	if (error == 0 && ipc != jid && ipc >= 0)
		error = jproc_anchor(jp, ANCHOR_IPC, anchor);
	return error;
}

/* Those of the main inits of the jails that were named; the host's where a jail has the host's. */
static int
anchors_of_mixed(struct jproc *jp)
{
	struct daemon *d = jp->jp_daemon;
	int ipc = jp->jp_jid, error = jproc_anchor(jp, ANCHOR_PROC, jp->jp_jid);

	if (ipc_differs(d, &jp->jp_use))
		ipc = jp->jp_use.us_jid[VI_CLASS_VIPC];
	return error != 0 || vi_jail_owner(d->d_kernel, ipc, "vipc") == 0 ? error : jproc_anchor(jp, ANCHOR_IPC, ipc);
}

static bool
anchors_ready(const struct jproc *jp)
{
	for (unsigned i = 0; i < ANCHOR_N; i++)
		if (jp->jp_anchor[i] != NULL && !jp->jp_anchor[i]->jp_ready)
			return false;
	return true;
}

static int
jproc_connect(struct jproc *jp)
{
	struct daemon *d = jp->jp_daemon;
	int error, pair[2];

	if ((error = seq_pair(pair)) != 0)
		return error;
	jp->jp_initfd = pair[1];
	if (anchors_ready(jp)) {
		error = ask_spawner(d, jp, pair[1]);
		close(pair[1]);
		jp->jp_initfd = -1;
	}
	if (error == 0)
		error = lx_loop_add(daemon_loop(d), &jp->jp_event, pair[0], EPOLLIN, jproc_event);
	if (error != 0)
		close(pair[0]);
	else
		jp->jp_fd = pair[0];
	return error;
}

static int
jproc_new(struct daemon *d, const struct lx_use *us, struct jproc **jpp)
{
	struct jproc *jp;
	int error;

	if ((jp = calloc(1, sizeof(*jp))) == NULL)
		return ENOMEM;
	jp->jp_daemon = d;
	jp->jp_id = ++d->d_spawner->sp_nextid;
	jp->jp_use = *us;
	jp->jp_mixed = lx_use_mixed(us);
	jp->jp_jid = us->us_jid[VI_CLASS_VPROC];
	jp->jp_fd = jp->jp_initfd = -1;
	jp->jp_used = daemon_now(d);
	TAILQ_INIT(&jp->jp_execs);
	error = jp->jp_mixed ? anchors_of_mixed(jp) : anchors_of_main(jp);
	if (error != 0 || (error = jproc_connect(jp)) != 0) {
		jproc_leave(jp);
		free(jp);
		return error;
	}
	LIST_INSERT_HEAD(&d->d_jprocs, jp, jp_link);
	RB_INSERT(jprocids, &d->d_jprocids, jp);
	if (jp->jp_mixed)
		LIST_INSERT_HEAD(&d->d_mixed, jp, jp_mixlink);
	else
		RB_INSERT(jprocjids, &d->d_jprocjids, jp);
	*jpp = jp;
	return 0;
}

/* A combination that nobody runs in need not be kept. */
static void
jproc_useless(struct jproc *jp)
{
	if (jp->jp_mixed && jproc_idle(jp))
		jproc_end(jp);
}

int
jproc_exec(struct daemon *d, const struct lx_use *us, int memfd, const int stdfds[3], int execfd, const struct exec_ops *ops,
    void *arg, struct exec **exp)
{
	struct seqmsg sm = { .sm_type = INIT_EXEC };
	int fds[SEQ_MAXFDS] = { memfd, stdfds[0], stdfds[1], stdfds[2], execfd };
	struct jproc *jp = jproc_lookup(d, us);
	struct exec *ex;
	int error;

	if (d->d_stopping || (jp != NULL && jp->jp_stopping))
		return EBUSY;
	if (jp == NULL && (error = jproc_new(d, us, &jp)) != 0)
		return error;
	if ((ex = calloc(1, sizeof(*ex))) == NULL) {
		jproc_useless(jp);
		return ENOMEM;
	}
	if ((error = vi_jail_proc_attach(d->d_kernel, jp->jp_jid, us->us_jid[VI_CLASS_VCPU])) != 0) {
		free(ex);
		jproc_useless(jp);
		return error;
	}
	ex->ex_jproc = jp;
	sm.sm_id = ex->ex_id = ++jp->jp_lastid;
	ex->ex_ops = ops;
	ex->ex_arg = arg;
	/* An init that has ended already: its last words, or the spawner, will say so. */
	error = seq_send(jp->jp_fd, &sm, fds, execfd >= 0 ? 5 : 4, MSG_DONTWAIT);
	if (error != 0 && error != EPIPE && error != ECONNRESET) {
		jproc_detach(jp);
		free(ex);
		jproc_useless(jp);
		return error;
	}
	jp->jp_used = daemon_now(d);
	if (us->us_jid[VI_CLASS_VCPU] > 0)
		jcpu_start(d);
	TAILQ_INSERT_TAIL(&jp->jp_execs, ex, ex_link);
	*exp = ex;
	return 0;
}

/*
 * What inits say.
 */
struct attach {
	struct lx	*at_lx;
	struct lx_program_params at_params;
	int		 at_error;
};

static void
attach_there(void *arg)
{
	struct attach *at = arg;
	struct lx_program *pr;

	at->at_error = lx_attach(at->at_lx, &at->at_params, &pr);
}

/*
 * The user namespace its programs begin in, as the spawner saw it before anything of the jail ran: where vimaged is an ordinary user's an init
 * cannot be looked into later, and should not be asked.  Who joins a jail is hidden from the start, but in the namespaces of his anchor.
 * 0: not known.
 */
static uint64_t
jproc_userns(const struct jproc *jp)
{
	const struct jproc *anchor = jp->jp_anchor[ANCHOR_PROC];

	if (jp->jp_ino[0] != 0)
		return jp->jp_ino[0];
	return anchor != NULL && (jp->jp_flags & CLONE_NEWUSER) == 0 ? jproc_userns(anchor) : lx_userns(jp->jp_init);
}

bool
jproc_refusals(const struct daemon *d, int jid)
{
	char text[8];

	return vi_jail_get(d->d_kernel, 0, jid, "vlog.refusals", text, sizeof(text)) == 0 && strcmp(text, "true") == 0;
}

/* Who tells what the host's kernel refuses a program; -1: nobody. */
static int
jproc_witness(const struct jproc *jp)
{
	struct seqmsg sm = { .sm_type = SPAWN_WITNESS, .sm_id = jp->jp_id };
	int pair[2];

	if (!jproc_refusals(jp->jp_daemon, jp->jp_use.us_jid[VI_CLASS_VPROC]) || seq_pair(pair) != 0)
		return -1;
	if (spawner_send(jp->jp_daemon, &sm, &pair[1], 1) != 0) {
		close(pair[0]);
		pair[0] = -1;
	}
	close(pair[1]);
	return pair[0];
}

static void
on_listener(struct jproc *jp, const struct seqmsg *sm, int fd)
{
	struct daemon *d = jp->jp_daemon;
	struct exec *ex = exec_find(jp, sm->sm_id);
	const int net = jp->jp_use.us_jid[VI_CLASS_VNET];
	struct vi_vnet *vn = ex == NULL ? NULL : vi_jail_vnet(d->d_kernel, net);
	struct attach at;
	unsigned i;

	if (ex == NULL || ex->ex_pid != 0 || vn == NULL) {
		close(fd);
		jproc_send(jp, INIT_ABORT, sm->sm_id, ESRCH, 0, "the jail is going away");
		return;
	}
	ex->ex_pid = sm->sm_arg;
	i = vi_vnet_worker(vn);
	at.at_lx = d->d_workers[i].w_lx;
	at.at_params = (struct lx_program_params){ .pr_listener = fd,
		.pr_use = jp->jp_use,
		.pr_vnet = vn,
		.pr_cookie = NULL,
		.pr_rootuid = geteuid(),
		.pr_rootgid = getegid(),
		.pr_userns = jproc_userns(jp),
		.pr_shared = !vi_jail_owns_vnet(d->d_kernel, net),
		.pr_denied = vi_jail_denied(d->d_kernel, net),
		.pr_ipcoff = vi_jail_ipcoff(d->d_kernel, jp->jp_use.us_jid[VI_CLASS_VIPC]),
		.pr_witness = jproc_witness(jp) };
	worker_call(d, i, attach_there, &at);
	if (at.at_error != 0)
		jproc_send(jp, INIT_ABORT, sm->sm_id, at.at_error, 0, "seccomp listener");
	else
		jproc_send(jp, INIT_GO, sm->sm_id, 0, 0, NULL);
}

static void on_empty(struct jproc *, uint32_t lastid);

/*
 * Their clients are told last: what the end of the jail's last process brings about has happened
 * then.
 */
static void
exec_ended(struct jproc *jp, struct exec *ex, const struct seqmsg *sm)
{
	exec_end(ex);
	if ((sm->sm_flags & SEQ_LAST) != 0)
		on_empty(jp, (uint32_t)sm->sm_ino[0]);
}

/* Of an init, which may say anything: a negative one, and an errno of 0 for which the text says it all, are EINVAL. */
static void
on_failed(struct jproc *jp, struct exec *ex, const struct seqmsg *sm)
{
	const struct exec_ops *ops = ex->ex_ops;
	void *arg = ex->ex_arg;
	char text[SEQ_TEXT + 80];

	if (sm->sm_arg == 0)
		snprintf(text, sizeof(text), "%s", sm->sm_text);
	else
		snprintf(text, sizeof(text), "%s: %s", sm->sm_text, strerror(sm->sm_arg));
	ctl_plain(text);
	exec_ended(jp, ex, sm);
	if (ops != NULL)
		ops->eo_failed(arg, sm->sm_arg > 0 ? sm->sm_arg : EINVAL, text, (sm->sm_flags & SEQ_NOEXEC) != 0);
}

static void
on_exited(struct jproc *jp, struct exec *ex, const struct seqmsg *sm)
{
	const struct exec_ops *ops = ex->ex_ops;
	void *arg = ex->ex_arg;

	/* It may have ended before its start was seen. */
	if (!ex->ex_started && ops != NULL)
		ops->eo_started(arg, ex->ex_pid);
	exec_ended(jp, ex, sm);
	if (ops != NULL)
		ops->eo_ended(arg, sm->sm_arg);
}

static void
on_exec(struct jproc *jp, const struct seqmsg *sm)
{
	struct exec *ex = exec_find(jp, sm->sm_id);

	if (ex == NULL)
		return;
	switch (sm->sm_type) {
	case INIT_STARTED:
		if (!ex->ex_started && ex->ex_ops != NULL)
			ex->ex_ops->eo_started(ex->ex_arg, ex->ex_pid);
		ex->ex_started = true;
		break;
	case INIT_FAILED:
		on_failed(jp, ex, sm);
		break;
	case INIT_EXITED:
		on_exited(jp, ex, sm);
		break;
	default:
		break;
	}
}

static void
on_empty(struct jproc *jp, uint32_t lastid)
{
	struct daemon *d = jp->jp_daemon;
	int jid = jp->jp_jid;

	if (lastid != jp->jp_lastid || !TAILQ_EMPTY(&jp->jp_execs))
		return;		/* another program is on its way */
	jproc_unlinger(jp);
	if (jp->jp_mixed)
		jcpu_last(jp);
	if (jp->jp_stopping || jp->jp_mixed) {
		jproc_giveup(jp);
		return;
	}
	jprocs_trim(d);
	jail_progress(d, jid);
}

static void
on_broken(struct jproc *jp, const struct seqmsg *sm)
{
	char text[SEQ_TEXT];
	struct exec *ex;

	snprintf(text, sizeof(text), "%s", sm->sm_text);
	ctl_plain(text);
	while ((ex = TAILQ_FIRST(&jp->jp_execs)) != NULL)
		exec_failed(ex, sm->sm_arg > 0 ? sm->sm_arg : EIO, text, false);
	jproc_giveup(jp);
}

/* Who waited for this one's namespaces. */
static void
on_ready(struct jproc *jp)
{
	struct daemon *d = jp->jp_daemon;
	struct jproc *other, *next;

	jp->jp_ready = true;
	for (other = jp->jp_nsharers > 0 ? LIST_FIRST(&d->d_jprocs) : NULL; other != NULL; other = next) {
		struct seqmsg sm = { .sm_text = "fork" };

		next = LIST_NEXT(other, jp_link);
		if (other->jp_initfd < 0 || (other->jp_anchor[ANCHOR_PROC] != jp && other->jp_anchor[ANCHOR_IPC] != jp) || !anchors_ready(other))
			continue;
		sm.sm_arg = ask_spawner(d, other, other->jp_initfd);
		close(other->jp_initfd);
		other->jp_initfd = -1;
		if (sm.sm_arg == 0)
			continue;
		on_broken(other, &sm);
		jproc_free(other);	/* the spawner does not know it */
		next = LIST_FIRST(&d->d_jprocs);
	}
}

static void
jproc_message(struct jproc *jp, const struct seqmsg *sm, int fds[SEQ_MAXFDS], unsigned nfds)
{
	if (sm->sm_type == INIT_LISTENER && nfds == 1) {
		on_listener(jp, sm, fds[0]);
		return;
	}
	if (sm->sm_type == INIT_READY && nfds == KMSG_N) {
		kmsg_attach(jp, fds);
		nfds = 0;
	} else if (sm->sm_type == INIT_FILES && nfds == 1) {
		files_attach(jp, (unsigned)sm->sm_arg, fds[0]);
		nfds = 0;
	}
	while (nfds > 0)
		close(fds[--nfds]);
	switch (sm->sm_type) {
	case INIT_READY:
		on_ready(jp);
		break;
	case INIT_STARTED:
	case INIT_FAILED:
	case INIT_EXITED:
		on_exec(jp, sm);
		break;
	case INIT_EMPTY:
		on_empty(jp, sm->sm_id);
		break;
	case INIT_BROKEN:
		on_broken(jp, sm);
		break;
	default:
		break;
	}
}

/* The kernel lock is held for the messages, because they count processes and may end jails. */
static void
jproc_event(struct lx_event *le, uint32_t events)
{
	struct jproc *jp = CONTAINER(le, struct jproc, jp_event);
	struct daemon *d = jp->jp_daemon;
	const uint32_t id = jp->jp_id;
	int fds[SEQ_MAXFDS], error = 0;
	struct seqmsg sm;
	unsigned nfds;

	(void)events;
	/* Whose init that is the spawner has said before it let it speak. */
	if (jp->jp_init == 0 && d->d_spawner->sp_sock >= 0) {
		spawner_event(&d->d_spawner->sp_event, EPOLLIN);
		if ((jp = jproc_byid(d, id)) == NULL)
			return;
	}
	/*
	 * A jproc stays until the spawner tells its init's end, so it is safe to look at it
	 * again.
	 */
	while (
	    jp->jp_fd >= 0 && (error = seq_recv(jp->jp_fd, &sm, fds, &nfds, MSG_DONTWAIT)) == 0) {
		if (sm.sm_type == INIT_LISTENER) {
			jproc_message(jp, &sm, fds, nfds);
			continue;
		}
		daemon_manage(d);
		jproc_message(jp, &sm, fds, nfds);
		daemon_managed(d);
	}
	/* Its end itself is told by the spawner. */
	if (jp->jp_fd >= 0 && error != EAGAIN)
		lx_loop_del(daemon_loop(d), &jp->jp_event);
}

/*
 * What the spawner says.
 */
static void
on_died(struct jproc *jp)
{
	if (jp->jp_fd >= 0)
		jproc_event(&jp->jp_event, EPOLLIN);	/* its last words */
	daemon_manage(jp->jp_daemon);
	jproc_giveup(jp);
	daemon_managed(jp->jp_daemon);
	jproc_free(jp);
}

static void
on_made(struct jproc *jp, const struct seqmsg *sm)
{
	jp->jp_init = sm->sm_arg;
	jp->jp_flags = (int)sm->sm_flags;
	memcpy(jp->jp_ino, sm->sm_ino, sizeof(jp->jp_ino));
	daemon_manage(jp->jp_daemon);
	jcpuset_changed(jp->jp_daemon);	/* meanwhile */
	daemon_managed(jp->jp_daemon);
}

static void
spawner_message(struct spawner *sp, const struct seqmsg *sm)
{
	struct jproc *jp = jproc_byid(sp->sp_daemon, sm->sm_id);

	if (sm->sm_type == SPAWN_PROBED) {
		sp->sp_probed = true;
		sp->sp_mode = (enum iso_mode)sm->sm_arg;
		snprintf(sp->sp_text, sizeof(sp->sp_text), "%s", sm->sm_text);
	}
	if (jp == NULL)
		return;
	if (sm->sm_type == SPAWN_MADE)
		on_made(jp, sm);
	else if (sm->sm_type == SPAWN_DIED)
		on_died(jp);
	else if (sm->sm_type == SPAWN_FAILED) {
		daemon_manage(sp->sp_daemon);
		on_broken(jp, sm);
		daemon_managed(sp->sp_daemon);
		jproc_free(jp);
	}
}

/* Without the spawner there is nobody to make or to reap inits; what it made died with it. */
static void
spawner_gone(struct spawner *sp)
{
	struct daemon *d = sp->sp_daemon;
	struct jproc *jp;

	if (!d->d_stopping)
		dlog("the spawner is gone, and all processes with it");
	lx_loop_del(daemon_loop(d), &sp->sp_event);
	close(sp->sp_sock);
	sp->sp_sock = -1;
	spawner_forget(sp);
	while ((jp = LIST_FIRST(&d->d_jprocs)) != NULL)
		on_died(jp);
	daemon_manage(d);
	daemon_stop(d);
	daemon_managed(d);
}

static void
spawner_event(struct lx_event *le, uint32_t events)
{
	struct spawner *sp = CONTAINER(le, struct spawner, sp_event);
	int fds[SEQ_MAXFDS], error;
	struct seqmsg sm;
	unsigned nfds;

	if ((events & EPOLLOUT) != 0)
		spawner_flush(sp);
	while ((error = seq_recv(sp->sp_sock, &sm, fds, &nfds, MSG_DONTWAIT)) == 0) {
		while (nfds > 0)
			close(fds[--nfds]);
		spawner_message(sp, &sm);
	}
	if (error != EAGAIN)
		spawner_gone(sp);
}

/* The first thing the spawner says, a moment after the start. */
const char *
spawner_lacks(struct daemon *d)
{
	struct spawner *sp = d->d_spawner;
	struct pollfd pfd = { sp->sp_sock, POLLIN, 0 };
	int fds[SEQ_MAXFDS];
	struct seqmsg sm;
	unsigned nfds;

	if (!sp->sp_probed && poll(&pfd, 1, PROBE_TIMEOUT) > 0 &&
	    seq_recv(sp->sp_sock, &sm, fds, &nfds, MSG_DONTWAIT) == 0)
		spawner_message(sp, &sm);
	return sp->sp_text;
}

bool
spawner_userns(struct daemon *d)
{
	(void)spawner_lacks(d);
	return d->d_spawner->sp_probed && d->d_spawner->sp_mode == ISO_USER;
}

const char *
spawner_notice(struct daemon *d)
{
	const char *text = spawner_lacks(d);

	if (d->d_spawner->sp_noticed || text[0] == '\0')
		return NULL;
	d->d_spawner->sp_noticed = true;
	return text;
}

/*
 * Stopping.
 */
static void
jproc_kill(struct dtimer *dt)
{
	struct jproc *jp = CONTAINER(dt, struct jproc, jp_timer);
	struct daemon *d = jp->jp_daemon;
	struct seqmsg sm = { .sm_type = SPAWN_KILL, .sm_id = jp->jp_id };

	removal_killed(d, jp);
	/*
	 * With a pid namespace the init's end is everybody's; otherwise it must be alive to
	 * find them.
	 */
	if ((jp->jp_flags & CLONE_NEWPID) != 0)
		(void)spawner_send(d, &sm, NULL, 0);
	else if (jp->jp_fd >= 0) {
		lx_loop_del(daemon_loop(d), &jp->jp_event);
		close(jp->jp_fd);
		jp->jp_fd = -1;
	}
}

void
jproc_stop(struct jproc *jp, uint64_t timeout)
{
	if (jp->jp_stopping && timeout > 0)
		return;
	jp->jp_stopping = true;
	/* Without an init, which it will not have, or with one that has nothing to do. */
	if (jp->jp_initfd >= 0 || (jproc_idle(jp) && (jp->jp_nsharers == 0 || timeout == 0))) {
		jproc_end(jp);
		return;
	}
	if (timeout > 0) {
		jproc_send(jp, INIT_KILLALL, 0, SIGTERM, 0, NULL);
		jproc_send(jp, INIT_KILLALL, 0, SIGCONT, 0, NULL);
		dtimer_set(jp->jp_daemon, &jp->jp_timer, timeout, jproc_kill);
	} else {
		dtimer_clear(jp->jp_daemon, &jp->jp_timer);
		jproc_kill(&jp->jp_timer);
	}
}

void
jproc_hostname(struct daemon *d, int jid, bool domain, const char *name)
{
	struct jproc *jp = jproc_find(d, jid);
	char host[VI_HOSTNAMELEN] = "";

	if (name[0] == '\0' && (domain ? getdomainname(host, sizeof(host) - 1) : gethostname(host, sizeof(host) - 1)) == 0)
		name = host;
	if (jp != NULL && jid != 0)
		jproc_send(jp, domain ? INIT_DOMAINNAME : INIT_HOSTNAME, 0, 0, 0, name);
}

void
jproc_ipclimits(struct daemon *d, int jid)
{
	struct jproc *jp = jproc_find(d, jid);
	struct init_params ip;
	char text[SEQ_TEXT];

	if (jp == NULL || jid == 0)
		return;
	fill_params(d, jp, &ip);
	snprintf(text, sizeof(text), "%llu %llu %llu %llu", (unsigned long long)ip.ip_ipclimit[0], (unsigned long long)ip.ip_ipclimit[1],
	    (unsigned long long)ip.ip_ipclimit[2], (unsigned long long)ip.ip_ipclimit[3]);
	jproc_send(jp, INIT_IPCLIMITS, 0, 0, 0, text);
}

unsigned
jproc_programs(const struct jproc *jp)
{
	unsigned n = jp->jp_linger ? 1 : 0;
	struct exec *ex;

	TAILQ_FOREACH(ex, &jp->jp_execs, ex_link)
		n++;
	return n;
}

unsigned
jproc_count(const struct daemon *d, int jid)
{
	struct jproc *jp = jproc_find(d, jid);
	unsigned n = jp == NULL ? 0 : jproc_programs(jp);

	LIST_FOREACH(jp, &d->d_mixed, jp_mixlink)
		if (jp->jp_jid == jid)
			n += jproc_programs(jp);
	return n;
}

/*
 * Whose process is that?  By its namespaces, or by its ancestors where there are none.
 */
static int
whose_by_parent(struct daemon *d, pid_t pid, int *jid)
{
	struct jproc *jp;
	struct proc p;

	for (unsigned depth = 0; pid > 1 && depth < 4096; depth++) {
		LIST_FOREACH(jp, &d->d_jprocs, jp_link) {
			if (jp->jp_init != pid)
				continue;
			*jid = jp->jp_jid;
			return jp->jp_jid < 0 ? EPERM : 0;
		}
		pid = proc_read(pid, &p) ? p.p_ppid : -1;
	}
	*jid = 0;
	return pid < 0 ? EPERM : 0;
}

/* The main inits with these namespaces: one that stands alone, or several that share them. */
static unsigned
whose_by_ino(struct daemon *d, const uint64_t ino[2], int *jid)
{
	struct jproc *jp;
	unsigned n = 0;

	LIST_FOREACH(jp, &d->d_jprocs, jp_link) {
		if (jp->jp_jid < 0 || jp->jp_mixed || jp->jp_init == 0 || jp->jp_ino[0] != ino[0] || jp->jp_ino[1] != ino[1])
			continue;
		*jid = jp->jp_jid;
		n++;
	}
	return n;
}

int
jproc_whose(struct daemon *d, pid_t pid, int *jid)
{
	uint64_t ino[2], own[2];
	int error;

	if (nsjoin_ino(pid, "user", &ino[0]) != 0 || nsjoin_ino(pid, "pid", &ino[1]) != 0 ||
	    nsjoin_ino(getpid(), "user", &own[0]) != 0 || nsjoin_ino(getpid(), "pid", &own[1]) != 0)
		return EPERM;
	if (ino[0] == own[0] && ino[1] == own[1])
		return whose_by_parent(d, pid, jid);
	switch (whose_by_ino(d, ino, jid)) {
	case 0:
		return EPERM;
	case 1:
		return 0;
	default:
		error = whose_by_parent(d, pid, jid);
		return error == 0 && *jid == 0 ? EPERM : error;
	}
}

int
jprocs_init(struct daemon *d, int sock)
{
	struct spawner *sp;

	LIST_INIT(&d->d_jprocs);
	LIST_INIT(&d->d_mixed);
	RB_INIT(&d->d_jprocids);
	RB_INIT(&d->d_jprocjids);
	LIST_INIT(&d->d_removals);
	if ((sp = calloc(1, sizeof(*sp))) == NULL)
		return ENOMEM;
	sp->sp_daemon = d;
	sp->sp_sock = sock;
	STAILQ_INIT(&sp->sp_queue);
	d->d_spawner = sp;
	return lx_loop_add(daemon_loop(d), &sp->sp_event, sock, EPOLLIN, spawner_event);
}

void
jprocs_fini(struct daemon *d)
{
	struct jproc *jp;

	while ((jp = LIST_FIRST(&d->d_jprocs)) != NULL)
		jproc_free(jp);
	if (d->d_spawner == NULL)
		return;
	dtimer_clear(d, &d->d_spawner->sp_sampletimer);
	if (d->d_spawner->sp_sock >= 0) {
		lx_loop_del(daemon_loop(d), &d->d_spawner->sp_event);
		close(d->d_spawner->sp_sock);
	}
	spawner_forget(d->d_spawner);
	free(d->d_spawner);
	d->d_spawner = NULL;
}
