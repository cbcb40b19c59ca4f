#!/usr/bin/env python3
"""choice.py NAME_ADDRESSES: which of several possible names an address gets, in small programs that
are built for each case.  TAP."""
import pathlib
import re
import subprocess
import sys
import tempfile

from building import NAMES, chains, run, symbol

TEMPLATE = """
namespace {
template <class T, int N> inline __attribute__((always_inline)) T folded_sum(T x)
{
    T y = x;
    for (T i = 0; i < x; i += N)
        y = y * 31 + i;
    return y;
}
}
extern "C" __attribute__((noinline)) long sums(long x) { return folded_sum<long, 3>(x); }
int main(int count, char **) { return sums(count) == 0; }
"""

COLD = """
#include <stdlib.h>
__attribute__((noinline)) int work(int x)
{
    if (__builtin_expect(x == 7, 0))
        abort();
    return x * 3;
}
int main(int count, char **arguments) { return arguments && work(count) == 0; }
"""

CHOSEN_AT_START = """
static int one_way(int x) { return x * 3; }
static void *choose(void) { return one_way; }
int counted(int) __attribute__((ifunc("choose")));
int main(int count, char **arguments) { return arguments && counted(count) == 0; }
"""

# Symbols that lie over one another: functions, an object, one without a type.
OVERLAPPING = """
    .text
    .globl wide, narrow, weak_size
    .type wide, @function
    .type narrow, @function
    .type hidden, @function
    .type object, @object
    .type weak_size, @function
wide:
object:
    .skip 16, 0x90
narrow:
hidden:
    .skip 16, 0x90
label:
    .skip 16, 0x90
    .size wide, 48
    .size object, 48
    .size narrow, 16
    .size hidden, 16
weak_size:
    .skip 16, 0x90
    .globl main
    .type main, @function
main:
    ret
    .size main, 1
    .section .note.GNU-stack,"",@progbits
"""

# A call that was inlined into one of which nothing else is left: strict DWARF 2 has no lists of
# ranges, and gcc gives such a one an empty range.
EMPTY_RANGE = """
    .text
    .globl work, main
    .type work, @function
work:
    .skip 8, 0x90
inner_start:
    .skip 8, 0x90
inner_end:
    ret
work_end:
    .size work, work_end - work
main:
    ret
    .section .debug_abbrev,"",@progbits
    .uleb128 1, 0x11            # compile unit, with children
    .byte 1
    .uleb128 0x11, 1, 0x12, 1, 0, 0
    .uleb128 2, 0x2e            # function, with children
    .byte 1
    .uleb128 3, 8, 0x11, 1, 0x12, 1, 0, 0
    .uleb128 3, 0x2e            # what is inlined
    .byte 0
    .uleb128 3, 8, 0, 0
    .uleb128 4, 0x1d            # a call of it, with children
    .byte 1
    .uleb128 0x31, 0x13, 0x11, 1, 0x12, 1, 0, 0
    .uleb128 5, 0x1d            # ... without
    .byte 0
    .uleb128 0x31, 0x13, 0x11, 1, 0x12, 1, 0, 0
    .byte 0
    .section .debug_info,"",@progbits
unit:
    .long unit_end - behind_length
behind_length:
    .short 4
    .long 0
    .byte 8
    .uleb128 1
    .quad work, work_end
abstract_middle:
    .uleb128 3
    .string "middle"
abstract_inner:
    .uleb128 3
    .string "inner"
    .uleb128 2
    .string "work"
    .quad work, work_end
    .uleb128 4
    .long abstract_middle - unit
    .quad inner_start, inner_start
    .uleb128 5
    .long abstract_inner - unit
    .quad inner_start, inner_end
    .byte 0, 0, 0
unit_end:
    .section .note.GNU-stack,"",@progbits
"""


def build(source, compiler, suffix, *flags):
    directory = pathlib.Path(tempfile.mkdtemp(prefix="choice-", dir=SCRATCH))
    (directory / f"program{suffix}").write_text(source)
    run(compiler, f"program{suffix}", "-o", "program", *flags, cwd=directory)
    return directory / "program"


def names(program, addresses, *options):
    return [[name for name, _ in chain] for chain in chains(program, addresses, *options)]


