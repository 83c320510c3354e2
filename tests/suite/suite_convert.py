"""suite_convert.py - `backedge convert`: profiles as BOLT's own converter makes them; bad input."""
import os
import re
import struct
import subprocess

import profiles
from profiles import HEAD, read_fdata
from runner import Case
from toolchain import Failure, environment, must, run

ALIKE = 0.001  # of the counts in their lines
SAMPLE = ("g++-12 -O2 -Wl,-q", "clang++-19 -O3 -no-pie", "g++-12 -O1 -fcf-protection")
FULL = SAMPLE + ("g++-12 -O0", "g++-12 -O2", "g++-12 -O2 -no-pie -fno-reorder-blocks-and-partition",
                 "g++-12 -Os -static", "clang++-19 -O2 -fuse-ld=lld-19", "g++-12 -O3 -flto")


def _convert(suite, *args, status=0, **options):
    """Runs it; what it said on stderr once the exit status is the one expected."""
    command = [os.path.join(suite.build, "bin/backedge"), "convert"] + [str(a) for a in args]
    options.setdefault("env", environment())
    done = run(command, timeout=120, **options)
    if done.returncode != status:
        raise Failure(f"exit status {done.returncode}, not {status}: {' '.join(command)}\n"
                      f"{done.stderr}")
    return done.stderr


def _expect(text, *patterns):
    for pattern in patterns:
        if not re.search(pattern, text):
            raise Failure(f"no /{pattern}/ in: {text}")


def _same(ours, theirs, what):
    if not theirs:
        raise Failure(f"{what}: an empty profile to compare with")
    counts, mispredicted = profiles.difference(ours, theirs)
    if counts > ALIKE or mispredicted > ALIKE:
        missing = sorted(set(theirs) - set(ours))[:5]
        raise Failure(f"{what}: {counts:.4%} of counts, {mispredicted:.4%} of mispredictions "
                      f"differ; missing: {missing}")
    return f"{counts:.4%} of {len(theirs)} lines, {len(set(ours) - set(theirs))} more"


def compare(suite, command):
    """A program of two processes, with branches into the kernel."""
    folder = suite.folder("compare " + command)
    program, data = profiles.build_program(folder, command), os.path.join(folder, "perf.data")
    profiles.record(suite.build, program, data, 60000 if suite.full else 25000, kernel=1)
    theirs = profiles.perf2bolt(program, data, os.path.join(folder, "theirs"))
    out = os.path.join(folder, "ours")
    _convert(suite, "-b", program, "-o", out, data)
    note = _same(read_fdata(out), theirs, command)
    _convert(suite, "-b", program, "-f", "preaggregated", "-o", out, data)
    again = profiles.perf2bolt(program, out, os.path.join(folder, "again"), "-pa")
    _same(again, theirs, command + ", preaggregated")
    return note


def walk(suite, name, megabytes):
    """A walk over code that nobody chose to be easy: our own, and MLIR's."""
    folder = suite.folder("walk " + name)
    program, data = os.path.join(suite.build, name), os.path.join(folder, "perf.data")
    must([os.path.join(suite.build, "tests/profile-walk"), program, data, megabytes])
    theirs = profiles.perf2bolt(program, data, os.path.join(folder, "theirs"))
    out = os.path.join(folder, "ours")
    _convert(suite, "-b", program, "-o", out, data)
    return _same(read_fdata(out), theirs, "walk " + name)


# ---- bad input --------------------------------------------------------------------------------


