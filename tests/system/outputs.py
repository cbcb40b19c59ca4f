#!/usr/bin/env python3
"""Files that fiq run writes: names, owners, form."""
import re
import xml.etree.ElementTree

from harness import *

need_events()

print("without -o")
here = SCRATCH / "here"
here.mkdir()
done = fiq("run", "--", *workload("shares", 0.3), cwd=here)
pictures = [f.name for f in here.glob("*.svg")]
expect(len(pictures) == 1 and re.fullmatch(r"fiq-shares-\d+-\d{8}-\d{6}\.svg", pictures[0]),
       f"a picture named by command, process and time: {pictures}")
expect(all(name in done.stderr for name in pictures), "its name is said")
expect([(here / name).with_suffix(".pb.gz").exists() for name in pictures] == [True],
       "and a profile of the same name")
again = fiq("report", next(here.glob("*.pb.gz")))
expect(again.returncode == 0 and "hot" in again.stdout, "which fiq report reads")

print("with --output-dir")
fiq("run", "--output-dir", "there", "-o", "a.txt", "-o", "./b.folded", "--",
    *workload("shares", 0.3), cwd=here)
expect((here / "there/a.txt").exists() and (here / "b.folded").exists(),
       "names without a directory go there, others do not")

print("two outputs of one capture agree")
first, second = SCRATCH / "a.svg", SCRATCH / "a.folded"
fiq("run", "-f", 499, "-o", first, "-o", second, "--", *workload("shares", 1))
stacks = folded(second)
tree = xml.etree.ElementTree.fromstring(first.read_text())
titles = [t.text for t in tree.iter("{http://www.w3.org/2000/svg}title") if t.text]
expect(any("hot" in title for title in titles), "the picture has a tooltip for hot")
expect("http" not in re.sub(r"http://www\.w3\.org/[\w/]*", "", first.read_text()), # names, not places
       "the picture refers to nothing outside")

print("what cannot be written")
kept = SCRATCH / "kept.folded"
done = fiq("run", "-f", 499, "--format", "folded", "-o", "/dev/full", "-o", kept, "--",
           *workload("shares", 0.5))
expect(done.returncode == 125 and "cannot write /dev/full" in done.stderr,
       f"is an error: {done.returncode}, {done.stderr[-200:]}")
expect("--output-dir DIR" in done.stderr, "which says what helps")
expect(count_of(folded(kept), "hot") > 0, "the other output is written all the same")
expect("self   total  function" in done.stderr and f"wrote {kept}" in done.stderr
       and "wrote /dev/full" not in done.stderr, "and what was measured is told")
done = fiq("convert", "--format", "folded", second, "-o", "/dev/full")
expect(done.returncode == 1 and "No space left" in done.stderr,
       f"a full device is an error: {done.returncode} {done.stderr!r}")

empty = SCRATCH / "empty.svg"
done = fiq("run", "--focus", "^nobody$", "-o", empty, "--", *workload("shares", 0.3))
expect(done.returncode == 125 and "leave no samples" in done.stderr and not empty.exists(),
       f"filters that leave nothing are an error: {done.returncode} {done.stderr!r}")

print("under sudo")
if os.geteuid() == 0:
    owned = SCRATCH / "owned.folded"
    env = {**os.environ, "SUDO_UID": "65534", "SUDO_GID": "65533"}
    fiq("run", "-f", 499, "-o", owned, "--", *workload("shares", 0.3), env=env)
    expect((owned.stat().st_uid, owned.stat().st_gid) == (65534, 65533),
           "the output belongs to the caller")

expect(not list(SCRATCH.glob("**/.*fiq-*")), "nothing temporary is left")
finish()
