#!/usr/bin/env python3
"""What a page to explore a profile with holds, without a browser: the policy allows exactly its
script and style, nothing of a name can become markup, and the columns say what the input says.

  page.py FIQ
"""
import base64
import hashlib
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import zlib

HOSTILE = ["</script><script>alert(1)</script>", "<!--", "]]>", "\u202eevil", "a\"b'c&amp", "x" * 65536]
PAGE_ROOM, NODE_ROOM = 150_000, 40  # bytes of the page, and of a node


def page_of(fiq: str, folded: str) -> str:
    with tempfile.TemporaryDirectory() as directory:
        output = pathlib.Path(directory, "out.html")
        subprocess.run([fiq, "flame", "-q", "-", "-o", output, "--title", "</title><b>"],
                       input=folded.encode(), check=True)
        return output.read_text(encoding="utf-8")


class Columns:
    def __init__(self, page: str):
        packed = re.search(r'id="data">([A-Za-z0-9+/=]*)</script>', page)[1]
        self.bytes, self.at = zlib.decompress(base64.b64decode(packed, validate=True)), 0

    def next(self) -> bytes:
        size = int.from_bytes(self.bytes[self.at : self.at + 4], "little")
        self.at += 4 + size
        assert self.at <= len(self.bytes), "a column is cut short"
        return self.bytes[self.at - size : self.at]

    def numbers(self, count: int) -> list:
        out, value, shift = [], 0, 0
        for byte in self.next():
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                out.append(value)
                value = shift = 0
        assert len(out) == count and not shift, f"{len(out)} numbers instead of {count}"
        return out

    def texts(self, count: int) -> list:
        lengths, text, at, out = self.numbers(count), self.next(), 0, []
        for length in lengths:
            out.append(text[at : at + length].decode())
            at += length
        assert at == len(text), "the texts are longer than their lengths say"
        return out


def stacks_of(page: str) -> tuple:
    """{stack: count} as the columns say, and how many nodes there are."""
    columns = Columns(page)
    facts = json.loads(columns.next())
    counts = facts["counts"]
    columns.next()  # palettes
    names = columns.texts(counts["names"])
    assert names == sorted(names, key=str.encode), "names are not sorted"
    columns.next(), columns.next(), columns.numbers(counts["names"])  # kinds, shades, mappings
    columns.texts(counts["files"]), columns.numbers(counts["names"])
    ups, of_node = columns.numbers(counts["nodes"]), columns.numbers(counts["nodes"])
    paths, path = [()], ()
    for up, name in zip(ups[1:], of_node[1:]):
        path = path[: len(path) - up] + (names[name],)
        paths.append(path)
    assert len(set(paths)) == len(paths), "a stack has two nodes"
    nodes, _ = columns.numbers(counts["entries"]), columns.numbers(counts["entries"])
    found, node = {}, 0
    for step, value in zip(nodes, columns.numbers(counts["entries"])):
        node += step
        found[paths[node]] = found.get(paths[node], 0) + value
    return found, counts["nodes"]


def digest(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def check_policy(page: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    scripts = re.findall(r'<script type="module">(.*?)</script>', page, re.S)
    styles = re.findall(r"<style>(.*?)</style>", page, re.S)
    assert len(scripts) == len(styles) == 1
    assert "default-src 'none'" in policy and "unsafe" not in policy, policy
    assert f"script-src {digest(scripts[0])};" in policy, "the hash of the script is another"
    assert f"style-src {digest(styles[0])};" in policy, "the hash of the style sheet is another"
    assert not re.search(r"\b(eval|Function)\s*\(", scripts[0])
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", page), "refers to elsewhere"


def check_input(fiq: str, stacks: dict) -> None:
    page = page_of(fiq, "".join(f"{';'.join(path)} {count}\n" for path, count in stacks.items()))
    found, nodes = stacks_of(page)
    assert found == stacks, "the columns differ from the input"
    assert len(page.encode()) <= PAGE_ROOM + NODE_ROOM * nodes + sum(map(len, HOSTILE)), len(page)
    check_policy(page)
    assert page.count("<script") == page.count("</script>") == 2, "a name became markup"
    assert "<!--" not in page and "</title><b>" not in page and "\u202e" not in page


def random_stacks(seed: int, many: int) -> dict:
    pick, stacks = random.Random(seed), {}
    for _ in range(many):
        path = ("main", *(f"f{pick.randrange(40)}" for _ in range(pick.randrange(12))))
        stacks[path] = stacks.get(path, 0) + pick.randrange(1, 1 << pick.randrange(1, 50))
    return stacks


def main() -> None:
    fiq = sys.argv[1]
    check_input(fiq, {("a",): 1})
    check_input(fiq, {("main", name): i + 1 for i, name in enumerate(HOSTILE)})
    check_input(fiq, {("main",) + ("deep",) * 5000: 3})
    for seed in range(6):
        check_input(fiq, random_stacks(seed, 3000))


main()
