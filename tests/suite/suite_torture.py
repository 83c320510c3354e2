"""suite_torture.py - GCC's own execution tests, rebuilt from MLIR, with the pass on, and stirred.

A test counts when the plain compiler passes it with the same flags. Sample: every 12th test at -O0
and -O2; full: all, at every level. A mode that changes no function fails, too.
"""
import filecmp
import glob
import os
import re
import subprocess

from fetch import FetchError, fetch
from runner import Case, Tally, failing
from toolchain import (LEVELS, MAIN, Failure, Skip, build_test_core, environment, quote,
                       read_stats, run)

# The tests are old C: what clang 16 made errors of.
OLD_C = ["-Wno-implicit-int", "-Wno-implicit-function-declaration", "-Wno-int-conversion",
         "-Wno-return-type", "-Wno-incompatible-function-pointer-types"]
MODES = {"rebuild": {"mode": "rebuild", "verify": 1},
         "insert-prefetch": {"passes": "insert-prefetch", "verify": 1},
         "prefetch-all": {"passes": "insert-prefetch:cost=0", "verify": 1},
         # tests/core: they edit everything, and mean nothing
         "stir": {"passes": "stir:seed=1", "verify": 1},
         "shake": {"passes": "shake:kinds=511", "verify": 1}}


def _options(source):
    """The flags a test asks for in its dg-options lines; for gcc only where it says so."""
    text = open(source, encoding="latin-1").read()
    out = []
    for line in re.findall(r"\{\s*dg-(?:additional-)?options\s+(.*)", text):
        match = re.match(r'"([^"]*)"(.*)', line)
        if match and "target" not in match.group(2):
            out += match.group(1).split()
    return out


def _build(compiler, flags, source, binary, options):
    obj = binary + ".o"
    args = [compiler.cc] + flags + ["-w", "-Wno-psabi", "-c", source, "-o", obj]
    args += compiler.flags(**options) if options else []
    done = run(args, timeout=120, env=environment(options))
    if done.returncode or (options and done.stderr):
        raise Failure(f"exit {done.returncode}: {quote(args)}\n{done.stderr[-2500:]}")
    return obj, args


def _execute(compiler, flags, obj, binary):
    done = run([compiler.cc] + [f for f in flags if f.startswith(("-f", "-p"))] +
               ["-w", obj, "-o", binary, "-lm"])
    if done.returncode:
        return "link"
    try:
        return subprocess.run([binary], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              stdin=subprocess.DEVNULL, timeout=20,
                              cwd=os.path.dirname(binary)).returncode
    except subprocess.TimeoutExpired:
        return "timeout"


def _case(suite, tally, cc, source, level, modes):
    compiler = suite.compiler(cc)
    compiler.require()
    flags = [level] + _options(source) + ([] if compiler.is_gcc else OLD_C)
    name = os.path.basename(source)[:-2]
    folder = suite.folder(f"{cc}{level}")
    binary = os.path.join(folder, name)
    plain = None
    try:
        try:
            plain, _ = _build(compiler, flags, source, binary, None)
        except Failure:
            raise Skip(f"{cc} itself does not compile the test") from None
        want = None
        for mode in modes:
            stats = f"{binary}.{mode}.stats"
            options = dict(MODES[mode], stats=stats)
            other, args = _build(compiler, flags, source, f"{binary}.{mode}", options)
            changed = read_stats(stats)["changed"]
            if filecmp.cmp(plain, other, shallow=False):
                tally.add(mode, compiler, changed)
                continue
            if want is None:
                want = _execute(compiler, flags, plain, binary)
            if want != 0:
                raise Skip(f"{cc} itself does not pass the test")
            tally.add(mode, compiler, changed)
            have = _execute(compiler, flags, other, f"{binary}.{mode}")
            if have != 0:
                raise Failure(f"{mode}: exit {have}\n{quote(args)} && {compiler.cc} {other} -o "
                              f"/tmp/t -lm && /tmp/t")
    finally:
        made = re.escape(binary) + rf"(\.({'|'.join(MODES)}))?(\.o|\.stats)?"
        for path in glob.glob(glob.escape(binary) + "*"):
            if re.fullmatch(made, path):
                os.unlink(path)


def cases(suite):
    try:
        folder = os.path.join(fetch("gcc-12-source"), "gcc.c-torture/execute")
    except FetchError as error:
        kind = Failure if os.environ.get("CI") == "true" else Skip
        return [Case("torture", failing(kind(str(error))))]
    build_test_core(suite.build)
    tests = sorted(glob.glob(folder + "/*.c") + glob.glob(folder + "/ieee/*.c"))
    if not suite.full:
        tests = tests[suite.seed % 12::12]
    tally = Tally(suite, ["rebuild", "stir", "shake"] + (["prefetch-all"] if suite.full else []))
    out = []
    for source in tests:
        for cc in MAIN:
            for level in LEVELS if suite.full else ("-O0", "-O2"):
                modes = list(MODES) if level in ("-O2", "-O3") else ["rebuild"]
                key = f"{os.path.relpath(source, folder)} {cc} {level}"
                out.append(Case(key, _case, suite, tally, cc, source, level, modes))
    return out
