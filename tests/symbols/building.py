"""What the tests of names share: commands, symbols of a program, and what fiq calls its addresses.
The program name_addresses is the first argument of the test."""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
NAMES = str(pathlib.Path(sys.argv[1]).resolve())


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=240,
                          **options).stdout


def symbol(program, name):
    """Its start and end, from the symbol table."""
    for line in run("nm", "-S", program).splitlines():
        fields = line.split()
        if fields[-1] == name:
            return int(fields[0], 16), int(fields[0], 16) + int(fields[1], 16)
    raise SystemExit(f"no {name} in {program}")


def chains(program, addresses, *options):
    """For each address the functions that it is in, innermost first, with their lines."""
    text = "".join(f"{address:x}\n" for address in addresses)
    answer = run(NAMES, *options, program, input=text)
    blocks = [block.split("\n") for block in answer.split("\n\n")[: len(addresses)]]
    return [[(b[i], int(b[i + 1].rsplit(":", 1)[1])) for i in range(0, len(b) - 1, 2)]
            for b in blocks]
