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
#include "linux/linux.h"

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
	json_t *argv = NULL, *env = NULL, *set = NULL, *ids = NULL, *containers = NULL;
	const char *cwd, *user;
	int error, login, tty, mask;

	error = ctl_args(rq, "{s?o,s?o,s?o,s?s,s?s,s?o,s?b,s?b,s?i,s?o}", "argv", &argv, "env", &env, "setenv", &set,
	    "cwd", &cwd, "user", &user, "ids", &ids, "login", &login, "tty", &tty, "umask", &mask,
	    "containers", &containers);
	if (error == 0 && containers != NULL && !json_is_object(containers))
		error = ctl_fail(rq, EINVAL, "containers is an object");
	if (error == 0 && rq->rq_nfds != 3)
		error = ctl_fail(rq, EINVAL, "three descriptors are needed, not %u", rq->rq_nfds);
	return error;
}

/* Into prison0 only from outside; into a jail from above, and from itself by its root. */
static int
may_exec(struct ctl_request *rq)
{
	int error;

	if (rq->rq_mixed)
		return ctl_fail(rq, EPERM, "a program with containers of several jails may not run others in jails");
	error = vi_jail_priv(rq->rq_kernel, rq->rq_caller, &rq->rq_cred, VI_PRIV_JAIL_ATTACH);
	if (error != 0 && ctl_gave_up(rq, VI_PRIV_JAIL_ATTACH))
		return error;
	return error != 0 ? ctl_fail(rq, error, "only root may run programs in a jail") : 0;
}

static int
class_find(struct ctl_request *rq, const char *name, int *vc)
{
	char known[128] = "";
	const char *class;

	for (unsigned i = 0; (class = vi_class_name(i)) != NULL; i++) {
		if (strcmp(class, name) == 0) {
			*vc = (int)i;
			return 0;
		}
		snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s", i > 0 ? ", " : "", class);
	}
	return ctl_fail(rq, EINVAL, "\"%.32s\" is no class of containers (%s)", name, known);
}

/* What a program uses: the jail's, but for the classes of which another is named.  For who may manage all of them. */
static int
choose_containers(struct ctl_request *rq, const json_t *chosen, struct lx_use *us)
{
	const char *class;
	json_t *name;
	int vc = 0, error;

	for (unsigned i = 0; i < VI_CLASS_MAX; i++)
		us->us_jid[i] = rq->rq_jid;
	json_object_foreach((json_t *)(uintptr_t)chosen, class, name) {
		if (!json_is_string(name))
			return ctl_fail(rq, EINVAL, "containers: %.32s: a jail is a text", class);
		if ((error = class_find(rq, class, &vc)) != 0 || (error = ctl_find_jail(rq, json_string_value(name), &us->us_jid[vc])) != 0)
			return error;
	}
	for (unsigned i = 0; i < VI_CLASS_MAX; i++)
		if (removal_pending(rq->rq_daemon, us->us_jid[i]))
			return ctl_fail(rq, EBUSY, "the jail is being removed");
	return 0;
}

