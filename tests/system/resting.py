#!/usr/bin/env python3
"""fiq attach: CPUs without the target are left alone, and nothing is lost when it comes back."""
import threading

from harness import *

need_events()
need_root()
cpus = sorted(os.sched_getaffinity(0))
if len(cpus) < 2:
    skip("needs two CPUs")
out = SCRATCH / "resting.json"


def followed(name, move, seconds):
    """Nothing is missing of a busy process while `move` moves it about; what fiq -v says."""
    target = start(["taskset", "-c", cpus[0], *workload("deep", 20, 60)])
    time.sleep(0.3)
    mover = threading.Thread(target=move, args=(target.pid,))
    mover.start()
    done = fiq("attach", "-v", "-p", target.pid, "-d", seconds, "-f", 997, "-o", out)
    mover.join()
    target.kill()
    target.communicate()
    if expect(done.returncode == 0, f"{name}: ends with 0: {done.returncode}"):
        profile = json.loads(out.read_text())
        quality, stacks = profile["quality"], {}
        for stack in profile["stacks"]:
            frames = tuple(frame["symbol"] or "" for frame in stack["frames"])
            stacks[frames] = stacks.get(frames, 0) + stack["count"]
        kinds = sum(quality[kind] for kind in ("complete", "cut", "broken", "kernel_only"))
        expect(kinds == total(stacks), f"{name}: {kinds} samples of some quality")
        owed = quality["owed"]
        expect_all(name, stacks, owed, 0.03 * owed + 10 + chance(owed, 997, seconds))
    return done.stderr


def to_and_fro(pid):
    """Stays on each of two CPUs long enough for the other to be left alone."""
    for turn in range(4):
        time.sleep(0.95)
        os.sched_setaffinity(pid, {cpus[1 - turn % 2]})


said = followed("a process that moves", to_and_fro, 4)
if "not sampled until it comes" not in said:
    skip("the kernel does not tell where the target runs")
followed("one that may run anywhere", lambda pid: os.sched_setaffinity(pid, set(cpus)), 2)
finish()
