/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Where vimaged belongs to root, the jail's uid 0 is the host's uid 0 for everything that asks the owner of a file and not for
 * a capability.  Knobs of the host's kernel are such files.  So in each jail they are read-only, and what shows the host's memory
 * is empty.  A jail whose path is "/" has the host's files and devices all the same.
 *
 * A jail that may mount (vfs.mount) can take these mounts away again.
 */
#include "daemon/protect.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/mount.h>

#include "daemon/isolation.h"

#define QUIET	(MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* Directories and files of knobs. */
static const char *const readonly[] = { "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/acpi", "/proc/scsi",
	"/proc/driver", "/proc/mtrr", "/proc/asound" };
/* What tells of the host's memory and programs. */
static const char *const hidden[] = { "/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/proc/latency_stats",
	"/proc/kpagecount", "/proc/kpageflags", "/proc/kpagecgroup" };

static bool
exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static bool
make_readonly(const char *path)
{
	return mount(path, path, NULL, MS_BIND | MS_REC, NULL) == 0 && mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | QUIET, NULL) == 0;
}

static bool
tree_readonly(const char *path)
{
	struct mount_attr ma = { .attr_set = MOUNT_ATTR_RDONLY };

	return syscall(SYS_mount_setattr, AT_FDCWD, path, AT_RECURSIVE, &ma, sizeof(ma)) == 0;
}

/* What belongs to the jail's own network stays as it is. */
static bool
protect_sys(void)
{
	return mount("/proc/sys", "/proc/sys", NULL, MS_BIND | MS_REC, NULL) == 0 &&
	    (!exists("/proc/sys/net") || mount("/proc/sys/net", "/proc/sys/net", NULL, MS_BIND, NULL) == 0) &&
	    mount(NULL, "/proc/sys", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | QUIET, NULL) == 0;
}

void
protect_enter(char *lacks, size_t len)
{
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (exists(hidden[i]) && mount("/dev/null", hidden[i], NULL, MS_BIND, NULL) != 0)
			isolation_lack(lacks, len, hidden[i]);
	for (size_t i = 0; i < sizeof(readonly) / sizeof(readonly[0]); i++)
		if (exists(readonly[i]) && !make_readonly(readonly[i]))
			isolation_lack(lacks, len, "the host's knobs in /proc");
	if (exists("/proc/sys") && !protect_sys())
		isolation_lack(lacks, len, "the host's knobs in /proc/sys");
	if (exists("/sys/kernel") && !tree_readonly("/sys"))
		isolation_lack(lacks, len, "the host's knobs in /sys");
}
