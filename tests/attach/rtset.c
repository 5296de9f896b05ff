/* SPDX-License-Identifier: BSD-2-Clause */
/* Routes and ARP entries by ioctl, as route(8), arp(8) and DHCP servers of the time before netlink set them. */
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>

#include "show.h"

static int ctl;

static void
put(struct sockaddr *sa, const char *addr)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };

	if (inet_pton(AF_INET, addr, &sin.sin_addr) == 1)
		memcpy(sa, &sin, sizeof(sin));
}

static void
arp(const char *what, unsigned long cmd, const char *dev, const char *addr, int flags, int last)
{
	struct arpreq ar = { .arp_flags = flags };

	put(&ar.arp_pa, addr);
	snprintf(ar.arp_dev, sizeof(ar.arp_dev), "%s", dev);
	ar.arp_ha.sa_family = ARPHRD_ETHER;
	memcpy(ar.arp_ha.sa_data, (uint8_t[6]){ 2, 0, 0, 0, 0, (uint8_t)last }, 6);
	show(what, ioctl(ctl, cmd, &ar));
	if (cmd == SIOCGARP)
		printf("  flags %#x, family %d, ends in %d\n", (unsigned)ar.arp_flags, ar.arp_ha.sa_family, ar.arp_ha.sa_data[5]);
}

/* What the stack answers for in the place of others. */
static void
published(const char *what, unsigned long cmd, int flags, const char *mask)
{
	struct arpreq ar = { .arp_flags = ATF_COM | ATF_PUBL | flags };

	put(&ar.arp_pa, "198.18.0.33");
	put(&ar.arp_netmask, mask);
	strcpy(ar.arp_dev, "tap0");
	ar.arp_ha.sa_family = ARPHRD_ETHER;
	show(what, ioctl(ctl, cmd, &ar));
}

static void
publications(void)
{
	published("publish", SIOCSARP, 0, "");
	published("again", SIOCSARP, ATF_PERM | ATF_NETMASK, "255.255.255.255");
	published("a net", SIOCSARP, ATF_NETMASK, "255.255.255.0");
	arp("get, none of ours", SIOCGARP, "tap0", "198.18.0.33", 0, 0);
	published("delete", SIOCDARP, 0, "");
	published("delete again", SIOCDARP, 0, "");
}

static void
arps(void)
{
	arp("get none", SIOCGARP, "tap0", "198.18.0.9", 0, 0);
	arp("set", SIOCSARP, "tap0", "198.18.0.9", ATF_COM, 9);
	arp("get", SIOCGARP, "tap0", "198.18.0.9", 0, 0);
	arp("for ever", SIOCSARP, "tap0", "198.18.0.9", ATF_COM | ATF_PERM, 10);
	arp("get", SIOCGARP, "tap0", "198.18.0.9", 0, 0);
	arp("by the net", SIOCSARP, "", "198.18.0.10", ATF_COM, 11);
	arp("get", SIOCGARP, "tap0", "198.18.0.10", 0, 0);
	arp("delete", SIOCDARP, "tap0", "198.18.0.9", 0, 0);
	arp("delete again", SIOCDARP, "tap0", "198.18.0.77", 0, 0);
	arp("no device", SIOCSARP, "tap9", "198.18.0.9", ATF_COM, 9);
	arp("no device", SIOCGARP, "tap9", "198.18.0.9", 0, 9);
	arp("get without device", SIOCGARP, "", "198.18.0.10", 0, 0);
	arp("no family", SIOCSARP, "tap0", "nonsense", ATF_COM, 9);
	arp("a mask", SIOCSARP, "tap0", "198.18.0.9", ATF_COM | ATF_NETMASK, 9);
	show("bad address", ioctl(ctl, SIOCSARP, (void *)8));
	publications();
}

static void
route(const char *what, unsigned long cmd, const char *dst, const char *mask, const char *gateway, const char *dev, unsigned short flags, short metric)
{
	struct rtentry re = { .rt_flags = flags, .rt_metric = metric };
	char name[32];

	put(&re.rt_dst, dst);
	put(&re.rt_genmask, mask);
	put(&re.rt_gateway, gateway);
	snprintf(name, sizeof(name), "%s", dev);
	re.rt_dev = dev[0] != '\0' ? name : NULL;
	show(what, ioctl(ctl, cmd, &re));
}

