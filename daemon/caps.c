/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processes of a jail have the capabilities that follow from its privileges, no others.  In a user namespace they reach
 * no further than the jail anyway; without one (the host refuses it to root) they are the host's own.
 */
#include "daemon/caps.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <vimage/priv.h>

/* Newer than the headers of the oldest system we build on. */
#ifndef CAP_PERFMON
#define CAP_PERFMON	38
#define CAP_BPF		39
#endif
#ifndef CAP_CHECKPOINT_RESTORE
#define CAP_CHECKPOINT_RESTORE 40
#endif

/* A capability that has no row is dropped. */
static const struct {
	unsigned char	cm_cap;
	unsigned char	cm_priv;	/* enum vi_priv */
} cap_map[] = {
	{ CAP_CHOWN, VI_PRIV_VFS_CHOWN },
	{ CAP_DAC_OVERRIDE, VI_PRIV_VFS_ACCESS },
	{ CAP_DAC_READ_SEARCH, VI_PRIV_VFS_ACCESS },
	{ CAP_FOWNER, VI_PRIV_VFS_ADMIN },
	{ CAP_FSETID, VI_PRIV_VFS_ADMIN },
	{ CAP_LEASE, VI_PRIV_VFS_ADMIN },
	{ CAP_SETFCAP, VI_PRIV_VFS_SETCAP },
	{ CAP_LINUX_IMMUTABLE, VI_PRIV_VFS_CHFLAGS },
	{ CAP_MKNOD, VI_PRIV_VFS_MKNOD },
	{ CAP_KILL, VI_PRIV_PROC_SIGNAL },
	{ CAP_SETUID, VI_PRIV_PROC_SETID },
	{ CAP_SETGID, VI_PRIV_PROC_SETID },
	{ CAP_SETPCAP, VI_PRIV_PROC_SETID },
	{ CAP_SYS_PTRACE, VI_PRIV_PROC_DEBUG },
	{ CAP_CHECKPOINT_RESTORE, VI_PRIV_PROC_DEBUG },
	{ CAP_SYS_NICE, VI_PRIV_PROC_SCHED },
	{ CAP_SYS_RESOURCE, VI_PRIV_PROC_LIMIT },
	{ CAP_SYS_CHROOT, VI_PRIV_PROC_CHROOT },
	{ CAP_IPC_OWNER, VI_PRIV_IPC_ADMIN },
	{ CAP_IPC_LOCK, VI_PRIV_VM_MLOCK },
	/* Programs look at these; what sockets and stacks give is asked of the table itself, call by call. */
	{ CAP_NET_BIND_SERVICE, VI_PRIV_NET_SOCKOPT },
	{ CAP_NET_BROADCAST, VI_PRIV_NET_SOCKOPT },
	{ CAP_NET_ADMIN, VI_PRIV_NET_SOCKOPT },
	{ CAP_NET_RAW, VI_PRIV_NET_SOCKOPT },
	{ CAP_SYS_TIME, VI_PRIV_TIME_SET },
	{ CAP_SYS_TIME, VI_PRIV_TIME_ADJUST },
	{ CAP_SYS_BOOT, VI_PRIV_HOST_REBOOT },
	{ CAP_SYS_MODULE, VI_PRIV_HOST_MODULE },
	{ CAP_SYS_RAWIO, VI_PRIV_HOST_RAWIO },
	{ CAP_SYS_TTY_CONFIG, VI_PRIV_HOST_RAWIO },
	{ CAP_WAKE_ALARM, VI_PRIV_HOST_RAWIO },
	{ CAP_BLOCK_SUSPEND, VI_PRIV_HOST_RAWIO },
	{ CAP_SYS_PACCT, VI_PRIV_HOST_AUDIT },
	{ CAP_AUDIT_WRITE, VI_PRIV_HOST_AUDIT },
	{ CAP_AUDIT_CONTROL, VI_PRIV_HOST_AUDIT },
	{ CAP_AUDIT_READ, VI_PRIV_HOST_AUDIT },
	{ CAP_MAC_OVERRIDE, VI_PRIV_HOST_AUDIT },
	{ CAP_MAC_ADMIN, VI_PRIV_HOST_AUDIT },
	{ CAP_SYSLOG, VI_PRIV_HOST_TRACE },	/* the host's messages; the jail's own are not the host's business */
	{ CAP_PERFMON, VI_PRIV_HOST_TRACE },
	{ CAP_BPF, VI_PRIV_HOST_TRACE },
};

