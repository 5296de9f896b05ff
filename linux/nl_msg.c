/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests of rtnetlink, from bytes. */
#include "linux/nl.h"

#include <errno.h>
#include <string.h>
#include <linux/fib_rules.h>
#include <linux/nexthop.h>

/* A copy of an attribute's first bytes; short ones are not taken. */
static void
attr_u32(const uint8_t *data, size_t len, uint32_t *out)
{
	if (len >= sizeof(*out))
		memcpy(out, data, sizeof(*out));
}

static void
req_dst(struct nl_req *rq, const uint8_t *data, size_t len)
{
	const size_t want = rq->rq_family == AF_INET6 ? 16 : 4;

	if ((rq->rq_family != AF_INET && rq->rq_family != AF_INET6) || len < want)
		return;
	rq->rq_dst.sa_family = sockaddr_family(rq->rq_family);
	memcpy(rq->rq_dst.sa_bytes, data, want);
	rq->rq_hasdst = true;
}

static void
req_attr(void *arg, uint16_t type, const uint8_t *data, size_t len)
{
	struct nl_req *rq = arg;

	if (type < NL_NATTR)
		rq->rq_attr[type] = (struct nl_attr){ data, len };
	switch (rq->rq_hdr.nlmsg_type) {
	case RTM_GETLINK:
		if (type == IFLA_IFNAME && len > 0) {
			len = strnlen((const char *)data, len);
			if (len > sizeof(rq->rq_name) - 1)
				len = sizeof(rq->rq_name) - 1;
			memcpy(rq->rq_name, data, len);
		}
		break;
	case RTM_GETROUTE:
		if (type == RTA_DST)
			req_dst(rq, data, len);
		else if (type == RTA_OIF)
			attr_u32(data, len, &rq->rq_index);
		break;
	case RTM_GETNEIGH:
		if (type == NDA_IFINDEX)
			attr_u32(data, len, &rq->rq_index);
		break;
	}
}

/* A chain that is cut is an error; what follows the last whole attribute is not looked at. */
int
nl_attrs(const uint8_t *buf, size_t len, void (*fn)(void *, uint16_t, const uint8_t *, size_t), void *arg)
{
	struct rtattr ra;
	size_t step;

	while (len >= sizeof(ra)) {
		memcpy(&ra, buf, sizeof(ra));
		if (ra.rta_len < sizeof(ra) || ra.rta_len > len)
			return (EINVAL);
		fn(arg, ra.rta_type & NLA_TYPE_MASK, buf + sizeof(ra), ra.rta_len - sizeof(ra));
		step = RTA_ALIGN(ra.rta_len);
		if (step >= len)
			break;
		buf += step;
		len -= step;
	}
	return (0);
}

uint32_t
nl_u32(const struct nl_req *rq, unsigned type, uint32_t dflt)
{
	uint32_t v = 0;

	if (!nl_has(rq, type))
		return (dflt);
	if (rq->rq_attr[type].na_len >= sizeof(v))
		memcpy(&v, rq->rq_attr[type].na_data, sizeof(v));
	return (v);
}

uint16_t
nl_u16(const struct nl_req *rq, unsigned type, uint16_t dflt)
{
	uint16_t v = 0;

	if (!nl_has(rq, type))
		return (dflt);
	if (rq->rq_attr[type].na_len >= sizeof(v))
		memcpy(&v, rq->rq_attr[type].na_data, sizeof(v));
	return (v);
}

uint8_t
nl_u8(const struct nl_req *rq, unsigned type, uint8_t dflt)
{
	if (!nl_has(rq, type))
		return (dflt);
	return (rq->rq_attr[type].na_len > 0 ? rq->rq_attr[type].na_data[0] : 0);
}

bool
nl_text(const struct nl_req *rq, unsigned type, char *text, size_t size)
{
	size_t len;

	if (!nl_has(rq, type))
		return (false);
	len = strnlen((const char *)rq->rq_attr[type].na_data, rq->rq_attr[type].na_len);
	if (len >= size)
		return (false);
	memset(text, 0, size);
	memcpy(text, rq->rq_attr[type].na_data, len);
	return (true);
}

