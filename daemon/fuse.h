/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of jails that vimaged answers for (FUSE), where the host has it.  An end is vimaged's side of one mount.
 *
 * Requests come to a thread of their own, because workers look into programs of jails: what they touch there may be such a file
 * (memory that maps it, its attributes), and that must be answered while they wait.  What the thread cannot answer at once goes
 * to worker 0, which nobody who waits for it can hold up.
 */
#ifndef DAEMON_FUSE_H
#define DAEMON_FUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <linux/fuse.h>

#define FUSE_ATTR_VALID	(1u << 30)	/* seconds: they do not change */
#define FUSE_WRITE_MAX	4096	/* the least that the host may be told */

struct daemon;
struct fuse_end;
struct jproc;

struct fuse_ops {
	/* In the thread: answers, or says false.  It may look at the request and at nothing else. */
	bool	(*fo_here)(const struct fuse_end *, const struct fuse_in_header *);
	/* In worker 0, with the kernel lock; the jail exists.  FORGET takes no answer, the rest has its one. */
	void	(*fo_serve)(struct fuse_end *, void *arg, const struct fuse_in_header *);
};

/* In the init of a jail before the root directory changes, while the host's /dev can be named, and in vimaged.  -1: there is none. */
int	fuse_open(void);
/* Puts it there; mode says whether it is a directory.  errno; the descriptor stays the caller's, and is vimaged's end. */
int	fuse_mount(int fd, const char *what, const char *where, mode_t);

/* In vimaged, main thread.  The descriptor is consumed; NULL: it is not of the host's device, no memory, no thread. */
struct fuse_end *fuse_end_new(struct jproc *, int fd, const struct fuse_ops *, void *arg);
void	fuse_end_free(struct fuse_end *);	/* the arg is not used any more */
struct jproc *fuse_end_jproc(const struct fuse_end *);
void	fuse_fini(struct daemon *);		/* after the last one was freed */

void	fuse_answer(const struct fuse_end *, uint64_t unique, int error, const void *, size_t);
void	fuse_wakeup(const struct fuse_end *, uint64_t kh);	/* poll() is to ask again */
/* A file as it always is. */
static inline struct fuse_attr
fuse_attr(uint64_t ino, mode_t mode, uint64_t size)
{
	const uint64_t now = (uint64_t)time(NULL);

	return (struct fuse_attr){ .ino = ino, .size = size, .atime = now, .mtime = now, .ctime = now, .mode = mode,
		.nlink = S_ISDIR(mode) ? 2 : 1, .blksize = 4096 };
}

static inline void
fuse_answer_attr(const struct fuse_end *fe, uint64_t unique, uint64_t ino, mode_t mode, uint64_t size)
{
	const struct fuse_attr_out out = { .attr_valid = FUSE_ATTR_VALID, .attr = fuse_attr(ino, mode, size) };

	fuse_answer(fe, unique, 0, &out, sizeof(out));
}

/* An attempt to change attributes: only a length, as O_TRUNC does. */
static inline bool
fuse_truncates(const struct fuse_in_header *in)
{
	return (((const struct fuse_setattr_in *)(const void *)(in + 1))->valid & ~(uint32_t)(FATTR_SIZE | FATTR_FH | FATTR_LOCKOWNER)) == 0;
}

/* A read by a program, not one of a page. */
static inline bool
fuse_read_by_program(const struct fuse_in_header *in)
{
	return (((const struct fuse_read_in *)(const void *)(in + 1))->read_flags & FUSE_READ_LOCKOWNER) != 0;
}

#endif
