/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls and their answers.
 *
 * Theory of operation.  The listener's descriptor is readable when a program has made a call
 * that the filter sends us.  We receive one notification, find the socket behind the first
 * argument where the call has a descriptor, and run the handler of the call.  A handler
 * returns a result, -errno, LX_CONTINUE (the host's kernel does the call, for descriptors that
 * are not ours and for what works natively), or LX_DONE when it answered itself or the call
 * waits.
 *
 * Waiting calls are copies on the heap, in the list of their socket and of their program.
 * They end by
 *  - an event on the socket (accept, connect, receive),
 *  - their timeout (SO_RCVTIMEO, SO_SNDTIMEO; one timerfd for all),
 *  - a signal: nothing tells us.  The next answer fails with ENOENT, or the same thread comes
 *    with another call; both drop the old one,
 *  - the end of the thread: as before, and at the latest when the socket goes,
 *  - the end of the program or of the vnet.
 *
 * An answer that fails with ENOENT was overtaken by a signal.  What can be given back (a
 * connection, a datagram, a new descriptor) is given back by the handler.  What cannot (a bind
 * that is done, a datagram that is sent) is kept for a moment: the thread restarts the call
 * with the same arguments, and then gets the answer without a second action.
 */
#include "linux/lx.h"
#include "linux/packet_ring.h"
#include "linux/sysnum.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#define LOST_NS		(50 * 1000000ULL)	/* how long a lost answer is good */
#define LATER_TURNS	16
#define DONE_NS		(2 * 1000000ULL)

/*
 * The host may know larger structures than we were built with; it fills no more than its own
 * size.
 */
union notif_buf {
	struct seccomp_notif n;
	char	pad[256];
};

typedef int64_t notif_fn(struct lx_call *);

enum {
	NF_SOCK = 1,	/* argument 0 is a descriptor; not ours: to the host */
	NF_ANY = 2,	/* argument 0 is a descriptor; the handler wants every socket */
	NF_EFFECT = 4,	/* cannot be done twice */
	NF_FD4 = 8,	/* the descriptor is argument 4 */
};

