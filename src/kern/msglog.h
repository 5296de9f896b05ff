/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A message ring: the private kernel message buffer of one vnet or prison.  Memory is taken at the first message.
 *
 * Threads: put by the lane it belongs to, or under the kernel lock, and by any lane whose ring copies into it; read and cleared under the kernel
 * lock.  ml_lock is for the second kind; nothing is called while it is held.
 */
#ifndef KERN_MSGLOG_H
#define KERN_MSGLOG_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <vimage/vimage.h>

#include "kern/acct.h"

#define LOG_KERN	0
#define LOG_USER	1	/* what programs write into it */
#define LOG_PRI(facility, level) ((unsigned)(facility) << 3 | (unsigned)(level))

enum { LOG_EMERG, LOG_ALERT, LOG_CRIT, LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG };

#define MSGLOG_SIZE	8192		/* bytes of the ring */
#define MSGLOG_LINE	240		/* longest line; longer ones are cut */

struct msglog {
	struct acctset	*ml_acct;
	char		*ml_buf;	/* MSGLOG_SIZE bytes, or NULL */
	uint32_t	 ml_head, ml_tail;
	uint64_t	 ml_seq;	/* last given out */
	uint64_t	 ml_lost;	/* overwritten or refused */
	char		 ml_name[32];	/* of the vnet */
	int		 ml_stamp;	/* whether its readers shall show when a line came; only kept here */
	int		 ml_names;	/* copies of other rings' lines say whose they are; begins as 1 */
	/* rate limit: at most 50 lines a second after a burst of 200; suppressed lines are counted and told */
	uint64_t	 ml_tokens_time;
	uint32_t	 ml_tokens;
	uint32_t	 ml_suppressed;
	_Atomic(bool)	 ml_lock;
	/* Another ring, which outlives this one, that gets a copy of what is as urgent as ml_copylevel, or everything instead of this one. */
	struct msglog	*ml_copy;
	int		 ml_copylevel;
	bool		 ml_instead;
	uint64_t	 ml_copytime;	/* at most 10 copies a second after a burst of 20 */
	uint32_t	 ml_copytokens;
};

void	msglog_init(struct msglog *, struct acctset *, const char *name);
void	msglog_fini(struct msglog *);
/*
 * Under the kernel lock: from now on lines of this level and the more urgent ones are copied, prefixed by the name (ml_names); instead: all lines go there and
 * none stays here.  to NULL: no more.  Without memory for the other ring what goes there is lost, and counted.
 */
void	msglog_copyto(struct msglog *, struct msglog *to, int level, bool instead);
/* pri: a level, or LOG_PRI(facility, level) */
void	msglog_put(struct msglog *, unsigned pri, const char *fmt, ...) VI_PRINTF(3, 4);
void	msglog_vput(struct msglog *, unsigned pri, const char *fmt, va_list) VI_PRINTF(3, 0);
uint64_t msglog_read(const struct msglog *, uint64_t after, vi_log_fn *, void *arg);
void	msglog_clear(struct msglog *);

#endif
