"""suite_bad.py - bad input is answered with an error that names what is allowed, never a crash.

Options, names, versions and files for both compilers; malformed MLIR for `backedge opt`; passes
that fail (tests/core/crash.c, built into a core of its own).
"""
import os
import random
import re

from runner import TESTS, Case
from toolchain import MAIN, Failure, Skip, build_test_core, environment, quote, run

SOURCE = "int f(int *p, int n) { int s = 0; for (int i = 0; i < n; i++) s += p[i]; return s; }\n"
CRASH_WORDS = re.compile(r"internal compiler error|PLEASE submit|Stack dump|core dumped|Assertion")


def _source(suite, key):
    path = os.path.join(suite.folder(key), "t.c")
    with open(path, "w", encoding="utf-8") as out:
        out.write(SOURCE)
    return path


def expect(done, status, *patterns, crash=False):
    text = done.stdout + done.stderr
    what = f"$ {' '.join(done.args)}\n{text[-1500:]}[exit {done.returncode}]"
    if done.returncode != status:
        raise Failure(f"exit {done.returncode}, not {status}\n{what}")
    if not crash and CRASH_WORDS.search(text):
        raise Failure(f"looks like a crash\n{what}")
    for pattern in patterns:
        if not re.search(pattern, text):
            raise Failure(f"does not say /{pattern}/\n{what}")


def _options(suite, cc, key, value, patterns):
    compiler = suite.compiler(cc)
    compiler.require()
    source = _source(suite, f"{cc} {key} {re.sub('[^a-z0-9-]', '_', value)}")
    flags = compiler.flags(**{key: value})
    done = run([compiler.cc, "-O2", "-c", source, "-o", source + ".o"] + flags, env=environment())
    expect(done, 1, *patterns)
    if key == "nokey":
        return
    env = dict(environment(), **{"BACKEDGE_" + key.upper(): value})
    done = run([compiler.cc, "-O2", "-c", source, "-o", source + ".o"] + compiler.flags(), env=env)
    expect(done, 1, *patterns)


def _no_value(suite, cc):
    compiler = suite.compiler(cc)
    compiler.require()
    source = _source(suite, f"{cc} no value")
    flags = compiler.flags() + (["-fplugin-arg-backedge-passes"] if compiler.is_gcc else
                                ["-mllvm", "-backedge-passes"])
    expect(run([compiler.cc, "-c", source, "-o", source + ".o"] + flags, env=environment()), 1)


def _other_version(suite, cc, other):
    """The plugin of `other` in compiler cc."""
    compiler, stranger = suite.compiler(cc), suite.compiler(other)
    for one in (compiler, stranger):
        if not one.cc or not os.path.exists(one.plugin):
            raise Skip(f"no plugin for {one.name} in this build")
    source = _source(suite, f"{cc} with {other}'s plugin")
    done = run([compiler.cc, "-O2", "-c", source, "-o", source + ".o"] + stranger.flags(),
               env=environment())
    numbers = [re.search(r"\b(\d+\.\d+\.\d+)", c.version).group(1) for c in (compiler, stranger)]
    if compiler.is_gcc:
        numbers = [n.split(".")[0] + r"\.\d" for n in numbers]
    expect(done, 1, *numbers)


def _file(suite, cc, key):
    compiler = suite.compiler(cc)
    compiler.require()
    source = _source(suite, f"{cc} {key} file")
    for mode in ({"mode": "identity"}, {"passes": "insert-prefetch"}):
        flags = compiler.flags(**{key: "/nonexistent/folder/x"}, **mode)
        done = run([compiler.cc, "-O2", "-c", source, "-o", source + ".o"] + flags,
                   env=environment())
        # remarks are what the user asked to see: an error; the rest a warning
        expect(done, 1 if key == "remarks" else 0, "/nonexistent/folder/x")


def _backedge(suite):
    path = os.path.join(suite.build, "bin", "backedge")
    if not os.path.exists(path):
        if os.environ.get("CI") == "true":
            raise Failure(f"no {path}")
        raise Skip("no backedge command in this build")
    return path


