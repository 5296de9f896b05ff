#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seed corpus of fuzz_rtsock: what route(8) would write, one file per kind of route."""
import os
import socket
import struct

ADD, DELETE, CHANGE, GET, RAW = 0, 1, 2, 3, 128
DST, GATEWAY, NETMASK, IFP, IFA = 1, 2, 4, 0x10, 0x20
F_GATEWAY, F_REJECT, F_BLACKHOLE = 2, 8, 0x1000
INET, LINK, INET6 = 2, 18, 28


def addr(text):
    family, raw = (INET6, socket.AF_INET6) if ":" in text else (INET, socket.AF_INET)
    return struct.pack("<BxHI16s", family, 0, 0, socket.inet_pton(raw, text))


def link(name="", index=0):
    return struct.pack("<BxHI16s", LINK, 0, index, name.encode())


def rec(kind, mask, *addrs, flags=0, fib=0, mtu=0, weight=0, metric=0):
    # the flags travel in the place of the pid
    body = struct.pack("<IIIIIIIIQQ", flags, 7, 0, fib, mtu, weight, metric, 3, 0, 0) + b"".join(addrs)
    return struct.pack("<BBB", kind, mask, len(body)) + body


NET = addr("198.51.100.0"), addr("255.255.255.0")
VIA = rec(ADD, DST | GATEWAY | NETMASK, NET[0], addr("192.0.2.254"), NET[1], flags=F_GATEWAY, metric=4)
VIA2 = rec(ADD, DST | GATEWAY | NETMASK, NET[0], addr("192.0.2.253"), NET[1], flags=F_GATEWAY, metric=4, weight=3)
GONE = rec(DELETE, DST | NETMASK, *NET)
SEEDS = {
    "via": VIA + rec(GET, DST, addr("198.51.100.7")) + GONE + GONE,
    "paths": VIA + VIA + VIA2 + rec(GET, DST | NETMASK, *NET) + rec(CHANGE, DST | NETMASK, *NET, mtu=1400) + GONE,
    "link": rec(ADD, DST | GATEWAY, addr("203.0.113.1"), link("epair0a")) + rec(ADD, DST | IFP | IFA, addr("203.0.113.2"), link(index=2), addr("192.0.2.1")),
    "six": rec(ADD, DST | GATEWAY | NETMASK, addr("2001:db8:1::"), addr("2001:db8::2"), addr("ffff:ffff:ffff::"), flags=F_GATEWAY) +
    rec(GET, DST, addr("2001:db8:1::9")),
    "nowhere": rec(ADD, DST, addr("203.0.113.1"), flags=F_REJECT) + rec(ADD, DST, addr("203.0.113.1"), flags=F_BLACKHOLE, fib=1),
    "bad": rec(ADD, DST | NETMASK, addr("203.0.113.1"), addr("255.0.255.0")) + rec(ADD, DST | NETMASK, addr("203.0.113.1"), addr("ffff::")) +
    rec(ADD, DST, link("lo0")) + rec(ADD, DST | IFP, addr("203.0.113.1"), link("none0")) + rec(ADD, DST, addr("203.0.113.1"), fib=2),
    "own": rec(DELETE, DST, addr("192.0.2.1")) + rec(DELETE, DST | NETMASK, addr("192.0.2.0"), addr("255.255.255.0")) +
    rec(CHANGE, DST | GATEWAY, addr("192.0.2.1"), addr("192.0.2.9"), flags=F_GATEWAY),
    "raw": struct.pack("<BBB", RAW, 0, 88) + struct.pack("<HBBIIIIIIIIIIIQQ", 88, 1, 4, 0, 0, DST, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0) + addr("192.0.2.1") +
    struct.pack("<BBB", RAW, 0, 4) + struct.pack("<HBB", 4, 1, 4),
}

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", "fuzz_rtsock")
os.makedirs(here, exist_ok=True)
for name, data in SEEDS.items():
    with open(os.path.join(here, name), "wb") as f:
        f.write(data)
