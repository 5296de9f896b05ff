/* SPDX-License-Identifier: BSD-2-Clause */
/* What TCP_CC_INFO tells of bbr. */
#include "show.h"

struct info {
	unsigned bw_lo, bw_hi, min_rtt, pacing_gain, cwnd_gain, beyond;
};

static void
told(const char *what, int fd, socklen_t len)
{
	struct info i;

	memset(&i, 0, sizeof(i));
	show(what, getsockopt(fd, IPPROTO_TCP, TCP_CC_INFO, &i, &len));
	printf("%u bytes, a rate %d, a round trip %d, gains %d %d\n", len, (i.bw_lo | i.bw_hi) != 0, i.min_rtt != 0 && i.min_rtt < 10000000,
	    i.pacing_gain > 100 && i.pacing_gain < 1000, i.cwnd_gain > 256 && i.cwnd_gain < 1000);
}

int
main(void)
{
	static char buf[200000];
	int fd[2];

	connected(fd);
	told("cubic", fd[0], sizeof(struct info));
	show("bbr", setsockopt(fd[0], IPPROTO_TCP, TCP_CONGESTION, "bbr", 3));
	for (int i = 0; i < 20; i++) {
		(void)!write(fd[0], buf, sizeof(buf) / 10);
		(void)recv(fd[1], buf, sizeof(buf) / 10, MSG_WAITALL);
	}
	told("bbr", fd[0], sizeof(struct info));
	told("a part", fd[0], 8);
	return (0);
}
