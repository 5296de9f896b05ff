#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""fuzz_ether_seeds.py DIR: the seeds of fuzz_ether, one file for each kind of talk."""
import os
import struct
import sys

OURS, SECOND, LONG, ASK, SPLIT, DOWN = 1, 2, 4, 8, 16, 32
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
    "cut": frame(OURS | SPLIT, arp(1, PEER, B, bytes(6), A)[:20]),
    "group": frame(0, arp(1, PEER, B, bytes(6), A), src=b"\x03\0\0\0\0\1"),
}

for name, data in SEEDS.items():
    with open(os.path.join(sys.argv[1], name), "wb") as f:
        f.write(data)
