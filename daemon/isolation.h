/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How far the host lets the processes of a jail be separated, and the separating itself.
 */
#ifndef DAEMON_ISOLATION_H
#define DAEMON_ISOLATION_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <vimage/cpus.h>

struct iso_ipc;

enum iso_mode {
	ISO_USER,	/* a user namespace, and in it all others */
	ISO_ROOT,	/* plain root: all others */
	ISO_NONE,	/* nothing: only the network part of a jail works */
};

struct isolation {
	enum iso_mode	is_mode;
	bool		is_ordinary;	/* vimaged is not the root's of the host, whatever we are called in here, or a root's without CAP_SYS_ADMIN */
	bool		is_ranges;	/* newuidmap and newgidmap give us ids beside our own */
	char		is_uids[256], is_gids[256];	/* "first count" on the host */
};

/* What a jail's init is made from; travels to the spawner as bytes. */
struct init_params {
	bool		ip_ownproc;	/* else it shares files, pids and names with its parent */
	bool		ip_ownipc;
	bool		ip_noipc;	/* ip_ownipc, and nothing in there */
	bool		ip_shared;	/* it may have jails in it that share what it has */
	bool		ip_mixed;	/* for programs with containers of several jails, of one of which its processes are */
	bool		ip_ipcmounts;	/* its processes are one jail's and its IPC another's: what shows that is mounted for it alone */
	bool		ip_kmsg;	/* the same of its messages */
	uint32_t	ip_devfs;	/* devfs_ruleset of a /dev that is ours; 0: the host's, or no rules */
	bool		ip_bound;	/* to some processors only: */
	struct vi_cpus	ip_cpus;
	uint64_t	ip_ipclimit[4];	/* limit.shm, .msgqueues, .semaphores, .mqueues */
	char		ip_path[PATH_MAX];	/* as vi_jail_rootdir says it */
	char		ip_hostname[256], ip_domainname[256];
};

void	isolation_init(struct isolation *, enum iso_mode, bool ordinary);
/* $VIMAGE_ISOLATION ("user", "root", "none") or the best that can be hoped for. */
enum iso_mode isolation_first(void);
/* CLONE_NEW*; join: a jail's processes are joined, whose namespaces are entered first. */
int	isolation_flags(const struct isolation *, const struct init_params *, bool join);
/* In the spawner, for a child that was just cloned with these flags. */
int	isolation_map(const struct isolation *, pid_t, int flags);
/*
 * In the child, after the maps: mounts, root directory, names.  0, or an errno and what failed;
 * *lacks: what could be done without (added).
 */
int	isolation_enter(const struct init_params *, int flags, const int *ipcmounts, struct iso_ipc *, char *what, size_t len, char *lacks,
    size_t lackslen);
#define ISO_NIPCLIMITS	4
#define ISO_NIPCKNOBS	5
struct iso_ipc {
	int	ii_fd[ISO_NIPCKNOBS];	/* -1: not there, or not ours */
};
void	isolation_openipc(struct iso_ipc *);
int	isolation_ipclimits(const struct iso_ipc *, const uint64_t limit[ISO_NIPCLIMITS]);	/* of the IPC namespace we are in; errno */
/* Adds to what a jail lacks. */
void	isolation_lack(char *lacks, size_t len, const char *text);
/* One sentence about a mode; what it lacks beside, or "". */
void	isolation_describe(enum iso_mode, int error, const char *lacks, char *text, size_t len);

#endif
