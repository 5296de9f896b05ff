/* SPDX-License-Identifier: BSD-2-Clause */
/* The control server's inside, for the parts of the daemon that answer later. */
#ifndef DAEMON_CTL_SERVE_H
#define DAEMON_CTL_SERVE_H

#include <stdbool.h>
#include <sys/types.h>
#include <jansson.h>
#include <bsd/sys/queue.h>

#include "daemon/ctl_server.h"
#include "daemon/daemon.h"
#include "linux/linux.h"

struct exec;
struct monitor;

struct hold {
	LIST_ENTRY(hold) ho_link;
	int		 ho_jid;
};

struct ctl_client {
	LIST_ENTRY(ctl_client) cl_link;
	struct daemon	*cl_daemon;
	struct ctl_conn	*cl_conn;
	struct lx_event	 cl_event;
	int		 cl_caller;	/* jid; of a program with containers of several jails that of its network, */
	int		 cl_log;	/* ... and that of its messages */
	struct lx_use	 cl_use;	/* all of its containers, */
	uint64_t	 cl_caps;	/* and its capabilities there */
	bool		 cl_mixed;	/* it is such a program: networks are all that it may manage */
	struct vi_cred	 cl_cred;
	bool		 cl_busy;	/* an answer is owed: no further request is read */
	bool		 cl_dead;	/* to be freed by its event */
	json_t		*cl_again;	/* a request whose answer goes on; NULL */
	void		*cl_state;	/* and its rq_state */
	struct exec	*cl_exec;	/* its running program: only "signal" is read */
	int		 cl_execjid;
	struct monitor	*cl_monitor;	/* it waits for an event; NULL */
	bool		 cl_shutdown;	/* waits for the end */
	LIST_HEAD(, hold) cl_holds;	/* jails kept alive by it */
};

struct ctl_server {
	struct daemon	*cs_daemon;
	struct lx_event	 cs_event;
	int		 cs_fd;
	LIST_HEAD(, ctl_client) cs_clients;
	struct dtimer	 cs_belltimer;	/* events came: who waits for them is answered */
	bool		 cs_bell;	/* atomic: that is on its way */
};

int	ctl_server_start(struct daemon *, int fd);
void	ctl_server_fini(struct daemon *);
/* lo_ctl_socket: a program of a jail asks for a connection. */
int	ctl_serve_jail(void *daemon, const struct lx_use *, pid_t, uint64_t caps);
/* ctl_exec.c: what a caller who has these capabilities has given up: rq_lost, and that in its credentials. */
void	ctl_exec_lost(struct ctl_request *, const struct lx_use *, uint64_t caps);

/* Sends msg (consumed) with "ok": true; done: and reads the next request. */
void	ctl_client_reply(struct ctl_client *, json_t *msg, bool done);
/* exec: the answer says that it was the program itself that could not be run. */
void	ctl_client_fail(struct ctl_client *, int error, const char *text, bool exec, bool done);
/* A jail that the caller sees.  ENOENT and a sentence; what it does not see is noted in its log. */
int	ctl_find_jail(struct ctl_request *, const char *name, int *jid);
int	ctl_hold(struct ctl_client *, int jid);
bool	ctl_held(const struct daemon *, int jid);
void	ctl_unhold(struct daemon *, int jid);		/* of every client */
void	ctl_unhold_one(struct ctl_client *, int jid);

/* ctl_exec.c */
void	ctl_exec_message(struct ctl_client *, const json_t *);
void	ctl_exec_gone(struct ctl_client *);

/* ctl_monitor.c: the answer to a request for events comes with the next one. */
int	ctl_monitor_begin(struct ctl_request *, uint64_t seq);	/* CTL_LATER, or an errno */
void	ctl_monitor_end(struct ctl_client *);		/* under daemon_manage */
/* ctl_route.c: what is behind *seq, which is then the last one's number. */
int	ctl_route_events(struct ctl_request *, uint64_t *seq);

#endif
