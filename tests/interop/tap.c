/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/interop/tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TAP_NAME	"tap0"

/* What SIOCSIFADDR of an AF_INET6 socket takes; <linux/ipv6.h> does not go together with <netinet/in.h>. */
struct tap_in6_ifreq {
	struct in6_addr	addr;
	uint32_t	prefixlen;
	int		ifindex;
};

static bool
put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return (false);
	n = write(fd, text, strlen(text));
	close(fd);
	return (n == (ssize_t)strlen(text));
}

/* As root in a namespace of users where the host makes one, so that no privilege is needed. */
static bool
enter_namespace(void)
{
	const unsigned uid = getuid(), gid = getgid();
	char map[64];

	if (unshare(CLONE_NEWNET) == 0)
		return (true);
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return (false);
	snprintf(map, sizeof(map), "0 %u 1", uid);
	if (!put("/proc/self/setgroups", "deny") || !put("/proc/self/uid_map", map))
		return (false);
	snprintf(map, sizeof(map), "0 %u 1", gid);
	return (put("/proc/self/gid_map", map));
}

static bool
set_up(int s, const char *name)
{
	struct ifreq ifr = { 0 };

	strcpy(ifr.ifr_name, name);
	ifr.ifr_flags = IFF_UP | IFF_RUNNING;
	return (ioctl(s, SIOCSIFFLAGS, &ifr) == 0);
}

static bool
set_in4(int s)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct ifreq ifr = { .ifr_name = TAP_NAME };

	inet_pton(AF_INET, TAP_IN4, &sin.sin_addr);
	memcpy(&ifr.ifr_addr, &sin, sizeof(sin));
	if (ioctl(s, SIOCSIFADDR, &ifr) != 0)
		return (false);
	inet_pton(AF_INET, "255.255.255.0", &sin.sin_addr);
	memcpy(&ifr.ifr_netmask, &sin, sizeof(sin));
	return (ioctl(s, SIOCSIFNETMASK, &ifr) == 0);
}

static bool
set_in6(void)
{
	struct tap_in6_ifreq ifr = { .prefixlen = 64, .ifindex = (int)if_nametoindex(TAP_NAME) };
	int s = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), error;

	if (s < 0)
		return (false);
	inet_pton(AF_INET6, TAP_IN6, &ifr.addr);
	error = ioctl(s, SIOCSIFADDR, &ifr);
	close(s);
	return (error == 0);
}

/* Even without detection an address is tentative for a moment, and nobody may bind to it. */
static bool
await_in6(void)
{
	const struct timespec moment = { .tv_nsec = 2000000 };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	int s = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), error = -1;

	inet_pton(AF_INET6, TAP_IN6, &sin6.sin6_addr);
	for (int i = 0; s >= 0 && i < 1000 && error != 0; i++)
		if ((error = bind(s, (struct sockaddr *)&sin6, sizeof(sin6))) != 0)
			nanosleep(&moment, NULL);
	if (s >= 0)
		close(s);
	return (error == 0);
}

/*
 * A machine that has other things to do carries frames late, and the host kernel's stack would give up a neighbour after three seconds and a
 * handshake after a minute or two.  It may also refuse to be told.
 */
static void
be_patient(void)
{
	(void)put("/proc/sys/net/ipv4/neigh/" TAP_NAME "/mcast_solicit", "60");
	(void)put("/proc/sys/net/ipv6/neigh/" TAP_NAME "/mcast_solicit", "60");
	(void)put("/proc/sys/net/ipv4/neigh/" TAP_NAME "/ucast_solicit", "60");
	(void)put("/proc/sys/net/ipv6/neigh/" TAP_NAME "/ucast_solicit", "60");
	(void)put("/proc/sys/net/ipv4/tcp_synack_retries", "9");
	(void)put("/proc/sys/net/ipv4/tcp_syn_retries", "9");
}

static bool
configure(void)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok;

	/* No duplicate address detection. */
	(void)put("/proc/sys/net/ipv6/conf/" TAP_NAME "/accept_dad", "0");
	(void)put("/proc/sys/net/ipv6/conf/" TAP_NAME "/router_solicitations", "0");
	be_patient();
	ok = s >= 0 && set_up(s, "lo") && set_up(s, TAP_NAME) && set_in4(s);
	if (s >= 0)
		close(s);
	return (ok && set_in6() && await_in6());
}

int
tap_open(const char **why)
{
	struct ifreq ifr = { .ifr_name = TAP_NAME };
	int fd;

	*why = "no network namespace of one's own is to be had";
	if (!enter_namespace())
		return (-1);
	*why = "/dev/net/tun cannot be used";
	if ((fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC)) < 0)
		return (-1);
	ifr.ifr_flags = IFF_TAP | IFF_NO_PI;
	if (ioctl(fd, TUNSETIFF, &ifr) == 0) {
		*why = "the tap interface takes no address";
		if (configure())
			return (fd);
	}
	close(fd);
	return (-1);
}
