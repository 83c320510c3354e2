"""measure.py - builds programs plain and with the plugin, and times them side by side.

A program here prints its CPU seconds and its result on one line (kernels/bench.h). Runs are
interleaved, so that what else the machine does falls on all variants alike; figures are medians.
"""
import collections
import os
import re
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))

Remark = collections.namedtuple("Remark", "kind name reason line text args")


class Compiler:
    """A compiler, by the command's name, and the flags of its plugin in a build folder."""

    def __init__(self, name, build):
        self.name = name
        self.command = os.path.join(build, "bin", "backedge")

    def flags(self, *options):
        """What `backedge cflags` prints; None when there is no such compiler or no plugin."""
        done = subprocess.run([self.command, "cflags", "--cc", self.name, *options],
                              capture_output=True, text=True, check=False)
        return done.stdout.split() if done.returncode == 0 else None

    def compile(self, source, output, *flags):
        subprocess.run([self.name, "-O2", "-g1", *flags, source, "-o", output, "-lm"], check=True)


def interleave(programs, runs, progress=None):
    """{label: path} -> {label: [CPU seconds]}. Raises ValueError when the results differ."""
    times, result = {label: [] for label in programs}, {}
    for i in range(runs):
        for label, path in programs.items():
            done = subprocess.run([path], capture_output=True, text=True, check=True)
            seconds, result[label] = done.stdout.split(None, 1)
            times[label].append(float(seconds))
        if progress:
            progress(i + 1)
    if len(set(result.values())) != 1:
        raise ValueError(f"the results differ: {result}")
    return times


def ratio(times, label, base):
    """The median of one variant over that of another."""
    return statistics.median(times[label]) / statistics.median(times[base])


def _field(document, key):
    found = re.search(rf"\b{key}: +'?((?:[^'\n]|'')*)'?$", document, re.M)
    return found[1].replace("''", "'") if found else ""


def read_remarks(path):
    """The remarks in a YAML file of LLVM's format, as the plugins write it."""
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as data:
        for document in data.read().split("\n...\n"):
            kind = re.match(r"--- !(\w+)", document)
            if not kind:
                continue
            line = re.search(r"Line: (\d+)", document)
            args = re.findall(r"^  - (\w+): '?([^'\n]*)'?$", document, re.M)
            yield Remark(kind[1], _field(document, "Name"), _field(document, "Reason"),
                         int(line[1]) if line else 0, _field(document, "String"),
                         [(k, v) for k, v in args if k not in ("String", "Reason")])


def say(text):
    print(text, file=sys.stderr, flush=True)
