#!/usr/bin/env python3
"""The child of fiq run has what it would have without fiq."""
import fcntl
import pty
import resource
import signal
import struct
import termios

from harness import *

need_events()
out = SCRATCH / "out.folded"

# Prints what a program was given; descriptors but that of the listing itself.
LOOK = """
import os, resource, signal, sys
status = dict(l.split(':', 1) for l in open('/proc/self/status') if ':' in l)
for key in ('SigBlk', 'SigIgn', 'SigCgt', 'NoNewPrivs', 'Seccomp', 'CapEff', 'Groups'):
    print(key, status[key].strip())
print('limits', [resource.getrlimit(n) for n in range(16)])
print('group leader', os.getpgid(0) == os.getpid(), 'session', os.getsid(0) == int(sys.argv[1]))
print('group of the caller', os.getpgid(0) == int(sys.argv[2]))
fds = sorted(int(f) for f in os.listdir('/proc/self/fd'))
print('descriptors', [f for f in fds if os.path.exists(f'/proc/self/fd/{f}')])
print('nice', os.nice(0), 'affinity', sorted(os.sched_getaffinity(0)), 'umask', os.umask(0))
print('policy', os.sched_getscheduler(0), 'cwd', os.getcwd(), 'argv0', sys.argv[0])
print('environment', sorted(os.environ.items()))
print('oom', open('/proc/self/oom_score_adj').read(), open('/proc/self/timerslack_ns').read())
"""


def look(prefix, prepare):
    # Python itself changes SIGPIPE and SIGXFSZ; a shell of a file of its own does not.
    return subprocess.run([*prefix, sys.executable, "-S", "-c", LOOK, str(os.getsid(0)),
                           str(os.getpgid(0))],
                          preexec_fn=prepare, capture_output=True, text=True, check=False,
                          restore_signals=False, stdin=subprocess.DEVNULL)


def plain():
    pass


def blocked():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGINT, signal.SIGCHLD})


def ignored():
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGUSR2, signal.SIGPIPE,
                   signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)


def limited():
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, 300))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(3)
    os.umask(0o027)


for situation in (plain, blocked, ignored, limited):
    without = look([], situation)
    within = look([FIQ, "run", "-q", "-o", out, "--"], situation)
    same = without.stdout == within.stdout and without.stdout
    expect(same, f"{situation.__name__}: the child sees the same")
    if not same:
        for a, b in zip(without.stdout.splitlines(), within.stdout.splitlines()):
            if a != b:
                print(f"  without {a}\n  with    {b}")
        print(within.stderr)

print("standard streams")
done = subprocess.run([FIQ, "run", "-o", str(out), "--", "cat"], input="line\n" * 10000,
                      capture_output=True, text=True, check=False)
expect(done.stdout == "line\n" * 10000, "standard input reaches the child, its output us")
done = fiq("run", "-q", "-o", out, "--", "sh", "-c", "echo out; echo err >&2")
expect((done.stdout, done.stderr) == ("out\n", "err\n"), "-q: only the child is heard")
done = fiq("run", "-o", out, "--", "sh", "-c", "echo out")
expect(done.stdout == "out\n", "all of fiq's own talk is on standard error")
done = fiq("run", "-f", 997, "-o", "-", "--", *workload("shares", 0.3))
lines = done.stdout.splitlines()
expect(any('"workload"' in line for line in lines) and
       total(folded("\n".join(line for line in lines if '"workload"' not in line))) > 100,
       "-o -: folded text on standard output, behind the child's")

print("the terminal")
COLUMNS = 60


