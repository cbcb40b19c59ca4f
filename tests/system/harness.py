"""What the system tests share: they run fiq on workloads and look at what comes out.

A test is a program: TEST.py FIQ WORKLOADS.  It ends with 0, with 1 when an expectation was not
met, or with 77 and the reason when this machine does not let it try."""
import atexit
import contextlib
import json
import math
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

FIQ = str(pathlib.Path(sys.argv[1]).resolve())
WORKLOADS = pathlib.Path(sys.argv[2]).resolve()
SOURCES = pathlib.Path(__file__).resolve().parents[2] / "workloads"

# What lies at the root of a complete stack: the entries of the C library (which may be stripped),
# of the dynamic linker and of the kernel.
ROOTS = re.compile(r"main|_start|_dl_start(_user)?|__libc_start_\w+|_*clone3?|start_thread|"
                   r"ret_from_fork\w*|\[(libc|ld-linux-x86-64)\.so\.\d\+0x\w+\]")

# Where a process has no stack of its own: between the programs of an exec, and when it has given
# its memory back at its end.
NO_PROGRAM = re.compile(r"(bprm_execve|do_execveat_common|do_exit)(\.\S+)?")

# Where ticks of the clock arrive that came due while interrupts were off: behind the interrupt, or
# behind the switch of tasks.  It was perhaps another task's time that they fell into, one that was
# woken and done in an instant; where there are many such, a target has more samples than it used
# CPU time.
DELAYED = re.compile(r"asm_sysvec_\w+|asm_common_interrupt|finish_task_switch\S*")

# Seconds after which what is waited for does not come; a busy machine may take long.
PATIENCE = 300

# A runner started by nohup or in the background ignores signals, and children inherit that.
for _number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGPIPE):
    signal.signal(_number, signal.default_int_handler if _number == signal.SIGINT
                  else signal.SIG_DFL)

_scratch = tempfile.TemporaryDirectory(prefix="fiq-test-")
SCRATCH = pathlib.Path(_scratch.name)
os.chmod(SCRATCH, 0o777)
_failures = []


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def expect(condition, text):
    """Notes a failure and goes on, so that one run shows them all."""
    print(f"{'ok  ' if condition else 'FAIL'} {text}", flush=True)
    if not condition:
        _failures.append(text)
    return condition


def finish():
    print(f"{len(_failures)} failed" if _failures else "all as expected")
    sys.exit(1 if _failures else 0)


def shell_words(*words):
    """The words as a shell has to read them, whatever a directory is called."""
    return shlex.join(map(str, words))


def workload(name, *arguments):
    """The command line of a workload."""
    if name.endswith(".py"):
        return [sys.executable, str(SOURCES / name), *map(str, arguments)]
    return [str(WORKLOADS / name), *map(str, arguments)]


def fiq(*arguments, timeout=PATIENCE, **options):
    """Runs fiq to its end; stdout and stderr as text."""
    options.setdefault("stdin", subprocess.DEVNULL)
    done = subprocess.run([FIQ, *map(str, arguments)], capture_output=True, text=True,
                          timeout=timeout, check=False, **options)
    if "Sanitizer" in done.stderr or "runtime error:" in done.stderr:
        expect(False, f"no report of a sanitizer: {done.stderr}")
    return done


def judged(run, codes):
    """A gate may cry wolf once in fifty times, and a busy machine may hide what there is: a verdict
    that is none of `codes` is asked for again, and is a fault when it comes three times (by chance
    alone once in 125,000)."""
    for _ in range(2):
        done = run()
        if done.returncode in codes:
            return done
        print(f"again: {done.returncode} {done.stderr.strip()}", flush=True)
    return run()


def start(command, **options):
    """Starts a program whose output is collected."""
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    started = subprocess.Popen(list(map(str, command)), text=True, **options)
    # What a test that fails leaves running would be the load of the next.
    atexit.register(lambda: started.poll() is None and started.kill())
    return started


def need_events():
    """Skips the test where perf events are refused; fiq says why."""
    tried = fiq("run", "-o", SCRATCH / "probe.folded", "--", "true")
    if tried.returncode == 125:
        skip(tried.stderr.strip().replace("\n", " "))


def need_root():
    if os.geteuid():
        skip("needs root")


def truth_of(output):
    """The JSON that a workload prints as its last line."""
    return json.loads(output.strip().splitlines()[-1])


def folded(path_or_text):
    """{(outermost, …, innermost): count}"""
    text = path_or_text
    if isinstance(path_or_text, pathlib.Path):
        text = path_or_text.read_text()
    stacks = {}
    for line in text.splitlines():
        stack, count = line.rsplit(" ", 1)
        frames = tuple(stack.split(";"))
        stacks[frames] = stacks.get(frames, 0) + int(count)
    return stacks


def total(stacks):
    return sum(stacks.values())


def count_of(stacks, name):
    """Samples with `name` anywhere in their stack."""
    return sum(count for frames, count in stacks.items() if name in frames)


def prompt(stacks):
    """The samples without those of delayed ticks."""
    return {frames: count for frames, count in stacks.items()
            if not any(map(DELAYED.match, frames))}


