/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A message ring: the private kernel message buffer of one vnet.  Memory is taken at the first message.
 */
#ifndef KERN_MSGLOG_H
#define KERN_MSGLOG_H

#include <stdarg.h>
#include <stdint.h>

#include <vimage/vimage.h>

#include "kern/acct.h"

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
	/* rate limit: at most 50 lines a second after a burst of 200; suppressed lines are counted and told */
	uint64_t	 ml_tokens_time;
	uint32_t	 ml_tokens;
	uint32_t	 ml_suppressed;
};

void	msglog_init(struct msglog *, struct acctset *, const char *name);
void	msglog_fini(struct msglog *);
void	msglog_put(struct msglog *, unsigned level, const char *fmt, ...) VI_PRINTF(3, 4);
void	msglog_vput(struct msglog *, unsigned level, const char *fmt, va_list) VI_PRINTF(3, 0);
uint64_t msglog_read(const struct msglog *, uint64_t after, vi_log_fn *, void *arg);
void	msglog_clear(struct msglog *);

#endif
