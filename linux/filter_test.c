/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs the filter's program on calls, as the host's kernel would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "linux/filter.c"		/* the program is private to its file */

#define N	(sizeof(lx_filter) / sizeof(lx_filter[0]))
#define YES	SECCOMP_RET_USER_NOTIF
#define NO	SECCOMP_RET_ALLOW
#define NONE	(SECCOMP_RET_ERRNO | ENOSYS)

/* The instructions that the program uses; anything else fails the test. */
static uint32_t
verdict_of(const struct sock_filter *filter, const struct seccomp_data *sd)
{
	const struct sock_filter *f;
	uint32_t a = 0;
	unsigned pc;
	bool t;

	for (pc = 0; pc < N; pc++) {
		f = &filter[pc];
		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(f->k + 4 <= sizeof(*sd));
			memcpy(&a, (const char *)sd + f->k, 4);
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= f->k;
			continue;
		case BPF_RET | BPF_K:
			return (f->k);
		case BPF_JMP | BPF_JEQ | BPF_K:
			t = a == f->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			t = a >= f->k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			t = (a & f->k) != 0;
			break;
		default:
			fail_msg("instruction %u", pc);
			return (0);
		}
		pc += t ? f->jt : f->jf;
	}
	fail_msg("the program runs off its end");
	return (0);
}

static uint32_t
verdict(const struct seccomp_data *sd)
{
	return (verdict_of(lx_filter, sd));
}

static uint32_t
call(int nr, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
	struct seccomp_data sd = {
	    .nr = nr, .arch = AUDIT_ARCH_X86_64, .args = {a0, a1, a2, a3, a4, 0}};

	return (verdict(&sd));
}

#define CALL(nr)	call(nr, 3, 0, 0, 0, 0)

static void
test_calls(void **state)
{
	static const int yes[] = {SYS_bind, SYS_connect, SYS_listen, SYS_accept, SYS_accept4,
	    SYS_shutdown, SYS_getsockname, SYS_getpeername, SYS_sendmsg, SYS_recvmsg, SYS_sendmmsg,
	    SYS_recvmmsg};
	static const int no[] = {SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_close, SYS_poll,
	    SYS_epoll_wait, SYS_dup, SYS_fcntl, SYS_socketpair, SYS_sendfile, SYS_splice, SYS_clone,
	    SYS_exit_group};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		assert_int_equal(CALL(yes[i]), YES);
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_int_equal(CALL(no[i]), NO);
	assert_int_equal(CALL(SYS_io_uring_setup), NONE);
}

static void
test_socket(void **state)
{
	(void)state;
	assert_int_equal(call(SYS_socket, AF_UNIX, SOCK_STREAM, 0, 0, 0), NO);
	assert_int_equal(call(SYS_socket, AF_INET, SOCK_STREAM, 0, 0, 0), YES);
	assert_int_equal(call(SYS_socket, AF_NETLINK, SOCK_RAW, 0, 0, 0), YES);
}

static void
test_data(void **state)
{
	(void)state;
	assert_int_equal(call(SYS_sendto, 3, 0x1000, 10, 0, 0), NO);
	assert_int_equal(call(SYS_sendto, 3, 0x1000, 10, 0, 0x2000), YES);
	assert_int_equal(call(SYS_sendto, 3, 0x1000, 10, MSG_NOSIGNAL, 0), NO);
	assert_int_equal(call(SYS_sendto, 3, 0x1000, 10, MSG_MORE, 0), YES);
	assert_int_equal(call(SYS_sendto, 3, 0x1000, 10, MSG_EOR, 0), YES);
	assert_int_equal(call(SYS_sendto, 3, 0x1000, 10, 0, 0x200000000), YES);
	assert_int_equal(call(SYS_recvfrom, 3, 0x1000, 10, 0, 0), NO);
	assert_int_equal(call(SYS_recvfrom, 3, 0x1000, 10, 0, 0x2000), YES);
	assert_int_equal(call(SYS_recvfrom, 3, 0x1000, 10, 0, 0x200000000), YES);
	assert_int_equal(call(SYS_recvfrom, 3, 0x1000, 10, 0x2040, 0), YES);
	assert_int_equal(call(SYS_recvfrom, 3, 0x1000, 10, MSG_PEEK, 0), NO);
	assert_int_equal(call(SYS_recvfrom, 3, 0x1000, 10, MSG_TRUNC, 0), YES);
	assert_int_equal(call(SYS_recvfrom, 3, 0x1000, 1, 0, 0), YES);
	assert_int_equal(call(SYS_recvfrom, 3, 0x1007, 1, 0, 0), NO);
	assert_int_equal(call(SYS_recvfrom, 3, 0x1000, 1, MSG_PEEK, 0), NO);
	assert_int_equal(call(SYS_recvfrom, 3, 0x1000, 2, 0, 0), NO);
}