static const struct {
	int	 nr;
	int	 flags;
	notif_fn *fn;
} notif_table[] = {
	{ SYS_recvfrom,		NF_SOCK,		lx_sys_recvfrom },
	{ SYS_sendto,		NF_SOCK | NF_EFFECT,	lx_sys_sendto },
	{ SYS_recvmsg,		NF_SOCK,		lx_sys_recvmsg },
	{ SYS_sendmsg,		NF_SOCK | NF_EFFECT,	lx_sys_sendmsg },
	{ SYS_accept4,		NF_SOCK,		lx_sys_accept },
	{ SYS_accept,		NF_SOCK,		lx_sys_accept },
	{ SYS_socket,		0,			lx_sys_socket },
	{ SYS_connect,		NF_SOCK | NF_EFFECT,	lx_sys_connect },
	{ SYS_setsockopt,	NF_SOCK,		lx_sys_setsockopt },
	{ SYS_getsockopt,	NF_SOCK,		lx_sys_getsockopt },
	{ SYS_bind,		NF_SOCK | NF_EFFECT,	lx_sys_bind },
	{ SYS_listen,		NF_SOCK | NF_EFFECT,	lx_sys_listen },
	{ SYS_shutdown,		NF_SOCK,		lx_sys_shutdown },
	{ SYS_getsockname,	NF_SOCK,		lx_sys_getsockname },
	{ SYS_getpeername,	NF_SOCK,		lx_sys_getpeername },
	{ SYS_sendmmsg,		NF_SOCK | NF_EFFECT,	lx_sys_sendmmsg },
	{ SYS_recvmmsg,		NF_SOCK,		lx_sys_recvmmsg },
	{ SYS_ioctl,		NF_ANY,			lx_sys_ioctl },
	{ SYS_mmap,		NF_SOCK | NF_FD4,	packet_mmap },
	{ SYS_syslog,		NF_EFFECT,		lx_sys_syslog },
	{ SYS_uname,		0,			lx_sys_uname },
	{ -LX_I386_UNAME,	0,			lx_sys_uname },
	{ -LX_I386_OLDUNAME,	0,			lx_sys_uname },
	{ -LX_I386_OLDOLDUNAME,	0,			lx_sys_uname },
	{ SYS_sethostname,	0,			lx_sys_sethostname },
	{ SYS_setdomainname,	0,			lx_sys_sethostname },
	{ SYS_mount,		0,			lx_sys_mount },
	{ SYS_umount2,		0,			lx_sys_mount },
	{ SYS_pivot_root,	0,			lx_sys_mount },
	{ SYS_move_mount,	0,			lx_sys_mount },
	{ SYS_open_tree,	0,			lx_sys_mount },
	{ SYS_fsopen,		0,			lx_sys_mount },
	{ SYS_fspick,		0,			lx_sys_mount },
	{ SYS_fsconfig,		0,			lx_sys_mount },
	{ SYS_fsmount,		0,			lx_sys_mount },
	{ LX_SYS_MOUNT_SETATTR,	0,			lx_sys_mount },
	{ LX_SYS_OPEN_TREE_ATTR, 0,			lx_sys_mount },
	{ SYS_reboot,		0,			lx_sys_host },
	{ SYS_kexec_load,	0,			lx_sys_host },
	{ SYS_kexec_file_load,	0,			lx_sys_host },
	{ SYS_init_module,	0,			lx_sys_host },
	{ SYS_finit_module,	0,			lx_sys_host },
	{ SYS_delete_module,	0,			lx_sys_host },
	{ SYS_iopl,		0,			lx_sys_host },
	{ SYS_ioperm,		0,			lx_sys_host },
	{ SYS_acct,		0,			lx_sys_host },
	{ SYS_settimeofday,	0,			lx_sys_host },
	{ SYS_clock_settime,	0,			lx_sys_host },
	{ SYS_adjtimex,		0,			lx_sys_adjtime },
	{ SYS_clock_adjtime,	0,			lx_sys_adjtime },
	{ SYS_chroot,		0,			lx_sys_chroot },
	{ SYS_swapon,		0,			lx_sys_host },
	{ SYS_swapoff,		0,			lx_sys_host },
	{ SYS_bpf,		0,			lx_sys_host },
	{ SYS_perf_event_open,	0,			lx_sys_perf },
	{ SYS_mknod,		0,			lx_sys_host },
	{ SYS_mknodat,		0,			lx_sys_host },
	{ SYS_open_by_handle_at, 0,			lx_sys_host },
	{ SYS_kill,		0,			lx_sys_others },
	{ SYS_tgkill,		0,			lx_sys_others },
	{ SYS_tkill,		0,			lx_sys_others },
	{ SYS_rt_sigqueueinfo,	0,			lx_sys_others },
	{ SYS_rt_tgsigqueueinfo, 0,			lx_sys_others },
	{ SYS_pidfd_open,	0,			lx_sys_others },
	{ SYS_ptrace,		0,			lx_sys_others },
	{ SYS_process_vm_readv,	0,			lx_sys_others },
	{ SYS_process_vm_writev, 0,			lx_sys_others },
	{ SYS_prlimit64,	0,			lx_sys_others },
	{ SYS_sched_setaffinity, 0,			lx_sys_setaffinity },
	{ -LX_I386_SETAFFINITY,	0,			lx_sys_setaffinity },
	{ SYS_sched_setattr,	0,			lx_sys_others },
	{ SYS_sched_setparam,	0,			lx_sys_others },
	{ SYS_sched_setscheduler, 0,			lx_sys_others },
	{ SYS_setpriority,	0,			lx_sys_others },
	{ SYS_ioprio_set,	0,			lx_sys_others },
	{ SYS_move_pages,	0,			lx_sys_others },
	{ SYS_migrate_pages,	0,			lx_sys_others },
	{ SYS_get_robust_list,	0,			lx_sys_others },
	{ SYS_pidfd_send_signal, 0,			lx_sys_pidfd },
	{ SYS_pidfd_getfd,	0,			lx_sys_pidfd },
	{ SYS_process_madvise,	0,			lx_sys_pidfd },
	{ SYS_setrlimit,	0,			lx_sys_setrlimit },
	{ SYS_unshare,		0,			lx_sys_unshare },
	{ SYS_clone,		0,			lx_sys_unshare },
	{ SYS_setns,		0,			lx_sys_setns },
	{ SYS_chown,		0,			lx_sys_chown },
	{ SYS_lchown,		0,			lx_sys_chown },
	{ SYS_fchown,		0,			lx_sys_chown },
	{ SYS_fchownat,		0,			lx_sys_chown },
	{ SYS_setxattr,		0,			lx_sys_xattr },
	{ SYS_lsetxattr,	0,			lx_sys_xattr },
	{ SYS_fsetxattr,	0,			lx_sys_xattr },
	{ SYS_removexattr,	0,			lx_sys_xattr },
	{ SYS_lremovexattr,	0,			lx_sys_xattr },
	{ SYS_fremovexattr,	0,			lx_sys_xattr },
	{ LX_SYS_SETXATTRAT,	0,			lx_sys_xattr },
	{ LX_SYS_REMOVEXATTRAT,	0,			lx_sys_xattr },
	{ SYS_quotactl,		0,			lx_sys_quota },
	{ LX_SYS_QUOTACTL_FD,	0,			lx_sys_quota },
	{ SYS_vhangup,		0,			lx_sys_machine },
	{ SYS_timer_create,	0,			lx_sys_machine },
	{ SYS_timerfd_create,	0,			lx_sys_machine },
	{ SYS_prctl,		0,			lx_sys_prctl },
	{ SYS_open,		0,			lx_sys_file },
	{ SYS_openat,		0,			lx_sys_file },
	{ SYS_openat2,		0,			lx_sys_file },
	{ SYS_creat,		0,			lx_sys_file },
	{ SYS_truncate,		0,			lx_sys_file },
	{ SYS_execve,		0,			lx_sys_file },
	{ SYS_execveat,		0,			lx_sys_file },
	{ SYS_chdir,		0,			lx_sys_file },
	{ SYS_mkdir,		0,			lx_sys_file },
	{ SYS_mkdirat,		0,			lx_sys_file },
	{ SYS_symlink,		0,			lx_sys_file },
	{ SYS_symlinkat,		0,			lx_sys_file },
	{ SYS_link,		0,			lx_sys_file },
	{ SYS_linkat,		0,			lx_sys_file },
	{ SYS_unlink,		0,			lx_sys_file },
	{ SYS_rmdir,		0,			lx_sys_file },
	{ SYS_unlinkat,		0,			lx_sys_file },
	{ SYS_rename,		0,			lx_sys_file },
	{ SYS_renameat,		0,			lx_sys_file },
	{ SYS_renameat2,		0,			lx_sys_file },
	{ SYS_chmod,		0,			lx_sys_file },
	{ SYS_fchmod,		0,			lx_sys_file },
	{ SYS_fchmodat,		0,			lx_sys_file },
	{ LX_SYS_FCHMODAT2,	0,			lx_sys_file },
	{ SYS_msgget,		0,			lx_sys_ipc },
	{ SYS_msgsnd,		0,			lx_sys_ipc },
	{ SYS_msgrcv,		0,			lx_sys_ipc },
	{ SYS_msgctl,		0,			lx_sys_ipc },
	{ SYS_semget,		0,			lx_sys_ipc },
	{ SYS_semop,		0,			lx_sys_ipc },
	{ SYS_semctl,		0,			lx_sys_ipc },
	{ SYS_semtimedop,	0,			lx_sys_ipc },
	{ SYS_shmget,		0,			lx_sys_ipc },
	{ SYS_shmat,		0,			lx_sys_ipc },
	{ SYS_shmctl,		0,			lx_sys_ipc },
	{ SYS_shmdt,		0,			lx_sys_ipc },
	{ SYS_mq_open,		0,			lx_sys_ipc },
	{ SYS_mq_unlink,		0,			lx_sys_ipc },
	{ SYS_mq_timedsend,	0,			lx_sys_ipc },
	{ SYS_mq_timedreceive, 0,			lx_sys_ipc },
	{ SYS_mq_notify,		0,			lx_sys_ipc },
	{ SYS_mq_getsetattr,	0,			lx_sys_ipc },
	{ SYS_setuid,		0,			lx_sys_setid },
	{ SYS_setgid,		0,			lx_sys_setid },
	{ SYS_setreuid,		0,			lx_sys_setid },
	{ SYS_setregid,		0,			lx_sys_setid },
	{ SYS_setresuid,	0,			lx_sys_setid },
	{ SYS_setresgid,	0,			lx_sys_setid },
	{ SYS_setgroups,	0,			lx_sys_setgroups },
	{ SYS_mlock,		0,			lx_sys_mlock },
	{ SYS_mlock2,		0,			lx_sys_mlock },
	{ SYS_mlockall,		0,			lx_sys_mlock },
};

