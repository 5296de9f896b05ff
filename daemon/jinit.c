/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * The init of a jail is a clone of the spawner (single-threaded, small) that never execs.  It
 * starts programs when vimaged says so, reaps everything below it, passes signals, and reports.
 * It is pid 1 of the jail's pid namespace; without one (prison0, or when the host refuses) it
 * is a child subreaper, and finds the processes of the jail by their parents.
 *
 * It ends when the connection to vimaged ends: then all processes of the jail are killed first,
 * so that nothing outlives vimaged, whatever way that ends.  It must never wait for a program:
 * what a program does before its filter is installed is ours and short; the rest is events.
 */
#include "daemon/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <bsd/sys/queue.h>

#include "daemon/fuse.h"
#include "daemon/isolation.h"
#include "daemon/kmsg.h"
#include "daemon/netfs.h"
#include "daemon/proctree.h"
#include "daemon/protect.h"
#include "daemon/rootdir.h"
#include "daemon/seqpacket.h"

/* A program whose first process lives, or whose end is not told yet. */
struct child {
	LIST_ENTRY(child) c_link;
	uint32_t	c_id;
	pid_t		c_pid;		/* -1: reaped */
	int		c_report;	/* our end of its pipe; -1: exec has closed it */
	int		c_go;		/* -1: told */
	struct seqmsg	c_end;		/* INIT_EXITED, or INIT_FAILED */
};

struct jinit {
	int		j_sock;
	int		j_sigfd;
	bool		j_pidns, j_uts, j_ipcns;
	struct iso_ipc	j_ipc;
	bool		j_told;		/* that no process is left */
	uint32_t	j_lastid;
	LIST_HEAD(, child) j_children;
	unsigned	j_nchildren;
};

static void jinit_end(struct jinit *) __attribute__((noreturn));

static void
tell(struct jinit *j, enum seqtype type, uint32_t id, int arg, const char *text, const int *fd)
{
	struct seqmsg sm = { .sm_type = type, .sm_id = id, .sm_arg = arg };

	if (text != NULL)
		snprintf(sm.sm_text, sizeof(sm.sm_text), "%s", text);
	if (seq_send(j->j_sock, &sm, fd, fd != NULL, 0) != 0)
		jinit_end(j);
}

static void
kill_all(const struct jinit *j, int sig)
{
	if (j->j_pidns)
		kill(-1, sig);
	else
		proctree_kill(sig, NULL);
}

/*
 * As pid 1 our end is everybody's.  As a subreaper we get the children of whom we kill, until
 * there is none.
 */
static void
jinit_end(struct jinit *j)
{
	if (!j->j_pidns) {
		do {
			proctree_kill(SIGKILL, NULL);
		} while (waitpid(-1, NULL, 0) > 0 || errno == EINTR);
	}
	_exit(0);
}

/*
 * Starting programs.
 */
static void
child_free(struct jinit *j, struct child *c)
{
	if (c->c_report >= 0)
		close(c->c_report);
	if (c->c_go >= 0)
		close(c->c_go);
	LIST_REMOVE(c, c_link);
	j->j_nchildren--;
	free(c);
}

static struct child *
child_find(struct jinit *j, uint32_t id)
{
	struct child *c;

	LIST_FOREACH(c, &j->j_children, c_link)
		if (c->c_id == id)
			break;
	return c;
}

/* Our copies of what is the init's own must not be seen by whoever looks into the new process. */
static void __attribute__((noreturn))
start_in_child(const struct jinit *j, const int fds[SEQ_MAXFDS], int report, int go)
{
	const struct child *c;

	close(j->j_sock);
	close(j->j_sigfd);
	for (int i = 0; i < ISO_NIPCKNOBS && j->j_ipcns; i++)
		close(j->j_ipc.ii_fd[i]);
	LIST_FOREACH(c, &j->j_children, c_link) {
		if (c->c_report >= 0)
			close(c->c_report);
		if (c->c_go >= 0)
			close(c->c_go);
	}
	program_run(fds[0], fds + 1, fds[4], report, go);
}

/* The listener, copied from the process that made it. */
static int
fetch_listener(pid_t pid, int number, int *fdp)
{
	int error = 0, pidfd;

	if ((pidfd = (int)syscall(SYS_pidfd_open, pid, 0)) < 0)
		return errno;
	if ((*fdp = (int)syscall(SYS_pidfd_getfd, pidfd, number, 0)) < 0)
		error = errno;
	close(pidfd);
	return error;
}

