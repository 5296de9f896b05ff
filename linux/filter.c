/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The filter: which calls of a program come to us.  Runs in the process to be attached,
 * between fork and exec, so everything here is async-signal-safe: a constant program and three
 * system calls.
 *
 * Data calls (read, write, send, recv without an address), poll and close are never sent to
 * us; of mmap what may be the ring of a packet socket.  Of ioctl only the commands of sockets, of /dev/net/tun and of files that are made immutable come, of socket everything but AF_UNIX.  io_uring
 * would pass us by and is refused.  What needs a privilege of the jail and is not about sockets
 * comes too: the message buffer, host names, mounts, changes of root, what the host alone may do; and uname, where the jail has a name or a release of its own.
 * What reaches for other processes and ids, and for rights that the caller has not, the host's kernel does, and we only look (others.c, rights.c, witness.c).  A call that waits for us is ended by a signal, with
 * EINTR if its handler says so, before we hear of it: nobody expects that of kill(2), and who kills a list of processes is told of their ends while he
 * does (dash(1) gave up half of such lists), nor of setuid(2), whose failure is not always looked for.  So these are sent only where the jail asks for it.  Other ABIs of the processor: x32 is
 * refused; an i386 program runs, but has no way to make a socket (the descriptors it inherits
 * are harmless pairs), to mount or to name the host.
 */
#include "linux/lx.h"
#include "linux/sysnum.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>

#ifndef __x86_64__
#error "the filter knows the system calls of x86-64 only"
#endif

#define ARG_LO(n)	((uint32_t)offsetof(struct seccomp_data, args[n]))
#define ARG_HI(n)	(ARG_LO(n) + 4)
#define X32_BIT		0x40000000U
#define I386_SOCKETCALL	102
#define I386_SOCKET	359
#define I386_MOUNT	21
#define I386_UMOUNT	22
#define I386_UMOUNT2	52
#define I386_SETHOSTNAME 74
#define I386_SYSLOG	103
#define I386_SETDOMAINNAME 121
#define I386_PIVOT_ROOT	217
#define I386_OPEN_HANDLE 342
#define I386_NOTS	16	/* calls that it may not make, */
#define I386_ONS	4	/* and that come to us */
#define I386_END	(10 + 2 * (I386_NOTS + I386_ONS))	/* where the filter goes on for x86-64 */
#define NAMESPACES	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET | 0x80 /* CLONE_NEWTIME */)
#define IOPRIO_PROCESS	1	/* IOPRIO_WHO_PROCESS */
#define LX_MSG_ERRQUEUE	0x2000
#define LX_FIONREAD	0x541b
#define LX_TIOCOUTQ	0x5411

#define LD(off)		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (off))
#define LDNR		LD((uint32_t)offsetof(struct seccomp_data, nr))
#define JEQ(k, t, f)	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(k), (t), (f))
#define JGE(k, t, f)	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)(k), (t), (f))
#define JSET(k, t, f)	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (uint32_t)(k), (t), (f))
#define AND(k)		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, (k))
#define RET(k)		BPF_STMT(BPF_RET | BPF_K, (k))
#define ALLOW		RET(SECCOMP_RET_ALLOW)
#define NOTIFY		RET(SECCOMP_RET_USER_NOTIF)
#define NOSYS		RET(SECCOMP_RET_ERRNO | ENOSYS)
#define ON(nr)		JEQ(nr, 0, 1), NOTIFY
#define PERM		RET(SECCOMP_RET_ERRNO | EPERM)
#define NOT(nr)		JEQ(nr, 0, 1), PERM
/* Of a process that is named, not the caller itself. */
#define OTHER(nr)	JEQ(nr, 0, 4), LD(ARG_LO(0)), JEQ(0, 1, 0), NOTIFY, ALLOW
/*
 * The signal is that argument: not what libraries tell their own threads by (canceling, new ids, timers; Go's SIGURG), which must not be interrupted,
 * and is nobody's attempt.
 */
