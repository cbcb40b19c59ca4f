#!/usr/bin/env python3
"""BPF programs bear their names: those that are there before sampling begins, by the kernel's table
of symbols, and those that are loaded meanwhile, by its records."""
from harness import *

PROGRAM = [sys.executable, pathlib.Path(__file__).parents[1] / "programs/bpf_busy.py"]
NAME = re.compile(r"bpf_prog_[0-9a-f]{16}_busy_filter")

need_events()
need_root()
tried = subprocess.run([*map(str, PROGRAM), "0.05"], capture_output=True, text=True, check=False)
if tried.returncode == 77:
    skip(tried.stderr.strip())


def expect_named(stacks, when):
    """Where the kernel runs the program, nearly all is the program's own time."""
    runs = {frames: count for frames, count in stacks.items() if "bpf_test_run" in frames}
    inside = sum(count for frames, count in runs.items() if NAME.fullmatch(frames[-1]))
    nameless = sum(count for frames, count in stacks.items() if "[kernel" in frames[-1])
    if not runs and nameless:
        skip("the kernel's functions have no names here")
    expect(inside > 0.8 * total(runs) > 0,
           f"{when}: the program has {inside} of the {total(runs)} samples of its runs")
    expect(not nameless, f"{when}: {nameless} samples end at a nameless place of the kernel")


out = SCRATCH / "bpf.folded"
# It is gone when names are given.
done = fiq("run", "-f", 997, "-o", out, "--", *PROGRAM, 1)
expect(done.returncode == 0, f"fiq run ends with 0: {done.stderr}")
expect_named(folded(out), "loaded while fiq samples")

running = start([*PROGRAM, 600])
wait_for_use(running.pid, 0.3)
done = attach(running.pid, 0.5, "-f", 997, "-o", out)
running.kill()
running.communicate()
expect(done.returncode == 0, f"fiq attach ends with 0: {done.stderr}")
expect_named(folded(out), "loaded before")
finish()
