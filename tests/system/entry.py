#!/usr/bin/env python3
"""A start of main without CFI, as musl has it, that uses the frame pointer for something else:
stacks go on to the program's entry.  An inner function like it is followed to its return."""
import shutil

from harness import *

need_events()
if not shutil.which("gcc"):
    skip("there is no gcc")

WITHOUT = """
__asm__(".globl _start\\n_start:\\txor %ebp, %ebp\\n\\tcall begin\\n\\thlt\\n\\t.skip 64");
long burn(long rounds);
long inner(long rounds)
{
    __asm__ volatile("mov $1, %%ebp" ::: "rbp");
    return burn(rounds) + 1;
}
void begin(void)
{
    long rounds = 200000000;
    extern long run(long);
    __asm__ volatile("mov $1, %%ebp" ::: "rbp");
    rounds = run(rounds);
    __asm__ volatile("syscall" ::"a"(231), "D"(0));
    __builtin_unreachable();
}
"""
WITH = """
__attribute__((noipa)) long burn(long rounds)
{
    long x = 1;
    for (long i = 0; i < rounds; i++)
        __asm__ volatile("imul $3, %0, %0" : "+r"(x));
    return x;
}
long inner(long rounds);
__attribute__((noipa)) long run(long rounds)
{
    return burn(rounds) + inner(rounds) + 1;
}
"""
program, out = SCRATCH / "entry", SCRATCH / "entry.folded"
(SCRATCH / "without.c").write_text(WITHOUT)
(SCRATCH / "with.c").write_text(WITH)
for name, flags in (("without", ["-fno-asynchronous-unwind-tables"]), ("with", [])):
    subprocess.run(["gcc", "-O1", "-fno-pic", "-fcf-protection=none", *flags, "-c",
                    SCRATCH / f"{name}.c", "-o", SCRATCH / f"{name}.o"], check=True)
subprocess.run(["gcc", "-static", "-nostdlib", SCRATCH / "without.o", SCRATCH / "with.o", "-o",
                program], check=True)

done = fiq("run", "-q", "-f", 499, "-o", out, "--", program)
expect(done.returncode == 0, f"it runs: {done.stderr.strip()[-300:]}")
stacks = folded(out)
direct = sum(n for stack, n in stacks.items() if stack[:4] == ("_start", "begin", "run", "burn"))
nested = {stack: n for stack, n in stacks.items() if "inner" in stack}
expect(direct > 20, f"{direct} samples from the entry to the innermost function: {stacks}")
inner = ("_start", "begin", "run", "inner", "burn")
expect(sum(nested.values()) > 20 and all(stack[:5] == inner for stack in nested),
       f"so do those through a function without CFI: {nested}")

finish()