static void
test_ioctl(void **state)
{
	(void)state;
	assert_int_equal(call(SYS_ioctl, 3, 0x5401, 0, 0, 0), NO);	/* TCGETS */
	assert_int_equal(call(SYS_ioctl, 3, 0x5421, 0, 0, 0), NO);	/* FIONBIO */
	assert_int_equal(call(SYS_ioctl, 3, 0x40086602, 0, 0, 0), YES);	/* FS_IOC_SETFLAGS */
	assert_int_equal(call(SYS_ioctl, 3, 0x401c5820, 0, 0, 0), YES);	/* FS_IOC_FSSETXATTR */
	assert_int_equal(call(SYS_ioctl, 3, 0x80086601, 0, 0, 0), NO);	/* FS_IOC_GETFLAGS */
	assert_int_equal(call(SYS_ioctl, 3, 0x541b, 0, 0, 0), YES);	/* FIONREAD */
	assert_int_equal(call(SYS_ioctl, 3, 0x5411, 0, 0, 0), YES);	/* TIOCOUTQ */
	assert_int_equal(call(SYS_ioctl, 3, 0x88ff, 0, 0, 0), NO);
	assert_int_equal(call(SYS_ioctl, 3, 0x8900, 0, 0, 0), YES);
	assert_int_equal(call(SYS_ioctl, 3, 0x8933, 0, 0, 0), YES);
	assert_int_equal(call(SYS_ioctl, 3, 0x89ff, 0, 0, 0), YES);
	assert_int_equal(call(SYS_ioctl, 3, 0x8a00, 0, 0, 0), NO);
}

static void
test_options(void **state)
{
	(void)state;
	assert_int_equal(call(SYS_setsockopt, 3, SOL_SOCKET, SO_REUSEADDR, 0, 0), YES);
	assert_int_equal(call(SYS_getsockopt, 3, SOL_SOCKET, SO_ERROR, 0, 0), YES);
	assert_int_equal(call(SYS_getsockopt, 3, 6, SO_RCVTIMEO_OLD, 0, 0), YES);
	assert_int_equal(call(SYS_setsockopt, 3, SOL_SOCKET, SO_RCVTIMEO_OLD, 0, 0), YES);
	assert_int_equal(call(SYS_setsockopt, 3, SOL_SOCKET, SO_SNDTIMEO_NEW, 0, 0), YES);
	assert_int_equal(call(SYS_getsockopt, 3, SOL_SOCKET, SO_RCVTIMEO_OLD, 0, 0), NO);
	assert_int_equal(call(SYS_getsockopt, 3, SOL_SOCKET, SO_SNDTIMEO_OLD, 0, 0), NO);
	assert_int_equal(call(SYS_getsockopt, 3, SOL_SOCKET, SO_RCVTIMEO_NEW, 0, 0), NO);
	assert_int_equal(call(SYS_getsockopt, 3, SOL_SOCKET, SO_SNDTIMEO_NEW, 0, 0), NO);
}

static void
test_abi(void **state)
{
	struct seccomp_data sd = { .nr = SYS_read, .arch = AUDIT_ARCH_I386 };

	(void)state;
	assert_int_equal(verdict(&sd), NO);
	sd.nr = I386_SOCKETCALL;
	assert_int_equal(verdict(&sd), NONE);
	sd.nr = I386_SOCKET;
	assert_int_equal(verdict(&sd), NONE);
	sd.nr = SYS_io_uring_setup;
	assert_int_equal(verdict(&sd), NONE);
	sd.arch = AUDIT_ARCH_AARCH64;
	assert_int_equal(verdict(&sd), SECCOMP_RET_KILL_PROCESS);
	sd.arch = AUDIT_ARCH_X86_64;
	sd.nr = (int)(X32_BIT | SYS_read);
	assert_int_equal(verdict(&sd), NONE);
}

