/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * First the spawner finds out what the host allows: it makes an init as for a jail, in the best
 * way first, and looks how far that comes.  Then it clones inits on request.  The child waits
 * until its maps are written, because only its parent may write them, and until its namespaces
 * are known, because later nobody may look into it.  The spawner is the parent of all inits: it
 * reaps and kills them, so that a pid is never used after it was given back.
 *
 * From the user namespace of a jail one cannot come to that of a jail beside it, only from one above both.  For root that is the host's; for
 * an ordinary user the spawner makes one, below the host's and above all jails', and enters it.  There it has all rights, over what is
 * below: no more than the user had before over each jail.  On the host it stays who he is.
 *
 * It dies with vimaged and its inits die with it.  An init that dies without a pid namespace
 * leaves its programs to the spawner, a subreaper, which kills what it does not know.
 */
#include "daemon/spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <bsd/sys/queue.h>

#include "daemon/cpusched.h"
#include "daemon/isolation.h"
#include "daemon/nsjoin.h"
#include "daemon/proctree.h"
#include "daemon/program.h"
#include "daemon/seqpacket.h"
#include "daemon/undertaker.h"
#include "daemon/witness.h"

struct made {
	LIST_ENTRY(made) m_link;
	uint32_t	m_id;
	pid_t		m_pid;
	struct nsjoin	m_ns;		/* open when jails in it may want to share them */
};

struct stander {
	LIST_ENTRY(stander) st_link;
	uint32_t	st_id;		/* the init's */
	pid_t		st_pid;
	int		st_sock;
};

struct spawn {
	int		s_sock;
	int		s_sigfd;
	char		*s_title;
	size_t		s_titlelen;
	struct isolation s_iso;
	bool		s_ordinary;	/* vimaged is an ordinary user's; we may be root in a user namespace of ours */
	LIST_HEAD(, made) s_made;
	LIST_HEAD(, stander) s_witnesses;
	unsigned	s_nmade, s_nwitnesses;
	struct cpusched	s_cpu;
	pid_t		s_undertaker;	/* 0: none */
	int		s_graves;	/* to it, or -1 */
};

static void
say(const struct spawn *s, const struct seqmsg *sm)
{
	if (seq_send(s->s_sock, sm, NULL, 0, 0) != 0)
		_exit(0);
}

static void
set_title(const struct spawn *s, const char *title)
{
	memset(s->s_title, 0, s->s_titlelen);
	(void)snprintf(s->s_title, s->s_titlelen, "%s", title);
}

/*
 * Making an init.
 */
static pid_t
do_clone(int flags)
{
	return (pid_t)syscall(SYS_clone, (unsigned long)(flags | SIGCHLD), NULL, NULL, NULL, NULL);
}

/* Closes all but these. */
static void
close_others(int *keep, unsigned n)
{
	int from = 3, tmp;

	for (unsigned i = 1; i < n; i++)
		for (unsigned k = i; k > 0 && keep[k] < keep[k - 1]; k--) {
			tmp = keep[k];
			keep[k] = keep[k - 1];
			keep[k - 1] = tmp;
		}
	for (unsigned i = 0; i < n; i++) {
		if (keep[i] > from)
			(void)close_range((unsigned)from, (unsigned)keep[i] - 1, 0);
		if (keep[i] >= from)
			from = keep[i] + 1;
	}
	(void)close_range((unsigned)from, ~0U, 0);
}

/* What a new init is made from. */
struct making {
	const struct spawn *mk_spawn;
	const struct init_params *mk_ip;
	int		mk_sock;	/* the init's end */
	int		mk_flags;
	const struct made *mk_proc, *mk_ipc;	/* the inits of the jails whose processes and IPC it shares; NULL: none */
	int		mk_go[2];	/* the word that maps and namespaces are known */
	int		mk_ipcmounts[2];
	int		mk_fuse;	/* fuse_open(), where it must be opened before the mounts are entered; -1 */
};

