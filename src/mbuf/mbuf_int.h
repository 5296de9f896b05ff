/* SPDX-License-Identifier: BSD-2-Clause */
/* What mbuf.c does for m_shape.c. */
#ifndef MBUF_MBUF_INT_H
#define MBUF_MBUF_INT_H

#include "mbuf/mbuf.h"

#define M_COPYMAX	(MLEN / 2)	/* shorter pieces are copied rather than referred to */

/* Storage of MCLBYTES or MJUMBYTES with one reference; NULL. */
struct mext	*mext_new(struct memcache *, uint32_t size);
void		 mext_release(struct memcache *, struct mext *);	/* one reference less */
/* A new mbuf that refers to len bytes at data in me; NULL. */
struct mbuf	*mbuf_ref(struct acctset *, struct mext *me, uint8_t *data, uint32_t len);
int		 mbuf_recharge(struct mbuf *, uint32_t charge);		/* ENOBUFS */

#endif
