"""suite_identity.py - with mode=identity every object is byte for byte the plain one.

Sample: each program with two levels and each compiler, chosen in rotation; sqlite3.c is big and
gets one. Full: every level, with and without -g; -O2 with the other compiler versions.
"""
import filecmp
import os

import programs
from runner import Case
from toolchain import LEVELS, MAIN, MORE, Failure, environment, quote, run


def combinations(full):
    """(program, compiler, flags) in the order in which they run."""
    out = []
    for i, name in enumerate(programs.NAMES):
        if full:
            flags = [[level] + g for level in LEVELS for g in ([], ["-g"])]
            out += [(name, cc, f) for cc in MAIN for f in flags]
            out += [(name, cc, ["-O2"]) for cc in MORE]
            continue
        for j, cc in enumerate(MAIN):
            levels = (LEVELS[(i + j) % 5], LEVELS[(i + j + 2) % 5])
            levels = LEVELS[2:4] if name == "sqlite" else levels
            picked = levels[j:j + 1] if name == "sqlite" else levels
            out += [(name, cc, [level] + (["-g"] if (i + j + k) % 2 == 0 else []))
                    for k, level in enumerate(picked)]
        if name == "lua":
            out += [(name, cc, ["-O2"]) for cc in MORE]
    return out


def _compile(args):
    done = run(args, env=environment())
    if done.returncode:
        raise Failure(f"does not compile (exit {done.returncode}): {quote(args)}\n"
                      f"{done.stderr[-3000:]}")
    return done.stderr


def _difference(plain, other):
    """The first function whose code differs, else the sections."""
    texts = [run(["objdump", "-dr", "--no-show-raw-insn", o]).stdout.splitlines()[3:]
             for o in (plain, other)]
    where = ""
    for one, two in zip(*texts):
        if one.endswith(">:"):
            where = one
        if one != two:
            return f"first difference in {where}\n  plain:  {one.strip()}\n  plugin: {two.strip()}"
    return "the code is the same; other sections (debug information?) differ"


def check_object(suite, compiler, unit, flags, folder, stats=None):
    base = [compiler.driver(unit.language)] + flags + unit.flags + ["-w", "-c", unit.source, "-o"]
    plain = os.path.join(folder, unit.name + ".plain.o")
    other = os.path.join(folder, unit.name + ".plugin.o")
    options = dict(mode="identity", **({"stats": stats} if stats else {}))
    _compile(base + [plain])
    args = base + [other] + compiler.flags(**options)
    errors = _compile(args)
    if errors:
        raise Failure(f"prints something: {errors[:2000]}\n{quote(args)}")
    if not filecmp.cmp(plain, other, shallow=False):
        _compile(base + [other + ".again"])
        if not filecmp.cmp(plain, other + ".again", shallow=False):
            raise Failure("two plain compiles differ: choose other flags for this test")
        raise Failure(f"{_difference(plain, other)}\n{quote(args)}\n{quote(base + [plain])}")
    os.unlink(plain)
    os.unlink(other)


def _unit_case(suite, name, index, cc, flags):
    compiler = suite.compiler(cc)
    compiler.require()
    unit = programs.program(name).units[index]
    folder = suite.folder(f"{name} {cc} {' '.join(flags)}")
    check_object(suite, compiler, unit, flags, folder)


def cases(suite):
    combined = combinations(suite.full)
    return programs.cases(lambda name: [
        Case(f"{name}/{unit.name} {cc} {' '.join(flags)}", _unit_case, suite, name, i, cc, flags)
        for other, cc, flags in combined if other == name
        for i, unit in enumerate(programs.program(name).units)])
