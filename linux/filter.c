/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The filter: which calls of a program come to us.  Runs in the process to be attached,
 * between fork and exec, so everything here is async-signal-safe: a constant program and three
 * system calls.
 *
 * Data calls (read, write, send, recv without an address), poll and close are never sent to
 * us; of mmap what may be the ring of a packet socket.  Of ioctl only the commands of sockets and of /dev/net/tun come, of socket everything but AF_UNIX.  io_uring
 * would pass us by and is refused.  What needs a privilege of the jail and is not about sockets
 * comes too: the message buffer, host names, mounts, changes of root, what the host alone may do; and uname, where the jail has a name or a release of its own.  Other ABIs of the processor: x32 is
 * refused; an i386 program runs, but has no way to make a socket (the descriptors it inherits
 * are harmless pairs), to mount or to name the host.
 */
#include "linux/lx.h"
#include "linux/sysnum.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <linux/audit.h>
#include <linux/filter.h>
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
#define I386_ONS	3	/* and that come to us */
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
#define REFUSE(nr)	JEQ(nr, 0, 1), NOSYS
/* The mode is that argument: devices, not pipes and sockets. */
#define DEVICE(nr, arg)	JEQ(nr, 0, 6), LD(ARG_LO(arg)), AND(S_IFMT), JEQ(S_IFCHR, 1, 0), JEQ(S_IFBLK, 0, 1), NOTIFY, ALLOW

/*
 * Each block tests one call and ends in a verdict, so that the accumulator still holds the
 * number in the next block.  The order does not matter: for numbers that are always allowed
 * the host's kernel does not even run the filter (its bitmap of constant verdicts).
 */
static const struct sock_filter lx_filter[] = {
	LD((uint32_t)offsetof(struct seccomp_data, arch)),
	JEQ(AUDIT_ARCH_X86_64, 8 + 2 * (I386_NOTS + I386_ONS), 0),
	JEQ(AUDIT_ARCH_I386, 1, 0),
	RET(SECCOMP_RET_KILL_PROCESS),
	LDNR,
	JEQ(I386_SOCKETCALL, 2, 0),
	JEQ(I386_SOCKET, 1, 0),
	JEQ(SYS_io_uring_setup, 0, 1),		/* the same number everywhere */
	NOSYS,
	ON(LX_I386_UNAME), ON(LX_I386_OLDUNAME), ON(LX_I386_OLDOLDUNAME),
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
	ON(SYS_open_by_handle_at),
	JEQ(SYS_io_uring_setup, 0, 1), NOSYS,

	JEQ(SYS_perf_event_open, 0, 4), LD(ARG_LO(1)), JEQ(-1, 0, 1), NOTIFY, ALLOW,	/* of everybody */
	DEVICE(SYS_mknod, 1),
	DEVICE(SYS_mknodat, 2),

	JEQ(SYS_socket, 0, 4),
	LD(ARG_LO(0)), JEQ(AF_UNIX, 0, 1), ALLOW, NOTIFY,

	JEQ(SYS_sendto, 0, 8),			/* with an address, or with what the pair cannot carry */
	LD(ARG_LO(3)), JSET(MSG_MORE | MSG_EOR, 4, 0),
	LD(ARG_LO(4)), JEQ(0, 0, 2), LD(ARG_HI(4)), JEQ(0, 1, 0), NOTIFY, ALLOW,

	/*
	 * With an address, from the error queue, or one byte without flags into a buffer
	 * aligned to 16: so Python's ssl asks whether a stream is connected, and counts on
	 * ENOTCONN.
	 */
	JEQ(SYS_recvfrom, 0, 13),
	LD(ARG_LO(4)), JEQ(0, 0, 9), LD(ARG_HI(4)), JEQ(0, 0, 7),
	LD(ARG_LO(3)), JSET(LX_MSG_ERRQUEUE, 5, 0), JEQ(0, 0, 5),
	LD(ARG_LO(2)), JEQ(1, 0, 3), LD(ARG_LO(1)), JSET(0xf, 1, 0),
	NOTIFY, ALLOW,

	JEQ(SYS_ioctl, 0, 10),
	LD(ARG_LO(1)), JEQ(LX_FIONREAD, 7, 0), JEQ(LX_TIOCOUTQ, 6, 0), JGE(0x8a00, 1, 0), JGE(0x8900, 4, 0),
	AND(0xffff),				/* of /dev/net/tun, whatever their direction and size */
	JGE(LX_TUN_LAST + 1, 1, 0), JGE(LX_TUN_FIRST, 1, 0),
	ALLOW, NOTIFY,

	JEQ(SYS_mmap, 0, 9),			/* shared, writable, of a file, from its beginning */
	LD(ARG_LO(3)), JSET(0x20, 6, 0), JSET(0x1, 0, 5),
	LD(ARG_LO(2)), JSET(0x2, 0, 3),
	LD(ARG_LO(5)), JEQ(0, 0, 1),
	NOTIFY, ALLOW,

	JEQ(SYS_setsockopt, 1, 0),
	JEQ(SYS_getsockopt, 0, 9),
	LD(ARG_LO(1)), JEQ(SOL_SOCKET, 0, 6),
	LD(ARG_LO(2)), JEQ(SO_RCVTIMEO_OLD, 3, 0), JEQ(SO_SNDTIMEO_OLD, 2, 0), JEQ(SO_RCVTIMEO_NEW, 1, 0),
	JEQ(SO_SNDTIMEO_NEW, 0, 1), ALLOW, NOTIFY,

	ALLOW,
};