/* What needs a privilege comes to us; from i386 programs, whose numbers are others, it is refused. */
static void
privileged_calls(void **state)
{
	static const int here[] = { SYS_syslog, SYS_sethostname, SYS_setdomainname, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_move_mount,
		SYS_open_tree, SYS_fsopen, SYS_fspick, SYS_fsconfig, SYS_fsmount, LX_SYS_MOUNT_SETATTR, LX_SYS_OPEN_TREE_ATTR,
		SYS_reboot, SYS_kexec_load, SYS_kexec_file_load, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_iopl, SYS_ioperm,
		SYS_acct, SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_clock_adjtime, SYS_chroot, SYS_swapon, SYS_swapoff, SYS_bpf,
		SYS_open_by_handle_at, SYS_perf_event_open, SYS_setns, SYS_quotactl, LX_SYS_QUOTACTL_FD, SYS_vhangup, SYS_pidfd_getfd,
		SYS_process_madvise, SYS_chown, SYS_fchownat, SYS_setxattr, SYS_fremovexattr, LX_SYS_SETXATTRAT, SYS_setrlimit };
	static const int there[] = { 21, 22, 52, 74, 103, 121, 217, 428, 429, 430, 431, 432, 433, 442, 467, 342 };

	(void)state;
	for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++)
		assert_int_equal(call(here[i], 0, 0, 0, 0, 0), YES);
	/* Of namespaces those that a user namespace does not come with; of clocks those that wake; of capabilities what takes one. */
	assert_int_equal(call(SYS_unshare, CLONE_NEWNET, 0, 0, 0, 0), YES);
	assert_int_equal(call(SYS_unshare, 0x80, 0, 0, 0, 0), YES);
	assert_int_equal(call(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNS, 0, 0, 0, 0), NO);
	assert_int_equal(call(SYS_unshare, CLONE_FILES | CLONE_FS, 0, 0, 0, 0), NO);
	for (uint64_t clock = 0; clock < 12; clock++) {
		assert_int_equal(call(SYS_timer_create, clock, 0, 0, 0, 0), clock == 8 || clock == 9 ? YES : NO);
		assert_int_equal(call(SYS_timerfd_create, clock, 0, 0, 0, 0), clock == 8 || clock == 9 ? YES : NO);
	}
	for (uint64_t option = 0; option < 60; option++)
		assert_int_equal(call(SYS_prctl, option, 0, 0, 0, 0), option == PR_CAPBSET_DROP || option == PR_SET_SECUREBITS ? YES : NO);
	/* Of nodes only devices. */
	assert_int_equal(call(SYS_mknod, 0, S_IFBLK | 0600, 0x800, 0, 0), YES);
	assert_int_equal(call(SYS_mknod, 0, S_IFCHR | 0600, 0x101, 0, 0), YES);
	assert_int_equal(call(SYS_mknod, 0, S_IFIFO | 0600, 0, 0, 0), NO);
	assert_int_equal(call(SYS_mknod, 0, S_IFSOCK | 0600, 0, 0, 0), NO);
	assert_int_equal(call(SYS_mknod, 0, 0600, S_IFBLK, 0, 0), NO);
	assert_int_equal(call(SYS_mknodat, 0, 0, S_IFBLK | 0600, 0, 0), YES);
	assert_int_equal(call(SYS_mknodat, 0, S_IFBLK, S_IFIFO | 0600, 0, 0), NO);
	assert_int_equal(sizeof(there) / sizeof(there[0]), I386_NOTS);
	for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++) {
		const struct seccomp_data sd = { .nr = there[i], .arch = AUDIT_ARCH_I386 };

		assert_int_equal(verdict(&sd), SECCOMP_RET_ERRNO | EPERM);
	}
	assert_int_equal(verdict(&(struct seccomp_data){ .nr = 4, .arch = AUDIT_ARCH_I386 }), NO);	/* write */
}