def _mlir(suite, name, text, status, patterns):
    path = os.path.join(suite.folder("mlir"), name + ".mlir")
    with open(path, "wb") as out:
        out.write(text if isinstance(text, bytes) else text.encode())
    done = run([_backedge(suite), "opt", "--pass", "insert-prefetch", path], timeout=60,
               env=environment())
    expect(done, status, *patterns)


def _mlir_mutations(suite, count):
    """A dump, damaged at random: an error with line and column, or success; nothing else."""
    compiler = suite.compiler("clang-19")
    compiler.require()
    folder = suite.folder("mutations")
    source = os.path.join(folder, "m.c")
    with open(source, "w", encoding="utf-8") as out:
        out.write("double f(double *a, int *b, int **c, int n) { double s = 0; for (int i = 0;"
                  " i < n; i++) if (c[i]) s += a[b[i] & 255] / *c[i]; return s; }\n")
    done = run([compiler.cc, "-O2", "-c", source, "-o", source + ".o"] +
               compiler.flags(mode="identity", dump=folder), env=environment())
    expect(done, 0)
    dumps = sorted(n for n in os.listdir(folder) if n.endswith(".mlir") and n.startswith("m.c"))
    if not dumps:
        raise Failure("no dump was written")
    with open(os.path.join(folder, dumps[0]), encoding="utf-8") as dump:
        text = dump.read()
    rng = random.Random(suite.seed)
    words = re.findall(r"[\w.%^@#]+", text)
    for i in range(count):
        at = rng.randrange(len(text))
        kind = rng.randrange(4)
        other = rng.choice(words)
        bad = (text[:at] + text[at + rng.randrange(1, 30):] if kind == 0 else
               text[:at] + other + text[at:] if kind == 1 else
               text.replace(rng.choice(words), other, 1) if kind == 2 else text[:at])
        path = os.path.join(folder, "mutant.mlir")
        with open(path, "w", encoding="utf-8") as out:
            out.write(bad)
        done = run([_backedge(suite), "opt", "--pass", "insert-prefetch", path], timeout=60,
                   env=environment())
        if done.returncode not in (0, 1) or (done.returncode == 1 and
                                             not re.search(r":\d+:\d+: error", done.stderr)):
            keep = os.path.join(folder, f"mutant-{i}.mlir")
            os.rename(path, keep)
            raise Failure(f"exit {done.returncode}: {_backedge(suite)} opt --pass insert-prefetch "
                          f"{keep}\n{done.stderr[-800:]}")


def _crash(suite):
    build_test_core(suite.build)
    env = environment({"passes": "crash"})
    for cc in MAIN:
        compiler = suite.compiler(cc)
        compiler.require()
        source = _source(suite, f"{cc} crash")
        plain = source + ".plain.o"
        expect(run([compiler.cc, "-O2", "-c", source, "-o", plain]), 0)
        base = [compiler.cc, "-O2", "-c", source, "-o", source + ".o"]
        done = run(base + compiler.flags(passes="crash(kind=1)"), env=env)
        expect(done, 0, "pass 'crash' left invalid IR in function 'f'",
               "backedge opt --pass crash")
        with open(plain, "rb") as one, open(source + ".o", "rb") as two:
            if one.read() != two.read():
                raise Failure(f"{cc}: a pass that failed changed the object")
        done = run(base + compiler.flags(passes="crash(kind=0)"), env=env)
        text = done.stdout + done.stderr
        for word in ("pass 'crash' crashed in function 'f'", "backedge opt --pass crash"):
            if word not in text:
                raise Failure(f"{cc}: a crash is not reported with '{word}':\n{text[-1500:]}")


MISFITS_THAT_FIT = (2, 3, 4, 5, 6, 9, 10, 11)  # in LLVM, of the kinds in tests/core/misfit.c

JUMPS = SOURCE + """
int jumps(int *p, int n) {
  static void *const to[] = {&&add, &&end, &&take};
  int s = 0, i = 0;
add: s += p[i++]; goto *to[p[i] % 3];
take: s -= p[i++]; goto *to[p[i] % 3];
end: return s + n;
}
"""


