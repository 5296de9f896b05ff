#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""fuzz_files_seeds.py DIR: the first inputs of fuzz_files."""
import os
import sys

WALK, OPEN, READ, WRITE, CLOSE, FORGET, POLL, SEEK, SIGNAL, ODD, LINK, LOG = range(12)
SYS, CLASS, KMSG = 0, 16, 32
CREATE, DESTROY, RENAME, DESCRIBE, UP = range(5)
RDWR, TRUNC, USER, NONBLOCK, PAGE = 2, 4, 8, 16, 32


def word(text):
    text = text.encode() if isinstance(text, str) else text
    return bytes([0xC0 | len(text)]) + text


def walk(fs, slot, path):
    return bytes([WALK, fs | slot]) + b"".join(word(p) for p in path.split("/") if p) + b"\xff"


def at(offset):
    return b"\0" if offset is None else bytes([0x80 | offset]) if offset < 64 else b"\xc7" + offset.to_bytes(8, "little")


def opened(slot, handle, flags=0):
    return bytes([OPEN, slot, handle, flags])


def read(handle, offset=None, size=255, flags=0):
    return bytes([READ, handle]) + at(offset) + bytes([flags, size])


def write(handle, text, offset=None, flags=0):
    return bytes([WRITE, handle]) + at(offset) + word(text) + bytes([flags])


def close(handle):
    return bytes([CLOSE, handle])


def link(what, name, to=""):
    return bytes([LINK, what]) + word(name) + word(to)


def show(fs, *paths):
    return b"".join(walk(fs, 0, p) + opened(0, 0) + read(0) + read(0) + close(0) for p in paths)


SEEDS = {
    "proc": show(SYS, *(".proc/" + n for n in "arp dev dev_mcast icmp icmp6 if_inet6 igmp".split())),
    "proc2": show(SYS, *(".proc/" + n for n in "igmp6 ipv6_route mcfilter mcfilter6 netlink netstat packet".split())),
    "proc3": show(SYS, *(".proc/" + n for n in "raw raw6 route rt_cache snmp snmp6 sockstat sockstat6".split())),
    "proc4": show(SYS, *(".proc/" + n for n in "tcp tcp6 udp udp6 udplite udplite6 none".split())),
    "dirs": show(SYS, "", "ipv4", "ipv6/conf", "ipv6/conf/lo0", ".proc", "ipv4/neigh", "core"),
    "class": show(CLASS, "", "lo0", "lo0/statistics", "epair0a/address", "epair0a/ifalias", "epair0a/carrier"),
    "class2": show(CLASS, "lo0/flags", "lo0/type", "lo0/operstate", "lo0/uevent", "lo0/statistics/rx_bytes", "epair0a/speed"),
    "seekdir": walk(SYS, 1, "ipv4") + opened(1, 1) + read(1, 0, 8) + read(1, 1) + read(1, 24) + read(1, 1 << 62) + read(1) + close(1),
    "write": walk(SYS, 1, "ipv4/ip_forward") + opened(1, 1, RDWR | TRUNC) + write(1, "1\n") + read(1, 0) + write(1, "x", 1) + write(1, "2", None, USER) + close(1),
    "rename": walk(SYS, 1, "ipv6/conf/epair0a/mtu") + opened(1, 1, RDWR) + read(1, 0) + link(RENAME, "epair0a", "eth0.5") + write(1, "1400") + read(1, 0) +
    walk(SYS, 2, "ipv6/conf/eth0.5/mtu") + opened(2, 2, RDWR) + write(2, "1400\n") + link(DESTROY, "eth0.5") + read(2, 0) + bytes([FORGET, 1, FORGET, 0x82]),
    "alias": link(CREATE, "bridge") + link(DESCRIBE, "bridge0", "a b") + link(UP, "bridge0") + show(CLASS, "bridge0/ifalias", "bridge0/carrier"),
    "kmsg": opened(15, 1, RDWR) + bytes([LOG]) + word("hello") + read(1, None, 255, NONBLOCK) + write(1, "<14>abc\ndef") + read(1, None, 255, NONBLOCK) + read(1, None, 255, NONBLOCK) + read(1, None, 255, 0) + read(1, None, 255, 0) + bytes([POLL, 1, 1, SIGNAL]) +
    bytes([LOG]) + word("more") + bytes([SEEK, 1, 0x80, 1]) + read(1, 1 << 41) + close(1),
    "wait": walk(SYS, 1, ".proc/tcp") + opened(1, 1) + read(1, 0, 255, NONBLOCK) + read(1, 10, 255, NONBLOCK) + read(1, 0) + close(1) + opened(1, 1) + read(1, 0, 255, NONBLOCK),
    "odd": walk(SYS, 1, "ipv4") + b"".join(bytes([ODD, 1, op, 1, 0]) for op in (3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 16, 21, 35, 45)),
}

for name, data in SEEDS.items():
    with open(os.path.join(sys.argv[1], name), "wb") as f:
        f.write(data)
