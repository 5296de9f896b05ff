/* SPDX-License-Identifier: BSD-2-Clause */
#include "linux/ifinfo.h"

#include <errno.h>
#include <string.h>
#include <arpa/inet.h>
#include <net/if_arp.h>

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
ifinfo_mask(unsigned prefixlen)
{
	return (prefixlen == 0 ? 0 : htonl(UINT32_MAX << (32 - (prefixlen > 32 ? 32 : prefixlen))));
}

struct lookup { uint32_t lu_index; char *lu_name; bool lu_found; };

static void
lookup_each(void *arg, const struct vi_ifinfo *info)
{
	struct lookup *lu = arg;

	if (info->if_index != lu->lu_index)
		return;
	lu->lu_found = true;
	memset(lu->lu_name, 0, VI_IFNAMSIZ);
	memcpy(lu->lu_name, info->if_name, strnlen(info->if_name, VI_IFNAMSIZ - 1));
}

int
ifinfo_name(struct vi_vnet *vn, uint32_t index, char name[VI_IFNAMSIZ])
{
	struct lookup lu = { index, name, false };

	vi_if_list(vn, lookup_each, &lu);
	return (lu.lu_found ? 0 : ENODEV);
}
