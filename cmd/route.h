/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of route(8). */
#ifndef CMD_ROUTE_H
#define CMD_ROUTE_H

struct cmd_ctx;

/* The words behind "route rule"; family: AF_UNSPEC, or of -4 and -6.  Returns the exit status. */
int	route_rule(struct cmd_ctx *, int family, char **argv);
/* Goes on until the daemon does not. */
int	route_monitor(struct cmd_ctx *, int family);
/* "<UP,GATEWAY,DONE>" */
void	route_print_flags(unsigned flags);

#endif
