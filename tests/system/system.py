#!/usr/bin/env python3
"""fiq system: the whole machine, with fiq's own samples labelled."""
from harness import *

need_events()
need_root()
out = SCRATCH / "system.folded"

target, other = start(workload("shares", 60)), start(workload("deep", 10, 60))
time.sleep(0.3)
begun, used = time.monotonic(), cpu_seconds(target.pid)
done = fiq("system", "-d", 2, "-f", 499, "-o", out)
took, used = time.monotonic() - begun, cpu_seconds(target.pid) - used
if not expect(done.returncode == 0, f"ends with 0: {done.returncode}"):
    print(done.stderr)
    finish()
expect(took > 1.9, f"takes {took:.2f} s for 2 s")
stacks = folded(out)
outermost = {f[0] for f in stacks}
expect({"shares", "deep"} <= outermost, f"processes are outermost: {sorted(outermost)[:8]}")
of_shares = {f: c for f, c in stacks.items() if f[0] == "shares"}
expect_owed("shares", of_shares, 499, used, took - 2)
expect_no_longer("shares", of_shares, 499, 2)
expect_share(of_shares, "hot", 0.7)
of_fiq = [name for name in outermost if name.startswith("fiq") and name != "fiq"]
expect("fiq" not in outermost or of_fiq, "fiq's own samples are labelled as such")
for process in (target, other):
    expect(process.poll() is None, "what is sampled runs on")
    process.kill()
    process.communicate()

done = fiq("attach", "-a", "-d", 0.5, "-o", out)
expect(done.returncode == 0, "attach -a is the same")
finish()
