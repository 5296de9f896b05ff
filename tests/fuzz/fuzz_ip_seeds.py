#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seed corpus of fuzz_ip: one file per kind of packet."""
import os
import struct

FIX, BCAST, VALID, SPLIT, LOOP, SUPER, TIME, SHARED = (1 << i for i in range(8))
US, FAR, PEER = "10.0.0.1", "10.0.1.9", "10.0.0.2"


def addr(a):
    return bytes(int(x) for x in a.split("."))


def ip(payload, dst=US, src=PEER, proto=17, off=0, ttl=64, opts=b"", ident=1):
    opts += b"\0" * (-len(opts) % 4)
    hlen = 20 + len(opts)
    return struct.pack(">BBHHHBBH", 0x40 | hlen // 4, 0, hlen + len(payload), ident, off, ttl, proto, 0) + addr(src) + addr(dst) + opts + payload


def rec(flags, packet):
    return struct.pack("<BH", flags, len(packet)) + packet


def udp(data, sport=7, dport=53):
    return struct.pack(">HHHH", sport, dport, 8 + len(data), 0) + data


def tunnel(segment):
    # TCP in UDP: there must be a checksum, VALID vouches for it
    return struct.pack(">HHHH", 9000, 9899, 8 + len(segment), 0x1234) + segment


def icmp(kind, code=0, rest=b"\x12\x34\0\1", data=b""):
    return bytes([kind, code, 0, 0]) + rest + data


def tcp(flags, data=b"", opts=b"", seq=1000, ack=0):
    return struct.pack(">HHIIBBHHH", 4000, 80, seq, ack, (5 + len(opts) // 4) << 4, flags, 65535, 0, 0) + opts + data


def quote(proto, payload):
    return ip(payload, dst=PEER, src=US, proto=proto)


def igmp(message, dst="224.0.0.1"):
    return ip(message, dst=dst, proto=2, ttl=1, opts=bytes([148, 4, 0, 0]))


def gre(payload, proto=0x800, flags=0, extra=b""):
    return struct.pack(">HH", flags, proto) + extra + payload


def vxlan(frame, vni=42):
    return udp(b"\x08\0\0\0" + struct.pack(">I", vni << 8) + frame, dport=4789)


# through a tunnel to the host itself, and on to the other network
INSIDE = ip(icmp(8, data=b"abc"), dst="10.1.0.1", src="10.1.0.2", proto=1)
ONWARD = ip(udp(b"x" * 100), dst=FAR, src="10.1.0.2")
FRAME = b"\xff" * 6 + b"\x02\0\0\0\0\x09" + b"\x08\0" + INSIDE

V = FIX | VALID
seeds = {
    "gif": rec(V, ip(INSIDE, proto=4)) + rec(V | SPLIT, ip(ONWARD, proto=4)),
    "gif6": rec(V, ip(b"\x60" + b"\0" * 3 + b"\0\0\x3b\x40" + b"\x20" * 32, proto=41)),
    "gif_ecn": rec(V, ip(INSIDE, proto=4)[:1] + b"\x03" + ip(INSIDE, proto=4)[2:]),
    "gre": rec(V, ip(gre(INSIDE), proto=47)) + rec(V | SPLIT, ip(gre(ONWARD), proto=47)),
    "gre_key_seq": rec(V, ip(gre(INSIDE, flags=0x3000, extra=b"\0\0\0\x07\0\0\0\x01"), proto=47)),
    "gre_sum": rec(V, ip(gre(INSIDE, flags=0x8000, extra=b"\x12\x34\0\0"), proto=47)),
    "gre_unreach": rec(V, ip(icmp(3, 1, b"\0" * 4, quote(47, gre(INSIDE))), proto=1)),
    "etherip": rec(V, ip(b"\x30\0" + FRAME, proto=97)) + rec(V | SPLIT, ip(b"\x30\0" + FRAME, proto=97)) + rec(V, ip(b"\x40\0", proto=97)),
    "gre_ether": rec(V, ip(gre(FRAME, 0x6558), proto=47)) + rec(V | SPLIT, ip(gre(FRAME[:9], 0x6558), proto=47)),
    "vxlan": rec(V, ip(vxlan(FRAME))) + rec(V | SPLIT, ip(vxlan(FRAME))),
    "udp": rec(V, ip(udp(b"hello"))),
    "udp_closed": rec(V, ip(udp(b"hello", dport=99))),
    "udp_split_shared": rec(V | SPLIT | SHARED, ip(udp(b"x" * 3000))),
    "udp_group": rec(V, ip(udp(b"hi"), dst="224.0.1.5")),
    "udp_broadcast": rec(V | BCAST, ip(udp(b"hi"), dst="10.0.0.255")),
    "udp_forward": rec(V, ip(udp(b"x" * 1000), dst=FAR)) + rec(V, ip(udp(b"x" * 1000), dst=FAR, off=0x4000)),
    "udp_lo": rec(V | LOOP, ip(udp(b"hi"), dst="127.0.0.1", src="127.0.0.1")),
    "fragments": rec(V, ip(udp(b"a" * 16), off=0x2000)) + rec(V, ip(b"b" * 9, off=3)),
    "fragments_overlap": rec(V, ip(udp(b"a" * 16), off=0x2000)) + rec(V, ip(b"b" * 16, off=0x2002)),
    "fragments_late": rec(V | TIME, ip(udp(b"a" * 16), off=0x2000)) + rec(V, ip(b"b" * 9, off=3)),
    "echo": rec(V, ip(icmp(8, data=b"abc"), proto=1)),
    "echo_options": rec(V, ip(icmp(8, data=b"abc"), proto=1, opts=bytes([7, 11, 4] + [0] * 8 + [68, 12, 5, 1] + [0] * 8))),
    "echo_reply": rec(V, ip(icmp(0, data=b"abc"), proto=1)),
    "timestamp": rec(V, ip(icmp(13, data=b"\0" * 12), proto=1)),
    "unreach_port": rec(V, ip(icmp(3, 3, b"\0" * 4, quote(17, udp(b"", 54, 7))), proto=1)),
    "unreach_echo": rec(V, ip(icmp(3, 1, b"\0" * 4, quote(1, icmp(8))), proto=1)),
    "needfrag": rec(V, ip(icmp(3, 4, b"\0\0\2\x40", quote(17, udp(b"", 54, 7))), proto=1)),
    "redirect": rec(V, ip(icmp(5, 1, addr("10.0.0.9"), quote(17, udp(b"", 54, 7))), proto=1)),
    "source_route": rec(V, ip(udp(b"x"), opts=bytes([131, 7, 4, 10, 0, 1, 9]))),
    "bad_option": rec(V, ip(udp(b"x"), opts=bytes([7, 40, 4, 0]))),
    "ttl": rec(V, ip(udp(b"x"), dst=FAR, ttl=1)),
    "syn": rec(V, ip(tcp(2, opts=bytes([2, 4, 5, 180])), proto=6)) + rec(V, ip(tcp(16, seq=1001, ack=1), proto=6)),
    "tcp_super": rec(V | SUPER, ip(tcp(24, b"z" * 4000), dst=FAR, proto=6)),
    "tcp_in_udp": rec(V, ip(tunnel(tcp(2, opts=bytes([2, 4, 5, 180]))))) + rec(V, ip(tunnel(tcp(16, seq=1001, ack=1)))) +
    rec(V | SHARED, ip(tunnel(tcp(4, seq=1001)))) + rec(V, ip(tunnel(tcp(2)[:13]))) + rec(V, ip(tunnel(b""))) + rec(V, ip(udp(tcp(2), 9000, 9899))),
    "tcp_in_udp_unreach": rec(V, ip(icmp(3, 3, b"\0" * 4, quote(17, struct.pack(">HHHH", 9899, 9000, 28, 1) + tcp(2)[:8])), proto=1)),
    "unknown_proto": rec(V, ip(b"12345678", proto=200)),
    "martian": rec(V, ip(udp(b"x"), src="127.0.0.1")) + rec(V, ip(udp(b"x"), src="255.255.255.255")),
    "igmp_general": rec(V | TIME, igmp(b"\x11\x64\0\0\0\0\0\0\2\x7d\0\0")),
    "igmp_group": rec(V | TIME, igmp(b"\x11\x64\0\0\xe0\0\1\5\2\x7d\0\0")),
    "igmp_sources": rec(V, igmp(b"\x11\x64\0\0\xe0\0\1\5\2\x7d\0\2" + addr(PEER) + addr(FAR))) +
    rec(V | TIME, igmp(b"\x11\x64\0\0\xe0\0\1\6\2\x7d\0\1" + addr(PEER))),
    "igmp_v2": rec(V | TIME, igmp(b"\x11\x64\0\0\0\0\0\0")) + rec(V, igmp(b"\x16\0\0\0\xe0\0\1\5")) + rec(V, igmp(b"\x17\0\0\0\xe0\0\1\5")),
    "igmp_v1": rec(V, igmp(b"\x11\0\0\0\0\0\0\0")) + rec(V | TIME, igmp(b"\x12\0\0\0\xe0\0\1\6")),
    "igmp_report": rec(V, igmp(b"\x22\0\0\0\0\0\0\1\4\0\0\0\xe0\0\1\5", "224.0.0.22")),
    "udp_blocked": rec(V, ip(udp(b"hi"), dst="224.0.1.5", src="10.0.0.3")) + rec(V, ip(udp(b"hi"), dst="224.0.1.6")),
    "short": rec(0, b"\x45\0"),
}
here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", "fuzz_ip")
os.makedirs(here, exist_ok=True)
for name, data in seeds.items():
    with open(os.path.join(here, name), "wb") as f:
        f.write(data)
