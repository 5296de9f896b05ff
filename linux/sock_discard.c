/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MSG_TRUNC of streams, tcp(7): the bytes are counted and read by nobody; with MSG_PEEK they stay.
 *
 * The host copies bytes of a pair whatever the flag, so such calls come to us.  Who waits does so in ls_calls, where of a connection nothing else waits.
 * What was taken before a signal overtakes the answer is gone, and the call that is made again is told of it.
 */
#include "linux/lx.h"

#include <errno.h>
#include <unistd.h>
#include <sys/syscall.h>

static int
discard_flags(const struct lx_call *c)
{
	return ((int)c->c_arg[c->c_nr == SYS_recvmsg ? 2 : 3]);
}

/* As far as the next urgent byte, as a read. */
static int64_t
discard_bytes(struct lx *lx, int app, size_t len, int flags)
{
	size_t done = 0, want;
	ssize_t n;

	do {
		want = len - done < LX_BUFSIZE ? len - done : LX_BUFSIZE;
		n = recv(app, lx->lx_buf, want, MSG_DONTWAIT | (flags & (MSG_PEEK | MSG_OOB)));
		if (n > 0)
			done += (size_t)n;
	} while (n == (ssize_t)want && done < len && (flags & MSG_PEEK) == 0);
	return (done > 0 ? (int64_t)done : n < 0 ? -errno : 0);
}

/* app: a copy of the program's end.  -EAGAIN: there is nothing. */
static int64_t
discard_now(struct lx_call *c, int app)
{
	const int flags = discard_flags(c);
	int64_t result, error;
	size_t len;

	if ((error = recv_space(c, &len)) != 0)
		return (error);
	result = len == 0 ? 0 : discard_bytes(c->c_lx, app, len, flags);
	if (result >= 0 && (error = recv_empty(c)) != 0)
		return (error);
	return (result);
}

int64_t
discard(struct lx_call *c)
{
	int64_t result;

	if ((discard_flags(c) & MSG_PEEK) == 0)
		c->c_effect = true;
	result = discard_now(c, c->c_fd);
	if (result != -EAGAIN || lx_call_nonblock(c, discard_flags(c), SO_RCVTIMEO))
		return (result);
	return (lx_call_wait(c, lx_call_timeout(c, SO_RCVTIMEO), EAGAIN));
}

void
discard_more(struct lx_sock *ls)
{
	struct lx_call *c, *tmp;
	int app = lx_sock_locate(ls);
	int64_t result;

	TAILQ_FOREACH_SAFE(c, &ls->ls_calls, c_link, tmp) {
		if (app < 0)		/* it cannot be found: who waits may ask again */
			c->c_effect = false;
		if (lx_call_valid(c)) {
			result = app < 0 ? -EINTR : discard_now(c, app);
			if (result == -EAGAIN)
				break;
			(void)lx_answer(c, result);
		}
		lx_call_free(c);
	}
	if (app >= 0)
		close(app);
}
