/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syslog(2): the jail's own message buffer.
 *
 * Each program (all that one jexec started) reads it from the beginning with SYSLOG_ACTION_READ; on Linux they would take each other's
 * messages away.  There is no console, so nothing is printed at any level and the calls that set one have nothing to do.
 */
#include "linux/lx.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <vimage/jail.h>

enum { CLOSE, OPEN, READ, READ_ALL, READ_CLEAR, CLEAR, CONSOLE_OFF, CONSOLE_ON, CONSOLE_LEVEL, SIZE_UNREAD, SIZE_BUFFER, NACTIONS };

#define LOG_BUFFER	16384	/* more than a jail's messages are as text */
#define LOG_RECORD	320

/* "<6>[    1.000000] text\n"; its length. */
size_t
lx_log_format(const struct vi_logmsg *lm, char *buf, size_t size)
{
	const uint64_t us = lm->lm_uptime / 1000;
	const int n = snprintf(buf, size, "<%u>[%5llu.%06llu] %s\n", lm->lm_facility * 8u + lm->lm_level, (unsigned long long)(us / 1000000),
	    (unsigned long long)(us % 1000000), lm->lm_text);

	return (n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1);
}

struct reading {
	char		*re_buf;
	size_t		 re_size, re_len;
	size_t		 re_skip;	/* bytes of the first record */
	uint64_t	 re_seq;	/* of the last that was given out whole */
	uint32_t	 re_off;	/* bytes of the next one */
	bool		 re_full;
};

/* As much as there is room for, from the first on. */
static void
read_next(void *arg, const struct vi_logmsg *lm)
{
	struct reading *re = arg;
	char text[LOG_RECORD];
	size_t len, n;

	if (re->re_full)
		return;
	len = lx_log_format(lm, text, sizeof(text));
	if (re->re_skip > len)
		re->re_skip = 0;
	n = len - re->re_skip < re->re_size - re->re_len ? len - re->re_skip : re->re_size - re->re_len;
	memcpy(re->re_buf + re->re_len, text + re->re_skip, n);
	re->re_len += n;
	re->re_full = re->re_skip + n < len;
	re->re_off = re->re_full ? (uint32_t)(re->re_skip + n) : 0;
	if (!re->re_full)
		re->re_seq = lm->lm_seq;
	re->re_skip = 0;
}

/* The last ones that fit whole: earlier ones make room. */
static void
read_last(void *arg, const struct vi_logmsg *lm)
{
	struct reading *re = arg;
	char text[LOG_RECORD], *end;
	size_t len = lx_log_format(lm, text, sizeof(text));

	if (len > re->re_size)
		return;
	while (re->re_size - re->re_len < len && (end = memchr(re->re_buf, '\n', re->re_len)) != NULL) {
		re->re_len -= (size_t)(end + 1 - re->re_buf);
		memmove(re->re_buf, end + 1, re->re_len);
	}
	memcpy(re->re_buf + re->re_len, text, len);
	re->re_len += len;
}

static void
log_read(const struct lx_call *c, uint64_t after, void (*fn)(void *, const struct vi_logmsg *), struct reading *re)
{
	lx_manage(c->c_lx);
	(void)vi_jail_log_read(c->c_lx->lx_kernel, c->c_pr->pr_use.us_jid[VI_CLASS_VLOG], after, fn, re);
	lx_managed(c->c_lx);
}

/* The length is an int, which was looked at: the register's upper half may hold anything. */
static size_t
room(const struct lx_call *c)
{
	const uint32_t len = (uint32_t)c->c_arg[2];

	return (len < LOG_BUFFER ? len : LOG_BUFFER);
}

