/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/fuzz/request.h"

#define NITEMS(a)	(sizeof(a) / sizeof((a)[0]))

/* Of the operations' arguments, and of jails. */
static const char *const keys[] = {
	"name", "option", "args", "flags", "set", "clear", "mtu", "metric", "fib", "lladdr", "description", "vnet", "newname", "address", "prefixlen", "broadcast", "pltime", "vltime", "alias",
	"anycast", "no_dad", "autoconf", "family", "destination", "gateway", "interface", "weight", "type", "proto", "priority", "expire", "from", "fromlen", "to", "tolen", "tos", "iif", "oif",
	"mark", "markmask", "action", "not", "sport", "dport", "value", "after", "include", "what", "delay", "jitter", "rate", "queue", "loss", "burst_p", "burst_r", "burst_loss", "pattern",
	"pattern_once", "dup", "reorder", "reorder_delay", "corrupt", "seed", "overhead", "up", "permanent", "published", "proxy", "temporary", "blackhole", "reject", "prohibit", "kind", "index",
	"jid", "persist", "children.max", "path", "host.hostname", "limit.memory", "limit.sockets", "limit.interfaces", "limit.routes", "limit.pps", "limit.mbufs", "priv.allow", "priv.deny",
	"allow.raw_sockets", "noallow.raw_sockets", "securelevel", "vcpu", "vproc", "vipc", "vlog", "vcpu.share", "vcpu.limit", "meta", "env", "vnet.interface", "ip4.addr", "sysvshm", "fromjail",
	"id", "all", "count", "source", "prefix", "stableaddr", "sources",
};

static const char *const words[] = {
	"", "epair0a", "epair0b", "lo0", "bridge", "bridge0", "vlan", "vlan0", "lagg0", "gif0", "gre0", "vxlan0", "tap0", "tun", "epair", "disc", "j", "0", "1", "new", "inherit", "192.0.2.1", "192.0.2.2",
	"192.0.2.0", "198.51.100.1", "224.0.0.5", "0.0.0.0", "255.255.255.255", "2001:db8::1", "fe80::1%epair0a", "ff02::1", "::", "02:00:00:00:00:09", "inet", "inet6", "default", "up", "addm", "deletem",
	"vlandev", "vlan", "vlanproto", "802.1ad", "laggproto", "lacp", "laggport", "tunnel", "deletetunnel", "vxlanid", "vxlanlocal", "vxlanremote", "static", "private", "stp", "timeout",
	"net.inet.ip.forwarding", "net.inet.tcp", "kern.hostname", "net.inet6", "100", "65535", "4294967295", "-1", "true", "false", "net.if_set", "net.raw", "1g", "65536k", "%", "child", "j.child", "udp", "tcp",
};

uint8_t
input8(struct input *in)
{
	return in->p < in->end ? *in->p++ : 0;
}

const char *
request_word(struct input *in)
{
	return words[input8(in) % NITEMS(words)];
}

const char *
request_key(struct input *in)
{
	return keys[input8(in) % NITEMS(keys)];
}

static json_t *
raw_text(struct input *in)
{
	size_t n = input8(in), left = (size_t)(in->end - in->p);
	json_t *v;

	n = n < left ? n : left;
	v = json_stringn((const char *)in->p, n);	/* NULL: not UTF-8 */
	in->p += n;
	return v != NULL ? v : json_null();
}

static json_t *
value(struct input *in)
{
	uint8_t kind = input8(in);
	json_int_t i = 0;
	json_t *v;

	switch (kind >> 5) {
	case 0: return json_integer(kind & 31);
	case 1:
		for (unsigned k = 0; k <= (kind & 7); k++)
			i = (json_int_t)((uint64_t)i << 8 | input8(in));
		return json_integer(i);
	case 2: return json_boolean(kind & 1);
	case 3: return raw_text(in);
	case 4:
		v = json_array();
		for (unsigned k = 0; k < (kind & 7); k++)
			json_array_append_new(v, json_string(request_word(in)));
		return v;
	default: return json_string(request_word(in));
	}
}

void
request_args(json_t *msg, struct input *in, unsigned n)
{
	while (n-- > 0) {
		const char *key = request_key(in);

		json_object_set_new(msg, key, value(in));
	}
}
