/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words of ifconfig(8) that only some kinds of interfaces understand, and how what they set is shown.
 *
 * Each word goes to the stack as it is, with the words behind it (if.option): the driver knows what it means.
 */
#include "cmd/ifconfig_int.h"

#include <stdio.h>
#include <string.h>

static const struct word {
	const char	*w_name;
	int		 w_args;
} words[] = {
	/* bridge */
	{ "addm", 1 }, { "deletem", 1 }, { "span", 1 }, { "-span", 1 }, { "learn", 1 }, { "-learn", 1 }, { "discover", 1 }, { "-discover", 1 },
	{ "sticky", 1 }, { "-sticky", 1 }, { "private", 1 }, { "-private", 1 }, { "stp", 1 }, { "-stp", 1 }, { "edge", 1 }, { "-edge", 1 },
	{ "autoedge", 1 }, { "-autoedge", 1 }, { "ptp", 1 }, { "-ptp", 1 }, { "autoptp", 1 }, { "-autoptp", 1 }, { "ifmaxaddr", 2 },
	{ "-ifmaxaddr", 1 }, { "ifpriority", 2 }, { "ifpathcost", 2 }, { "static", 2 }, { "deladdr", 1 }, { "flush", 0 }, { "flushall", 0 },
	{ "maxaddr", 1 }, { "timeout", 1 }, { "maxage", 1 }, { "fwddelay", 1 }, { "hellotime", 1 }, { "priority", 1 }, { "proto", 1 },
	{ "holdcnt", 1 }, { "vlanfilter", 0 }, { "-vlanfilter", 0 }, { "untagged", 2 }, { "-untagged", 1 }, { "tagged", 2 },
	{ "+tagged", 2 }, { "-tagged", 2 },
	/* Ethernets */
	{ "pcp", 1 }, { "-pcp", 0 },
	/* vlan */
	{ "vlan", 1 }, { "vlandev", 1 }, { "vlanproto", 1 }, { "vlanpcp", 1 }, { "-vlandev", 0 },
	/* lagg */
	{ "laggport", 1 }, { "-laggport", 1 }, { "laggproto", 1 }, { "lagghash", 1 }, { "use_flowid", 0 }, { "-use_flowid", 0 },
	{ "rr_limit", 1 }, { "lacp_strict", 0 }, { "-lacp_strict", 0 }, { "lacp_fast_timeout", 0 }, { "-lacp_fast_timeout", 0 },
	/* gif, gre */
	{ "tunnel", 2 }, { "deletetunnel", 0 }, { "-tunnel", 0 }, { "tunnelfib", 1 }, { "grekey", 1 }, { "enable_csum", 0 }, { "-enable_csum", 0 },
	{ "enable_seq", 0 }, { "-enable_seq", 0 }, { "udpencap", 0 }, { "-udpencap", 0 }, { "udpport", 1 },
	/* stf */
	{ "stfv4net", 1 }, { "-stfv4net", 0 }, { "stfv4br", 1 },
	/* vxlan */
	{ "vxlanid", 1 }, { "vxlanlocal", 1 }, { "vxlanremote", 1 }, { "vxlangroup", 1 }, { "vxlandev", 1 }, { "vxlanlocalport", 1 },
	{ "vxlanremoteport", 1 }, { "vxlanportrange", 2 }, { "vxlanttl", 1 }, { "vxlanlearn", 0 }, { "-vxlanlearn", 0 }, { "vxlanmaxaddr", 1 },
	{ "vxlantimeout", 1 }, { "vxlanflush", 0 }, { "vxlanflushall", 0 }, { "vxlanstatic", 2 }, { "vxlandeladdr", 1 },
	/* unat */
	{ "forward", 3 }, { "-forward", 2 }, { "gateway", 1 }, { "hostloopback", 0 }, { "-hostloopback", 0 },
};

int
ifconfig_conf_args(const char *word)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].w_name, word) == 0)
			return words[i].w_args;
	return -1;
}

json_t *
ifconfig_conf_op(const char *word, int argc, char **argv)
{
	json_t *args = json_array(), *text;

	for (int i = 0; i < argc; i++) {
		if ((text = json_string(argv[i])) == NULL) {
			json_decref(args);
			return NULL;
		}
		json_array_append_new(args, text);
	}
	return json_pack("{s:s,s:s,s:o}", "op", "if.option", "option", word, "args", args);
}

/* "key: value", and a line for each of a list: for kinds that have no form of their own. */
static void
print_plain(const json_t *config, bool verbose)
{
	const char *key, *item, *sub;
	json_t *value, *of, *v;

	(void)verbose;
	json_object_foreach((json_t *)(uintptr_t)config, key, value) {
		if (json_is_string(value)) {
			printf("\t%s: %s\n", key, json_string_value(value));
			continue;
		}
		json_object_foreach(value, item, of) {
			printf("\t%s: %s", key, item);
			json_object_foreach(of, sub, v)
				printf(" %s %s", sub, json_string_value(v));
			printf("\n");
		}
	}
}

/* Tunnels: "options=1<ENABLE_CSUM>", "tunnel inet A --> B" and others that are sentences, and the rest with a colon. */
static void
print_tunnel(const json_t *config, bool verbose)
{
	static const char *const seps[][2] = { { "options", "=" }, { "tunnel", " " }, { "vxlan", " " }, { "v4net", " " } };
	const char *key, *sep;
	json_t *value;

	(void)verbose;
	json_object_foreach((json_t *)(uintptr_t)config, key, value) {
		sep = ": ";
		for (size_t i = 0; i < sizeof(seps) / sizeof(seps[0]); i++)
			if (strcmp(key, seps[i][0]) == 0)
				sep = seps[i][1];
		printf("\t%s%s%s\n", key, sep, json_string_value(value));
	}
}

static const struct form {
	const char	*f_driver;
	bool		 f_early;
	void		(*f_print)(const json_t *config, bool verbose);
} forms[] = {
	{ "bridge", true, ifconfig_print_bridge },
	{ "gif", false, print_tunnel },
	{ "gre", false, print_tunnel },
	{ "lagg", true, ifconfig_print_lagg },
	{ "stf", false, print_tunnel },
	{ "vlan", false, ifconfig_print_vlan },
	{ "vxlan", false, print_tunnel },
	{ NULL, false, print_plain },
};

void
ifconfig_conf_print(const json_t *ifp, bool early, bool verbose)
{
	const json_t *config = json_object_get(ifp, "config");
	const struct form *f;

	if (config == NULL)
		return;
	for (f = forms; f->f_driver != NULL && strcmp(f->f_driver, cmd_str(ifp, "driver")) != 0; f++)
		;
	if (f->f_early == early)
		f->f_print(config, verbose);
	if (!early && f->f_early && cmd_str(config, "pcp")[0] != '\0')
		printf("\tpcp: %s\n", cmd_str(config, "pcp"));
}
