#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""fuzz_medium_seeds.py DIRECTORY: writes the seed corpus of fuzz_medium: streams and captures, whole and damaged."""
import pathlib
import struct
import sys

STREAM, CAPTURE = 0, 1
FRAME = bytes(range(60))


def stream(*frames):
    return b''.join(struct.pack('!I', len(f)) + f for f in frames)


def old(order, magic, *frames):
    s = struct.pack(order + 'IHHiIII', magic, 2, 4, 0, 0, 65535, 1)
    for i, f in enumerate(frames):
        s += struct.pack(order + 'IIII', i, 7, len(f), len(f) + i) + f
    return s


def block(order, kind, body):
    body += b'\0' * (-len(body) % 4)
    n = struct.pack(order + 'I', len(body) + 12)
    return struct.pack(order + 'I', kind) + n + body + n


def ng(order):
    s = block(order, 0x0a0d0d0a, struct.pack(order + 'IHHq', 0x1a2b3c4d, 1, 0, -1))
    s += block(order, 1, struct.pack(order + 'HHI', 1, 0, 0))
    s += block(order, 1, struct.pack(order + 'HHIHHBxxxI', 1, 0, 0, 9, 1, 9, 0))
    s += block(order, 1, struct.pack(order + 'HHIHHBxxxI', 101, 0, 0, 9, 1, 0x8a, 0))
    for i in range(3):
        s += block(order, 6, struct.pack(order + 'IIIII', i, 1, 2, len(FRAME), len(FRAME)) + FRAME)
    s += block(order, 3, struct.pack(order + 'I', len(FRAME)) + FRAME)
    return s + block(order, 5, b'x' * 30)


SEEDS = {
    'stream': (STREAM, 0, stream(FRAME, b'x', FRAME * 20)),
    'stream_pieces': (STREAM, 9, stream(FRAME, b'x', FRAME * 20)),
    'stream_garbage': (STREAM, 9, stream(FRAME) + b'\xff' * 20),
    'stream_none': (STREAM, 9, stream(FRAME, b'', FRAME)),
    'old_le': (CAPTURE, 3, old('<', 0xa1b2c3d4, FRAME, FRAME)),
    'old_be': (CAPTURE, 9, old('>', 0xa1b23c4d, FRAME, b'')),
    'old_cut': (CAPTURE, 9, old('<', 0xa1b2c3d4, FRAME, FRAME)[:-7]),
    'old_long': (CAPTURE, 200, old('<', 0xa1b2c3d4) + b'\xff' * 16),
    'ng_le': (CAPTURE, 5, ng('<')),
    'ng_be': (CAPTURE, 11, ng('>')),
    'ng_both': (CAPTURE, 11, ng('>') + ng('<')),
}

directory = pathlib.Path(sys.argv[1])
directory.mkdir(parents=True, exist_ok=True)
for name, (kind, piece, rest) in SEEDS.items():
    (directory / name).write_bytes(bytes([kind, piece]) + rest)
