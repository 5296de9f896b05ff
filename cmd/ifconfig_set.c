/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parameters of ifconfig(8).
 *
 * Theory of operation.  The words behind the interface's name are turned into a list of operations
 * of the control protocol, by the table of keywords; a word that is no keyword is an address.  An
 * address and what belongs to it (netmask, broadcast, alias, lifetimes) may stand in any order and make
 * one operation, which comes last, or before the next family ("inet", "inet6").  What neighbour
 * discovery does on the interface is set at once, so before the addresses.  Properties of the link (ifconfig_link.c)
 * make one operation, too.  Only when every word is understood is
 * the first operation sent, with the name that the interface has by then: "create" and "name"
 * change it; behind "vnet" it is sent to the jail that has the interface now.
 */
#include "cmd/ifconfig_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cmd/inet.h"
#include "cmd/inet6.h"
#include <vimage/ifnet.h>

#define OP_MEDIA	"media"	/* no operation of the protocol: it is checked, and there is nothing to do */

/* An address under construction; texts are "" when not given. */
struct pending {
	char		 p_addr[INET6_TEXTLEN], p_dest[INET6_TEXTLEN], p_broadcast[INET_ADDRSTRLEN];
	bool		 p_alias, p_delete, p_eui64;
	bool		 p_more;	/* something that needs an address was said */
	int		 p_len;		/* -1: not said */
	long long	 p_vltime, p_pltime;	/* s, -1: not said */
	json_t		*p_flags;	/* names; NULL: none */
};

struct setting {
	struct cmd_ctx	*s_cx;
	const char	*s_given;	/* the name as given */
	json_t		*s_ops;
	struct pending	 s_pending;
	json_t		*s_link;	/* if.link under construction; NULL */
	enum family { INET, INET6, LINK } s_family;	/* link: an address is a MAC */
};

struct keyword {
	const char	*k_name;
	bool		 k_arg;
	/* 0, EINVAL for a bad value, ECANCELED when it said itself what is wrong.  arg is NULL
	 * without k_arg. */
	int		(*k_fn)(struct setting *, const struct keyword *, const char *arg);
	const char	*k_op;
	const char	*k_key;
	long long	 k_min, k_max;
};

static int
add_op(struct setting *s, json_t *op)
{
	json_array_append_new(s->s_ops, op);
	return 0;
}

/*
 * Addresses.
 */
static void
clear_address(struct pending *p)
{
	json_decref(p->p_flags);
	*p = (struct pending){ .p_len = -1, .p_vltime = -1, .p_pltime = -1 };
}

static void
put_text(json_t *op, const char *key, const char *text)
{
	if (text[0] != '\0')
		json_object_set_new(op, key, json_string(text));
}

static void
put_int(json_t *op, const char *key, long long n)
{
	if (n >= 0)
		json_object_set_new(op, key, json_integer(n));
}

static int
flush_address(struct setting *s)
{
	struct pending *p = &s->s_pending;
	json_t *op = s->s_link;

	if (op != NULL) {
		s->s_link = NULL;
		(void)add_op(s, op);
	}
	if (p->p_addr[0] == '\0') {
		if (!p->p_more)
			return 0;
		cmd_warnx(s->s_cx, "an address is missing");
		return ECANCELED;
	}
	op = json_pack("{s:s,s:s}", "op", p->p_delete ? "addr.delete" : "addr.add", "address",
	    p->p_addr);
	if (!p->p_delete) {
		put_int(op, "prefixlen", p->p_len);
		put_text(op, "broadcast", p->p_broadcast);
		put_text(op, "destination", p->p_dest);
		put_int(op, "vltime", p->p_vltime);
		put_int(op, "pltime", p->p_pltime);
		if (p->p_flags != NULL)
			json_object_set(op, "flags", p->p_flags);
		if (p->p_eui64)
			json_object_set_new(op, "eui64", json_true());
		json_object_set_new(op, "alias", json_boolean(p->p_alias));
	}
	clear_address(p);
	return add_op(s, op);
}