def on_terminal(*arguments):
    """What fiq and its child write to a terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 25, COLUMNS, 0, 0))
    running = subprocess.Popen([FIQ, *map(str, arguments)], stdin=theirs, stdout=theirs,
                               stderr=theirs, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    said = b""
    with contextlib.suppress(OSError):  # EIO, when nobody has the other end any more
        while piece := os.read(ours, 65536):
            said += piece
    running.wait(timeout=PATIENCE)
    os.close(ours)
    return said.decode()


def screen(said):
    """The lines that one sees then; a cursor behind the last column stays until more comes."""
    lines, at = [""], 0
    for word in re.findall(r"\x1b(?:\[[\d;]*[A-Za-z]|[78])|.", said, re.S):
        if word == "\n":
            lines.append("")
        elif word == "\r":
            at = 0
        elif word == "\x1b[K":
            lines[-1] = lines[-1][:at]
        elif word == "\x1b7":
            kept = at
        elif word == "\x1b8":
            at = kept
        elif word.endswith("G"):
            at = int(word[2:-1]) - 1
        elif len(word) == 1:
            if at == COLUMNS:
                lines.append("")
                at = 0
            lines[-1] = lines[-1].ljust(at)[:at] + word + lines[-1][at + 1:]
            at += 1
    return [line.rstrip() for line in lines]


for text in ("", "x", "half a line", "x" * (COLUMNS - 1), "x" * COLUMNS, "x" * (COLUMNS + 1)):
    said = on_terminal("run", "-o", out, "--", "sh", "-c", f"echo one; sleep 0.5; printf '{text}'")
    shown = screen(said)
    wanted = ["one", *(text[i:i + COLUMNS] for i in range(0, len(text), COLUMNS))]
    # A start that takes long may have shown progress.
    shown[0] = re.sub(r" +\d+\.\d s, \d+ samples$", "", shown[0])
    expect("one\r\n" + text + " " * COLUMNS in said, f"the child has it to itself: {said!r}")
    expect(shown[:len(wanted)] == wanted and shown[len(wanted)].startswith("fiq: "),
           f"fiq begins a line of its own behind {len(text)} letters: {shown[:4]}")
PROGRESS = r"\x1b7\x1b\[\d+G\d+\.\d s, \d+ samples\x1b8"
said = on_terminal("run", "-o", out, "--", "sh", "-c", "sleep 1")
expect(re.match(PROGRESS, said), f"progress is shown beside a child that is silent: {said!r}")
expect(screen(said)[0].startswith("fiq: "), f"and is gone in the end: {screen(said)[:2]}")
said = on_terminal("run", "-o", out, "--", "sh", "-c", "(sleep 2; echo word; sleep 2) & wait")
before, after = said.split("word")
expect(re.search(PROGRESS, before) and not re.search(PROGRESS, after) and
       re.match(r"word +\d\.\d s, \d+ samples$", screen(said)[0]),
       f"what its children print is on the left, and progress ends: {said!r}")
busy = start(workload("shares", 60))
said = on_terminal("attach", "-p", busy.pid, "-d", "500ms", "-o", out)
busy.kill()
expect(re.match(r"\r\x1b\[K\d+\.\d s of 0\.5 s, \d+ samples", said),
       f"attach shows progress: {said!r}")
expect(screen(said)[0].startswith("fiq: "), f"and takes it away in the end: {screen(said)[:2]}")

print("a variable in front of the command")
done = fiq("run", "-q", "-o", out, "--", "GREETING=hello/you", "sh", "-c", "echo $GREETING")
expect(done.stdout == "hello/you\n", f"NAME=VALUE sets it: {done.stdout!r} {done.stderr!r}")

print("defaults of the user and presets")
config = SCRATCH / "config"
(config / "fiq").mkdir(parents=True)
(config / "fiq/config").write_text("[run]\nfreq = 199\nduration = 2\n")
env = {**os.environ, "XDG_CONFIG_HOME": str(config)}
done = fiq("run", "-o", out, "--", *workload("shares", 0.3), env=env)
expect("Hz of 199" in done.stderr, f"the file's rate holds: {done.stderr!r}")
done = fiq("run", "--detailed", "-o", out, "--", *workload("shares", 0.3), env=env)
expect("Hz of 997" in done.stderr, f"a preset on the command line outweighs it: {done.stderr!r}")

# ---- the rate is that of CPU time: who sleeps misses no sample ----

done = fiq("run", "-f", 199, "-o", SCRATCH / "sleepy.folded", "--", "sh", "-c",
           f"sleep 1; exec {shell_words(*workload('shares', 0.5))}")
expect("of CPU time, 199 Hz of 199" in done.stderr, f"a second of sleep: {done.stderr!r}")

finish()
