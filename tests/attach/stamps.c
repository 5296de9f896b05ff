/* SPDX-License-Identifier: BSD-2-Clause */
/* When the bytes of a stream were sent and acknowledged (SO_TIMESTAMPING).  poll() is not asked: CAVEATS.md. */
#include "show.h"

#include <time.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>

static int
set(int fd, int flags)
{
	return (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags)));
}

static int
get(int fd)
{
	int flags = -1;
	socklen_t len = sizeof(flags);

	return (getsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, &len) != 0 ? -1 : flags);
}

struct news {
	bool	 ne_there;
	uint32_t ne_type, ne_data, ne_errno, ne_origin;
	bool	 ne_now;
	unsigned ne_flags;
	ssize_t	 ne_len;
};

static void
take(struct news *ne, const struct msghdr *mh)
{
	struct sock_extended_err see;
	struct timespec ts[3];

	for (struct cmsghdr *cm = CMSG_FIRSTHDR(mh); cm != NULL; cm = CMSG_NXTHDR((struct msghdr *)mh, cm))
		if (cm->cmsg_level == SOL_SOCKET && cm->cmsg_type == SO_TIMESTAMPING) {
			memcpy(ts, CMSG_DATA(cm), sizeof(ts));
			ne->ne_now = labs(ts[0].tv_sec - time(NULL)) < 60;
		} else if (cm->cmsg_level == IPPROTO_IP && cm->cmsg_type == IP_RECVERR) {
			memcpy(&see, CMSG_DATA(cm), sizeof(see));
			ne->ne_there = true;
			ne->ne_type = see.ee_info;
			ne->ne_data = see.ee_data;
			ne->ne_errno = see.ee_errno;
			ne->ne_origin = see.ee_origin;
		}
}

/* Until there is nothing for a while; shown by kind, for they may overtake each other. */
static void
news(const char *what, int fd)
{
	union { char buf[512]; struct cmsghdr align; } control;
	struct news all[16];
	char data[256];
	int n = 0;

	for (int idle = 0; idle < 100 && n < 16;) {
		struct iovec iov = { data, sizeof(data) };
		struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
		ssize_t len = recvmsg(fd, &mh, MSG_ERRQUEUE | MSG_DONTWAIT);

		if (len < 0) {
			usleep(3000);
			idle++;
			continue;
		}
		all[n] = (struct news){ .ne_flags = (unsigned)mh.msg_flags, .ne_len = len };
		take(&all[n++], &mh);
	}
	printf("%s: %d\n", what, n);
	for (uint32_t type = 0; type < 4; type++)
		for (int i = 0; i < n; i++)
			if (all[i].ne_type == type && all[i].ne_there)
				printf("  step %u byte %u %s origin %u time %s flags %#x length %zd\n", type, all[i].ne_data, strerrorname_np((int)all[i].ne_errno),
				    all[i].ne_origin, all[i].ne_now ? "now" : "wrong", all[i].ne_flags, all[i].ne_len);
}

static ssize_t
with(int fd, int level, int type, int value, size_t len)
{
	union { char buf[128]; struct cmsghdr align; } u = { { 0 } };
	struct iovec iov = { (char[]){ "0123456789" }, 10 };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &u, .msg_controllen = CMSG_SPACE(len) };
	struct cmsghdr *cm = CMSG_FIRSTHDR(&mh);

	*cm = (struct cmsghdr){ .cmsg_level = level, .cmsg_type = type, .cmsg_len = CMSG_LEN(len) };
	memcpy(CMSG_DATA(cm), &value, sizeof(value));
	return (sendmsg(fd, &mh, 0));
}

/* A message says for itself what is stamped; and what else may be said with one. */
static void
asked(int flags)
{
	char buf[100];
	int fd[2];

	connected(fd);
	show("TCP_NODELAY", set_int(fd[0], IPPROTO_TCP, TCP_NODELAY, 1));
	show("set", set(fd[0], flags));
	show("when acknowledged", with(fd[0], SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_TX_ACK, sizeof(int)));
	show("write", write(fd[0], "abcde", 5));
	show("when sent", with(fd[0], SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_TX_SOFTWARE, sizeof(int)));
	show("not at all", with(fd[0], SOL_SOCKET, SO_TIMESTAMPING, 0, sizeof(int)));
	show("what is received", with(fd[0], SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_RX_SOFTWARE, sizeof(int)));
	show("half a number", with(fd[0], SOL_SOCKET, SO_TIMESTAMPING, 0, 2));
	show("a mark", with(fd[0], SOL_SOCKET, SO_MARK, 0, sizeof(int)));
	show("a descriptor", with(fd[0], SOL_SOCKET, SCM_RIGHTS, fd[1], sizeof(int)));
	show("none", with(fd[0], SOL_SOCKET, SCM_RIGHTS, 9999, sizeof(int)));
	show("unknown", with(fd[0], SOL_SOCKET, 99, 0, sizeof(int)));
	show("of another protocol", with(fd[0], IPPROTO_IP, IP_TOS, 0, sizeof(int)));
	show("all arrive", recv(fd[1], buf, 75, MSG_WAITALL));
	news("as they asked", fd[0]);
	close(fd[0]);
	close(fd[1]);
}

/* Each message has its own, however fast they follow each other. */
static void
messages(int flags)
{
	char buf[100];
	struct iovec iov = { buf, 10 };
	const struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fd[2];

	connected(fd);
	show("TCP_NODELAY", set_int(fd[0], IPPROTO_TCP, TCP_NODELAY, 1));
	show("set", set(fd[0], flags));
	for (int i = 0; i < 5; i++)
		if (sendmsg(fd[0], &mh, 0) != 10)
			show("sendmsg", -1);
	show("all arrive", recv(fd[1], buf, 50, MSG_WAITALL));
	news("of five messages", fd[0]);
	close(fd[0]);
	close(fd[1]);
}

int
main(void)
{
	const int all = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_SOFTWARE |
	    SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY;
	char buf[100];
	int fd[2], s;

	setvbuf(stdout, NULL, _IOLBF, 0);
	s = socket(AF_INET, SOCK_STREAM, 0);
	show("identity before the connection", set(s, all));
	show("without", set(s, all & ~SOF_TIMESTAMPING_OPT_ID));
	close(s);

	connected(fd);
	show("none yet", get(fd[0]));
	news("nothing", fd[0]);
	show("set", set(fd[0], all));
	printf("the same: %s\n", get(fd[0]) == all ? "yes" : "no");
	show("send", send(fd[0], "0123456789", 10, 0));
	show("arrives", recv(fd[1], buf, sizeof(buf), 0));
	news("of ten", fd[0]);
	show("write", write(fd[0], "abcde", 5));
	show("arrives", recv(fd[1], buf, sizeof(buf), 0));
	news("of five more", fd[0]);
	show("acknowledgements only", set(fd[0], SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY));
	show("send", send(fd[0], "xyz", 3, 0));
	show("arrives", recv(fd[1], buf, sizeof(buf), 0));
	news("of three", fd[0]);
	show("off", set(fd[0], 0));
	show("send", send(fd[0], "xyz", 3, 0));
	show("arrives", recv(fd[1], buf, sizeof(buf), 0));
	news("of none", fd[0]);
	show("no such", set(fd[0], 1 << 30));
	messages(all);
	asked(SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY);
	asked(all);
	return (0);
}
