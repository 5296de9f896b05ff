/* SPDX-License-Identifier: BSD-2-Clause */
/* Further addresses of an interface by ioctl, as ifconfig(8) of net-tools names them: "tap0:1". */
#include <linux/if_tun.h>
#include <net/if.h>

#include "show.h"

static int ctl;

static struct ifreq
request(const char *name)
{
	struct ifreq ifr;

	memset(&ifr, 0, sizeof(ifr));
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	return (ifr);
}

static void
set(const char *name, unsigned long cmd, const char *addr)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct ifreq ifr = request(name);

	inet_pton(AF_INET, addr, &sin.sin_addr);
	memcpy(&ifr.ifr_addr, &sin, sizeof(sin));
	printf("%s %s, ", name, addr);
	show("set", ioctl(ctl, cmd, &ifr));
}

static void
get(const char *name, const char *what, unsigned long cmd)
{
	struct ifreq ifr = request(name);
	struct sockaddr_in sin;
	char text[32];

	if (ioctl(ctl, cmd, &ifr) != 0) {
		printf("%s %s: %s\n", name, what, strerrorname_np(errno));
		return;
	}
	memcpy(&sin, &ifr.ifr_addr, sizeof(sin));
	printf("%s %s: %s\n", name, what, inet_ntop(AF_INET, &sin.sin_addr, text, sizeof(text)));
}

static void
flags(const char *name, int want)
{
	struct ifreq ifr = request(name);

	ifr.ifr_flags = (short)want;
	printf("%s, ", name);
	show(want != 0 ? "up" : "down", ioctl(ctl, SIOCSIFFLAGS, &ifr));
	ifr = request(name);
	if (ioctl(ctl, SIOCGIFFLAGS, &ifr) == 0)
		printf("%s is %s\n", name, (ifr.ifr_flags & IFF_UP) != 0 ? "up" : "down");
	else
		printf("%s: %s\n", name, strerrorname_np(errno));
}

static void
list(void)
{
	struct ifreq ifr[8];
	struct ifconf ifc = { .ifc_len = sizeof(ifr), .ifc_req = ifr };
	struct sockaddr_in sin;
	char text[32];

	memset(ifr, 0, sizeof(ifr));
	if (ioctl(ctl, SIOCGIFCONF, &ifc) != 0) {
		perror("SIOCGIFCONF");
		return;
	}
	for (int i = 0; i < ifc.ifc_len / (int)sizeof(ifr[0]); i++) {
		if (strncmp(ifr[i].ifr_name, "tap", 3) != 0)
			continue;
		memcpy(&sin, &ifr[i].ifr_addr, sizeof(sin));
		printf("  %s %s\n", ifr[i].ifr_name, inet_ntop(AF_INET, &sin.sin_addr, text, sizeof(text)));
	}
}

static void
both(const char *name)
{
	get(name, "address", SIOCGIFADDR);
	get(name, "mask", SIOCGIFNETMASK);
	get(name, "broadcast", SIOCGIFBRDADDR);
}

int
main(void)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI, .ifr_name = "tap0" };
	int fd;

	own_network();
	ctl = socket(AF_INET, SOCK_DGRAM, 0);
	fd = open("/dev/net/tun", O_RDWR);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr) != 0) {
		perror("/dev/net/tun");
		return (77);
	}
	set("tap0", SIOCSIFADDR, "198.18.0.8");
	flags("tap0", IFF_UP);
	both("tap0:1");
	flags("tap0:1", IFF_UP);
	set("tap0:1", SIOCSIFNETMASK, "255.255.255.0");
	set("tap0:1", SIOCSIFADDR, "198.51.100.1");
	set("tap0:1", SIOCSIFNETMASK, "255.255.255.240");
	both("tap0:1");
	both("tap0");
	set("tap0:1", SIOCSIFADDR, "198.51.100.2");
	set("tap0:2", SIOCSIFADDR, "203.0.113.2");
	list();
	set("tap0:1", SIOCSIFADDR, "203.0.113.2");
	set("tap0:2", SIOCSIFADDR, "0.0.0.0");
	list();
	flags("tap0:1", 0);
	flags("tap0:3", 0);
	list();
	both("tap0");
	flags("tap9:1", 0);
	return (0);
}