static int
take_mac(struct setting *s, const char *arg)
{
	char text[MAC_STRLEN];
	uint8_t mac[6];

	if (strcmp(arg, "random") == 0) {
		if (getrandom(mac, sizeof(mac), 0) != sizeof(mac))
			return EINVAL;
		mac[0] = (uint8_t)((mac[0] & ~1) | 2);	/* one station's, locally administered */
	} else if (!mac_parse(arg, mac))
		return EINVAL;
	mac_format(mac, text);
	return add_op(s, json_pack("{s:s,s:s}", "op", "if.lladdr", "lladdr", text));
}

/* Without len a prefix is not possible. */
static bool
number_text(const struct setting *s, const char *word, char buf[INET6_TEXTLEN], int *len)
{
	struct inet6 i6;
	struct in_addr in;

	if (s->s_family == INET6) {
		if (!(len != NULL ? inet6_prefix(word, &i6, len) : inet6_number(word, &i6)))
			return false;
		inet6_text(&i6, buf);
		return true;
	}
	if (!(len != NULL ? inet_prefix(word, &in, len) : inet_number(word, &in)))
		return false;
	return inet_ntop(AF_INET, &in, buf, INET6_TEXTLEN) != NULL;
}

/* A word that is no keyword: the address, then the other end's. */
static int
take_address(struct setting *s, const char *word)
{
	struct pending *p = &s->s_pending;
	int len = -1;

	if (s->s_family == LINK)
		return take_mac(s, word);
	if (p->p_addr[0] != '\0')
		return number_text(s, word, p->p_dest, NULL) ? 0 : EINVAL;
	if (!number_text(s, word, p->p_addr, &len))
		return EINVAL;
	if (len >= 0)
		p->p_len = len;
	return 0;
}

static int
k_alias(struct setting *s, const struct keyword *k, const char *arg)
{
	(void)arg;
	s->s_pending.p_alias = k->k_key == NULL;
	s->s_pending.p_delete = k->k_key != NULL;
	s->s_pending.p_more = true;
	return 0;
}

static int
not_for(const struct setting *s, const struct keyword *k, const char *family)
{
	cmd_warnx(s->s_cx, "%s: invalid option for %s", k->k_name, family);
	return ECANCELED;
}

static int
k_netmask(struct setting *s, const struct keyword *k, const char *arg)
{
	s->s_pending.p_more = true;
	if (s->s_family == INET6)
		return not_for(s, k, "inet6");
	return inet_mask_number(arg, &s->s_pending.p_len) ? 0 : EINVAL;
}

static int
k_prefixlen(struct setting *s, const struct keyword *k, const char *arg)
{
	long long n;

	(void)k;
	if (!cmd_number(arg, 0, s->s_family == INET6 ? 128 : 32, &n))
		return EINVAL;
	s->s_pending.p_more = true;
	s->s_pending.p_len = (int)n;
	return 0;
}

static int
k_broadcast(struct setting *s, const struct keyword *k, const char *arg)
{
	struct in_addr in;

	s->s_pending.p_more = true;
	if (s->s_family == INET6)
		return not_for(s, k, "inet6");
	if (!inet_number(arg, &in))
		return EINVAL;
	(void)inet_ntop(AF_INET, &in, s->s_pending.p_broadcast, INET_ADDRSTRLEN);
	return 0;
}

static int
k_family(struct setting *s, const struct keyword *k, const char *arg)
{
	int error = flush_address(s);

	(void)arg;
	s->s_family = (enum family)k->k_min;
	return error;
}

/*
 * IPv6.
 */
static int
only_inet6(const struct setting *s, const struct keyword *k)
{
	if (s->s_family == INET6)
		return 0;
	cmd_warnx(s->s_cx, "%s: only behind inet6", k->k_name);
	return ECANCELED;
}

/* One of an address; k_op NULL: the flag is not to be set, which it is not unless asked for. */
static int
k_addrflag(struct setting *s, const struct keyword *k, const char *arg)
{
	struct pending *p = &s->s_pending;
	int error;

	(void)arg;
	if ((error = only_inet6(s, k)) != 0)
		return error;
	p->p_more = true;
	if (k->k_op == NULL)
		return 0;
	if (p->p_flags == NULL)
		p->p_flags = json_array();
	json_array_append_new(p->p_flags, json_string(k->k_key));
	return 0;
}