#define THREAD(nr, arg)	JEQ(nr, 0, 7), LD(ARG_LO(arg)), JEQ(0, 4, 0), JEQ(SIGURG, 3, 0), JGE(35, 1, 0), JGE(32, 1, 0), NOTIFY, ALLOW
/* Of another process or, as its address in argument 2 says, to set something. */
#define LIMIT(nr)	JEQ(nr, 0, 8), LD(ARG_LO(0)), JEQ(0, 0, 4), LD(ARG_LO(2)), JEQ(0, 0, 2), LD(ARG_HI(2)), JEQ(0, 1, 0), NOTIFY, ALLOW
/* Argument 0 is one of two values. */
#define EITHER(nr, a, b) JEQ(nr, 0, 5), LD(ARG_LO(0)), JEQ(a, 1, 0), JEQ(b, 0, 1), NOTIFY, ALLOW
/* Flags in argument 0. */
#define NAMESPACE(nr, f) JEQ(nr, 0, 5), LD(ARG_LO(0)), JSET(CLONE_NEWUSER, 2, 0), JSET(f, 0, 1), NOTIFY, ALLOW
/* The mode is that argument: devices, not pipes and sockets. */
#define DEVICE(nr, arg)	JEQ(nr, 0, 6), LD(ARG_LO(arg)), AND(S_IFMT), JEQ(S_IFCHR, 1, 0), JEQ(S_IFBLK, 0, 1), NOTIFY, ALLOW

/*
 * Each block tests one call and ends in a verdict, so that the accumulator still holds the
 * number in the next block.  The order does not matter: for numbers that are always allowed
 * the host's kernel does not even run the filter (its bitmap of constant verdicts).
 */
