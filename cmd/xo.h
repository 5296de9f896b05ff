/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables as text or as JSON from one description, in the manner of libxo(3), of which this is the
 * small part that the commands use.
 *
 * xo_emit's format is text with fields {roles:name/format}:
 *	{:name/%-8s}	a value; one printf conversion (or none: %s) of one argument, "*" for width
 *			and precision allowed
 *	{T:/%8s} {T:x}	a title, text only; with a format it takes an argument
 *	{P:  } {L:x}	padding, label: text only
 * Roles: d text only, e JSON only, k key (no effect here), q a number as a JSON string, n a string
 * as a JSON literal, t JSON without outer blanks, l a member of a list.
 */
#ifndef CMD_XO_H
#define CMD_XO_H

#include <stdbool.h>
#include <stdio.h>

struct xo;

/* Takes --libxo out of argv.  On a bad one: *bad names it, returns EINVAL. */
int	xo_new(FILE *, int *argc, char **argv, struct xo **, const char **bad);
void	xo_set_version(struct xo *, const char *);	/* of what the command shows; "1" until then */
void	xo_emit(struct xo *, const char *fmt, ...);
void	xo_open_container(struct xo *, const char *name);
void	xo_open_list(struct xo *, const char *name);
void	xo_open_instance(struct xo *);			/* the next member of the open list */
void	xo_close(struct xo *);				/* the innermost of the three */
bool	xo_is_text(const struct xo *);
/* Writes what is left and frees.  Returns status, or 1 where the output failed; a failure that
 * showed nothing prints nothing. */
int	xo_finish(struct xo *, int status);

#endif
