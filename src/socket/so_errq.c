/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The error queue: ICMP errors of datagram sockets (VI_IP_RECVERR), and what happened to data that was sent.  Bounded,
 * oldest first.
 */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "mbuf/mbuf.h"
#include "socket/so_int.h"

#define ERRQ_MAX	64
#define ERRQ_DATA	1280	/* of the offending datagram that is kept: IPv6's least MTU, which no error exceeds (RFC 4443 2.4 c) */

struct sockerrent {
	STAILQ_ENTRY(sockerrent) ee_link;
	struct vi_sockerr ee_err;
	uint8_t		ee_data[];	/* ee_err.se_len bytes */
};

void
soerrqueue(struct socket *so, const struct vi_sockerr *se, const struct mbuf *m, size_t off)
{
	struct sockerrent *ee;
	size_t len;

	if (so->so_errq == NULL) {
		if ((so->so_errq = kmalloc(so->so_acct, ACCT_SOCKET, sizeof(*so->so_errq))) == NULL)
			return;
		STAILQ_INIT(&so->so_errq->eq_list);
	}
	len = m == NULL ? 0 : m_length(m);
	len = len > off ? MIN(len - off, (size_t)ERRQ_DATA) : 0;
	if (so->so_errq->eq_n >= ERRQ_MAX || (ee = kmalloc(so->so_acct, ACCT_SOCKET, sizeof(*ee) + len)) == NULL)
		return;
	ee->ee_err = *se;
	ee->ee_err.se_len = len;
	if (len > 0)
		(void)m_copydata(m, off, len, ee->ee_data);
	STAILQ_INSERT_TAIL(&so->so_errq->eq_list, ee, ee_link);
	so->so_errq->eq_n++;
	sorwakeup(so);
}

/* They come in order, so one range is all there ever is to tell. */
void
sozerocopied(struct socket *so, uint32_t id)
{
	if (!so->so_zcpending)
		so->so_zcfirst = id;
	so->so_zclast = id;
	so->so_zcpending = true;
	sorwakeup(so);
}

/* The bytes were copied when they were sent, and that is what is said. */
static int
so_zcdequeue(struct socket *so, struct vi_sockerr *se)
{
	if (!so->so_zcpending)
		return (EAGAIN);
	so->so_zcpending = false;
	*se = (struct vi_sockerr){ .se_origin = VI_SE_ZEROCOPY, .se_code = VI_SE_ZEROCOPY_COPIED,
		.se_info = so->so_zcfirst, .se_data = so->so_zclast };
	return (0);
}

static void
soerrent_free(struct socket *so, struct sockerrent *ee)
{
	kfree(so->so_acct, ACCT_SOCKET, ee, sizeof(*ee) + ee->ee_err.se_len);
}

int
soerrdequeue(struct socket *so, struct vi_sockerr *se, void *buf, size_t len)
{
	struct sockerrent *ee;

	if (so->so_errq == NULL || (ee = STAILQ_FIRST(&so->so_errq->eq_list)) == NULL)
		return (so_zcdequeue(so, se));
	STAILQ_REMOVE_HEAD(&so->so_errq->eq_list, ee_link);
	so->so_errq->eq_n--;
	*se = ee->ee_err;
	se->se_len = MIN(len, ee->ee_err.se_len);
	memcpy(buf, ee->ee_data, se->se_len);
	soerrent_free(so, ee);
	return (0);
}

void
soerrq_free(struct socket *so)
{
	struct sockerrent *ee;

	if (so->so_errq == NULL)
		return;
	while ((ee = STAILQ_FIRST(&so->so_errq->eq_list)) != NULL) {
		STAILQ_REMOVE_HEAD(&so->so_errq->eq_list, ee_link);
		soerrent_free(so, ee);
	}
	kfree(so->so_acct, ACCT_SOCKET, so->so_errq, sizeof(*so->so_errq));
	so->so_errq = NULL;
}
