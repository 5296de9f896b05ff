/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * vimaged reads packets, and memory and messages of programs that may be hostile.  It makes no
 * process itself: that is the spawner's work, which reads nothing of them.  So vimaged gives up
 * what making processes needs: it cannot gain rights (no_new_privs), has no capability but
 * those to look into the programs of its jails and to choose their processors (CAP_SYS_PTRACE, CAP_SYS_NICE; nothing at all for an ordinary
 * user, who owns their user namespaces; see drop_capabilities for root without it), and a filter lets it make the calls of the list below
 * and no others: EPERM.  Memory never becomes code.
 *
 * The list is what the functional tests were seen to need, as root and as an ordinary user, and
 * what the C library may do instead of it (another clock when there is no vDSO, the message of
 * an assertion).  A call that is missing here fails, it does not kill: what fails is logged.
 *
 * Landlock is out of the question: a process under it may not look into processes outside of
 * its own domain, and that is what answering calls means.
 */
#include "daemon/sandbox.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <seccomp.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>

static const int allowed[] = {
	/* Files: those of the instance and of /proc. */
	SCMP_SYS(openat),
	SCMP_SYS(close),
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(readv),
	SCMP_SYS(writev),
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(lseek),
	SCMP_SYS(fstat),
	SCMP_SYS(stat),
	SCMP_SYS(lstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(getdents64),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(fcntl),
	SCMP_SYS(flock),
	SCMP_SYS(ftruncate),
	SCMP_SYS(memfd_create),
	/* Programs of jails: their notifications, memory and descriptors. */
	SCMP_SYS(ioctl),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(pidfd_open),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(sched_setaffinity),
	/* Descriptors of programs, the control socket, and links to the outside (which make AF_INET sockets). */
	SCMP_SYS(socketpair),
	SCMP_SYS(connect),
	SCMP_SYS(bind),
	SCMP_SYS(listen),
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
	SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(sendto),
	SCMP_SYS(recvfrom),
	SCMP_SYS(sendmsg),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendmmsg),
	SCMP_SYS(recvmmsg),
	SCMP_SYS(shutdown),
	/* Waiting. */
	SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_pwait2),
	SCMP_SYS(eventfd2),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(restart_syscall),
	/* Memory, threads, and the end. */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(getcpu),
	SCMP_SYS(membarrier),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(tgkill),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(getrandom),
	SCMP_SYS(getrusage),
	SCMP_SYS(uname),
	SCMP_SYS(sysinfo),
};

/* Sockets of the host: control and tunnels, and the user-mode translation of addresses. */
static const int families[] = { AF_UNIX, AF_INET, AF_INET6 };

/*
 * The kernel lets one look only into who has no capability that one lacks, or with CAP_SYS_PTRACE.  A container's root may have all sorts, but not that:
 * then vimaged keeps what the programs of its jails have, too.  An ordinary user has none.
 */
static int
drop_capabilities(void)
{
	static const cap_value_t keep[] = { CAP_SYS_PTRACE, CAP_SYS_NICE };
	cap_flag_value_t have = CAP_CLEAR, nice = CAP_CLEAR;
	cap_t caps = cap_get_proc();
	int error = 0, n;

	if (caps == NULL)
		return ENOMEM;
	if (cap_get_flag(caps, keep[0], CAP_PERMITTED, &have) == 0 && have == CAP_SET) {
		n = cap_get_flag(caps, keep[1], CAP_PERMITTED, &nice) == 0 && nice == CAP_SET ? 2 : 1;
		(void)(cap_clear(caps) + cap_set_flag(caps, CAP_PERMITTED, n, keep, CAP_SET) +
		       cap_set_flag(caps, CAP_EFFECTIVE, n, keep, CAP_SET));
		if (cap_set_proc(caps) != 0)
			error = errno;
	}
	cap_free(caps);
	return error;
}

/* Those whose arguments matter. */
static int
allow_some(scmp_filter_ctx ctx)
{
	static const int maps[] = { SCMP_SYS(mmap), SCMP_SYS(mprotect) };
	static const int traces[] = { PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_GETREGS, PTRACE_SETREGS, PTRACE_DETACH };
	int error = 0;

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]) && error == 0; i++)
		error = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0_32(SCMP_CMP_MASKED_EQ, UINT32_MAX, (uint32_t)families[i]));
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]) && error == 0; i++)
		error = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, maps[i], 1, SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	/* Rings of packet sockets are mapped by a program that is stopped for a moment (linux/packet_map.c). */
	for (size_t i = 0; i < sizeof(traces) / sizeof(traces[0]) && error == 0; i++)
		error = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ptrace), 1, SCMP_A0(SCMP_CMP_EQ, (uint64_t)traces[i], 0));
	if (error == 0)
		error = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(wait4), 0);
	/* Threads, no processes.  What clone3() shall make cannot be seen: the C library then takes clone(). */
	if (error == 0)
		error = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
		    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM));
	if (error == 0)
		error = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	/* Limits may be read. */
	if (error == 0)
		error = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, SCMP_A2(SCMP_CMP_EQ, 0, 0));
	return error;
}

static int
install_filter(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int error = 0;

	if (ctx == NULL)
		return ENOMEM;
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]) && error == 0; i++)
		error = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0);
	if (error == 0)
		error = allow_some(ctx);
	/* A tree, not a list: the calls of the data path stand behind many others. */
	if (error == 0)
		(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (error == 0)
		error = seccomp_load(ctx);
	seccomp_release(ctx);
	return -error;
}

int
sandbox_enter(void)
{
	int error;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return errno;
	if ((error = drop_capabilities()) != 0)
		return error;
	return install_filter();
}
