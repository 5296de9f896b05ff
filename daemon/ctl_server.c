/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Clients come two ways.  A process outside connects to the instance's socket; a process in a
 * jail makes a socket of a family of our own, and is given one end of a pair, so that it cannot
 * pretend to be in another jail.  The socket's file is within reach of jails that share the
 * host's files and user: whoever connects there is looked up by its namespaces and parents, and
 * is refused when that is not certain.
 *
 * A client sends one request after the other.  Handlers run with the kernel lock.  One that
 * answers later (removal, exec, an event) makes the client busy until then.  A client is freed only in
 * its own event, never under a handler.
 */
#include "daemon/ctl_serve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <fcntl.h>
#include <unistd.h>

#include <vimage/jail.h>

#include "daemon/ctl_arg.h"
#include "daemon/jproc.h"

static const struct ctl_op *const tables[] = {
	ctl_daemon_ops,
	ctl_jail_ops,
	ctl_exec_ops,
	ctl_if_ops,
	ctl_link_ops,
	ctl_medium_ops,
	ctl_option_ops,
	ctl_nd_ops,
	ctl_route_ops,
	ctl_rule_ops,
	ctl_sysctl_ops,
	ctl_stat_ops,
};

/*
 * Answers.
 */
static void
client_watch(struct ctl_client *cl)
{
	uint32_t events = (cl->cl_busy && cl->cl_exec == NULL ? 0u : EPOLLIN) |
			  (ctl_want_write(cl->cl_conn) || cl->cl_again != NULL ? EPOLLOUT : 0u);

	if (events != cl->cl_event.le_events)
		(void)lx_loop_mod(daemon_loop(cl->cl_daemon), &cl->cl_event, events);
}

static void
client_send(struct ctl_client *cl, const json_t *msg)
{
	if (cl->cl_dead)
		return;
	if (ctl_send(cl->cl_conn, msg, NULL, 0) != 0) {
		/* Its event comes at once, as the descriptor is shut. */
		cl->cl_dead = true;
		shutdown(ctl_conn_fd(cl->cl_conn), SHUT_RDWR);
	}
}

static void
client_done(struct ctl_client *cl, bool done)
{
	if (done)
		cl->cl_busy = false;
	client_watch(cl);
}

void
ctl_client_reply(struct ctl_client *cl, json_t *msg, bool done)
{
	json_object_set_new(msg, "ok", json_true());
	client_send(cl, msg);
	json_decref(msg);
	client_done(cl, done);
}

void
ctl_client_fail(struct ctl_client *cl, int error, const char *text, bool exec, bool done)
{
	json_t *msg;

	if (text == NULL || text[0] == '\0')
		text = strerrordesc_np(error);
	msg = json_pack("{s:b,s:i,s:s}", "ok", 0, "errno", error, "error",
	    text != NULL ? text : "unknown error");
	if (msg == NULL)	/* the text was not UTF-8 */
		msg = json_pack(
		    "{s:b,s:i,s:s}", "ok", 0, "errno", error, "error", strerrordesc_np(error));
	if (exec)
		json_object_set_new(msg, "exec", json_true());
	client_send(cl, msg);
	json_decref(msg);
	client_done(cl, done);
}

int
ctl_more(struct ctl_request *rq)
{
	json_object_set_new(rq->rq_reply, "ok", json_true());
	json_object_set_new(rq->rq_reply, "more", json_true());
	client_send(rq->rq_client, rq->rq_reply);
	json_object_clear(rq->rq_reply);
	return rq->rq_client->cl_dead ? EPIPE : 0;
}

void
ctl_jail_name(const struct ctl_request *rq, int jid, char *buf, size_t len)
{
	if (jid == rq->rq_caller ||
	    vi_jail_get(rq->rq_kernel, rq->rq_caller, jid, "name", buf, len) != 0)
		snprintf(buf, len, "0");
}

/*
 * Holds.
 */
int
ctl_hold(struct ctl_client *cl, int jid)
{
	struct hold *ho;

	if ((ho = calloc(1, sizeof(*ho))) == NULL)
		return ENOMEM;
	ho->ho_jid = jid;
	LIST_INSERT_HEAD(&cl->cl_holds, ho, ho_link);
	return 0;
}

static struct hold *
hold_find(const struct ctl_client *cl, int jid)
{
	struct hold *ho;

	LIST_FOREACH(ho, &cl->cl_holds, ho_link)
		if (ho->ho_jid == jid)
			break;
	return ho;
}

static void
hold_drop(struct hold *ho)
{
	LIST_REMOVE(ho, ho_link);
	free(ho);
}

