#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# fuzz_bpf_seeds.py DIR: programs as filter compilers make them, with a packet behind each.
import os
import struct
import sys

PACKET = bytes.fromhex(
    "0200000000020200000000010800450000280001000040110000c0a80001c0a80002"
    "003500350014000061626364656667686970")
ANC = 0xFFFFF000
SEEDS = {
    "udp_port": [(0x28, 0, 0, 12), (0x15, 0, 8, 0x800), (0x30, 0, 0, 23), (0x15, 0, 6, 17), (0x28, 0, 0, 20), (0x45, 4, 0, 0x1FFF),
                 (0xB1, 0, 0, 14), (0x48, 0, 0, 16), (0x15, 0, 1, 53), (6, 0, 0, 262144), (6, 0, 0, 0)],
    "vlan": [(0x30, 0, 0, ANC + 48), (0x15, 0, 3, 1), (0x30, 0, 0, ANC + 44), (0x54, 0, 0, 0xFFF), (0x15, 1, 0, 7), (6, 0, 0, 0), (6, 0, 0, 65535)],
    "scratch": [(0x80, 0, 0, 0), (2, 0, 0, 3), (0x61, 0, 0, 3), (0x0C, 0, 0, 0), (0x3C, 0, 0, 0), (0x9C, 0, 0, 0), (0x16, 0, 0, 0)],
    "regions": [(0x28, 0, 0, 0xFFF00000), (0x07, 0, 0, 0), (0x30, 0, 0, 0xFFE00000), (0xA8, 0, 0, ANC), (0x40, 0, 0, 2), (0x16, 0, 0, 0)],
    "unwritten": [(0x60, 0, 0, 0), (0x16, 0, 0, 0)],
    "backward": [(0x05, 0, 0, 0xFFFFFFFF), (6, 0, 0, 1)],
}
# fuzz_bpf.c: the code is an index there, and the program is eight times as long
MEND = 0x80
SEEDS_MENDED = {
    "mended": [(6, 0, 0, 3), (13, 0, 0, 5), (36, 0, 0, 90), (0, 0, 0, 2), (15, 0, 0, 1), (13, 0, 0, 1), (37, 3, 60, 7), (7, 0, 0, 1), (45, 0, 0, 0), (7, 0, 0, 5)],
    "mended_unwritten": [(37, 0, 2, 0), (36, 0, 0, 600), (13, 0, 0, 4), (7, 0, 0, 4)],
}
for first, seeds in (0, SEEDS), (MEND, SEEDS_MENDED):
    for name, program in seeds.items():
        with open(os.path.join(sys.argv[1], name), "wb") as f:
            f.write(bytes([first | len(program), 20]) + b"".join(struct.pack("<HBBI", *i) for i in program) + PACKET)
