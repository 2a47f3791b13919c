#!/usr/bin/python3
# まだ触れていないページにある名前で execve / execve, its name in an untouched page
import ctypes
import mmap
import tempfile

# 名前をファイルに書き，メモリに対応づける / map a file that holds the name
with tempfile.TemporaryFile() as file:
    file.write(b"/bin/true\0")
    file.flush()
    page = mmap.mmap(file.fileno(), 0)

# ページを読まずに，その場所を渡す / pass its address without reading the page
name = ctypes.addressof(ctypes.c_char.from_buffer(page))
argv = (ctypes.c_char_p * 2)(b"true", None)
ctypes.CDLL(None).execv(ctypes.c_void_p(name), argv)