/* One of neighbour discovery on the interface. */
static int
k_nd6flag(struct setting *s, const struct keyword *k, const char *arg)
{
	int error = only_inet6(s, k);

	(void)arg;
	if (error != 0)
		return error;
	return add_op(s, json_pack("{s:s,s:[s]}", "op", "if.nd6flags", k->k_op, k->k_key));
}

/* Behind an address it is that one's, else it is the interface's. */
static int
k_nodad(struct setting *s, const struct keyword *k, const char *arg)
{
	return s->s_pending.p_addr[0] != '\0' ? k_addrflag(s, k, arg) : k_nd6flag(s, k, arg);
}

static int
k_eui64(struct setting *s, const struct keyword *k, const char *arg)
{
	int error = only_inet6(s, k);

	(void)arg;
	s->s_pending.p_more = s->s_pending.p_eui64 = true;
	return error;
}

static int
k_lifetime(struct setting *s, const struct keyword *k, const char *arg)
{
	long long *n = k->k_key[0] == 'v' ? &s->s_pending.p_vltime : &s->s_pending.p_pltime;
	int error;

	if ((error = only_inet6(s, k)) != 0)
		return error;
	s->s_pending.p_more = true;
	if (strcmp(arg, "infty") == 0 || strcmp(arg, "-1") == 0) {
		*n = VI_IFA_INFINITE;
		return 0;
	}
	return cmd_number(arg, k->k_min, k->k_max, n) ? 0 : EINVAL;
}

/* Those given in one go are all there are; what is not named is none. */
static int
k_link(struct setting *s, const struct keyword *k, const char *arg)
{
	if (s->s_family != LINK) {
		cmd_warnx(s->s_cx, "%s: only behind link", k->k_name);
		return ECANCELED;
	}
	if (s->s_link == NULL)
		s->s_link = json_pack("{s:s}", "op", "if.link");
	return ifconfig_link_take(s->s_link, k->k_name, arg);
}

/*
 * The rest.
 */
static int
k_flag(struct setting *s, const struct keyword *k, const char *arg)
{
	(void)arg;
	return add_op(s, json_pack("{s:s,s:[s]}", "op", "if.flags", k->k_op, k->k_key));
}

static int
k_int(struct setting *s, const struct keyword *k, const char *arg)
{
	long long n;

	if (!cmd_number(arg, k->k_min, k->k_max, &n))
		return EINVAL;
	return add_op(s, json_pack("{s:s,s:I}", "op", k->k_op, k->k_key, (json_int_t)n));
}

static int
k_text(struct setting *s, const struct keyword *k, const char *arg)
{
	json_t *text = json_string(arg != NULL ? arg : "");

	if (text == NULL)
		return EINVAL;
	return add_op(s, json_pack("{s:s,s:o}", "op", k->k_op, k->k_key, text));
}

static int
k_mac(struct setting *s, const struct keyword *k, const char *arg)
{
	(void)k;
	return take_mac(s, arg);
}

static int
k_create(struct setting *s, const struct keyword *k, const char *arg)
{
	(void)arg;
	if (json_array_size(s->s_ops) > 0) {
		cmd_warnx(s->s_cx, "create must come first");
		return ECANCELED;
	}
	return add_op(s, json_pack("{s:s,s:s}", "op", k->k_op, "type", s->s_given));
}

static int
k_bare(struct setting *s, const struct keyword *k, const char *arg)
{
	(void)arg;
	return add_op(s, json_pack("{s:s}", "op", k->k_op));
}

/* What hardware may or may not offer, and virtual links have none of: an interface without it ignores the word. */
static int
k_hardware(struct setting *s, const struct keyword *k, const char *arg)
{
	(void)s, (void)k, (void)arg;
	return 0;
}

static int
k_capability(struct setting *s, const struct keyword *k, const char *arg)
{
	(void)arg;
	return add_op(s, json_pack("{s:s,s:[s]}", "op", "if.capabilities", k->k_op, k->k_key));
}

