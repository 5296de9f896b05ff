/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files and IPC objects that the host's kernel refuses (vlog.refusals).
 *
 * Theory of operation.  As in others.c the host's kernel decides, and a line in the jail's log says what it refuses.  But what it says of a path
 * depends on the caller's root, mounts and ids, vimaged may have no right in the jail's directories, and a file system of the jail's own could keep
 * us waiting for ever.  So a process that stands where the program stands is asked, the witness (daemon/witness.c), and meanwhile the call waits here
 * like any other.  It goes on when the answer is there, or when LATE_NS have passed; then nothing is asked until the witness has answered again, and
 * how many calls nobody looked at is logged.
 */
#include "linux/lx.h"
#include "linux/sysnum.h"
#include "linux/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <linux/openat2.h>

#define LATE_NS		(100 * UINT64_C(1000000))
#define NONE		0xff	/* no such argument */
#define MAXSEMOPS	32	/* of semop(2) are looked at */

/*
 * Asking.
 */
struct question {
	struct witness_ask q_ask;
	char	q_path[2][WITNESS_PATH];
};

static void
unseen(struct lx_program *pr)
{
	pr->pr_unseen++;
}

static void
tell_unseen(struct lx_program *pr, const char *why)
{
	char text[160];

	if (pr->pr_unseen == 0)
		return;
	snprintf(text, sizeof(text), "%llu calls with files or IPC objects were not looked at: %s", (unsigned long long)pr->pr_unseen, why);
	pr->pr_unseen = 0;
	lx_manage(pr->pr_lx);
	vi_jail_log_write(pr->pr_lx->lx_kernel, pr->pr_use.us_jid[VI_CLASS_VPROC], LOG_NOTICE, text);
	lx_managed(pr->pr_lx);
}

static int64_t
ask(struct lx_call *c, struct question *q)
{
	struct iovec iov[3] = { { &q->q_ask, sizeof(q->q_ask) } };
	const struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 1 + q->q_ask.wa_n };
	struct lx_program *pr = c->c_pr;

	q->q_ask.wa_id = c->c_id;
	q->q_ask.wa_tid = c->c_tid;
	for (unsigned i = 0; i < q->q_ask.wa_n; i++)
		iov[1 + i] = (struct iovec){ q->q_path[i], q->q_ask.wa_look[i].wl_len };
	if (pr->pr_late || sendmsg(pr->pr_witness, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		unseen(pr);
		return (LX_CONTINUE);
	}
	c->c_asked = true;
	return (lx_call_wait(c, LATE_NS, 0) == LX_DONE ? LX_DONE : LX_CONTINUE);
}

void
lx_witness_late(struct lx_call *c)
{
	c->c_pr->pr_late = true;
	unseen(c->c_pr);
	(void)lx_answer(c, LX_CONTINUE);
}

/* 0: the oldest. */
static struct lx_call *
asked_find(struct lx_program *pr, uint64_t id)
{
	struct lx_call *c;

	TAILQ_FOREACH(c, &pr->pr_calls, c_plink)
		if (c->c_asked && (c->c_id == id || id == 0))
			break;
	return (c);
}

static enum vi_priv
priv_of(const struct lx_call *c, int error)
{
	if ((c->c_nr >= SYS_shmget && c->c_nr <= SYS_shmctl) || (c->c_nr >= SYS_semget && c->c_nr <= SYS_msgctl) || c->c_nr == SYS_semtimedop ||
	    c->c_nr == SYS_mq_open || c->c_nr == SYS_mq_unlink)
		return (VI_PRIV_IPC_ADMIN);
	return (error == EPERM ? VI_PRIV_VFS_ADMIN : VI_PRIV_VFS_ACCESS);
}

static void
answered(struct lx_program *pr, struct witness_answer *wr)
{
	struct lx_call *c = asked_find(pr, wr->wr_id);

	pr->pr_late = false;
	wr->wr_text[sizeof(wr->wr_text) - 1] = '\0';
	if (c != NULL) {
		if (wr->wr_id == 0)	/* it cost the last witness his life */
			unseen(pr);
		if (wr->wr_error != 0 && lx_call_valid(c))
			lx_log_refusal(c, priv_of(c, wr->wr_error), wr->wr_text, UINT32_MAX);
		(void)lx_answer(c, LX_CONTINUE);
		lx_call_free(c);
	}
	tell_unseen(pr, "the file system they are on did not answer in time");
}

