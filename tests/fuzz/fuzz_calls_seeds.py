#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""fuzz_calls_seeds.py DIR: the first inputs of fuzz_calls, one small program each."""
import os
import struct
import sys

NUMBERS = ("socket setsockopt getsockopt ioctl bind connect sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg listen accept accept4 shutdown getsockname getpeername "
           "mmap syslog").split()
CALL, WRITE, READ, CLOSE, COPY, TIME, RING = range(7)
LOST, FULL, USER, AGAIN = 1, 2, 4, 8
BASE = 0x10000


def arg(a):
    if isinstance(a, str):                  # "f3": a slot's descriptor; "m2": memory, 16 bytes each
        return bytes([(0x40 if a[0] == "f" else 0x60) + int(a[1:])])
    if a == -1:
        return b"\x88"
    if 0 <= a < 0x40:
        return bytes([a])
    n = (a.bit_length() + 7) // 8
    return bytes([0x80 + n - 1]) + a.to_bytes(n, "little")


def call(name, *args, mem=b"", flags=0):
    args += (0,) * (6 - len(args))
    return bytes([CALL, NUMBERS.index(name), flags]) + b"".join(map(arg, args)) + bytes([len(mem)]) + mem


def write(slot, data):
    return bytes([WRITE, slot, len(data)]) + data


def sin(port, addr=b"\x7f\0\0\1"):
    return struct.pack("<H", 2) + struct.pack("!H", port) + addr + bytes(8)


def sin6(port, addr=bytes(15) + b"\1"):
    return struct.pack("<H", 10) + struct.pack("!HI", port, 0) + addr + struct.pack("<I", 0)


def sll(proto, index, addr=b"\xff" * 6):
    return struct.pack("<H", 17) + struct.pack("!H", proto) + struct.pack("<iHBB", index, 1, 0, len(addr)) + addr.ljust(8, b"\0")


