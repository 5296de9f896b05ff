# SPDX-License-Identifier: BSD-2-Clause
"""i386uname.py: what uname(2) and its two older forms say to i386 programs, by i386's entry into the kernel.

One line each: system, release and machine.
"""
import ctypes
import mmap

CALLS = (122, 65, 390), (109, 65, 325), (59, 9, 45)     # number, size of a text, of all of them
MAP_32BIT = 0x40
PAGE = 4096

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + 3 * [ctypes.c_int] + [ctypes.c_long]
where = libc.mmap(None, 2 * PAGE, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC,
                  mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_32BIT, -1, 0)
# push rbx; mov eax, edi; mov ebx, esi; int 0x80; pop rbx; ret
code = bytes.fromhex('5389f889f3cd805bc3')
ctypes.memmove(where, code, len(code))
call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_uint)(where)

for number, size, total in CALLS:
    ctypes.memset(where + PAGE, 0xff, PAGE)
    result = call(number, where + PAGE)
    if result != 0:
        print('error', -result)
        continue
    got = ctypes.string_at(where + PAGE, PAGE)
    assert got[total:] == (PAGE - total) * b'\xff', 'more was written than there is'
    print(*(got[i * size:(i + 1) * size].split(b'\0')[0].decode() for i in (0, 2, 4)))