/* In the clone: waits for the parent's word, then is the init. */
static void __attribute__((noreturn))
be_init(const struct making *mk)
{
	int keep[] = { mk->mk_sock, mk->mk_go[0], mk->mk_ipcmounts[0], mk->mk_ipcmounts[1], mk->mk_fuse };
	bool mounts = mk->mk_ipcmounts[0] >= 0 || mk->mk_ipcmounts[1] >= 0;
	char c;

	/*
	 * Whatever else is open here (the other end of its own socket, when it is a probe)
	 * would keep others from seeing an end.
	 */
	close_others(keep, 5);
	if (read(mk->mk_go[0], &c, 1) != 1)
		_exit(1);
	close(mk->mk_go[0]);
	set_title(mk->mk_spawn, "vimaged: init");
	jinit_run(mk->mk_sock, mk->mk_flags, mk->mk_ip, mounts ? mk->mk_ipcmounts : NULL, mk->mk_fuse);
}

/* The child's maps; in whoever cloned it. */
static int
clone_init(const struct making *mk, int extra, pid_t *pidp, const char **what)
{
	int error;

	*what = "namespaces";
	if ((*pidp = do_clone(mk->mk_flags | extra)) < 0)
		return errno;
	if (*pidp == 0) {
		close(mk->mk_go[1]);
		be_init(mk);
	}
	*what = "ids of the user namespace";
	error = isolation_map(&mk->mk_spawn->s_iso, *pidp, mk->mk_flags);
	return error;
}

/* What came of it, from the helper. */
struct made_report {
	pid_t	mr_pid;
	int	mr_error;
	char	mr_what[160];
};

/* The namespaces of one, if it is needed; those of root's can be looked up at any time. */
static int
look_up(const struct made *m, struct nsjoin *nj)
{
	if (m == NULL)
		return 0;
	*nj = m->m_ns;
	return nj->nj_fd[0] >= 0 ? 0 : nsjoin_open(nj, m->m_pid);
}

/* The helper: enters what is shared and makes a brother there, whose parent is the spawner. */
static void __attribute__((noreturn))
help(struct making *mk, int report)
{
	const struct init_params *ip = mk->mk_ip;
	struct made_report mr = { .mr_pid = -1 };
	const char *what = "namespaces of the jail";
	struct nsjoin proc, ipc;

	if ((mr.mr_error = look_up(mk->mk_proc, &proc)) == 0)
		mr.mr_error = look_up(mk->mk_ipc, &ipc);
	if (mr.mr_error == 0 && (ip->ip_ipcmounts || (ip->ip_ownproc && mk->mk_ipc != NULL)))
		(void)nsjoin_ipcmounts(mk->mk_ipc != NULL ? &ipc : NULL, mk->mk_ipcmounts);
	if (mr.mr_error == 0)
		mr.mr_error = nsjoin_enter(mk->mk_proc != NULL ? &proc : NULL, mk->mk_ipc != NULL ? &ipc : NULL,
		    ip->ip_kmsg && mk->mk_proc != NULL ? &mk->mk_fuse : NULL, &what);
	/*
	 * Who is made now has its maps written by us and its namespaces looked at by the spawner: /proc must not hide it.  But who joins a jail
	 * that runs is seen by that jail's root from the start.
	 */
	if (!ip->ip_mixed || (mk->mk_flags & CLONE_NEWUSER) != 0)
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	if (mr.mr_error == 0)
		mr.mr_error = clone_init(mk, CLONE_PARENT, &mr.mr_pid, &what);
	snprintf(mr.mr_what, sizeof(mr.mr_what), "%s", what);
	(void)!write(report, &mr, sizeof(mr));
	_exit(0);
}

static int
make_joined(struct making *mk, pid_t *pidp, char what[SEQ_TEXT])
{
	struct made_report mr = { .mr_pid = -1, .mr_error = EIO, .mr_what = "fork" };
	int report[2];
	pid_t helper;

	snprintf(what, SEQ_TEXT, "pipe");
	if (pipe2(report, O_CLOEXEC) != 0)
		return errno;
	if ((helper = fork()) == 0)
		help(mk, report[1]);
	close(report[1]);
	if (helper < 0 || read(report[0], &mr, sizeof(mr)) != (ssize_t)sizeof(mr))
		mr.mr_error = helper < 0 ? errno : EIO;
	close(report[0]);
	if (helper > 0)
		(void)waitpid(helper, NULL, 0);
	snprintf(what, SEQ_TEXT, "%s", mr.mr_what);
	*pidp = mr.mr_pid;
	return mr.mr_error;
}

