/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/undertaker.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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
	uint64_t	nt_id;
	uint32_t	nt_there;
	uint32_t	nt_len;		/* of the path with its zero */
};

struct grave {
	LIST_ENTRY(grave) gr_link;
	uint64_t	gr_id;
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
forget(struct graves *gs, const char *path)
{
	struct grave *gr;

	LIST_FOREACH(gr, gs, gr_link)
		if (strcmp(gr->gr_path, path) == 0)
			break;
	if (gr == NULL)
		return;
	LIST_REMOVE(gr, gr_link);
	free(gr);
}

/* The newest first. */
static void
remember(struct graves *gs, uint64_t id, const char *path)
{
	struct grave *gr = malloc(sizeof(*gr) + strlen(path) + 1);

	if (gr == NULL)
		return;
	gr->gr_id = id;
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

void
undertaker_run(int fd, const struct cgroup_host *ch)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	struct graves gs = LIST_HEAD_INITIALIZER(gs);
	char path[PATH_MAX];
	struct grave *gr;
	struct note nt;

	while (read_all(fd, &nt, sizeof(nt)) && nt.nt_len <= sizeof(path) && read_all(fd, path, nt.nt_len)) {
		if (nt.nt_there)
			remember(&gs, nt.nt_id, path);
		else
			forget(&gs, path);
	}
	LIST_FOREACH(gr, &gs, gr_link)
		unmount(gr);
	for (unsigned i = 0; i < 1000 && cgroup_there(ch); i++) {
		cgroup_clean(ch);
		nanosleep(&pause, NULL);
	}
	_exit(0);
}

void
undertaker_tell(int fd, int memfile, uint64_t id, bool there)
{
	struct {
		struct note	note;
		char		path[PATH_MAX];
	} msg = { .note = { .nt_id = id, .nt_there = there } };
	const ssize_t n = pread(memfile, msg.path, sizeof(msg.path), 0);
	ssize_t done = 0, w;

	if (n <= 0 || msg.path[n - 1] != '\0')
		return;
	msg.note.nt_len = (uint32_t)n;
	for (const ssize_t len = (ssize_t)sizeof(msg.note) + n; done < len; done += w)
		if ((w = write(fd, (const char *)&msg + done, (size_t)(len - done))) < 0)
			return;
}