static const struct sock_filter lx_filter[] = {
	LD((uint32_t)offsetof(struct seccomp_data, arch)),
	JEQ(AUDIT_ARCH_X86_64, I386_END - 2, 0),
	JEQ(AUDIT_ARCH_I386, 1, 0),
	RET(SECCOMP_RET_KILL_PROCESS),
	LDNR,
	JEQ(I386_SOCKETCALL, 2, 0),
	JEQ(I386_SOCKET, 1, 0),
	JEQ(SYS_io_uring_setup, 0, 1),		/* the same number everywhere */
	NOSYS,
	ON(LX_I386_UNAME), ON(LX_I386_OLDUNAME), ON(LX_I386_OLDOLDUNAME), ON(LX_I386_SETAFFINITY),
	NOT(I386_MOUNT), NOT(I386_UMOUNT), NOT(I386_UMOUNT2), NOT(I386_PIVOT_ROOT), NOT(I386_SETHOSTNAME),
	NOT(I386_SETDOMAINNAME), NOT(I386_SYSLOG), NOT(SYS_move_mount), NOT(SYS_open_tree), NOT(SYS_fsopen),
	NOT(SYS_fspick), NOT(SYS_fsconfig), NOT(SYS_fsmount), NOT(LX_SYS_MOUNT_SETATTR), NOT(LX_SYS_OPEN_TREE_ATTR),
	NOT(I386_OPEN_HANDLE),
	ALLOW,

	LDNR,
	JGE(X32_BIT, 0, 1), NOSYS,
	ON(SYS_bind), ON(SYS_connect), ON(SYS_listen), ON(SYS_accept), ON(SYS_accept4), ON(SYS_shutdown),
	ON(SYS_getsockname), ON(SYS_getpeername), ON(SYS_sendmsg), ON(SYS_recvmsg), ON(SYS_sendmmsg),
	ON(SYS_recvmmsg),
	ON(SYS_uname), ON(SYS_syslog), ON(SYS_sethostname), ON(SYS_setdomainname), ON(SYS_mount), ON(SYS_umount2),
	ON(SYS_pivot_root), ON(SYS_move_mount), ON(SYS_open_tree), ON(SYS_fsopen), ON(SYS_fspick),
	ON(SYS_fsconfig), ON(SYS_fsmount), ON(LX_SYS_MOUNT_SETATTR), ON(LX_SYS_OPEN_TREE_ATTR),
	ON(SYS_reboot), ON(SYS_kexec_load), ON(SYS_kexec_file_load), ON(SYS_init_module), ON(SYS_finit_module),
	ON(SYS_delete_module), ON(SYS_iopl), ON(SYS_ioperm), ON(SYS_acct), ON(SYS_settimeofday), ON(SYS_clock_settime),
	ON(SYS_adjtimex), ON(SYS_clock_adjtime), ON(SYS_chroot), ON(SYS_swapon), ON(SYS_swapoff), ON(SYS_bpf),
	ON(SYS_open_by_handle_at), ON(SYS_mlock), ON(SYS_mlock2), ON(SYS_mlockall),
	JEQ(SYS_io_uring_setup, 0, 1), NOSYS,

	ON(SYS_setuid), ON(SYS_setgid), ON(SYS_setreuid), ON(SYS_setregid), ON(SYS_setresuid), ON(SYS_setresgid), ON(SYS_setgroups),
	ON(SYS_rt_sigqueueinfo), ON(SYS_rt_tgsigqueueinfo), ON(SYS_pidfd_open), ON(SYS_process_vm_readv), ON(SYS_process_vm_writev),
	LIMIT(SYS_prlimit64), ON(SYS_sched_setaffinity), ON(SYS_sched_setattr), OTHER(SYS_sched_setparam),
	ON(SYS_sched_setscheduler),
	EITHER(SYS_setpriority, PRIO_PROCESS, PRIO_PROCESS), EITHER(SYS_ioprio_set, IOPRIO_PROCESS, IOPRIO_PROCESS),
	JEQ(SYS_ptrace, 0, 5), LD(ARG_LO(0)), JEQ(PTRACE_ATTACH, 1, 0), JEQ(PTRACE_SEIZE, 0, 1), NOTIFY, ALLOW,
	JEQ(SYS_kill, 0, 7),			/* a process or a group, and not only the question whether it is there; to all is never refused */
	LD(ARG_LO(1)), JEQ(0, 4, 0), LD(ARG_LO(0)), JEQ(0, 2, 0), JEQ(-1, 1, 0), NOTIFY, ALLOW,
	DEVICE(SYS_mknod, 1),
	DEVICE(SYS_mknodat, 2),

	JEQ(SYS_socket, 0, 4),
	LD(ARG_LO(0)), JEQ(AF_UNIX, 0, 1), ALLOW, NOTIFY,

	JEQ(SYS_sendto, 0, 8),			/* with an address, or with what the pair cannot carry */
	LD(ARG_LO(3)), JSET(MSG_MORE | MSG_EOR, 4, 0),
	LD(ARG_LO(4)), JEQ(0, 0, 2), LD(ARG_HI(4)), JEQ(0, 1, 0), NOTIFY, ALLOW,

	/*
	 * With an address, from the error queue, to be thrown away, or one byte without flags into a buffer
	 * aligned to 16: so Python's ssl asks whether a stream is connected, and counts on
	 * ENOTCONN.
	 */
	JEQ(SYS_recvfrom, 0, 13),
	LD(ARG_LO(4)), JEQ(0, 0, 9), LD(ARG_HI(4)), JEQ(0, 0, 7),
	LD(ARG_LO(3)), JSET(LX_MSG_ERRQUEUE | MSG_TRUNC, 5, 0), JEQ(0, 0, 5),
	LD(ARG_LO(2)), JEQ(1, 0, 3), LD(ARG_LO(1)), JSET(0xf, 1, 0),
	NOTIFY, ALLOW,

	JEQ(SYS_ioctl, 0, 14),
	LD(ARG_LO(1)), JEQ(FS_IOC_SETFLAGS, 0, 1), NOTIFY, JEQ(FS_IOC_FSSETXATTR, 0, 1), NOTIFY, JEQ(LX_FIONREAD, 7, 0), JEQ(LX_TIOCOUTQ, 6, 0), JGE(0x8a00, 1, 0), JGE(0x8900, 4, 0),
	AND(0xffff),				/* of /dev/net/tun, whatever their direction and size */
	JGE(LX_TUN_LAST + 1, 1, 0), JGE(LX_TUN_FIRST, 1, 0),
	ALLOW, NOTIFY,

	JEQ(SYS_mmap, 0, 9),			/* shared, writable, of a file, from its beginning */
	LD(ARG_LO(3)), JSET(0x20, 6, 0), JSET(0x1, 0, 5),
	LD(ARG_LO(2)), JSET(0x2, 0, 3),
	LD(ARG_LO(5)), JEQ(0, 0, 1),
	NOTIFY, ALLOW,

	ON(SYS_setsockopt),
	JEQ(SYS_getsockopt, 0, 9),
	LD(ARG_LO(1)), JEQ(SOL_SOCKET, 0, 5),
	LD(ARG_LO(2)), JEQ(SO_RCVTIMEO_OLD, 4, 0), JEQ(SO_SNDTIMEO_OLD, 3, 0), JEQ(SO_RCVTIMEO_NEW, 2, 0),
	JEQ(SO_SNDTIMEO_NEW, 1, 0), NOTIFY, ALLOW,

	/* Last, because those above are called more often. */
	THREAD(SYS_tgkill, 2),
	THREAD(SYS_tkill, 1),
	ON(SYS_perf_event_open), ON(SYS_setns), ON(SYS_quotactl), ON(LX_SYS_QUOTACTL_FD), ON(SYS_vhangup),
	/* With a user namespace of one's own they are nobody's business. */
	NAMESPACE(SYS_unshare, NAMESPACES), NAMESPACE(SYS_clone, NAMESPACES & ~CSIGNAL),
	EITHER(SYS_timer_create, CLOCK_REALTIME_ALARM, CLOCK_BOOTTIME_ALARM), EITHER(SYS_timerfd_create, CLOCK_REALTIME_ALARM, CLOCK_BOOTTIME_ALARM),
	EITHER(SYS_prctl, PR_CAPBSET_DROP, PR_SET_SECUREBITS),
	OTHER(SYS_move_pages), OTHER(SYS_migrate_pages), OTHER(SYS_get_robust_list), ON(SYS_pidfd_getfd), ON(SYS_process_madvise), ON(SYS_pidfd_send_signal),
	ON(SYS_chown), ON(SYS_lchown), ON(SYS_fchown), ON(SYS_fchownat),
	ON(SYS_open), ON(SYS_openat), ON(SYS_openat2), ON(SYS_creat), ON(SYS_truncate), ON(SYS_execve), ON(SYS_execveat), ON(SYS_chdir),
	ON(SYS_mkdir), ON(SYS_mkdirat), ON(SYS_symlink), ON(SYS_symlinkat), ON(SYS_link), ON(SYS_linkat), ON(SYS_unlink), ON(SYS_rmdir),
	ON(SYS_unlinkat), ON(SYS_rename), ON(SYS_renameat), ON(SYS_renameat2), ON(SYS_chmod), ON(SYS_fchmod), ON(SYS_fchmodat), ON(LX_SYS_FCHMODAT2),
	ON(SYS_setxattr), ON(SYS_lsetxattr), ON(SYS_fsetxattr), ON(SYS_removexattr), ON(SYS_lremovexattr), ON(SYS_fremovexattr),
	ON(LX_SYS_SETXATTRAT), ON(LX_SYS_REMOVEXATTRAT), ON(SYS_setrlimit),
	ON(SYS_msgget), ON(SYS_msgsnd), ON(SYS_msgrcv), ON(SYS_msgctl), ON(SYS_semget), ON(SYS_semop), ON(SYS_semctl), ON(SYS_semtimedop),
	ON(SYS_shmget), ON(SYS_shmat), ON(SYS_shmctl), ON(SYS_shmdt), ON(SYS_mq_open), ON(SYS_mq_unlink), ON(SYS_mq_timedsend),
	ON(SYS_mq_timedreceive), ON(SYS_mq_notify), ON(SYS_mq_getsetattr),
	ALLOW,
};

