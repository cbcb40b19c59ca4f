#!/usr/bin/env python3
"""fiq system: the whole machine, with fiq's own samples labelled."""
from harness import *

need_events()
need_root()
out = SCRATCH / "system.folded"

target, other = start(workload("shares", 60)), start(workload("deep", 10, 60))
time.sleep(0.3)
begun, used = time.monotonic(), cpu_seconds(target.pid)
# With numbers: others on the machine may be called the same.
profiler = start([FIQ, "system", "--processes", "-d", 2, "-f", 499, "-o", out])
_, said = profiler.communicate(timeout=PATIENCE)
took, used = time.monotonic() - begun, cpu_seconds(target.pid) - used
if not expect(profiler.returncode == 0, f"ends with 0: {profiler.returncode}"):
    print(said)
    finish()
expect(took > 1.9, f"takes {took:.2f} s for 2 s")
stacks = folded(out)
outermost = {f[0] for f in stacks}
names = {f"shares ({target.pid})", f"deep ({other.pid})"}
expect(names <= outermost, f"processes are outermost: {names}, {sorted(outermost)[:8]}")
of_shares = {f: c for f, c in stacks.items() if f[0] == f"shares ({target.pid})"}
expect_owed("shares", of_shares, 499, used, took - 2)
expect_no_longer("shares", of_shares, 499, 2)
expect_share(of_shares, "hot", 0.7)
of_fiq = [name for name in outermost if name.endswith(f" ({profiler.pid})")]
expect(set(of_fiq) <= {f"fiq (this profiler) ({profiler.pid})"},
       f"fiq's own samples are labelled as such: {of_fiq}")
for process in (target, other):
    expect(process.poll() is None, "what is sampled runs on")
    process.kill()
    process.communicate()

done = fiq("attach", "-a", "-d", 0.5, "-o", out)
expect(done.returncode == 0, "attach -a is the same")
finish()
