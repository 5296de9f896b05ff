/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of sockstat(1). */
#ifndef CMD_SOCKSTAT_INT_H
#define CMD_SOCKSTAT_INT_H

#include "cmd/cmd.h"
#include "cmd/holder.h"

struct xo;

struct sockstat {
	struct cmd_ctx	*ss_cx;
	struct xo	*ss_xo;
	bool		 ss_inet, ss_inet6, ss_unix;	/* none: the first two */
	bool		 ss_connected, ss_listening, ss_quiet, ss_state, ss_wide;
	bool		 ss_noloop, ss_numeric, ss_cc;
	char		*ss_protos;		/* ",tcp,udp," */
	unsigned char	*ss_ports;		/* a bit each; NULL: all */
	struct holders	 ss_holders;
};

/* A line; holder NULL: not known. */
void	sockstat_emit(const struct sockstat *, const struct holder *, const char *proto, const char *local, const char *foreign, const char *state, const char *cc);
/* -u */
int	sockstat_unix(const struct sockstat *, const json_t *pcbs);

#endif
