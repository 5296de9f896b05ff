/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * With "/" as its path a jail sees the host's files; /proc and what shows IPC or the network are mounted over.  With another
 * path it also needs devices, which nobody but the host's root may make: an empty file system is mounted over its /dev, and
 * the host's harmless ones are bound to files in there.  All of that happens before the root changes, while the host's
 * /dev can still be named.
 *
 * The directory may lie within the root directory of another jail, whose root decides what is found there: no name and no symbolic link leads out of
 * that (openat2).  It is then the current directory, and names below it are relative.
 *
 * A directory that is missing below the path is not made: what would be mounted there is left out, and that is said.
 * Mounts turn propagation off towards the host first.
 */
#include "daemon/rootdir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/openat2.h>

#include "daemon/isolation.h"

#ifndef AT_RECURSIVE
#define AT_RECURSIVE	0x8000
#endif

#define QUIET	(MS_NOSUID | MS_NODEV | MS_NOEXEC)

static int
failed(char *what, size_t len, const char *text, const char *name)
{
	int error = errno;

	snprintf(what, len, "%s%s", text, name);
	return error;
}

static void
lack(struct rootdir *rd, const char *text)
{
	isolation_lack(rd->rd_lacks, rd->rd_lackslen, text);
}

static bool
is_dir(const char *path)
{
	struct stat sb;

	return stat(path, &sb) == 0 && S_ISDIR(sb.st_mode);
}

/* Has it another root than the host, or whom it joins? */
static bool
is_own(const struct rootdir *rd)
{
	return rd->rd_proc && strcmp(rd->rd_path, "/") != 0;
}

/* NAME below the jail's root, as we see it now. */
static const char *
below(const struct rootdir *rd, char buf[PATH_MAX], const char *name)
{
	snprintf(buf, PATH_MAX, "%s%s", is_own(rd) ? "." : "", name);
	return buf;
}

/*
 * /dev.  Where it is mounted may be somewhere else a moment later, if processes run in the directory already: it is filled as the current
 * directory, so that no file is made on the host.
 */
static int
new_dev(void)
{
	int fs = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC), fd = -1;

	if (fs < 0)
		return -1;
	if (syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "source", "dev", 0) == 0 &&
	    syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "mode", "755", 0) == 0 &&
	    syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "size", "64k", 0) == 0 && syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	close(fs);
	return fd;
}

/*
 * FreeBSD's rulesets (devfs.rules(5)), as far as there are such files here: 1 hides all; 2 and 3 show some of what is hidden, and by themselves hide
 * nothing; 4 and 5 are all three.  Directories of IPC are no devices.
 */
enum { DEV_BASIC = 1, DEV_LOGIN = 2, DEV_OTHER = 4 };

static unsigned
dev_shown(unsigned ruleset)
{
	switch (ruleset) {
	case 1:
		return 0;
	case 4:
	case 5:
		return DEV_BASIC | DEV_LOGIN;
	default:
		return DEV_BASIC | DEV_LOGIN | DEV_OTHER;
	}
}

bool
rootdir_devkmsg(unsigned ruleset)
{
	return (dev_shown(ruleset) & DEV_OTHER) != 0;
}

static bool
bind_device(const char *device)
{
	const char *name = strrchr(device, '/') + 1;
	int fd;

	if ((fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666)) < 0)
		return false;
	close(fd);
	return mount(device, name, NULL, MS_BIND, NULL) == 0;
}

static void
fill_login(struct rootdir *rd)
{
	static const char *const links[][2] = { { "pts/ptmx", "ptmx" }, { "/proc/self/fd", "fd" }, { "/proc/self/fd/0", "stdin" },
		{ "/proc/self/fd/1", "stdout" }, { "/proc/self/fd/2", "stderr" } };

	(void)mkdir("pts", 0755);
	if (mount("devpts", "pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620") != 0)
		lack(rd, "no terminals");
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		(void)!symlink(links[i][0], links[i][1]);
}

