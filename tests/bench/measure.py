"""measure.py - compilers and their plugins, runs side by side, remarks.

Runs are interleaved, so that what else the machine does falls on all variants alike; figures are
medians.
"""
import collections
import os
import re
import statistics
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

Remark = collections.namedtuple("Remark", "kind name reason file line text args")


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


def build(workload, compiler, folder, by_hand=False):
    """Returns ({label: what was built}, remarks): plain, again (the same), pass, and by hand."""
    base = os.path.join(folder, f"{workload.name}-{compiler.name}")
    remarks = base + ".yaml"
    if os.path.exists(remarks):
        os.remove(remarks)
    plain = workload.build(compiler, base + ".plain")
    built = {"plain": plain, "again": plain}
    if by_hand:
        built["hand"] = workload.build(compiler, base + ".hand", "-DHAND")
    flags = compiler.flags("--passes", "insert-prefetch", "--remarks", remarks)
    built["pass"] = workload.build(compiler, base + ".pass", *flags)
    return built, list(read_remarks(remarks))


def interleave(workload, built, runs, progress=None):
    """{label: [CPU seconds]}. Raises ValueError when the results differ."""
    times, result = {label: [] for label in built}, {}
    for i in range(runs):
        for label, one in built.items():
            seconds, result[label] = workload.run(one)
            times[label].append(seconds)
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
            place = re.search(r"File: '?([^',]*)'?, Line: (\d+)", document)
            args = re.findall(r"^  - (\w+): '?([^'\n]*)'?$", document, re.M)
            yield Remark(kind[1], _field(document, "Name"), _field(document, "Reason"),
                         os.path.basename(place[1]) if place else "",
                         int(place[2]) if place else 0, _field(document, "String"),
                         [(k, v) for k, v in args if k not in ("String", "Reason")])


def say(text):
    print(text, file=sys.stderr, flush=True)
