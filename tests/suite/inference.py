"""inference.py - samples drawn from exact counts, what is inferred from them, how good that is.

Both the suite `flow` and the benchmark `inference` work with it. A profile is {block: count} and
{(last instruction of a block, block that it leads to): count}, in the binary's addresses.
"""
import bisect
import collections
import itertools
import os
import random

import exact
from toolchain import Failure, must, run

ENTRY, LANDING, LEAVES, STOPS, UNKNOWN, CALLS = 1, 2, 4, 8, 16, 32  # graph.h
FALL = 0


class Graph:
    """What tests/profile/graph.c prints of a binary."""

    def __init__(self, build, binary):
        self.blocks, self.edges, self.owner, owner = {}, {}, {}, None
        for line in must([os.path.join(build, "tests/profile-graph"), binary]).splitlines():
            kind, *words = line.split(None, 3)
            if kind == "function":
                owner = int(words[0], 16)
            elif kind == "block":
                place, last, flags = (int(word, 16) for word in words)
                self.blocks[place] = (last, flags)
                self.owner[place] = owner
            else:
                self.edges[int(words[0], 16), int(words[1], 16)] = int(words[2])
        self.places = sorted(self.blocks)

    def block_at(self, address):
        """The block an address is in, by its beginning; None before the first one."""
        at = bisect.bisect_right(self.places, address) - 1
        return self.places[at] if at >= 0 else None


def true_profile(graph, counts):
    """What exact counts say of blocks and edges. Valgrind takes jumps to fragments for calls."""
    jumped, taken = collections.Counter(), collections.Counter()
    for table in (counts.jumps, counts.calls):
        for (origin, to), times in table.items():
            if origin != to and (origin, to) in graph.edges:  # else rep, or a call
                jumped[origin, to] += times
                taken[origin] += times
    blocks = {place: counts.executed[place] for place in graph.places if counts.executed.get(place)}
    edges = {}
    for (last, to), kind in graph.edges.items():
        times = jumped[last, to]
        if kind == FALL:
            times += counts.executed.get(last, 0) - taken[last]
        if times > 0:
            edges[last, to] = times
    return blocks, edges


class Sampler:
    """Draws from exact counts; the same seed draws the same."""

    def __init__(self, binary, counts, seed=1):
        self.counts, self.random = counts, random.Random(seed)
        self.runs = sorted(exact.runs(binary, counts).items())
        self.returns = sorted(counts.returns.items())
        arriving = collections.defaultdict(list)
        for table in (counts.jumps, counts.calls):
            for (origin, to), times in sorted(table.items()):
                if times and to:
                    arriving[to].append((origin, times))
        self.arriving = arriving

    def _draw(self, weighted, count):
        things, weights = zip(*weighted)
        return collections.Counter(self.random.choices(
            things, cum_weights=list(itertools.accumulate(weights)), k=count))

    def samples(self, count):
        """{address: samples}: each instruction that was executed is as likely as any other."""
        return self._draw(sorted(self.counts.executed.items()), count)

    def traces(self, count):
        """{(from, to, next): times}: branches with the straight run behind them."""
        drawn = collections.Counter()
        for (begin, end), times in sorted(self._draw(self.runs, count).items()):
            for origin, part in self._arrivals(begin, times).items():
                drawn[origin, begin, end] += part
        return drawn

    def _arrivals(self, begin, times):
        """From where: branches to there, else returns, of which it is not known which."""
        if self.arriving[begin]:
            return self._draw(self.arriving[begin], times)
        return self._draw(self.returns, times)

    def all_traces(self):
        """Every branch and every run, as often as it happened."""
        drawn = collections.Counter()
        back = collections.deque(self.returns)
        by_begin = collections.defaultdict(list)
        for (begin, end), times in self.runs:
            by_begin[begin].append((end, times))
        for begin, ends in by_begin.items():
            origins = collections.deque(self.arriving[begin])
            for end, times in ends:
                while times:
                    source = origins or back
                    origin, left = source.popleft() if source else (0, times)
                    part = min(times, left)
                    drawn[origin, begin, end] += part
                    times -= part
                    if left > part:
                        source.appendleft((origin, left - part))
        return drawn


def text_of_samples(samples):
    """Lines that `backedge convert` and `perf2bolt -pa` read; here and below."""
    return [f"S {address:x} {times}\n" for address, times in sorted(samples.items())]


def text_of_traces(traces):
    return [f"T {origin:x} {to:x} {end:x} {times}\n"
            for (origin, to, end), times in sorted(traces.items())]


def raw_profile(graph, traces):
    """What traces say by themselves."""
    blocks, edges = collections.Counter(), collections.Counter()
    for (origin, to, end), times in traces.items():
        if (origin, to) in graph.edges:
            edges[origin, to] += times
        place = graph.block_at(to)
        if place == to:
            blocks[to] += times
        at = bisect.bisect_left(graph.places, place)
        while graph.blocks[graph.places[at]][0] < end and at + 1 < len(graph.places):
            edges[graph.blocks[graph.places[at]][0], graph.places[at + 1]] += times
            at += 1
            blocks[graph.places[at]] += times
    return blocks, edges


class Inferred:
    """What tests/profile/infer.c prints: blocks, edges, and what it took, by name."""

    def __init__(self, build, binary, lines):
        path = binary + ".counts"
        with open(path, "w", encoding="ascii") as text:
            text.writelines(lines)
        done = run([os.path.join(build, "tests/profile-infer"), binary, path], timeout=300)
        if done.returncode:
            raise Failure(f"profile-infer: exit status {done.returncode}\n{done.stderr}")
        self.text, self.blocks, self.edges, self.work = done.stdout, {}, {}, {}
        for line in done.stdout.splitlines():
            words = line.split()
            if words[0] == "block":
                self.blocks[int(words[1], 16)] = int(words[2])
            elif words[0] == "edge":
                self.edges[int(words[1], 16), int(words[2], 16)] = int(words[3])
            else:
                self.work = dict(zip(words[::2], map(int, words[1::2])))
