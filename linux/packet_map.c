/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mmap of a packet socket's ring.
 *
 * Theory of operation.  The program maps the descriptor of its socket, which is an AF_UNIX socket that nothing can be mapped from; the memory is a memfd of
 * ours.  The host can be asked to install a descriptor while the call waits for its answer, but not to do the call with another argument.  So the
 * memfd is installed beside the socket, the waiting thread is stopped for a moment, its argument changed, and the call, which is begun anew as
 * after any interruption, comes once more, is of a descriptor that is none of ours, and is left to the host.
 *
 * The filter sends us shared, writable mappings of a file's beginning only.  A thread that is being traced cannot be stopped by us (EPERM).
 */
#include "linux/packet_ring.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#define MAP_ERESTARTSYS	512	/* the kernel's own: a call that is begun anew */
#define MAP_TICK_NS	50000	/* a stop is looked for so often, */
#define MAP_TICKS	4000	/* and so many times */

/* A copy in the program, which goes on waiting; -1 with errno. */
static int
map_install(const struct lx_call *c, int fd)
{
	struct seccomp_notif_addfd add = { .id = c->c_id, .srcfd = (uint32_t)fd, .newfd_flags = O_CLOEXEC };
	int n;

	do
		n = ioctl(c->c_pr->pr_fd, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
	while (n < 0 && errno == EINTR);
	return (n);
}

/* Stopped while it waits for us: the other descriptor in the place of the socket. */
static void
map_redirect(pid_t tid, int fd)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, tid, NULL, &regs) != 0)
		return;
	if (regs.orig_rax != SYS_mmap || (long)regs.rax != -MAP_ERESTARTSYS)
		return;
	regs.r8 = (unsigned long long)fd;
	(void)ptrace(PTRACE_SETREGS, tid, NULL, &regs);
}

/* False: it does not stop in time. */
static bool
map_wait(pid_t tid, int *status)
{
	const struct timespec tick = { .tv_nsec = MAP_TICK_NS };

	for (int i = 0; i < MAP_TICKS; i++) {
		if (waitpid(tid, status, __WALL | WNOHANG) != 0)
			return (true);
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &tick, NULL);
	}
	return (false);
}

/*
 * A thread that waits for us stops at once.  One that a signal took away meanwhile may be where nothing stops it, in vfork() or as what is left of a
 * process's first thread; somebody has to arrange that, and a program that does so is killed, because it must not make us wait.
 *
 * If something else stopped it first, a signal, that is let go on; the call comes again with the socket, and is done then.
 */
static int
map_restart(pid_t tid, int fd)
{
	int status = 0, sig = 0;

	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) != 0)
		return (EPERM);
	(void)ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
	if (!map_wait(tid, &status)) {
		(void)kill(tid, SIGKILL);
		(void)map_wait(tid, &status);
		return (0);
	}
	if (!WIFSTOPPED(status))
		return (0);			/* it is no more */
	if (status >> 16 == PTRACE_EVENT_STOP)
		map_redirect(tid, fd);
	else
		sig = WSTOPSIG(status);
	(void)ptrace(PTRACE_DETACH, tid, NULL, (void *)(long)sig);
	return (0);
}

int64_t
packet_mmap(struct lx_call *c)
{
	struct lx_ring *lr = packet_ring(c->c_sock);
	int error, fd, mem;

	if (lr == NULL)
		return (LX_CONTINUE);		/* ENODEV */
	if ((mem = ring_fd(lr, (size_t)c->c_arg[1])) < 0)
		return (-EINVAL);
	if ((fd = map_install(c, mem)) < 0)
		return (errno == ENOENT ? LX_DONE : -ENOMEM);
	error = map_restart(c->c_tid, fd);
	return (error != 0 ? -error : LX_DONE);
}
