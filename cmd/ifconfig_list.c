/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/ifconfig_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/inet.h"
#include <vimage/ifnet.h>

void
ifconfig_print_bits(const char *name, unsigned flags, const struct if_bit *b)
{
	const char *sep = "";

	printf("%s=%x<", name, flags);
	for (; b->b_name != NULL; b++) {
		if ((flags & b->b_bit) == 0)
			continue;
		printf("%s%s", sep, b->b_name);
		sep = ",";
	}
	printf(">");
}

static const struct if_bit flag_names[] = {
	{ VI_IFF_UP, "UP" },
	{ VI_IFF_BROADCAST, "BROADCAST" },
	{ VI_IFF_DEBUG, "DEBUG" },
	{ VI_IFF_LOOPBACK, "LOOPBACK" },
	{ VI_IFF_POINTOPOINT, "POINTOPOINT" },
	{ VI_IFF_RUNNING, "RUNNING" },
	{ VI_IFF_NOARP, "NOARP" },
	{ VI_IFF_PROMISC, "PROMISC" },
	{ VI_IFF_ALLMULTI, "ALLMULTI" },
	{ VI_IFF_SIMPLEX, "SIMPLEX" },
	{ VI_IFF_MULTICAST, "MULTICAST" },
	{ VI_IFF_MONITOR, "MONITOR" },
	{ VI_IFF_STATICARP, "STATICARP" },
	{ 0, NULL },
};

/* VI_IFCAP_GSO has no name: it is Linux's alone. */
static const struct if_bit cap_names[] = {
	{ VI_IFCAP_RXCSUM, "RXCSUM" },
	{ VI_IFCAP_TXCSUM, "TXCSUM" },
	{ VI_IFCAP_TSO4, "TSO4" },
	{ VI_IFCAP_TSO6, "TSO6" },
	{ VI_IFCAP_LRO, "LRO" },
	{ VI_IFCAP_RXCSUM6, "RXCSUM_IPV6" },
	{ VI_IFCAP_TXCSUM6, "TXCSUM_IPV6" },
	{ 0, NULL },
};

/* Told when something of it is off. */
static void
print_caps(const json_t *ifp)
{
	const unsigned bsd = VI_IFCAP_ALL & ~VI_IFCAP_GSO;

	if (json_object_get(ifp, "capabilities") == NULL || ((unsigned)cmd_int(ifp, "capabilities") & bsd) == bsd)
		return;
	putchar('\t');
	ifconfig_print_bits("options", (unsigned)cmd_int(ifp, "capabilities") & bsd, cap_names);
	putchar('\n');
}

static void
print_ether(const struct if_list *il, const json_t *ifp)
{
	char mac[MAC_STRLEN];

	snprintf(mac, sizeof(mac), "%s", cmd_str(ifp, "lladdr"));
	if (mac[0] == '\0')
		return;
	for (char *p = mac; il->il_dash && *p != '\0'; p++)
		if (*p == ':')
			*p = '-';
	printf("\tether %s\n", mac);
}

/* Of addresses; those of IPv4 have but the first few. */
static const struct if_bit addr_flags[] = {
	{ VI_IN6_IFF_ANYCAST, "anycast" },
	{ VI_IN6_IFF_TENTATIVE, "tentative" },
	{ VI_IN6_IFF_DUPLICATED, "duplicated" },
	{ VI_IN6_IFF_DETACHED, "detached" },
	{ VI_IN6_IFF_DEPRECATED, "deprecated" },
	{ VI_IN6_IFF_AUTOCONF, "autoconf" },
	{ VI_IN6_IFF_TEMPORARY, "temporary" },
	{ VI_IN6_IFF_PREFER_SOURCE, "prefer_source" },
};

static void
print_addrflags(const json_t *addr)
{
	const unsigned flags = (unsigned)cmd_int(addr, "flags");

	for (size_t i = 0; i < sizeof(addr_flags) / sizeof(addr_flags[0]); i++)
		if ((flags & addr_flags[i].b_bit) != 0)
			printf(" %s", addr_flags[i].b_name);
}

static void
print_inet(const struct if_list *il, const json_t *addr)
{
	uint32_t mask = inet_mask((int)cmd_int(addr, "prefixlen"));

	printf("\tinet %s", cmd_str(addr, "address"));
	if (il->il_inet == IF_INET_CIDR)
		printf("/%d", (int)cmd_int(addr, "prefixlen"));
	if (cmd_str(addr, "destination")[0] != '\0')
		printf(" --> %s", cmd_str(addr, "destination"));
	if (il->il_inet == IF_INET_HEX)
		printf(" netmask 0x%08x", mask);
	else if (il->il_inet == IF_INET_DOTTED)
		printf(" netmask %u.%u.%u.%u", mask >> 24, mask >> 16 & 255, mask >> 8 & 255,
		    mask & 255);
	if (cmd_str(addr, "broadcast")[0] != '\0')
		printf(" broadcast %s", cmd_str(addr, "broadcast"));
	print_addrflags(addr);
	printf("\n");
}

