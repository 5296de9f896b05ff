/* SPDX-License-Identifier: BSD-2-Clause */
/* Arguments and answers of the operations on a stack. */
#ifndef DAEMON_CTL_ARG_H
#define DAEMON_CTL_ARG_H

#include <stdint.h>
#include <jansson.h>

#include <vimage/priv.h>
#include <vimage/types.h>

struct ctl_request;

#define CTL_ADDRLEN	64	/* an address as text, with its zone */
#define CTL_MACLEN	18

/* Puts one sentence into the answer and returns error. */
int	ctl_fail(struct ctl_request *, int error, const char *fmt, ...) VI_PRINTF(3, 4);
void	ctl_plain(char *);	/* nothing stays in it that would disturb a terminal */
/* What has failed, with EPERM or EAGAIN, is an attempt of a jail to have more than it may: into its messages.  Returns error. */
int	ctl_refuse(struct ctl_request *, int error);
/* json_unpack(3) of all arguments but "op" and "jail"; what is left over, or missing, or of another
 * type: EINVAL. */
int	ctl_args(struct ctl_request *, const char *fmt, ...);
/*
 * May the caller change the stack of the request?  The stack's owner, which may be an ancestor of
 * the request's jail, must be the caller or below it, or the caller be given the privilege on it by
 * name; and the caller root.
 */
int	ctl_may(struct ctl_request *, enum vi_priv);
/* Was it refused because the caller has no longer the capability?  Then the sentence says so. */
bool	ctl_gave_up(struct ctl_request *, enum vi_priv);
/* An integer in [min, max]. */
int	ctl_range(struct ctl_request *, const char *key, json_int_t value, json_int_t min,
	    json_int_t max);

/* A member of the answer that is a list of any length: what grows too long for one message is sent
 * as a part. */
struct ctl_list {
	struct ctl_request *l_rq;
	const char	*l_key;
	json_t		*l_array;
	int		 l_error;	/* the first */
};
void	ctl_list_begin(struct ctl_request *, const char *key, struct ctl_list *);
void	ctl_list_add(struct ctl_list *, json_t *);	/* consumes */

/* text NULL: *sa is cleared (family 0). */
int	ctl_get_addr(struct ctl_request *, const char *key, const char *text,
	    struct vi_sockaddr *sa);
int	ctl_get_mac(struct ctl_request *, const char *text, uint8_t mac[6]);
/* Adds nothing for an address without family. */
void	ctl_put_addr(json_t *, const char *key, const struct vi_sockaddr *);
/* The same with the name of its zone, where it has one; NULL: by number. */
void	ctl_put_zoned(json_t *, const char *key, const struct vi_sockaddr *, const char *zone);
void	ctl_put_mac(json_t *, const char *key, const uint8_t mac[6]);
void	ctl_put_int(json_t *, const char *key, uint64_t);
void	ctl_put_text(json_t *, const char *key, const char *);	/* what is not UTF-8 becomes "?" */

#endif
