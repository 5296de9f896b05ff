# SPDX-License-Identifier: BSD-2-Clause
"""terminal.py COMMAND...: runs a command on a new terminal and converses with it.

Standard input says how, a line each:
    expect REGEX    read on until it matches what came since the last match (10 s)
    send TEXT       type it; Python's escapes are known
    size ROWS COLS  resize the terminal
    kill SIGNAL     to the command
At the end of the lines waits for the command, prints everything that came, and exits with its status (128 + signal).
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

script = [line.rstrip("\n").split(" ", 1) for line in sys.stdin if line.strip()]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
seen, mark = b"", 0


def fail(why):
    sys.stdout.buffer.write(seen)
    os.kill(pid, signal.SIGKILL)
    sys.exit(f"terminal.py: {why}")


def more(until):
    global seen
    if not select.select([fd], [], [], max(0, until - time.monotonic()))[0]:
        return False
    try:
        data = os.read(fd, 65536)
    except OSError:
        data = b""
    seen += data
    return bool(data)


def expect(regex):
    global mark
    until = time.monotonic() + 10
    while not (m := re.search(regex.encode(), seen[mark:], re.S)):
        if not more(until):
            fail(f"no {regex}")
    mark += m.end()


for word, rest in script:
    if word == "expect":
        expect(rest)
    elif word == "send":
        os.write(fd, rest.encode().decode("unicode_escape").encode())
    elif word == "size":
        rows, cols = map(int, rest.split())
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
    elif word == "kill":
        os.kill(pid, getattr(signal, "SIG" + rest))
end = time.monotonic() + 10
while more(end):
    pass
if time.monotonic() >= end:
    fail("no end")
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.stdout.buffer.write(seen)
sys.exit(status if status >= 0 else 128 - status)