def cmsg(level, kind, data):
    return (struct.pack("<QII", 16 + len(data), level, kind) + data).ljust((16 + len(data) + 7) // 8 * 8, b"\0")


def msg(name=b"", data=b"hello", control=b""):
    """struct msghdr at BASE, one vector, the name at 80, control behind, data last."""
    at = 80
    parts = b""
    places = []
    for part in (name, control, data):
        places.append(BASE + at + len(parts))
        parts += part.ljust((len(part) + 7) // 8 * 8, b"\0")
    head = struct.pack("<QIIQQQQII", places[0] if name else 0, len(name), 0, BASE + 64, 1, places[1] if control else 0, len(control), 0, 0)
    return head.ljust(64, b"\0") + struct.pack("<QQ", places[2], len(data)) + parts


def ifreq(name, data=b""):
    return name.encode().ljust(16, b"\0") + data.ljust(24, b"\0")


TCP, UDP, UDP6, RAW, PACKET = (call("socket", 2, 1), call("socket", 2, 2), call("socket", 10, 2), call("socket", 2, 3, 1), call("socket", 17, 3, 0x0300))
SERVER = TCP + call("bind", "f0", "m0", 16, mem=sin(80)) + call("listen", "f0", 5)
CLIENT = call("socket", 2, 1 | 0x800) + call("connect", "f1", "m0", 16, mem=sin(80))
BOUND = UDP + call("bind", "f0", "m0", 16, mem=sin(53))
TUN = call("ioctl", "f15", 0x400454CA, "m0", mem=ifreq("tun0", struct.pack("<H", 0x5001)))
FRAME = b"\xff" * 6 + b"\2\0\0\0\0\1" + b"\x08\0" + bytes.fromhex("4500001c00010000401100007f0000017f0000010035003500080000")
RING2 = struct.pack("<IIII", 4096, 4, 2048, 8)
RING3 = struct.pack("<IIIIIII", 4096, 4, 2048, 8, 10, 0, 0)
SIOCGIF = [0x8910, 0x8912, 0x8913, 0x8915, 0x8917, 0x8919, 0x891B, 0x891D, 0x8921, 0x8927, 0x8933, 0x8942, 0x8946, 0x8970]
SEEDS = {
    "tcp": SERVER + CLIENT + call("accept4", "f0", "m0", "m2", 0, mem=b"\0" * 32 + b"\x10\0\0\0") + write(1, b"GET /\r\n") + bytes([READ, 2]) +
    call("getpeername", "f1", "m0", "m2", mem=b"\0" * 32 + b"\x10\0\0\0") + call("shutdown", "f2", 1) + bytes([CLOSE, 1]) + bytes([TIME, 200]),
    "lost": SERVER + CLIENT + call("accept", "f0", 0, 0, flags=LOST) + call("accept", "f0", 0, 0, flags=AGAIN) + call("socket", 2, 2, flags=LOST) +
    call("socket", 2, 2, flags=FULL),
    "wait": SERVER + call("accept", "f0", 0, 0) + CLIENT + UDP + call("recvmsg", "f2", "m0", 0, mem=msg()) + call("sendto", "f2", "m0", 5, 0, "m1", 16, mem=b"x" * 16 + sin(9)),
    "udp": BOUND + call("socket", 2, 2) + call("sendto", "f1", "m0", 5, 0, "m1", 16, mem=b"hello".ljust(16, b"\0") + sin(53)) +
    call("recvfrom", "f0", "m0", 100, 0, "m8", "m10", mem=bytes(160) + b"\x10\0\0\0") + call("connect", "f1", "m0", 16, mem=sin(53)) + write(1, b"again") + bytes([READ, 0]),
    "sendmsg": BOUND + call("sendmsg", "f0", "m0", 0, mem=msg(sin(53), b"hello", cmsg(0, 2, b"\x05\0\0\0") + cmsg(0, 8, struct.pack("<I", 1) + b"\x7f\0\0\1" + bytes(4)))) +
    call("setsockopt", "f0", 0, 8, "m0", 4, mem=b"\1") + call("recvmsg", "f0", "m0", 0x40, mem=msg(bytes(16), bytes(40), bytes(64))),
    "mmsg": BOUND + call("sendmmsg", "f0", "m0", 2, 0, mem=msg(sin(53))) + call("recvmmsg", "f0", "m0", 2, 0x40, 0, mem=msg(bytes(16), bytes(16), bytes(24))),
    "six": UDP6 + call("bind", "f0", "m0", 28, mem=sin6(53)) + call("sendmsg", "f0", "m0", 0, mem=msg(sin6(53), b"hi", cmsg(41, 50, bytes(15) + b"\1" + bytes(4)) + cmsg(41, 52, b"\x07\0\0\0"))) +
    call("setsockopt", "f0", 41, 49, "m0", 4, mem=b"\1") + call("recvmsg", "f0", "m0", 0x40, mem=msg(bytes(28), bytes(16), bytes(64))),
    "extensions": UDP6 + call("bind", "f0", "m0", 28, mem=sin6(53)) + b"".join(call("setsockopt", "f0", 41, name, "m0", 4, mem=b"\1") for name in (53, 56, 58, 3, 4, 5, 11, 60, 77)) +
    call("setsockopt", "f0", 41, 54, "m0", 8, mem=b"\0\0\1\4" + bytes(4)) + call("setsockopt", "f0", 41, 59, "m0", 16, mem=b"\0\1\x1e\x0c" + bytes(12)) +
    call("setsockopt", "f0", 41, 57, "m0", 24, mem=b"\0\2\4\0" + bytes(20)) + call("sendto", "f0", "m0", 5, 0, "m1", 28, mem=b"hello".ljust(16, b"\0") + sin6(53)) +
    call("getsockopt", "f0", 41, 59, "m0", "m4", mem=bytes(64) + b"\x40") + call("recvmsg", "f0", "m0", 0x40, mem=msg(bytes(28), bytes(16), bytes(96))),
    "extmsg": UDP6 + call("bind", "f0", "m0", 28, mem=sin6(53)) + call("setsockopt", "f0", 41, 58, "m0", 4, mem=b"\1") +
    call("sendmsg", "f0", "m0", 0, mem=msg(sin6(53), b"hi", cmsg(41, 54, b"\0\0\1\4" + bytes(4)) + cmsg(41, 59, bytes(8)) + cmsg(41, 11, b"\0\5\4\3"))) +
    call("recvmsg", "f0", "m0", 0x40, mem=msg(bytes(28), bytes(16), bytes(96))),
    "labels": UDP6 + call("setsockopt", "f0", 41, 33, "m0", 4, mem=b"\1") +
    call("setsockopt", "f0", 41, 32, "m0", 32, mem=bytes(15) + b"\1" + b"\0\0\x43\x21" + b"\0\1\1\0" + b"\x0a\0\x0a\0" + bytes(4)) +
    call("connect", "f0", "m0", 28, mem=struct.pack("<H", 10) + struct.pack("!HI", 53, 0x4321) + bytes(15) + b"\1" + bytes(4)) +
    call("getsockopt", "f0", 41, 32, "m0", "m4", mem=bytes(64) + b"\x20") + call("setsockopt", "f0", 41, 32, "m0", 32, mem=bytes(16) + b"\0\0\x43\x21" + b"\1" + bytes(11)),
    "rawhead": call("socket", 10, 3, 255) + call("setsockopt", "f0", 41, 22, "m0", 4, mem=b"\0") + call("sendto", "f0", "m0", 44, 0, "m3", 28, mem=(b"\x60" + bytes(47)) + sin6(0)),
    "errors": UDP + call("setsockopt", "f0", 0, 11, "m0", 4, mem=b"\1") + call("connect", "f0", "m0", 16, mem=sin(99)) + write(0, b"x") + bytes([TIME, 1]) +
    call("recvmsg", "f0", "m0", 0x2040, mem=msg(bytes(16), bytes(16), bytes(80))) + call("getsockopt", "f0", 1, 4, "m0", "m1", mem=bytes(16) + b"\4"),
    "options": TCP + b"".join(call("setsockopt", "f0", level, name, "m0", 4, mem=b"\1") + call("getsockopt", "f0", level, name, "m0", "m4", mem=bytes(64) + b"\x40")
                              for level, name in ((1, 9), (1, 13), (6, 1), (6, 2), (6, 11), (6, 13), (0, 1), (0, 2), (1, 25))),
    "md5": TCP + call("setsockopt", "f0", 6, 14, "m0", 216, mem=sin(0).ljust(128, b"\0") + b"\0\0\3\0" + bytes(4) + b"key") + call("getsockopt", "f0", 6, 26, "m0", "m14", mem=bytes(224) + b"\xf0"),
    "questions": UDP + b"".join(call("ioctl", "f0", cmd, "m0", mem=ifreq("epair0a", b"\2")) for cmd in SIOCGIF),
    "conf": UDP + call("ioctl", "f0", 0x8912, "m0", mem=struct.pack("<QQ", 120, BASE + 16)) + call("ioctl", "f0", 0x8910, "m0", mem=bytes(16) + b"\1") + call("ioctl", "f0", 0x541B, "m0"),
    "set": UDP + call("ioctl", "f0", 0x8916, "m0", mem=ifreq("epair0b", sin(0, b"\xc0\0\2\2"))) + call("ioctl", "f0", 0x891C, "m0", mem=ifreq("epair0b", sin(0, b"\xff\xff\xff\0"))) +
    call("ioctl", "f0", 0x8914, "m0", mem=ifreq("epair0b", b"\x41\0")) + call("ioctl", "f0", 0x8922, "m0", mem=ifreq("epair0b", struct.pack("<I", 1400))) +
    call("ioctl", "f0", 0x8924, "m0", mem=ifreq("epair0b", b"\1\0\2\0\0\0\0\7")) + call("ioctl", "f0", 0x8914, "m0", mem=ifreq("lo0", b"\x41"), flags=USER),
    "route": UDP + call("ioctl", "f0", 0x890B, "m0", mem=bytes(8) + sin(0, b"\x0a\0\0\0") + sin(0, b"\xc0\0\2\2") + sin(0, b"\xff\0\0\0") + b"\3\0" + bytes(70)) +
    call("ioctl", "f0", 0x8955, "m0", mem=sin(0, b"\xc0\0\2\7") + b"\1\0\2\0\0\0\0\7".ljust(16, b"\0") + struct.pack("<I", 4) + bytes(16) + b"epair0a".ljust(16, b"\0")) +
    call("ioctl", "f0", 0x8954, "m0", mem=sin(0, b"\xc0\0\2\7") + bytes(36) + b"epair0a".ljust(16, b"\0")),
    "tun": TUN + write(15, b"\0\0\x08\0" + FRAME[14:]) + call("ioctl", "f15", 0x800454D2, "m0") + call("ioctl", "f15", 0x400454CB, 1) + call("ioctl", "f15", 0x400454D0, 7) +
    call("ioctl", "f15", 0x400454D8, "m0", mem=b"\x0c") + call("socket", 2, 2) + call("ioctl", "f0", 0x8914, "m0", mem=ifreq("tun0", b"\x41")) + bytes([READ, 15]) + call("ioctl", "f15", 0x400454CB, 0),
    "tap": call("ioctl", "f15", 0x400454CA, "m0", mem=ifreq("tap%d", struct.pack("<H", 0x4002))) + call("socket", 2, 2) + call("ioctl", "f0", 0x8914, "m0", mem=ifreq("tap0", b"\x41")) +
    write(15, bytes([1, 0, 0, 0, 0, 0, 34, 0, 6, 0]) + bytes(2) + FRAME),
    "packet": PACKET + call("bind", "f0", "m0", 20, mem=sll(3, 1)) + call("sendto", "f0", "m0", 42, 0, "m3", 20, mem=FRAME.ljust(48, b"\0") + sll(0x800, 2)) +
    call("setsockopt", "f0", 263, 1, "m0", 16, mem=struct.pack("<iHH", 2, 1, 0)) + call("recvfrom", "f0", "m0", 100, 0x40, "m8", "m10", mem=bytes(160) + b"\x14") +
    call("getsockopt", "f0", 263, 6, "m0", "m4", mem=bytes(64) + b"\x08"),
    "vnethdr": PACKET + call("setsockopt", "f0", 263, 15, "m0", 4, mem=b"\1") + call("bind", "f0", "m0", 20, mem=sll(3, 2)) + write(0, b"\1\0\0\0\0\0\x22\0\6\0" + FRAME) +
    call("setsockopt", "f0", 263, 8, "m0", 4, mem=b"\1") + write(0, bytes(10) + FRAME) + bytes([READ, 0]),
    "ring2": PACKET + call("setsockopt", "f0", 263, 10, "m0", 4, mem=b"\1") + call("setsockopt", "f0", 263, 5, "m0", 16, mem=RING2) + call("mmap", 0, 16384, 3, 1, "f0", 0) +
    call("bind", "f0", "m0", 20, mem=sll(3, 1)) + UDP + call("sendto", "f2", "m0", 5, 0, "m1", 16, mem=b"x" * 16 + sin(9)) + bytes([RING, 0, 0]) +
    call("sendto", "f2", "m0", 5, 0, "m1", 16, mem=b"x" * 16 + sin(9)) + call("getsockopt", "f0", 263, 6, "m0", "m1", mem=bytes(16) + b"\x0c"),
    "ring3": PACKET + call("setsockopt", "f0", 263, 10, "m0", 4, mem=b"\2") + call("setsockopt", "f0", 263, 5, "m0", 28, mem=RING3) + call("mmap", 0, 16384, 3, 1, "f0", 0) +
    call("bind", "f0", "m0", 20, mem=sll(3, 1)) + UDP + call("sendto", "f2", "m0", 5, 0, "m1", 16, mem=b"x" * 16 + sin(9)) + bytes([RING, 1, 0]) + bytes([TIME, 20]),
    "fanout": PACKET + call("setsockopt", "f0", 263, 18, "m0", 4, mem=b"\7\0\1\0") + PACKET + call("setsockopt", "f1", 263, 18, "m0", 4, mem=b"\7\0\1\0"),
    "filter": UDP + call("setsockopt", "f0", 1, 26, "m0", 16, mem=struct.pack("<HHIQ", 1, 0, 0, BASE + 16) + struct.pack("<HBBI", 6, 0, 0, 9)) +
    call("getsockopt", "f0", 1, 26, "m0", "m4", mem=bytes(64) + b"\x08") + call("setsockopt", "f0", 1, 44, "m0", 4, mem=b"\1"),
    "netlink": call("socket", 16, 3) + call("bind", "f0", "m0", 12, mem=struct.pack("<HHII", 16, 0, 0, 1)) +
    call("sendto", "f0", "m0", 32, 0, 0, 0, mem=struct.pack("<IHHII", 32, 18, 0x301, 1, 0) + bytes(16)) + bytes([READ, 0]) + write(0, struct.pack("<IHHII", 17, 22, 0x301, 1, 0) + b"\2"),
    "groups": BOUND + call("setsockopt", "f0", 0, 35, "m0", 12, mem=b"\xe0\0\0\7" + b"\xc0\0\2\1" + bytes(4)) + call("setsockopt", "f0", 0, 48, "m0", 24, mem=b"\xe0\0\0\7" + bytes(4) + b"\1\0\0\0\1\0\0\0" + b"\xc0\0\2\2"),
    "fastopen": SERVER + call("setsockopt", "f0", 6, 23, "m0", 4, mem=b"\5") + call("socket", 2, 1 | 0x800) + call("sendto", "f1", "m0", 5, 0x20000000, "m1", 16, mem=b"hello".ljust(16, b"\0") + sin(80)),
    "cork": BOUND + call("connect", "f0", "m0", 16, mem=sin(53)) + call("setsockopt", "f0", 17, 1, "m0", 4, mem=b"\1") + call("sendmsg", "f0", "m0", 0x8000, mem=msg()) +
    call("setsockopt", "f0", 17, 1, "m0", 4, mem=b"\0") + call("setsockopt", "f0", 17, 103, "m0", 4, mem=b"\3"),
    "copies": TCP + bytes([COPY, 0]) + bytes([CLOSE, 0]) + call("bind", "f1", "m0", 16, mem=sin(7)) + call("connect", "f1", "m0", 16, mem=sin(7)) + bytes([CLOSE, 0x81]) + call("syslog", 3, "m0", 200),
    "ping": call("socket", 2, 2, 1) + call("sendto", "f0", "m0", 8, 0, "m1", 16, mem=b"\x08".ljust(16, b"\0") + sin(0)) + RAW + call("recvfrom", "f1", "m0", 100, 0x40, 0, 0) + bytes([READ, 0]),
}

for name, data in SEEDS.items():
    with open(os.path.join(sys.argv[1], name), "wb") as f:
        f.write(data)