def expect_share(stacks, name, wanted, slack=0.01):
    """The share of samples below `name` is `wanted`, within what sampling allows: four standard
    deviations, plus a slack for what the measurement itself adds."""
    samples = total(stacks)
    got = count_of(stacks, name) / samples if samples else 0
    bound = 4 * math.sqrt(max(wanted * (1 - wanted), 1e-4) / max(samples, 1)) + slack
    return expect(samples and abs(got - wanted) <= bound,
                  f"{name}: {got:.1%} of {samples} samples, {wanted:.1%} ± {bound:.1%} wanted")


def expect_truth(stacks, truth, slack=0.01):
    """All functions of the workload have the shares that it measured itself."""
    for name, ns in truth["functions"].items():
        expect_share(stacks, name, ns / truth["cpu_ns"], slack)


def is_complete(frames):
    """A stack reaches its root.  A frame for the process may stand outside of it."""
    if any(frame.startswith("[stack ") for frame in frames[:3]):
        return False
    return (any(ROOTS.fullmatch(frame) for frame in frames[:3]) or
            any(NO_PROGRAM.fullmatch(frame) for frame in frames))


def expect_complete(stacks, least=0.99):
    complete = sum(count for frames, count in stacks.items() if is_complete(frames))
    share = complete / max(total(stacks), 1)
    expect(share >= least, f"{share:.2%} of the stacks are complete, {least:.1%} wanted")


def expect_all(name, stacks, owed, slack):
    """There are as many samples as are owed; ticks that were delayed may be another's."""
    least, most = total(prompt(stacks)), total(stacks)
    return expect(least <= owed + slack and most >= owed - slack,
                  f"{name}: {least} samples and {most - least} of delayed ticks, {owed:.0f} ± "
                  f"{slack:.0f} are owed")


def chance(owed, hertz, seconds):
    """What chance adds to the number of samples in `seconds`: who has a CPU for himself is not met
    by chance, who shares it is (binomially, four standard deviations)."""
    return 4 * math.sqrt(owed * max(0, 1 - owed / (hertz * seconds)))


def expect_used(name, stacks, hertz, cpu_ns, seconds, part):
    """The samples are those that the CPU time owes, within `part` of them."""
    owed = cpu_ns * hertz / 1e9
    return expect_all(name, stacks, owed, part * owed + chance(owed, hertz, seconds))


def expect_owed(name, stacks, hertz, used, outside):
    """The samples are those that `used` seconds of CPU time owe, of which up to `outside` may
    have passed before the first or after the last of them.  On a shared CPU chance has a part."""
    high, early = used * hertz, min(used, outside) * hertz
    slack = 0.02 * high + 4 * math.sqrt(high) + 1
    return expect_all(name, stacks, high - early / 2, early / 2 + slack)


def expect_no_longer(name, stacks, hertz, seconds):
    """A thread was sampled for `seconds`, and not until it or the test was done."""
    most = seconds * hertz
    return expect(total(prompt(stacks)) <= most + 4 * math.sqrt(most) + 1,
                  f"{name}: {total(prompt(stacks))} samples, of {seconds} s at most {most:.0f}")


def profile_run(command, *options, frequency=997):
    """fiq run on a command; (stacks, truth, finished process, with the seconds that it took)."""
    out = SCRATCH / "out.folded"
    out.unlink(missing_ok=True)
    begun = time.monotonic()
    done = fiq("run", "-f", frequency, "-o", out, *options, "--", *command)
    done.seconds = time.monotonic() - begun
    if not expect(done.returncode == 0, f"{' '.join(map(str, command[:1]))} ends with 0"):
        print(done.stderr)
        finish()
    return folded(out), truth_of(done.stdout), done


def wait_for(condition, seconds=PATIENCE):
    """Waits until the condition holds; whether it does."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def child_of(pid):
    """The first child of a process that runs another program, as soon as there is one."""
    def find():
        for child in map(int, pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{child}/exe") != os.readlink(f"/proc/{pid}/exe"):
                    found.append(child)
        return found

    found = []
    if not wait_for(find):
        expect(False, f"process {pid} has a child")
        finish()
    return found[0]


def wait_for_use(pid, seconds):
    """Waits until a process has used so much CPU time from now on: a busy machine takes longer."""
    begun = cpu_seconds(pid)
    if not wait_for(lambda: cpu_seconds(pid) >= begun + seconds):
        expect(False, f"process {pid} makes use of the CPU")
        finish()


def wait_for_events(pid):
    """Waits until a fiq that has been started counts events: then it hears signals, too."""
    def counts():
        with contextlib.suppress(FileNotFoundError):
            return any(os.readlink(fd) == "anon_inode:[perf_event]"
                       for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir())
        return False

    if not wait_for(counts):
        expect(False, f"process {pid} opens perf events")
        finish()


def attach(pid, seconds, *options):
    """fiq attach until the process has used so much CPU time; the finished fiq."""
    profiler = start([FIQ, "attach", "-p", pid, *options])
    wait_for_events(profiler.pid)
    wait_for_use(pid, seconds)
    profiler.send_signal(signal.SIGINT)
    said = profiler.communicate(timeout=PATIENCE)
    return subprocess.CompletedProcess(profiler.args, profiler.returncode, *said)


def is_alive(pid):
    """Whether a process runs (a zombie does not)."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def cpu_seconds(pid):
    """CPU time of a running process (clock_getcpuclockid(3))."""
    return time.clock_gettime((~pid << 3) | 2)


def as_nobody(command):
    """The command, run by a user who owns nothing."""
    need_root()
    if not shutil.which("setpriv"):
        skip("setpriv is missing (util-linux)")
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", *command]