bool
ctl_held(const struct daemon *d, int jid)
{
	struct ctl_client *cl;

	LIST_FOREACH(cl, &d->d_ctl->cs_clients, cl_link)
		if (hold_find(cl, jid) != NULL)
			return true;
	return false;
}

void
ctl_unhold_one(struct ctl_client *cl, int jid)
{
	struct hold *ho;

	while ((ho = hold_find(cl, jid)) != NULL)
		hold_drop(ho);
}

void
ctl_unhold(struct daemon *d, int jid)
{
	struct ctl_client *cl;

	LIST_FOREACH(cl, &d->d_ctl->cs_clients, cl_link)
		ctl_unhold_one(cl, jid);
}

/*
 * Requests.
 */
static const struct ctl_op *
op_find(const char *name)
{
	for (size_t i = 0; i < NITEMS(tables); i++)
		for (const struct ctl_op *op = tables[i]; op->op_name != NULL; op++)
			if (strcmp(op->op_name, name) == 0)
				return op;
	return NULL;
}

/* A jail that asks for one that it does not see: a mistake, or an attempt. */
static int
stranger(struct ctl_request *rq, const char *jail)
{
	const char *op = json_string_value(json_object_get(rq->rq_args, "op"));
	char text[200];

	snprintf(text, sizeof(text), "%.40s of jail \"%.100s\" refused: not a child", op != NULL ? op : "?", jail);
	if (rq->rq_caller != 0)
		vi_jail_log_write(rq->rq_kernel, rq->rq_caller, 5, text);
	/* As FreeBSD writes numbers and names. */
	return ctl_fail(rq, ENOENT, jail[0] != '\0' && jail[strspn(jail, "0123456789")] == '\0' ? "jail %.128s not found" : "jail \"%.128s\" not found", jail);
}

int
ctl_find_jail(struct ctl_request *rq, const char *name, int *jid)
{
	return vi_jail_find(rq->rq_kernel, rq->rq_caller, name, jid) != 0 ? stranger(rq, name) : 0;
}

static int
resolve_jail(struct ctl_request *rq)
{
	const json_t *jail = json_object_get(rq->rq_args, "jail");
	int error;

	rq->rq_jid = rq->rq_caller;
	if (jail != NULL && !json_is_string(jail))
		return ctl_fail(rq, EINVAL, "jail is a text");
	if (jail != NULL && (error = ctl_find_jail(rq, json_string_value(jail), &rq->rq_jid)) != 0)
		return error;
	rq->rq_vnet = vi_jail_vnet(rq->rq_kernel, rq->rq_jid);
	return rq->rq_vnet == NULL ? ctl_fail(rq, ENOENT, "the jail is gone") : 0;
}

static int
run_op(struct ctl_request *rq)
{
	const char *name = json_string_value(json_object_get(rq->rq_args, "op"));
	const struct ctl_op *op;
	int error;

	if (name == NULL)
		return ctl_fail(rq, EINVAL, "op is missing");
	if ((op = op_find(name)) == NULL)
		return ctl_fail(rq, ENOSYS, "%.64s: unknown operation", name);
	if (rq->rq_daemon->d_stopping)
		return ctl_fail(rq, ESHUTDOWN, "vimaged is ending");
	if ((error = resolve_jail(rq)) != 0)
		return error;
	return op->op_fn(rq);
}

/* Does the answer go on?  If not, nothing of it stays. */
static void
go_on(struct ctl_client *cl, struct ctl_request *rq, int error)
{
	if (error == CTL_AGAIN && cl->cl_again == NULL)
		cl->cl_again = json_incref((json_t *)rq->rq_args);
	if (error != CTL_AGAIN) {
		json_decref(cl->cl_again);
		cl->cl_again = NULL;
		free(rq->rq_state);
		rq->rq_state = NULL;
	}
	cl->cl_state = rq->rq_state;
}

