# SPDX-License-Identifier: BSD-2-Clause
"""machine.py stream|dgram ADDRESS [LOCAL]: a machine as QEMU's -netdev stream and -netdev dgram connect it, for wires.

It answers ARP and pings for 10.0.0.9.  The stream's frames have four bytes of length in front.  ADDRESS is the wire's socket: a path or
host:port; LOCAL, for datagrams, is the machine's own.  machine.py spoil ADDRESS speaks to it as nobody should; machine.py flood ADDRESS sends
as much as it can for a second and never reads.
"""
import os
import socket
import struct
import sys
import time

MAC, IP = bytes.fromhex('525400123456'), bytes([10, 0, 0, 9])


def address(text):
    if '/' in text:
        return socket.AF_UNIX, text
    host, port = text.rsplit(':', 1)
    return socket.AF_INET, (host, int(port))


def connect(text):
    family, sa = address(text)
    s = socket.socket(family, socket.SOCK_STREAM)
    s.connect(sa)
    return s


def cksum(b):
    b += b'\0' * (len(b) % 2)
    s = sum(struct.unpack(f'!{len(b) // 2}H', b))
    while s > 0xffff:
        s = (s & 0xffff) + (s >> 16)
    return s ^ 0xffff


def answer(f):
    """The frame that the machine sends for one it got; None: none."""
    if f[12:14] == b'\x08\x06' and f[20:22] == b'\0\1' and f[38:42] == IP:
        return f[6:12] + MAC + f[12:20] + b'\0\2' + MAC + IP + f[22:32]
    if f[12:14] == b'\x08\0' and f[23] == 1 and f[30:34] == IP and f[34] == 8:
        n = int.from_bytes(f[16:18], 'big')
        icmp = b'\0\0\0\0' + f[38:14 + n]
        icmp = icmp[:2] + struct.pack('!H', cksum(icmp)) + icmp[4:]
        return f[6:12] + MAC + f[12:26] + IP + f[26:30] + icmp if f[14] == 0x45 else None
    return None


def exactly(s, n):
    b = b''
    while len(b) < n:
        more = s.recv(n - len(b))
        if not more:
            sys.exit(0)
        b += more
    return b


def stream(s):
    while True:
        reply = answer(exactly(s, int.from_bytes(exactly(s, 4), 'big')))
        if reply:
            s.sendall(struct.pack('!I', len(reply)) + reply)


def dgram(remote, local):
    family, sa = address(local)
    s = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_UNIX and os.path.exists(sa):
        os.unlink(sa)
    s.bind(sa)
    while True:
        reply = answer(s.recv(70000))
        if reply:
            s.sendto(reply, address(remote)[1])


def spoil(text):
    """Each must be hung up on, or thrown away; the last is a frame of no sense at all in good form."""
    for bad in (b'\0\0\0\0', b'\xff\xff\xff\xff' + b'x' * 5000, b'\0\1\0\x12', b'GET / HTTP/1.0\r\n\r\n', struct.pack('!I', 60) + b'z' * 60 + b'\0\0\0\0'):
        for _ in range(500):            # it may still be busy with the one before
            s = connect(text)
            s.settimeout(10)
            try:
                s.sendall(struct.pack('!I', 42) + MAC * 7 + bad)
                got = b''
                while more := s.recv(65536):
                    got += more
            except (BrokenPipeError, ConnectionResetError):
                pass
            if got:
                break
            time.sleep(0.01)
        else:
            sys.exit(f'{bad[:8]!r}: never had a turn')
    s = connect(text)
    s.sendall(struct.pack('!I', 60) + b'half')
    print('hung up on')


def flood(text):
    s = connect(text)
    s.settimeout(1)
    frame = b'\xff' * 6 + MAC + b'\x08\0' + b'E' * 1400
    many = (struct.pack('!I', len(frame)) + frame) * 40
    end, n = time.monotonic() + 1, 0
    while time.monotonic() < end:
        s.sendall(many)
        n += 40
    print(n, 'frames')


if __name__ == '__main__':
    if sys.argv[1] == 'stream':
        stream(connect(sys.argv[2]))
    elif sys.argv[1] == 'dgram':
        dgram(sys.argv[2], sys.argv[3])
    elif sys.argv[1] == 'spoil':
        spoil(sys.argv[2])
    else:
        flood(sys.argv[2])
