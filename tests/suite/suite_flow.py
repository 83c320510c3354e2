"""suite_flow.py - graphs made of binaries and counts inferred on them, against exact ones."""
import collections
import os
import re

import exact
import inference
import profiles
from inference import CALLS, ENTRY, LANDING, LEAVES, STOPS, UNKNOWN
from runner import Case
from toolchain import Failure, environment, run

SAMPLE = ("g++-12 -O2", "clang++-19 -O2", "g++-12 -O2 -no-pie")
FULL = SAMPLE + ("g++-12 -O1 -fcf-protection", "g++-12 -O3 -flto", "g++-12 -Os", "g++-12 -O0",
                 "clang++-19 -O3 -no-pie", "clang++-19 -O2 -fuse-ld=lld-19")
# Overlap with the exact edges of what is inferred from 20000 samples, from 5000 branches.
SAMPLES_ENOUGH, BRANCHES_ENOUGH = 0.90, 0.93
NOISE = 0.01  # of an overlap, in so small a program


def graph_has(graph, counts):
    """Every jump in a function that was taken is an edge of its graph."""
    missing = []
    for (origin, to), times in counts.jumps.items():
        block, target = graph.block_at(origin), graph.block_at(to)
        if origin == to or None in (block, target) or graph.owner[block] != graph.owner[target]:
            continue
        if (origin, to) not in graph.edges:
            missing.append(f"{origin:x} -> {to:x} in {graph.owner[block]:x}, {times} times")
    if missing:
        raise Failure("jumps that are not in the graph:\n" + "\n".join(sorted(missing)[:10]))


def stops_stop(graph, counts):
    """What stands behind a call that does not come back was never run on to."""
    reached = {to for table in (counts.jumps, counts.calls) for _, to in table}
    for place, (last, flags) in graph.blocks.items():
        behind = graph.places.index(place) + 1 if flags & STOPS else len(graph.places)
        if behind == len(graph.places) or not counts.executed.get(last):
            continue
        following = graph.places[behind]
        is_entry = graph.blocks[following][1] & (ENTRY | LANDING)
        if counts.executed.get(following) and following not in reached and not is_entry:
            raise Failure(f"code at {following:x} ran, behind {last:x}, which should not go on")


def is_conserved(graph, inferred):
    """A block is entered and left as often as it runs, but at the ways in and out."""
    entered, left = collections.Counter(), collections.Counter()
    block_of = {graph.blocks[place][0]: place for place in inferred.blocks}
    for (last, to), times in inferred.edges.items():
        entered[to] += times
        left[block_of[last]] += times
    for place, times in inferred.blocks.items():
        flags = graph.blocks[place][1]
        may_enter, may_leave = flags & (ENTRY | LANDING), flags & (LEAVES | STOPS | UNKNOWN | CALLS)
        if entered[place] > times or (entered[place] < times and not may_enter):
            raise Failure(f"block {place:x} is entered {entered[place]} times, runs {times} times")
        if left[place] > times or (left[place] < times and not may_leave):
            raise Failure(f"block {place:x} is left {left[place]} times, runs {times} times")


def infer(suite, command):
    """The whole way, with a small program of two compilers' makes."""
    folder = suite.folder(command)
    program = profiles.build_program(folder, command)
    counts, _ = exact.count([program, "20000"], folder)
    graph = inference.Graph(suite.build, program)
    graph_has(graph, counts)
    stops_stop(graph, counts)
    blocks, edges = inference.true_profile(graph, counts)
    sampler = inference.Sampler(program, counts, suite.seed)

    def result(lines):
        inferred = inference.Inferred(suite.build, program, lines)
        is_conserved(graph, inferred)
        return inferred

    def judge(what, inferred, enough):
        share = exact.overlap(inferred.edges, edges)
        if share < enough:
            raise Failure(f"{what}: {share:.4f} of the edges, not {enough}")
        return share

    whole = result(inference.text_of_traces(sampler.all_traces()))
    notes = [judge("all branches", whole, 0.9999)]
    drawn = sampler.traces(5000)
    lines = inference.text_of_traces(drawn)
    thinned = result(lines)
    notes.append(judge("5000 branches", thinned, BRANCHES_ENOUGH))
    raw = exact.overlap(inference.raw_profile(graph, drawn)[1], edges)
    if notes[-1] < raw - NOISE:
        raise Failure(f"inferred {notes[-1]:.4f} of the edges, but {raw:.4f} were there before")
    suite.random.shuffle(lines)
    if inference.Inferred(suite.build, program, lines).text != thinned.text:
        raise Failure("another order of the lines gives another profile")
    sampled = result(inference.text_of_samples(sampler.samples(20000)))
    notes.append(judge("20000 samples", sampled, SAMPLES_ENOUGH))
    return " ".join(f"{share:.4f}" for share in notes) + f" raw {raw:.4f}"


def _command(suite, *args, status=0):
    done = run([os.path.join(suite.build, "bin/backedge"), *map(str, args)], timeout=60,
               env=environment())
    if done.returncode != status:
        raise Failure(f"exit status {done.returncode}, not {status}: {args}\n{done.stderr}")
    return done.stdout + done.stderr


def _expect(text, *patterns):
    for pattern in patterns:
        if not re.search(pattern, text):
            raise Failure(f"no /{pattern}/ in: {text}")