/* It says what is so, or cannot be: check_media() when the interface is known.  -mediaopt: never without an option that is on for good. */
static int
k_media(struct setting *s, const struct keyword *k, const char *arg)
{
	return add_op(s, json_pack("{s:s,s:s,s:b}", "op", k->k_op, "word", k->k_name, "so",
	    k->k_key != NULL && strcmp(arg, k->k_key) == 0));
}

static const struct keyword keywords[] = {
	{ "create", false, k_create, "if.create", NULL, 0, 0 },
	{ "plumb", false, k_create, "if.create", NULL, 0, 0 },
	{ "destroy", false, k_bare, "if.destroy", NULL, 0, 0 },
	{ "unplumb", false, k_bare, "if.destroy", NULL, 0, 0 },
	{ "up", false, k_flag, "set", "up", 0, 0 },
	{ "down", false, k_flag, "clear", "up", 0, 0 },
	{ "promisc", false, k_flag, "set", "promisc", 0, 0 },
	{ "-promisc", false, k_flag, "clear", "promisc", 0, 0 },
	{ "arp", false, k_flag, "clear", "noarp", 0, 0 },
	{ "-arp", false, k_flag, "set", "noarp", 0, 0 },
	{ "monitor", false, k_flag, "set", "monitor", 0, 0 },
	{ "-monitor", false, k_flag, "clear", "monitor", 0, 0 },
	{ "staticarp", false, k_flag, "set", "staticarp", 0, 0 },
	{ "-staticarp", false, k_flag, "clear", "staticarp", 0, 0 },
	{ "debug", false, k_flag, "set", "debug", 0, 0 },
	{ "-debug", false, k_flag, "clear", "debug", 0, 0 },
	{ "mtu", true, k_int, "if.mtu", "mtu", 0, 65535 },
	{ "metric", true, k_int, "if.metric", "metric", 0, INT32_MAX },
	{ "fib", true, k_int, "if.fib", "fib", 0, 65535 },
	{ "ether", true, k_mac, NULL, NULL, 0, 0 },
	{ "lladdr", true, k_mac, NULL, NULL, 0, 0 },
	{ "name", true, k_text, "if.rename", "newname", 0, 0 },
	{ "description", true, k_text, "if.description", "description", 0, 0 },
	{ "descr", true, k_text, "if.description", "description", 0, 0 },
	{ "-description", false, k_text, "if.description", "description", 0, 0 },
	{ "-descr", false, k_text, "if.description", "description", 0, 0 },
	{ "vnet", true, k_text, "if.move", "to", 0, 0 },
	{ "-vnet", true, k_text, "if.reclaim", "from", 0, 0 },
	{ "alias", false, k_alias, NULL, NULL, 0, 0 },
	{ "add", false, k_alias, NULL, NULL, 0, 0 },
	{ "-alias", false, k_alias, NULL, "delete", 0, 0 },
	{ "delete", false, k_alias, NULL, "delete", 0, 0 },
	{ "remove", false, k_alias, NULL, "delete", 0, 0 },
	{ "netmask", true, k_netmask, NULL, NULL, 0, 0 },
	{ "prefixlen", true, k_prefixlen, NULL, NULL, 0, 0 },
	{ "broadcast", true, k_broadcast, NULL, NULL, 0, 0 },
	{ "inet", false, k_family, NULL, NULL, INET, 0 },
	{ "inet6", false, k_family, NULL, NULL, INET6, 0 },
	{ "link", false, k_family, NULL, NULL, LINK, 0 },
	{ "anycast", false, k_addrflag, "set", "anycast", 0, 0 },
	{ "autoconf", false, k_addrflag, "set", "autoconf", 0, 0 },
	{ "-autoconf", false, k_addrflag, NULL, NULL, 0, 0 },
	{ "deprecated", false, k_addrflag, "set", "deprecated", 0, 0 },
	{ "-deprecated", false, k_addrflag, NULL, NULL, 0, 0 },
	{ "prefer_source", false, k_addrflag, "set", "prefer_source", 0, 0 },
	{ "-prefer_source", false, k_addrflag, NULL, NULL, 0, 0 },
	{ "temporary", false, k_addrflag, "set", "temporary", 0, 0 },
	{ "-temporary", false, k_addrflag, NULL, NULL, 0, 0 },
	{ "vltime", true, k_lifetime, NULL, "vltime", 1, UINT32_MAX },
	{ "pltime", true, k_lifetime, NULL, "pltime", 1, UINT32_MAX },
	{ "eui64", false, k_eui64, NULL, NULL, 0, 0 },
	{ "accept_rtadv", false, k_nd6flag, "set", "accept_rtadv", 0, 0 },
	{ "-accept_rtadv", false, k_nd6flag, "clear", "accept_rtadv", 0, 0 },
	{ "auto_linklocal", false, k_nd6flag, "set", "auto_linklocal", 0, 0 },
	{ "-auto_linklocal", false, k_nd6flag, "clear", "auto_linklocal", 0, 0 },
	{ "ifdisabled", false, k_nd6flag, "set", "ifdisabled", 0, 0 },
	{ "-ifdisabled", false, k_nd6flag, "clear", "ifdisabled", 0, 0 },
	{ "nud", false, k_nd6flag, "set", "nud", 0, 0 },
	{ "-nud", false, k_nd6flag, "clear", "nud", 0, 0 },
	{ "no_radr", false, k_nd6flag, "set", "no_radr", 0, 0 },
	{ "-no_radr", false, k_nd6flag, "clear", "no_radr", 0, 0 },
	{ "no_prefer_iface", false, k_nd6flag, "set", "no_prefer_iface", 0, 0 },
	{ "-no_prefer_iface", false, k_nd6flag, "clear", "no_prefer_iface", 0, 0 },
	{ "no_dad", false, k_nodad, "set", "no_dad", 0, 0 },
	{ "-no_dad", false, k_nd6flag, "clear", "no_dad", 0, 0 },
	{ "defaultif", false, k_nd6flag, "set", "defaultif", 0, 0 },
	{ "-defaultif", false, k_nd6flag, "clear", "defaultif", 0, 0 },
	{ "stableaddr", false, k_nd6flag, "set", "stableaddr", 0, 0 },
	{ "-stableaddr", false, k_nd6flag, "clear", "stableaddr", 0, 0 },
	{ "delay", true, k_link, NULL, NULL, 0, 0 },
	{ "jitter", true, k_link, NULL, NULL, 0, 0 },
	{ "rate", true, k_link, NULL, NULL, 0, 0 },
	{ "queue", true, k_link, NULL, NULL, 0, 0 },
	{ "overhead", true, k_link, NULL, NULL, 0, 0 },
	{ "loss", true, k_link, NULL, NULL, 0, 0 },
	{ "burst", true, k_link, NULL, NULL, 0, 0 },
	{ "pattern", true, k_link, NULL, NULL, 0, 0 },
	{ "once", false, k_link, NULL, NULL, 0, 0 },
	{ "dup", true, k_link, NULL, NULL, 0, 0 },
	{ "reorder", true, k_link, NULL, NULL, 0, 0 },
	{ "corrupt", true, k_link, NULL, NULL, 0, 0 },
	{ "seed", true, k_link, NULL, NULL, 0, 0 },
	{ "-link", false, k_bare, "if.link", NULL, 0, 0 },
	{ "addr", false, k_bare, "if.addresses", NULL, 0, 0 },
	{ "group", true, k_text, "if.addgroup", "group", 0, 0 },
	{ "-group", true, k_text, "if.delgroup", "group", 0, 0 },
	{ "media", true, k_media, OP_MEDIA, IFCONFIG_MEDIA, 0, 0 },
#define CAPABILITY(name) { name, false, k_capability, "set", name, 0, 0 }, { "-" name, false, k_capability, "clear", name, 0, 0 }
	CAPABILITY("rxcsum"), CAPABILITY("rxcsum6"), CAPABILITY("txcsum"), CAPABILITY("txcsum6"),
	CAPABILITY("tso"), CAPABILITY("tso4"), CAPABILITY("tso6"), CAPABILITY("lro"),
#undef CAPABILITY
	{ "mediaopt", true, k_media, OP_MEDIA, "full-duplex", 0, 0 },
	{ "-mediaopt", true, k_media, OP_MEDIA, NULL, 0, 0 },
};