def _misfit(suite, cc, kind):
    """An op that does not fit is declined (by clang also: refused by its verifier, and undone), and
    that is said; or it does fit."""
    build_test_core(suite.build)
    compiler = suite.compiler(cc)
    compiler.require()
    source = _source(suite, f"{cc} misfit {kind}")
    with open(source, "w", encoding="utf-8") as out:
        out.write(JUMPS)
    remarks = source + ".yaml"
    if os.path.exists(remarks):
        os.remove(remarks)
    base = [compiler.cc, "-O2", "-g", "-c", source, "-o"]
    expect(run(base + [source + ".plain.o"]), 0)
    flags = compiler.flags(passes=f"misfit:kind={kind}", remarks=remarks, verify=1)
    done = run(base + [source + ".o"] + flags, env=environment({"passes": "misfit"}))
    expect(done, 0)
    if done.stderr:
        raise Failure(f"{cc} says {done.stderr}")
    with open(remarks, encoding="utf-8") as data:
        found = r"Function: +'(\w+)'(?:\n.*)*?\n  - Reason: ([a-z-]+)"
        reasons = re.findall(found, data.read())
    if not reasons and kind in MISFITS_THAT_FIT and not compiler.is_gcc:
        return
    known = {"unsupported-edit"} if compiler.is_gcc else {"unsupported-edit", "host-verifier"}
    names = sorted(name for name, _ in reasons)
    if names != ["f", "jumps"] or not {reason for _, reason in reasons} <= known:
        raise Failure(f"{cc}: {reasons}")
    with open(source + ".plain.o", "rb") as one, open(source + ".o", "rb") as two:
        if one.read() != two.read():
            raise Failure(f"{cc}: what was undone changed the object")


BROKEN = """
int f%d(int *a, int *b, int n) {
  int s = 0;
  for (int i = 0; i < n; i++)
    if (a[b[i]] > %d)
      s += a[b[i]];
  return s;
}
"""


def _breaker(suite, compiler):
    """tests/gcc/breaker.cc as a plugin."""
    source = os.path.join(TESTS, "gcc", "breaker.cc")
    folder = run([compiler.cc, "-print-file-name=plugin"]).stdout.strip()
    out = os.path.join(suite.work, "breaker.so")
    expect(run([compiler.cxx, "-shared", "-fPIC", "-fno-rtti", "-w", f"-I{folder}/include", source,
                "-o", out]), 0)
    return [f"-fplugin={out}"]


def _refused(suite):
    """What GCC's verifier refuses is left as it was: the compilation starts again without it."""
    compiler = suite.compiler("gcc-12")
    compiler.require()
    breaker = _breaker(suite, compiler)
    source = _source(suite, "refused")
    with open(source, "w", encoding="utf-8") as out:
        out.write("".join(BROKEN % (i, i) for i in range(6)))
    remarks = source + ".yaml"
    if os.path.exists(remarks):
        os.remove(remarks)
    env = environment()
    base = [compiler.cc, "-O2", "-c", source, "-o"]
    flags = compiler.flags(passes="insert-prefetch", remarks=remarks)
    complaint = r"f0.{1,3} came out broken \(fallthru edge"
    expect(run(base + [source + ".plain.o"]), 0)
    done = run(base + [source + ".o"] + flags + breaker + ["-fplugin-arg-breaker-only=f0"],
               env=env)
    expect(done, 0, complaint + ".*compiling again without it")
    with open(remarks, encoding="utf-8") as data:
        documents = data.read().split("--- ")
    refused = [d for d in documents if "Reason: host-verifier" in d]
    if len(refused) != 1 or not re.search(r"Function: +'?f0\b", refused[0]):
        raise Failure(f"remarks say that these were refused: {refused}")
    # one after the other, until there are too many
    done = run(base + [source + ".o"] + flags + breaker, env=env)
    expect(done, 0, complaint, "f3.{1,3} came out")
    with open(source + ".plain.o", "rb") as one, open(source + ".o", "rb") as two:
        if one.read() != two.read():
            raise Failure("what was refused changed the object")
    done = run(base + [source + ".o", "-Wfatal-errors", "-fdiagnostics-color=always"] + flags +
               breaker, env=env)
    expect(done, 0, r"came out broken \(fallthru edge after a control statement")
    # what is read or written through a pipe cannot be read or written again
    command = quote([compiler.cc, "-O2", "-x", "c"] + flags + breaker)
    for line in (f"{command} -S - -o {source}.s < {source}",
                 f"cat {source} | {command} -c /dev/stdin -o {source}.o",
                 f"{command} -S {source} -o - | cat", f"{command} -S {source} -o - > {source}.s"):
        done = run(["bash", "-o", "pipefail", "-c", line], env=env)
        expect(done, 1, complaint, "BACKEDGE_ONLY=f0")