def inlined_templates(option, wanted):
    program = build(TEMPLATE, "g++", ".cc", "-O2", "-g")
    found = names(program, range(*symbol(program, "sums")), *option)
    return [wanted, "sums"] in found, found


def templates():
    return inlined_templates([], "folded_sum<long int, 3>")


def short_templates():
    return inlined_templates(["--short"], "folded_sum<…>")


def cold_part():
    program = build(COLD, "gcc", ".c", "-O2")
    found = names(program, range(*symbol(program, "work.cold")))
    return found and all(chain == ["work"] for chain in found), found


def stub_of_chosen(*flags):
    """The address that main() calls: the stub of the function, which has no symbol."""
    program = build(CHOSEN_AT_START, "gcc", ".c", "-O1", *flags)
    text = run("objdump", "-d", "--no-show-raw-insn", "--disassemble=main", program)
    found = names(program, [int(address, 16) for address in re.findall(r"call\s+([0-9a-f]+)", text)])
    return found == [["counted@plt"]], found


def chosen_in_a_pie():
    return stub_of_chosen("-fPIE", "-pie")


def chosen_in_a_static_program():
    return stub_of_chosen("-static", "-no-pie")


def chosen_behind_a_landing_pad():
    return stub_of_chosen("-fPIE", "-pie", "-fcf-protection=full", "-Wl,-z,ibtplt")


def dot_as_directory():
    """A directory that says nothing is left out of paths."""
    program = build(COLD, "clang-14", ".c", "-O2", "-g", "-fdebug-compilation-dir=.")
    start, _ = symbol(program, "work")
    found = run(NAMES, program, input=f"{start:x}\n").split()
    return found[0] == "work" and found[1].startswith("program.c:"), found


def overlapping():
    """Function before object, the shorter before the longer, global before local; what has no size
    names only what nothing else covers."""
    program = build(OVERLAPPING, "gcc", ".s")
    start, _ = symbol(program, "wide")
    found = names(program, [start, start + 20, start + 36, start + 52])
    return found == [["wide"], ["narrow"], ["wide"], ["weak_size"]], found


def call_of_which_nothing_is_left():
    program = build(EMPTY_RANGE, "gcc", ".s", "-no-pie")
    start, _ = symbol(program, "work")
    found = names(program, [start, start + 8, start + 16])
    return found == [["work"], ["inner", "middle", "work"], ["work"]], found


def more_split_units_than_files_may_be_open():
    directory = pathlib.Path(tempfile.mkdtemp(prefix="choice-", dir=SCRATCH))
    units = [f"unit{i}" for i in range(24)]
    for unit in units:
        (directory / f"{unit}.c").write_text(
            f"static inline __attribute__((always_inline)) int part(int x) {{ return x * x + 7; }}\n"
            f"int {unit}(int x) {{ return part(x) ^ 3; }}\n")
    (directory / "main.c").write_text("int main(void) { return 0; }\n")
    run("gcc", "-c", "-O2", "-g", "-gsplit-dwarf", *(f"{unit}.c" for unit in units), "main.c",
        cwd=directory)
    run("gcc", *(f"{unit}.o" for unit in units), "main.o", "-o", "program", cwd=directory)
    program = directory / "program"
    starts = {unit: symbol(program, unit) for unit in units}
    text = "".join(f"{address:x}\n" for unit in units for address in range(*starts[unit]))
    answer = run("sh", "-c", 'ulimit -n 12; exec "$@"', "sh", NAMES, program, input=text)
    inlined = [unit for unit in units if re.search(rf"^part\n.*/{unit}.c:1\n{unit}$", answer, re.M)]
    return inlined == units, inlined


CASES = [more_split_units_than_files_may_be_open, call_of_which_nothing_is_left, templates, short_templates, cold_part, chosen_in_a_pie, chosen_in_a_static_program,
         chosen_behind_a_landing_pad, dot_as_directory, overlapping]


def main():
    print(f"1..{len(CASES)}")
    for number, case in enumerate(CASES, 1):
        title = case.__name__.replace("_", " ")
        try:
            good, found = case()
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failed:
            good, found = False, f"{failed.cmd}: {failed.stderr}"
        print(f"{'ok' if good else 'not ok'} {number} {title}", flush=True)
        if not good:
            print(f"# found: {found}", file=sys.stderr)


with tempfile.TemporaryDirectory() as SCRATCH:
    main()
