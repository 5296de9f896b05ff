#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""fuzz_ether_seeds.py DIR: the seeds of fuzz_ether, one file for each kind of talk."""
import os
import struct
import sys

OURS, SECOND, LONG, ASK, SPLIT, DOWN, BRIDGE, LAGG = 1, 2, 4, 8, 16, 32, 64, 128
ALL = b"\xff" * 6
PEER = bytes.fromhex("020102030405")
A, B = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 77])


def frame(how, payload, kind=0x0806, dst=ALL, src=PEER):
    body = dst + src + struct.pack("!H", kind) + payload
    return bytes([how]) + struct.pack("!H", len(body)) + body


def arp(op, sha, spa, tha, tpa):
    return struct.pack("!HHBBH", 1, 0x800, 6, 4, op) + sha + spa + tha + tpa


def ip(proto, data, src=B, dst=A, ttl=64):
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(data), 7, 0, ttl, proto, 0) + src + dst
    total = sum(struct.unpack("!10H", head))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return head[:10] + struct.pack("!H", total ^ 0xFFFF) + head[12:] + data


ROOT = b"\x10\0\2\0\0\0\0\1"
RST = b"\x42\x42\3\0\0\2\2\x0e" + ROOT + b"\0\0\0\0" + ROOT + b"\x80\1\0\0\x14\0\2\0\x0f\0\0"
TCN = b"\x42\x42\3\0\0\0\x80"
END = b"\x14\x80\0" + PEER + b"\0\7\x80\0\0\5\x3d\0\0\0"
LACP = b"\1\1\1" + END + b"\2" + END + b"\3\x10" + bytes(66)
BPDUS, SLOW = bytes.fromhex("0180c2000000"), bytes.fromhex("0180c2000002")
ECHO = b"\x08\x00\xf7\xfd\x00\x01\x00\x01"
SEEDS = {
    "request": frame(0, arp(1, PEER, B, bytes(6), A)),
    "answer": frame(ASK, arp(2, PEER, B, bytes(6), A) + B[3:]) + frame(ASK | LONG, B[3:]),
    "announce": frame(SECOND, arp(1, PEER, B, bytes(6), B)),
    "probe": frame(0, arp(1, PEER, bytes(4), bytes(6), A)),
    "conflict": frame(OURS, arp(1, PEER, A, bytes(6), A)) * 2,
    "moved": frame(0, arp(1, PEER, B, bytes(6), A)) + frame(0, arp(2, b"\2\2\2\2\2\2", B, PEER, A)),
    "silence": frame(ASK | SECOND, b"\x63") * 7 + frame(ASK | LONG, b"\x63"),
    "echo": frame(OURS | SPLIT, ip(1, ECHO), 0x800) + frame(0, arp(2, PEER, B, bytes(6), A)),
    "udp": frame(OURS, ip(17, b"\x00\x07\x00\x07\x00\x0a\x00\x00hi"), 0x800),
    "down": frame(ASK, b"\x63") + frame(DOWN | ASK, b"\x63"),
    "length8023": frame(OURS, b"\x42\x42\x03", 3),
    "vlan": frame(OURS, b"\x00\x05\x08\x00" + ip(1, ECHO), 0x8100),
    "tags": frame(OURS, b"\x00\x2a\x81\x00\x00\x07\x08\x00" + ip(1, ECHO), 0x8100) + frame(SPLIT, b"\x60\x2a\x08\x00", 0x8100),
    "priority": frame(OURS, b"\x60\x00\x08\x00" + ip(1, ECHO), 0x8100) + frame(OURS, b"\x60\0\x81\0\0\0\x08\0" + ip(1, ECHO), 0x8100),
    "lent": frame(OURS, b"\x00\x2b\x08\x00" + ip(1, ECHO), 0x8100) + frame(SPLIT | DOWN, b"\x00\x2b\x08\x06" + arp(1, PEER, B, bytes(6), A), 0x8100),
    "bpdu": frame(BRIDGE, RST, len(RST), BPDUS) + frame(SECOND, TCN, len(TCN), BPDUS) + frame(SPLIT, RST, len(RST), BPDUS),
    "bridged": frame(BRIDGE | LONG, ip(1, ECHO), 0x800, PEER) + frame(OURS, ip(1, ECHO), 0x800) + frame(LONG, b"x", 0x88B5),
    "lacp": frame(LAGG, LACP, 0x8809, SLOW) + frame(SECOND, LACP, 0x8809, SLOW) + frame(SPLIT | LONG, LACP, 0x8809, SLOW),
    "cut": frame(OURS | SPLIT, arp(1, PEER, B, bytes(6), A)[:20]),
    "group": frame(0, arp(1, PEER, B, bytes(6), A), src=b"\x03\0\0\0\0\1"),
}

for name, data in SEEDS.items():
    with open(os.path.join(sys.argv[1], name), "wb") as f:
        f.write(data)