/*
 * CAP_SYS_ADMIN is many things.  In a user namespace of the jail's own what is left of it is mounting and the host name, and these calls
 * come to us; programs ask for it to do less.
 */
uint64_t
caps_of(uint64_t privs, bool userns)
{
	uint64_t caps = 0;

	if (privs != 0 && (userns || (privs >> VI_PRIV_VFS_MOUNT & 1) != 0))
		caps |= UINT64_C(1) << CAP_SYS_ADMIN;

	for (size_t i = 0; i < sizeof(cap_map) / sizeof(cap_map[0]); i++)
		if ((privs >> cap_map[i].cm_priv & 1) != 0)
			caps |= UINT64_C(1) << cap_map[i].cm_cap;
	return caps;
}

/* As Linux has it for what is like them; what else takes a capability the host's kernel sees to. */
uint64_t
caps_denied(uint64_t lost)
{
	static const struct {
		unsigned char	cd_first, cd_last;	/* enum vi_priv */
		unsigned char	cd_cap;
	} map[] = {
		{ VI_PRIV_NET_RAW, VI_PRIV_NET_RAW, CAP_NET_RAW },
		{ VI_PRIV_NET_RESERVEDPORT, VI_PRIV_NET_RESERVEDPORT, CAP_NET_BIND_SERVICE },
		{ VI_PRIV_NET_BINDANY, VI_PRIV_NET_HOSTLINK, CAP_NET_ADMIN },
		{ VI_PRIV_JAIL_CREATE, VI_PRIV_HOST_SETNAME, CAP_SYS_ADMIN },
	};
	uint64_t privs = 0;

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		for (unsigned p = map[i].cd_first; p <= map[i].cd_last && (lost >> map[i].cd_cap & 1) != 0; p++)
			privs |= UINT64_C(1) << p;
	return privs;
}

uint64_t
caps_bounded(uint64_t caps)
{
	unsigned long long bound = 0;
	char line[128];
	FILE *f;

	if ((f = fopen("/proc/self/status", "re")) == NULL)	/* prctl(2) is not allowed where it is asked */
		return 0;
	while (fgets(line, sizeof(line), f) != NULL && sscanf(line, "CapBnd: %llx", &bound) != 1)
		;
	fclose(f);
	return caps & bound;
}

int
caps_bound(uint64_t caps)
{
	for (unsigned c = 0; c < 64; c++) {
		if ((caps >> c & 1) != 0 || prctl(PR_CAPBSET_READ, c, 0, 0, 0) <= 0)
			continue;
		if (prctl(PR_CAPBSET_DROP, c, 0, 0, 0) == 0)
			continue;
		/* Who has nothing, and cannot gain anything by exec, needs no bound. */
		return errno == EPERM && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : errno;
	}
	return 0;
}

int
caps_limit(uint64_t caps)
{
	struct __user_cap_header_struct hdr = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &hdr, data) != 0)
		return errno;
	for (unsigned i = 0; i < 2; i++) {
		const uint32_t part = (uint32_t)(caps >> (32 * i));

		data[i].effective &= part;
		data[i].permitted &= part;
		data[i].inheritable &= part;
	}
	return syscall(SYS_capset, &hdr, data) != 0 ? errno : 0;
}

int
caps_use(uint64_t caps)
{
	struct __user_cap_header_struct hdr = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &hdr, data) != 0)
		return errno;
	for (unsigned i = 0; i < 2; i++)
		data[i].effective = data[i].permitted & (uint32_t)(caps >> (32 * i));
	return syscall(SYS_capset, &hdr, data) != 0 ? errno : 0;
}