static int
await_listener(const struct child *c, int *fdp, const char **what)
{
	struct program_report pr;
	int error;

	*what = "seccomp filter";
	if (read(c->c_report, &pr, sizeof(pr)) != (ssize_t)sizeof(pr))
		return EIO;
	if (pr.pr_listener == -EBUSY)
		*what = "seccomp filter (another supervisor watches this process already)";
	if (pr.pr_listener < 0)
		return -pr.pr_listener;
	*what = "seccomp listener";
	error = fetch_listener(c->c_pid, pr.pr_listener, fdp);
	if (error == EPERM || error == ENOSYS)
		*what = "pidfd_getfd(2), which containers mostly allow with CAP_SYS_PTRACE";
	return error;
}

static int
fork_child(struct jinit *j, struct child *c, const int fds[SEQ_MAXFDS])
{
	int report[2], go[2], error;

	if (pipe2(report, O_CLOEXEC) != 0)
		return errno;
	if (pipe2(go, O_CLOEXEC) != 0) {
		error = errno;
		close(report[0]);
		close(report[1]);
		return error;
	}
	c->c_pid = fork();
	error = c->c_pid < 0 ? errno : 0;
	if (c->c_pid == 0) {
		close(report[0]);
		close(go[1]);
		start_in_child(j, fds, report[1], go[0]);
	}
	close(report[1]);
	close(go[0]);
	c->c_report = report[0];
	c->c_go = go[1];
	return error;
}

static void	reap(struct jinit *);

static void
child_fail(struct jinit *j, struct child *c, int error, const char *what)
{
	if (c->c_end.sm_type != INIT_FAILED) {
		c->c_end.sm_type = INIT_FAILED;
		c->c_end.sm_arg = error;
		snprintf(c->c_end.sm_text, sizeof(c->c_end.sm_text), "%s", what);
	}
	if (c->c_pid > 0)
		kill(c->c_pid, SIGKILL);
	else
		reap(j);
}

static void
do_exec(struct jinit *j, uint32_t id, const int fds[SEQ_MAXFDS])
{
	struct child *c;
	const char *what = "fork";
	int error, listener;

	j->j_lastid = id;
	j->j_told = false;
	if ((c = calloc(1, sizeof(*c))) == NULL) {
		tell(j, INIT_FAILED, id, ENOMEM, "fork", NULL);
		reap(j);
		return;
	}
	c->c_id = c->c_end.sm_id = id;
	c->c_end.sm_type = INIT_EXITED;
	c->c_pid = c->c_report = c->c_go = -1;
	LIST_INSERT_HEAD(&j->j_children, c, c_link);
	j->j_nchildren++;
	error = fork_child(j, c, fds);
	if (error == 0)
		error = await_listener(c, &listener, &what);
	if (error != 0) {
		child_fail(j, c, error, what);
		return;
	}
	tell(j, INIT_LISTENER, id, c->c_pid, NULL, &listener);
	close(listener);
}

static void
do_go(struct child *c)
{
	if (c->c_go < 0)
		return;
	(void)!write(c->c_go, "", 1);
	close(c->c_go);
	c->c_go = -1;
}

static void
do_signal(const struct child *c, int sig, bool group)
{
	/* Before its setsid the group is still ours. */
	if (c->c_pid > 0 && (!group || getpgid(c->c_pid) != c->c_pid || kill(-c->c_pid, sig) != 0))
		kill(c->c_pid, sig);
}

/* The pipe of a started program: closed by exec, or the reason why not. */
static void
child_report(struct jinit *j, struct child *c)
{
	struct program_report pr;
	ssize_t n;

	n = read(c->c_report, &pr, sizeof(pr));
	close(c->c_report);
	c->c_report = -1;
	if (c->c_end.sm_type == INIT_FAILED)
		return;
	if (n == (ssize_t)sizeof(pr)) {
		pr.pr_what[sizeof(pr.pr_what) - 1] = '\0';
		c->c_end.sm_type = INIT_FAILED;
		c->c_end.sm_arg = pr.pr_errno;
		c->c_end.sm_flags = pr.pr_exec ? SEQ_NOEXEC : 0;
		memcpy(c->c_end.sm_text, pr.pr_what, sizeof(pr.pr_what));
	} else if (c->c_pid > 0) {
		tell(j, INIT_STARTED, c->c_id, 0, NULL, NULL);
	}
}

/* A limit that is lifted stays where it was: what the host gave is not known any more. */
static void
do_ipclimits(const struct jinit *j, const char *text)
{
	unsigned long long n[ISO_NIPCLIMITS];
	uint64_t limit[ISO_NIPCLIMITS];

	if (!j->j_ipcns || sscanf(text, "%llu %llu %llu %llu", &n[0], &n[1], &n[2], &n[3]) != ISO_NIPCLIMITS)
		return;
	for (unsigned i = 0; i < ISO_NIPCLIMITS; i++)
		limit[i] = n[i];
	(void)isolation_ipclimits(&j->j_ipc, limit);
}

