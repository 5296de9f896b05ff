/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * vimaged reads packets, and memory and messages of programs that may be hostile.  It makes no
 * process itself: that is the spawner's work, which reads nothing of them.  So vimaged gives up
 * what making processes needs: it cannot gain rights (no_new_privs), has no capability but the
 * one to look into the programs of its jails (CAP_SYS_PTRACE; nothing at all for an ordinary
 * user, who owns their user namespaces), and a filter refuses the calls that start programs,
 * change namespaces and mounts, or reach little used parts of the host's kernel.
 *
 * Landlock is out of the question: a process under it may not look into processes outside of
 * its own domain, and that is what answering calls means.
 */
#include "daemon/sandbox.h"

#include <errno.h>
#include <stddef.h>
#include <seccomp.h>
#include <sys/capability.h>
#include <sys/prctl.h>

/* Never called here; an attacker would like them. */
static const int refused[] = {
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(fork),
	SCMP_SYS(vfork),
	SCMP_SYS(ptrace),
	SCMP_SYS(unshare),
	SCMP_SYS(setns),
	SCMP_SYS(chroot),
	SCMP_SYS(pivot_root),
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(mount_setattr),
	SCMP_SYS(move_mount),
	SCMP_SYS(fsopen),
	SCMP_SYS(fsmount),
	SCMP_SYS(open_tree),
	SCMP_SYS(open_by_handle_at),
	SCMP_SYS(name_to_handle_at),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(keyctl),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register),
	SCMP_SYS(reboot),
	SCMP_SYS(swapon),
	SCMP_SYS(swapoff),
	SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime),
	SCMP_SYS(adjtimex),
	SCMP_SYS(sethostname),
	SCMP_SYS(setdomainname),
	SCMP_SYS(iopl),
	SCMP_SYS(ioperm),
	SCMP_SYS(acct),
	SCMP_SYS(quotactl),
	SCMP_SYS(setuid),
	SCMP_SYS(setgid),
	SCMP_SYS(setresuid),
	SCMP_SYS(setresgid),
	SCMP_SYS(setgroups),
	SCMP_SYS(personality),
	SCMP_SYS(shmget),
	SCMP_SYS(shmat),
	SCMP_SYS(msgget),
	SCMP_SYS(semget),
};

static int
drop_capabilities(void)
{
	static const cap_value_t keep[] = { CAP_SYS_PTRACE };
	cap_flag_value_t have = CAP_CLEAR;
	cap_t old = cap_get_proc(), caps = cap_init();
	int error = 0;

	if (old == NULL || caps == NULL)
		error = ENOMEM;
	else if (cap_get_flag(old, keep[0], CAP_PERMITTED, &have) == 0 && have == CAP_SET)
		(void)(cap_set_flag(caps, CAP_PERMITTED, 1, keep, CAP_SET) +
		       cap_set_flag(caps, CAP_EFFECTIVE, 1, keep, CAP_SET));
	if (error == 0 && cap_set_proc(caps) != 0)
		error = errno;
	cap_free(old);
	cap_free(caps);
	return error;
}

static int
install_filter(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int error = 0;

	if (ctx == NULL)
		return ENOMEM;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]) && error == 0; i++)
		error = -seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
	if (error == 0)
		error = -seccomp_load(ctx);
	seccomp_release(ctx);
	return error;
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
