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


def expect_all(name, move, seconds):
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
        quality = json.loads(out.read_text())["quality"]
        got = sum(quality[kind] for kind in ("complete", "cut", "broken", "kernel_only"))
        owed = quality["owed"]
        expect(abs(got - owed) < 0.03 * owed + 10, f"{name}: {got} samples, {owed} are owed")
    return done.stderr


def to_and_fro(pid):
    """Stays on each of two CPUs long enough for the other to be left alone."""
    for turn in range(4):
        time.sleep(0.95)
        os.sched_setaffinity(pid, {cpus[1 - turn % 2]})


said = expect_all("a process that moves", to_and_fro, 4)
if "not sampled until it comes" not in said:
    skip("the kernel does not tell where the target runs")
expect_all("one that may run anywhere", lambda pid: os.sched_setaffinity(pid, set(cpus)), 2)
finish()