/* 0: nothing to read yet. */
static int64_t
log_take(struct lx_call *c)
{
	struct lx_program *pr = c->c_pr;
	struct reading re = { .re_buf = c->c_lx->lx_buf, .re_size = room(c), .re_skip = pr->pr_logoff, .re_seq = pr->pr_logseq };
	int error;

	log_read(c, pr->pr_logseq, read_next, &re);
	if (re.re_len == 0)
		return (0);
	if ((error = lx_copyout(c, c->c_arg[1], re.re_buf, re.re_len)) != 0)
		return (-error);
	pr->pr_logseq = re.re_seq;
	pr->pr_logoff = re.re_off;
	return ((int64_t)re.re_len);
}

static void
log_clear(const struct lx_call *c)
{
	lx_manage(c->c_lx);
	vi_jail_log_clear(c->c_lx->lx_kernel, c->c_pr->pr_use.us_jid[VI_CLASS_VLOG]);
	lx_managed(c->c_lx);
}

static int64_t
log_all(struct lx_call *c, bool clear)
{
	struct reading re = { .re_buf = c->c_lx->lx_buf, .re_size = room(c) };
	int error;

	log_read(c, 0, read_last, &re);
	if ((error = lx_copyout(c, c->c_arg[1], re.re_buf, re.re_len)) != 0)
		return (-error);
	if (clear)
		log_clear(c);
	return ((int64_t)re.re_len);
}

static int64_t
log_unread(const struct lx_call *c)
{
	struct reading re = { .re_buf = c->c_lx->lx_buf, .re_size = LX_BUFSIZE, .re_skip = c->c_pr->pr_logoff };

	log_read(c, c->c_pr->pr_logseq, read_next, &re);
	return ((int64_t)re.re_len);
}

/* Not one that it shares with another jail? */
static bool
log_own(const struct lx_call *c)
{
	bool own;

	lx_manage(c->c_lx);
	own = vi_jail_owner(c->c_lx->lx_kernel, c->c_pr->pr_use.us_jid[VI_CLASS_VLOG], "vlog") == c->c_pr->pr_use.us_jid[VI_CLASS_VLOG];
	lx_managed(c->c_lx);
	return (own);
}

static bool
log_visible(const struct lx_call *c)
{
	return (lx_call_may(c, VI_PRIV_LOG_READ) && (log_own(c) || lx_call_may(c, VI_PRIV_LOG_SHARED)));
}

/* As Linux says it: who may not first, then what cannot be. */
int64_t
lx_sys_syslog(struct lx_call *c)
{
	const int action = (int)c->c_arg[0], len = (int)c->c_arg[2];
	int64_t result;

	if ((action == READ_CLEAR || action == CLEAR) && !(log_own(c) && lx_call_may(c, VI_PRIV_LOG_CLEAR)))
		return (-EPERM);
	if (!log_visible(c))
		return (-EPERM);
	if (action >= READ && action <= READ_CLEAR) {
		if (c->c_arg[1] == 0 || len < 0)
			return (-EINVAL);
		if (len == 0)
			return (0);
	}
	switch (action) {
	case READ:
		result = log_take(c);
		return (result != 0 ? result : lx_call_wait(c, LX_FOREVER, 0));
	case READ_ALL:
	case READ_CLEAR:
		return (log_all(c, action == READ_CLEAR));
	case CLEAR:
		log_clear(c);
		return (0);
	case CONSOLE_LEVEL:
		return (len < 1 || len > 8 ? -EINVAL : 0);
	case SIZE_UNREAD:
		return (log_unread(c));
	case SIZE_BUFFER:
		return (LOG_BUFFER);
	case CLOSE:
	case OPEN:
	case CONSOLE_OFF:
	case CONSOLE_ON:
		return (0);
	default:
		return (-EINVAL);
	}
}

void
lx_log_event(struct lx *lx)
{
	struct lx_call *c, *tmp;
	int64_t result;

	TAILQ_FOREACH_SAFE(c, &lx->lx_logcalls, c_link, tmp) {
		if ((result = log_take(c)) == 0)
			continue;
		(void)lx_answer(c, result);
		lx_call_free(c);
	}
}
