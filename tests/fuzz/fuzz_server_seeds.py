#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""fuzz_server_seeds.py DIR: writes the first inputs of fuzz_server, one history a file."""
import os
import sys

(CLIENT, JAIL, EXEC, MEDIUM, OP, BYTES, HANGUP, INIT, SPAWNER, TIME, PEER) = range(11)
CREATE, UPDATE, HOLD, PERSIST, SHARED, ODD = (1 << i for i in range(6))
(NOSUCH, STATUS, MOUNTED, SHUTDOWN, REMOVE, FORCE, RELEASE, FIND, SETTABLE, LIST, SIGNAL, WATCH, WATCH9, EPAIR, WIRE, NOEPAIR, NOWIRE, MOVE, MOVETAP, RECLAIM, UP, DOWN, SHOWN, ADDRESS, NOADDRESS,
 HOSTNAME, SYSCTLS, LOG, PCBS, ACCOUNTS) = range(30)
J, K, JL, JM, KN, JLO, ZERO, NOBODY = range(8)
FILES, BROKEN, LISTENER, STARTED, FAILED, EXITED, EMPTY = range(1, 8)
READY, ENDS, GARBLED = 0xfd, 0xfe, 0xff
COMES, ASKS, GOES = 0xfd, 0xfe, 0xff
SECOND = (TIME, 250, 22)


def new(jail, what=PERSIST, modes=0, slot=0):
    return (JAIL, slot, CREATE | what, jail, modes, 0)


def ask(what, jail=None, slot=0):
    return (OP, slot, what, 0) if jail is None else (OP, slot, what, 0x80, jail)


def change(jail, *params, slot=0):
    return (JAIL, slot, UPDATE | PERSIST, jail, len(params), *params)


def run(jail, slot=0):
    return (EXEC, slot, jail, 0, 1)


def says(init, what, id=1, arg=0, flags=0, ino=0, fds=()):
    return (INIT, init, what, id, arg, flags, ino, 0, 0, len(fds), *fds)


def started(init, id=1):
    return (INIT, init, READY), says(init, LISTENER, id, 7, fds=(9,)), says(init, STARTED, id)