/* Of both kinds of programs. */
static void
names_of_the_system(void **state)
{
	static const int there[] = { 59, 109, 122 };

	(void)state;
	assert_int_equal(CALL(SYS_uname), YES);
	assert_int_equal(sizeof(there) / sizeof(there[0]) + 1, I386_ONS);	/* sched_setaffinity(2) */
	for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++) {
		assert_int_equal(verdict(&(struct seccomp_data){ .nr = there[i], .arch = AUDIT_ARCH_I386 }), YES);
		assert_int_equal(CALL(there[i]), there[i] == SYS_execve ? YES : NO);
	}
	assert_int_equal(verdict(&(struct seccomp_data){ .nr = SYS_uname, .arch = AUDIT_ARCH_I386 }), NO);
}

/* With a user namespace of its own they are its own. */
static void
namespaces(void **state)
{
	(void)state;
	assert_int_equal(call(SYS_clone, CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0), YES);
	assert_int_equal(call(SYS_clone, CLONE_NEWNET | CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0), NO);
	assert_int_equal(call(SYS_clone, CSIGNAL, 0, 0, 0, 0), NO);	/* 0x80 is a part of the signal */
	assert_int_equal(call(SYS_clone, CLONE_VM | CLONE_THREAD, 0, 0, 0, 0), NO);
	assert_int_equal(call(SYS_unshare, CLONE_NEWNS, 0, 0, 0, 0), YES);
	assert_int_equal(call(SYS_unshare, 0x80, 0, 0, 0, 0), YES);
	assert_int_equal(call(SYS_unshare, CLONE_NEWNS | CLONE_NEWUSER, 0, 0, 0, 0), NO);
	assert_int_equal(call(SYS_unshare, CLONE_FILES, 0, 0, 0, 0), NO);
}

/* Of processes only those that are named and done something to. */
static void
calls_of_processes(void **state)
{
	static const int ids[] = { SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setgroups };
	static const int others[] = { SYS_sched_setparam, SYS_move_pages, SYS_migrate_pages, SYS_get_robust_list };
	static const int any[] = { SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_pidfd_open, SYS_process_vm_readv, SYS_process_vm_writev };

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		assert_int_equal(call(ids[i], 0, 0, 0, 0, 0), YES);
	for (size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++)
		assert_int_equal(call(any[i], 7, 0, 0, 0, 0), YES);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_int_equal(call(others[i], 7, 0, 0, 0, 0), YES);
		assert_int_equal(call(others[i], 0, 7, 7, 7, 0), NO);
	}
	assert_int_equal(call(SYS_sched_setaffinity, 0, 8, 0x1000, 0, 0), YES);
	assert_int_equal(call(SYS_sched_setaffinity, 7, 8, 0x1000, 0, 0), YES);
	assert_int_equal(verdict(&(struct seccomp_data){ .nr = LX_I386_SETAFFINITY, .arch = AUDIT_ARCH_I386 }), YES);
	assert_int_equal(verdict(&(struct seccomp_data){ .nr = LX_I386_SETAFFINITY + 1, .arch = AUDIT_ARCH_I386 }), NO);
	assert_int_equal(call(SYS_setpriority, 0, 7, 5, 0, 0), YES);
	assert_int_equal(call(SYS_setpriority, 0, 0, 5, 0, 0), YES);
	assert_int_equal(call(SYS_prlimit64, 7, 7, 0, 0x1000, 0), YES);
	assert_int_equal(call(SYS_prlimit64, 0, 7, 0, 0x1000, 0), NO);
	assert_int_equal(call(SYS_prlimit64, 0, 7, 0x1000, 0, 0), YES);
	assert_int_equal(call(SYS_prlimit64, 0, 7, 0x200000000, 0, 0), YES);
	assert_int_equal(call(SYS_ioprio_set, 1, 0, 7, 0, 0), YES);
	assert_int_equal(call(SYS_ioprio_set, 2, 0, 7, 0, 0), NO);
	assert_int_equal(call(SYS_setpriority, 1, 7, 5, 0, 0), NO);
	assert_int_equal(call(SYS_ptrace, 16, 7, 0, 0, 0), YES);
	assert_int_equal(call(SYS_ptrace, 0x4206, 7, 0, 0, 0), YES);
	assert_int_equal(call(SYS_ptrace, 0, 0, 0, 0, 0), NO);
	assert_int_equal(call(SYS_ptrace, 7, 7, 0, 0, 0), NO);
	assert_int_equal(call(SYS_kill, 7, 9, 0, 0, 0), YES);
	assert_int_equal(call(SYS_kill, 7, 0, 0, 0, 0), NO);
	assert_int_equal(call(SYS_kill, 0, 9, 0, 0, 0), NO);
	assert_int_equal(call(SYS_kill, (uint64_t)-1, 9, 0, 0, 0), NO);
	assert_int_equal(call(SYS_kill, (uint32_t)-7, 9, 0, 0, 0), YES);
	/* Not what libraries tell their threads by. */
	for (uint64_t sig = 0; sig < 65; sig++) {
		const uint32_t expected = sig == 0 || sig == 23 || (sig >= 32 && sig < 35) ? NO : YES;

		assert_int_equal(call(SYS_tgkill, 7, 7, sig, 0, 0), expected);
		assert_int_equal(call(SYS_tkill, 7, sig, 0, 0, 0), expected);
	}
}