#define LX_FILTERLEN	(sizeof(lx_filter) / sizeof(lx_filter[0]))

/* Calls that come to us with one of these flags only; those of i386 are negative. */
static const struct {
	unsigned	 fo_flag;
	int		 fo_nr;
} filter_options[] = {
	{ LX_FILTER_NAMES, SYS_uname }, { LX_FILTER_NAMES, -LX_I386_UNAME }, { LX_FILTER_NAMES, -LX_I386_OLDUNAME },
	{ LX_FILTER_NAMES, -LX_I386_OLDOLDUNAME },
	{ LX_FILTER_SIGNALS, SYS_kill }, { LX_FILTER_SIGNALS, SYS_rt_sigqueueinfo }, { LX_FILTER_SIGNALS, SYS_rt_tgsigqueueinfo },
	{ LX_FILTER_SIGNALS, SYS_tgkill }, { LX_FILTER_SIGNALS, SYS_tkill }, { LX_FILTER_SIGNALS, SYS_pidfd_open },
	{ LX_FILTER_SIGNALS, SYS_pidfd_send_signal },
	{ LX_FILTER_LIMITS, SYS_prlimit64 }, { LX_FILTER_LIMITS, SYS_setrlimit }, { LX_FILTER_SCHED, SYS_setpriority }, { LX_FILTER_SCHED, SYS_ioprio_set },
	{ LX_FILTER_SCHED | LX_FILTER_CPUS, SYS_sched_setaffinity }, { LX_FILTER_SCHED | LX_FILTER_CPUS, -LX_I386_SETAFFINITY },
	{ LX_FILTER_SCHED, SYS_sched_setattr },
	{ LX_FILTER_SCHED, SYS_sched_setparam }, { LX_FILTER_SCHED, SYS_sched_setscheduler },
	{ LX_FILTER_IDS, SYS_setuid }, { LX_FILTER_IDS, SYS_setgid }, { LX_FILTER_IDS, SYS_setreuid },
	{ LX_FILTER_IDS, SYS_setregid }, { LX_FILTER_IDS, SYS_setresuid }, { LX_FILTER_IDS, SYS_setresgid },
	{ LX_FILTER_IDS, SYS_setgroups }, { LX_FILTER_IDS, SYS_prctl },
	{ LX_FILTER_OWNERS, SYS_chown }, { LX_FILTER_OWNERS, SYS_lchown }, { LX_FILTER_OWNERS, SYS_fchown }, { LX_FILTER_OWNERS, SYS_fchownat },
	{ LX_FILTER_XATTRS, SYS_setxattr }, { LX_FILTER_XATTRS, SYS_lsetxattr }, { LX_FILTER_XATTRS, SYS_fsetxattr },
	{ LX_FILTER_XATTRS, SYS_removexattr }, { LX_FILTER_XATTRS, SYS_lremovexattr }, { LX_FILTER_XATTRS, SYS_fremovexattr },
	{ LX_FILTER_XATTRS, LX_SYS_SETXATTRAT }, { LX_FILTER_XATTRS, LX_SYS_REMOVEXATTRAT },
	{ LX_FILTER_FILES, SYS_open }, { LX_FILTER_FILES, SYS_openat }, { LX_FILTER_FILES, SYS_openat2 }, { LX_FILTER_FILES, SYS_creat },
	{ LX_FILTER_FILES, SYS_truncate }, { LX_FILTER_FILES, SYS_execve }, { LX_FILTER_FILES, SYS_execveat }, { LX_FILTER_FILES, SYS_chdir },
	{ LX_FILTER_FILES, SYS_mkdir }, { LX_FILTER_FILES, SYS_mkdirat }, { LX_FILTER_FILES, SYS_symlink }, { LX_FILTER_FILES, SYS_symlinkat },
	{ LX_FILTER_FILES, SYS_link }, { LX_FILTER_FILES, SYS_linkat }, { LX_FILTER_FILES, SYS_unlink }, { LX_FILTER_FILES, SYS_rmdir },
	{ LX_FILTER_FILES, SYS_unlinkat }, { LX_FILTER_FILES, SYS_rename }, { LX_FILTER_FILES, SYS_renameat }, { LX_FILTER_FILES, SYS_renameat2 },
	{ LX_FILTER_FILES, SYS_chmod }, { LX_FILTER_FILES, SYS_fchmod }, { LX_FILTER_FILES, SYS_fchmodat }, { LX_FILTER_FILES, LX_SYS_FCHMODAT2 },
	{ LX_FILTER_OBJECTS, SYS_msgget }, { LX_FILTER_OBJECTS, SYS_msgsnd }, { LX_FILTER_OBJECTS, SYS_msgrcv },
	{ LX_FILTER_OBJECTS, SYS_msgctl }, { LX_FILTER_OBJECTS, SYS_semget }, { LX_FILTER_OBJECTS, SYS_semop }, { LX_FILTER_OBJECTS, SYS_semctl },
	{ LX_FILTER_OBJECTS, SYS_semtimedop }, { LX_FILTER_OBJECTS, SYS_shmget }, { LX_FILTER_OBJECTS, SYS_shmat },
	{ LX_FILTER_OBJECTS, SYS_shmctl }, { LX_FILTER_OBJECTS, SYS_mq_open }, { LX_FILTER_OBJECTS, SYS_mq_unlink },
	{ LX_FILTER_LOCKS, SYS_mlock }, { LX_FILTER_LOCKS, SYS_mlock2 }, { LX_FILTER_LOCKS, SYS_mlockall },
	{ LX_FILTER_FLAGS, FS_IOC_SETFLAGS }, { LX_FILTER_FLAGS, FS_IOC_FSSETXATTR },
	{ LX_FILTER_NOMSG, SYS_msgget }, { LX_FILTER_NOMSG, SYS_msgsnd }, { LX_FILTER_NOMSG, SYS_msgrcv }, { LX_FILTER_NOMSG, SYS_msgctl },
	{ LX_FILTER_NOSEM, SYS_semget }, { LX_FILTER_NOSEM, SYS_semop }, { LX_FILTER_NOSEM, SYS_semctl }, { LX_FILTER_NOSEM, SYS_semtimedop },
	{ LX_FILTER_NOSHM, SYS_shmget }, { LX_FILTER_NOSHM, SYS_shmat }, { LX_FILTER_NOSHM, SYS_shmctl }, { LX_FILTER_NOSHM, SYS_shmdt },
	{ LX_FILTER_NOMQUEUE, SYS_mq_open }, { LX_FILTER_NOMQUEUE, SYS_mq_unlink }, { LX_FILTER_NOMQUEUE, SYS_mq_timedsend },
	{ LX_FILTER_NOMQUEUE, SYS_mq_timedreceive }, { LX_FILTER_NOMQUEUE, SYS_mq_notify }, { LX_FILTER_NOMQUEUE, SYS_mq_getsetattr },
};

