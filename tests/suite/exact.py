"""exact.py - how often each instruction of a binary ran and each branch was taken: by valgrind.

An oracle that shares nothing with our own readers and samplers. Addresses are the file's own.
"""
import collections
import os
import re
import shutil
import subprocess

import profiles
from toolchain import Failure, environment, must


class Counts:
    """executed: {address: times}; jumps, calls: {(from, to): times}, 0 is outside the binary;
    returns: {address: times}; total: instructions of the whole process."""

    def __init__(self):
        self.executed = collections.Counter()
        self.jumps, self.calls = collections.Counter(), collections.Counter()
        self.returns = {}
        self.total = 0

    def taken(self):
        """Branches taken in the binary."""
        calls = sum(times for (origin, _), times in self.calls.items() if origin)
        return sum(self.jumps.values()) + calls + sum(self.returns.values())

    def instructions(self):
        """Instructions executed in the binary."""
        return sum(self.executed.values())


def _lines(path):
    with open(path, encoding="utf-8", errors="replace") as text:
        for line in text:
            yield line.rstrip("\n")


def _parse(path, binary):
    """Callgrind's format, positions are instructions (valgrind's manual, "Callgrind Format")."""
    counts, ours, callee, lines = Counts(), False, None, _lines(path)
    for line in lines:
        if line.startswith("0x"):
            if ours:
                address, _, times = line.partition(" ")
                counts.executed[int(address, 16)] += int(times or 0)
        elif line.startswith("ob="):
            ours = line[3:] == binary
        elif line.startswith("fn="):
            callee = None
        elif line.startswith("cob="):
            callee = line[4:]
        elif line.startswith("calls="):
            times, target = line[6:].split()[:2]
            at = next(lines)
            inside = ours if callee is None else callee == binary
            if ours or inside:
                edge = (int(at.split()[0], 16) if ours else 0, int(target, 16) if inside else 0)
                counts.calls[edge] += int(times)
            callee = None
        elif line.startswith(("jump=", "jcnd=")):
            times, target = line[5:].split()[:2]
            at = next(lines)
            if ours:
                counts.jumps[int(at.split()[0], 16), int(target, 16)] += int(times.split("/")[0])
            callee = None
        elif line.startswith(("summary:", "totals:")):
            counts.total = max(counts.total, int(line.split()[1]))
    return counts


def code(binary):
    """[(address, length, mnemonic)] of its executable sections, in order."""
    done = subprocess.run(["objdump", "-d", "-w", "--show-raw-insn", binary], check=True,
                          capture_output=True, text=True)
    found = re.findall(r"^ *([0-9a-f]+):\t((?:[0-9a-f]{2} )+) *\t?(.*)$", done.stdout, re.M)
    return [(int(address, 16), len(raw) // 3, text) for address, raw, text in found]


def _copy(binary, path):
    """Debug information is nothing to valgrind but something to stumble over. objcopy breaks what
    BOLT has written: where there is none, it is not asked."""
    if ".debug_info" in must(["readelf", "-SW", binary]):
        must(["objcopy", "--strip-debug", binary, path])
    else:
        shutil.copy(binary, path)


def count(command, folder, cwd=None, stdin=None):
    """Runs it; the counts in command[0], and what it printed."""
    valgrind, path = profiles.require("valgrind"), os.path.join(folder, "callgrind.out")
    binary = os.path.join(os.path.realpath(folder), os.path.basename(command[0]) + ".counted")
    _copy(command[0], binary)
    done = subprocess.run(
        [valgrind, "--tool=callgrind", "--dump-instr=yes", "--collect-jumps=yes", "--skip-plt=no",
         "--compress-pos=no", "--compress-strings=no", "--dump-line=no", "-q",
         "--callgrind-out-file=" + path, binary] + command[1:], cwd=cwd, input=stdin, text=True,
        capture_output=True, env=environment(), check=False)
    if done.returncode:
        raise Failure(f"valgrind {' '.join(command)}: exit {done.returncode}\n"
                      f"{done.stderr[-2000:]}")
    counts = _parse(path, binary)
    for address, _, text in code(binary):
        if re.match(r"(repz? |bnd |notrack )*ret", text) and counts.executed.get(address):
            counts.returns[address] = counts.executed[address]
    return counts, done.stdout


def runs(binary, counts):
    """{(begin, end): times}: straight runs from where a branch led to the next one taken.

    Where runs that began at different places overlap, the one that began first ends first: block
    counts are the same however one divides them."""
    out = collections.Counter()
    for table in (counts.jumps, counts.calls):
        for (origin, _), times in table.items():
            out[origin] += times
    for origin, times in counts.returns.items():
        out[origin] += times
    live, straight, expected = collections.deque(), collections.Counter(), None
    for address, length, _ in code(binary):
        times = counts.executed.get(address, 0)
        if expected != address or not times:
            live.clear()
        new = times - sum(n for _, n in live)
        if new > 0:
            live.append((address, new))
        ending = min(out.get(address, 0), times)
        while ending and live:
            begin, n = live.popleft()
            part = min(n, ending)
            straight[begin, address] += part
            ending -= part
            if n > part:
                live.appendleft((begin, n - part))
        expected = address + length
    return straight


def traces(binary, counts):
    """(from, to, next, times): each straight run with a branch that led to it; 0 stands for what is
    outside, and for returns: it is not known where they came from."""
    arrived = collections.defaultdict(collections.deque)
    for table in (counts.jumps, counts.calls):
        for (origin, to), times in sorted(table.items()):
            if to and times:
                arrived[to].append((origin, times))
    for (begin, end), left in sorted(runs(binary, counts).items()):
        while left:
            origin, times = arrived[begin].popleft() if arrived[begin] else (0, left)
            part = min(times, left)
            if times > part:
                arrived[begin].appendleft((origin, times - part))
            left -= part
            yield origin, begin, end, part


def write_preaggregated(binary, counts, path):
    """What `perf2bolt -pa` and `backedge convert` read."""
    with open(path, "w", encoding="ascii") as text:
        for origin, to, end, times in traces(binary, counts):
            text.write(f"T {origin:x} {to:x} {end:x} {times}\n")
        for (origin, to), times in sorted(counts.calls.items()):
            if not to and times:
                text.write(f"B {origin:x} 0 {times} 0\n")


def overlap(left, right):
    """The sum of the smaller share of each key: 1 when two counters say the same."""
    a, b = sum(left.values()), sum(right.values())
    return sum(min(n / a, right.get(key, 0) / b) for key, n in left.items()) if a and b else 0.0
