/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NETLINK_GENERIC: the controller, which knows no family but itself.
 *
 * Programs look a family up by its name (ethtool's, wireless, tcp_metrics) and do without it when it is not there; they
 * do not get that far without the socket.
 */
#include "linux/nl.h"

#include <errno.h>
#include <string.h>
#include <linux/genetlink.h>

static const char nlctrl[] = "nlctrl";

/* What a request asks for: a name, or a number. */
struct family {
	bool	 fa_asked, fa_ours;
};

static void
family_each(void *arg, uint16_t type, const uint8_t *data, size_t len)
{
	struct family *fa = arg;
	uint16_t id;

	if (type == CTRL_ATTR_FAMILY_NAME) {
		fa->fa_asked = true;
		fa->fa_ours = len == sizeof(nlctrl) && memcmp(data, nlctrl, sizeof(nlctrl)) == 0;
	} else if (type == CTRL_ATTR_FAMILY_ID && len >= sizeof(id)) {
		memcpy(&id, data, sizeof(id));
		fa->fa_asked = true;
		fa->fa_ours = id == GENL_ID_CTRL;
	}
}

static void
put_family(struct nl_out *no)
{
	const struct genlmsghdr gh = { .cmd = CTRL_CMD_NEWFAMILY, .version = 2 };
	const uint16_t id = GENL_ID_CTRL;

	nl_out_begin(no, GENL_ID_CTRL, &gh, sizeof(gh));
	nl_out_attr(no, CTRL_ATTR_FAMILY_NAME, nlctrl, sizeof(nlctrl));
	nl_out_attr(no, CTRL_ATTR_FAMILY_ID, &id, sizeof(id));
	nl_out_u32(no, CTRL_ATTR_VERSION, 2);
	nl_out_u32(no, CTRL_ATTR_HDRSIZE, 0);
	nl_out_u32(no, CTRL_ATTR_MAXATTR, CTRL_ATTR_FAMILY_NAME);
	nl_out_end(no);
}

int
nl_getgeneric(struct nl_out *no, const struct nl_req *rq, const uint8_t *body)
{
	const size_t len = rq->rq_hdr.nlmsg_len - sizeof(rq->rq_hdr);
	struct family fa = { .fa_asked = false };
	struct genlmsghdr gh;

	if (rq->rq_hdr.nlmsg_type != GENL_ID_CTRL)
		return (ENOENT);
	if (len < sizeof(gh))
		return (EINVAL);
	memcpy(&gh, body, sizeof(gh));
	if (gh.cmd != CTRL_CMD_GETFAMILY)
		return (EOPNOTSUPP);
	if (nl_dump(rq)) {
		put_family(no);
		return (0);
	}
	if (nl_attrs(body + sizeof(gh), len - sizeof(gh), family_each, &fa) != 0 || !fa.fa_asked)
		return (EINVAL);
	if (!fa.fa_ours)
		return (ENOENT);
	put_family(no);
	return (0);
}