/* With 0 *pid is valid, and the init waits for a byte in *go; what: the step that failed. */
static int
make_init(struct spawn *s, struct making *mk, const char *group, struct nsjoin *ns, pid_t *pidp, int *go, uint64_t ino[2],
    char what[SEQ_TEXT])
{
	const struct init_params *ip = mk->mk_ip;
	bool join = (mk->mk_proc != NULL || mk->mk_ipc != NULL || ip->ip_ipcmounts) && s->s_iso.is_mode != ISO_NONE;
	const char *step;
	int error;

	mk->mk_spawn = s;
	mk->mk_ipcmounts[0] = mk->mk_ipcmounts[1] = mk->mk_fuse = -1;
	mk->mk_flags = isolation_flags(&s->s_iso, ip, mk->mk_proc != NULL);
	*pidp = -1;
	snprintf(what, SEQ_TEXT, "pipe");
	if (pipe2(mk->mk_go, O_CLOEXEC) != 0)
		return errno;
	if (join) {
		error = make_joined(mk, pidp, what);
	} else {
		error = clone_init(mk, 0, pidp, &step);
		snprintf(what, SEQ_TEXT, "%s", step);
	}
	close(mk->mk_go[0]);
	if (error == 0) {
		(void)nsjoin_ino(*pidp, "user", &ino[0]);
		(void)nsjoin_ino(*pidp, "pid", &ino[1]);
		if (ns != NULL)
			(void)nsjoin_open(ns, *pidp);
		cpusched_enter(&s->s_cpu, group, *pidp);	/* before it makes others */
		*go = mk->mk_go[1];
		return 0;
	}
	close(mk->mk_go[1]);
	if (*pidp > 0)
		(void)waitpid(*pidp, NULL, 0);	/* it ended when the pipe did */
	return error;
}

static void
let_go(int go)
{
	(void)!write(go, "", 1);
	close(go);
}

/*
 * Probing.
 */
static int
probe(struct spawn *s, enum iso_mode mode, char *lacks, size_t len)
{
	struct init_params ip = { .ip_ownproc = true, .ip_ownipc = true, .ip_path = "/" };
	int pair[2], fds[SEQ_MAXFDS], error, go;
	struct making mk = { .mk_ip = &ip };
	char what[SEQ_TEXT];
	struct seqmsg sm = { 0 };
	uint64_t ino[2];
	unsigned nfds;
	pid_t pid;

	lacks[0] = '\0';
	isolation_init(&s->s_iso, mode, s->s_ordinary);
	if (mode == ISO_NONE)
		return 0;
	if ((error = seq_pair(pair)) != 0)
		return error;
	mk.mk_sock = pair[1];
	error = make_init(s, &mk, "", NULL, &pid, &go, ino, what);
	close(pair[1]);
	if (error == 0) {
		let_go(go);
		error = seq_recv(pair[0], &sm, fds, &nfds, 0);
		if (error == 0 && sm.sm_type == INIT_BROKEN)
			error = sm.sm_arg;
		snprintf(lacks, len, "%s", sm.sm_text);
	}
	close(pair[0]);
	if (error == 0 || sm.sm_type == INIT_BROKEN)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	return error;
}

/* In a new user namespace: when it has ids, do jails work in it? */
static void __attribute__((noreturn))
try_above(struct spawn *s, int sock)
{
	int fds[SEQ_MAXFDS];
	struct seqmsg sm;
	unsigned nfds;

	if (seq_recv(sock, &sm, fds, &nfds, 0) != 0)
		_exit(1);
	sm.sm_arg = probe(s, ISO_USER, sm.sm_text, sizeof(sm.sm_text));
	_exit(seq_send(sock, &sm, NULL, 0, 0));
}

