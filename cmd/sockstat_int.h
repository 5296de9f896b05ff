/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of sockstat(1). */
#ifndef CMD_SOCKSTAT_INT_H
#define CMD_SOCKSTAT_INT_H

#include "cmd/cmd.h"
#include "cmd/holder.h"

struct xo;

/* Those from SS_PCB on are there if they are asked for. */
enum {
	SS_USER, SS_COMMAND, SS_PID, SS_FD, SS_PROTO, SS_LOCAL, SS_FOREIGN,
	SS_PCB, SS_FIB, SS_SPLICE, SS_ID, SS_ENCAPS, SS_STATE, SS_BBLOG, SS_STACK, SS_CC, SS_NCOLUMNS
};
#define SS_ALWAYS	((1u << SS_PCB) - 1)
#define SS_TEXTLEN	34
#define SS_ADDRLEN	140

/* A line.  What is not known is "". */
struct sockrow {
	char		 sr_text[SS_NCOLUMNS][SS_TEXTLEN];	/* but for the next two */
	char		 sr_local[SS_ADDRLEN], sr_foreign[SS_ADDRLEN];	/* "address:port", or of AF_UNIX */
	bool		 sr_unix, sr_bound;	/* to the path sr_local */
};

struct sockstat {
	struct cmd_ctx	*ss_cx;
	struct xo	*ss_xo;
	bool		 ss_inet, ss_inet6, ss_unix;	/* none: the first two */
	bool		 ss_connected, ss_listening, ss_quiet, ss_wide;
	bool		 ss_noloop, ss_numeric, ss_verbose;
	unsigned	 ss_columns;		/* a bit each */
	unsigned	 ss_hidden;		/* sockets whose holders the caller may not see */
	char		 ss_persona[16];	/* of the stack's TCP */
	char		*ss_protos;		/* ",tcp,udp," */
	unsigned char	*ss_ports;		/* a bit each; NULL: all */
	struct holders	 ss_holders;
	struct sockrow	*ss_rows;
	size_t		 ss_nrows, ss_maxrows;
};

/* A line like this, with the process that holds it; NULL: not known.  False: no memory. */
bool	sockstat_add(struct sockstat *, const struct holder *, const struct sockrow *);
/* -u */
int	sockstat_unix(struct sockstat *, const json_t *pcbs);
void	sockstat_show(const struct sockstat *);

#endif
