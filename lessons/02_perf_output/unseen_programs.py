#!/usr/bin/python3
# /bin/true を 3 とおりに起動する（x86-64） / start /bin/true in three ways
import ctypes
import mmap
import os
import struct


def execve():
    os.execv("/bin/true", ["true"])


def execveat():
    os.execve(os.open("/bin/true", os.O_RDONLY), ["true"], {})


# 32 ビットのシステムコールで呼ぶ / call it by the 32-bit system call
def execve_32_bit():
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40  # MAP_32BIT
    rights = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
    page = mmap.mmap(-1, 4096, flags, rights)
    name = ctypes.addressof(ctypes.c_char.from_buffer(page))
    page[:10] = b"/bin/true\0"
    page[16:24] = struct.pack("<II", name, 0)
    # mov eax, 11; mov ebx, name; mov ecx, argv; xor edx, edx; int 0x80
    page[32:51] = struct.pack(
        "<BIBIBI4s", 0xB8, 11, 0xBB, name, 0xB9, name + 16, b"\x31\xd2\xcd\x80"
    )
    ctypes.CFUNCTYPE(None)(name + 32)()


for start in (execve, execveat, execve_32_bit):
    pid = os.fork()
    if pid == 0:
        start()
    _, status = os.waitpid(pid, 0)
    print(pid, start.__name__, "status", status)