/* Each with and without a leading minus. */
static const char *const hardware[] = {
	"mextpg", "vlanmtu", "vlanhwtag", "vlanhwfilter", "vlanhwtso", "vlanhwcsum", "wol", "netcons", "polling", "toe",
	"txrtlmt", "hwrxtstmp", "txtls",
};

static const struct keyword *
find_keyword(const char *word)
{
	static const struct keyword ignored = { "", false, k_hardware, NULL, NULL, 0, 0 };
	const char *bare = word[0] == '-' ? word + 1 : word;

	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (strcmp(keywords[i].k_name, word) == 0)
			return &keywords[i];
	for (size_t i = 0; i < sizeof(hardware) / sizeof(hardware[0]); i++)
		if (strcmp(hardware[i], bare) == 0)
			return &ignored;
	return NULL;
}

/* Words of some kinds of interfaces only: how many follow, and what it makes of them (NULL: not UTF-8). */
static const struct family_of_words {
	int	(*fw_args)(const char *word);
	json_t	*(*fw_op)(const char *word, int argc, char **argv);
} families[] = {
	{ ifconfig_conf_args, ifconfig_conf_op },
	{ ifconfig_medium_args, ifconfig_medium_op },
};

/* NULL: no such word. */
static const struct family_of_words *
find_family(const char *word)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (families[i].fw_args(word) >= 0)
			return &families[i];
	return NULL;
}