def show_and_diff(suite):
    """What the two verbs say of drawn branches, and of nothing."""
    folder = suite.folder("show")
    program = profiles.build_program(folder, "g++-12 -O2")
    counts, _ = exact.count([program, "20000"], folder)
    graph = inference.Graph(suite.build, program)
    _, edges = inference.true_profile(graph, counts)
    files = {}
    for name, seed, count in (("a", 1, 2000), ("b", 2, 2000), ("many", 3, 200000)):
        drawn = inference.Sampler(program, counts, seed).traces(count)
        files[name] = os.path.join(folder, name)
        with open(files[name], "w", encoding="ascii") as text:
            text.writelines(inference.text_of_traces(drawn))
        shown = _command(suite, "show", "-b", program, files[name])
        chance = float(re.search(r"up to ([0-9.]+) % of the counts of branches", shown)[1]) / 100
        error = 1 - exact.overlap(inference.raw_profile(graph, drawn)[1], edges)
        if not error / 2 < chance < 4 * error:
            raise Failure(f"{count} branches: {error:.3f} of the counts are chance, not {chance}")
    _expect(shown, "that is enough", "functions ran", r"_ZL5worksi")
    shares = [float(share) for share in re.findall(r"^ *([0-9.]+) %", shown, re.M)]
    if not 99 <= sum(shares) <= 101 or shares != sorted(shares, reverse=True):
        raise Failure(f"shares of {shares}")
    same = _command(suite, "diff", "-b", program, files["a"], files["a"])
    _expect(same, "overlap of blocks 100.0 %, of edges 100.0 %")
    both = _command(suite, "diff", "-b", program, "--min-overlap", 75, files["a"], files["b"])
    back = _command(suite, "diff", "-b", program, "--min-overlap", 75, files["b"], files["a"])
    if both.splitlines()[0] != back.splitlines()[0]:
        raise Failure(f"the overlap depends on the order: {both}{back}")
    _expect(_command(suite, "diff", "-b", program, "--min-overlap", 99.9, files["a"], files["b"],
                     status=1), "and at least 99.9 % are wanted")
    _expect(_command(suite, "diff", "-b", program, files["a"], status=2), "two recordings")
    _expect(_command(suite, "diff", "-b", program, "--min-overlap", "much", files["a"], files["a"],
                     status=2), "want numbers")
    _expect(_command(suite, "show", files["a"], status=2), "-b BINARY is wanted")
    _expect(_command(suite, "show", "-b", program, "-n", "x", files["a"], status=2), "a number")
    _expect(_command(suite, "show", "-b", "/bin/true", files["a"], status=1), "no symbols")


def merge(suite):
    """In whatever order and by whatever steps: the same file, and the profile of all inputs."""
    folder = suite.folder("merge")
    program = profiles.build_program(folder, "g++-12 -O2")
    path = {name: os.path.join(folder, name) for name in "abcxyz"}
    for name, branches in (("a", 4000), ("b", 6000), ("c", 9000)):
        profiles.record(suite.build, program, path[name], branches)

    def merged(out, *inputs):
        _command(suite, "merge", "-b", program, "-o", path[out], *inputs)
        with open(path[out], "rb") as text:
            return text.read()

    whole = merged("x", path["a"], path["b"], path["c"])
    merged("y", path["a"], path["b"])
    if merged("z", path["y"], path["c"]) != whole or merged("y", path["x"]) != whole:
        raise Failure("merging by steps gives another file")
    if merged("y", path["c"], path["a"], path["b"]) != whole:
        raise Failure("another order gives another file")
    if merged("y", "3:" + path["a"], path["b"]) != merged("z", *[path["a"]] * 3, path["b"]):
        raise Failure("a weight of 3 is not three times the same")
    fdata = [_command(suite, "convert", "-b", program, *inputs) for inputs in
             ((path["x"],), (path["a"], path["b"], path["c"]))]
    if fdata[0] != fdata[1] or not fdata[0]:
        raise Failure("what was merged gives another profile")
    for operand in ("0:" + path["a"], "9999999:" + path["a"]):
        _expect(_command(suite, "merge", "-b", program, operand, status=2), "is not 1 to 1000000")
    _expect(_command(suite, "merge", "-b", program, "-o", "/dev/full", path["a"], status=1),
            "cannot write '/dev/full'")
    _expect(_command(suite, "merge", "-b", program, status=2), "a recording is wanted")


def damaged(suite):
    """Code of which bytes were changed: a graph or none, never a crash, a hang or a lost count."""
    folder = suite.folder("damaged")
    program = profiles.build_program(folder, "g++-12 -O2")
    with open(program, "rb") as elf:
        whole = elf.read()
    lines = [f"S {place:x} 3\n" for place in inference.Graph(suite.build, program).places]
    path = os.path.join(folder, "changed")
    for _ in range(400 if suite.full else 40):
        data = bytearray(whole)
        for _ in range(suite.random.randrange(1, 60)):
            data[suite.random.randrange(0x1000, len(data))] = suite.random.randrange(256)
        with open(path, "wb") as out:
            out.write(data)
        try:
            inference.Graph(suite.build, path)
        except Failure as failure:
            if "exit status 1" not in str(failure) and "exit 1" not in str(failure):
                raise
            continue
        inference.Inferred(suite.build, path, lines)


def cases(suite):
    commands = FULL if suite.full else SAMPLE
    return ([Case(f"infer {command}", infer, suite, command) for command in commands] +
            [Case("show and diff", show_and_diff, suite), Case("merge", merge, suite),
             Case("damaged code", damaged, suite)])