class Recorded:
    """One small recording, which the cases spoil in their own ways."""

    def __init__(self, suite):
        self.suite = suite
        self.folder = suite.folder("small")
        self._data = None

    def make(self):
        # Bound at once: else most of so few branches would be the dynamic linker's.
        self.program = profiles.build_program(self.folder, "g++-12 -O2 -Wl,-z,now")
        path = os.path.join(self.folder, "perf.data")
        profiles.record(self.suite.build, self.program, path, 8000)
        with open(path, "rb") as data:
            self._data = data.read()

    def data(self):
        return bytearray(self._data)

    def write(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as out:
            out.write(data)
        return path

    def convert(self, *args, **options):
        return _convert(self.suite, *args, **options)

    def profile(self, path, *more, **options):
        out = os.path.join(self.folder, "out")
        self.convert("-b", self.program, "-o", out, path, *more, **options)
        return read_fdata(out)

    def refused(self, path, *patterns, program=None):
        """With an error that says it, and no profile."""
        out = os.path.join(self.folder, "refused")
        _expect(self.convert("-b", program or self.program, "-o", out, path, status=1), *patterns)
        if os.path.exists(out):
            raise Failure(f"{path} was refused, and {out} was written")


def not_recordings(small):
    small.refused("/no/such/file", "cannot read '/no/such/file'")
    whole = small.write("whole", small.data())
    for full in ("/dev/full", "/no/such/folder/out"):
        _expect(small.convert("-b", small.program, "-o", full, whole, status=1),
                f"cannot write '{full}'")
    small.refused(small.folder, "it is a folder")
    small.refused(small.write("empty", b""), "is empty")
    small.refused(small.write("text", b"hello, world, no recording\n"), "begin with PERFILE2")
    small.refused(small.write("swapped", b"2ELIFREP" + bytes(100)), "other byte order")
    small.refused(small.write("short", small.data()[:50]), "ends in its head, at byte 50")
    data = small.data()
    struct.pack_into("<Q", data, 40, len(data) + 1000)
    small.refused(small.write("beyond", data), f"records begin at byte {len(data) + 1000}")
    data = small.data()
    struct.pack_into("<Q", data, 24, 1 << 63)
    small.refused(small.write("events", data), "events stand at byte")


def nothing_in_it(small):
    data = small.data()
    sample_type = struct.unpack_from("<Q", data, profiles.ATTR_SAMPLE_TYPE)[0]
    struct.pack_into("<Q", data, profiles.ATTR_SAMPLE_TYPE, sample_type & ~profiles.BRANCH_STACK)
    path = small.write("no-stacks", data)
    for options in (("-f", "preaggregated"), ("--raw",)):
        _expect(small.convert("-b", small.program, "-o", os.devnull, *options, path, status=1),
                "has no branch stacks", "perf record -j any,u")
    _expect(small.convert("-b", small.program, "-o", os.devnull, path), "inferred from [0-9]+")
    first = next(at for at, kind, _ in profiles.records(small.data()) if kind == 9)
    data = small.data()
    struct.pack_into("<Q", data, 48, first - struct.unpack_from("<Q", data, 40)[0])
    small.refused(small.write("no-samples", data), "has no samples")
    small.refused(small.write("whole", small.data()), "no process that ran '/bin/true'|no symbols",
                  program="/bin/true")
    other = os.path.join(small.folder, "other-program")
    must(["g++-12", "-O1", *profiles.SOURCES, "-o", other])
    small.refused(small.write("whole", small.data()), "no process that ran", program=other)


def other_build_id(small):
    folder = os.path.join(small.folder, "elsewhere")
    os.makedirs(folder, exist_ok=True)
    other = profiles.build_program(folder, "g++-12 -O1")
    ids = [re.search(r"Build ID: (\w+)", must(["readelf", "-n", p]))[1]
           for p in (small.program, other)]
    small.refused(small.write("whole", small.data()), *ids, "give the binary that ran",
                  program=other)


def bad_binaries(small):
    data = small.write("whole", small.data())
    small.refused(data, "'/no/such' *: No such file", program="/no/such")
    small.refused(data, "is no ELF file", program=data)
    with open(small.program, "rb") as elf:
        image = bytearray(elf.read())
    stripped = os.path.join(small.folder, "stripped")
    must(["strip", "-o", stripped, small.program])
    small.refused(data, "has no symbols", program=stripped)
    image[18:20] = struct.pack("<H", 183)
    small.refused(data, "no program or shared library for x86-64",
                  program=small.write("arm", image))
    for size in range(0, len(image), 997):
        small.convert("-b", small.write("cut", image[:size]), "-o", os.devnull, data, status=1)


def truncated(small):
    """At every border of records, and inside some: what is there is read, and it is said."""
    whole = small.data()
    total = sum(v[0] for v in small.profile(small.write("whole", whole)).values())
    before = 0
    for number, (at, kind, size) in enumerate(profiles.records(whole)):
        for cut in [at] + ([at + 5, at + size - 1] if number % 20 == 0 else []):
            path, out = small.write("cut", whole[:cut]), os.path.join(small.folder, "out")
            done = subprocess.run([os.path.join(small.suite.build, "bin/backedge"), "convert", "-b",
                                   small.program, "-o", out, path], stderr=subprocess.PIPE,
                                  text=True, timeout=60, check=False)
            if done.returncode not in (0, 1):
                raise Failure(f"exit status {done.returncode} when cut at byte {cut}")
            _expect(done.stderr, f"damaged at byte {at}:")
            if done.returncode == 0:
                now = sum(v[0] for v in read_fdata(out).values())
                if not before <= now <= total:
                    raise Failure(f"cut at byte {cut}: {now} counts, {before} before")
                before = now


def damaged(small):
    """Single bytes changed: an error or a profile, never a crash."""
    whole = small.data()
    for _ in range(2000 if small.suite.full else 150):
        data = bytearray(whole)
        for _ in range(small.suite.random.randrange(1, 4)):
            at = small.suite.random.randrange(min(len(data), 4096) if
                                              small.suite.random.random() < .7 else len(data))
            data[at] = small.suite.random.choice((0, 1, 0x7f, 0x80, 0xff,
                                                  small.suite.random.randrange(256)))
        path = small.write("damaged", data)
        done = run([os.path.join(small.suite.build, "bin/backedge"), "convert", "-b", small.program,
                    "-o", os.devnull, path], timeout=60)
        if done.returncode not in (0, 1):
            keep = small.write(f"crash-{len(os.listdir(small.folder))}", data)
            raise Failure(f"exit status {done.returncode}: {keep}\n{done.stderr}")


def other_forms(small):
    """A pipe, newer and unknown things, several inputs: the same counts."""
    whole = small.data()
    wanted = small.profile(small.write("whole", whole))
    if small.profile(small.write("pipe", profiles.to_pipe(whole))) != wanted:
        raise Failure("perf's pipe format gives another profile")
    command = [os.path.join(small.suite.build, "bin/backedge"), "convert", "-b", small.program, "-"]
    with subprocess.Popen(["cat", os.path.join(small.folder, "pipe")],
                          stdout=subprocess.PIPE) as cat:
        done = run(command, stdin=cat.stdout)
    small.write("from-pipe", done.stdout.encode())
    if read_fdata(os.path.join(small.folder, "from-pipe")) != wanted:
        raise Failure("the standard input gives another profile")
    path = small.write("whole", whole)
    twice = small.profile(path, path)
    if twice != {k: (2 * c, 2 * m) for k, (c, m) in wanted.items()}:
        raise Failure("a recording given twice does not count twice")
    begin, size = struct.unpack_from("<QQ", whole, 40)
    strange = struct.pack("<IHH", 4000, 0, 24) + bytes(16)
    data = whole[:begin] + strange + whole[begin:begin + size]
    struct.pack_into("<QQ", data, 40, begin, size + len(strange))
    data[72] = 0  # the list of build-ids does not stand behind it any more
    _expect(small.convert("-b", small.program, "-o", os.path.join(small.folder, "out"),
                          small.write("strange", data)), "1 records are of unknown types")
    if read_fdata(os.path.join(small.folder, "out")) != wanted:
        raise Failure("an unknown record changes the profile")


def compressed(small):
    """As perf record -z writes it, old way and new; and cut."""
    path = small.write("whole", small.data())
    wanted, out = small.profile(path), os.path.join(small.folder, "compressed")
    for kind in (81, 83):
        must([os.path.join(small.suite.build, "tests/profile-compress"), path, out, kind])
        if small.profile(out) != wanted:
            raise Failure(f"compressed records of type {kind} give another profile")
    with open(out, "rb") as data:
        whole = bytearray(data.read())
    cut = small.write("cut", whole[:len(whole) * 2 // 3])
    _expect(small.convert("-b", small.program, "-o", os.devnull, cut), "damaged at byte")
    at = struct.unpack_from("<Q", whole, 40)[0]
    small.refused(small.write("spoiled", whole[:at + 24] + b"\xff" * 500 + whole[at + 524:]),
                  "nothing in it can be read")


def another_program(small):
    """A process that runs another program from some time on counts no more from then on."""
    whole = small.data()
    samples = [at for at, kind, _ in profiles.records(whole) if kind == 9]
    middle = samples[len(samples) // 2]
    wanted = small.profile(small.write("cut", whole[:middle]))
    begin, size = struct.unpack_from("<QQ", whole, 40)
    time, = struct.unpack_from("<Q", whole, middle + 24)
    pids = {struct.unpack_from("<I", whole, at + 16)[0] for at in samples}
    execs = b"".join(struct.pack("<IHHII8sIIQ", 3, 1 << 13, 40, pid, pid, b"other", pid, pid, time)
                     for pid in sorted(pids))
    data = whole[:middle] + execs + whole[middle:begin + size]
    struct.pack_into("<QQ", data, 40, begin, size + len(execs))
    data[72] = 0
    if small.profile(small.write("exec", data)) != wanted:
        raise Failure("samples count that were taken when the process ran another program")


def synthesized_forks(small):
    """Of what ran before, perf says whose child it is: that does not have its parent's mappings."""
    whole = small.data()
    wanted = small.profile(small.write("whole", whole))
    begin, size = struct.unpack_from("<QQ", whole, 40)
    samples = [at for at, kind, _ in profiles.records(whole) if kind == 9]
    pid, = struct.unpack_from("<I", whole, samples[0] + 16)
    length, = struct.unpack_from("<H", whole, samples[0] + 6)
    sample = bytearray(whole[samples[0]:samples[0] + length])
    struct.pack_into("<II", sample, 16, 4242, 4242)
    for misc, is_same in ((1 << 13, True), (0, False)):
        fork = struct.pack("<IHHIIIIQIIQ", 7, misc, 48, 4242, pid, 4242, pid, 0, 4242, 4242,
                           struct.unpack_from("<Q", whole, samples[0] + 24)[0])
        data = whole[:begin + size] + fork + sample
        struct.pack_into("<QQ", data, 40, begin, size + len(fork) + len(sample))
        data[72] = 0
        if (small.profile(small.write("forks", data)) == wanted) != is_same:
            raise Failure(f"FORK with misc {misc:#x}: the child's samples are taken wrongly")


SCRIPTS = ("ip,brstack", "pid,ip,brstack", "pid,tid,time,ip,brstack", "time,brstack",
           "comm,tid,pid,time,event,ip,sym,brstack", "comm,tid,time,event,ip,sym,dso,brstack")


def printed(small):
    """What perf script prints of it, with the fields in use, gives the same profile."""
    path = small.write("whole", small.data())
    wanted = small.profile(path)
    script = [profiles.require("perf"), "script", "-i", path]
    for fields in SCRIPTS:
        for more in ([], ["--show-task-events"]):
            text = must(script + ["-F", fields, "--show-mmap-events"] + more)
            if small.profile(small.write("text", text.encode())) != wanted:
                raise Failure(f"perf script -F {fields} gives another profile")
    lines = text.splitlines()
    samples = sum("/-/" in line for line in lines)
    _expect(small.convert("-v", "-b", small.program, "-o", os.devnull,
                          small.write("text", text.encode())), f" {samples} samples\n")
    small.refused(small.write("unmapped", "\n".join(
        line for line in lines if "MMAP" not in line).encode()), "--show-mmap-events")
    names = must(script + ["-F", "ip,brstacksym", "--show-mmap-events"])
    small.refused(small.write("names", names.encode()), "stacks of names, not of addresses")
    endless = b" 0x1(" * 400000 + b"\nx 0x1/0x2/P" + b" 0x1(/" * 400000
    if small.profile(small.write("long", text.encode() + b"\n" + endless)) != wanted:
        raise Failure("lines that never end change the profile")
    for _ in range(300 if small.suite.full else 30):  # cut and spoiled: a profile, or an error
        data = bytearray(text.encode())
        for _ in range(small.suite.random.randrange(1, 2000)):
            data[small.suite.random.randrange(len(data))] = small.suite.random.choice(
                b"0f/:x ()[]@-\n\0\xff")
        path = small.write("spoiled", data[:small.suite.random.randrange(len(data))])
        done = run([os.path.join(small.suite.build, "bin/backedge"), "convert", "-b",
                    small.program, "-o", os.devnull, path], timeout=60)
        if done.returncode not in (0, 1):
            raise Failure(f"exit status {done.returncode}: {path}\n{done.stderr}")


def traced(small):
    """A processor's trace is decoded by perf, and what goes wrong there is said."""
    whole = small.data()
    path = small.write("whole", whole)
    wanted = small.profile(path)
    begin, size = struct.unpack_from("<QQ", whole, 40)

    def trace(kind):
        info = struct.pack("<IHHIIQ", 70, 0, 24, kind, 0, 0)
        data = whole[:begin] + info + whole[begin:begin + size]
        struct.pack_into("<QQ", data, 40, begin, size + len(info))
        data[72] = 0
        return small.write("traced", data)
    small.refused(trace(1), "'perf inject --itrace=i100usl64' cannot decode the trace: .")
    small.refused(trace(4), "a trace of a kind .4. that does not say")
    tools = os.path.join(small.folder, "tools")
    os.makedirs(tools, exist_ok=True)
    perf = os.path.join(tools, "perf")
    out = os.path.join(small.folder, "out")
    for script, status, said in ((f'[ "$1 $2" = "inject --itrace=i512il64" ] && cp {path} "$7"', 0,
                                  ""), ("echo first; echo last >&2; exit 3", 1, "trace: last"),
                                 ('cp "$5" "$7"', 1, "left the trace as it was"),
                                 ("exit 127", 1, "install linux-perf")):
        with open(perf, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + script + "\n")
        os.chmod(perf, 0o755)
        env = dict(environment(), PATH=tools + ":" + os.environ["PATH"], TMPDIR=small.folder)
        _expect(small.convert("-b", small.program, "-o", out, trace(3), status=status, env=env),
                said)
    if any(name.startswith("backedge-") for name in os.listdir(small.folder)):
        raise Failure("a temporary folder is left behind")
    with open(trace(3), "rb") as file:
        _expect(small.convert("-b", small.program, "-o", out, "-", status=1, stdin=file),
                "has to be in a file")
    if small.profile(path) != wanted:
        raise Failure("the recording was changed")


def aggregated(small):
    """Counts of addresses, as perf2bolt -pa takes them, are read as they are written."""
    out = os.path.join(small.folder, "counts")
    small.convert("-b", small.program, "-f", "preaggregated", "-o", out,
                  small.write("whole", small.data()))
    wanted = small.profile(os.path.join(small.folder, "whole"), "--raw")
    if small.profile(out, "--raw") != wanted:
        raise Failure("counts of addresses give another profile than what they were made of")
    with open(out, encoding="utf-8") as lines:
        text = lines.read()
    for change in ((r"^([Ff]) (\w+)", r"\1 00ab12:\2"), (r"^(B \w+) 0 ", r"\1 X:7f1234 "),
                   (r"\A", "# first\n\nE cycles\n")):
        path = small.write("changed", re.sub(*change, text, flags=re.M).encode())
        if small.profile(path, "--raw") != wanted:
            raise Failure(f"{change[1]}: another profile")
    if not re.search(r"^[Ff] ", text, re.M) or small.profile(out, out, "--raw") != {
            k: (2 * c, 2 * m) for k, (c, m) in wanted.items()}:
        raise Failure("counts given twice do not count twice")
    for line in ("B 10 20 5", "B 10 20 5 6", "F 10 20", "F 10 g 1", "T 1 2 3 4 5", "Q 1 2 3",
                 "B 10 20 99999999999999 0", "B -10 20 1 0"):
        small.refused(small.write("wrong", f"{text}{line}\n".encode()),
                      f"makes no sense in line {text.count(chr(10)) + 1}: {line}")
    small.refused(small.write("outside", b"B 1 2 3 0\nF 1 2 3\n"), "none of the branches")
    branch = re.search(r"^B (\w+) (\w+) ", text, re.M)
    _expect(small.convert("-v", "-b", small.program, "-o", os.devnull, small.write(
        "trace", f"T {branch[1]} {branch[2]} {branch[2]} 12\n".encode())), "branches +12\n")


def bolts_own(small):
    """BOLT's profiles are read: what is written of one is the same again."""
    wanted = small.profile(small.write("whole", small.data()), "--raw")
    with open(os.path.join(small.folder, "out"), encoding="utf-8") as lines:
        text = lines.read()
    path = small.write("fdata", text.encode())
    if small.profile(path, "--raw") != wanted:
        raise Failure("a profile for BOLT gives another one")
    if small.profile(path, path, "--raw") != {k: (2 * c, 2 * m) for k, (c, m) in wanted.items()}:
        raise Failure("a profile given twice does not count twice")
    more = text + "1 no_such_function 0 1 main 0 0 7\n"
    _expect(small.convert("--raw", "-b", small.program, "-o", os.devnull,
                          small.write("more", more.encode())), "7 branches or samples are in func")
    places = sorted(set(re.findall(r"^1 (\S+ \w+) 1 ", text, re.M)))
    counts = "".join(f"1 {place} 900\n" for place in places)
    _expect(small.convert("-b", small.program, "-o", os.devnull, small.write(
        "no_lbr", ("no_lbr cycles:u:\n" + counts + "1 main ffffff 6\n").encode())),
            "6 branches or samples are in functions")
    for line in ("1 main 0 1 main 0 8 7", "1 main x 1 main 0 0 1", "1 main 0", "7 main 0 5",
                 "1 main 0 1 main 0 0 99999999999999"):
        small.refused(small.write("wrong", f"{text}{line}\n".encode()),
                      f"makes no sense in line {text.count(chr(10)) + 1}$")
    small.refused(small.write("bolted", b"boltedcollection\n" + text.encode()), "BOLT had made")
    small.refused(small.write("other", b"1 nothing 0 1 nothing 0 0 7\n"), "none of the functions")


def newer_perf(small):
    """An event of a newer perf, with more fields than anybody knows."""
    whole, more = small.data(), 64
    wanted = small.profile(small.write("whole", whole))
    attr_size = struct.unpack_from("<I", whole, HEAD + 4)[0]
    begin, size = struct.unpack_from("<QQ", whole, 40)
    data = (whole[:HEAD + attr_size] + bytes(more) + whole[HEAD + attr_size:begin] +
            whole[begin:begin + size])
    struct.pack_into("<I", data, HEAD + 4, attr_size + more)
    struct.pack_into("<QQQQQ", data, 16, attr_size + more + 16, HEAD, attr_size + more + 16,
                     begin + more, size)
    data[72] = 0
    if small.profile(small.write("newer", data)) != wanted:
        raise Failure("a longer event gives another profile")


def usage(small):
    path = small.write("whole", small.data())
    _expect(small.convert(status=2), "-b BINARY is wanted")
    _expect(small.convert("-b", small.program, status=2), "a recording is wanted")
    _expect(small.convert("-b", small.program, "-f", "elf", path, status=2),
            "the formats are: bolt")
    _expect(small.convert("-b", small.program, "-o", "/no/such/folder/x", path, status=1),
            "cannot write")
    _expect(small.convert("-b", small.program, "-o", "/dev/full", path, status=1), "cannot write")
    _expect(small.convert("-v", "-b", small.program, "-o", os.devnull, path), "samples used",
            "returns")


BAD = (not_recordings, nothing_in_it, other_build_id, bad_binaries, truncated, damaged, other_forms,
       compressed, another_program, synthesized_forks, printed, traced, aggregated, bolts_own,
       newer_perf,
       usage)


def spoiled(suite, functions):
    """One case, since they share a recording and its folder."""
    small = Recorded(suite)
    small.make()
    for function in functions:
        function(small)


def cases(suite):
    made = [Case(f"compare {command}", compare, suite, command)
            for command in (FULL if suite.full else SAMPLE)]
    made.append(Case("walk backedge", walk, suite, "bin/backedge", 5))
    if suite.full:
        made.append(Case("walk libbackedge", walk, suite, "lib/libbackedge.so", 100))
    return made + [Case("bad input and other forms", spoiled, suite, BAD)]