void
lx_witness_gone(struct lx_program *pr)
{
	struct lx_call *c, *tmp;

	if (pr->pr_witness < 0)
		return;
	lx_loop_del(pr->pr_lx->lx_loop, &pr->pr_answers);
	close(pr->pr_witness);
	pr->pr_witness = -1;
	TAILQ_FOREACH_SAFE(c, &pr->pr_calls, c_plink, tmp)
		if (c->c_asked) {
			unseen(pr);
			(void)lx_answer(c, LX_CONTINUE);
			lx_call_free(c);
		}
}

static void
witness_event(struct lx_event *le, uint32_t events)
{
	struct lx_program *pr = LX_CONTAINER(le, struct lx_program, pr_answers);
	struct witness_answer wr;
	ssize_t n;

	(void)events;
	n = recv(pr->pr_witness, &wr, sizeof(wr), MSG_DONTWAIT);
	if (n == (ssize_t)sizeof(wr))
		answered(pr, &wr);
	else if (n >= 0 || (errno != EAGAIN && errno != EINTR)) {
		lx_witness_gone(pr);
		tell_unseen(pr, "there is no witness any more");
	}
}

int
lx_witness_attach(struct lx_program *pr, int fd)
{
	int error;

	pr->pr_witness = -1;
	if (fd < 0)
		return (0);
	pr->pr_answers.le_owner = pr->pr_vnet;
	error = lx_loop_add(pr->pr_lx->lx_loop, &pr->pr_answers, fd, EPOLLIN, witness_event);
	if (error == 0)
		pr->pr_witness = fd;
	else
		close(fd);
	return (error);
}

/*
 * Files.
 */
struct names {		/* a call's arguments of one path */
	uint8_t	n_kind, n_mode;
	uint8_t	n_dir, n_path;	/* which are the descriptor and the path */
};

static const struct filecall {
	int	fc_nr;
	uint8_t	fc_flags;	/* the argument with AT_* flags */
	bool	fc_nofollow;
	struct names fc_name[2];
} filecalls[] = {
	{ SYS_truncate,		NONE, false, { { WITNESS_USE, W_OK, NONE, 0 } } },
	{ SYS_execve,		NONE, false, { { WITNESS_USE, X_OK, NONE, 0 } } },
	{ SYS_execveat,		4, false, { { WITNESS_USE, X_OK, 0, 1 } } },
	{ SYS_chdir,		NONE, false, { { WITNESS_USE, X_OK, NONE, 0 } } },
	{ SYS_mkdir,		NONE, true, { { WITNESS_MAKE, 0, NONE, 0 } } },
	{ SYS_mkdirat,		NONE, true, { { WITNESS_MAKE, 0, 0, 1 } } },
	{ SYS_symlink,		NONE, true, { { WITNESS_MAKE, 0, NONE, 1 } } },
	{ SYS_symlinkat,	NONE, true, { { WITNESS_MAKE, 0, 1, 2 } } },
	{ SYS_link,		NONE, true, { { WITNESS_MAKE, 0, NONE, 1 } } },
	{ SYS_linkat,		NONE, true, { { WITNESS_MAKE, 0, 2, 3 } } },
	{ SYS_unlink,		NONE, true, { { WITNESS_REMOVE, 0, NONE, 0 } } },
	{ SYS_rmdir,		NONE, true, { { WITNESS_REMOVE, 0, NONE, 0 } } },
	{ SYS_unlinkat,		NONE, true, { { WITNESS_REMOVE, 0, 0, 1 } } },
	{ SYS_rename,		NONE, true, { { WITNESS_REMOVE, 0, NONE, 0 }, { WITNESS_REPLACE, 0, NONE, 1 } } },
	{ SYS_renameat,		NONE, true, { { WITNESS_REMOVE, 0, 0, 1 }, { WITNESS_REPLACE, 0, 2, 3 } } },
	{ SYS_renameat2,	NONE, true, { { WITNESS_REMOVE, 0, 0, 1 }, { WITNESS_REPLACE, 0, 2, 3 } } },
	{ SYS_chmod,		NONE, false, { { WITNESS_OWN, 0, NONE, 0 } } },
	{ SYS_fchmod,		NONE, false, { { WITNESS_OWN, 0, 0, NONE } } },
	{ SYS_fchmodat,		NONE, false, { { WITNESS_OWN, 0, 0, 1 } } },
	{ LX_SYS_FCHMODAT2,	3, false, { { WITNESS_OWN, 0, 0, 1 } } },
};

