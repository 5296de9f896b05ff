/* SPDX-License-Identifier: BSD-2-Clause */
/* How bridge, vlan and lagg show what is set: the lines of ifconfig(8), which scripts read. */
#include "cmd/ifconfig_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned
number(const json_t *o, const char *key)
{
	return (unsigned)strtoul(cmd_str(o, key), NULL, 0);
}

void
ifconfig_print_vlan(const json_t *config, bool verbose)
{
	(void)verbose;
	printf("\tvlan: %s vlanproto: %s vlanpcp: %s parent interface: %s\n", cmd_str(config, "vlan"),
	    cmd_str(config, "vlanproto"), cmd_str(config, "vlanpcp"), cmd_str(config, "vlandev"));
}

static const struct if_bit member_bits[] = {
	{ 0x1, "LEARNING" }, { 0x2, "DISCOVER" }, { 0x4, "STP" }, { 0x8, "SPAN" }, { 0x10, "STICKY" }, { 0x800, "PRIVATE" },
	{ 0x20, "EDGE" }, { 0x40, "AUTOEDGE" }, { 0x80, "PTP" }, { 0x100, "AUTOPTP" }, { 0, NULL },
};

static void
print_member(const char *name, const json_t *m)
{
	printf("\tmember: %s ", name);
	ifconfig_print_bits("flags", number(m, "flags"), member_bits);
	if (json_object_get(m, "port") == NULL) {	/* a span */
		printf("\n");
		return;
	}
	printf("\n\t        ifmaxaddr %s port %s priority %s path cost %s", cmd_str(m, "ifmaxaddr"), cmd_str(m, "port"),
	    cmd_str(m, "priority"), cmd_str(m, "cost"));
	if (json_object_get(m, "role") != NULL)
		printf(" proto %s\n\t        role %s state %s", cmd_str(m, "proto"), cmd_str(m, "role"), cmd_str(m, "state"));
	if (json_object_get(m, "untagged") != NULL)
		printf(" untagged %s", cmd_str(m, "untagged"));
	if (json_object_get(m, "tagged") != NULL)
		printf(" tagged %s", cmd_str(m, "tagged"));
	printf("\n");
}

void
ifconfig_print_bridge(const json_t *config, bool verbose)
{
	json_t *members = json_object_get(config, "member"), *m;
	const char *name;

	(void)verbose;
	printf("\tid %s priority %s hellotime %s fwddelay %s\n", cmd_str(config, "id"), cmd_str(config, "priority"),
	    cmd_str(config, "hellotime"), cmd_str(config, "fwddelay"));
	printf("\tmaxage %s holdcnt %s proto %s maxaddr %s timeout %s\n", cmd_str(config, "maxage"), cmd_str(config, "holdcnt"),
	    cmd_str(config, "proto"), cmd_str(config, "maxaddr"), cmd_str(config, "timeout"));
	printf("\troot id %s priority %s ifcost %s port %s\n", cmd_str(config, "rootid"), cmd_str(config, "rootpriority"),
	    cmd_str(config, "rootcost"), cmd_str(config, "rootport"));
	if (cmd_str(config, "vlanfilter")[0] != '\0')
		printf("\tbridge flags=1<VLANFILTER>\n");
	json_object_foreach(members, name, m)
		print_member(name, m);
}

static const struct if_bit address_bits[] = { { 0x1, "STATIC" }, { 0x2, "STICKY" }, { 0, NULL } };

/* ifconfig bridge0 addr */
void
ifconfig_print_addresses(const json_t *list)
{
	size_t i;
	json_t *a;

	json_array_foreach(list, i, a) {
		printf("%s Vlan%s %s %s ", cmd_str(a, "lladdr"), cmd_str(a, "vlan"), cmd_str(a, "member"), cmd_str(a, "expire"));
		ifconfig_print_bits("flags", number(a, "flags"), address_bits);
		printf("\n");
	}
}

static const struct if_bit port_bits[] = {
	{ 0x1, "MASTER" }, { 0x4, "ACTIVE" }, { 0x8, "COLLECTING" }, { 0x10, "DISTRIBUTING" }, { 0, NULL },
};
static const struct if_bit state_bits[] = {
	{ 0x1, "ACTIVITY" }, { 0x2, "TIMEOUT" }, { 0x4, "AGGREGATION" }, { 0x8, "SYNC" }, { 0x10, "COLLECTING" }, { 0x20, "DISTRIBUTING" },
	{ 0x40, "DEFAULTED" }, { 0x80, "EXPIRED" }, { 0, NULL },
};
static const struct if_bit option_bits[] = { { 0x1, "USE_FLOWID" }, { 0x10, "LACP_STRICT" }, { 0x80, "LACP_FAST_TIMO" }, { 0, NULL } };
#define PORT_ACTIVE	0x4u

static void
print_lagg_options(const json_t *config)
{
	json_t *ports = json_object_get(config, "laggport"), *p;
	const char *name;
	unsigned active = 0;

	json_object_foreach(ports, name, p)
		active += (number(p, "flags") & PORT_ACTIVE) != 0;
	printf("\tlagg options:\n\t\t");
	ifconfig_print_bits("flags", number(config, "options"), option_bits);
	printf("\n\tlagg statistics:\n\t\tactive ports: %u\n", active);
	json_object_foreach(ports, name, p)
		if ((number(p, "flags") & PORT_ACTIVE) != 0 && json_object_get(p, "actor") != NULL) {
			printf("\tlag id: [%s,\n\t\t %s]\n", cmd_str(p, "actor"), cmd_str(p, "partner"));
			break;
		}
}

static void
print_lagg_port(const char *name, const json_t *p, bool verbose)
{
	const bool lacp = verbose && json_object_get(p, "state") != NULL;

	printf("\tlaggport: %s ", name);
	ifconfig_print_bits("flags", number(p, "flags"), port_bits);
	if (lacp) {
		printf(" ");
		ifconfig_print_bits("state", number(p, "state"), state_bits);
		printf("\n\t\t[%s,\n\t\t %s]", cmd_str(p, "actor"), cmd_str(p, "partner"));
	}
	printf("\n");
}

void
ifconfig_print_lagg(const json_t *config, bool verbose)
{
	json_t *ports = json_object_get(config, "laggport"), *p;
	const char *name;

	printf("\tlaggproto %s lagghash %s\n", cmd_str(config, "laggproto"), cmd_str(config, "lagghash"));
	if (cmd_str(config, "rr_limit")[0] != '\0')
		printf("\trr_limit: %s\n", cmd_str(config, "rr_limit"));
	if (verbose)
		print_lagg_options(config);
	json_object_foreach(ports, name, p)
		print_lagg_port(name, p, verbose);
}