ADMIN = (CLIENT, 0, 0, ZERO)
TALKS = {
    "run": [ADMIN, new(J), run(J), *started(0), ask(SIGNAL), says(0, EXITED), says(0, EMPTY), ask(REMOVE, J, 0), (INIT, 0, ENDS)],
    "hold": [ADMIN, new(J, HOLD), run(J), *started(0), says(0, EXITED, flags=1, ino=1), (INIT, 0, ENDS)],
    "vanish": [ADMIN, new(J, HOLD), run(J), (HANGUP, 0), *started(0), says(0, EXITED, flags=1, ino=1)],
    "remove": [ADMIN, new(J), run(J), *started(0), (CLIENT, 1, 0, ZERO), ask(REMOVE, J, 1), SECOND, *[SECOND] * 10, says(0, EXITED)],
    "force": [ADMIN, new(J), new(JL), run(JL), *started(0), (CLIENT, 1, 0, ZERO), ask(FORCE, J, 1), (HANGUP, 1), (INIT, 0, ENDS)],
    "below": [ADMIN, new(J), new(JL, modes=0x0a), run(JL), (INIT, 0, READY), *started(1), ask(REMOVE, J, 0), (CLIENT, 2, 0, ZERO), ask(REMOVE, J, 2), *[SECOND] * 11],
    "mixed": [ADMIN, new(J), new(K), (EXEC, 0, J, 4, 1, 2, K, 0, 0), (INIT, 0, READY), *started(1), (CLIENT, 1, 0xc1, J, K), ask(LIST, J, 1), (CLIENT, 2, 0, ZERO), ask(REMOVE, K, 2), *[SECOND] * 11],
    "combined": [ADMIN, new(J), new(K), (EXEC, 0, J, 4, 1, 2, K, 0, 0), (INIT, 0, READY), *started(1), (CLIENT, 2, 0, ZERO), change(K, 6, slot=2), SECOND, says(1, EXITED, 1), says(1, EMPTY, 1), SECOND,
                 *[SECOND] * 3],
    "broken": [ADMIN, new(J, HOLD), run(J), says(0, BROKEN, arg=12), (CLIENT, 1, 0, ZERO), new(K, HOLD, slot=1), run(K, 1), (SPAWNER, 1, 2, 0, 0, 0, 0, 0)],
    "words": [ADMIN, new(J), run(J), (INIT, 0, FAILED, 1, 0, 0, 0, 0xf3, 27, 99, 10, 0), run(J), (INIT, 0, FAILED, 2, 0xfb, 1, 0, 0xf2, 7, 200, 0)],
    "odd": [ADMIN, new(J), run(J), *[says(0, what, 1, 3, 1, 1, fds=(8, 8)) for what in range(8)], (INIT, 0, GARBLED, 9, 0, 0, 0, 0, 0, 0), says(0, FILES, fds=(8,)), says(0, 0, fds=(8, 8, 8, 8, 8))],
    "gone": [ADMIN, new(J), run(J), *started(0), (SPAWNER, 0xff), run(J)],
    "watch": [ADMIN, ask(WATCH), (CLIENT, 1, 0, ZERO), new(J, slot=1), ask(WATCH, J, 1), (CLIENT, 2, 0, ZERO), ask(REMOVE, J, 2), (TIME, 255, 20), (CLIENT, 3, 0, ZERO), ask(WATCH9, None, 3),
              (HANGUP, 3)],
    "lost": [ADMIN, new(J), (CLIENT, 1, 0x20, J), new(JL, slot=1), ask(HOSTNAME, None, 1), ask(UP, None, 1), (EXEC, 1, J, 0, 1), *started(0), (CLIENT, 2, 0x20, ZERO), ask(STATUS, None, 2), ask(REMOVE, J, 2), SECOND],
    "told": [ADMIN, (CLIENT, 1, 0, ZERO), ask(WATCH), ask(ADDRESS, slot=1), (TIME, 255, 20), ask(WATCH9), ask(NOEPAIR, slot=1), (TIME, 255, 20), new(J, slot=1), (CLIENT, 2, 0, ZERO),
             ask(WATCH, J, 2), ask(MOVE, slot=1), (TIME, 255, 20), ask(WATCH9, J, 2), ask(RECLAIM, slot=1), (HANGUP, 2), SECOND],
    "settings": [ADMIN, new(J), run(J), *started(0), (CLIENT, 1, 0, ZERO), change(J, 0, 1, 2, 3, 4, slot=1), change(J, 5, 6, 7, slot=1), new(JL, slot=1), (CLIENT, 2, 0, ZERO), run(JL, 2), *started(1, 2),
                 change(J, 6, 2, 8, slot=1), ask(HOSTNAME, J, 1), (JAIL, 1, CREATE | ODD, K, 0, 0, 8, 8),
                 *[ask(what, J, 1) for what in (SETTABLE, LIST, PCBS, ACCOUNTS, SYSCTLS, LOG, FIND, RELEASE, STATUS, MOUNTED, NOSUCH)], SECOND, says(1, EXITED, 2), says(1, EMPTY, 2)],
    "moves": [ADMIN, new(J), new(K), (MEDIUM, 0, 0, 3, 2, 3, 1, 0), (MEDIUM, 0, 1, 2, 2, 0, 1, 3), ask(MOVE), (PEER, 0, 20, *range(40)), ask(MOVETAP), (PEER, 1, COMES), ask(RECLAIM), ask(MOVE),
              (PEER, 0, ASKS), ask(REMOVE, J), ask(UP), ask(SHOWN), ask(NOWIRE), ask(WIRE), ask(EPAIR), ask(DOWN), ask(NOADDRESS), SECOND],
    "dgram": [ADMIN, (MEDIUM, 0, 0, 3, 2, 3, 1, 0), (PEER, 0, 20, *range(40)), SECOND, (PEER, 0, 255), SECOND],
    "stream": [ADMIN, (MEDIUM, 0, 0, 2, 2, 0, 1, 3), (PEER, 0, COMES), (PEER, 1, COMES), (PEER, 0, ASKS), (PEER, 0, 2, 0, 0, 0, 60), (PEER, 0, 30, *[255] * 60), (CLIENT, 1, 0, ZERO), new(J, slot=1),
               (MEDIUM, 1, 3, 1, 2, 0, 0), SECOND, (PEER, 0, 2, 255, 255, 255, 255), (PEER, 2, COMES), (PEER, 2, ASKS), (PEER, 2, GOES), (MEDIUM, 0, 0, 7, 0, 0, 0), SECOND],
    "connect": [ADMIN, (MEDIUM, 0, 0, 1, 2, 0, 0), SECOND, (PEER, 0, ASKS), (PEER, 0, GOES), SECOND, SECOND, (PEER, 0, ASKS), (MEDIUM, 0, 0, 7, 0, 0, 0)],
    "tcp": [ADMIN, (MEDIUM, 0, 0, 1, 4, 0, 1, 7), SECOND, (PEER, 0, ASKS), (PEER, 0, GOES), SECOND, SECOND, SECOND, (PEER, 0, ASKS), (MEDIUM, 0, 0, 7, 0, 0, 0)],
    "refused": [ADMIN, (MEDIUM, 0, 0, 1, 5, 0, 1, 6), SECOND, SECOND, SECOND, (MEDIUM, 0, 1, 1, 3, 0, 0), SECOND, (MEDIUM, 0, 0, 7, 0, 0, 0)],
    "crowd": [ADMIN, *[record for i in range(7) for record in (new(J, HOLD, slot=i), run(J, i), (CLIENT, i + 1, 0, ZERO), new(K, HOLD, slot=i + 1), run(K, i + 1))]],
    "record": [ADMIN, (MEDIUM, 0, 0, 5, 6, 0, 1, 4, 0), SECOND, ask(STATUS), (MEDIUM, 0, 0, 7, 0, 0, 0)],
    "replay": [ADMIN, (MEDIUM, 0, 0, 6, 6, 0, 1, 4, 24 + 16 + 14, 0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, *[0] * 8, 255, 255, 0, 0, 1, 0, 0, 0, *[0] * 8, 14, 0, 0, 0, 14, 0, 0, 0, *[255] * 12, 8, 0), SECOND],
    "inside": [ADMIN, new(J), (CLIENT, 1, 0, J), new(JL, slot=1), run(JL, 1), ask(LIST, JL, 1), ask(REMOVE, J, 0), ask(STATUS, None, 1), *started(0), (INIT, 0, ENDS)],
    "end": [ADMIN, new(J), run(J), (CLIENT, 1, 0, ZERO), ask(SHUTDOWN, None, 1), *started(0), (INIT, 0, ENDS)],
    "bytes": [ADMIN, (BYTES, 0, 6, 0, 0, 0, 2, 0x7b, 0x7d), (BYTES, 0, 4, 255, 255, 255, 255)],
}

MODES = ("", 0), ("-root", 1), ("-two", 3)

for name, talk in TALKS.items():
    for suffix, mode in MODES:
        if mode != 0 and name not in ("run", "mixed", "moves", "told"):
            continue
        with open(os.path.join(sys.argv[1], name + suffix), "wb") as f:
            f.write(bytes([mode] + [b for record in talk for b in record]))
