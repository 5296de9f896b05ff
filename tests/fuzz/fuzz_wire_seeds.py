#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""fuzz_wire_seeds.py DIRECTORY: writes the seed corpus of fuzz_wire, one file per kind of packet."""
import pathlib
import struct
import sys

ETHER, VLAN, ARP, IP, ICMP, UDP, TCP, TCPOPTS, CHECKSUM, TEXT, IGMP, MLD, IP6, IP6OPTS, NDOPTS = range(15)
MAC_A, MAC_B = bytes.fromhex('02000000000a'), bytes.fromhex('02000000000b')
SRC, DST = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])


def cksum(b):
    b += b'\0' * (len(b) % 2)
    s = sum(struct.unpack('!%dH' % (len(b) // 2), b))
    while s > 0xffff:
        s = (s & 0xffff) + (s >> 16)
    return s ^ 0xffff


def ip(proto, payload, options=b'', off=0x4000, length=None):
    options += b'\0' * (-len(options) % 4)
    n = 20 + len(options)
    h = struct.pack('!BBHHHBBH', 0x40 | n // 4, 0, length or n + len(payload), 7, off, 64, proto, 0)
    h += SRC + DST + options
    return h[:10] + struct.pack('!H', cksum(h)) + h[12:] + payload


def icmp(kind, code, rest, data=b''):
    m = struct.pack('!BBH', kind, code, 0) + rest + data
    return m[:2] + struct.pack('!H', cksum(m)) + m[4:]


def tcp(flags, options=b'', data=b''):
    options += b'\1' * (-len(options) % 4)
    off = 5 + len(options) // 4
    return struct.pack('!HHIIHHHH', 80, 40000, 1, 2, off << 12 | flags, 65535, 0, 0) + options + data


MSS, WS, SACKOK = b'\2\4\5\xb4', b'\3\3\7', b'\4\2'
TS = b'\x08\x0a' + struct.pack('!II', 0xdeadbeef, 0x01020304)
NOP2 = b'\1\1'


def sack(n):
    return bytes([5, 2 + 8 * n]) + b''.join(struct.pack('!II', 100 * i, 100 * i + 50) for i in range(n))


OPTIONS = {
    'linux_syn': MSS + SACKOK + TS + b'\1' + WS,
    'bsd_syn': MSS + b'\1' + WS + SACKOK + TS,
    'ts': NOP2 + TS,
    'ts_sack3': NOP2 + TS + NOP2 + sack(3),
    'sack4': NOP2 + sack(4),
    'md5': NOP2 + b'\x13\x12' + bytes(range(16)) + MSS,
    'ao': b'\x1d\x10\1\1' + bytes(range(12)),
    'tfo_request': b'\x22\2' + MSS,
    'tfo_cookie': b'\x22\x0a' + bytes(range(8)) + MSS,
    'eol_inside': MSS + b'\0' + WS,
    'length_zero': MSS + b'\3\0\7\1',
    'length_one': MSS + b'\x08\1\0\0',
    'overlong': NOP2 + b'\x05\x22' + bytes(8),
    'kind_only': MSS + b'\1\1\1\x08',
    'wrong_length': b'\2\3\5' + TS + b'\4\3\0',
    'unknown': b'\xfe\4\xf9\x89\x1e\4\0\1',
}
QUOTE = ip(6, struct.pack('!HHI', 40000, 80, 1))
ARPMSG = struct.pack('!HHBBH', 1, 0x0800, 6, 4, 1) + MAC_A + SRC + bytes(6) + DST

SEEDS = {
    'ether_arp': (ETHER, MAC_B + MAC_A + b'\x08\x06' + ARPMSG),
    'ether_8023': (ETHER, MAC_B + MAC_A + b'\0\x08' + b'\x42\x42\x03' + bytes(5)),
    'ether_group_source': (ETHER, MAC_B + b'\x01' + MAC_A[1:] + b'\x08\0'),
    'vlan': (VLAN, MAC_B + MAC_A + b'\x81\0\xa0\x64\x08\0'),
    'arp_request': (ARP, ARPMSG),
    'arp_reply': (ARP, struct.pack('!HHBBH', 1, 0x0800, 6, 4, 2) + MAC_A + SRC + MAC_B + DST),
    'arp_probe': (ARP, struct.pack('!HHBBH', 1, 0x0800, 6, 4, 1) + MAC_A + bytes(4) + bytes(6) + DST),
    'arp_infiniband': (ARP, struct.pack('!HHBBH', 32, 0x0800, 20, 4, 1) + bytes(48)),
    'ip_plain': (IP, ip(17, bytes(16))),
    'ip_fragment': (IP, ip(17, bytes(16), off=0x2002)),
    'ip_ping_of_death': (IP, ip(1, bytes(32), off=0x1fff)),
    'ip_rr': (IP, ip(1, b'', b'\x07\x27\4' + bytes(36))),
    'ip_lsrr': (IP, ip(1, b'', b'\1\x83\x0b\4' + SRC + DST)),
    'ip_ssrr_full': (IP, ip(1, b'', b'\x89\x07\x08' + SRC)),
    'ip_timestamp': (IP, ip(1, b'', b'\x44\x24\5\1' + bytes(32))),
    'ip_alert': (IP, ip(2, b'', b'\x94\4\0\0')),
    'ip_bad_option': (IP, ip(1, b'', b'\1\1\x07\x26\4')),
    'ip_unknown_option': (IP, ip(1, b'', b'\xde\5abc\x5e\2')),
    'icmp_echo': (ICMP, icmp(8, 0, struct.pack('!HH', 1, 2), bytes(56))),
    'icmp_timestamp': (ICMP, icmp(13, 0, struct.pack('!HH', 1, 2), bytes(12))),
    'icmp_mask': (ICMP, icmp(17, 0, struct.pack('!HH', 1, 2), bytes(4))),
    'icmp_needfrag': (ICMP, icmp(3, 4, struct.pack('!HH', 0, 1400), QUOTE)),
    'icmp_redirect': (ICMP, icmp(5, 1, SRC, QUOTE)),
    'icmp_quoted_options': (ICMP, icmp(11, 0, bytes(4), ip(17, bytes(8), b'\x94\4\0\0', length=1500))),
    'icmp_quote_cut': (ICMP, icmp(12, 0, b'\x14\0\0\0', QUOTE[:27])),
    'udp': (UDP, struct.pack('!HHHH', 53, 4000, 12, 1) + b'data'),
    'udp_padded': (UDP, struct.pack('!HHHH', 53, 4000, 9, 0) + b'data'),
    'udp_length_zero': (UDP, struct.pack('!HHHH', 53, 4000, 0, 0)),
    'tcp_ack': (TCP, tcp(0x10, data=b'x')),
    'tcp_accecn': (TCP, tcp(0x1c2, OPTIONS['linux_syn'])),
    'tcp_offset_small': (TCP, struct.pack('!HHIIHHHH', 1, 2, 3, 4, 0x4010, 0, 0, 0)),
    'tcp_offset_large': (TCP, struct.pack('!HHIIHHHH', 1, 2, 3, 4, 0xf010, 0, 0, 0)),
    'igmp_query': (IGMP, b'\x11\x64\0\0\xe0\1\1\1'),
    'igmp_query_sources': (IGMP, b'\x11\x64\0\0\xe0\1\1\1\2\x7d\0\2' + SRC + DST),
    'igmp_query_lies': (IGMP, b'\x11\x64\0\0\xe0\1\1\1\2\x7d\0\3' + SRC + DST),
    'igmp_report': (IGMP, b'\x22\0\0\0\0\0\0\1\4\0\0\0\xe0\1\1\1'),
    'mld_query': (MLD, b'\x82\0\0\0\3\xe8\0\0' + bytes(16)),
    'mld_query_sources': (MLD, b'\x82\0\0\0\3\xe8\0\0\xff\2' + bytes(14) + b'\2\x7d\0\1' + bytes(16)),
    'mld_query_lies': (MLD, b'\x82\0\0\0\3\xe8\0\0\xff\2' + bytes(14) + b'\2\x7d\1\0' + bytes(16)),
    'ip6': (IP6, b'\x60\0\0\0\0\4\x3b\x40' + bytes(32) + b'data'),
    'ip6_padded': (IP6, b'\x60\0\0\0\0\1\x3b\x40' + bytes(32) + b'data'),
    'ip6_version': (IP6, b'\x40\0\0\0\0\4\x3b\x40' + bytes(32) + b'data'),
    'ip6opts': (IP6OPTS, b'\x3b\0\5\2\0\0\1\0'),
    'ip6opts_jumbo': (IP6OPTS, b'\x3b\0\xc2\4\0\1\0\0'),
    'ip6opts_beyond': (IP6OPTS, b'\x3b\0\0\0\0\x1e\2\0'),
    'nd_lladdr': (NDOPTS, b'\1\1\2\0\0\0\0\1\5\1\0\0\0\0\5\xdc'),
    'nd_prefix': (NDOPTS, b'\3\4\x40\xc0' + bytes(28) + b'\x0e\1abcdef'),
    'nd_zero': (NDOPTS, b'\1\0' + bytes(6)),
    'nd_beyond': (NDOPTS, b'\1\2' + bytes(6)),
    'checksum': (CHECKSUM, bytes(i * 7 & 0xff for i in range(600))),
    'checksum_ones': (CHECKSUM, b'\xff' * 301),
    'text_inaddr': (TEXT, b'192.0.2.255'),
    'text_inaddr_bad': (TEXT, b'192.0.02.256'),
    'text_ether': (TEXT, b'2:0:0:aB:c:0d'),
}
for name, options in OPTIONS.items():
    SEEDS['opts_' + name] = (TCPOPTS, options)
    SEEDS['tcp_' + name] = (TCP, tcp(0x02 if 'syn' in name else 0x10, options, b'data'))


def main():
    directory = pathlib.Path(sys.argv[1])
    for name, (target, data) in SEEDS.items():
        # Half of the seeds start with everything contiguous, half with a few bytes.
        how = 0x0f if len(name) % 2 else 0x82
        (directory / name).write_bytes(bytes([target, how]) + data)


main()
