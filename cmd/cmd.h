/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the commands share.  A command is a function of (struct cmd_ctx *, argc, argv) that returns
 * its exit status; it keeps no state of its own outside its frames.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>

#include "ctl/ctl.h"

struct cmd_ctx {
	const char	*cx_prog;	/* the command's name, for messages */
	const char	*cx_usage;	/* its arguments */
	const char	*cx_instance;
	const char	*cx_jail;	/* whose objects; NULL: the caller's own */
	struct ctl_conn	*cx_conn;	/* made by the first call */
	bool		 cx_nostart;	/* do not start a daemon */
};

typedef int	cmd_fn(struct cmd_ctx *, int argc, char **argv);

struct cmd {
	const char	*c_name;
	cmd_fn		*c_fn;
	const char	*c_usage;
};

struct cmd_error {
	int	ce_errno;
	char	ce_text[256];
};

cmd_fn	cmd_arp, cmd_cpuset, cmd_dmesg, cmd_ifconfig, cmd_ifmcstat, cmd_jail, cmd_jexec, cmd_jls, cmd_kldload,
	cmd_kldstat, cmd_ndp, cmd_netstat, cmd_ping, cmd_route, cmd_setfib, cmd_sockstat,
	cmd_sysctl, cmd_vimage;

const struct cmd *cmd_find(const char *name);		/* NULL: no such command */
/* Returns the exit status. */
int	cmd_run(const struct cmd *, const char *instance, int argc, char **argv);

int	cmd_connect(struct cmd_ctx *);			/* 0 or errno; prints the reason */
/*
 * One operation.  Consumes req; "jail" is added from the context unless req has one.  All parts of
 * the answer are joined into *reply (may be NULL; caller decrefs).  0 or errno.  cmd_call prints
 * "prog: sentence", cmd_try leaves that to the caller.
 */
int	cmd_call(struct cmd_ctx *, json_t *req, json_t **reply);
int	cmd_try(struct cmd_ctx *, json_t *req, json_t **reply, struct cmd_error *);
/* The same with a descriptor (-1: none), which stays the caller's. */
int	cmd_try_fd(struct cmd_ctx *, json_t *req, int fd, json_t **reply, struct cmd_error *);

/* As cmd_call, for lists of any length: each part of the answer is told as it comes, and not kept. */
typedef void cmd_part_fn(void *arg, const json_t *part);
int	cmd_each(struct cmd_ctx *, json_t *req, cmd_part_fn *, void *arg);

/* The answer to a request that was sent over this connection; as cmd_try. */
int	cmd_receive(struct ctl_conn *, json_t **reply, struct cmd_error *);

void	cmd_warnx(const struct cmd_ctx *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/*
 * One line about wrong usage: what getopt(3) found (c is '?' or ':'; 0: nothing in particular), and
 * the usage.  Returns status.
 */
int	cmd_usage(const struct cmd_ctx *, int c, int status);

/* -f of arp(8) and ndp(8): fn with the two to six words of each line, what stands behind a # being a comment.  The first status that is not 0. */
int	cmd_lines(const struct cmd_ctx *, const char *name, int (*fn)(const void *, int, char **), const void *arg);

struct xo;
/* The output layer for a table, --libxo taken out of the arguments; NULL after a message. */
struct xo *cmd_xo(struct cmd_ctx *, int *argc, char **argv);

/* The routing table this process runs with, setfib(1). */
int	cmd_fib(void);
const char *cmd_tcp_state(json_int_t);			/* "ESTABLISHED"; "" */
/* Of pcb.list: a socket of IPv6; an end that is any address, or none. */
bool	cmd_pcb_inet6(const json_t *);
bool	cmd_addr_any(const char *);
/* Members of an answer; the default when they are missing. */
const char *cmd_str(const json_t *, const char *key);		/* "" */
json_int_t cmd_int(const json_t *, const char *key);		/* 0 */
bool	cmd_bool(const json_t *, const char *key);		/* false */
/* A whole number in [min, max] in decimal (0x... too); false otherwise. */
bool	cmd_number(const char *, long long min, long long max, long long *);

#endif
