#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""fuzz_unat_seeds.py DIR: what clients and programs send."""
import os
import struct
import sys

DHCP, ECHO, QUOTE, SIX = 0, 1, 2, 0x80


def dhcp(kind, *options):
    head = struct.pack("!BBBBIHH", 1, 1, 6, 0, 0x12345678, 0, 0x8000) + bytes(16) + b"\2\0\0\0\0\1".ljust(16, b"\0") + bytes(192) + b"\x63\x82\x53\x63"
    return bytes([DHCP, 16, 0]) + head + bytes([53, 1, kind]) + b"".join(bytes([o, len(v)]) + v for o, v in options) + b"\xff"


SYN = struct.pack("!HHIIBBHHH", 40000, 80, 1, 0, 0x50, 2, 65535, 0, 0)
SEEDS = {
    "discover": dhcp(1, (12, b"host"), (55, b"\1\3\6")),
    "request": dhcp(3, (50, b"\x0a\0\2\x0f"), (54, b"\x0a\0\2\2")),
    "other": dhcp(3, (50, b"\x0a\0\2\x63")),
    "renew": dhcp(3)[:15] + b"\x0a\0\2\x0f" + dhcp(3)[19:],
    "inform": dhcp(8, (0, b"")),
    "cut": dhcp(1)[:-2] + b"\x37\x20\1",
    "echo": bytes([ECHO, 16, 0]) + b"\x08\0\0\0\0\1\0\1" + b"\x40" + b"\x08\x08\x08\x08" + bytes(30),
    "echo_near": bytes([ECHO, 16, 0]) + b"\x08\0\0\0\0\1\0\1" + b"\x01" + b"\x0a\0\2\2" + bytes(30),
    "echo6": bytes([ECHO, 16 | SIX, 0]) + b"\x80\0\0\0\0\1\0\1" + b"\x40" + b"\x20\1\x0d\xb8" + bytes(30),
    "solicit": bytes([ECHO, 16 | SIX, 0]) + b"\x85\0\0\0" + bytes(12),
    "refused": bytes([QUOTE, 16, 111]) + b"\0" * 20 + SYN + bytes(40),
    "prohibited": bytes([QUOTE, 16 | SIX, 13]) + b"\x60" + bytes(39) + SYN,
    "options": bytes([QUOTE, 16, 101]) + b"\x0a" * 60 + SYN,
}
for name, data in SEEDS.items():
    with open(os.path.join(sys.argv[1], name), "wb") as f:
        f.write(data)