static void
serve(struct ctl_client *cl, const json_t *msg, int *fds, unsigned nfds)
{
	struct ctl_request rq = { .rq_daemon = cl->cl_daemon,
		.rq_kernel = cl->cl_daemon->d_kernel,
		.rq_caller = cl->cl_caller,
		.rq_mixed = cl->cl_mixed,
		.rq_log = cl->cl_log,
		.rq_cred = cl->cl_cred,
		.rq_args = msg,
		.rq_nfds = nfds,
		.rq_client = cl,
		.rq_state = cl->cl_state };
	int error;

	memcpy(rq.rq_fds, fds, nfds * sizeof(*fds));
	rq.rq_reply = json_object();
	cl->cl_busy = true;
	daemon_manage(cl->cl_daemon);
	ctl_exec_lost(&rq, &cl->cl_use, cl->cl_caps);
	error = run_op(&rq);
	daemon_managed(cl->cl_daemon);
	for (unsigned i = 0; i < nfds; i++)
		if (rq.rq_fds[i] >= 0)
			close(rq.rq_fds[i]);
	if (error == 0)
		ctl_client_reply(cl, json_incref(rq.rq_reply), true);
	else if (error != CTL_LATER && error != CTL_AGAIN)
		ctl_client_fail(cl, error, rq.rq_err, false, true);
	json_decref(rq.rq_reply);
	go_on(cl, &rq, error);
}

/*
 * Clients.
 */
static void
client_free(struct ctl_client *cl)
{
	struct daemon *d = cl->cl_daemon;
	struct hold *ho;

	LIST_REMOVE(cl, cl_link);
	lx_loop_del(daemon_loop(d), &cl->cl_event);
	if (cl->cl_exec != NULL)
		ctl_exec_gone(cl);
	removal_forget(d, cl);
	daemon_manage(d);
	ctl_monitor_end(cl);
	while ((ho = LIST_FIRST(&cl->cl_holds)) != NULL) {
		int jid = ho->ho_jid;

		hold_drop(ho);
		jail_expire(d, jid);
	}
	daemon_managed(d);
	ctl_conn_free(cl->cl_conn);
	json_decref(cl->cl_again);
	free(cl->cl_state);
	free(cl);
}

static void
client_read(struct ctl_client *cl)
{
	int fds[CTL_MAXFDS], error;
	unsigned nfds;
	json_t *msg;

	while (!cl->cl_dead && (!cl->cl_busy || cl->cl_exec != NULL)) {
		nfds = CTL_MAXFDS;
		if ((error = ctl_recv(cl->cl_conn, &msg, fds, &nfds)) != 0) {
			cl->cl_dead = error != EAGAIN;
			return;
		}
		if (cl->cl_exec == NULL) {
			serve(cl, msg, fds, nfds);
		} else {
			while (nfds > 0)
				close(fds[--nfds]);
			ctl_exec_message(cl, msg);
		}
		json_decref(msg);
	}
}

static void
client_event(struct lx_event *le, uint32_t events)
{
	struct ctl_client *cl = CONTAINER(le, struct ctl_client, cl_event);

	if ((events & EPOLLIN) != 0)
		client_read(cl);
	if ((events & EPOLLOUT) != 0) {
		int error = ctl_flush(cl->cl_conn);

		cl->cl_dead = cl->cl_dead || (error != 0 && error != EAGAIN);
		if (error == 0 && !cl->cl_dead && cl->cl_again != NULL)
			serve(cl, cl->cl_again, NULL, 0);
	}
	if ((events & (EPOLLHUP | EPOLLERR)) != 0 && (events & EPOLLIN) == 0)
		cl->cl_dead = true;
	if (cl->cl_dead)
		client_free(cl);
	else
		client_watch(cl);
}

/* Owns fd. */
static int
client_new(struct daemon *d, int fd, const struct lx_use *us, const struct vi_cred *cred, uint64_t caps)
{
	struct ctl_client *cl;
	int error = ENOMEM;

	if ((cl = calloc(1, sizeof(*cl))) == NULL ||
	    (error = ctl_conn_new(fd, &cl->cl_conn)) != 0) {
		free(cl);
		close(fd);
		return error;
	}
	cl->cl_daemon = d;
	cl->cl_caller = us->us_jid[VI_CLASS_VNET];
	cl->cl_log = us->us_jid[VI_CLASS_VLOG];
	cl->cl_use = *us;
	cl->cl_caps = caps;
	cl->cl_mixed = lx_use_mixed(us);
	cl->cl_cred = *cred;
	LIST_INIT(&cl->cl_holds);
	if ((error = lx_loop_add(daemon_loop(d), &cl->cl_event, fd, EPOLLIN, client_event)) != 0) {
		ctl_conn_free(cl->cl_conn);
		free(cl);
		return error;
	}
	LIST_INSERT_HEAD(&d->d_ctl->cs_clients, cl, cl_link);
	return 0;
}

/* One sentence for somebody who is not let in. */
static void
turn_away(int fd, const char *text)
{
	struct ctl_conn *cc;
	json_t *msg;

	if (ctl_conn_new(fd, &cc) != 0) {
		close(fd);
		return;
	}
	msg = json_pack("{s:b,s:i,s:s}", "ok", 0, "errno", EPERM, "error", text);
	(void)ctl_send(cc, msg, NULL, 0);
	json_decref(msg);
	ctl_conn_free(cc);
}

