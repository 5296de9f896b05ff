/* SPDX-License-Identifier: BSD-2-Clause */
/* Ancillary data of datagrams, from and to bytes.  Knows no program and no socket. */
#include "linux/lx.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <sys/time.h>
#include <linux/errqueue.h>

/* What does not fit is cut, and said to be, as put_cmsg of Linux does. */
static void
control_put(struct lx_control *co, int level, int type, const void *data, size_t len)
{
	struct cmsghdr ch = { .cmsg_level = level, .cmsg_type = type, .cmsg_len = CMSG_LEN(len) };
	size_t room =
	    (co->co_space < sizeof(co->co_buf) ? co->co_space : sizeof(co->co_buf)) - co->co_len;

	if (room < sizeof(ch)) {
		co->co_trunc = true;
		return;
	}
	if (ch.cmsg_len > room) {
		co->co_trunc = true;
		ch.cmsg_len = room;
	}
	memcpy(co->co_buf + co->co_len, &ch, sizeof(ch));
	memcpy(co->co_buf + co->co_len + CMSG_LEN(0), data, ch.cmsg_len - CMSG_LEN(0));
	co->co_len += CMSG_SPACE(len) < room ? CMSG_SPACE(len) : room;
}

static void
control_stamp(struct lx_control *co, unsigned cmsg, uint64_t ns)
{
	struct timespec ts = {
	    .tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
	struct timeval tv = { .tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / 1000 };

	if ((cmsg & LXC_STAMPNS) != 0)
		control_put(co, SOL_SOCKET, SCM_TIMESTAMPNS, &ts, sizeof(ts));
	else
		control_put(co, SOL_SOCKET, SCM_TIMESTAMP, &tv, sizeof(tv));
}

void
control_dgram(struct lx_control *co, unsigned cmsg, const struct lx_dgram *dg)
{
	struct in_pktinfo pi = { .ipi_ifindex = (int)dg->dg_ifindex, .ipi_spec_dst = { dg->dg_dst.sa_in },
		.ipi_addr = { dg->dg_dst.sa_in } };
	int ttl = dg->dg_ttl;

	if ((cmsg & (LXC_STAMP | LXC_STAMPNS)) != 0)
		control_stamp(co, cmsg, dg->dg_stamp);
	if ((cmsg & LXC_PKTINFO) != 0)
		control_put(co, IPPROTO_IP, IP_PKTINFO, &pi, sizeof(pi));
	if ((cmsg & LXC_TTL) != 0)
		control_put(co, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	if ((cmsg & LXC_TOS) != 0)
		control_put(co, IPPROTO_IP, IP_TOS, &dg->dg_tos, 1);
}

void
control_error(struct lx_control *co, const struct vi_sockerr *se)
{
	struct {
		struct sock_extended_err ee;
		struct sockaddr_in offender;
	} data;

	memset(&data, 0, sizeof(data));
	data.ee.ee_errno = (uint32_t)se->se_errno;
	data.ee.ee_origin = SO_EE_ORIGIN_ICMP;
	data.ee.ee_type = se->se_type;
	data.ee.ee_code = se->se_code;
	data.ee.ee_info = se->se_info;
	data.offender.sin_family = AF_INET;
	data.offender.sin_addr.s_addr = se->se_offender.sa_in;
	control_put(co, IPPROTO_IP, IP_RECVERR, &data, sizeof(data));
}

static int
parse_pktinfo(const uint8_t *data, size_t len, struct vi_msg *msg)
{
	struct in_pktinfo pi;

	if (len != sizeof(pi))
		return (EINVAL);
	memcpy(&pi, data, sizeof(pi));
	if (pi.ipi_ifindex != 0) {
		msg->msg_set |= VI_MSGSET_IFINDEX;
		msg->msg_ifindex = (uint32_t)pi.ipi_ifindex;
	}
	if (pi.ipi_spec_dst.s_addr != 0) {
		msg->msg_set |= VI_MSGSET_ADDR;
		msg->msg_dst = (struct vi_sockaddr){ .sa_family = VI_AF_INET, .sa_in = pi.ipi_spec_dst.s_addr };
	}
	return (0);
}

static int
parse_int(const uint8_t *data, size_t len, bool bytetoo, int min, int *out)
{
	if (len == sizeof(int))
		memcpy(out, data, sizeof(int));
	else if (len == 1 && bytetoo)
		*out = *data;
	else
		return (EINVAL);
	return (*out < min || *out > 255 ? EINVAL : 0);
}

static int
parse_ip(const struct cmsghdr *ch, const uint8_t *data, size_t len, struct vi_msg *msg)
{
	switch (ch->cmsg_type) {
	case IP_PKTINFO:
		return (parse_pktinfo(data, len, msg));
	case IP_TTL:
		msg->msg_set |= VI_MSGSET_TTL;
		return (parse_int(data, len, false, 1, &msg->msg_ttl));
	case IP_TOS:
		msg->msg_set |= VI_MSGSET_TOS;
		return (parse_int(data, len, true, 0, &msg->msg_tos));
	default:
		return (EINVAL);
	}
}

int
control_parse(const uint8_t *buf, size_t len, struct vi_msg *msg)
{
	struct cmsghdr ch;
	size_t step;
	int error;

	while (len >= sizeof(ch)) {
		memcpy(&ch, buf, sizeof(ch));
		if (ch.cmsg_len < sizeof(ch) || ch.cmsg_len > len)
			return (EINVAL);
		if (ch.cmsg_level == IPPROTO_IP)
			error = parse_ip(&ch, buf + sizeof(ch), ch.cmsg_len - sizeof(ch), msg);
		else if (ch.cmsg_level == SOL_SOCKET)	/* Linux passes over what is AF_UNIX's */
			error = ch.cmsg_type == SCM_RIGHTS || ch.cmsg_type == SCM_CREDENTIALS
				    ? 0
				    : EINVAL;
		else
			error = 0;			/* of another protocol: not looked at */
		if (error != 0)
			return (error);
		step = CMSG_ALIGN(ch.cmsg_len);
		if (step >= len)
			break;
		buf += step;
		len -= step;
	}
	return (0);
}
