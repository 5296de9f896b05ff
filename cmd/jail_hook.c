/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands of jail(8): exec.start and exec.stop in the jail, the others outside.
 *
 * Each runs in a child of ours, in a process group of its own, so that all of it can be killed
 * when exec.timeout is over.  For one in the jail the child is a jexec(8) with a connection of its
 * own; when it is killed the daemon tells the program.
 */
#include "cmd/jail_int.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/exec_client.h"

static void __attribute__((noreturn))
child_fail(const struct job *jb, const char *what)
{
	job_warnx(jb, "%s: %s: %s", jb->jb_running, what, strerror(errno));
	_exit(126);
}

/*
 * What the commands are told about the jail.
 */
static void
set_environment(const struct job *jb)
{
	const char *fib = jc_param_str(&jb->jb_params, "exec.fib", NULL);

	if (fib != NULL)
		setenv("VIMAGE_FIB", fib, 1);		/* as setfib(8) does */
	if (jb->jb_jid[0] != '\0')
		setenv("JID", jb->jb_jid, 1);
	if (jb->jb_id[0] != '\0')
		setenv("JNAME", jb->jb_id, 1);
	setenv("JPATH", jc_param_str(&jb->jb_params, "path", "/"), 1);
}

static void
redirect(const struct job *jb)
{
	const char *log = jc_param_str(&jb->jb_params, "exec.consolelog", NULL);
	int fd;

	if ((fd = open("/dev/null", O_RDONLY)) < 0 || dup2(fd, 0) < 0)
		child_fail(jb, "/dev/null");
	if (fd > 0)
		close(fd);
	if (log == NULL)
		return;
	if ((fd = open(log, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0600)) < 0 ||
	    dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		child_fail(jb, log);
	if (fd > 2)
		close(fd);
}

static void
become(const struct job *jb, const char *user)
{
	struct passwd *pw;

	errno = 0;
	if ((pw = getpwnam(user)) == NULL) {
		errno = errno == 0 ? ENOENT : errno;
		child_fail(jb, user);
	}
	if (pw->pw_uid == getuid() && pw->pw_gid == getgid())
		return;
	if (initgroups(user, pw->pw_gid) != 0 || setgid(pw->pw_gid) != 0 ||
	    setuid(pw->pw_uid) != 0)
		child_fail(jb, user);
}

static void __attribute__((noreturn))
run_outside(const struct job *jb, const char *command)
{
	const char *user = jc_param_str(&jb->jb_params, "exec.system_user", NULL);

	if (user != NULL)
		become(jb, user);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	child_fail(jb, "/bin/sh");
}

static void
fill_request(const struct job *jb, struct exec_request *er)
{
	const struct jc_params *pm = &jb->jb_params;
	const char *user = jc_param_str(pm, "exec.jail_user", NULL);

	er->er_jail = jb->jb_jid[0] != '\0' ? jb->jb_jid : jb->jb_id;
	er->er_login = jc_param_bool(pm, "exec.clean", false);
	if (jc_param_bool(pm, "exec.system_jail_user", false))
		er->er_hostuser = user;
	else
		er->er_user = user;
}

/* Programs would use table 0 in place of one that is not there. */
static bool
fib_check(const struct job *jb, struct cmd_ctx *cx, const struct exec_request *er)
{
	long long fib = 0, n = 0;
	json_t *r;

	if (!cmd_number(jc_param_str(&jb->jb_params, "exec.fib", "0"), 0, 65535, &fib) || fib == 0)
		return true;
	if (cmd_call(cx, json_pack("{s:s,s:s,s:s}", "op", "sysctl.list", "jail", er->er_jail, "name", "net.fibs"), &r) != 0)
		return false;
	(void)cmd_number(cmd_str(json_array_get(json_object_get(r, "sysctls"), 0), "value"), 1, 65536, &n);
	json_decref(r);
	if (fib < n)
		return true;
	job_warnx(jb, "exec.fib: %lld: invalid FIB (max %lld)", fib, n - 1);
	return false;
}

static void __attribute__((noreturn))
run_inside(const struct job *jb, const char *command)
{
	char *argv[] = { (char *)(uintptr_t)"/bin/sh", (char *)(uintptr_t)"-c",
	    (char *)(uintptr_t)command, NULL };
	const struct cmd_ctx *parent = jb->jb_jail->j_cx;
	struct cmd_ctx cx = { .cx_prog = parent->cx_prog, .cx_usage = parent->cx_usage,
	    .cx_instance = parent->cx_instance, .cx_nostart = true };
	struct exec_request er = { .er_argv = argv };
	int status;

	fill_request(jb, &er);
	status = fib_check(jb, &cx, &er) ? exec_client_run(&cx, &er) : 1;
	fflush(NULL);
	_exit(status);
}

static void __attribute__((noreturn))
child(const struct job *jb, const char *command, bool injail)
{
	sigset_t none;

	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	redirect(jb);
	set_environment(jb);
	if (injail)
		run_inside(jb, command);
	run_outside(jb, command);
}

static uint64_t
timeout_ns(const struct job *jb)
{
	long long seconds;

	if (!cmd_number(jc_param_str(&jb->jb_params, "exec.timeout", "0"), 0, 1000000, &seconds) ||
	    seconds == 0)
		return 0;
	return now_ns() + (uint64_t)seconds * 1000000000;
}

static bool
start(struct job *jb, const char *command, bool injail)
{
	if (jb->jb_jail->j_verbose)
		printf("%s: run command%s: %s\n", jb->jb_name != NULL ? jb->jb_name : jb->jb_id,
		    injail ? " in jail" : "", command);
	fflush(NULL);
	if ((jb->jb_pid = fork()) < 0) {
		jb->jb_pid = 0;
		return false;
	}
	if (jb->jb_pid == 0)
		child(jb, command, injail);
	(void)setpgid(jb->jb_pid, jb->jb_pid);	/* whoever is first */
	jb->jb_fd = (int)syscall(SYS_pidfd_open, jb->jb_pid, 0);
	jb->jb_deadline = timeout_ns(jb);
	return true;
}

bool
hook_next(struct job *jb, const char *param, bool injail)
{
	const struct jc_param *pm = jc_param(&jb->jb_params, param);
	int error;

	if (pm == NULL || jb->jb_hook >= pm->pm_n)
		return false;
	jb->jb_running = param;
	if (start(jb, pm->pm_values[jb->jb_hook++], injail))
		return true;
	error = errno;
	job_warnx(jb, "%s: fork: %s", param, strerror(error));
	job_fail(jb);
	return false;
}

bool
hook_ended(struct job *jb)
{
	const struct jc_param *pm = jc_param(&jb->jb_params, jb->jb_running);
	const char *command = pm != NULL ? pm->pm_values[jb->jb_hook - 1] : "";
	int status;

	if (waitpid(jb->jb_pid, &status, 0) != jb->jb_pid)
		status = 0;
	jb->jb_pid = 0;
	if (jb->jb_fd >= 0)
		close(jb->jb_fd);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (jb->jb_deadline == UINT64_MAX)
		job_warnx(jb, "%s: \"%s\": %s", jb->jb_running, command,
		    jb->jb_jail->j_interrupted ? "interrupted" : "timed out");
	else if (WIFSIGNALED(status))
		job_warnx(jb, "%s: \"%s\": ended by signal %d", jb->jb_running, command,
		    WTERMSIG(status));
	else
		job_warnx(jb, "%s: \"%s\": failed with status %d", jb->jb_running, command,
		    WEXITSTATUS(status));
	return false;
}

void
hook_kill(struct job *jb)
{
	jb->jb_deadline = UINT64_MAX;
	if (kill(-jb->jb_pid, SIGKILL) != 0)
		(void)kill(jb->jb_pid, SIGKILL);
}

/* With our descriptors, terminal and signals; what ends it by a signal ends us, as in a shell. */
bool
hook_foreground(struct job *jb)
{
	struct exec_request er = { .er_argv = jb->jb_command };

	fill_request(jb, &er);
	set_environment(jb);
	jb->jb_status = fib_check(jb, jb->jb_jail->j_cx, &er) ? exec_client_run(jb->jb_jail->j_cx, &er) : 1;
	return jb->jb_status == 0;
}
