#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# The records that are held, or saved in a file, as Python dictionaries.
import ctypes
import json
import sys

lib = ctypes.CDLL("liboomtrace.so.1")
lib.oomtrace_new.restype = ctypes.c_void_p
lib.oomtrace_error.restype = ctypes.c_char_p
handle = ctypes.c_void_p(lib.oomtrace_new())
record = ctypes.c_void_p()
text = ctypes.create_string_buffer(16384)


def check(ret):
    if ret < 0:
        sys.exit(lib.oomtrace_error(handle).decode(errors="replace"))
    return ret


def records(path=None):
    check(lib.oomtrace_open(handle, path and path.encode(), 0))
    while check(lib.oomtrace_next(handle, ctypes.byref(record))):
        lib.oomtrace_json(record, text, len(text))
        yield json.loads(text.value)


for r in records(*sys.argv[1:]):
    print(r["type"], r.get("comm", "-"), r.get("pages", r.get("points", "-")))
