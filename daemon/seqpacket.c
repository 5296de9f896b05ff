/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/seqpacket.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	char		buf[CMSG_SPACE(sizeof(int) * SEQ_MAXFDS)];
	struct cmsghdr	align;
};

int
seq_pair(int fds[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0 ? errno : 0;
}

int
seq_send(int fd, const struct seqmsg *sm, const int *fds, unsigned nfds, int flags)
{
	struct iovec iov = { (void *)(uintptr_t)sm, sizeof(*sm) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control;
	struct cmsghdr *cm;
	ssize_t n;

	if (nfds > 0) {
		memset(&control, 0, sizeof(control));
		mh.msg_control = control.buf;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(cm), fds, sizeof(int) * nfds);
	}
	do {
		n = sendmsg(fd, &mh, flags | MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? errno == EWOULDBLOCK ? EAGAIN : errno : 0;
}

static void
take_fds(struct msghdr *mh, int fds[SEQ_MAXFDS], unsigned *nfds)
{
	struct cmsghdr *cm;

	for (cm = CMSG_FIRSTHDR(mh); cm != NULL; cm = CMSG_NXTHDR(mh, cm)) {
		if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
			continue;
		*nfds = (unsigned)((cm->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fds, CMSG_DATA(cm), sizeof(int) * *nfds);
	}
}

int
seq_recv(int fd, struct seqmsg *sm, int fds[SEQ_MAXFDS], unsigned *nfds, int flags)
{
	struct iovec iov = { sm, sizeof(*sm) };
	union control control;
	/* CMSG_SPACE is rounded up to what one more may fit into. */
	struct msghdr mh = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = CMSG_LEN(sizeof(int) * SEQ_MAXFDS) };
	bool reset = false;
	ssize_t n;

	*nfds = 0;
	/* That the other end is gone with messages unread is told once, and before what it had said itself. */
	while ((n = recvmsg(fd, &mh, flags | MSG_CMSG_CLOEXEC)) < 0 && (errno == EINTR || (errno == ECONNRESET && !reset)))
		reset = errno == ECONNRESET;
	if (n < 0)
		return errno == EWOULDBLOCK ? EAGAIN : errno;
	take_fds(&mh, fds, nfds);
	if (n == (ssize_t)sizeof(*sm) && (mh.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0) {
		sm->sm_text[sizeof(sm->sm_text) - 1] = '\0';
		return 0;
	}
	while (*nfds > 0)
		close(fds[--*nfds]);
	return n == 0 ? ECONNRESET : EPROTO;
}

int
memfile(const void *data, size_t len, int *fdp)
{
	int error, fd;

	if ((fd = memfd_create("vimage", MFD_CLOEXEC)) < 0)
		return errno;
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, (const char *)data + done, len - done);

		if (n < 0 && errno != EINTR) {
			error = errno;
			close(fd);
			return error;
		}
		done += n > 0 ? (size_t)n : 0;
	}
	*fdp = fd;
	return 0;
}
