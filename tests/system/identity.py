#!/usr/bin/env python3
"""Names come from the very files that ran: deleted, replaced, unloaded, short-lived, or in other
namespaces than ours."""
from harness import *

need_events()
out = SCRATCH / "out.folded"
RIGHT, WRONG = "running_work", "replacing_work"


def copy(name, path):
    """A new file at `path`, in place of one that may be there."""
    path.parent.mkdir(exist_ok=True)
    shutil.copy(WORKLOADS / name, path.with_name("new"))
    os.rename(path.with_name("new"), path)
    return path


def expect_named(stacks, least=50):
    """The program's own function is there, nothing is without a name, and nothing of another
    file."""
    samples = total(stacks)
    unnamed = sum(c for f, c in stacks.items()
                  if any(re.match(r"\[(unknown\]|.*\+0x)", frame) for frame in f))
    expect(samples >= least and count_of(stacks, RIGHT) > 0.5 * samples,
           f"{count_of(stacks, RIGHT)} of {samples} samples are below {RIGHT}")
    expect(unnamed <= 0.01 * samples, f"{unnamed} without a name")
    expect(not count_of(stacks, WRONG), f"none below {WRONG}")


def below_main(path):
    """What the program itself did, of what else there is: shells, the dynamic linker."""
    return {f: c for f, c in folded(path).items() if "main" in f and "program" in f[:1]}


def attach_after(change, path):
    """What is sampled of a program when `change` has happened to its file."""
    target = start([copy("running", path), 60])
    wait_for_use(target.pid, 0.02)
    change(path)
    done = attach(target.pid, 0.3, "-f", 997, "-o", out)
    target.kill()
    target.communicate()
    expect(done.returncode == 0, f"attached: {done.stderr.strip().splitlines()[-1:]}")
    return folded(out)


print("a file that has been deleted")
expect_named(attach_after(os.unlink, SCRATCH / "deleted/program"), 50)

print("a file in whose place a newer version lies")
expect_named(attach_after(lambda path: copy("replacing", path),
                          SCRATCH / "replaced/program"), 50)

print("a file that deletes itself while fiq run samples it")
program = copy("running", SCRATCH / "unlinked/program")
script = f"exec 3<{shell_words(program)}; rm {shell_words(program)}; exec /proc/self/fd/3 0.6"
fiq("run", "-f", 997, "-o", out, "--", "sh", "-c", script)
expect_named({f: c for f, c in folded(out).items() if "main" in f})

print("two modules at one address, in turns")
done = fiq("run", "-f", 997, "-o", out, "--", *workload("modules", 2),
           WORKLOADS / "first_turn.so", WORKLOADS / "second_turn.so")
truth = truth_of(done.stdout)
expect(truth["shared"] > truth["turns"] / 2, f"{truth['shared']} turns at the address before")
stacks = folded(out)
expect_share(stacks, "first_turn", 0.5, slack=0.02)
expect_share(stacks, "second_turn", 0.5, slack=0.02)
expect(not sum(c for f, c in stacks.items() if {"first_turn", "second_turn"} <= set(f)),
       "none in both")

print("a thousand programs of two milliseconds")
program = copy("running", SCRATCH / "brief/program")
script = f"i=0; while [ $i -lt 1000 ]; do i=$((i+1)); {shell_words(program, 0.002)}; done"
fiq("run", "-f", 997, "-o", out, "--", "sh", "-c", script)
expect_named(below_main(out))

print("a program without names, and one with")
if shutil.which("strip"):
    bare = SCRATCH / "bare/program"
    bare.parent.mkdir()
    subprocess.run(["strip", "-s", WORKLOADS / "running", "-o", bare], check=True)
    done = fiq("run", "-f", 997, "-o", out, "--", bare, 0.3)
    advice = f"samples end in code without names: fiq doctor {bare}"
    expect(advice in done.stderr, f"says which file doctor is to be asked about: {done.stderr[-400:]}")
    done = fiq("run", "-f", 997, "-o", out, "--", WORKLOADS / "running", 0.3)
    expect("fiq doctor" not in done.stderr, f"only where names are missing: {done.stderr[-400:]}")

print("other namespaces, with a decoy at the same path outside")
home = SCRATCH / "inside"
copy("replacing", home / "program")
copy("running", SCRATCH / "hidden/program")
script = (f"mount -t tmpfs none {shell_words(home)} && "
          f"cp {shell_words(SCRATCH / 'hidden/program', home)} && "
          f"exec {shell_words(home / 'program')}")
inside = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c"]
if os.geteuid() or subprocess.run([*inside, script + " 0.01"], capture_output=True).returncode:
    print("ok   # SKIP no namespaces here")
else:
    fiq("run", "-f", 997, "-o", out, "--", *inside, script + " 0.6")
    expect_named(below_main(out))
    target = start([*inside, script + " 60"], start_new_session=True)
    children = pathlib.Path(f"/proc/{target.pid}/task/{target.pid}/children")
    wait_for(lambda: children.read_text().strip())
    child = children.read_text().split()[0]
    wait_for(lambda: pathlib.Path(f"/proc/{child}/comm").read_text() == "program\n")
    done = attach(int(child), 0.3, "-f", 997, "-o", out)
    os.kill(int(child), 9)
    target.communicate()
    expect_named(folded(out), 50)

