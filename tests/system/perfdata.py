#!/usr/bin/env python3
"""Recordings of perf: totals are perf's, stacks are complete, in each way that perf writes."""
from harness import *

PERF = shutil.which("perf")
if not PERF:
    skip("there is no perf")
need_events()


def record(name, *options, target=workload("shares", 1)):
    """A recording, or None where this perf cannot make it."""
    path = SCRATCH / name
    # Without -B some versions of perf break over build IDs that they read themselves.
    done = subprocess.run([PERF, "record", "-B", "--buildid-mmap", "-q", "-e", "cpu-clock", "-F",
                           "499", *options, "-o", str(path), "--", *target],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"     perf record {' '.join(options)}: {done.stderr.strip()[:100]}")
        return None
    return path


def perf_samples(path):
    """What perf counts, or None where it breaks."""
    done = subprocess.run([PERF, "script", "-F", "event", "-G", "-i", str(path)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    return sum(1 for line in done.stdout.splitlines() if "cpu-clock" in line)


CASES = {"dwarf": ["--call-graph", "dwarf"],
         "compressed": ["-z", "--call-graph", "dwarf"],
         "frame-pointers": ["--call-graph", "fp"],
         "no-stacks": [],
         "directory": ["--threads", "--call-graph", "dwarf"],
         "compressed directory": ["--threads", "-z", "--call-graph", "dwarf"],
         "two-events": ["-e", "page-faults", "--call-graph", "dwarf"]}
compared = []
for name, options in CASES.items():
    path = record(name + ".data", *options)
    if not path:
        continue
    wanted = perf_samples(path)
    out = SCRATCH / (name + ".folded")
    done = fiq("convert", path, "-o", out)
    if not expect(done.returncode == 0, f"{name}: is read"):
        print(done.stderr)
        continue
    compared.append(name)
    stacks = folded(out)
    read = total(stacks)
    expect(wanted is None or read == wanted, f"{name}: {read} samples, perf has {wanted}")
    hot = count_of(stacks, "hot")
    expect(hot > 0.5 * read, f"{name}: {hot} samples of hot in {read}")
    if "dwarf" in options:
        whole = sum(count for frames, count in stacks.items()
                    if any(ROOTS.fullmatch(frame) for frame in frames[:2]))
        expect(whole > 0.98 * read, f"{name}: {whole} of {read} stacks reach their root")

if not compared:
    skip("this perf records nothing here")

print("a recording of somebody else while fiq measures")
watched = start([FIQ, "run", "-q", "-o", SCRATCH / "watched.folded", "--", *workload("shares", 60)])
target = child_of(watched.pid)
wait_for_use(target, 0.5)
beside = subprocess.run([PERF, "record", "-q", "-g", "-F", "499", "-o",
                         str(SCRATCH / "beside.data"), "--", "sh", "-c", "true; ls / >/dev/null"],
                        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
expect(watched.poll() is None and beside.returncode == 0,
       f"is whole: {beside.returncode} {beside.stderr[:100]}")
os.kill(target, signal.SIGKILL)
watched.communicate(timeout=PATIENCE)

whole = record("cut.data", "--call-graph", "dwarf")
if whole:
    cut = SCRATCH / "cut2.data"
    cut.write_bytes(whole.read_bytes()[:-100000])
    done = fiq("convert", cut, "-o", SCRATCH / "cut.folded")
    expect(done.returncode == 0 and "cut short" in done.stderr, "a cut recording is said to be one")
finish()