int
nl_addr_parse(const uint8_t *data, size_t len, uint8_t family, struct vi_sockaddr *sa)
{
	const size_t want = family == AF_INET6 ? 16 : 4;

	if (family != AF_INET && family != AF_INET6)
		return (EAFNOSUPPORT);
	if (len < want)
		return (EINVAL);
	*sa = (struct vi_sockaddr){ .sa_family = sockaddr_family(family) };
	memcpy(sa->sa_bytes, data, want);
	return (0);
}

int
nl_addr(const struct nl_req *rq, unsigned type, uint8_t family, struct vi_sockaddr *sa)
{
	if (!nl_has(rq, type))
		return (0);
	return (nl_addr_parse(rq->rq_attr[type].na_data, rq->rq_attr[type].na_len, family, sa));
}

/*
 * Length of what stands before the attributes; old programs send one byte, the family, for
 * all of them.
 */
static size_t
req_fixed(const struct nl_req *rq)
{
	switch (rq->rq_hdr.nlmsg_type) {
	case RTM_GETLINK:
	case RTM_NEWLINK:
	case RTM_SETLINK:
	case RTM_DELLINK:
		return (sizeof(struct ifinfomsg));
	case RTM_GETADDR:
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return (sizeof(struct ifaddrmsg));
	case RTM_GETROUTE:
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return (sizeof(struct rtmsg));
	case RTM_GETNEIGH:
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		return (sizeof(struct ndmsg));
	case RTM_GETNEXTHOP:
	case RTM_NEWNEXTHOP:
	case RTM_DELNEXTHOP:
		return (sizeof(struct nhmsg));
	case RTM_GETRULE:
	case RTM_NEWRULE:
	case RTM_DELRULE:
		return (sizeof(struct fib_rule_hdr));
	case RTM_GETNSID:
		return (NLMSG_ALIGN(sizeof(struct rtgenmsg)));
	default:
		return (SIZE_MAX);
	}
}

static void
req_header(struct nl_req *rq, const uint8_t *buf)
{
	struct ifinfomsg ifi;
	struct rtmsg rtm;

	if (rq->rq_hdr.nlmsg_type == RTM_GETLINK) {
		memcpy(&ifi, buf, sizeof(ifi));
		rq->rq_index = ifi.ifi_index > 0 ? (uint32_t)ifi.ifi_index : 0;
	} else if (rq->rq_hdr.nlmsg_type == RTM_GETROUTE) {
		memcpy(&rtm, buf, sizeof(rtm));
		rq->rq_table = rtm.rtm_table;
	}
}

int
nl_req_parse(const uint8_t *buf, size_t len, int proto, struct nl_req *rq)
{
	size_t fixed;

	memset(rq, 0, sizeof(*rq));
	if (len < sizeof(rq->rq_hdr))
		return (EINVAL);
	memcpy(&rq->rq_hdr, buf, sizeof(rq->rq_hdr));
	if (rq->rq_hdr.nlmsg_len < sizeof(rq->rq_hdr) || rq->rq_hdr.nlmsg_len > len)
		return (EINVAL);
	if (proto != NETLINK_ROUTE)
		return (0);
	len = rq->rq_hdr.nlmsg_len - sizeof(rq->rq_hdr);
	buf += sizeof(rq->rq_hdr);
	if (len > 0)
		rq->rq_family = buf[0];
	fixed = req_fixed(rq);
	if (len < fixed)
		return (0);
	rq->rq_fixed = buf;
	req_header(rq, buf);
	/* Questions come with all kinds of rests (zebra asks for addresses as for links): what is whole counts. */
	return (nl_attrs(buf + fixed, len - fixed, req_attr, rq) != 0 && (rq->rq_hdr.nlmsg_type & 3) != 2 ? EINVAL : 0);
}
