"""bpf_busy.py SECONDS: runs a BPF program of the name busy_filter, loaded by bpf(2) alone, over and
over by BPF_PROG_TEST_RUN.  Ends with 77 where that is refused."""
import ctypes
import os
import struct
import sys
import time

PROG_LOAD, TEST_RUN, SOCKET_FILTER, SYSCALL = 5, 10, 1, 321
LOOPS, REPEAT = 2000, 2000


def instruction(code, destination=0, source=0, offset=0, immediate=0):
    return struct.pack("<BBhi", code, source << 4 | destination, offset, immediate)


PROGRAM = b"".join([
    instruction(0xb7, 0),                   # r0 = 0
    instruction(0xb7, 6),                   # r6 = 0
    instruction(0x07, 6, immediate=1),      # again: r6 += 1
    instruction(0xaf, 0, 6),                # r0 ^= r6
    instruction(0xa5, 6, offset=-3, immediate=LOOPS),  # if r6 < LOOPS goto again
    instruction(0x95),                      # exit
])


def bpf(command, attributes):
    libc = ctypes.CDLL(None, use_errno=True)
    room = ctypes.create_string_buffer(attributes, 128)
    result = libc.syscall(SYSCALL, command, room, 128)
    if result < 0:
        print("bpf(2):", os.strerror(ctypes.get_errno()), file=sys.stderr)
        sys.exit(77)
    return result


def main():
    code, license_text = ctypes.create_string_buffer(PROGRAM), ctypes.create_string_buffer(b"GPL")
    data = ctypes.create_string_buffer(64)
    program = bpf(PROG_LOAD, struct.pack(
        "<IIQQIIQII16s", SOCKET_FILTER, len(PROGRAM) // 8, ctypes.addressof(code),
        ctypes.addressof(license_text), 0, 0, 0, 0, 0, b"busy_filter"))
    end = time.monotonic() + float(sys.argv[1])
    while time.monotonic() < end:
        bpf(TEST_RUN, struct.pack("<IIIIQQII", program, 0, 64, 0, ctypes.addressof(data), 0,
                                  REPEAT, 0))


main()