/* One of them, with those behind it; *used: how many. */
static int
take_option(struct setting *s, const struct family_of_words *fw, int argc, char **argv, int *used)
{
	json_t *op;

	*used = fw->fw_args(argv[0]);
	if (*used >= argc) {
		if (*used == 1)
			cmd_warnx(s->s_cx, "'%s' requires argument", argv[0]);
		else
			cmd_warnx(s->s_cx, "'%s' requires %d arguments", argv[0], *used);
		return ECANCELED;
	}
	if ((op = fw->fw_op(argv[0], *used, argv + 1)) == NULL)
		return EINVAL;
	return add_op(s, op);
}

static int
parse_words(struct setting *s, int argc, char **argv)
{
	const struct family_of_words *fw;
	const struct keyword *k;
	int error, used;

	for (int i = 0; i < argc; i++) {
		k = find_keyword(argv[i]);
		if (k != NULL && k->k_arg && i + 1 == argc) {
			cmd_warnx(s->s_cx, "'%s' requires argument", argv[i]);
			return ECANCELED;
		}
		if (k == NULL && (fw = find_family(argv[i])) != NULL) {
			error = take_option(s, fw, argc - i, argv + i, &used);
			i += error == 0 ? used : 0;
		} else if (k == NULL)
			error = take_address(s, argv[i]);
		else
			error = k->k_fn(s, k, k->k_arg ? argv[++i] : NULL);
		if (error == EINVAL)
			cmd_warnx(s->s_cx, "%s: bad value", argv[i]);
		if (error != 0)
			return error;
	}
	return flush_address(s);
}

/* A vlan is made with its tag and its parent, or with neither (0); or says what it lacks (ECANCELED). */
static int
check_vlan(struct setting *s)
{
	const char *first = json_array_size(s->s_ops) > 0 ? cmd_str(json_array_get(s->s_ops, 0), "op") : "";
	bool tag = false, parent = false;
	json_t *op;
	size_t i;

	if (strcmp(first, "if.create") != 0 || strncmp(s->s_given, "vlan", 4) != 0 || strchr(s->s_given, '.') != NULL)
		return 0;
	json_array_foreach(s->s_ops, i, op) {
		tag = tag || strcmp(cmd_str(op, "option"), "vlan") == 0;
		parent = parent || strcmp(cmd_str(op, "option"), "vlandev") == 0;
	}
	if (tag == parent)
		return 0;
	cmd_warnx(s->s_cx, "must specify a %s for vlan create", tag ? "parent device" : "tag");
	return ECANCELED;
}

/*
 * Doing it.
 */
