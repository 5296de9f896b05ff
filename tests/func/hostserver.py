#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Services on an address of the host, for links to it: hostserver.py ADDRESS FILE.

Writes "http PORT", "echo PORT", "sink PORT", "udp PORT", "closed PORT" into FILE, and serves until it is killed.
http: GET /bytes/N gives N bytes, else "hello from ADDRESS:PORT" of the client; echo: what comes, and an end of file after an end of file;
sink: counts until an end of file, then says how many; udp: echo; closed: nobody listens there.
"""
import asyncio
import os
import socket
import sys

address, path = sys.argv[1:3]
family = socket.AF_INET6 if ":" in address else socket.AF_INET


async def http(reader, writer):
    request = await reader.readuntil(b"\r\n\r\n")
    what = request.split()[1].decode()
    if what.startswith("/bytes/"):
        body = bytes(int(what[7:]))
    else:
        body = ("hello %s:%d\n" % writer.get_extra_info("peername")[:2]).encode()
    writer.write(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    await writer.drain()
    writer.close()


async def echo(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except ConnectionError:
        pass
    writer.close()


async def sink(reader, writer):
    count = 0
    while data := await reader.read(65536):
        count += len(data)
    writer.write(b"%d\n" % count)
    await writer.drain()
    writer.close()


class Udp(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.transport.sendto(data, addr)


async def main():
    loop = asyncio.get_running_loop()
    lines = []
    for name, fn in ("http", http), ("echo", echo), ("sink", sink):
        server = await asyncio.start_server(fn, address, 0, family=family, backlog=2048)
        lines.append("%s %d" % (name, server.sockets[0].getsockname()[1]))
    transport, _ = await loop.create_datagram_endpoint(Udp, local_addr=(address, 0), family=family)
    lines.append("udp %d" % transport.get_extra_info("sockname")[1])
    closed = socket.socket(family, socket.SOCK_STREAM)
    closed.bind((address, 0))  # and never listens
    lines.append("closed %d" % closed.getsockname()[1])
    with open(path + ".new", "w") as f:
        f.write("\n".join(lines) + "\n")
    os.rename(path + ".new", path)
    await asyncio.Event().wait()


asyncio.run(main())
