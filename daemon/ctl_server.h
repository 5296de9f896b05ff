/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control server: what a file of operations (daemon/ctl_*.c) sees of it.
 *
 * Each file has one table, ended by a NULL name, that ctl_server.c lists.  A handler runs in the thread of worker 0 with the kernel lock
 * held, outside of vi_worker_enter; it may call everything documented as management.  It returns 0 (rq_reply is sent with "ok": true) or an
 * errno (rq_err, or the errno's usual text, is sent).
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
	int		 rq_jid;	/* the object's jail: "jail" resolved, the caller's own without */
	struct vi_vnet	*rq_vnet;	/* of rq_jid, its own or inherited; never NULL */
	struct vi_cred	 rq_cred;	/* the caller; cr_priv: root of its jail */
	const json_t	*rq_args;	/* the whole request */
	json_t		*rq_reply;	/* an empty object to be filled; "ok" is added by the server */
	int		 rq_fds[CTL_MAXFDS];	/* closed by the server; set to -1 what is kept */
	unsigned	 rq_nfds;
	char		 rq_err[256];	/* the sentence of an error; "" = the errno's usual text */
	struct ctl_client *rq_client;
};

/* Besides 0 and an errno: the answer comes later, by ctl_client_reply. */
#define CTL_LATER	(-1)

typedef int ctl_handler(struct ctl_request *rq);

enum {			/* op_who */
	CTL_ANY,	/* whoever sees the jail */
	CTL_OWN,	/* root of prison0, of an ancestor of the jail, or of the jail itself when it has a vnet of its own */
	CTL_ANCESTOR,	/* root of an ancestor of the jail */
	CTL_PRISON0,	/* root of prison0 */
};

struct ctl_op {
	const char	*op_name;	/* "if.list" */
	ctl_handler	*op_fn;
	int		 op_who;
	const char	*op_args;	/* names of all arguments, space separated ("name mtu"); others are EINVAL.  "op" and "jail" are always allowed */
};

extern const struct ctl_op ctl_daemon_ops[], ctl_jail_ops[], ctl_exec_ops[];
extern const struct ctl_op ctl_if_ops[], ctl_route_ops[], ctl_sysctl_ops[], ctl_stat_ops[];

/* Arguments.  0, or EINVAL with a sentence in rq_err.  A missing optional argument leaves *p alone and returns 0. */
int	ctl_arg_text(struct ctl_request *, const char *key, bool required, const char **p);
int	ctl_arg_int(struct ctl_request *, const char *key, bool required, int64_t min, int64_t max, int64_t *p);
int	ctl_arg_bool(struct ctl_request *, const char *key, bool *p);
int	ctl_arg_array(struct ctl_request *, const char *key, bool required, const json_t **p);
/* Another jail named by an argument, as the caller sees it ("0" is the caller's own).  EINVAL, ENOENT. */
int	ctl_arg_jail(struct ctl_request *, const char *key, int *jid);
/* rq_err = the sentence; returns error. */
int	ctl_fail(struct ctl_request *, int error, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Sends what rq_reply holds with "more": true and empties it: for long answers. */
int	ctl_more(struct ctl_request *);
/* Name of a jail as the caller sees it ("0" for its own). */
void	ctl_jail_name(const struct ctl_request *, int jid, char buf[VI_NAMELEN]);

#endif
