#!/usr/bin/env python3
"""How often the target was put on a CPU is known: it tells what waking up CPUs may have taken."""
from harness import *

need_events()
SLEEPER = """
import resource, time
sink = sum(i * i for i in range(1000000))
for turn in range(%d):
    time.sleep(0.0005)
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_nvcsw + used.ru_nivcsw)
"""
out = SCRATCH / "turns.json"


def switches(pid):
    """Of a process of one thread, by the kernel's own count."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return sum(int(count) for count in re.findall(r"voluntary_ctxt_switches:\s+(\d+)", text))


def turns():
    return json.loads(out.read_text())["quality"]["turns"]


done = fiq("run", "-f", 499, "-o", out, "--", sys.executable, "-c", SLEEPER % 800)
if expect(done.returncode == 0, f"run ends with 0: {done.stderr.strip()}"):
    own = int(done.stdout)
    expect(800 <= own <= turns() <= own + 100, f"run: {turns()} turns, {own} by its own count")

target = start([sys.executable, "-c", SLEEPER % 100000])
time.sleep(0.3)
before = switches(target.pid)
profiler = start([FIQ, "attach", "-f", 499, "-p", target.pid, "-o", out])
wait_for_events(profiler.pid)
wait_for(lambda: switches(target.pid) > before + 1500)
profiler.send_signal(signal.SIGINT)
_, said = profiler.communicate(timeout=PATIENCE)
after = switches(target.pid)
target.kill()
target.communicate()
if expect(profiler.returncode == 0, f"attach ends with 0: {said.strip()}"):
    expect(100 < turns() <= after - before, f"attach: {turns()} turns of {after - before}")
finish()
