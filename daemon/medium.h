/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is at the other end of an interface, outside of the stacks: a device, a socket or a file of the host.
 *
 * A medium belongs to the worker that runs the stack its interface is in: its descriptors are in that worker's loop, and its functions run in that
 * thread, but for mo_show and the start, which are management.  When the interface goes to another worker's the medium follows (medium_moved).  It is as old as the connection of the two: it ends when the interface goes or is
 * taken from it (if.medium "none"), or when it says so (medium_end).
 */
#ifndef DAEMON_MEDIUM_H
#define DAEMON_MEDIUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <jansson.h>

#include <vimage/tap.h>

#include "ctl/hostaddr.h"
#include "daemon/daemon.h"

#define MEDIUM_TURN	32	/* frames taken in one go, if nobody waits */
#define MEDIUM_FRAME	(65535 + 18)	/* with a VLAN tag */

struct ctl_request;
struct medium;

/* Why a frame was not carried, besides what the interface counts. */
enum medium_drop { MEDIUM_FULL, MEDIUM_TOOLONG, MEDIUM_REFUSED, MEDIUM_GARBAGE, MEDIUM_FAILED, MEDIUM_NDROPS };

struct medium_ops {
	const char	*mo_name;	/* as if.medium has it, and ifconfig */
	const char	*mo_kind;	/* of its interfaces; NULL: "tun" or "tap", as m_ether says */
	bool		 mo_nocarrier;	/* at first */
	/* In the lane.  Not 0: not carried. */
	int		(*mo_output)(struct medium *, const struct vi_tap_frame *);
	/* Frames may come from now on: the interface is there.  NULL: nothing to do. */
	void		(*mo_start)(struct medium *);
	void		(*mo_timer)(struct medium *);	/* medium_timer's; NULL: there is none */
	/* One line of state; NULL: there is none to tell. */
	void		(*mo_state)(const struct medium *, char *text, size_t len);
	void		(*mo_free)(struct medium *);	/* what is its own, and m itself */
};

struct medium {
	const struct medium_ops *m_ops;
	struct worker	*m_worker;
	struct vi_tap	*m_tap;		/* NULL: the interface has gone */
	bool		 m_ether;	/* for kinds that have both */
	bool		 m_ending;	/* its last post is on its way */
	struct worker	*m_next;	/* where it is on its way to; NULL: it is not */
	struct lx_event	*m_events[2];	/* of the loop, besides m_timer; NULL: none */
	void		(*m_fn[3])(struct lx_event *, uint32_t);	/* theirs, while they are in no loop: m_timer's first */
	struct lx_event	*m_more;	/* asked for another turn; NULL: none */
	struct post	 m_lastpost, m_movepost;
	uint64_t	 m_began;	/* ns: medium_begin; 0: it is not at work */
	struct lx_event	 m_timer;	/* le_fd -1: never used */
	char		 m_name[2 * HOSTADDR_TEXT + 8];	/* the other end */
	uint64_t	 m_drops[MEDIUM_NDROPS];	/* changed in the lane */
};

/* Opens, from a request: *mp is the caller's then, to be attached.  What was passed and is kept is set to -1. */
typedef int	medium_open_fn(struct ctl_request *, struct medium **);
medium_open_fn	medium_tap_open, medium_connect_open, medium_listen_open, medium_dgram_open, medium_record_open, medium_replay_open,
	medium_packet_open;

/* An event has come: nothing is to be done, it ends or moves. */
static inline bool
medium_idle(const struct medium *m)
{
	return m->m_ending || m->m_next != NULL;
}

/*
 * Around what a callback of the loop does: the stack of the interface pays for the time between.  False: nothing is to be done.  What ends the medium or
 * changes its carrier is done already.
 */
bool	medium_begin(struct medium *);
void	medium_done(struct medium *);

/* After i frames: may there be more in this go? */
static inline bool
medium_goeson(const struct medium *m, int i)
{
	return i == 0 || (i < MEDIUM_TURN && !lx_loop_over(m->m_worker->w_loop));
}

/* There is more, which the host will not tell again: the event comes with LX_AGAIN.  Who is called has it no more. */
void	medium_again(struct medium *, struct lx_event *);

/* For kinds: the first thing; *m is all zeroes. */
void	medium_init(struct medium *, const struct medium_ops *, struct ctl_request *);
/* m becomes the interface's, or is freed. */
int	medium_attach(struct medium *, struct ctl_request *, const char *ifname);
void	medium_fini(struct medium *);		/* the last thing, in mo_free */

/* From callbacks of the loop.  The other end has gone for good: m is freed, or will be. */
void	medium_end(struct medium *);
/* False: m is ending, and the caller returns. */
bool	medium_carrier(struct medium *, bool on);
/* From callbacks and the start: mo_timer after a time; 0: not at all. */
int	medium_timer(struct medium *, uint64_t ns);
/* Returns error. */
int	medium_drop(struct medium *, enum medium_drop, int error);
int	medium_unsent(struct medium *, int error);	/* the same by what the host said of a frame */
/* A frame for the stack; dropped and counted if need be. */
void	medium_input(struct medium *, const void *, size_t len);

/* The frame as sendmsg(2) has it; room for VI_TAP_MAXIOV. */
unsigned medium_iov(const struct vi_tap_frame *, void *iov);
/* The one descriptor of a request; EINVAL with a sentence. */
int	medium_take_fd(struct ctl_request *, int *fdp);
/* A socket of that family and type, which becomes non-blocking; false: it is something else. */
bool	medium_socket(int fd, int family, int type);
const char *medium_arg(struct ctl_request *, const char *key);	/* "" */

/* The file of a bound socket, which goes with the medium: it is taken note of, and removed if it still is the same. */
struct medium_file {
	char	mf_path[HOSTADDR_TEXT];	/* "": none */
	dev_t	mf_dev;
	ino_t	mf_ino;
};
void	medium_file_note(struct daemon *, struct medium_file *, const char *address);	/* in the thread of operations */
void	medium_file_remove(const struct medium_file *);

#endif
