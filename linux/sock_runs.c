/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MSG_MORE and MSG_EOR of streams.  The pair carries bytes and no flags, but calls with these flags are notified before the
 * host does them: so it is known which bytes of the pair will be theirs, and the relay gives them on by runs of one kind.
 * Where sending is stamped (SO_TIMESTAMPING) each call that we see is a run, and has a stamp of its own.
 *
 * How many bytes the host takes is not known then.  A call that it cut short, or that failed, leaves a run that is longer
 * than what came; the next such call trims it.  Until then other bytes may be taken for it: they wait no longer than MSG_MORE
 * does, or begin a packet where nobody asked for it.
 */
#include "linux/lx.h"

#include <stdlib.h>
#include <sys/ioctl.h>

#define RUNS_MAX	32		/* what a program has in the pair beyond them goes without flags */

struct lx_runs {
	unsigned	 ru_first, ru_n;
	struct run {
		size_t	 r_len;
		int	 r_flags;	/* VI_MSG_MORE of each byte, VI_MSG_EOR after the last */
		int	 r_stamp;	/* VI_SOF_TX that the call asked for in the socket's place, or -1 */
	} ru_ring[RUNS_MAX];
};

static struct run *
run_at(struct lx_runs *ru, unsigned i)
{
	return (&ru->ru_ring[(ru->ru_first + i) % RUNS_MAX]);
}

static void
run_put(struct lx_runs *ru, size_t len, int flags, int stamp)
{
	if (len > 0 && ru->ru_n < RUNS_MAX)
		*run_at(ru, ru->ru_n++) = (struct run){ len, flags, stamp };
}

/* What the runs say of more than avail bytes did not come.  What avail has beyond them. */
static size_t
runs_trim(struct lx_runs *ru, size_t avail)
{
	for (unsigned i = 0; i < ru->ru_n; i++) {
		struct run *r = run_at(ru, i);

		if (r->r_len >= avail) {
			r->r_len = avail;
			ru->ru_n = i + (avail > 0);
			return (0);
		}
		avail -= r->r_len;
	}
	return (avail);
}

/* behind: bytes that lie in the pair before those of the run. */
static void
runs_put(struct lx_sock *ls, size_t behind, size_t len, int flags, int stamp)
{
	if (ls->ls_runs == NULL && (ls->ls_runs = calloc(1, sizeof(*ls->ls_runs))) == NULL)
		return;
	run_put(ls->ls_runs, runs_trim(ls->ls_runs, behind), 0, -1);
	run_put(ls->ls_runs, len, flags, stamp);
}

static size_t
runs_avail(const struct lx_sock *ls)
{
	int avail;

	return (ioctl(ls->ls_fd, FIONREAD, &avail) == 0 ? (size_t)avail : 0);
}

void
runs_add(struct lx_sock *ls, size_t len, int flags)
{
	runs_put(ls, runs_avail(ls), len, flags, -1);
}

void
runs_added(struct lx_sock *ls, size_t len, int flags, int stamp)
{
	const size_t avail = runs_avail(ls);

	if (avail >= len)
		runs_put(ls, avail - len, len, flags, stamp);
}

int
runs_stamp(const struct lx_sock *ls)
{
	struct lx_runs *ru = ls->ls_runs;

	return (ru == NULL || ru->ru_n == 0 ? -1 : run_at(ru, 0)->r_stamp);
}

size_t
runs_limit(const struct lx_sock *ls, size_t n)
{
	struct lx_runs *ru = ls->ls_runs;

	if (ru == NULL || ru->ru_n == 0 || n < run_at(ru, 0)->r_len)
		return (n);
	return (run_at(ru, 0)->r_len);
}

int
runs_taken(struct lx_sock *ls, size_t n)
{
	struct lx_runs *ru = ls->ls_runs;
	struct run *r;

	if (ru == NULL || ru->ru_n == 0)
		return (0);
	r = run_at(ru, 0);
	r->r_len -= n;
	if (r->r_len > 0)
		return (r->r_flags & VI_MSG_MORE);
	ru->ru_first++;
	ru->ru_n--;
	return (r->r_flags);
}

void
runs_free(struct lx_sock *ls)
{
	free(ls->ls_runs);
	ls->ls_runs = NULL;
}