/*
 * Events.
 */
static void
handle(struct jinit *j, const struct seqmsg *sm, int fds[SEQ_MAXFDS], unsigned nfds)
{
	struct child *c = child_find(j, sm->sm_id);

	switch (sm->sm_type) {
	case INIT_EXEC:
		if (nfds == 4)
			fds[4] = -1;
		if (nfds >= 4)
			do_exec(j, sm->sm_id, fds);
		break;
	case INIT_GO:
		if (c != NULL)
			do_go(c);
		break;
	case INIT_ABORT:
		if (c != NULL)
			child_fail(j, c, sm->sm_arg, sm->sm_text);
		break;
	case INIT_SIGNAL:
		if (c != NULL)
			do_signal(c, sm->sm_arg, sm->sm_flags != 0);
		break;
	case INIT_KILLALL:
		kill_all(j, sm->sm_arg);
		break;
	case INIT_IPCLIMITS:
		do_ipclimits(j, sm->sm_text);
		break;
	case INIT_HOSTNAME:
		if (j->j_uts)
			(void)!sethostname(sm->sm_text, strlen(sm->sm_text));
		break;
	case INIT_DOMAINNAME:
		if (j->j_uts)
			(void)!setdomainname(sm->sm_text, strlen(sm->sm_text));
		break;
	default:
		break;
	}
}

static void
receive(struct jinit *j)
{
	int fds[SEQ_MAXFDS], error;
	struct seqmsg sm;
	unsigned nfds;

	while ((error = seq_recv(j->j_sock, &sm, fds, &nfds, MSG_DONTWAIT)) == 0) {
		handle(j, &sm, fds, nfds);
		while (nfds > 0)
			close(fds[--nfds]);
	}
	if (error != EAGAIN)
		jinit_end(j);
	/* A program that could not even be forked leaves no SIGCHLD behind. */
	if (!j->j_told)
		reap(j);
}

static void
reaped(struct jinit *j, pid_t pid, int status)
{
	struct child *c;

	LIST_FOREACH(c, &j->j_children, c_link)
		if (c->c_pid == pid)
			break;
	if (c == NULL)
		return;
	c->c_pid = -1;
	if (c->c_report >= 0)
		child_report(j, c);
	if (c->c_end.sm_type == INIT_EXITED)
		c->c_end.sm_arg = status;
}

/*
 * The last end and "nobody is left" are one message, so that who waits for the one finds the
 * other done.
 */
static void
tell_ends(struct jinit *j, bool empty)
{
	struct child *c, *next;

	for (c = LIST_FIRST(&j->j_children); c != NULL; c = next) {
		next = LIST_NEXT(c, c_link);
		if (c->c_pid > 0)
			continue;
		if (empty && j->j_nchildren == 1) {
			c->c_end.sm_flags |= SEQ_LAST;
			c->c_end.sm_ino[0] = j->j_lastid;
			j->j_told = true;
		}
		if (seq_send(j->j_sock, &c->c_end, NULL, 0, 0) != 0)
			jinit_end(j);
		child_free(j, c);
	}
}

static void
reap(struct jinit *j)
{
	struct signalfd_siginfo si;
	bool empty;
	int status;
	pid_t pid;

	while (read(j->j_sigfd, &si, sizeof(si)) == (ssize_t)sizeof(si))
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		reaped(j, pid, status);
	empty = pid < 0 && errno == ECHILD;
	tell_ends(j, empty);
	if (empty && !j->j_told) {
		tell(j, INIT_EMPTY, j->j_lastid, 0, NULL, NULL);
		j->j_told = true;
	}
}

static void
turn(struct jinit *j)
{
	unsigned n = 0, max = j->j_nchildren + 2;
	struct pollfd *pfd = alloca(max * sizeof(*pfd));
	struct child *c, *next;

	pfd[n++] = (struct pollfd){ .fd = j->j_sock, .events = POLLIN };
	pfd[n++] = (struct pollfd){ .fd = j->j_sigfd, .events = POLLIN };
	LIST_FOREACH(c, &j->j_children, c_link)
		pfd[n++] = (struct pollfd){ .fd = c->c_report, .events = POLLIN };
	if (poll(pfd, n, -1) < 0)
		return;
	/* The pipes first: the list is still the one that was polled. */
	n = 2;
	for (c = LIST_FIRST(&j->j_children); c != NULL; c = next) {
		next = LIST_NEXT(c, c_link);
		if (pfd[n++].revents != 0 && c->c_report >= 0)
			child_report(j, c);
	}
	if (pfd[1].revents != 0)
		reap(j);
	if (pfd[0].revents != 0)
		receive(j);
}

