/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WIRE_ETHER_H
#define WIRE_ETHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/endian.h"
#include "wire/wire.h"

/*
 * Ethernet II and IEEE 802.3 frames, without preamble and frame check sequence; RFC 894, RFC
 * 1042.
 */
#define	ETHER_ADDR_LEN		6
#define	ETHER_TYPE_LEN		2
#define	ETHER_CRC_LEN		4
#define	ETHER_HDR_LEN		14
#define	ETHER_VLAN_ENCAP_LEN	4
#define	ETHER_MIN_LEN		64		/* with the frame check sequence */
#define	ETHER_MAX_LEN		1518
#define	ETHERMTU		1500
#define	ETHERMIN		46		/* smallest payload on a real wire */
#define	ETHER_MAX_8023		1500		/* up to here the type field is a length */

#define	ETHERTYPE_MIN		0x0600		/* smallest type, IEEE 802.3 3.2.6 */
#define	ETHERTYPE_IP		0x0800
#define	ETHERTYPE_ARP		0x0806
#define	ETHERTYPE_WOL		0x0842
#define	ETHERTYPE_TRANS_BRIDGE	0x6558		/* transparent Ethernet bridging, RFC 1701 */
#define	ETHERTYPE_REVARP	0x8035
#define	ETHERTYPE_VLAN		0x8100		/* IEEE 802.1Q */
#define	ETHERTYPE_IPV6		0x86dd
#define	ETHERTYPE_FLOWCONTROL	0x8808
#define	ETHERTYPE_SLOW		0x8809
#define	ETHERTYPE_MPLS		0x8847
#define	ETHERTYPE_MPLS_MCAST	0x8848
#define	ETHERTYPE_PPPOEDISC	0x8863
#define	ETHERTYPE_PPPOE		0x8864
#define	ETHERTYPE_PAE		0x888e		/* IEEE 802.1X */
#define	ETHERTYPE_QINQ		0x88a8		/* IEEE 802.1ad */
#define	ETHERTYPE_LLDP		0x88cc
#define	ETHERTYPE_MACSEC	0x88e5
#define	ETHERTYPE_PTP		0x88f7
#define	ETHERTYPE_LOOPBACK	0x9000

struct ether_addr {
	uint8_t		octet[ETHER_ADDR_LEN];
} WIRE_STRUCT;

struct ether_header {
	uint8_t		ether_dhost[ETHER_ADDR_LEN];
	uint8_t		ether_shost[ETHER_ADDR_LEN];
	uint16_t	ether_type;
} WIRE_STRUCT;

struct ether_vlan_header {
	uint8_t		evl_dhost[ETHER_ADDR_LEN];
	uint8_t		evl_shost[ETHER_ADDR_LEN];
	uint16_t	evl_encap_proto;
	uint16_t	evl_tag;
	uint16_t	evl_proto;
} WIRE_STRUCT;

WIRE_ASSERT_SIZE(struct ether_addr, 6);
WIRE_ASSERT_SIZE(struct ether_header, 14);
WIRE_ASSERT_OFFSET(struct ether_header, ether_type, 12);
WIRE_ASSERT_SIZE(struct ether_vlan_header, 18);
WIRE_ASSERT_OFFSET(struct ether_vlan_header, evl_proto, 16);

/* The tag control information of IEEE 802.1Q, in host order. */
#define	EVL_VLID_MASK		0x0fff
#define	EVL_DEI_MASK		0x1000
#define	EVL_PRI_MASK		0xe000
#define	EVL_VLANOFTAG(tag)	((tag) & EVL_VLID_MASK)
#define	EVL_PRIOFTAG(tag)	(((tag) >> 13) & 7)

/* What ether_check() found, in host order. */
struct ether_info {
	uint16_t	ei_type;	/* ETHERTYPE_*; 0 for an IEEE 802.3 length frame */
	uint16_t	ei_hlen;	/* 14 */
	uint16_t	ei_len8023;	/* the length of an IEEE 802.3 frame, else 0 */
	bool		ei_mcast;	/* to a group, broadcast included */
	bool		ei_bcast;
	size_t		ei_need;	/* with WIRE_PULLUP */
};

/*
 * Checks a frame.  VLAN tags are not skipped: ei_type is then ETHERTYPE_VLAN or _QINQ, and
 * ether_vlan_check() reads the tag.
 */
enum wire_error ether_check(const void *p, size_t clen, size_t plen, struct ether_info *out);

/* After ether_check() said VLAN or QINQ: the tag and the type behind it, both in host order. */
enum wire_error ether_vlan_check(const void *p, size_t clen, size_t plen, uint16_t *tag,
    uint16_t *type);

static inline bool
ether_multicast(const uint8_t *a)
{
	return ((a[0] & 1) != 0);
}

static inline bool
ether_broadcast(const uint8_t *a)
{
	return ((a[0] & a[1] & a[2] & a[3] & a[4] & a[5]) == 0xff);
}

static inline bool
ether_zero(const uint8_t *a)
{
	return ((a[0] | a[1] | a[2] | a[3] | a[4] | a[5]) == 0);
}

static inline bool
ether_equal(const uint8_t *a, const uint8_t *b)
{
	return (memcmp(a, b, ETHER_ADDR_LEN) == 0);
}

/* ... and an IPv6 group (RFC 2464 7). */
static inline void
ether_map_ipv6_multicast(const uint8_t group[16], uint8_t *a)
{
	a[0] = a[1] = 0x33;
	memcpy(a + 2, group + 12, 4);
}

/* The group address an IPv4 multicast group maps to (RFC 1112 6.4); group in network order. */
static inline void
ether_map_ip_multicast(uint32_t group, uint8_t *a)
{
	uint32_t h = NTOHL(group);

	a[0] = 0x01;
	a[1] = 0x00;
	a[2] = 0x5e;
	a[3] = (uint8_t)(h >> 16 & 0x7f);
	a[4] = (uint8_t)(h >> 8);
	a[5] = (uint8_t)h;
}

#define	ETHER_STRLEN	18		/* "02:00:00:00:00:0a" and its zero byte */

/* Writes aa:bb:cc:dd:ee:ff.  Returns buf, or NULL if size is below ETHER_STRLEN. */
char *ether_addr_ntop(char *buf, size_t size, const uint8_t *a);

/* Reads six groups of one or two hexadecimal digits between colons.  Returns 0 or EINVAL. */
int ether_addr_pton(const char *str, uint8_t *a);

#endif /* WIRE_ETHER_H */
