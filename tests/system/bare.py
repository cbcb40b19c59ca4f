#!/usr/bin/env python3
"""A bare environment: where there is no /sys, as in a chroot, samples of all CPUs arrive."""
from harness import *

need_events()
need_root()

out = SCRATCH / "bare.folded"
for cpu in sorted(os.sched_getaffinity(0)):
    out.unlink(missing_ok=True)
    begun = time.monotonic()
    hidden = "mount -t tmpfs none /sys && exec \"$@\""
    done = start(["unshare", "-m", "sh", "-c", hidden, "sh", FIQ, "run", "-f", 997, "-o", out, "--",
                  "taskset", "-c", cpu, *workload("shares", 1)])
    output, errors = done.communicate(timeout=PATIENCE)
    seconds = time.monotonic() - begun
    if not expect(done.returncode == 0 and out.exists(), f"it runs: {errors.strip()[-300:]}"):
        break
    truth = truth_of(output)
    below = {frames: count for frames, count in folded(out).items() if "main" in frames}
    expect_used(f"CPU {cpu}", below, 997, truth["cpu_ns"], seconds, 0.1)

finish()