/* The call that it looks for is the host's alone, as far as the flags say. */
static bool
filter_unwanted(unsigned at, unsigned flags)
{
	const struct sock_filter *f = &lx_filter[at];
	const int nr = (int)(at < I386_END ? -f->k : f->k);
	bool unwanted = false;

	/* Options of sockets that have the number of a call are looked for in another way. */
	for (size_t i = 0; f->code == (BPF_JMP | BPF_JEQ | BPF_K) && f->jt == 0 && i < sizeof(filter_options) / sizeof(filter_options[0]); i++)
		if (filter_options[i].fo_nr == nr) {
			if ((flags & filter_options[i].fo_flag) != 0)
				return (false);
			unwanted = true;
		}
	return (unwanted);
}

static void
filter_make(struct sock_filter filter[LX_FILTERLEN], unsigned flags)
{
	memcpy(filter, lx_filter, sizeof(lx_filter));
	for (unsigned i = 1; i < LX_FILTERLEN; i++)
		if (filter_unwanted(i - 1, flags))
			filter[i] = (struct sock_filter)ALLOW;
}

static int
filter_install(unsigned flags)
{
	struct sock_filter filter[LX_FILTERLEN];
	struct sock_fprog prog = { .len = LX_FILTERLEN, .filter = filter };

	filter_make(filter, flags);
	return ((int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog));
}