static bool
ask_path(const struct lx_call *c, struct question *q, struct names n, bool nofollow)
{
	struct witness_look *wl = &q->q_ask.wa_look[q->q_ask.wa_n];
	char *path = q->q_path[q->q_ask.wa_n];

	path[0] = '\0';
	if (n.n_path != NONE && lx_copyin_string(c, c->c_arg[n.n_path], path, WITNESS_PATH) != 0)
		return (false);
	*wl = (struct witness_look){ .wl_kind = n.n_kind, .wl_mode = n.n_mode, .wl_nofollow = nofollow, .wl_len = (uint16_t)(strlen(path) + 1),
		.wl_number = n.n_dir == NONE ? AT_FDCWD : (int32_t)c->c_arg[n.n_dir] };
	q->q_ask.wa_n++;
	return (true);
}

/* open(2): what the flags want. */
static bool
ask_open(const struct lx_call *c, struct question *q)
{
	struct names n = { .n_kind = WITNESS_USE, .n_dir = c->c_nr == SYS_openat || c->c_nr == SYS_openat2 ? 0 : NONE };
	struct open_how how = { 0 };

	n.n_path = n.n_dir == NONE ? 0 : 1;
	if (c->c_nr == SYS_openat2) {
		if (lx_copyin(c, c->c_arg[2], &how, sizeof(how)) != 0)
			return (false);
	} else
		how.flags = c->c_nr == SYS_creat ? O_CREAT | O_WRONLY | O_TRUNC : (uint32_t)c->c_arg[n.n_path + 1];
	if ((how.flags & O_PATH) != 0)
		return (false);
	n.n_mode = (how.flags & O_ACCMODE) == O_RDONLY ? R_OK : (how.flags & O_ACCMODE) == O_WRONLY ? W_OK : R_OK | W_OK;
	if ((how.flags & O_TRUNC) != 0)
		n.n_mode |= W_OK;
	if ((how.flags & O_TMPFILE) == O_TMPFILE)	/* it gets no name */
		n.n_mode = W_OK | X_OK;
	else if ((how.flags & O_CREAT) != 0)
		n.n_kind = (how.flags & O_EXCL) != 0 ? WITNESS_MAKE : WITNESS_CREATE;
	return (ask_path(c, q, n, (how.flags & O_NOFOLLOW) != 0));
}

static bool
ask_file(const struct lx_call *c, struct question *q)
{
	const struct filecall *fc = filecalls;
	bool nofollow;

	while (fc < filecalls + LX_NITEMS(filecalls) && fc->fc_nr != c->c_nr)
		fc++;
	if (fc == filecalls + LX_NITEMS(filecalls))
		return (ask_open(c, q));
	nofollow = fc->fc_nofollow || (fc->fc_flags != NONE && (c->c_arg[fc->fc_flags] & AT_SYMLINK_NOFOLLOW) != 0);
	return (ask_path(c, q, fc->fc_name[0], nofollow) && (fc->fc_name[1].n_path == 0 || ask_path(c, q, fc->fc_name[1], nofollow)));
}

int64_t
lx_sys_file(struct lx_call *c)
{
	struct question q;	/* its paths are long, and filled in part */

	q.q_ask = (struct witness_ask){ .wa_n = 0 };
	return (c->c_pr->pr_witness >= 0 && !lx_on_host(c) && ask_file(c, &q) ? ask(c, &q) : LX_CONTINUE);
}

/*
 * IPC objects.
 */
