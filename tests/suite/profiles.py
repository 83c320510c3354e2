"""profiles.py - recordings for the tests of profiles, BOLT's own converter, comparing the two."""
import os
import shutil
import struct

from runner import TESTS
from toolchain import Failure, Skip, must

SOURCES = [os.path.join(TESTS, "profile", name) for name in ("program.cpp", "other.cpp")]
HEAD, ATTR_SAMPLE_TYPE = 104, 104 + 24  # offsets in the files that tests/profile writes
BRANCH_STACK = 1 << 11


def require(name):
    """The path of a tool; Skip when it is not there, in CI Failure."""
    path = shutil.which(name)
    if not path:
        kind = Failure if os.environ.get("CI") == "true" else Skip
        raise kind(f"{name} is not installed")
    return path


def build_program(folder, command):
    """Compiles the tests' own program; its path."""
    words = command.split()
    path = os.path.join(folder, "program")
    must([require(words[0])] + words[1:] + SOURCES + ["-o", path])
    return path


def record(build, program, path, branches, kernel=0):
    """Records the program, run one instruction at a time."""
    must([os.path.join(build, "tests/profile-step"), path, branches, kernel, program, "100000"])


def perf2bolt(program, recording, out, *options):
    """What BOLT's own converter makes of a recording."""
    require("perf")
    must([require("perf2bolt-22"), "-p", recording, "-o", out, program] + list(options))
    return read_fdata(out)


def read_fdata(path):
    """{place and place: (count, mispredicted)} of a profile for BOLT."""
    lines = {}
    with open(path, encoding="utf-8") as data:
        for line in data:
            key, mispredicted, count = line.rsplit(" ", 2)
            if key in lines:
                raise Failure(f"{path}: two lines of {key}")
            lines[key] = (int(count), int(mispredicted))
    return lines


def difference(ours, theirs):
    """The sum of |a-b| over their lines as a share of the sum of b: of counts, mispredictions."""
    shares = []
    for i in (0, 1):
        total = sum(v[i] for v in theirs.values())
        apart = sum(abs(ours.get(k, (0, 0))[i] - v[i]) for k, v in theirs.items())
        shares.append(apart / total if total else float(apart > 0))
    return shares


def records(data):
    """(offset, type, size) of each record of a file that tests/profile wrote."""
    at, size = struct.unpack_from("<QQ", data, 40)
    end = at + size
    while at < end:
        kind, _, length = struct.unpack_from("<IHH", data, at)
        yield at, kind, length
        at += length


def to_pipe(data):
    """The same recording as perf writes it into a pipe: without a head, the event as a record."""
    attr_size = struct.unpack_from("<I", data, HEAD + 4)[0]
    attr = data[HEAD:HEAD + attr_size]
    begin, size = struct.unpack_from("<QQ", data, 40)
    return (b"PERFILE2" + struct.pack("<Q", 16) +
            struct.pack("<IHH", 64, 0, 8 + len(attr)) + attr + data[begin:begin + size])
