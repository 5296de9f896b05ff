/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How far the host lets the processes of a jail be separated, and the separating itself.
 */
#ifndef DAEMON_ISOLATION_H
#define DAEMON_ISOLATION_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum iso_mode {
	ISO_USER,	/* a user namespace, and in it all others */
	ISO_ROOT,	/* plain root: all others */
	ISO_NONE,	/* nothing: only the network part of a jail works */
};

struct isolation {
	enum iso_mode	is_mode;
	bool		is_ranges;	/* newuidmap and newgidmap give us ids beside our own */
	char		is_uids[256], is_gids[256];	/* "first count" on the host */
};

/* What a jail's init is made from; travels to the spawner as bytes. */
struct init_params {
	bool		ip_prison0;	/* shares files, pids and names with the host */
	char		ip_path[PATH_MAX];
	char		ip_hostname[256], ip_domainname[256];
};

void	isolation_init(struct isolation *, enum iso_mode);
/* $VIMAGE_ISOLATION ("user", "root", "none") or the best that can be hoped for. */
enum iso_mode isolation_first(void);
int	isolation_flags(const struct isolation *, bool prison0);	/* CLONE_NEW* */
/* In the spawner, for a child that was just cloned with these flags. */
int	isolation_map(const struct isolation *, pid_t, int flags);
/*
 * In the child, after the maps: mounts, root directory, names.  0, or an errno and what failed;
 * *lacks: what could be done without (added).
 */
int	isolation_enter(
    const struct init_params *, int flags, char *what, size_t len, char *lacks, size_t lackslen);
/* One sentence about a mode; what it lacks beside, or "". */
void	isolation_describe(enum iso_mode, int error, const char *lacks, char *text, size_t len);

#endif
