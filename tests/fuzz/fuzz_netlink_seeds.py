#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seed corpus of fuzz_netlink: what ip(8) asks, one file per kind of request."""
import os
import socket
import struct

GROUPS, CAPACK, RAW, DIAG = 1, 2, 4, 8
HOW = {"raw": RAW, "diag": DIAG}
EXCL, DUMP, ACK = 32, 64, 128
(NEWLINK, DELLINK, GETLINK, SETLINK, NEWADDR, DELADDR, GETADDR, NEWROUTE, DELROUTE, GETROUTE,
 NEWNEIGH, DELNEIGH, GETNEIGH, NEWRULE, DELRULE, GETRULE) = range(16)
INET, INET6 = socket.AF_INET, socket.AF_INET6
A, B = 2, 3                             # epair0a, epair0b; lo0 is 1


def addr(text):
    return socket.inet_pton(INET6 if ":" in text else INET, text)


def attr(kind, data):
    if isinstance(data, int):
        data = struct.pack("<I", data)
    return struct.pack("<HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


def rec(kind, fixed, *attrs):
    body = fixed + b"".join(attrs)
    return struct.pack("<BH", kind, len(body)) + body


def link(index, flags=0, change=0):
    return struct.pack("<BxHiII", 0, 1, index, flags, change)


def ifaddr(family, plen, index, flags=0):
    return struct.pack("<BBBBi", family, plen, flags, 0, index)


def route(family, plen, table=254, kind=1, proto=3, scope=0, tos=0):
    return struct.pack("<BBBBBBBBI", family, plen, 0, tos, table, proto, scope, kind, 0)


def neigh(family, index, state=0x80):
    return struct.pack("<BxHiHBB", family, 0, index, state, 0, 0)


def rule(family, splen=0, dplen=0, table=100, action=1):
    return struct.pack("<BBBBBBBBI", family, dplen, splen, 0, table, 0, 0, action, 0)


NET = rec(NEWADDR | ACK, ifaddr(INET, 24, A), attr(2, addr("192.0.2.1")), attr(1, addr("192.0.2.1")))
NET6 = rec(NEWADDR | ACK, ifaddr(INET6, 64, A), attr(1, addr("2001:db8::1")), attr(6, struct.pack("<IIII", 1800, 3600, 0, 0)))
VIA = rec(NEWROUTE | ACK, route(INET, 8), attr(1, addr("198.51.100.0")[:1] + b"\0\0\0"), attr(5, addr("192.0.2.2")), attr(4, A), attr(6, 50))
HOP = struct.pack("<HBBi", 16, 0, 3, A) + attr(5, addr("192.0.2.2"))
MANY = rec(NEWROUTE | ACK | EXCL, route(INET, 24), attr(1, addr("203.0.113.0")), attr(9, HOP + HOP.replace(addr("192.0.2.2"), addr("192.0.2.3"))))
METRICS = rec(NEWROUTE | ACK, route(INET6, 32, table=0), attr(1, addr("2001:db8:1::")), attr(5, addr("2001:db8::2")), attr(15, 200),
              attr(8, attr(2, 1400)), attr(20, b"\1"), attr(7, addr("2001:db8::1")))
SINKS = b"".join(rec(NEWROUTE | ACK, route(INET, 32, kind=k), attr(1, bytes([10, 0, 0, k]))) for k in (6, 7, 8))
ARP = rec(NEWNEIGH | ACK, neigh(INET, A), attr(1, addr("192.0.2.9")), attr(2, b"\2\0\0\0\0\x09"))
ND = rec(NEWNEIGH | ACK, neigh(INET6, A), attr(1, addr("2001:db8::9")), attr(2, b"\2\0\0\0\0\x09"))
RULES = rec(NEWRULE | ACK, rule(INET, 24), attr(2, addr("192.0.2.0")), attr(6, 1000), attr(15, 100)) + \
    rec(NEWRULE | ACK, rule(INET6), attr(3, b"epair0a\0"), attr(10, 5), attr(16, 255), attr(6, 1001))
SHOW = b"".join(rec(k | DUMP, struct.pack("<BxHiII", f, 0, 0, 0, 0)) for k in (GETLINK, GETADDR, GETROUTE, GETNEIGH, GETRULE) for f in (0, INET, INET6))

# ss(8): a struct inet_diag_req_v2, and steps of a filter: source port 80, or a destination in 10/8 or ::ffff:0:0/96.
def diag(family, proto, ext=0xff):
    return struct.pack("<BBBBI", family, proto, ext, 0, 0xfff) + b"\0" * 48


HOST = struct.pack("<BBHBBHi", 8, 16, 24, INET, 8, 0, -1) + addr("10.0.0.0") + struct.pack("<BBH", 1, 4, 8)
CODE = struct.pack("<BBHBBH", 11, 8, 16, 0, 0, 80) + struct.pack("<BBH", 1, 4, 28) + HOST + struct.pack("<BBH", 0, 4, 4)
DIAGS = b"".join(rec(DUMP, diag(f, p)) + rec(DUMP, diag(f, p), attr(1, CODE)) for f in (INET, INET6) for p in (6, 17, 255)) + \
    rec(ACK, diag(INET6, 6)) + rec(1 | ACK, diag(INET, 6)) + rec(2 | DUMP, diag(INET, 0)) + rec(DUMP, diag(INET, 6), attr(3, 262))

SEEDS = {
    "diag": DIAGS,
    "addr": NET + NET6 + SHOW + rec(DELADDR | ACK, ifaddr(INET, 24, A), attr(2, addr("192.0.2.1"))) +
    rec(DELADDR | ACK, ifaddr(INET6, 64, A), attr(1, addr("2001:db8::1"))),
    "link": rec(SETLINK | ACK, link(A, 0, 1), attr(4, 1400), attr(1, b"\2\0\0\0\0\x77"), attr(3, b"wan0\0")) +
    rec(NEWLINK | ACK, link(B, 1, 1)) + rec(NEWLINK | ACK | EXCL, link(0), attr(3, b"v0\0"), attr(18, attr(1, b"veth\0"))) +
    rec(DELLINK | ACK, link(B)) + SHOW,
    "route": NET + NET6 + VIA + MANY + METRICS + SINKS + SHOW + rec(GETROUTE, route(INET, 32), attr(1, addr("198.51.100.7"))) +
    rec(GETROUTE, route(INET6, 128), attr(1, addr("2001:db8:1::7")), attr(4, A)) + rec(DELROUTE | ACK, route(INET, 24), attr(1, addr("203.0.113.0"))),
    "neigh": NET + NET6 + ARP + ND + SHOW + rec(GETNEIGH, neigh(INET, A), attr(1, addr("192.0.2.9"))) +
    rec(DELNEIGH | ACK, neigh(INET, A), attr(1, addr("192.0.2.9"))) + rec(DELNEIGH | ACK, neigh(INET6, A), attr(1, addr("2001:db8::9"))),
    "rule": RULES + SHOW + rec(DELRULE | ACK, rule(INET), attr(6, 1000)) + rec(DELRULE | ACK, rule(INET6), attr(3, b"epair0a\0")),
    "raw": struct.pack("<IHHII", 24, 18, 0x301, 1, 0) + b"\0" * 8 + struct.pack("<IHHII", 16, 99, 5, 2, 0),
}

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", "fuzz_netlink")
os.makedirs(here, exist_ok=True)
for name, data in SEEDS.items():
    for how in (0, GROUPS | CAPACK):
        with open(os.path.join(here, f"{name}_{how}"), "wb") as f:
            f.write(bytes([how | HOW.get(name, 0)]) + data)
