/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CTL_CTL_INT_H
#define CTL_CTL_INT_H

#include <stddef.h>
#include <jansson.h>

#define CTL_HEADLEN	4u			/* the length before each message */
#define CTL_MAXQUEUE	(64u << 20)		/* bytes a reader may leave unread */

/* One message's bytes as an object (caller decrefs).  EPROTO. */
int	ctl_decode(const void *buf, size_t len, json_t **msg);

#endif
