/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/ether.h"

#include <errno.h>

#include "base/util.h"

enum wire_error
ether_check(const void *p, size_t clen, size_t plen, struct ether_info *out)
{
	const struct ether_header *eh = p;

	*out = (struct ether_info){ .ei_need = ETHER_HDR_LEN };
	if (plen < ETHER_HDR_LEN)
		return (WIRE_SHORT);
	if (clen < ETHER_HDR_LEN)
		return (WIRE_PULLUP);
	out->ei_hlen = ETHER_HDR_LEN;
	out->ei_mcast = ether_multicast(eh->ether_dhost);
	out->ei_bcast = ether_broadcast(eh->ether_dhost);
	out->ei_type = NTOHS(eh->ether_type);
	/* A group never sends (IEEE 802.3 3.2.3). */
	if (ether_multicast(eh->ether_shost))
		return (WIRE_BADADDR);
	if (out->ei_type >= ETHERTYPE_MIN)
		return (WIRE_OK);
	/* 1501 to 1535 are neither length nor type. */
	if (out->ei_type > ETHER_MAX_8023)
		return (WIRE_BADTYPE);
	out->ei_len8023 = out->ei_type;
	out->ei_type = 0;
	return (out->ei_len8023 <= plen - ETHER_HDR_LEN ? WIRE_OK : WIRE_BADLEN);
}

enum wire_error
ether_vlan_check(const void *p, size_t clen, size_t plen, uint16_t *tag, uint16_t *type)
{
	const struct ether_vlan_header *evl = p;

	if (plen < sizeof(*evl))
		return (WIRE_SHORT);
	if (clen < sizeof(*evl))
		return (WIRE_PULLUP);
	*tag = NTOHS(evl->evl_tag);
	*type = NTOHS(evl->evl_proto);
	/* 0xfff is reserved (IEEE 802.1Q 9.6). */
	return (EVL_VLANOFTAG(*tag) == EVL_VLID_MASK ? WIRE_BADTYPE : WIRE_OK);
}

char *
ether_addr_ntop(char *buf, size_t size, const uint8_t *a)
{
	static const char digit[] = "0123456789abcdef";
	char *p = buf;
	int i;

	if (size < ETHER_STRLEN)
		return (NULL);
	for (i = 0; i < ETHER_ADDR_LEN; i++) {
		*p++ = digit[a[i] >> 4];
		*p++ = digit[a[i] & 0xf];
		*p++ = ':';
	}
	p[-1] = '\0';
	return (buf);
}

int
ether_addr_pton(const char *str, uint8_t *a)
{
	uint8_t octet[ETHER_ADDR_LEN];
	int hi, i, lo;

	for (i = 0; i < ETHER_ADDR_LEN; i++) {
		if (i > 0 && *str++ != ':')
			return (EINVAL);
		if ((hi = hexdigit(*str)) < 0)
			return (EINVAL);
		str++;
		if ((lo = hexdigit(*str)) >= 0) {
			hi = hi << 4 | lo;
			str++;
		}
		octet[i] = (uint8_t)hi;
	}
	if (*str != '\0')
		return (EINVAL);
	memcpy(a, octet, sizeof(octet));
	return (0);
}