def cases(suite):
    out = []
    for cc in MAIN:
        for key, value, patterns in (
                ("passes", "nonsense", ("there is no pass 'nonsense'", "insert-prefetch")),
                ("passes", "insert-prefetch(nooption=1)", ("nooption", "distance")),
                ("passes", "insert-prefetch(distance=x)", ("distance", "integer")),
                ("passes", "insert-prefetch(distance=1", (r"'\)' is missing",)),
                ("mode", "nonsense", ("nonsense", "identity", "rebuild")),
                ("stop_after", "many", ("many", "number")),
                ("verify", "perhaps", ("perhaps",)),
                ("nokey", "1", ("nokey", "option|argument"))):
            out.append(Case(f"{cc} {key}={value}", _options, suite, cc, key, value, patterns))
        out.append(Case(f"{cc} option without its value", _no_value, suite, cc))
        out += [Case(f"{cc} {key} cannot be written", _file, suite, cc, key)
                for key in ("stats", "remarks", "dump")]
    for cc, other in (("gcc-11", "gcc-12"), ("gcc-12", "gcc-11"), ("clang-22", "clang-19"),
                      ("clang-19", "clang-22")):
        out.append(Case(f"{other}'s plugin in {cc}", _other_version, suite, cc, other))
    place = r":\d+:\d+: error"
    for name, text, status, patterns in (
            ("unknown-op", "module {\n  llvm.func @f() {\n    llvm.retur\n  }\n}\n", 1,
             (":3:5: error",)),
            ("garbage", bytes(random.Random(1).choices(range(1, 256), k=300)), 1, (place,)),
            ("nul", b"module {\0}", 1, ("NUL",)),
            ("truncated", "module {\n  llvm.func @f(%a: i32) -> i32 {\n    %0 = llvm.add %a, ", 1,
             (place,)),
            ("types", "llvm.func @f(%a: i32, %b: i64) -> i32 {\n  %0 = llvm.add %a, %b : i32\n"
             "  llvm.return %0 : i32\n}\n", 1, (place,)),
            ("no-terminator", "llvm.func @f(%a: i32) {\n  %0 = llvm.add %a, %a : i32\n}\n", 1,
             (place,)),
            ("dominance", "llvm.func @f() -> i32 {\n  llvm.br ^b2\n^b1:\n"
             "  %0 = llvm.mlir.constant(1 : i32) : i32\n"
             "  llvm.br ^b2\n^b2:\n  llvm.return %0 : i32\n}\n", 1, (place,)),
            ("deep", "(" * 100000, 1, (place,)),
            ("deep-module", "module {" * 2000, 1, (place,)),
            ("empty", "", 0, ()),
            ("other-dialect", "func.func @f() { return }\n", 1, (place,))):
        out.append(Case(f"opt {name}", _mlir, suite, name, text, status, patterns))
    out.append(Case("opt mutations", _mlir_mutations, suite, 1000 if suite.full else 100))
    out.append(Case("passes that fail", _crash, suite))
    out.append(Case("what gcc's verifier refuses", _refused, suite))
    out += [Case(f"{cc} misfit {kind}", _misfit, suite, cc, kind)
            for cc in MAIN + ("clang-22",) for kind in range(13)]
    return out