print("another root, with debug files of its own")
if os.geteuid() or not all(map(shutil.which, ("strip", "objcopy", "readelf", "ldd"))):
    print("ok   # SKIP not root, or no binutils")
else:
    inside = SCRATCH / "root"
    (inside / "bin").mkdir(parents=True)
    said = subprocess.run(["ldd", WORKLOADS / "running"], capture_output=True, text=True).stdout
    for library in re.findall(r"/\S+", said):
        (inside / library[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, inside / library[1:])
    subprocess.run(["strip", "-s", WORKLOADS / "running", "-o", inside / "bin/program"], check=True)
    said = subprocess.run(["readelf", "-n", WORKLOADS / "running"], capture_output=True, text=True)
    build_id = said.stdout.split("Build ID: ")[1].split()[0]
    debug = inside / f"usr/lib/debug/.build-id/{build_id[:2]}/{build_id[2:]}.debug"
    debug.parent.mkdir(parents=True)
    # The link is absolute inside of the root, where it leads to nothing outside.
    subprocess.run(["objcopy", "--only-keep-debug", WORKLOADS / "running", inside / "kept"], check=True)
    debug.symlink_to("/kept")
    command = ["chroot", inside, "/bin/program"]

    def of_main(path):
        return {f: c for f, c in folded(path).items() if "main" in f}

    fiq("run", "-f", 997, "-o", out, "--", *command, 0.6)
    expect_named(of_main(out))
    target = start([*command, 60])
    wait_for_use(target.pid, 0.05)
    attach(target.pid, 0.3, "-f", 997, "-o", out)
    expect_named(of_main(out), 50)
    said = fiq("doctor", f"/proc/{target.pid}/root/bin/program").stdout
    expect(f"{debug.relative_to(inside)}: this is it" in said, f"doctor looks there: {said}")

    debug.unlink()
    subprocess.run(["objcopy", "--only-keep-debug", WORKLOADS / "replacing", debug], check=True)
    done = attach(target.pid, 0.3, "-f", 997, "-o", out)
    target.kill()
    target.communicate()
    stacks = folded(out)
    expect(not count_of(stacks, RIGHT) and not count_of(stacks, WRONG),
           "names of another build are not taken")
    # A chroot's paths count from our root when /proc tells them, from its own in records.
    expect(f"fiq doctor {inside}/bin/program" in done.stderr, f"the file to ask about: {done.stderr}")
    done = fiq("run", "-f", 997, "-o", out, "--", *command, 0.3)
    expect(re.search(r"fiq doctor /proc/\d+/root/bin/program", done.stderr),
           f"the file inside to ask about: {done.stderr}")

SPLIT = """
static inline __attribute__((always_inline)) unsigned long inlined_part(unsigned long x)
{
    for (int i = 0; i < 1000; i++)
        x = x * 31 + 3;
    return x;
}
__attribute__((noinline)) unsigned long running_work(unsigned long x)
{
    return inlined_part(x) ^ 5;
}
int main(void)
{
    for (volatile unsigned long x = 1;;)
        x = running_work(x);
}
"""


def build_split(directory, source):
    """A program whose units lie in `directory`, from where the program is moved away."""
    directory.mkdir(parents=True)
    (directory / "split.c").write_text(source)
    # The paths in the program begin with `home`, wherever it is made.
    command = ["gcc", "-O2", "-gdwarf-4", "-gsplit-dwarf", "-static",
               f"-fdebug-prefix-map={directory}={home}"]
    subprocess.run([*command, "-c", "split.c"], cwd=directory, check=True)
    subprocess.run([*command, "split.o", "-o", "program"], cwd=directory, check=True)


print("split units below another root")
home = SCRATCH / "units"
if os.geteuid() or not shutil.which("gcc"):
    print("ok   # SKIP not root, or no gcc")
else:
    inside = SCRATCH / "split root"
    theirs = inside / home.relative_to("/")
    build_split(theirs, SPLIT)
    # Of another program, at the same path outside.
    build_split(home, SPLIT.replace("inlined_part", "replacing_work"))
    os.rename(theirs / "program", inside / "program")
    target = start(["chroot", inside, "/program"])
    wait_for_use(target.pid, 0.05)

    def expect_inlined(where, wanted):
        attach(target.pid, 0.3, "-f", 997, "-o", out)
        stacks = folded(out)
        found = count_of(stacks, "inlined_part")
        expect_named(stacks, 50)
        expect(found > 0.5 * total(stacks) if wanted else not found,
               f"{found} of {total(stacks)} samples in what is inlined, its unit {where}")

    expect_inlined("where the compiler wrote it", True)
    (theirs / "split.dwo").rename(inside / "split.dwo")
    expect_inlined("beside the program", True)
    if shutil.which("dwp"):
        subprocess.run(["dwp", "split.dwo", "-o", "program.dwp"], cwd=inside, check=True)
        (inside / "split.dwo").unlink()
        expect_inlined("in a package", True)
        (inside / "program.dwp").unlink()
    (inside / "split.dwo").unlink(missing_ok=True)
    expect_inlined("nowhere", False)
    target.kill()
    target.communicate()

finish()
