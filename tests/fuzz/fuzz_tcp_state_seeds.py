#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seed corpus of fuzz_tcp_state: one file per misfortune of a connection."""
import os

SEND, RECV, SHORT, LONG, SHUT, CLOSE, OPTION, REPEAT, PLAN = 0, 4, 8, 10, 12, 14, 16, 18, 20
PASS, LOSE, DOUBLE, HOLD, FLIP, KEEP, ACK, WIN, FLAGS, OPT, SEQ, OFFSET, URGENT = range(13)


def op(code, side, a, *more):
    return bytes([code | side, a, *more])


def plan(side, fate, a=0, b=0):
    return op(PLAN, side, 0, fate, a, b)


def talk(*between):
    """Both send, something happens, both receive."""
    out = b""
    for p in between:
        out += p + op(SEND, 0, 201 if not out else 150) + op(SEND, 1, 100) + op(SHORT, 0, 40) + op(RECV, 1, 255) + op(RECV, 0, 255)
    return out + op(LONG, 0, 100) + op(RECV, 1, 255)


FATES = {
    "lost": [plan(1, LOSE), plan(0, LOSE) + plan(1, PASS) + plan(1, LOSE)],
    "doubled": [plan(1, DOUBLE), plan(0, DOUBLE)],
    "held": [plan(1, HOLD, 20), plan(1, HOLD, 5) + plan(1, HOLD, 3) + plan(0, HOLD, 200)],
    "flipped": [plan(1, FLIP, 1, 3), plan(1, FLIP, 9, 77), plan(0, FLIP, 2, 1)],
    "old": [plan(1, KEEP), op(REPEAT, 1, 0), plan(0, KEEP), op(REPEAT, 0, 0)],
    "ack": [plan(0, ACK, k, 40) for k in range(8)],
    "window": [plan(0, WIN, 0, 0), plan(0, WIN, 255, 255)],
    "flags": [plan(i & 1, FLAGS, i) for i in range(8)],
    "options": [plan(1, OPT, 1, 5), plan(0, OPT, 2, 5), plan(0, OPT, 4, 200)],
    "sequence": [plan(1, SEQ, k, 40) for k in range(8)],
    "offset": [plan(1, OFFSET, 15), plan(1, OFFSET, 5)],
    "urgent": [plan(1, URGENT, 0, 3)],
    "small": [op(OPTION, 0, 0x55, 8) + op(OPTION, 1, 0x66, 8), op(OPTION, 0, 1, 1)],
    "shut": [op(SHUT, 0, 1), op(SHUT, 1, 1)],
    "closed": [op(CLOSE, 1, 2)],
    "aborted": [op(CLOSE, 0, 1)],
}

ONCE = ("small", "shut", "closed", "aborted", "urgent", "offset", "window", "options")

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", "fuzz_tcp_state")
os.makedirs(here, exist_ok=True)
for name, between in FATES.items():
    for how in (0, 1 | 8, 1 | 2 | 4 | 16)[:1 if name in ONCE else 3]:
        with open(os.path.join(here, f"{name}_{how}"), "wb") as f:
            f.write(bytes([how]) + talk(*between))
with open(os.path.join(here, "handshake"), "wb") as f:
    f.write(bytes([1 | 2 << 5]) + bytes([LOSE, 0, 0, DOUBLE, 0, 0] * 2) + talk(b""))
