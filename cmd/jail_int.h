/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of jail(8). */
#ifndef CMD_JAIL_INT_H
#define CMD_JAIL_INT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>

#include "cmd/cmd.h"
#include "cmd/jailconf/jailconf.h"

/* The steps of a job; those of a start come first. */
enum step {
	STEP_LOOK,		/* start: is it there? */
	STEP_PREPARE,
	STEP_ADDRESS,
	STEP_MOUNT,
	STEP_PRESTART,
	STEP_CREATE,
	STEP_CREATED,
	STEP_START,
	STEP_COMMAND,
	STEP_POSTSTART,
	STEP_RELEASE,		/* who has no process may vanish now */
	STEP_STARTED,

	STEP_FIND,		/* stop: is it there? */
	STEP_PRESTOP,
	STEP_STOP,
	STEP_REMOVE,
	STEP_POSTSTOP,
	STEP_UNMOUNT,
	STEP_UNADDRESS,
	STEP_EXEC_RELEASE,
	STEP_STOPPED,
};

struct job;
struct job_wait {
	STAILQ_ENTRY(job_wait) jw_link;
	struct job	*jw_job;
};

struct job {
	TAILQ_ENTRY(job) jb_link;
	TAILQ_ENTRY(job) jb_active;	/* while it runs */
	RB_ENTRY(job)	 jb_ready;	/* while it could */
	RB_ENTRY(job)	 jb_byname;
	unsigned	 jb_order;	/* of being added */
	struct jail	*jb_jail;
	char		*jb_name;	/* as configured or given; NULL: none */
	bool		 jb_conf;	/* of a configuration: messages begin with the name */
	bool		 jb_start;	/* else it is a stop */
	bool		 jb_again;	/* a stop, to be followed by a start */
	bool		 jb_create, jb_update;
	bool		 jb_must;	/* stop: that it is not there is an error */
	bool		 jb_needed;	/* start: by another; that it is there is all */
	bool		 jb_clean;	/* stop: only what comes after the removal */
	struct jc_params jb_params;
	char		**jb_command;	/* argv of the command line; NULL */
	STAILQ_HEAD(, job_wait) jb_waiters;	/* begin after it has ended */
	unsigned	 jb_left;	/* how many must end before it begins */
	const struct job *jb_lacks;	/* one of those, which failed; NULL */
	unsigned	 jb_mark;	/* looking for circles */

	bool		 jb_runs;	/* has begun and not ended */
	enum step	 jb_step;
	unsigned	 jb_hook;	/* next command of this step */
	bool		 jb_failing;	/* a start that is being undone */
	bool		 jb_prepared, jb_prestarted, jb_made, jb_was;
	bool		 jb_missing;	/* there is no such jail */
	bool		 jb_anew;	/* -mr: has to be made anew */
	unsigned	 jb_mounts;	/* made by us */
	unsigned	 jb_addrs;	/* put on interfaces by us */
	int		 jb_status;	/* exit status of its command; 1 after a failure */
	char		 jb_jid[16];
	char		 jb_id[256];	/* name that jexec understands */

	pid_t		 jb_pid;	/* of the running command; 0 */
	int		 jb_fd;		/* its pidfd */
	uint64_t	 jb_deadline;	/* ns; 0: none */
	const char	*jb_running;	/* parameter, for messages */
	struct ctl_conn	*jb_conn;	/* waits for the answer to jail.remove; NULL */
};

struct jail {
	struct cmd_ctx	*j_cx;
	bool		 j_create, j_modify, j_remove, j_kill, j_clean;
	bool		 j_jidonly, j_quiet, j_verbose;
	bool		 j_interrupted;
	unsigned	 j_limit;	/* jobs at once; 0: no limit */
	unsigned	 j_running;
	const char	*j_file;	/* -f; NULL */
	const char	*j_jidfile;	/* -J; NULL */
	FILE		*j_jids;	/* it, while jobs run: a line for each jail */
	const char	*j_show;	/* -e; NULL */
	struct jc_conf	 j_conf;
	struct jc_block	*j_line;	/* parameters of the command line; NULL */
	char		**j_command;	/* NULL: none */
	TAILQ_HEAD(, job) j_jobs, j_active;
	RB_HEAD(job_ready, job) j_ready;	/* by jb_order */
	RB_HEAD(job_names, job) j_names;
	unsigned	 j_njobs;
	int		 j_status;
};

/* jail_job.c */
struct job *job_new(struct jail *, const char *name, bool start);
struct job *job_find(struct jail *, const char *name);
void	jobs_free(struct jail *);
bool	job_stays(const struct job *);	/* something keeps the jail: persist, or a command */
void	job_warnx(const struct job *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Runs all of them; the exit status. */
int	jobs_run(struct jail *);
void	job_fail(struct job *);		/* what was made is undone */
bool	job_advance(struct job *);	/* one step; false: it waits for something */
uint64_t now_ns(void);

/* jail_op.c: the daemon's part of the steps; all return false after a failure that was told. */
bool	op_look(struct job *);
bool	op_find(struct job *);
bool	op_create(struct job *);
bool	op_release(struct job *);
bool	op_remove(struct job *);	/* true with jb_conn set: not answered yet */
bool	op_removed(struct job *);	/* the answer */

/* jail_hook.c */
/* Starts the next command of the parameter; false: there is none. */
bool	hook_next(struct job *, const char *param, bool injail);
bool	hook_ended(struct job *);	/* its process has; false: it failed */
void	hook_kill(struct job *);
bool	hook_foreground(struct job *);	/* jb_command */

/* jail_mount.c */
bool	mount_all(struct job *);
void	unmount_all(struct job *);

/* jail_addr.c */
bool	addr_settle(struct job *);		/* names are looked up, all are understood; false after a message */
bool	addr_has(const struct job *);
bool	addr_add_all(struct job *);		/* on interfaces; false after a message */
void	addr_remove_all(struct job *);
json_t	*addr_value(const char *param, const char *text);	/* as the daemon knows it; NULL: not UTF-8 */

/* jail_dep.c: after all jobs are known.  False after a message. */
bool	depend_order(struct jail *);

/* jail_param.c */
bool	param_local(const char *name);		/* ours, not the daemon's */
bool	param_check(const struct job *);	/* false after a message */
void	param_warn(const struct job *);		/* of what has been set and does less than in FreeBSD */
json_t	*param_list(const struct job *);	/* [[name, value]] for the daemon */
/* Adds "name=value", "name+=value", "name"; false after a message. */
bool	line_add(struct jail *, char *word);
void	line_put(struct jail *, const char *name, const char *value);
void	param_write(FILE *, const struct jc_param *);	/* as it is written in a file */
/* For each jail that the file names, in its order, its parameters.  False: it was said what is wrong with the next. */
bool	jail_configured(struct jail *, void (*fn)(void *, const char *name, const struct jc_params *), void *arg);
int	show_configured(struct jail *);		/* -e; exit status */

#endif
