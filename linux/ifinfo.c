/* SPDX-License-Identifier: BSD-2-Clause */
#include "linux/ifinfo.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <net/if_arp.h>
#include <linux/if_addr.h>

/* Linux's bits where they differ from BSD's. */
#define LX_IFF_MULTICAST	0x1000
#define LX_IFF_RUNNING		0x40
#define LX_IFF_LOWER_UP		0x10000

uint32_t
ifinfo_flags(const struct vi_ifinfo *info)
{
	uint32_t f, same;

	same = VI_IFF_UP | VI_IFF_BROADCAST | VI_IFF_DEBUG | VI_IFF_LOOPBACK | VI_IFF_POINTOPOINT |
	    VI_IFF_NOARP | VI_IFF_PROMISC | VI_IFF_ALLMULTI;
	f = info->if_flags & same;
	if ((info->if_flags & VI_IFF_MULTICAST) != 0)
		f |= LX_IFF_MULTICAST;
	if ((info->if_flags & VI_IFF_UP) != 0 && info->if_linkup)
		f |= LX_IFF_RUNNING;
	if (info->if_linkup)
		f |= LX_IFF_LOWER_UP;
	return (f);
}

uint16_t
ifinfo_arphrd(const struct vi_ifinfo *info)
{
	switch (info->if_type) {
	case VI_IFT_ETHER:
		return (ARPHRD_ETHER);
	case VI_IFT_LOOP:
		return (ARPHRD_LOOPBACK);
	default:
		return (ARPHRD_NONE);
	}
}

uint32_t
ifinfo_addrflags(const struct vi_ifaddr *ia)
{
	static const struct { uint32_t vi, ifa; } map[] = {
		{ VI_IN6_IFF_TENTATIVE, IFA_F_TENTATIVE }, { VI_IN6_IFF_DUPLICATED, IFA_F_DADFAILED }, { VI_IN6_IFF_DEPRECATED, IFA_F_DEPRECATED },
		{ VI_IN6_IFF_NODAD, IFA_F_NODAD }, { VI_IN6_IFF_TEMPORARY, IFA_F_TEMPORARY },
	};
	uint32_t flags = 0;

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]) && ia->ia_addr.sa_family == VI_AF_INET6; i++)
		if ((ia->ia_flags & map[i].vi) != 0)
			flags |= map[i].ifa;
	if (ia->ia_pltime == 0)
		flags |= IFA_F_DEPRECATED;
	return (ia->ia_vltime == VI_IFA_INFINITE ? flags | IFA_F_PERMANENT : flags);
}

uint32_t
ifinfo_mask(unsigned prefixlen)
{
	return (prefixlen == 0 ? 0 : htonl(UINT32_MAX << (32 - (prefixlen > 32 ? 32 : prefixlen))));
}

int
ifinfo_masklen(uint32_t mask, uint8_t *len)
{
	*len = (uint8_t)__builtin_popcount(mask);
	return (ifinfo_mask(*len) == mask ? 0 : EINVAL);
}

const struct vi_ifaddr *
ifinfo_inet(const struct vi_ifinfo *info, const char *label)
{
	const bool named = strchr(label, ':') != NULL;

	for (uint32_t i = 0; i < info->if_naddrs; i++) {
		const struct vi_ifaddr *ia = &info->if_addrs[i];

		if (ia->ia_addr.sa_family == VI_AF_INET && (!named || strcmp(ia->ia_label, label) == 0))
			return (ia);
	}
	return (NULL);
}

int
ifinfo_name(struct vi_vnet *vn, uint32_t index, char name[VI_IFNAMSIZ])
{
	return (vi_if_name(vn, index, name) == 0 ? 0 : ENODEV);
}

static void
index_found(void *arg, const struct vi_ifinfo *info)
{
	*(uint32_t *)arg = info->if_index;
}

uint32_t
ifinfo_index(struct vi_vnet *vn, const char *name)
{
	uint32_t index = 0;

	(void)vi_if_get(vn, name, index_found, &index);
	return (index);
}

void
ifinfo_realname(struct vi_vnet *vn, char name[VI_IFNAMSIZ])
{
	if (strcmp(name, IFINFO_LOOPBACK) == 0 && ifinfo_index(vn, name) == 0)
		memcpy(name, "lo0", sizeof("lo0"));
}

const char *
ifinfo_realpath(struct vi_vnet *vn, const char *path, const char *at, char *buf, size_t size)
{
	const size_t n = sizeof(IFINFO_LOOPBACK) - 1;

	if (at == NULL || strncmp(at, IFINFO_LOOPBACK, n) != 0 || (at[n] != '/' && at[n] != '\0') || ifinfo_index(vn, IFINFO_LOOPBACK) != 0)
		return (path);
	snprintf(buf, size, "%.*slo0%s", (int)(at - path), path, at + n);
	return (buf);
}

static void
lladdr_each(void *arg, const struct vi_ifinfo *info)
{
	memcpy(arg, info->if_lladdr, 6);
}

void
ifinfo_lladdr(struct vi_vnet *vn, const char *name, uint8_t lladdr[6])
{
	(void)vi_if_get(vn, name, lladdr_each, lladdr);
}