static void
explain(struct setting *s, const char *name, const json_t *op, const struct cmd_error *ce)
{
	/* An option may be about another interface; then the stack says which. */
	if (ce->ce_errno == ENXIO && strcmp(cmd_str(op, "op"), "if.option") != 0)
		cmd_warnx(s->s_cx, "interface %s does not exist", name);
	else
		cmd_warnx(s->s_cx, "%s", ce->ce_text);
}

/* 0, or -1 after a message. */
static int
check_media(struct setting *s, const char *name, const json_t *op)
{
	const char *word = cmd_str(op, "word");
	struct cmd_error ce;
	bool so = false;
	json_t *r;

	if (cmd_try(s->s_cx, json_pack("{s:s,s:s,s:s*}", "op", "if.list", "name", name, "jail",
	    json_string_value(json_object_get(op, "jail"))), &r, &ce) != 0) {
		explain(s, name, op, &ce);
		return -1;
	}
	so = cmd_bool(op, "so") && ifconfig_has_media(json_array_get(json_object_get(r, "interfaces"), 0));
	json_decref(r);
	if (!so)
		cmd_warnx(s->s_cx, "SIOCSIFMEDIA (%s): Device not configured", word);
	return so ? 0 : -1;
}

/* One operation; those that join an interface to the host may have a descriptor.  0, or -1 after a message. */
static int
do_op(struct setting *s, const char *name, json_t *op, json_t **reply)
{
	struct cmd_error ce;
	int fd = -1, error;

	*reply = NULL;
	if (strcmp(cmd_str(op, "op"), OP_MEDIA) == 0)
		return check_media(s, name, op);
	if (strcmp(cmd_str(op, "op"), "if.medium") == 0 && ifconfig_medium_open(s->s_cx, name, op, &fd) != 0)
		return -1;
	if (strcmp(cmd_str(op, "option"), "forward") == 0)
		fd = ifconfig_forward_open(op);
	if ((error = cmd_try_fd(s->s_cx, json_incref(op), fd, reply, &ce)) != 0)
		explain(s, name, op, &ce);
	if (fd >= 0)
		close(fd);
	return error == 0 ? 0 : -1;
}

/* What was made in vain does not stay. */
static void
undo_create(struct setting *s, const char *name, const char *jail)
{
	struct cmd_error ce;

	(void)cmd_try(s->s_cx, json_pack("{s:s,s:s,s:s*}", "op", "if.destroy", "name", name, "jail", jail), NULL, &ce);
}

static int
do_ops(struct setting *s)
{
	const char *jail = NULL;
	char name[32], created[32] = "";
	bool made = false;
	json_t *op, *r;
	size_t i;

	snprintf(name, sizeof(name), "%s", s->s_given);
	json_array_foreach(s->s_ops, i, op) {
		if (jail != NULL)
			json_object_set_new(op, "jail", json_string(jail));
		if (strcmp(cmd_str(op, "op"), "if.create") != 0)
			json_object_set_new(op, "name", json_string(name));
		if (do_op(s, name, op, &r) != 0) {
			if (made)
				undo_create(s, name, json_string_value(json_object_get(op, "jail")));
			return 1;
		}
		if (cmd_str(r, "name")[0] != '\0')
			snprintf(name, sizeof(name), "%s", cmd_str(r, "name"));
		if (strcmp(cmd_str(op, "op"), "if.create") == 0) {
			made = true;
			snprintf(created, sizeof(created), "%s", name);
		}
		if (strcmp(cmd_str(op, "op"), "if.move") == 0)
			jail = cmd_str(op, "to");
		ifconfig_print_addresses(json_object_get(r, "addresses"));
		json_decref(r);
	}
	if (made && strcmp(created, s->s_given) != 0)
		printf("%s\n", created);
	return 0;
}

int
ifconfig_set(struct cmd_ctx *cx, const char *name, int argc, char **argv)
{
	struct setting s = { .s_cx = cx, .s_given = name, .s_ops = json_array() };
	int status = 1;

	clear_address(&s.s_pending);
	if (parse_words(&s, argc, argv) == 0 && check_vlan(&s) == 0)
		status = do_ops(&s);
	clear_address(&s.s_pending);
	json_decref(s.s_link);
	json_decref(s.s_ops);
	return status;
}
