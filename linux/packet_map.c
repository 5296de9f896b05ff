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
#include <unistd.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#define MAP_FDARG	4
#define MAP_ERESTARTSYS	512	/* the kernel's own: a call that is begun anew */

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

/*
 * If something else stopped it first, a signal, that is let go on; the call comes again with the socket, and is done then.
 */
static int
map_restart(pid_t tid, int fd)
{
	int status, sig = 0;

	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) != 0)
		return (EPERM);
	(void)ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
	while (waitpid(tid, &status, __WALL) < 0)
		if (errno != EINTR)
			return (0);		/* it is no more */
	if (!WIFSTOPPED(status))
		return (0);
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
