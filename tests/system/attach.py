#!/usr/bin/env python3
"""fiq attach: samples what runs, and leaves it alone."""
import signal

from harness import *

need_events()
out = SCRATCH / "attach.folded"

print("a process, for a time")
target = start(workload("shares", 4))
time.sleep(0.3)
begun, used = time.monotonic(), cpu_seconds(target.pid)
done = fiq("attach", "-p", target.pid, "-d", 1.5, "-f", 997, "-o", out)
took, used = time.monotonic() - begun, cpu_seconds(target.pid) - used
expect(done.returncode == 0, "ends with 0")
expect(took > 1.4, f"takes its time: {took:.2f} s for 1.5 s")
expect(target.poll() is None, "the target runs on")
output, _ = target.communicate(timeout=PATIENCE)
expect(target.returncode == 0, "and ends well")
truth = truth_of(output)
stacks = folded(out)
expect_truth(stacks, truth)
expect_complete(stacks, 0.999)
expect_owed("all", stacks, 997, used, took - 1.5)
expect_no_longer("all", stacks, 997, 1.5)

print("threads that are there, and threads that come")
target = start(workload("threads", 4, 3))
time.sleep(0.3)
fiq("attach", "-p", target.pid, "-d", 1, "-f", 499, "-o", out)
output, _ = target.communicate(timeout=PATIENCE)
# One second of three: who ran when is the scheduler's affair.
expect_truth(folded(out), truth_of(output), slack=0.15)

target = start(workload("short_threads", 6000, 4, 200))
fiq("attach", "-p", target.pid, "-f", 997, "-o", out)
target.communicate(timeout=PATIENCE)
stacks = folded(out)
expect(count_of(stacks, "brief") > 100, f"{count_of(stacks, 'brief')} samples of short threads")
# They are met in their first moment, too, which the CFI of clone3() leaves out.
expect_complete(stacks, 0.995)

print("children that come while it attaches")
# They begin to work when all are there.
FORKING = """
import os, time
shut, hold = os.pipe()
children = []
for n in range(120):
    child = os.fork()
    if child == 0:
        os.close(hold)
        os.read(shut, 1)
        until = time.process_time() + 0.02
        while time.process_time() < until: pass
        os._exit(0)
    children.append(child)
    if n == 0: print("begun", flush=True)
    time.sleep(0.0005)
os.close(hold)
for child in children: os.waitpid(child, 0)
print(*children)
"""
target = start([sys.executable, "-c", FORKING])
target.stdout.readline()
done = fiq("attach", "-p", target.pid, "-f", 997, "--processes", "-o", out)
output, _ = target.communicate(timeout=PATIENCE)
sampled = {re.search(r"\((\d+)\)$", f[0])[1] for f in folded(out)}
missed = [n for n, child in enumerate(output.split()) if child not in sampled]
expect(len(output.split()) == 120 and not missed, f"none of 120 is missed: {missed}")

print("until the target ends")
target = start(workload("shares", 1.5))
done = fiq("attach", "-p", target.pid, "-o", out)
expect(done.returncode == 0 and target.poll() == 0, "attach ends when its target has ended")
target.communicate()

print("a stopped process")
target = start(workload("shares", 4))
target.send_signal(signal.SIGSTOP)
wait_for(lambda: ") T " in pathlib.Path(f"/proc/{target.pid}/stat").read_text())
done = fiq("attach", "-p", target.pid, "-d", 0.1, "-o", out)
expect(f"kill -CONT {target.pid}" in done.stderr, f"is called one: {done.stderr.strip()}")
expect(") T " in pathlib.Path(f"/proc/{target.pid}/stat").read_text(), "and stays one")
target.kill()
target.communicate()

print("two processes")
first, second = start(workload("shares", 3)), start(workload("deep", 20, 3))
time.sleep(0.2)
done = fiq("attach", "-p", f"{first.pid},{second.pid}", "-d", 1, "-f", 499, "-o", out)
stacks = folded(out)
expect({f[0] for f in stacks} == {"shares", "deep"}, f"both: {sorted({f[0] for f in stacks})}")
first.kill(), second.kill()
first.communicate(), second.communicate()

print("Ctrl-C")
target = start(workload("shares", 60))
out.unlink(missing_ok=True)
profiler = start([FIQ, "attach", "-p", target.pid, "-f", 499, "-o", out])
wait_for_events(profiler.pid)
wait_for_use(target.pid, 0.5)
profiler.send_signal(signal.SIGINT)
_, said = profiler.communicate(timeout=PATIENCE)
expect(profiler.returncode == 0, f"ends with 0: {profiler.returncode}")
expect(out.exists() and total(folded(out)) > 50, "the output is written")
expect(target.poll() is None, "the target runs on")
target.kill()
target.communicate()

print("who is not there")
gone = start(["true"])
gone.communicate()
done = fiq("attach", "-p", gone.pid, "-d", 1, "-o", out)
expect(done.returncode == 1, f"ends with 1: {done.returncode}")
expect(str(gone.pid) in done.stderr, f"names the process: {done.stderr.strip()}")
for wrong in ("0", "-1", "x", "1,,2", ""):
    done = fiq("attach", "-p", wrong, "-d", 1, "-o", out)
    expect(done.returncode in (1, 2) and done.stderr, f"-p '{wrong}' is refused")

print("fiq is in a hurry until sampling has begun, and no longer")
target = start(workload("shares", 60))
measuring = start([FIQ, "attach", "-p", target.pid, "-d", 2, "-o", out])
tasks = pathlib.Path(f"/proc/{measuring.pid}/task")
if expect(wait_for(lambda: len(list(tasks.iterdir())) > 1), "it has a thread that reads"):
    policies = {int(task.name): os.sched_getscheduler(int(task.name)) & ~os.SCHED_RESET_ON_FORK
                for task in tasks.iterdir()}
    expect(set(policies.values()) == {os.SCHED_OTHER}, f"all are ordinary threads: {policies}")
measuring.communicate(timeout=PATIENCE)
target.kill()
target.communicate()
finish()
