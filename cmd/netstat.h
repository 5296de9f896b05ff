/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of netstat(1); route(8) shows one of them too. */
#ifndef CMD_NETSTAT_H
#define CMD_NETSTAT_H

#include "cmd/cmd.h"

struct xo;

struct netstat {
	struct cmd_ctx	*ns_cx;
	struct xo	*ns_xo;
	bool		 ns_all, ns_listen, ns_numeric, ns_wide, ns_bytes, ns_drops;
	bool		 ns_rexmit;	/* -T: not what waits, but what was sent again */
	bool		 ns_cc;		/* -C: congestion control */
	bool		 ns_buffers;	/* -x: what sockets' buffers may hold */
	bool		 ns_pcb;	/* -A: control blocks */
	bool		 ns_logid;	/* -P: the log ID of TCP connections */
	bool		 ns_flow;	/* -R: flows, not states */
	bool		 ns_clear;	/* -z */
	bool		 ns_brief;	/* no counters that are zero */
	bool		 ns_human;	/* -h: counters of interfaces with a letter for thousands */
	const char	*ns_proto;	/* -p; NULL: all */
	const char	*ns_interface;	/* -I; NULL: all */
	int		 ns_fib;
	long long	 ns_wait, ns_count;	/* -w: seconds; how many lines, 0: no end */
	const char	*ns_family;	/* "inet", "inet6"; NULL: both; interfaces: "link" */
};

/* Each returns the exit status. */
int	netstat_routes(struct netstat *);
int	netstat_interfaces(struct netstat *);
int	netstat_sockets(struct netstat *);
int	netstat_statistics(struct netstat *);	/* ns_clear: sets them to zero, too */
int	netstat_memory(struct netstat *);
int	netstat_running(struct netstat *);	/* -w */
int	netstat_ifstats(struct netstat *);	/* -s with -i or -I */
int	netstat_rtstats(struct netstat *);	/* -s with -r */
int	netstat_groups(struct netstat *);	/* -g, also with -s */
int	netstat_packets(struct netstat *);	/* -B */
int	netstat_nexthops(struct netstat *, bool groups);	/* -o, -O */

/* A counter of an interface, so wide; bytes: in units of 1024. */
void	netstat_emit_counter(const struct netstat *, const char *name, int width, json_int_t value, bool bytes);
/* -p: a protocol without sockets has statistics at least; false after a message. */
bool	netstat_proto_known(const struct netstat *);

#endif