/* The commands of shmctl(2), semctl(2), msgctl(2) that are about one object; false: it is about none. */
static bool
control(int cmd, struct witness_look *wl)
{
	switch (cmd & ~0x100 /* IPC_64 */) {
	case IPC_RMID:
	case IPC_SET:
		wl->wl_own = true;
		return (true);
	case IPC_STAT:
	case GETVAL:
	case GETALL:
	case GETPID:
	case GETNCNT:
	case GETZCNT:
		wl->wl_mode = R_OK;
		return (true);
	case SETVAL:
	case SETALL:
		wl->wl_mode = W_OK;
		return (true);
	default:
		return (false);
	}
}

/* semop(2): who only waits reads. */
static uint8_t
semop_mode(const struct lx_call *c)
{
	struct sembuf ops[MAXSEMOPS];
	const size_t n = c->c_arg[2] < MAXSEMOPS ? c->c_arg[2] : MAXSEMOPS;

	if (lx_copyin(c, c->c_arg[1], ops, n * sizeof(ops[0])) == 0)
		for (size_t i = 0; i < n; i++)
			if (ops[i].sem_op != 0)
				return (W_OK);
	return (R_OK);
}

static bool
look_at_get(struct witness_look *wl, int key, int flags)
{
	wl->wl_key = true;
	wl->wl_make = (flags & IPC_CREAT) != 0;
	flags |= flags >> 3 | flags >> 6;
	wl->wl_mode = (uint8_t)(flags & (R_OK | W_OK));
	return (key != IPC_PRIVATE && (!wl->wl_make || (flags & IPC_EXCL) == 0));
}

static bool
look_at_sysv(const struct lx_call *c, struct witness_look *wl)
{
	wl->wl_number = (int32_t)c->c_arg[0];
	switch (c->c_nr) {
	case SYS_shmget:
	case SYS_semget:
		return (look_at_get(wl, wl->wl_number, (int)c->c_arg[2]));
	case SYS_msgget:
		return (look_at_get(wl, wl->wl_number, (int)c->c_arg[1]));
	case SYS_shmctl:
	case SYS_msgctl:
		return (control((int)c->c_arg[1], wl));
	case SYS_semctl:
		return (control((int)c->c_arg[2], wl));
	case SYS_shmat:
		wl->wl_mode = (c->c_arg[2] & SHM_RDONLY) != 0 ? R_OK : R_OK | W_OK;
		return (true);
	case SYS_semop:
	case SYS_semtimedop:
		wl->wl_mode = semop_mode(c);
		return (true);
	case SYS_msgsnd:
	case SYS_msgrcv:
		wl->wl_mode = c->c_nr == SYS_msgsnd ? W_OK : R_OK;
		return (true);
	default:
		return (false);
	}
}

static bool
look_at_queue(const struct lx_call *c, struct witness_look *wl, char *name)
{
	const unsigned flags = (unsigned)c->c_arg[1];

	if ((c->c_nr != SYS_mq_open && c->c_nr != SYS_mq_unlink) || lx_copyin_string(c, c->c_arg[0], name, WITNESS_PATH) != 0)
		return (false);
	wl->wl_len = (uint16_t)(strlen(name) + 1);
	wl->wl_own = c->c_nr == SYS_mq_unlink;
	wl->wl_make = !wl->wl_own && (flags & O_CREAT) != 0;
	wl->wl_mode = (flags & O_ACCMODE) == O_RDONLY ? R_OK : (flags & O_ACCMODE) == O_WRONLY ? W_OK : R_OK | W_OK;
	return (!wl->wl_make || (flags & O_EXCL) == 0);
}

int64_t
lx_look_at_object(struct lx_call *c, unsigned kind)
{
	struct question q;
	struct witness_look *wl = q.q_ask.wa_look;
	bool look;

	q.q_ask = (struct witness_ask){ .wa_n = 1 };
	if (c->c_pr->pr_witness < 0 || lx_on_host(c))
		return (LX_CONTINUE);
	wl->wl_kind = kind == VI_IPC_SYSVMSG ? WITNESS_MSG : kind == VI_IPC_SYSVSEM ? WITNESS_SEM : kind == VI_IPC_SYSVSHM ? WITNESS_SHM : WITNESS_MQ;
	look = kind == VI_IPC_MQUEUE ? look_at_queue(c, wl, q.q_path[0]) : look_at_sysv(c, wl);
	return (look ? ask(c, &q) : LX_CONTINUE);
}