static void
fill_dev(struct rootdir *rd)
{
	static const struct { const char *path; unsigned set; } devices[] = { { "/dev/null", DEV_BASIC }, { "/dev/zero", DEV_BASIC },
		{ "/dev/random", DEV_BASIC }, { "/dev/urandom", DEV_BASIC }, { "/dev/full", DEV_OTHER }, { "/dev/tty", DEV_OTHER } };
	const unsigned sets = dev_shown(rd->rd_devfs);

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		if ((sets & devices[i].set) != 0 && !bind_device(devices[i].path))
			lack(rd, devices[i].path);
	if ((sets & DEV_LOGIN) != 0)
		fill_login(rd);
	(void)mkdir("shm", 01777);
	(void)mkdir("mqueue", 01777);
	if ((sets & DEV_OTHER) == 0)
		return;
	(void)mkdir("net", 0755);
	if (mknod("net/tun", S_IFREG | 0666, 0) == 0)
		(void)mount("/dev/null", "net/tun", NULL, MS_BIND, NULL);	/* TUNSETIFF comes to us */
}

/* In the jail's root directory. */
static void
make_dev(struct rootdir *rd)
{
	int root, dev;
	mode_t mask;

	if (!is_dir("dev")) {
		lack(rd, "no /dev, for want of the directory");
		return;
	}
	root = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	dev = new_dev();
	if (root >= 0 && dev >= 0 && syscall(SYS_move_mount, dev, "", AT_FDCWD, "dev", MOVE_MOUNT_F_EMPTY_PATH) == 0 && fchdir(dev) == 0) {
		mask = umask(0);
		fill_dev(rd);
		(void)umask(mask);
		(void)!fchdir(root);
	} else
		lack(rd, "no /dev");
	if (dev >= 0)
		close(dev);
	if (root >= 0)
		close(root);
}

/* Names of shared memory and queues belong to the IPC namespace. */
static void
mount_ipc(struct rootdir *rd)
{
	char shm[PATH_MAX], mq[PATH_MAX];
	bool own = is_own(rd);

	below(rd, shm, "/dev/shm");
	below(rd, mq, "/dev/mqueue");
	if (rd->rd_newipc) {
		/* POSIX shared memory and semaphores are files, and no calls of their own that could be refused. */
		if (is_dir(shm) && mount("shm", shm, "tmpfs", rd->rd_noipc ? QUIET | MS_RDONLY : MS_NOSUID | MS_NODEV, "mode=1777") != 0)
			lack(rd, "/dev/shm of others");
		if (is_dir(mq))
			(void)mount("mqueue", mq, "mqueue", QUIET, NULL);
		return;
	}
	if (rd->rd_ipcmounts != NULL) {
		if (rd->rd_ipcmounts[0] >= 0 && is_dir(shm) &&
		    syscall(SYS_move_mount, rd->rd_ipcmounts[0], "", -1, shm, MOVE_MOUNT_F_EMPTY_PATH) != 0)
			lack(rd, "/dev/shm is not the parent's");
		if (rd->rd_ipcmounts[1] >= 0 && is_dir(mq))
			(void)syscall(SYS_move_mount, rd->rd_ipcmounts[1], "", -1, mq, MOVE_MOUNT_F_EMPTY_PATH);
		return;
	}
	if (own && is_dir(shm) && mount("/dev/shm", shm, NULL, MS_BIND, NULL) != 0)
		lack(rd, "/dev/shm is not the host's");
	if (own && is_dir(mq))
		(void)mount("/dev/mqueue", mq, NULL, MS_BIND, NULL);
}

/* The hardware is the host's; the network is not. */
static void
mount_sys(struct rootdir *rd)
{
	char path[PATH_MAX];
	struct stat sb;

	if (is_own(rd) && is_dir(below(rd, path, "/sys")) &&
	    mount("/sys", path, NULL, MS_BIND | MS_REC, NULL) != 0)
		lack(rd, "no /sys");
	if (stat(below(rd, path, "/sys/class/net"), &sb) == 0 &&
	    mount("none", path, "tmpfs", QUIET | MS_RDONLY, "size=4k,nr_inodes=2") != 0)
		lack(rd, "/sys/class/net shows the host");
}

