/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of ndp(8) share. */
#ifndef CMD_NDP_H
#define CMD_NDP_H

#include <stdbool.h>
#include <stddef.h>

#include "cmd/cmd.h"

struct xo;

struct ndp {
	struct cmd_ctx	*n_cx;
	struct xo	*n_xo;
	bool		 n_numeric, n_stamps;
	unsigned	 n_wait;	/* seconds, until it is shown again; 0: once */
	char		 n_verb;	/* its letter; 0: show one */
};

/* "1d2h3m4s", from the first unit that is not zero. */
const char *ndp_duration(json_int_t s, char *buf, size_t len);
void	ndp_name(const struct ndp *, const char *addr, char *buf, size_t len);

/* ndp_router.c.  Exit status. */
int	ndp_routers(struct ndp *);
int	ndp_prefixes(struct ndp *);
int	ndp_dns(struct ndp *);
int	ndp_flush(const struct ndp *);	/* -H, -P, -R */
int	ndp_defaultif(const struct ndp *, const char *word);	/* NULL: show */

#endif
