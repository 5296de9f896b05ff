# SPDX-License-Identifier: BSD-2-Clause
"""affinity.py: sched_setaffinity(2) in all its ways.

affinity.py CPU OTHER: a program whose jail has CPU alone.  Each line says what was tried and what became of it.
affinity.py i386 CPU: by i386's entry into the kernel; the processors that it has then.
affinity.py threads: threads of all sorts, until standard input ends; then the processors of all, without doubles.
"""
import ctypes
import errno
import mmap
import os
import sys
import threading

NR, NR_I386, MAP_32BIT = 203, 241, 0x40
libc = ctypes.CDLL(None, use_errno=True)


def attempt(what, pid, cpus, size=128):
    """By the bare call, as masks of any size."""
    mask = (ctypes.c_ubyte * 256)()
    for cpu in cpus:
        mask[cpu // 8] |= 1 << cpu % 8
    ctypes.set_errno(0)
    result = libc.syscall(NR, ctypes.c_long(pid), ctypes.c_size_t(size), mask)
    print(what, 'done' if result == 0 else errno.errorcode[ctypes.get_errno()], *sorted(os.sched_getaffinity(0)))


def refusals(cpu, other):
    """What the host's kernel says to who is in such a cpuset."""
    child = os.fork()
    if child == 0:
        os.read(0, 1)
        os._exit(0)
    attempt('both', 0, [cpu, other])
    attempt('all', 0, range(1024))
    attempt('larger', 0, [cpu, other], 256)
    attempt('own', os.getpid(), [cpu])
    attempt('other', 0, [other])
    attempt('none', 0, [])
    attempt('short', 0, [cpu], 0)
    attempt('child', child, [other])
    attempt('missing', 999999, [cpu])
    attempt('negative', -7, [cpu])
    result = libc.syscall(NR, ctypes.c_long(0), ctypes.c_size_t(8), ctypes.c_void_p(8))
    print('nowhere', result, errno.errorcode[ctypes.get_errno()])
    os.sched_setaffinity(child, {cpu, other})
    print('its', *sorted(os.sched_getaffinity(child)))
    os.kill(child, 9)
    os.wait()


def i386(cpu):
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + 3 * [ctypes.c_int] + [ctypes.c_long]
    where = libc.mmap(None, 8192, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_32BIT, -1, 0)
    # push rbx; mov eax, edi; mov ecx, esi; xor ebx, ebx; int 0x80; pop rbx; ret
    code = bytes.fromhex('5389f889f131dbcd805bc3')
    ctypes.memmove(where, code, len(code))
    ctypes.memmove(where + 4096, (1 << cpu).to_bytes(128, 'little'), 128)
    call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_uint, ctypes.c_uint)(where)
    print(call(NR_I386, 128, where + 4096), *sorted(os.sched_getaffinity(0)))


def threads():
    stop = threading.Event()
    for i in range(8):
        threading.Thread(target=stop.wait).start()
    print('ready', flush=True)
    sys.stdin.read()
    print(*sorted({str(sorted(os.sched_getaffinity(int(tid)))) for tid in os.listdir('/proc/self/task')}))
    stop.set()


if sys.argv[1] == 'i386':
    i386(int(sys.argv[2]))
elif sys.argv[1] == 'threads':
    threads()
else:
    refusals(int(sys.argv[1]), int(sys.argv[2]))