/* A /tmp that nobody can write to is none. */
static void
mount_tmp(struct rootdir *rd)
{
	char path[PATH_MAX];

	if (!is_own(rd) || !is_dir(below(rd, path, "/tmp")) || access(path, W_OK) == 0)
		return;
	if (mount("tmp", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") != 0)
		lack(rd, "no /tmp");
}

/* Only while the host's can still be seen: who sees none may not have one of his own (user_namespaces(7)). */
static void
mount_proc(struct rootdir *rd)
{
	char path[PATH_MAX];

	if (mount("proc", below(rd, path, "/proc"), "proc", QUIET, NULL) != 0)
		lack(rd, is_dir(path) ? "no /proc of its own" : "no /proc, for want of the directory");
}

/* One of the names of which a root directory consists: the first as we see it, the next with the one before as their root. */
static int
open_part(int root, const char *name)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	int fd;

	if (root < 0)
		return open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (unsigned tries = 0; (fd = (int)syscall(SYS_openat2, root, name, &how, sizeof(how))) < 0 && errno == EAGAIN && tries < 100; tries++)
		;	/* somebody renames directories */
	return fd;
}

static int
open_root(const char *path)
{
	char name[PATH_MAX], *end;
	int fd = -1, within;

	snprintf(name, sizeof(name), "%s", path);
	for (char *p = name; p != NULL; p = end) {
		if ((end = strstr(p, "//")) != NULL)
			*end++ = '\0';
		within = open_part(fd, p);
		if (fd >= 0)
			close(fd);
		if ((fd = within) < 0)
			break;
	}
	return fd;
}

/* What the jail calls it. */
static const char *
shown(const char *path)
{
	for (const char *p; (p = strstr(path, "//")) != NULL; path = p + 1)
		;
	return path;
}

/* The directory becomes a mount, because that is what a root can be changed to, and the current directory. */
static int
go_there(const struct rootdir *rd)
{
	int error = 0, fd, tree = -1;

	if ((fd = open_root(rd->rd_path)) < 0)
		return errno;
	if (rd->rd_mounts && ((tree = (int)syscall(SYS_open_tree, fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_EMPTY_PATH)) < 0 ||
	    syscall(SYS_move_mount, tree, "", fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0))
		error = errno;
	if (error == 0 && fchdir(tree >= 0 ? tree : fd) != 0)
		error = errno;
	if (tree >= 0)
		close(tree);
	close(fd);
	return error;
}

static int
enter(const struct rootdir *rd, char *what, size_t len)
{
	if (!rd->rd_mounts)
		return chroot(".") != 0 ? failed(what, len, "path: ", shown(rd->rd_path)) : 0;
	if (syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0)
		return failed(what, len, "path: ", shown(rd->rd_path));
	return 0;
}

int
rootdir_enter(struct rootdir *rd, char *what, size_t len)
{
	bool own = is_own(rd);

	if (rd->rd_mounts && mount("none", "/", NULL, MS_REC | MS_SLAVE, NULL) != 0)
		return failed(what, len, "mount namespace", "");
	if (own && (errno = go_there(rd)) != 0)
		return failed(what, len, "path: ", shown(rd->rd_path));
	if (own && rd->rd_mounts)
		make_dev(rd);
	if (rd->rd_mounts)
		mount_ipc(rd);
	if (rd->rd_mounts && rd->rd_proc) {
		mount_sys(rd);
		mount_tmp(rd);
		mount_proc(rd);
		/* The jail's own, harmless until TUNSETIFF, which comes to us; where a jail may open the host's that is as good. */
		if (!own && access("/dev/net/tun", F_OK) == 0)
			(void)mount("/dev/null", "/dev/net/tun", NULL, MS_BIND, NULL);
	}
	return own ? enter(rd, what, len) : 0;
}