/* A jail that does not want them leaves them to the host, and nothing else changes. */
static void
calls_by_choice(void **state)
{
	static const unsigned flags[] = { 0, LX_FILTER_NAMES, LX_FILTER_REFUSALS, LX_FILTER_IDS, LX_FILTER_NOSHM, LX_FILTER_NOIPC(15),
		LX_FILTER_CPUS };
	enum { NAMES = 4, RIGHTS = 39, IDS = 8, FILES = 24, IPC = 18, IPC_LOOKED = 13, ALL = NAMES + RIGHTS + FILES + IPC };
	static const unsigned differing[] = { ALL, ALL - NAMES, ALL - RIGHTS - FILES - IPC_LOOKED, ALL - IDS, ALL - 4, ALL - IPC, ALL - 2 };
	static const uint32_t archs[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386 };
	struct sock_filter with[LX_FILTERLEN], without[LX_FILTERLEN];
	struct seccomp_data sd = { .args = { 3, 0x1000, 1 } };
	unsigned differ;
	uint32_t was;

	(void)state;
	filter_make(with, LX_FILTER_NAMES | LX_FILTER_REFUSALS | LX_FILTER_NOIPC(15));
	assert_memory_equal(with, lx_filter, sizeof(with));
	for (size_t f = 0; f < sizeof(flags) / sizeof(flags[0]); f++) {
		filter_make(without, flags[f]);
		differ = 0;
		for (size_t i = 0; i < sizeof(archs) / sizeof(archs[0]); i++) {
			sd.arch = archs[i];
			for (sd.nr = 0; sd.nr < 600; sd.nr++) {
				sd.args[0] = sd.nr == SYS_setpriority ? PRIO_PROCESS : sd.nr == SYS_ioprio_set ? IOPRIO_PROCESS : sd.nr == SYS_prctl ? PR_CAPBSET_DROP : 3;
				if ((was = verdict(&sd)) == verdict_of(without, &sd))
					continue;
				differ++;
				assert_int_equal(was, YES);
				assert_int_equal(verdict_of(without, &sd), NO);
			}
		}
		assert_int_equal(differ, differing[f]);
	}
	/* Some options of sockets have the numbers of calls. */
	filter_make(without, 0);
	sd = (struct seccomp_data){ .nr = SYS_setsockopt, .arch = AUDIT_ARCH_X86_64, .args = { 3, SOL_SOCKET } };
	for (sd.args[2] = 0; sd.args[2] < 256; sd.args[2]++)
		assert_int_equal(verdict(&sd), verdict_of(without, &sd));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_the_system),
		cmocka_unit_test(calls_by_choice),
		cmocka_unit_test(calls_of_processes),
		cmocka_unit_test(namespaces),
		cmocka_unit_test(privileged_calls),
	    cmocka_unit_test(test_calls),
	    cmocka_unit_test(test_socket),
	    cmocka_unit_test(test_data),
	    cmocka_unit_test(test_ioctl),
	    cmocka_unit_test(test_options),
	    cmocka_unit_test(test_abi),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
