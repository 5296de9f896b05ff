#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seed corpus of fuzz_ip6: one file per kind of packet."""
import os
import socket
import struct

FIX, ND, VALID, SPLIT, LOOP, TOWARDS, TIME, SHARED = (1 << i for i in range(8))
US, PEER, ROUTER, ALL, FAR = "2001:db8::1", "2001:db8::2", "fe80::2", "ff02::1", "2001:db8:9::9"


def addr(a):
    return socket.inet_pton(socket.AF_INET6, a)


def ip6(payload, dst=US, src=PEER, nxt=58, hlim=64):
    return struct.pack(">IHBB", 6 << 28, len(payload), nxt, hlim) + addr(src) + addr(dst) + payload


def rec(flags, packet):
    return struct.pack("<BH", flags, len(packet)) + packet


def icmp6(kind, code, rest):
    return bytes([kind, code, 0, 0]) + rest


SLLA, TLLA = b"\1\1\2\0\0\0\0\x0b", b"\2\1\2\0\0\0\0\x0b"
PREFIX = b"\3\4\x40\xc0" + struct.pack(">III", 7200, 3600, 0) + addr("2001:db8:77::")
MTU = b"\5\1\0\0" + struct.pack(">I", 1400)
RA = icmp6(134, 0, struct.pack(">BBHII", 64, 0, 1800, 0, 0) + SLLA + PREFIX + MTU)
NS = icmp6(135, 0, b"\0" * 4 + addr(US) + SLLA)
DAD = icmp6(135, 0, b"\0" * 4 + addr(US) + b"\x0e\1abcdef")
NA = icmp6(136, 0, b"\x60\0\0\0" + addr(PEER) + TLLA)
REDIRECT = icmp6(137, 0, b"\0" * 4 + addr("fe80::3") + addr(FAR) + TLLA)
ECHO = icmp6(128, 0, b"\x12\x34\0\1" + b"x" * 64)


def mld(rest, kind=130):
    return ip6(b"\x3a\0\5\2\0\0\1\0" + icmp6(kind, 0, rest), ALL, ROUTER, nxt=0, hlim=1)


OPTS = b"\x3b\0\x01\x04\0\0\0\0"
UDP = struct.pack(">HHHH", 7, 53, 16, 0) + b"abcdefgh"
F = FIX | VALID


def frag(off, more, data, nxt=58, ident=7):
    return struct.pack(">BBHI", nxt, 0, off | more, ident) + data


def quoted(kind, code, word):
    inner = ip6(struct.pack(">HHHH", 53, 7, 8, 0), dst=FAR, src=US, nxt=17)
    return icmp6(kind, code, struct.pack(">I", word) + inner)


SEEDS = {
    "ra": rec(F | ND, ip6(RA, ALL, ROUTER)),
    "ra_time": rec(F | ND | TIME, ip6(RA, ALL, ROUTER)) + rec(F | ND, ip6(icmp6(134, 0, struct.pack(">BBHII", 0, 8, 0, 0, 0)), ALL, ROUTER)),
    "ns": rec(F | ND, ip6(NS)),
    "dad": rec(F | ND, ip6(DAD, "ff02::1:ff00:1", "::")),
    "na": rec(F, ip6(ECHO)) + rec(F | ND, ip6(NA)),
    "redirect": rec(F | ND, ip6(RA, ALL, ROUTER)) + rec(F | ND, ip6(REDIRECT, US, ROUTER)),
    "echo": rec(F, ip6(ECHO)) + rec(F | TIME, ip6(ECHO, ALL)),
    "frags": rec(F, ip6(frag(0, 1, ECHO), nxt=44)) + rec(F, ip6(frag(72, 0, b"y" * 40), nxt=44)),
    "frag_lost": rec(F | TIME, ip6(frag(0, 1, ECHO), nxt=44)),
    "atomic": rec(F, ip6(frag(0, 0, ECHO), nxt=44)),
    "options": rec(F, ip6(OPTS, nxt=60)) + rec(F, ip6(b"\x3a\0\x05\x02\0\0\1\0" + ECHO, nxt=0)),
    "routing": rec(F, ip6(b"\x3a\2\0\1" + b"\0" * 20 + ECHO, nxt=43)),
    "chain": rec(F, ip6(b"\x3c\0\x05\2\0\0\1\0" + b"\x2b\1\x1e\x0c" + bytes(12) + b"\x2c\2\4\0" + bytes(20) + frag(0, 0, b"\x11\0\1\4" + bytes(4) + UDP, 60), nxt=0)),
    "chain_frags": rec(F, ip6(b"\x2c\0\1\4\0\0\0\0" + frag(0, 1, b"\x11\0\1\4" + bytes(4), 60), nxt=60)) + rec(F, ip6(b"\x2c\0\1\4\0\0\0\0" + frag(8, 0, UDP, 60), nxt=60)),
    "alert": rec(F, ip6(b"\x11\0\5\2\0\0\1\0" + UDP, FAR, nxt=0)) + rec(F, ip6(b"\x11\0\5\2\0\1\1\0" + UDP, FAR, nxt=0)) + rec(F, ip6(b"\x2c\0\5\2\0\0\1\0" + frag(0, 1, UDP, 17), FAR, nxt=0)),
    "udp": rec(F, ip6(struct.pack(">HHHH", 7, 53, 12, 0) + b"abcd", nxt=17)),
    "tcp": rec(F, ip6(struct.pack(">HHIIBBHHH", 4000, 80, 1, 0, 5 << 4, 2, 65535, 0, 0), nxt=6)),
    "forward": rec(F, ip6(ECHO, FAR)) + rec(F, ip6(ECHO, "2001:db8::99")) + rec(F | TIME, ip6(ECHO, FAR, hlim=1)),
    "toobig": rec(F, ip6(quoted(2, 0, 1300))),
    "unreach": rec(F, ip6(quoted(1, 4, 0))),
    "mld_general": rec(F | TIME, mld(b"\3\xe8\0\0" + addr("::") + b"\2\x7d\0\0")),
    "mld_group": rec(F | TIME, mld(b"\3\xe8\0\0" + addr("ff0e::7") + b"\2\x7d\0\0")),
    "mld_sources": rec(F | TIME, mld(b"\3\xe8\0\0" + addr("ff0e::7") + b"\2\x7d\0\2" + addr(PEER) + addr(FAR))),
    "mld_v1": rec(F | TIME, mld(b"\3\xe8\0\0" + addr("::"))) + rec(F, mld(b"\0\0\0\0" + addr("ff0e::7"), 131)) +
    rec(F, mld(b"\0\0\0\0" + addr("ff0e::7"), 132)),
    "mld_report": rec(F, mld(b"\0\0\0\1\4\0\0\0" + addr("ff0e::7"), 143)),
    "loop": rec(F | LOOP, ip6(ECHO, "::1", "::1")) + rec(F | LOOP | SPLIT | SHARED, ip6(ECHO, "fe80::1", "fe80::1")),
}

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", "fuzz_ip6")
os.makedirs(here, exist_ok=True)
for name, data in SEEDS.items():
    for forward in (0, 1):
        with open(os.path.join(here, name + ("_router" if forward else "")), "wb") as f:
            f.write(bytes([forward]) + data)
