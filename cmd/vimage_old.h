/* SPDX-License-Identifier: BSD-2-Clause */
/* vimage(8) as it was when stacks had no jails: -c -m -d -l -i, and a name with a command. */
#ifndef CMD_VIMAGE_OLD_H
#define CMD_VIMAGE_OLD_H

struct cmd_ctx;

int	vimage_old(struct cmd_ctx *, int option, int argc, char **argv);
int	vimage_exec(struct cmd_ctx *, int argc, char **argv);

#endif
