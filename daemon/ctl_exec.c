/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operation exec: a client's program in a jail, from request to exit status.  The messages
 * are described in cmd/exec_client.h.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vimage/jail.h>

#include "daemon/caps.h"
#include "daemon/ctl_arg.h"
#include "daemon/ctl_serve.h"
#include "daemon/jproc.h"
#include "daemon/program.h"
#include "daemon/seqpacket.h"

static void
on_started(void *arg, int pid)
{
	struct ctl_client *cl = arg;
	const char *notice = spawner_notice(cl->cl_daemon);
	json_t *msg = json_pack("{s:i}", "pid", pid);

	if (notice != NULL)
		json_object_set_new(msg, "notice", json_string(notice));
	/* From now on its processes keep the jail, and who else holds it. */
	ctl_unhold_one(cl, cl->cl_execjid);
	ctl_client_reply(cl, msg, false);
}

static void
on_failed(void *arg, int error, const char *text, bool exec)
{
	struct ctl_client *cl = arg;

	cl->cl_exec = NULL;
	ctl_client_fail(cl, error, text, exec, true);
}

static void
on_ended(void *arg, int status)
{
	struct ctl_client *cl = arg;
	json_t *msg;

	cl->cl_exec = NULL;
	if (WIFSIGNALED(status))
		msg = json_pack("{s:i,s:b}", "signal", WTERMSIG(status), "core", WCOREDUMP(status));
	else
		msg = json_pack("{s:i}", "exit", WEXITSTATUS(status));
	ctl_client_reply(cl, msg, true);
}

static const struct exec_ops exec_ops = { on_started, on_failed, on_ended };

/* What is sent while the program runs. */
void
ctl_exec_message(struct ctl_client *cl, const json_t *msg)
{
	const char *op = json_string_value(json_object_get(msg, "op"));
	json_int_t sig = json_integer_value(json_object_get(msg, "sig"));
	bool group;

	if (op == NULL || strcmp(op, "signal") != 0 || sig <= 0 || sig >= _NSIG) {
		cl->cl_dead = true;
		return;
	}
	/*
	 * What a terminal would send goes to the group, as from a terminal; the rest was meant
	 * for one process.
	 */
	group =
	    sig == SIGINT || sig == SIGQUIT || sig == SIGHUP || sig == SIGCONT || sig == SIGTSTP;
	exec_signal(cl->cl_exec, (int)sig, group);
}

void
ctl_exec_gone(struct ctl_client *cl)
{
	exec_forget(cl->cl_exec);
	cl->cl_exec = NULL;
}

static int
check_args(struct ctl_request *rq)
{
	json_t *argv = NULL, *env = NULL, *ids = NULL;
	const char *cwd, *user, *net;
	int error, login, tty, mask;

	error = ctl_args(rq, "{s?o,s?o,s?s,s?s,s?o,s?b,s?b,s?i,s?s}", "argv", &argv, "env", &env, "cwd",
	    &cwd, "user", &user, "ids", &ids, "login", &login, "tty", &tty, "umask", &mask,
	    "vnet", &net);
	if (error == 0 && rq->rq_nfds != 3)
		error = ctl_fail(rq, EINVAL, "three descriptors are needed, not %u", rq->rq_nfds);
	return error;
}

/* Into prison0 only from outside; into a jail from above, and from itself by its root. */
static int
may_exec(struct ctl_request *rq)
{
	int error = vi_jail_priv(rq->rq_kernel, rq->rq_caller, &rq->rq_cred, VI_PRIV_JAIL_ATTACH);

	if (error != 0)
		return ctl_fail(rq, error, "only root may run programs in a jail");
	if (removal_pending(rq->rq_daemon, rq->rq_jid))
		return ctl_fail(rq, EBUSY, "the jail is being removed");
	return 0;
}

/* Processes of one jail in the network of another: for who may manage both. */
static int
choose_network(struct ctl_request *rq, int *net)
{
	const char *name = json_string_value(json_object_get(rq->rq_args, "vnet"));

	*net = rq->rq_jid;
	if (name != NULL && vi_jail_find(rq->rq_kernel, rq->rq_caller, name, net) != 0)
		return ctl_fail(rq, ENOENT, "jail \"%.128s\" not found", name);
	if (removal_pending(rq->rq_daemon, *net))
		return ctl_fail(rq, EBUSY, "the jail is being removed");
	return 0;
}

/* Of the jail or of one that it is in: what the host counts for each user of the jail, where it has no control groups. */
static uint32_t
max_processes(struct ctl_request *rq)
{
	uint64_t least = 0, n;
	char text[32];

	for (int jid = rq->rq_jid; jid > 0; jid = vi_jail_parent(rq->rq_kernel, jid)) {
		if (vi_jail_get(rq->rq_kernel, 0, jid, "limit.processes", text, sizeof(text)) != 0 || (n = strtoull(text, NULL, 10)) == 0)
			continue;
		if (least == 0 || n < least)
			least = n;
	}
	return (uint32_t)(least < INT32_MAX ? least : 0);
}

/*
 * Our commands where the jail has another root directory: what they need is not there, so they come as a descriptor, linked statically.  Where the
 * root is the host's they are found by the PATH.
 */
static int
command_fd(struct ctl_request *rq)
{
	const char *name = json_string_value(json_array_get(json_object_get(rq->rq_args, "argv"), 0)), *at = VIMAGE_COMMANDS;
	char path[PATH_MAX];
	size_t len;

	if (name == NULL || vi_jail_get(rq->rq_kernel, 0, rq->rq_jid, "path", path, sizeof(path)) != 0 || strcmp(path, "/") == 0)
		return -1;
	for (; *at != '\0'; at += len + (at[len] == ' ')) {
		len = strcspn(at, " ");
		if (strlen(name) == len && memcmp(at, name, len) == 0)
			return rq->rq_daemon->d_commands;
	}
	return -1;
}

static int
op_exec(struct ctl_request *rq)
{
	struct ctl_client *cl = rq->rq_client;
	struct vi_uname un;
	struct program *pg;
	int error, fd, net;

	if ((error = check_args(rq)) != 0 || (error = may_exec(rq)) != 0 || (error = choose_network(rq, &net)) != 0 ||
	    (error = program_new(
		 rq->rq_args, rq->rq_daemon->d_cmddir, &pg, rq->rq_err, sizeof(rq->rq_err))) != 0)
		return error;
	pg->pg_caps = caps_of(vi_jail_privs(rq->rq_kernel, rq->rq_jid),
	    spawner_userns(rq->rq_daemon) && vi_jail_owner(rq->rq_kernel, rq->rq_jid, "vproc") > 0);
	if (rq->rq_jid == 0)
		pg->pg_caps = UINT64_MAX;
	if (rq->rq_jid != 0 && vi_jail_uname(rq->rq_kernel, rq->rq_jid, &un))
		pg->pg_flags |= PROGRAM_NAMES;
	pg->pg_nproc = max_processes(rq);
	pg->pg_ipcoff = vi_jail_ipcoff(rq->rq_kernel, rq->rq_jid);
	error = memfile(pg, pg->pg_size, &fd);
	free(pg);
	if (error != 0)
		return error;
	cl->cl_execjid = rq->rq_jid;
	error = jproc_exec(rq->rq_daemon, rq->rq_jid, net, fd, rq->rq_fds, command_fd(rq), &exec_ops, cl, &cl->cl_exec);
	close(fd);
	return error != 0 ? error : CTL_LATER;
}

const struct ctl_op ctl_exec_ops[] = {
	{ "exec", op_exec },
	{ NULL, NULL },
};
