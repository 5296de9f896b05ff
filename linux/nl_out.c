/* SPDX-License-Identifier: BSD-2-Clause */
/* Replies of netlink: built message by message, sent as datagrams. */
#include "linux/nl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

struct nl_chunk {
	STAILQ_ENTRY(nl_chunk) ch_link;
	uint32_t	 ch_len;
	uint8_t		 ch_data[];
};

void
nl_out_init(struct nl_out *no, struct lx_sock *ls, const struct nl_req *rq, uint16_t flags)
{
	no->no_ls = ls;
	no->no_seq = rq->rq_hdr.nlmsg_seq;
	no->no_pid = ls->ls_nl->nl_pid;
	no->no_flags = flags;
	no->no_len = no->no_msg = no->no_end = 0;
	no->no_over = false;
	no->no_group = 0;
}

/* A dump may be longer than the pair, which leaves no room for what comes after it either: it goes on as the program reads.  ENOBUFS. */
static int
pending_add(struct lx_sock *ls, const void *buf, size_t len)
{
	struct nl_chunk *ch;

	if (len > NL_MAXPENDING - ls->ls_lx->lx_pending || (ch = malloc(sizeof(*ch) + len)) == NULL)
		return (ENOBUFS);
	ch->ch_len = (uint32_t)len;
	memcpy(ch->ch_data, buf, len);
	STAILQ_INSERT_TAIL(&ls->ls_nl->nl_pending, ch, ch_link);
	ls->ls_lx->lx_pending += len;
	lx_sock_watch(ls, true);
	return (0);
}

static void
pending_drop(struct lx_sock *ls)
{
	struct nl_chunk *ch = STAILQ_FIRST(&ls->ls_nl->nl_pending);

	STAILQ_REMOVE_HEAD(&ls->ls_nl->nl_pending, ch_link);
	ls->ls_lx->lx_pending -= ch->ch_len;
	free(ch);
}

void
nl_pump(struct lx_sock *ls)
{
	struct nl_chunk *ch;

	if (STAILQ_EMPTY(&ls->ls_nl->nl_pending))
		return;
	while ((ch = STAILQ_FIRST(&ls->ls_nl->nl_pending)) != NULL) {
		struct lx_dgram dg = { .dg_len = ch->ch_len };

		if (dgram_offer(ls, ch->ch_data, &dg) == EAGAIN)
			return;
		pending_drop(ls);
	}
	lx_sock_watch(ls, false);
}

void
nl_pending_free(struct lx_sock *ls)
{
	while (!STAILQ_EMPTY(&ls->ls_nl->nl_pending))
		pending_drop(ls);
}

/* As Linux: once more waits than SO_RCVBUF says there is no room for news. */
static bool
out_full(const struct lx_sock *ls)
{
	int held = 0;

	return (ls->ls_nl->nl_rcvbuf != 0 && ioctl(ls->ls_fd, TIOCOUTQ, &held) == 0 && held > ls->ls_nl->nl_rcvbuf);
}

/* What nobody asked for and finds no room is lost, and the program told so. */
void
nl_out_flush(struct nl_out *no)
{
	struct lx_dgram dg = { .dg_len = (uint32_t)no->no_len, .dg_group = no->no_group };
	struct lx_sock *ls = no->no_ls;
	int error;

	if (no->no_len == 0)
		return;
	no->no_len = 0;
	error = no->no_group != 0 && out_full(ls) ? ENOBUFS : STAILQ_EMPTY(&ls->ls_nl->nl_pending) ? dgram_offer(ls, no->no_buf, &dg) : EAGAIN;
	if (error == EAGAIN && no->no_group == 0)
		error = pending_add(ls, no->no_buf, dg.dg_len);
	if (error != 0 && !ls->ls_nl->nl_noenobufs)
		ls->ls_error = ENOBUFS;
}

/* Appends to the message being built; everything is padded to four bytes. */
static void
out_put(struct nl_out *no, const void *data, size_t len)
{
	size_t padded = NLMSG_ALIGN(len);

	if (no->no_over || padded > sizeof(no->no_buf) - no->no_end) {
		no->no_over = true;
		return;
	}
	memset(no->no_buf + no->no_end, 0, padded);
	memcpy(no->no_buf + no->no_end, data, len);
	no->no_end += padded;
}

void
nl_out_begin(struct nl_out *no, uint16_t type, const void *fixed, size_t len)
{
	struct nlmsghdr nh = {.nlmsg_type = type,
	    .nlmsg_flags = no->no_flags,
	    .nlmsg_seq = no->no_seq,
	    .nlmsg_pid = no->no_pid};

	no->no_msg = no->no_end = no->no_len;
	no->no_over = false;
	out_put(no, &nh, sizeof(nh));
	out_put(no, fixed, len);
}

void
nl_out_attr(struct nl_out *no, uint16_t type, const void *data, size_t len)
{
	struct rtattr ra = { .rta_len = (uint16_t)RTA_LENGTH(len), .rta_type = type };

	out_put(no, &ra, sizeof(ra));
	out_put(no, data, len);
}

void
nl_out_u32(struct nl_out *no, uint16_t type, uint32_t value)
{
	nl_out_attr(no, type, &value, sizeof(value));
}

void
nl_out_u8(struct nl_out *no, uint16_t type, uint8_t value)
{
	nl_out_attr(no, type, &value, sizeof(value));
}

void
nl_out_addr(struct nl_out *no, uint16_t type, const struct vi_sockaddr *sa)
{
	nl_out_attr(no, type, sa->sa_bytes, sa->sa_family == VI_AF_INET6 ? 16 : 4);
}

/* When the message makes the datagram too long, what was complete before goes out first. */
void
nl_out_end(struct nl_out *no)
{
	uint32_t len = (uint32_t)(no->no_end - no->no_msg);

	if (no->no_over)
		return;
	memcpy(no->no_buf + no->no_msg, &len, sizeof(len));
	if (no->no_end > NL_GOODSIZE && no->no_msg > 0) {
		nl_out_flush(no);
		memmove(no->no_buf, no->no_buf + no->no_msg, len);
		no->no_end = len;
	}
	no->no_len = no->no_end;
}