#define LX_FILTERLEN	(sizeof(lx_filter) / sizeof(lx_filter[0]))

/* The calls of uname are numbers of nothing else that is looked for, on either ABI. */
static bool
filter_uname(const struct sock_filter *f)
{
	return (f->code == (BPF_JMP | BPF_JEQ | BPF_K) &&
		(f->k == SYS_uname || f->k == LX_I386_UNAME || f->k == LX_I386_OLDUNAME || f->k == LX_I386_OLDOLDUNAME));
}

/* Without names of the jail's own the host answers uname by itself. */
static void
filter_make(struct sock_filter filter[LX_FILTERLEN], bool names)
{
	memcpy(filter, lx_filter, sizeof(lx_filter));
	for (unsigned i = 1; i < LX_FILTERLEN && !names; i++)
		if (filter_uname(&filter[i - 1]))
			filter[i] = (struct sock_filter)ALLOW;
}

static int
filter_install(bool names)
{
	struct sock_filter filter[LX_FILTERLEN];
	struct sock_fprog prog = { .len = LX_FILTERLEN, .filter = filter };

	filter_make(filter, names);
	return ((int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog));
}

int
lx_filter_install(bool names)
{
	int fd;

	fd = filter_install(names);
	if (fd < 0 && errno == EACCES) {	/* no CAP_SYS_ADMIN in our user namespace */
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
			return (-1);
		fd = filter_install(names);
	}
	return (fd);
}

/*
 * A second filter, for programs that do without a kind of IPC: its calls are not there.  An i386 program loses all kinds with
 * one of them, because there ipc(2) is one call for many.
 */
#define I386_IPC	117
#define I386_MQ_FIRST	277
#define I386_MQ_LAST	282
#define IPC_FILTER(...) \
	LD((uint32_t)offsetof(struct seccomp_data, arch)), \
	JEQ(AUDIT_ARCH_X86_64, 6, 0), \
	LDNR, \
	JEQ(I386_IPC, 2, 0), \
	JGE(I386_MQ_FIRST, 0, 2), JGE(I386_MQ_LAST + 1, 1, 0), \
	NOSYS, ALLOW, \
	LDNR, __VA_ARGS__, ALLOW

static const struct sock_filter lx_nomsg[] = {
	IPC_FILTER(REFUSE(SYS_msgget), REFUSE(SYS_msgsnd), REFUSE(SYS_msgrcv), REFUSE(SYS_msgctl)),
};
static const struct sock_filter lx_nosem[] = {
	IPC_FILTER(REFUSE(SYS_semget), REFUSE(SYS_semop), REFUSE(SYS_semctl), REFUSE(SYS_semtimedop)),
};
static const struct sock_filter lx_noshm[] = {
	IPC_FILTER(REFUSE(SYS_shmget), REFUSE(SYS_shmat), REFUSE(SYS_shmctl), REFUSE(SYS_shmdt)),
};
static const struct sock_filter lx_nomq[] = {
	IPC_FILTER(REFUSE(SYS_mq_open), REFUSE(SYS_mq_unlink), REFUSE(SYS_mq_timedsend), REFUSE(SYS_mq_timedreceive),
	    REFUSE(SYS_mq_notify), REFUSE(SYS_mq_getsetattr)),
};

#define PROG(f)	{ .len = sizeof(f) / sizeof((f)[0]), .filter = (struct sock_filter *)(uintptr_t)(f) }

int
lx_filter_ipc(unsigned off)
{
	const struct sock_fprog progs[] = { PROG(lx_nomsg), PROG(lx_nosem), PROG(lx_noshm), PROG(lx_nomq) };

	/* In the order of VI_IPC_*. */
	for (unsigned i = 0; i < sizeof(progs) / sizeof(progs[0]); i++) {
		if ((off & 1u << i) == 0 || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &progs[i]) == 0)
			continue;
		if (errno != EACCES || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &progs[i]) != 0)
			return (-1);
	}
	return (0);
}