static bool
wants(const struct if_list *il, const char *family)
{
	if (il->il_family == NULL)
		return true;
	return strcmp(il->il_family, family) == 0 ||
	    (strcmp(family, "ether") == 0 &&
		(strcmp(il->il_family, "link") == 0 || strcmp(il->il_family, "lladdr") == 0));
}

/*
 * IPv6.
 */
static const struct if_bit nd6_flags[] = {
	{ VI_ND6_IFF_PERFORMNUD, "PERFORMNUD" },
	{ VI_ND6_IFF_ACCEPT_RTADV, "ACCEPT_RTADV" },
	{ VI_ND6_IFF_IFDISABLED, "IFDISABLED" },
	{ VI_ND6_IFF_AUTO_LINKLOCAL, "AUTO_LINKLOCAL" },
	{ VI_ND6_IFF_NO_RADR, "NO_RADR" },
	{ VI_ND6_IFF_NO_PREFER_IFACE, "NO_PREFER_IFACE" },
	{ VI_ND6_IFF_NO_DAD, "NO_DAD" },
	{ VI_ND6_IFF_STABLEADDR, "STABLEADDR" },
	{ VI_ND6_IFF_DEFAULTIF, "DEFAULTIF" },
	{ 0, NULL },
};

/* Missing: it does not end. */
static void
print_lifetime(const json_t *addr, const char *key)
{
	if (json_object_get(addr, key) != NULL)
		printf(" %s %lld", key, (long long)cmd_int(addr, key));
	else
		printf(" %s infty", key);
}

static void
print_inet6(const struct if_list *il, const json_t *addr)
{
	printf("\tinet6 %s", cmd_str(addr, "address"));
	if (il->il_cidr6)
		printf("/%d", (int)cmd_int(addr, "prefixlen"));
	if (cmd_str(addr, "destination")[0] != '\0')
		printf(" --> %s", cmd_str(addr, "destination"));
	if (!il->il_cidr6)
		printf(" prefixlen %d", (int)cmd_int(addr, "prefixlen"));
	print_addrflags(addr);
	if (cmd_int(addr, "scopeid") != 0)
		printf(" scopeid 0x%x", (unsigned)cmd_int(addr, "scopeid"));
	if (json_object_get(addr, "pltime") != NULL || json_object_get(addr, "vltime") != NULL) {
		print_lifetime(addr, "pltime");
		print_lifetime(addr, "vltime");
	}
	printf("\n");
}

static void
print_nd6(const json_t *ifp)
{
	const unsigned flags = (unsigned)cmd_int(ifp, "nd6flags");

	if (flags == 0)
		return;
	ifconfig_print_bits("\tnd6 options", flags, nd6_flags);
	printf("\n");
}

static bool
is_inet6(const json_t *addr)
{
	return strcmp(cmd_str(addr, "family"), "inet6") == 0;
}

static void
print_groups(const json_t *ifp)
{
	const json_t *groups = json_object_get(ifp, "groups"), *g;
	size_t i;

	if (json_array_size(groups) == 0)
		return;
	printf("\tgroups:");
	json_array_foreach(groups, i, g)
		printf(" %s", json_string_value(g));
	printf("\n");
}

bool
ifconfig_has_media(const json_t *ifp)
{
	return strcmp(cmd_str(ifp, "type"), "ether") == 0 && strcmp(cmd_str(ifp, "driver"), "bridge") != 0;
}

static void
print_media(const struct if_list *il, const json_t *ifp)
{
	if (!ifconfig_has_media(ifp))
		return;
	printf("\tmedia: Ethernet " IFCONFIG_MEDIA " (" IFCONFIG_MEDIA " <full-duplex>)\n\tstatus: %s\n",
	    cmd_bool(ifp, "linkup") ? "active" : "no carrier");
	if (il->il_media)
		printf("\tsupported media:\n\t\tmedia " IFCONFIG_MEDIA "\n");
}

