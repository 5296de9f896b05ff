/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program to be run in a jail, on its way from vimaged to the process that becomes it; and
 * the jail's init, which makes that process.
 */
#ifndef DAEMON_PROGRAM_H
#define DAEMON_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

#define PROGRAM_MAXGROUPS	64

enum {			/* pg_flags */
	PROGRAM_TTY = 0x1,	/* descriptor 0 becomes the controlling terminal */
	PROGRAM_LOGIN = 0x2,	/* clean environment; home directory of a user that was named */
	PROGRAM_IDS = 0x4,	/* pg_uid, pg_gid, pg_groups */
	PROGRAM_SHELL = 0x8,	/* no argv: the shell */
};

/*
 * Followed by strings, each with its NUL: directory, user, command directory, arguments,
 * environment, what is put into it last.
 */
struct program {
	uint32_t	pg_size;	/* of it all */
	uint32_t	pg_flags;
	uint32_t	pg_argc, pg_envc, pg_setc;
	uint32_t	pg_umask;
	uint32_t	pg_nproc;	/* RLIMIT_NPROC; 0: as it is */
	uint32_t	pg_ipcoff;	/* VI_IPC_*: kinds of IPC that it does without */
	uint32_t	pg_filter;	/* LX_FILTER_* */
	uint32_t	pg_uid, pg_gid, pg_ngroups;
	uint32_t	pg_groups[PROGRAM_MAXGROUPS];
	uint64_t	pg_caps;	/* CAP_* it may have, a bit for each; set by who runs it */
	char		pg_text[];
};

/* From the arguments of the operation; the caller frees.  EINVAL (err: sentence), E2BIG, ENOMEM. */
int	program_new(
    const json_t *args, const char *cmddir, struct program **, char *err, size_t errlen);

/* How a started process tells what became of it; through a pipe that exec closes. */
struct program_report {
	int32_t		pr_listener;	/* first: the filter's descriptor, or -errno */
	int32_t		pr_errno;	/* later: why it could not run */
	bool		pr_exec;	/* it was exec that failed */
	char		pr_what[120];
};

/* In the new process: never returns. */
void	program_run(int memfile, const int stdfds[3], int execfd, int report, int go) __attribute__((noreturn));

struct init_params;
/* In the cloned process: the init.  sock: to vimaged.  fuse: of fuse_open(), if it was called already.  Never returns. */
void	jinit_run(int sock, int flags, const struct init_params *, const int *ipcmounts, int fuse) __attribute__((noreturn));

#endif
