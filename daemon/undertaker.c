/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/undertaker.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <bsd/sys/queue.h>

#include "daemon/cgroup.h"

/* On the pipe, which has one writer; the path follows. */
struct note {
	uint64_t	nt_id;		/* of the mount, or of the file */
	uint64_t	nt_dev;		/* 0: a mount */
	uint32_t	nt_there;
	uint32_t	nt_len;		/* of the path with its zero */
};

struct grave {
	LIST_ENTRY(grave) gr_link;
	uint64_t	gr_id, gr_dev;
	char		gr_path[];
};
LIST_HEAD(graves, grave);

static bool
read_all(int fd, void *buf, size_t len)
{
	ssize_t n;

	for (char *p = buf; len > 0; p += n, len -= (size_t)n)
		if ((n = read(fd, p, len)) <= 0) {
			if (n == 0 || errno != EINTR)
				return false;
			n = 0;
		}
	return true;
}

static void
forget(struct graves *gs, const char *path, bool file)
{
	struct grave *gr;

	LIST_FOREACH(gr, gs, gr_link)
		if (strcmp(gr->gr_path, path) == 0 && (gr->gr_dev != 0) == file)
			break;
	if (gr == NULL)
		return;
	LIST_REMOVE(gr, gr_link);
	free(gr);
}

/* The newest first. */
static void
remember(struct graves *gs, const struct note *nt, const char *path)
{
	struct grave *gr = malloc(sizeof(*gr) + strlen(path) + 1);

	if (gr == NULL)
		return;
	gr->gr_id = nt->nt_id;
	gr->gr_dev = nt->nt_dev;
	strcpy(gr->gr_path, path);
	LIST_INSERT_HEAD(gs, gr, gr_link);
}

/* What somebody else has mounted there since is his. */
static void
unmount(const struct grave *gr)
{
	struct statx stx;

	if (statx(AT_FDCWD, gr->gr_path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_MNT_ID, &stx) != 0 ||
	    (stx.stx_mask & STATX_MNT_ID) == 0 || stx.stx_mnt_id != gr->gr_id)
		return;
	if (umount2(gr->gr_path, UMOUNT_NOFOLLOW) != 0)
		(void)umount2(gr->gr_path, UMOUNT_NOFOLLOW | MNT_DETACH);
}

static void
unbind(const struct grave *gr)
{
	struct stat st;

	if (lstat(gr->gr_path, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_dev == gr->gr_dev && st.st_ino == gr->gr_id)
		(void)unlink(gr->gr_path);
}

void
undertaker_run(int fd, const struct cgroup_host *ch)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	struct graves gs = LIST_HEAD_INITIALIZER(gs);
	char path[PATH_MAX];
	struct grave *gr;
	struct note nt;

	while (read_all(fd, &nt, sizeof(nt)) && nt.nt_len <= sizeof(path) && read_all(fd, path, nt.nt_len)) {
		if (!nt.nt_there || nt.nt_dev != 0)
			forget(&gs, path, nt.nt_dev != 0);
		if (nt.nt_there)
			remember(&gs, &nt, path);
	}
	LIST_FOREACH(gr, &gs, gr_link)
		if (gr->gr_dev != 0)
			unbind(gr);
		else
			unmount(gr);
	for (unsigned i = 0; i < 1000 && cgroup_there(ch); i++) {
		cgroup_clean(ch);
		nanosleep(&pause, NULL);
	}
	_exit(0);
}

struct told {
	struct note	td_note;
	char		td_path[PATH_MAX];
};

static void
tell(int fd, struct told *td, size_t pathlen)
{
	size_t done = 0, len = offsetof(struct told, td_path) + pathlen;
	ssize_t n;

	td->td_note.nt_len = (uint32_t)pathlen;
	for (; done < len; done += (size_t)n)
		if ((n = write(fd, (const char *)td + done, len - done)) < 0)
			return;
}

void
undertaker_mount(int fd, int memfile, uint64_t id, bool there)
{
	struct told td = { .td_note = { .nt_id = id, .nt_there = there } };
	const ssize_t n = pread(memfile, td.td_path, sizeof(td.td_path), 0);

	if (n > 0 && td.td_path[n - 1] == '\0')
		tell(fd, &td, (size_t)n);
}

void
undertaker_file(int fd, const char *path, uint64_t dev, uint64_t ino)
{
	struct told td = { .td_note = { .nt_id = ino, .nt_dev = dev, .nt_there = true } };
	const size_t len = strlen(path) + 1;

	memcpy(td.td_path, path, len);
	tell(fd, &td, len);
}