static void
accept_one(struct daemon *d, int fd)
{
	struct ucred uc;
	socklen_t len = sizeof(uc);
	struct vi_cred cred = { 0 };
	struct lx_use us;
	int jid;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &uc, &len) != 0 ||
	    (uc.uid != geteuid() && uc.uid != 0)) {
		turn_away(fd, "this instance belongs to another user");
		return;
	}
	if (jproc_whose(d, uc.pid, &jid) != 0) {
		turn_away(fd, "it is not known which jail this process is in");
		return;
	}
	cred.cr_priv = true;
	if (jid == 0) {
		cred.cr_uid = uc.uid;
		cred.cr_gid = uc.gid;
	}
	for (unsigned i = 0; i < VI_CLASS_MAX; i++)
		us.us_jid[i] = jid;
	/* Who has a user namespace of his own in a jail is not known. */
	(void)client_new(d, fd, &us, &cred, jid == 0 ? UINT64_MAX : lx_thread_caps(lx_userns(uc.pid), geteuid(), uc.pid));
}

static void
server_event(struct lx_event *le, uint32_t events)
{
	struct ctl_server *cs = CONTAINER(le, struct ctl_server, cs_event);
	int fd;

	(void)events;
	while ((fd = accept4(cs->cs_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
		accept_one(cs->cs_daemon, fd);
}

/*
 * Clients in jails.
 */
struct arrival {
	struct daemon	*ar_daemon;
	int		 ar_fd;
	struct lx_use	 ar_use;
	struct vi_cred	 ar_cred;
	uint64_t	 ar_caps;
};

static void
arrive(void *arg)
{
	struct arrival *ar = arg;

	(void)client_new(ar->ar_daemon, ar->ar_fd, &ar->ar_use, &ar->ar_cred, ar->ar_caps);
	free(ar);
}

/* Effective ids as the host sees them. */
static int
read_ids(pid_t pid, uid_t *uid, gid_t *gid)
{
	char path[40], line[256];
	unsigned n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if ((f = fopen(path, "re")) == NULL)
		return errno;
	while (n < 2 && fgets(line, sizeof(line), f) != NULL)
		n += sscanf(line, "Uid: %*u %u", uid) == 1 || sscanf(line, "Gid: %*u %u", gid) == 1;
	fclose(f);
	return n == 2 ? 0 : EPERM;
}

int
ctl_serve_jail(void *arg, const struct lx_use *us, pid_t pid, uint64_t caps)
{
	struct daemon *d = arg;
	struct arrival *ar;
	int error, pair[2];
	uid_t uid = 0;
	gid_t gid = 0;

	if ((error = read_ids(pid, &uid, &gid)) != 0)
		return -error;
	if ((ar = calloc(1, sizeof(*ar))) == NULL)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
		error = errno;
		free(ar);
		return -error;
	}
	(void)fcntl(pair[0], F_SETFL, O_NONBLOCK);
	ar->ar_daemon = d;
	ar->ar_fd = pair[0];
	ar->ar_use = *us;
	ar->ar_caps = caps;
	ar->ar_cred.cr_priv = uid == geteuid();		/* what the jail calls root */
	ar->ar_cred.cr_uid = ar->ar_cred.cr_priv ? 0 : uid;
	ar->ar_cred.cr_gid = gid == getegid() ? 0 : gid;
	if ((error = worker_post(d, 0, arrive, ar)) != 0) {
		close(pair[0]);
		close(pair[1]);
		free(ar);
		return -error;
	}
	return pair[1];
}

/*
 * Start and end.
 */
int
ctl_server_start(struct daemon *d, int fd)
{
	struct ctl_server *cs = d->d_ctl;

	cs->cs_fd = fd;
	return lx_loop_add(daemon_loop(d), &cs->cs_event, fd, EPOLLIN, server_event);
}

void
ctl_server_fini(struct daemon *d)
{
	struct ctl_server *cs = d->d_ctl;

	if (cs == NULL)
		return;
	while (!LIST_EMPTY(&cs->cs_clients))
		client_free(LIST_FIRST(&cs->cs_clients));
	dtimer_clear(d, &cs->cs_belltimer);
	if (cs->cs_fd >= 0) {
		lx_loop_del(daemon_loop(d), &cs->cs_event);
		close(cs->cs_fd);
	}
	free(cs);
	d->d_ctl = NULL;
}