int
lx_filter_install(unsigned flags)
{
	int fd;

	fd = filter_install(flags);
	if (fd < 0 && errno == EACCES) {	/* no CAP_SYS_ADMIN in our user namespace */
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
			return (-1);
		fd = filter_install(flags);
	}
	return (fd);
}

/*
 * A second filter, for i386 programs that do without a kind of IPC: they lose all kinds with one of them, because there ipc(2) is one call for many.
 */
#define I386_IPC	117
#define I386_MQ_FIRST	277
#define I386_MQ_LAST	282

static const struct sock_filter lx_i386noipc[] = {
	LD((uint32_t)offsetof(struct seccomp_data, arch)),
	JEQ(AUDIT_ARCH_I386, 1, 0), ALLOW,
	LDNR,
	JEQ(I386_IPC, 2, 0), JGE(I386_MQ_FIRST, 0, 2), JGE(I386_MQ_LAST + 1, 1, 0), NOSYS,
	ALLOW,
};

int
lx_filter_i386ipc(void)
{
	const struct sock_fprog prog = { .len = sizeof(lx_i386noipc) / sizeof(lx_i386noipc[0]), .filter = (struct sock_filter *)(uintptr_t)lx_i386noipc };

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) == 0)
		return (0);
	if (errno != EACCES || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return (-1);
	return ((int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog));
}
