"""suite_csmith.py - random programs print the same checksum with the plugin as without.

Sample: 50 programs, each with one level per compiler. Full: 500 programs, every level. Identity is
judged on the object's bytes; so is any other object that comes out the same. A mode that changes no
function with one of the compilers shows nothing, and that fails.
"""
import filecmp
import os
import shutil
import subprocess

from runner import Case, Tally
from toolchain import (MAIN, Failure, Skip, build_test_core, environment, quote, read_stats,
                       run)

LEVELS = ("-O1", "-O2", "-O3")
MODES = {"identity": {"mode": "identity"}, "rebuild": {"mode": "rebuild", "verify": 1},
         "insert-prefetch": {"passes": "insert-prefetch", "verify": 1},
         "prefetch-all": {"passes": "insert-prefetch:cost=0", "verify": 1},
         "stir": {"passes": "stir:seed=1", "verify": 1}}  # tests/core/stir.c edits everything
SHAPES = ([], ["--bitfields", "--packed-struct"], ["--float"],
          ["--max-funcs", "3", "--max-array-dim", "2", "--max-block-depth", "5"],
          ["--inline-function", "--no-volatiles"],
          ["--builtins"],
          # `(x, NULL) == p` is no C++
          ["--lang-cpp", "--no-comma-operators"])
# The builtin functions include those of SSE 4.2; initial values do not fit their types.
MORE_FLAGS = {"c": ["-mcrc32"], "c++": ["-Wno-narrowing"]}


def _generate(seed, folder):
    shape = SHAPES[seed % len(SHAPES)]
    source = os.path.join(folder, "t.cpp" if "--lang-cpp" in shape else "t.c")
    args = ["csmith", "--seed", str(seed), "--output", source] + shape
    done = run(args, timeout=60, cwd=folder)
    if done.returncode or not os.path.exists(source):
        raise Skip("csmith made nothing")
    return source


def _language(source):
    return "c++" if source.endswith(".cpp") else "c"


def _object(driver, compiler, level, source, name, options):
    out = f"{source}.{compiler.name}{level}.{name}.o"
    args = [driver, level, "-w", "-I/usr/include/csmith", "-c", source, "-o", out]
    args += MORE_FLAGS[_language(source)]
    args += compiler.flags(**options) if options else []
    try:
        done = run(args, timeout=120, env=environment(options))
    except Failure:
        if not options:
            raise Skip("the plain compiler takes too long") from None
        raise
    if done.returncode or (options and done.stderr):
        if not options:
            raise Skip("the plain compiler does not compile it")
        raise Failure(f"exit {done.returncode}: {quote(args)}\n{done.stderr[-2500:]}")
    return out, args


def _link(driver, obj):
    done = run([driver, obj, "-o", obj[:-2]])
    if done.returncode:
        raise Failure(f"does not link: {done.stderr[-800:]}")
    return obj[:-2]


def _execute(binary, limit):
    """What the program prints; None when it runs for more than `limit` seconds. Removes it."""
    try:
        done = subprocess.run([binary], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=limit, errors="replace", stdin=subprocess.DEVNULL)
        return f"{done.stdout.strip()} [exit {done.returncode}]"
    except subprocess.TimeoutExpired:
        return None
    finally:
        os.unlink(binary)


def _wanted(driver, plain):
    """What the plain program prints."""
    try:
        binary = _link(driver, plain)
    except Failure:  # a builtin function of other processors
        raise Skip("the plain program does not link") from None
    want = _execute(binary, 2)
    if want is None:
        raise Skip("runs longer than 2 s")
    return want


def check(compiler, level, source, modes, tally):
    """Raises Failure when a mode changes what the program prints."""
    driver = compiler.driver(_language(source))
    plain, _ = _object(driver, compiler, level, source, "plain", None)
    want = None
    for name in modes:
        stats = f"{source}.{compiler.name}{level}.{name}.stats"
        other, args = _object(driver, compiler, level, source, name, dict(MODES[name], stats=stats))
        changed = read_stats(stats)["changed"]
        if filecmp.cmp(plain, other, shallow=False):
            tally.add(name, compiler, changed)
            os.unlink(other)
            continue
        if name == "identity":
            raise Failure(f"identity changes the object: {quote(args)}")
        want = want or _wanted(driver, plain)
        tally.add(name, compiler, changed)
        have = _execute(_link(driver, other), 30)
        if have != want:
            raise Failure(f"prints '{have}' instead of '{want}':\n{quote(args)} && "
                          f"{quote([driver, other, '-o', '/tmp/t'])} && /tmp/t")
        os.unlink(other)
    os.unlink(plain)


def _case(suite, tally, seed, cc, levels):
    compiler = suite.compiler(cc)
    compiler.require()
    folder = suite.folder(f"seed-{seed}-{cc}")
    shutil.rmtree(folder)  # what a failure has left
    os.makedirs(folder)
    source = _generate(seed, folder)
    try:
        for level in levels:
            # stir is slow, and what it does depends little on the level
            modes = [m for m in MODES if m != "stir" or not suite.full or level == "-O2"]
            check(compiler, level, source, modes, tally)
    except Failure as failure:
        raise Failure(f"seed {seed}: repeat with tests/run-suite csmith --full --only "
                      f"'seed {seed} {cc}'\n{failure}") from None
    except Skip:
        shutil.rmtree(folder)
        raise
    shutil.rmtree(folder)


def _no_csmith():
    if os.environ.get("CI") == "true":
        raise Failure("csmith is not installed")
    raise Skip("csmith is not installed")


def cases(suite):
    if not shutil.which("csmith"):
        return [Case("csmith", _no_csmith)]
    build_test_core(suite.build)
    tally = Tally(suite, ("rebuild", "prefetch-all", "stir"))
    out = []
    for i in range(600 if suite.full else 66):  # more than asked for: some run too long
        seed = suite.seed % 100000 + i
        for j, cc in enumerate(MAIN):
            levels = LEVELS if suite.full else (LEVELS[(i + j) % 3],)
            out.append(Case(f"seed {seed} {cc}", _case, suite, tally, seed, cc, levels))
    return out
