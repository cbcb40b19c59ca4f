#!/usr/bin/env python3
"""fiq run follows forks and execs, and tells processes apart."""
from harness import *

need_events()

stacks, truth, _ = profile_run(workload("forks", 2))
expect_truth(stacks, truth)
expect_complete(stacks, 0.99)
# Executed as /proc/self/exe, it is called "exe" until it names itself.
expect({f[0] for f in stacks} - {"exe"} == {"forks", "executed"},
       f"the process is outermost: {sorted({f[0] for f in stacks})}")
expect(all(f[0] == "executed" for f in stacks if "executed_work" in f),
       "executed_work lies in the program that was executed")

print("with their numbers")
stacks, truth, _ = profile_run(workload("forks", 1), "--processes")
roots = {f[0] for f in stacks}
numbers = {r: {name.split("(")[1] for name in roots if name.startswith(r + " (")}
           for r in ("forks", "executed")}
# What executes another program may have been sampled before.
expect(len(numbers["forks"] - numbers["executed"]) == 3, f"three of forks: {sorted(roots)}")

print("short-lived programs, one after the other")
out = SCRATCH / "many.folded"
busy = "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done"
script = f"n=0; while [ $n -lt 40 ]; do n=$((n+1)); sh -c '{busy}; :'; done"
done = fiq("run", "-f", 997, "-o", out, "--", "sh", "-c", script)
stacks = folded(out)
expect(done.returncode == 0 and total(stacks) > 50, f"{total(stacks)} samples")
unknown = sum(c for f, c in stacks.items() if f[-1].startswith("[unknown"))
expect(unknown <= 0.02 * total(stacks), f"{unknown} samples of programs that nobody knows any more")
broken = sum(c for f, c in stacks.items() if "[stack broken]" in f)
expect(broken <= 0.02 * total(stacks), f"{broken} of {total(stacks)} stacks broken in vfork and exec")

print("in the middle of an exec, when the registers are of the program before, whose memory is gone")
script = "n=0; while [ $n -lt 500 ]; do n=$((n+1)); /bin/true; done"
fiq("run", "-f", 4999, "-o", out, "--", "sh", "-c", script)
stacks = {f: c for f, c in folded(out).items() if any(map(NO_PROGRAM.fullmatch, f))}
if stacks or not any("[kernel" in f[-1] for f in folded(out)):
    cut = sum(c for f, c in stacks.items() if "[stack cut]" in f)
    expect(not cut and total(stacks) > 50,
           f"no stack is looked for there: {cut} of {total(stacks)} are cut")

print("from their first moment")
child = """import os, time
number = os.fork()
if number == 0:
    while time.process_time() < 0.015: pass
    os._exit(0)
print(number)
os.wait()"""
got, runs = 0, 16
for _ in range(runs):
    done = fiq("run", "-f", 997, "--processes", "-o", out, "--", sys.executable, "-c", child)
    got += sum(c for f, c in folded(out).items() if f[0].endswith(f" ({done.stdout.strip()})"))
if os.geteuid() == 0:
    # Who shares his CPU is met by chance: seven tenths are four and a half standard deviations.
    expect(got > 0.7 * runs * 15, f"{got} samples of {runs} children of 15 ms at 997 Hz")

print("left out when asked for")
stacks, _, _ = profile_run(workload("forks", 1), "--no-children", "--processes")
expect(len({f[0] for f in stacks}) == 1, f"the first process alone: {sorted({f[0] for f in stacks})}")

finish()