/*
 * Start.
 */
static void
own_signals(struct jinit *j)
{
	sigset_t all;

	for (int sig = 1; sig < _NSIG; sig++)
		signal(sig, SIG_DFL);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigemptyset(&all);
	sigaddset(&all, SIGCHLD);
	j->j_sigfd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void
send_files(struct jinit *j, int files[NETFS_N])
{
	struct seqmsg sm = { .sm_type = INIT_FILES };

	for (int i = 0; i < NETFS_N; i++) {
		if (files[i] < 0)
			continue;
		sm.sm_arg = i;
		if (seq_send(j->j_sock, &sm, &files[i], 1, 0) != 0)
			jinit_end(j);
		close(files[i]);
	}
}

static void
say_ready(struct jinit *j, int error, const char *what, const char *lacks, const int kmsg[KMSG_N])
{
	char text[SEQ_TEXT];

	if (error == 0) {
		struct seqmsg sm = { .sm_type = INIT_READY };

		snprintf(sm.sm_text, sizeof(sm.sm_text), "%s", lacks);
		if (seq_send(j->j_sock, &sm, kmsg, kmsg[0] >= 0 ? KMSG_N : 0, 0) != 0)
			jinit_end(j);
		return;
	}
	snprintf(text, sizeof(text), "%.180s: %s", what, strerrordesc_np(error));
	tell(j, INIT_BROKEN, 0, error, text, NULL);
	_exit(1);
}

/* /dev/kmsg and /proc/kmsg; those of another jail must not stay. */
static int
own_messages(const struct init_params *ip, int fuse, int kmsg[KMSG_N], char *what, size_t len)
{
	int error;

	if ((error = kmsg_mount(fuse, rootdir_devkmsg(ip->ip_devfs), kmsg)) == 0)
		return 0;
	kmsg[0] = -1;
	if (!ip->ip_kmsg || (access("/dev/kmsg", F_OK) != 0 && access("/proc/kmsg", F_OK) != 0))
		return 0;
	snprintf(what, len, "/dev/kmsg of the other jail");
	return error;
}

void
jinit_run(int sock, int flags, const struct init_params *ip, const int *ipcmounts, int fuse)
{
	struct jinit j = { .j_sock = sock,
		.j_pidns = (flags & CLONE_NEWPID) != 0,
		.j_uts = (flags & CLONE_NEWUTS) != 0,
		.j_ipcns = (flags & CLONE_NEWIPC) != 0,
		.j_told = true };
	char what[160] = "signals", lacks[160] = "";
	int kmsg[KMSG_N] = { -1, -1 };
	bool own = ip->ip_ownproc && (flags & CLONE_NEWNS) != 0;
	const bool files = (flags & CLONE_NEWNS) != 0 && (own || ip->ip_kmsg);	/* that vimaged answers for */
	int netfs[NETFS_N] = { -1, -1 }, error = 0;

	LIST_INIT(&j.j_children);
	/* Those that are gone, or not for us, the host leaves out; with none left it is all the same. */
	if (ip->ip_bound)
		(void)sched_setaffinity(0, sizeof(ip->ip_cpus), (const cpu_set_t *)&ip->ip_cpus);
	prctl(PR_SET_NAME, "vimaged-init");
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (j.j_pidns)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	else
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	own_signals(&j);
	if (j.j_sigfd < 0)
		error = errno;
	if (files && fuse < 0)
		fuse = fuse_open();
	if (files)
		netfs_open(netfs);
	if (error == 0)
		error = isolation_enter(ip, flags, ipcmounts, &j.j_ipc, what, sizeof(what), lacks, sizeof(lacks));
	for (int i = 0; i < 2 && ipcmounts != NULL; i++)
		if (ipcmounts[i] >= 0)
			close(ipcmounts[i]);
	if (error == 0 && files)
		error = own_messages(ip, fuse, kmsg, what, sizeof(what));
	if (error == 0 && own)
		protect_enter(lacks, sizeof(lacks));
	if (error == 0)
		netfs_mount(netfs);
	if (fuse >= 0)
		close(fuse);
	if (error == 0)
		send_files(&j, netfs);
	say_ready(&j, error, what, lacks, kmsg);
	for (int i = 0; i < KMSG_N && kmsg[0] >= 0; i++)
		close(kmsg[i]);
	for (;;)
		turn(&j);
}
