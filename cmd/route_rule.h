/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CMD_ROUTE_RULE_H
#define CMD_ROUTE_RULE_H

struct cmd_ctx;

/* The words behind "route rule"; family: AF_UNSPEC, or of -4 and -6.  Returns the exit status. */
int	route_rule(struct cmd_ctx *, int family, char **argv);

#endif
