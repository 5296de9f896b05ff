/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "ctl/ctl_int.h"

/* Received bytes are kept until a whole message is there; a read never goes beyond the message, so
 * that descriptors belong to the message whose first byte they came with. */
struct ctl_out {
	struct ctl_out	*co_next;
	size_t		 co_len, co_done;
	int		 co_fds[CTL_MAXFDS];
	unsigned	 co_nfds;	/* 0 once they are sent */
	uint8_t		 co_data[];
};

struct ctl_conn {
	int		 cc_fd;
	uint8_t		 cc_head[CTL_HEADLEN];
	uint8_t		*cc_body;	/* of cc_want bytes, once the head is complete */
	size_t		 cc_want;
	size_t		 cc_got;	/* head and body together */
	size_t		 cc_room;	/* allocated for the body so far */
	int		 cc_fds[CTL_MAXFDS];
	unsigned	 cc_nfds;
	struct ctl_out	*cc_out, **cc_outtail;
	size_t		 cc_queued;
};

int
ctl_conn_new(int fd, struct ctl_conn **ccp)
{
	struct ctl_conn *cc;

	if ((cc = calloc(1, sizeof(*cc))) == NULL)
		return ENOMEM;
	cc->cc_fd = fd;
	cc->cc_outtail = &cc->cc_out;
	*ccp = cc;
	return 0;
}

static void
close_all(int *fds, unsigned *nfds)
{
	while (*nfds > 0)
		close(fds[--*nfds]);
}

static void
out_drop(struct ctl_conn *cc)
{
	struct ctl_out *co = cc->cc_out;

	if ((cc->cc_out = co->co_next) == NULL)
		cc->cc_outtail = &cc->cc_out;
	cc->cc_queued -= co->co_len;
	close_all(co->co_fds, &co->co_nfds);
	free(co);
}

void
ctl_conn_free(struct ctl_conn *cc)
{
	if (cc == NULL)
		return;
	while (cc->cc_out != NULL)
		out_drop(cc);
	close_all(cc->cc_fds, &cc->cc_nfds);
	free(cc->cc_body);
	close(cc->cc_fd);
	free(cc);
}

int
ctl_conn_fd(const struct ctl_conn *cc)
{
	return cc->cc_fd;
}

bool
ctl_want_write(const struct ctl_conn *cc)
{
	return cc->cc_out != NULL;
}

/*
 * Sending.
 */
static int
out_new(const json_t *msg, struct ctl_out **cop)
{
	struct ctl_out *co;
	uint32_t head;
	size_t len;
	char *text;

	if ((text = json_dumps(msg, JSON_COMPACT)) == NULL)
		return EINVAL;
	len = strlen(text);
	co = len <= CTL_MAXMSG ? malloc(sizeof(*co) + CTL_HEADLEN + len) : NULL;
	if (co != NULL) {
		*co = (struct ctl_out){ .co_len = CTL_HEADLEN + len };
		head = htonl((uint32_t)len);
		memcpy(co->co_data, &head, CTL_HEADLEN);
		memcpy(co->co_data + CTL_HEADLEN, text, len);
	}
	free(text);
	*cop = co;
	return co != NULL ? 0 : len > CTL_MAXMSG ? EMSGSIZE : ENOMEM;
}

static int
out_dup(struct ctl_out *co, const int *fds, unsigned nfds)
{
	int fd;

	for (unsigned i = 0; i < nfds; i++) {
		if ((fd = fcntl(fds[i], F_DUPFD_CLOEXEC, 0)) < 0)
			return errno;
		co->co_fds[co->co_nfds++] = fd;
	}
	return 0;
}

static ssize_t
out_write(int fd, struct ctl_out *co)
{
	union {
		char buf[CMSG_SPACE(sizeof(int) * CTL_MAXFDS)];
		struct cmsghdr align;
	} control;
	struct iovec iov = { co->co_data + co->co_done, co->co_len - co->co_done };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cm;

	if (co->co_nfds > 0) {
		memset(&control, 0, sizeof(control));
		mh.msg_control = control.buf;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * co->co_nfds);
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int) * co->co_nfds);
		memcpy(CMSG_DATA(cm), co->co_fds, sizeof(int) * co->co_nfds);
	}
	return sendmsg(fd, &mh, MSG_NOSIGNAL);
}

int
ctl_flush(struct ctl_conn *cc)
{
	struct ctl_out *co;
	ssize_t n;

	while ((co = cc->cc_out) != NULL) {
		n = out_write(cc->cc_fd, co);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EWOULDBLOCK ? EAGAIN : errno;
		close_all(co->co_fds, &co->co_nfds);
		co->co_done += (size_t)n;
		if (co->co_done == co->co_len)
			out_drop(cc);
	}
	return 0;
}

