/* SPDX-License-Identifier: BSD-2-Clause */
/* Arguments and answers of the operations on a stack. */
#ifndef DAEMON_CTL_ARG_H
#define DAEMON_CTL_ARG_H

#include <stdint.h>
#include <jansson.h>

#include <vimage/types.h>

struct ctl_request;

#define CTL_ADDRLEN	16	/* an IPv4 address as text */
#define CTL_MACLEN	18

/* json_unpack(3) of the arguments; what is missing or of another type: EINVAL. */
int	ctl_args(struct ctl_request *, const char *fmt, ...);
/*
 * May the caller change the stack of the request?  CTL_OWN looks at the jail; this looks at who has the stack, which may be the jail's
 * parent.  priv: "net.config", "net.route", "net.sysctl".
 */
int	ctl_may(struct ctl_request *, const char *priv);
/* An integer in [min, max]. */
int	ctl_range(struct ctl_request *, const char *key, json_int_t value, json_int_t min, json_int_t max);

/* text NULL: *sa is cleared (family 0). */
int	ctl_get_addr(struct ctl_request *, const char *key, const char *text, struct vi_sockaddr *sa);
int	ctl_get_mac(struct ctl_request *, const char *text, uint8_t mac[6]);
/* Adds nothing for an address without family. */
void	ctl_put_addr(json_t *, const char *key, const struct vi_sockaddr *);
void	ctl_put_mac(json_t *, const char *key, const uint8_t mac[6]);
void	ctl_put_int(json_t *, const char *key, uint64_t);
void	ctl_put_text(json_t *, const char *key, const char *);	/* what is not UTF-8 becomes "?" */

#endif
