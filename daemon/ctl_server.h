/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control server: what a file of operations (daemon/ctl_*.c) sees of it.
 *
 * Each file has one table, ended by a NULL name, that ctl_server.c lists.  A handler runs in
 * the thread of worker 0 with the kernel lock held, outside of vi_worker_enter; it may call
 * everything documented as management.  It returns 0 (rq_reply is sent with "ok": true) or an
 * errno (rq_err, or the errno's usual text, is sent).  It checks its arguments and the caller's
 * rights itself (ctl_arg.h).
 */
#ifndef DAEMON_CTL_SERVER_H
#define DAEMON_CTL_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>

#include <vimage/vimage.h>

#include "ctl/ctl.h"

struct daemon;
struct ctl_client;

struct ctl_request {
	struct daemon	*rq_daemon;
	struct vi_kernel *rq_kernel;
	int		 rq_caller;	/* jid of the jail the caller is in */
	bool		 rq_mixed;	/* a program with containers of several jails: that is the one of its network, */
	int		 rq_log;	/* ... this the one of its messages, and neither jails nor the host are its business */
	int		 rq_jid;	/* the object's jail: "jail", or the caller's own */
	struct vi_vnet	*rq_vnet;	/* of rq_jid, its own or inherited; never NULL */
	struct vi_cred	 rq_cred;	/* the caller; cr_priv: root of its jail */
	uint64_t	 rq_lost;	/* capabilities of its jail that the caller has not */
	const json_t	*rq_args;	/* the whole request */
	json_t		*rq_reply;	/* an empty object to be filled; "ok" is added */
	int		 rq_fds[CTL_MAXFDS];	/* closed by the server; set to -1 what is kept */
	unsigned	 rq_nfds;
	char		 rq_err[256];	/* the sentence of an error; "" = the errno's usual text */
	struct ctl_client *rq_client;
	void		*rq_state;	/* what CTL_AGAIN left, free(3)d at the end; NULL: the first call */
};

/* Besides 0 and an errno: the answer comes later, by ctl_client_reply; */
#define CTL_LATER	(-1)
/* or goes on: the handler is called again with rq_state when the client has taken what ctl_more() sent.  For what may be longer than anybody waits. */
#define CTL_AGAIN	(-2)

typedef int ctl_handler(struct ctl_request *rq);

struct ctl_op {
	const char	*op_name;	/* "if.list" */
	ctl_handler	*op_fn;
};

extern const struct ctl_op ctl_daemon_ops[], ctl_jail_ops[], ctl_exec_ops[];
extern const struct ctl_op ctl_if_ops[], ctl_link_ops[], ctl_medium_ops[], ctl_option_ops[], ctl_nd_ops[], ctl_route_ops[], ctl_rule_ops[], ctl_sysctl_ops[], ctl_stat_ops[];

/* Sends what rq_reply holds with "more": true and empties it: for long answers. */
int	ctl_more(struct ctl_request *);
/* Name of a jail as the caller sees it ("0" for its own). */
void	ctl_jail_name(const struct ctl_request *, int jid, char *buf, size_t len);

#endif