int
ctl_send(struct ctl_conn *cc, const json_t *msg, const int *fds, unsigned nfds)
{
	struct ctl_out *co;
	int error;

	if (nfds > CTL_MAXFDS)
		return EMSGSIZE;
	if ((error = out_new(msg, &co)) != 0)
		return error;
	error = out_dup(co, fds, nfds);
	if (error == 0 && cc->cc_queued + co->co_len > CTL_MAXQUEUE)
		error = ENOBUFS;
	if (error != 0) {
		close_all(co->co_fds, &co->co_nfds);
		free(co);
		return error;
	}
	*cc->cc_outtail = co;
	cc->cc_outtail = &co->co_next;
	cc->cc_queued += co->co_len;
	error = ctl_flush(cc);
	return error == EAGAIN ? 0 : error;	/* the rest waits in the queue */
}

/*
 * Receiving.
 */

/* Keeps what fits, closes the rest; descriptors are legal with the first byte of a message only. */
static int
take_fds(struct ctl_conn *cc, struct msghdr *mh, bool legal)
{
	struct cmsghdr *cm;
	int error = (mh->msg_flags & MSG_CTRUNC) != 0 ? EPROTO : 0;

	for (cm = CMSG_FIRSTHDR(mh); cm != NULL; cm = CMSG_NXTHDR(mh, cm)) {
		unsigned n;
		int fd;

		if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
			continue;
		n = (unsigned)((cm->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		for (unsigned i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(cm) + i * sizeof(int), sizeof(int));
			if (legal && cc->cc_nfds < CTL_MAXFDS) {
				cc->cc_fds[cc->cc_nfds++] = fd;
				continue;
			}
			close(fd);
			error = EPROTO;
		}
	}
	return error;
}

static int
read_some(struct ctl_conn *cc, void *buf, size_t len)
{
	union {
		char buf[CMSG_SPACE(sizeof(int) * (CTL_MAXFDS + 1))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { buf, len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control.buf, .msg_controllen = sizeof(control.buf) };
	ssize_t n;
	int error;

	do {
		n = recvmsg(cc->cc_fd, &mh, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EWOULDBLOCK ? EAGAIN : errno;
	if ((error = take_fds(cc, &mh, cc->cc_got == 0)) != 0)
		return error;
	if (n == 0)
		return cc->cc_got == 0 ? ECONNRESET
				       : EPROTO; /* EPROTO: in the middle of a message */
	cc->cc_got += (size_t)n;
	return 0;
}

static int
read_head(struct ctl_conn *cc)
{
	uint32_t head;
	int error;

	while (cc->cc_got < CTL_HEADLEN) {
		error = read_some(cc, cc->cc_head + cc->cc_got, CTL_HEADLEN - cc->cc_got);
		if (error != 0)
			return error;
	}
	memcpy(&head, cc->cc_head, CTL_HEADLEN);
	cc->cc_want = ntohl(head);
	return cc->cc_want == 0 || cc->cc_want > CTL_MAXMSG ? EPROTO : 0;
}

/* The buffer grows with what has arrived: a length alone makes nobody spend memory. */
static int
body_room(struct ctl_conn *cc, size_t have)
{
	size_t room = cc->cc_room == 0 ? 4096 : cc->cc_room * 2;
	uint8_t *body;

	if (have < cc->cc_room)
		return 0;
	if (room > cc->cc_want)
		room = cc->cc_want;
	if ((body = realloc(cc->cc_body, room)) == NULL)
		return ENOMEM;
	cc->cc_body = body;
	cc->cc_room = room;
	return 0;
}

static int
read_body(struct ctl_conn *cc)
{
	size_t have;
	int error;

	while ((have = cc->cc_got - CTL_HEADLEN) < cc->cc_want) {
		if ((error = body_room(cc, have)) != 0)
			return error;
		if ((error = read_some(cc, cc->cc_body + have, cc->cc_room - have)) != 0)
			return error;
	}
	return 0;
}

int
ctl_decode(const void *buf, size_t len, json_t **msgp)
{
	json_t *msg;

	msg = json_loadb(buf, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(msg)) {
		json_decref(msg);
		return EPROTO;
	}
	*msgp = msg;
	return 0;
}

static void
message_reset(struct ctl_conn *cc)
{
	free(cc->cc_body);
	cc->cc_body = NULL;
	cc->cc_room = cc->cc_want = cc->cc_got = 0;
	close_all(cc->cc_fds, &cc->cc_nfds);
}

int
ctl_recv(struct ctl_conn *cc, json_t **msgp, int *fds, unsigned *nfds)
{
	unsigned room = nfds != NULL ? *nfds : 0;
	int error;

	if (nfds != NULL)
		*nfds = 0;
	*msgp = NULL;
	if ((error = read_head(cc)) != 0 || (error = read_body(cc)) != 0)
		return error;
	if ((error = ctl_decode(cc->cc_body, cc->cc_want, msgp)) != 0)
		return error;
	if (cc->cc_nfds > room) {
		json_decref(*msgp);
		*msgp = NULL;
		error = EPROTO;
	} else if (cc->cc_nfds > 0) {
		memcpy(fds, cc->cc_fds, cc->cc_nfds * sizeof(int));
		*nfds = cc->cc_nfds;
		cc->cc_nfds = 0;
	}
	message_reset(cc);
	return error;
}