bool
lx_call_valid(const struct lx_call *c)
{
	uint64_t id = c->c_id;

	return (ioctl(c->c_pr->pr_fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0);
}

static void
lost_keep(struct lx_lost *lo, const struct lx_call *c, int64_t result, uint64_t ns)
{
	lo->lo_tid = c->c_tid;
	lo->lo_nr = c->c_nr;
	memcpy(lo->lo_arg, c->c_arg, sizeof(lo->lo_arg));
	lo->lo_result = result;
	lo->lo_expire = lx_now() + ns;
}

static bool
lost_again(const struct lx_lost *lo, const struct lx_call *c)
{
	return (lo->lo_tid == c->c_tid && lo->lo_nr == c->c_nr &&
		memcmp(lo->lo_arg, c->c_arg, sizeof(lo->lo_arg)) == 0 && lx_now() < lo->lo_expire);
}

/* Any call of the thread ends the life of what it lost; the same one in time gets it. */
static bool
lost_take(const struct lx_call *c, int64_t *result)
{
	struct lx_program *pr = c->c_pr;
	struct lx_lost *lo;
	bool again;
	unsigned i;

	for (i = 0; i < LX_NITEMS(pr->pr_lost); i++) {
		lo = &pr->pr_lost[i];
		if (lo->lo_tid != c->c_tid)
			continue;
		*result = lo->lo_result;
		again = lost_again(lo, c);
		lo->lo_tid = 0;
		return (again);
	}
	return (false);
}

/*
 * The host tells us that an answer arrived a moment before the thread, awake for a signal, finds out that it is not to wait for it: the call is
 * restarted nevertheless.  For connect and bind that would be an error.  A program that truly makes the same call twice within DONE_NS, and
 * catches signals, is told that the second one succeeded.
 */
static void
done_keep(struct lx_call *c, int64_t result)
{
	struct lx_program *pr = c->c_pr;

	if (result == 0 && (c->c_nr == SYS_connect || c->c_nr == SYS_bind))
		lost_keep(&pr->pr_done[pr->pr_nextdone++ % LX_NITEMS(pr->pr_done)], c, result, DONE_NS);
}

/* Any other call of the thread shows that the answer was taken. */
static bool
done_again(const struct lx_call *c)
{
	struct lx_lost *lo;
	unsigned i;

	for (i = 0; i < LX_NITEMS(c->c_pr->pr_done); i++) {
		lo = &c->c_pr->pr_done[i];
		if (lo->lo_tid != c->c_tid)
			continue;
		if (lost_again(lo, c))
			return (true);
		lo->lo_tid = 0;
	}
	return (false);
}

int
lx_answer(struct lx_call *c, int64_t result)
{
	struct seccomp_notif_resp resp = { .id = c->c_id };

	if (result == LX_CONTINUE) {
		resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		c->c_lx->lx_stats.ls_continued++;
	} else if (result < 0)
		resp.error = (int)result;
	else
		resp.val = result;
	if (ioctl(c->c_pr->pr_fd, SECCOMP_IOCTL_NOTIF_SEND, &resp) == 0) {
		done_keep(c, result);
		return (0);
	}
	c->c_lx->lx_stats.ls_lost++;
	/* -ENOENT: the handler noticed in time and did nothing. */
	if (c->c_effect && result != LX_CONTINUE && result != -ENOENT)
		lost_keep(&c->c_pr->pr_lost[c->c_pr->pr_nextlost++ % LX_NITEMS(c->c_pr->pr_lost)], c, result, LOST_NS);
	return (ENOENT);
}

/*
 * The descriptor and the answer in one step; fd stays ours.  On an error but ENOENT the call
 * still waits for its answer.
 */
int
lx_answer_fd(struct lx_call *c, int fd, bool cloexec, int *newfd)
{
	struct seccomp_notif_addfd add = {
		.id = c->c_id, .flags = SECCOMP_ADDFD_FLAG_SEND, .srcfd = (uint32_t)fd,
		.newfd_flags = cloexec ? O_CLOEXEC : 0 };
	int n;

	do
		n = ioctl(c->c_pr->pr_fd, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
	while (n < 0 && errno == EINTR);
	if (n >= 0) {
		*newfd = n;
		return (0);
	}
	/* ESRCH: the call was overtaken while the descriptor waited to be installed. */
	if (errno != ENOENT && errno != EINPROGRESS && errno != ESRCH)
		return (errno);
	c->c_lx->lx_stats.ls_lost++;
	return (ENOENT);
}

/* What the host keeps with a descriptor: flags, who gets signals, and what only it was told. */
static void
replace_state(int from, int to)
{
	int flags = fcntl(from, F_GETFL), value;
	socklen_t len = sizeof(value);
	struct f_owner_ex owner;

	if (getsockopt(from, SOL_SOCKET, SO_SELECT_ERR_QUEUE, &value, &len) == 0)
		(void)setsockopt(to, SOL_SOCKET, SO_SELECT_ERR_QUEUE, &value, len);
	if (fcntl(from, F_GETOWN_EX, &owner) == 0 && owner.pid != 0)
		(void)fcntl(to, F_SETOWN_EX, &owner);
	if (flags >= 0)
		(void)fcntl(to, F_SETFL, flags);
}

int
lx_replace_fd(struct lx_call *c, int fd)
{
	struct seccomp_notif_addfd add = { .id = c->c_id, .flags = SECCOMP_ADDFD_FLAG_SETFD, .srcfd = (uint32_t)fd,
		.newfd = (uint32_t)c->c_arg[0], .newfd_flags = lx_call_cloexec(c) ? O_CLOEXEC : 0 };
	int n;

	replace_state(c->c_fd, fd);
	if (c->c_sock != NULL)
		lx_sock_native(c->c_sock, fd);
	do
		n = ioctl(c->c_pr->pr_fd, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
	while (n < 0 && errno == EINTR);
	return (n >= 0 ? 0 : errno);
}

void
lx_timer_at(struct lx *lx, uint64_t at)
{
	struct itimerspec its = { 0 };

	if (at >= lx->lx_timerat)
		return;
	lx->lx_timerat = at;
	its.it_value.tv_sec = (time_t)(at / 1000000000);
	its.it_value.tv_nsec = (long)(at % 1000000000);
	(void)timerfd_settime(lx->lx_timerfd, TFD_TIMER_ABSTIME, &its, NULL);
}

/* Ends what has waited long enough and sets the timer for the rest. */
void
lx_timers(struct lx *lx)
{
	uint64_t next = lx->lx_sweepat, now = lx_now(), other;
	struct lx_call *c, *tmp;

	lx->lx_timerat = LX_FOREVER;
	TAILQ_FOREACH_SAFE(c, &lx->lx_timed, c_tlink, tmp)
		if (c->c_deadline <= now) {
			if (c->c_asked)
				lx_witness_late(c);
			else if (!recv_late(c))
				lx_answer(c, -c->c_timeout);
			lx_call_free(c);
		} else if (c->c_deadline < next)
			next = c->c_deadline;
	if (lx->lx_sweepat <= now) {
		lx_sweep(lx);
		lx->lx_sweepat = TAILQ_EMPTY(&lx->lx_zombies) ? LX_FOREVER : now + 2000000000;
		next = lx->lx_sweepat < next ? lx->lx_sweepat : next;
	}
	other = rings_timer(lx, now);
	next = other < next ? other : next;
	other = errpairs_timer(lx, now);
	next = other < next ? other : next;
	if (next != LX_FOREVER)
		lx_timer_at(lx, next);
}

static struct lx_calls *
calls_of(const struct lx_call *c)
{
	return (c->c_sock != NULL ? &c->c_sock->ls_calls : c->c_asked ? &c->c_lx->lx_asked : &c->c_lx->lx_logcalls);
}

int64_t
lx_call_wait(struct lx_call *c, uint64_t timeout, int error)
{
	struct lx_call *w;

	w = malloc(sizeof(*w));
	if (w == NULL)
		return (-ENOMEM);
	*w = *c;
	w->c_fd = -1;
	w->c_deadline = LX_FOREVER;
	w->c_timeout = error;
	TAILQ_INSERT_TAIL(calls_of(w), w, c_link);
	TAILQ_INSERT_TAIL(&w->c_pr->pr_calls, w, c_plink);
	if (timeout != LX_FOREVER) {
		w->c_deadline = lx_now() + timeout;
		TAILQ_INSERT_TAIL(&w->c_lx->lx_timed, w, c_tlink);
		lx_timer_at(w->c_lx, w->c_deadline);
	}
	return (LX_DONE);
}

void
lx_call_free(struct lx_call *c)
{
	TAILQ_REMOVE(calls_of(c), c, c_link);
	TAILQ_REMOVE(&c->c_pr->pr_calls, c, c_plink);
	if (c->c_deadline != LX_FOREVER)
		TAILQ_REMOVE(&c->c_lx->lx_timed, c, c_tlink);
	free(c);
}

void
lx_calls_answer(struct lx_sock *ls, int64_t result)
{
	struct lx_call *c;

	while ((c = TAILQ_FIRST(&ls->ls_calls)) != NULL) {
		lx_answer(c, result);
		lx_call_free(c);
	}
}

/*
 * A thread is in one call at a time: what waits under its number is over.  True: this is that call again, restarted after a signal, and it had a
 * time limit of its own; then signal(7) wants EINTR, whatever the handler's SA_RESTART.  A recvmmsg may have messages, and sees to that itself.
 */
static bool
calls_stale(struct lx_program *pr, struct lx_call *again)
{
	struct lx_call *c, *tmp;
	bool interrupted = false;

	TAILQ_FOREACH_SAFE(c, &pr->pr_calls, c_plink, tmp)
		if (c->c_tid == again->c_tid) {
			again->c_again |= c->c_nr == again->c_nr && memcmp(c->c_arg, again->c_arg, sizeof(c->c_arg)) == 0;
			interrupted |= again->c_again && !c->c_asked && c->c_deadline != LX_FOREVER && c->c_nr != SYS_recvmmsg;
			lx_call_free(c);
		}
	return (interrupted);
}

/* EBADF and ENOTSOCK are the host's to say, and so is what we may not look into. */
static int64_t
notif_descriptor(struct lx_call *c, int flags)
{
	int error;

	error = lx_call_fd(c, (int)c->c_arg[(flags & NF_FD4) != 0 ? 4 : 0]);
	if (error == ENOTSOCK && c->c_nr == SYS_ioctl && (lx_tun_iscmd((unsigned)c->c_arg[1]) || lx_chflags_iscmd((unsigned)c->c_arg[1])))
		return (0);
	if (error != 0)
		return (LX_CONTINUE);
	if (c->c_sock == NULL && (flags & NF_ANY) == 0)
		return (LX_CONTINUE);
	return (lx_call_valid(c) ? 0 : LX_DONE);
}

static int64_t
notif_handle(struct lx_call *c)
{
	int64_t result;
	size_t i;

	for (i = 0; i < LX_NITEMS(notif_table); i++)
		if (notif_table[i].nr == c->c_nr)
			break;
	if (i == LX_NITEMS(notif_table))
		return (LX_CONTINUE);
	c->c_effect = (notif_table[i].flags & NF_EFFECT) != 0;
	if ((notif_table[i].flags & (NF_SOCK | NF_ANY)) != 0) {
		result = notif_descriptor(c, notif_table[i].flags);
		if (result != 0)
			return (result);
	}
	return (notif_table[i].fn(c));
}

static void
notif_run(struct lx_program *pr, const struct seccomp_notif *n)
{
	struct lx_call c = { .c_lx = pr->pr_lx, .c_pr = pr, .c_id = n->id, .c_tid = (pid_t)n->pid,
		.c_nr = n->data.arch == AUDIT_ARCH_I386 ? -n->data.nr : n->data.nr, .c_fd = -1, .c_deadline = LX_FOREVER };
	int64_t result = LX_DONE;
	bool done;
	unsigned i;

	for (i = 0; i < LX_NITEMS(c.c_arg); i++)
		c.c_arg[i] = n->data.args[i];
	pr->pr_lx->lx_stats.ls_notifications++;
	c.c_effect = lost_take(&c, &result);	/* and may be lost again */
	done = done_again(&c);
	if (!TAILQ_EMPTY(&pr->pr_calls) && calls_stale(pr, &c))
		result = -EINTR;
	else if (!c.c_effect)
		result = notif_handle(&c);
	if ((result == -EISCONN || result == -EINVAL) && done && lx_catches(c.c_tid))
		result = 0;
	if (c.c_fd >= 0)
		close(c.c_fd);
	if (result != LX_DONE)
		lx_answer(&c, result);
}

static void
program_gone(struct lx_program *pr)
{
	struct lx *lx = pr->pr_lx;

	if (lx->lx_ops.lo_program_gone != NULL)
		lx->lx_ops.lo_program_gone(lx->lx_arg, pr, pr->pr_cookie);
	lx_detach(pr);
}

/* For what its stack has to do with the packets that were written to tun interfaces; it may be flooded. */
static bool
program_waits(struct lx_program *pr)
{
	uint64_t ago = lx_tuns_input(pr->pr_lx, pr->pr_vnet);

	if (pr->pr_later < LATER_TURNS && (ago == 0 || (ago < LATER_TURNS && pr->pr_vnet != NULL && vi_vnet_busy(pr->pr_vnet)))) {
		pr->pr_later++;
		return (true);
	}
	pr->pr_later = 0;
	return (false);
}

void
lx_program_event(struct lx_event *le, uint32_t events)
{
	struct lx_program *pr = LX_CONTAINER(le, struct lx_program, pr_event);
	struct vi_vnet *vn = pr->pr_vnet;
	struct lx *lx = pr->pr_lx;
	uint64_t began = lx_now();
	union notif_buf buf;

	if ((events & EPOLLIN) != 0) {
		if (program_waits(pr))
			return;
		memset(&buf, 0, sizeof(buf));
		lx->lx_ran = 0;
		if (ioctl(pr->pr_fd, SECCOMP_IOCTL_NOTIF_RECV, &buf.n) == 0)
			notif_run(pr, &buf.n);
		if (vn != NULL)
			vi_vnet_spent(vn, lx_now() - began - lx->lx_ran);
	} else if ((events & (EPOLLHUP | EPOLLERR)) != 0)
		program_gone(pr);
}