static void
print_interface(const struct if_list *il, const json_t *ifp)
{
	const json_t *addrs = json_object_get(ifp, "addresses"), *addr;
	size_t i;

	printf("%s: ", cmd_str(ifp, "name"));
	ifconfig_print_bits("flags", (unsigned)cmd_int(ifp, "flags"), flag_names);
	printf(" metric %d mtu %d\n", (int)cmd_int(ifp, "metric"), (int)cmd_int(ifp, "mtu"));
	if (cmd_str(ifp, "description")[0] != '\0')
		printf("\tdescription: %s\n", cmd_str(ifp, "description"));
	print_caps(ifp);
	if (wants(il, "ether"))
		print_ether(il, ifp);
	json_array_foreach(addrs, i, addr)
		if (wants(il, "inet") && !is_inet6(addr))
			print_inet(il, addr);
	json_array_foreach(addrs, i, addr)
		if (wants(il, "inet6") && is_inet6(addr))
			print_inet6(il, addr);
	if (il->il_family != NULL) {
		if (strcmp(il->il_family, "inet6") == 0)
			print_nd6(ifp);
		return;
	}
	ifconfig_conf_print(ifp, true, il->il_verbose);
	print_groups(ifp);
	if (cmd_int(ifp, "fib") != 0)
		printf("\tfib: %d\n", (int)cmd_int(ifp, "fib"));
	ifconfig_conf_print(ifp, false, il->il_verbose);
	print_media(il, ifp);
	print_nd6(ifp);
	ifconfig_link_print(ifp);
	if (il->il_driver)
		printf("\tdrivername: %s\n", cmd_str(ifp, "origname"));
}

static bool
in_group(const json_t *ifp, const char *group)
{
	const json_t *g;
	size_t i;

	if (strcmp(group, "all") == 0)
		return true;
	json_array_foreach(json_object_get(ifp, "groups"), i, g)
		if (strcmp(json_string_value(g), group) == 0)
			return true;
	return false;
}

static bool
has_family(const json_t *ifp, const char *family)
{
	const json_t *addr;
	size_t i;

	if (strcmp(family, "inet") == 0 || strcmp(family, "inet6") == 0) {
		json_array_foreach(json_object_get(ifp, "addresses"), i, addr)
			if (is_inet6(addr) == (family[4] == '6'))
				return true;
		return false;
	}
	if (strcmp(family, "ether") == 0)
		return strcmp(cmd_str(ifp, "type"), "ether") == 0;
	return true;
}

static bool
selected(const struct if_list *il, const json_t *ifp)
{
	bool up = (cmd_int(ifp, "flags") & VI_IFF_UP) != 0;

	if ((il->il_up && !up) || (il->il_down && up))
		return false;
	if ((il->il_group != NULL && !in_group(ifp, il->il_group)) ||
	    (il->il_nogroup != NULL && in_group(ifp, il->il_nogroup)))
		return false;
	return il->il_name != NULL || il->il_family == NULL || has_family(ifp, il->il_family);
}

int
ifconfig_list(struct cmd_ctx *cx, const struct if_list *il)
{
	json_t *r, *ifp, *req = json_pack("{s:s,s:s*}", "op", "if.list", "name", il->il_name);
	struct cmd_error ce;
	const char *sep = "";
	size_t i;

	if (cmd_try(cx, req, &r, &ce) != 0) {
		if (ce.ce_errno == ENXIO && il->il_name != NULL)
			cmd_warnx(cx, "interface %s does not exist", il->il_name);
		else
			cmd_warnx(cx, "%s", ce.ce_text);
		return 1;
	}
	json_array_foreach(json_object_get(r, "interfaces"), i, ifp) {
		if (!selected(il, ifp))
			continue;
		if (il->il_names || il->il_group != NULL) {
			printf("%s%s", sep, cmd_str(ifp, "name"));
			sep = il->il_names ? " " : "\n";
		} else
			print_interface(il, ifp);
	}
	if (il->il_names || *sep != '\0')
		printf("\n");
	json_decref(r);
	return 0;
}

int
ifconfig_cloners(struct cmd_ctx *cx)
{
	json_t *r, *name;
	size_t i;

	if (cmd_call(cx, json_pack("{s:s}", "op", "if.cloners"), &r) != 0)
		return 1;
	json_array_foreach(json_object_get(r, "cloners"), i, name)
		printf("%s%s", i > 0 ? " " : "", json_string_value(name));
	printf("\n");
	json_decref(r);
	return 0;
}

/* "inet:cidr,ether:dash" */
bool
ifconfig_format(struct if_list *il, char *format)
{
	char *word;

	while ((word = strsep(&format, ",")) != NULL) {
		if (strcmp(word, "inet:cidr") == 0)
			il->il_inet = IF_INET_CIDR;
		else if (strcmp(word, "inet:dotted") == 0)
			il->il_inet = IF_INET_DOTTED;
		else if (strcmp(word, "inet:hex") == 0 || strcmp(word, "inet:default") == 0)
			il->il_inet = IF_INET_HEX;
		else if (strcmp(word, "ether:dash") == 0)
			il->il_dash = true;
		else if (strcmp(word, "ether:colon") == 0 || strcmp(word, "ether:default") == 0)
			il->il_dash = false;
		else if (strcmp(word, "inet6:cidr") == 0)
			il->il_cidr6 = true;
		else if (strcmp(word, "inet6:default") == 0 || strcmp(word, "inet6:numeric") == 0)
			il->il_cidr6 = false;
		else
			return false;
	}
	return true;
}