/* The answer; *ns: its user namespace. */
static int
ask_above(const struct spawn *s, pid_t pid, int sock, int *ns, char *lacks, size_t len)
{
	int fds[SEQ_MAXFDS], error;
	struct seqmsg sm = { 0 };
	char path[64];
	unsigned nfds;

	if ((error = isolation_map(&s->s_iso, pid, CLONE_NEWUSER)) != 0)
		return error;
	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	if ((*ns = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return errno;
	if ((error = seq_send(sock, &sm, NULL, 0, 0)) != 0 || (error = seq_recv(sock, &sm, fds, &nfds, 0)) != 0)
		return error;
	snprintf(lacks, len, "%s", sm.sm_text);
	return sm.sm_arg;
}

/* Only where jails work below it: there is no way back. */
static bool
enter_above(struct spawn *s, char *lacks, size_t len)
{
	int pair[2], ns = -1, error;
	pid_t pid;

	if (seq_pair(pair) != 0)
		return false;
	isolation_init(&s->s_iso, ISO_USER, true);
	if ((pid = do_clone(CLONE_NEWUSER)) == 0) {
		close(pair[0]);
		try_above(s, pair[1]);
	}
	close(pair[1]);
	error = pid < 0 ? errno : ask_above(s, pid, pair[0], &ns, lacks, len);
	close(pair[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (error == 0 && setns(ns, CLONE_NEWUSER) != 0)
		error = errno;
	if (ns >= 0)
		close(ns);
	if (error == 0)
		isolation_init(&s->s_iso, ISO_USER, true);	/* its ids are all that there are */
	return error == 0;
}

static void
probe_all(struct spawn *s)
{
	struct seqmsg sm = { .sm_type = SPAWN_PROBED };
	enum iso_mode mode = isolation_first();
	char lacks[SEQ_TEXT];
	bool above = s->s_ordinary && mode == ISO_USER && enter_above(s, lacks, sizeof(lacks));
	int error, first = 0;

	while (!above && (error = probe(s, mode, lacks, sizeof(lacks))) != 0) {
		if (first == 0)
			first = error;
		mode = mode == ISO_USER && !s->s_ordinary ? ISO_ROOT : ISO_NONE;
	}
	isolation_describe(mode, first, lacks, sm.sm_text, sizeof(sm.sm_text));
	sm.sm_arg = (int32_t)mode;
	say(s, &sm);
}

/*
 * Requests and events.
 */
static int
read_params(int fd, struct init_params *ip)
{
	return pread(fd, ip, sizeof(*ip), 0) == (ssize_t)sizeof(*ip) ? 0 : EIO;
}

static struct made *
made_find(const struct spawn *s, uint32_t id)
{
	struct made *m;

	LIST_FOREACH(m, &s->s_made, m_link)
		if (m->m_id == id)
			break;
	return m;
}

/* Are its namespaces kept open?  Root can look them up when they are needed, others only now. */
static bool
wants_ns(const struct spawn *s, const struct init_params *ip)
{
	return ip->ip_shared || s->s_iso.is_ordinary;
}

static void
do_init(struct spawn *s, const struct seqmsg *ask, const int fds[2])
{
	struct seqmsg sm = { .sm_type = SPAWN_MADE, .sm_id = ask->sm_id };
	struct making mk = { .mk_sock = fds[0], .mk_proc = made_find(s, (uint32_t)ask->sm_ino[0]), .mk_ipc = made_find(s, (uint32_t)ask->sm_ino[1]) };
	struct made *m = calloc(1, sizeof(*m));
	struct init_params ip;
	char what[SEQ_TEXT] = "parameters";
	pid_t pid = -1;
	int error, go;

	if (m != NULL)
		memset(&m->m_ns, -1, sizeof(m->m_ns));
	error = m == NULL ? ENOMEM : read_params(fds[1], &ip);
	if (error == 0 && ((ask->sm_ino[0] != 0 && mk.mk_proc == NULL) || (ask->sm_ino[1] != 0 && mk.mk_ipc == NULL)))
		error = ESRCH;
	mk.mk_ip = &ip;
	if (error == 0)
		error = make_init(s, &mk, ask->sm_text, wants_ns(s, &ip) ? &m->m_ns : NULL, &pid, &go, sm.sm_ino, what);
	if (error != 0) {
		free(m);
		sm.sm_type = SPAWN_FAILED;
		sm.sm_arg = error;
		snprintf(sm.sm_text, sizeof(sm.sm_text), "%.200s: %s", what, strerrordesc_np(error));
		say(s, &sm);
		return;
	}
	m->m_id = ask->sm_id;
	m->m_pid = pid;
	LIST_INSERT_HEAD(&s->s_made, m, m_link);
	s->s_nmade++;
	sm.sm_arg = pid;
	sm.sm_flags = (uint32_t)mk.mk_flags;
	/* What runs in there may ask for something at once, and then it must be known whose it is. */
	say(s, &sm);
	let_go(go);
}

/* false: there is none, which shows when he is asked: nobody holds the other end any more. */
static bool
witness_start(struct spawn *s, struct stander *st, bool again)
{
	const struct made *m = made_find(s, st->st_id);
	struct nsjoin nj;

	if (m == NULL)
		return false;
	if ((st->st_pid = fork()) != 0)
		return st->st_pid > 0;
	if (look_up(m, &nj) != 0)
		_exit(1);
	close_others((int[]){ st->st_sock, nj.nj_fd[NSJOIN_IPC], nj.nj_fd[NSJOIN_USER] }, 3);
	set_title(s, "vimaged: witness");
	prctl(PR_SET_NAME, "vimaged-witness");
	witness_run(&nj, st->st_sock, again);
}

static void
witness_forget(struct spawn *s, struct stander *st)
{
	LIST_REMOVE(st, st_link);
	s->s_nwitnesses--;
	close(st->st_sock);
	free(st);
}

/* Takes its end of the pair. */
static bool
do_witness(struct spawn *s, uint32_t id, int sock)
{
	struct stander *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return false;
	st->st_id = id;
	st->st_sock = sock;
	LIST_INSERT_HEAD(&s->s_witnesses, st, st_link);
	s->s_nwitnesses++;
	if (!witness_start(s, st, false))
		witness_forget(s, st);
	return true;
}

static void
do_kill(struct spawn *s, uint32_t id)
{
	struct made *m = made_find(s, id);

	if (m != NULL)
		kill(m->m_pid, SIGKILL);
}

static void
do_cpu(struct spawn *s, const struct seqmsg *sm)
{
	if (sm->sm_id == 0 || cpusched_known(&s->s_cpu, sm->sm_text))
		cpusched_set(&s->s_cpu, sm->sm_text, (unsigned)sm->sm_arg, sm->sm_flags, sm->sm_ino[0]);
}

static void
receive(struct spawn *s)
{
	int fds[SEQ_MAXFDS], error;
	struct seqmsg sm;
	unsigned nfds;

	while ((error = seq_recv(s->s_sock, &sm, fds, &nfds, MSG_DONTWAIT)) == 0) {
		if (sm.sm_type == SPAWN_INIT && nfds == 2)
			do_init(s, &sm, fds);
		else if (sm.sm_type == SPAWN_WITNESS && nfds == 1)
			nfds -= do_witness(s, sm.sm_id, fds[0]);
		else if (sm.sm_type == SPAWN_KILL)
			do_kill(s, sm.sm_id);
		else if (sm.sm_type == SPAWN_CPU)
			do_cpu(s, &sm);
		else if (sm.sm_type == SPAWN_CPUGONE)
			cpusched_gone(&s->s_cpu, sm.sm_text);
		else if (sm.sm_type == SPAWN_MOUNT && nfds == 1 && s->s_graves >= 0)
			undertaker_mount(s->s_graves, fds[0], sm.sm_ino[0], sm.sm_flags != 0);
		else if (sm.sm_type == SPAWN_FILE && s->s_graves >= 0)
			undertaker_file(s->s_graves, sm.sm_text, sm.sm_ino[0], sm.sm_ino[1]);
		while (nfds > 0)
			close(fds[--nfds]);
	}
	if (error != EAGAIN)
		_exit(0);
}

/* Programs whose init was killed, where no pid namespace did it for us. */
static void
kill_strays(struct spawn *s)
{
	pid_t *known = calloc((size_t)s->s_nmade + s->s_nwitnesses + 2, sizeof(*known));
	struct stander *st;
	struct made *m;
	unsigned n = 0;

	if (known == NULL)
		return;
	LIST_FOREACH(m, &s->s_made, m_link)
		known[n++] = m->m_pid;
	LIST_FOREACH(st, &s->s_witnesses, st_link)
		known[n++] = st->st_pid;
	if (s->s_undertaker > 0)
		known[n++] = s->s_undertaker;
	proctree_kill(SIGKILL, known);
	free(known);
}

static void
witness_reaped(struct spawn *s, pid_t pid, int status)
{
	struct stander *st;

	LIST_FOREACH(st, &s->s_witnesses, st_link)
		if (st->st_pid == pid)
			break;
	if (st != NULL && (!WIFSIGNALED(status) || WTERMSIG(status) != SIGALRM || !witness_start(s, st, true)))
		witness_forget(s, st);
}

/* One may wait for a file system of the jail's. */
static void
kill_witnesses(const struct spawn *s, uint32_t id)
{
	const struct stander *st;

	LIST_FOREACH(st, &s->s_witnesses, st_link)
		if (st->st_id == id)
			kill(st->st_pid, SIGKILL);
}

static void
reaped(struct spawn *s, pid_t pid, int status)
{
	struct seqmsg sm = { .sm_type = SPAWN_DIED, .sm_arg = status };
	struct made *m;

	LIST_FOREACH(m, &s->s_made, m_link)
		if (m->m_pid == pid)
			break;
	if (m == NULL) {
		witness_reaped(s, pid, status);
		return;
	}
	sm.sm_id = m->m_id;
	kill_witnesses(s, m->m_id);
	cpusched_died(&s->s_cpu, pid);
	LIST_REMOVE(m, m_link);
	s->s_nmade--;
	nsjoin_close(&m->m_ns);
	free(m);
	if (WIFSIGNALED(status))
		kill_strays(s);
	say(s, &sm);
}

static void
reap(struct spawn *s)
{
	struct signalfd_siginfo si;
	int status;
	pid_t pid;

	while (read(s->s_sigfd, &si, sizeof(si)) == (ssize_t)sizeof(si))
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		reaped(s, pid, status);
}

static void
own_signals(struct spawn *s)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigemptyset(&all);
	sigaddset(&all, SIGCHLD);
	s->s_sigfd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
}

/*
 * Control groups stay when we are killed, and can only be removed when the processes in them are gone; what jail(8) has mounted stays, too:
 * somebody waits for that.
 */
static void
start_undertaker(struct spawn *s)
{
	int p[2];

	s->s_graves = -1;
	if (pipe2(p, O_CLOEXEC) != 0)
		return;
	if ((s->s_undertaker = fork()) != 0) {
		close(p[0]);
		if (s->s_undertaker > 0)
			s->s_graves = p[1];	/* closes when we end */
		else
			close(p[1]);
		return;
	}
	close_others(p, 1);
	setsid();
	set_title(s, "vimaged: undertaker");
	prctl(PR_SET_NAME, "vimaged-under");
	undertaker_run(p[0], &s->s_cpu.cs_host);
}

static void __attribute__((noreturn))
spawner_run(int sock, pid_t parent, char *title, size_t len)
{
	struct spawn s = { .s_sock = sock, .s_title = title, .s_titlelen = len, .s_ordinary = geteuid() != 0 };
	struct pollfd pfd[2];

	LIST_INIT(&s.s_made);
	LIST_INIT(&s.s_witnesses);
	set_title(&s, "vimaged: spawner");
	prctl(PR_SET_NAME, "vimaged-spawn");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	own_signals(&s);
	cpusched_init(&s.s_cpu);
	start_undertaker(&s);
	probe_all(&s);
	pfd[0] = (struct pollfd){ .fd = s.s_sock, .events = POLLIN };
	pfd[1] = (struct pollfd){ .fd = s.s_sigfd, .events = POLLIN };
	for (;;) {
		if (poll(pfd, 2, cpusched_timeout(&s.s_cpu)) < 0)
			continue;
		cpusched_tick(&s.s_cpu);
		if (pfd[1].revents != 0)
			reap(&s);
		if (pfd[0].revents != 0)
			receive(&s);
	}
}

int
spawner_start(int *sockp, char *title, size_t len)
{
	int pair[2], error;
	pid_t self = getpid(), pid;

	if ((error = seq_pair(pair)) != 0)
		return error;
	if ((pid = fork()) < 0) {
		error = errno;
		close(pair[0]);
		close(pair[1]);
		return error;
	}
	if (pid == 0) {
		close(pair[0]);
		spawner_run(pair[1], self, title, len);
	}
	close(pair[1]);
	*sockp = pair[0];
	return 0;
}