/* What connect() of a datagram socket says, and the address that it would send from. */
static void
way(const char *to)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(9) };
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t len = sizeof(sin);
	char text[32];

	inet_pton(AF_INET, to, &sin.sin_addr);
	if (connect(s, (struct sockaddr *)&sin, sizeof(sin)) != 0)
		printf("to %s: %s\n", to, strerrorname_np(errno));
	else if (getsockname(s, (struct sockaddr *)&sin, &len) == 0)
		printf("to %s from %s\n", to, inet_ntop(AF_INET, &sin.sin_addr, text, sizeof(text)));
	close(s);
}

static void
routes(void)
{
	way("198.51.100.7");
	route("add", SIOCADDRT, "198.51.100.0", "255.255.255.0", "198.18.0.9", "", RTF_UP | RTF_GATEWAY, 0);
	route("again", SIOCADDRT, "198.51.100.0", "255.255.255.0", "198.18.0.9", "", RTF_UP | RTF_GATEWAY, 0);
	way("198.51.100.7");
	route("delete", SIOCDELRT, "198.51.100.0", "255.255.255.0", "198.18.0.9", "", RTF_UP | RTF_GATEWAY, 0);
	route("delete again", SIOCDELRT, "198.51.100.0", "255.255.255.0", "198.18.0.9", "", RTF_UP | RTF_GATEWAY, 0);
	way("198.51.100.7");
	route("host", SIOCADDRT, "203.0.113.5", "", "", "tap0", RTF_UP | RTF_HOST, 0);
	way("203.0.113.5");
	way("203.0.113.6");
	route("delete host", SIOCDELRT, "203.0.113.5", "", "", "tap0", RTF_UP | RTF_HOST, 0);
	route("default", SIOCADDRT, "0.0.0.0", "0.0.0.0", "198.18.0.9", "tap0", RTF_UP | RTF_GATEWAY, 1);
	way("203.0.113.6");
	route("reject", SIOCADDRT, "203.0.113.0", "255.255.255.0", "", "", RTF_UP | RTF_REJECT, 0);
	way("203.0.113.6");
	route("a bad mask", SIOCADDRT, "203.0.113.0", "255.0.255.0", "198.18.0.9", "", RTF_UP | RTF_GATEWAY, 0);
	route("bits behind the mask", SIOCADDRT, "203.0.113.1", "255.255.255.0", "198.18.0.9", "", RTF_UP | RTF_GATEWAY, 0);
	route("gateway of nowhere", SIOCADDRT, "192.0.2.0", "255.255.255.0", "198.51.100.1", "tap0", RTF_UP | RTF_GATEWAY, 0);
	route("no gateway", SIOCADDRT, "192.0.2.0", "255.255.255.0", "0.0.0.0", "tap0", RTF_UP | RTF_GATEWAY, 0);
	route("no device", SIOCADDRT, "192.0.2.0", "255.255.255.0", "", "tap9", RTF_UP, 0);
	route("no family", SIOCADDRT, "nonsense", "255.255.0.0", "", "tap0", RTF_UP, 0);
	show("bad address", ioctl(ctl, SIOCADDRT, (void *)8));
}

static void
link_up(void)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI, .ifr_name = "tap0" };
	int fd = open("/dev/net/tun", O_RDWR);

	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr) != 0) {
		perror("/dev/net/tun");
		exit(77);
	}
	put(&ifr.ifr_addr, "198.18.0.8");
	show("address", ioctl(ctl, SIOCSIFADDR, &ifr));
	put(&ifr.ifr_netmask, "255.255.255.0");
	show("mask", ioctl(ctl, SIOCSIFNETMASK, &ifr));
	ifr.ifr_flags = IFF_UP;
	show("up", ioctl(ctl, SIOCSIFFLAGS, &ifr));
}

int
main(void)
{
	own_network();
	ctl = socket(AF_INET, SOCK_DGRAM, 0);
	link_up();
	arps();
	routes();
	return (0);
}
