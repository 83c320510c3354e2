"""suite_decode.py - the decoder in runtime/x86 agrees with objdump, instruction by instruction.

Sample: the C library, libcrypto and the C compiler, a million instructions of each; full: every
x86-64 program and shared object of the system, whole. Both: instructions assembled from
data/decode.s, and random ones of every opcode map.
"""
import glob
import os
import platform
import re
import shutil
import struct
import subprocess
import threading

from runner import TESTS, Case
from toolchain import MAIN, Failure, Skip, environment, quote, run

SAMPLE = ("/usr/lib/x86_64-linux-gnu/libc.so.6", "/usr/lib/x86_64-linux-gnu/libcrypto.so.*",
          "/usr/lib/gcc/x86_64-linux-gnu/*/cc1")
FOLDERS = ("/usr/bin", "/usr/lib/x86_64-linux-gnu", "/usr/lib/gcc", "/usr/lib/llvm-*/lib",
           "/usr/lib/llvm-*/bin")
SAMPLE_INSTRUCTIONS = 1000000
RANDOM_INSTRUCTIONS = 40000
SLOT = 32  # bytes; a random one begins each, nops follow
EXECUTABLE, SHARED, X86_64 = 2, 3, 62
TOTALS = ("instructions", "differences", "bad", "declined", "lone prefixes")


class Comparison:
    """Runs the comparing program, and adds up what it counted."""

    def __init__(self, suite):
        self._suite = suite
        self._program = os.path.join(suite.build, "tests", "decode-compare")
        self._lock = threading.Lock()
        self._sum = dict.fromkeys(("files",) + TOTALS, 0)

    def listing(self, objdump, limit=0):
        """Compares what objdump prints, as a whole or up to a number of instructions."""
        command = [self._program] + (["--limit", str(limit)] if limit else [])
        with subprocess.Popen(objdump, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, env=environment()) as lister:
            done = run(command, stdin=lister.stdout, timeout=3600)
            lister.stdout.close()
            said = lister.stderr.read().decode(errors="replace")
        found = re.search("^" + ", ".join(rf"(\d+) {name}" for name in TOTALS) + "$", done.stdout,
                          re.M)
        counts = dict(zip(TOTALS, map(int, found.groups()))) if found else {}
        cut = limit and counts.get("instructions") == limit
        if lister.returncode and not cut:
            raise Failure(f"exit status {lister.returncode}: {quote(objdump)}\n{said}")
        if done.returncode or not found:
            raise Failure(f"{quote(objdump)} | {quote(command)}\n{done.stdout}{done.stderr}")
        self._add(counts)
        return counts

    def _add(self, counts):
        with self._lock:
            self._sum["files"] += 1
            for name, count in counts.items():
                self._sum[name] += count

    def report(self):
        self._suite.footer.append(", ".join(f"{n} {name}" for name, n in self._sum.items()))
        if not self._sum["instructions"]:
            raise Failure("nothing was compared")


def is_x86_64(path):
    """A program or shared object; of an object with many sections objdump takes minutes."""
    if not os.path.isfile(path) or not os.access(path, os.R_OK):
        return False
    with open(path, "rb") as data:
        head = data.read(20)
    if len(head) < 20:
        return False
    return head[:6] == b"\x7fELF\x02\x01" and \
        struct.unpack_from("<HH", head, 16) in ((EXECUTABLE, X86_64), (SHARED, X86_64))


def elf_files():
    """Every file once, whatever its names."""
    found = {}
    for folder in (f for pattern in FOLDERS for f in sorted(glob.glob(pattern))):
        for root, _, names in sorted(os.walk(folder)):
            for name in sorted(names):
                path = os.path.join(root, name)
                if is_x86_64(path):
                    status = os.stat(path)
                    found.setdefault((status.st_dev, status.st_ino), path)
    return sorted(found.values())


def _file(comparison, path, limit):
    counts = comparison.listing(["objdump", "-d", "-w", path], limit)
    return f"{counts['instructions']} instructions"


def _assembled(suite, comparison):
    """Everything in it is an instruction, and none is declined."""
    path = os.path.join(suite.folder("assembled"), "decode.o")
    done = run(["as", "--64", "-o", path, os.path.join(TESTS, "suite", "data", "decode.s")])
    if done.returncode:
        raise Failure(done.stderr)
    counts = comparison.listing(["objdump", "-d", "-w", path])
    if counts["bad"] or counts["declined"] or counts["lone prefixes"]:
        raise Failure(f"in data/decode.s not all is compared: {counts}")


def _random_instruction(random, space):
    """What begins an instruction of one kind of encoding, and random bytes."""
    rex = [0x40 | random.getrandbits(4)] * random.getrandbits(1)
    prefixes = random.choice([[], [], [0x66], [0xf2], [0xf3], [0x67], [0xf0], [0x64], [0x3e]])
    start = {"one": prefixes + rex, "0f": prefixes + rex + [0x0f],
             "0f38": prefixes + rex + [0x0f, 0x38], "0f3a": prefixes + rex + [0x0f, 0x3a],
             "vex2": [0xc5, random.getrandbits(8)],
             "vex3": [0xc4, random.getrandbits(3) << 5 | random.choice([1, 2, 3]),
                      random.getrandbits(8)],
             "xop": [0x8f, random.getrandbits(3) << 5 | random.choice([8, 9, 10]),
                     random.getrandbits(8)],
             "evex": [0x62, random.getrandbits(4) << 4 | random.choice([1, 2, 3, 5, 6]),
                      random.getrandbits(8) | 4, random.getrandbits(8)]}[space]
    return bytes(start) + random.randbytes(14)


def _random(suite, comparison, space):
    path = os.path.join(suite.folder("random"), space)
    count = RANDOM_INSTRUCTIONS * (10 if suite.full else 1) // 8
    with open(path, "wb") as out:
        for _ in range(count):
            out.write(_random_instruction(suite.random, space).ljust(SLOT, b"\x90"))
    comparison.listing(["objdump", "-D", "-w", "-b", "binary", "-m", "i386:x86-64", path])


def _self_contained(suite, compiler, level):
    """The agent cannot call libc: the object must need no symbol."""
    cc = shutil.which(compiler)
    if not cc:
        raise Skip(f"{compiler} is not installed")
    source = os.path.join(os.path.dirname(TESTS), "runtime", "x86", "decode.c")
    path = os.path.join(suite.folder("self-contained"), f"{compiler}{level}.o")
    for command in ([cc, "-std=c17", level, "-c", source, "-o", path], ["nm", "-u", path]):
        done = run(command)
        if done.returncode or done.stdout:
            raise Failure(f"{quote(command)}\n{done.stdout}{done.stderr}")


def cases(suite):
    made = [Case(f"self-contained {cc} {level}", _self_contained, suite, cc, level)
            for cc in MAIN for level in ("-O0", "-O2", "-Os")]
    if platform.machine() != "x86_64" or not shutil.which("objdump"):
        return made
    comparison = Comparison(suite)
    made.append(Case("assembled", _assembled, suite, comparison))
    made += [Case(f"random {space}", _random, suite, comparison, space)
             for space in ("one", "0f", "0f38", "0f3a", "vex2", "vex3", "xop", "evex")]
    paths = elf_files() if suite.full else [p for g in SAMPLE for p in sorted(glob.glob(g))[-1:]]
    limit = 0 if suite.full else SAMPLE_INSTRUCTIONS
    made += [Case(path, _file, comparison, path, limit) for path in paths]
    suite.last.append(Case("total", comparison.report))
    return made