/* Of the jail or of one that it is in: what the host counts for each user of the jail, where it has no control groups. */
static uint32_t
max_processes(const struct ctl_request *rq, int cpu)
{
	uint64_t least = 0, n;
	char text[32];

	for (int jid = cpu; jid > 0; jid = vi_jail_parent(rq->rq_kernel, jid)) {
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
command_fd(const struct ctl_request *rq, int proc)
{
	const char *name = json_string_value(json_array_get(json_object_get(rq->rq_args, "argv"), 0)), *at = VIMAGE_COMMANDS;
	char path[PATH_MAX];
	size_t len;

	if (name == NULL || vi_jail_get(rq->rq_kernel, 0, proc, "path", path, sizeof(path)) != 0 || strcmp(path, "/") == 0)
		return -1;
	for (; *at != '\0'; at += len + (at[len] == ' ')) {
		len = strcspn(at, " ");
		if (strlen(name) == len && memcmp(at, name, len) == 0)
			return rq->rq_daemon->d_commands;
	}
	return -1;
}

/* Each by the jail whose container it is about. */
static uint64_t
mixed_privs(struct vi_kernel *k, const struct lx_use *us)
{
	uint64_t privs = 0;

	for (unsigned p = 0; p < VI_PRIV_MAX; p++)
		privs |= vi_jail_privs(k, us->us_jid[vi_priv_class((enum vi_priv)p)]) & UINT64_C(1) << p;
	return privs;
}

static uint64_t
program_caps(const struct ctl_request *rq, const struct lx_use *us)
{
	const int proc = us->us_jid[VI_CLASS_VPROC];

	if (proc == 0)
		return UINT64_MAX;
	return caps_of(mixed_privs(rq->rq_kernel, us), spawner_userns(rq->rq_daemon) && vi_jail_owner(rq->rq_kernel, proc, "vproc") > 0);
}

/*
 * Of what its programs are given.  Without a user namespace the host may have given root less, and an ordinary user has nothing to give; prison0 is the
 * host's own.
 */
void
ctl_exec_lost(struct ctl_request *rq, const struct lx_use *us, uint64_t caps)
{
	const int proc = us->us_jid[VI_CLASS_VPROC];
	const bool ordinary = geteuid() != 0;
	uint64_t given;
	bool user;

	if (proc == 0)
		return;
	user = spawner_userns(rq->rq_daemon);
	given = ordinary && !user ? 0 : program_caps(rq, us);
	if (!ordinary && (!user || vi_jail_owner(rq->rq_kernel, proc, "vproc") <= 0))
		given = caps_bounded(given);
	rq->rq_lost = given & ~caps;
	rq->rq_cred.cr_denied = caps_denied(rq->rq_lost);
}

/*
 * The calls of these privileges cost a notification each where vimaged looks at them; where the jail has the privilege, what the host's kernel
 * refuses nevertheless is what it would refuse anybody, and logged if somebody wants to know (vlog.refusals).
 */
static uint32_t
program_filter(const struct ctl_request *rq, const struct lx_use *us)
{
	static const struct { enum vi_priv priv; uint32_t flag; } looked_at[] = {
		{ VI_PRIV_PROC_SIGNAL, LX_FILTER_SIGNALS }, { VI_PRIV_PROC_SETID, LX_FILTER_IDS },
		{ VI_PRIV_PROC_SCHED, LX_FILTER_SCHED }, { VI_PRIV_PROC_LIMIT, LX_FILTER_LIMITS },
		{ VI_PRIV_VM_MLOCK, LX_FILTER_LOCKS }, { VI_PRIV_VFS_CHFLAGS, LX_FILTER_FLAGS },
		{ VI_PRIV_VFS_CHOWN, LX_FILTER_OWNERS }, { VI_PRIV_VFS_SETCAP, LX_FILTER_XATTRS }, { VI_PRIV_VFS_ADMIN, LX_FILTER_XATTRS },
	};
	const int proc = us->us_jid[VI_CLASS_VPROC];
	const uint64_t privs = mixed_privs(rq->rq_kernel, us);
	struct vi_uname un;
	uint32_t flags = 0;

	if (vi_jail_uname(rq->rq_kernel, proc, &un))
		flags |= LX_FILTER_NAMES;
	if (jproc_refusals(rq->rq_daemon, proc))
		flags |= LX_FILTER_REFUSALS;
	for (size_t i = 0; i < sizeof(looked_at) / sizeof(looked_at[0]); i++)
		if ((privs >> looked_at[i].priv & 1) == 0)
			flags |= looked_at[i].flag;
	return flags;
}

/* What it may, and what its jails are to it. */
static void
set_rights(const struct ctl_request *rq, const struct lx_use *us, struct program *pg)
{
	const int proc = us->us_jid[VI_CLASS_VPROC];

	pg->pg_caps = program_caps(rq, us) & ~rq->rq_lost;	/* who has given something up does not get it back so */
	pg->pg_nproc = max_processes(rq, us->us_jid[VI_CLASS_VCPU]);
	pg->pg_ipcoff = vi_jail_ipcoff(rq->rq_kernel, us->us_jid[VI_CLASS_VIPC]);
	pg->pg_filter = (proc == 0 ? 0 : program_filter(rq, us)) | LX_FILTER_NOIPC(pg->pg_ipcoff);
	if (proc != 0 || us->us_jid[VI_CLASS_VCPU] != 0)
		pg->pg_filter |= LX_FILTER_CPUS;
}

static int
op_exec(struct ctl_request *rq)
{
	struct ctl_client *cl = rq->rq_client;
	json_t *chosen = json_object_get(rq->rq_args, "containers");
	struct program *pg;
	struct lx_use us;
	int error, fd;

	if ((error = check_args(rq)) != 0 || (error = may_exec(rq)) != 0 || (error = choose_containers(rq, chosen, &us)) != 0 ||
	    (error = program_new(
		 rq->rq_args, rq->rq_daemon->d_cmddir, &pg, rq->rq_err, sizeof(rq->rq_err))) != 0)
		return error;
	set_rights(rq, &us, pg);
	error = memfile(pg, pg->pg_size, &fd);
	free(pg);
	if (error != 0)
		return error;
	cl->cl_execjid = rq->rq_jid;
	error = jproc_exec(rq->rq_daemon, &us, fd, rq->rq_fds, command_fd(rq, us.us_jid[VI_CLASS_VPROC]), &exec_ops, cl, &cl->cl_exec);
	close(fd);
	return error != 0 ? error : CTL_LATER;
}

const struct ctl_op ctl_exec_ops[] = {
	{ "exec", op_exec },
	{ NULL, NULL },
};
