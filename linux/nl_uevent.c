/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NETLINK_KOBJECT_UEVENT: which interfaces come, go and change their names, in the words of udev(7).  There are no queues of interfaces and no other
 * devices to tell of, and nothing can be asked.
 */
#include "linux/nl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct text {
	char		 t_buf[512];
	size_t		 t_len;
};

/* One more string, with its end. */
static void
text_add(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->t_len += (size_t)vsnprintf(t->t_buf + t->t_len, sizeof(t->t_buf) - t->t_len, fmt, ap) + 1;
	va_end(ap);
}

void
nl_put_uevent(struct nl_out *no, const char *action, const char *was, const struct vi_rtevent *ev)
{
	const char *name = ev->ev_route.rt_ifname;
	struct text t = { .t_len = 0 };

	_Static_assert(sizeof(t.t_buf) >= 160 + 4 * VI_IFNAMSIZ, "there is room for all");
	text_add(&t, "%s@/devices/virtual/net/%s", action, name);
	text_add(&t, "ACTION=%s", action);
	text_add(&t, "DEVPATH=/devices/virtual/net/%s", name);
	text_add(&t, "SUBSYSTEM=net");
	if (was != NULL)
		text_add(&t, "DEVPATH_OLD=/devices/virtual/net/%s", was);
	text_add(&t, "INTERFACE=%s", name);
	text_add(&t, "IFINDEX=%u", ev->ev_route.rt_ifindex);
	text_add(&t, "SEQNUM=%llu", (unsigned long long)ev->ev_seq);
	memcpy(no->no_buf, t.t_buf, t.t_len);
	no->no_len = t.t_len;
	nl_out_flush(no);
}
