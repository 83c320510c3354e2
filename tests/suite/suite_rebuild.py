"""suite_rebuild.py - programs whose every statement was built anew from MLIR do what they did.

Each program is built plain and with mode=rebuild (and with the passes on), and must pass its own
tests and print the same. Sample: -O2; full: -O0 too, and the passes.
"""
import os

import programs
from runner import Case
from toolchain import MAIN, Failure, environment, quote, read_stats, run

VARIANTS = {"rebuild": {"mode": "rebuild"}, "insert-prefetch": {"passes": "insert-prefetch"}}


def _build(suite, program, compiler, flags, options, folder):
    os.makedirs(folder, exist_ok=True)
    objects = {}
    for unit in program.units:
        objects[unit.name] = os.path.join(folder, unit.name + ".o")
        args = [compiler.driver(unit.language)] + flags + unit.flags + [
            "-w", "-c", unit.source, "-o", objects[unit.name]]
        args += compiler.flags(**options) if options else []
        done = run(args, env=environment())
        if done.returncode or done.stderr:
            raise Failure(f"{unit.name} (exit {done.returncode}): {quote(args)}\n"
                          f"{done.stderr[-3000:]}")
    program.link(compiler, objects, folder)


def _first_difference(plain, other):
    for i, (one, two) in enumerate(zip(plain.splitlines(), other.splitlines())):
        if one != two:
            return (f"line {i + 1} of the output differs\n"
                    f"  plain:  {one[:300]}\n  plugin: {two[:300]}")
    return f"the output is {len(other)} characters long instead of {len(plain)}"


def _count(suite, what, path):
    """Says how much was really built anew: a program declined as a whole would pass too."""
    total = read_stats(path)
    functions, changed, why = total["functions"], total["changed"], total["why"]
    suite.footer.append(f"{what}: {changed} of {functions} functions lowered"
                        f"{'; declined: ' + why if why else ''}")
    if "rebuild" in what and changed * 2 < functions:
        raise Failure(f"most functions were not built anew; declined: {why}")


def _case(suite, name, cc, level, variant):
    compiler = suite.compiler(cc)
    compiler.require()
    program = programs.program(name)
    folder = suite.folder(f"{name} {cc} {level} {variant}")
    plain, other = os.path.join(folder, "plain"), os.path.join(folder, "plugin")
    _build(suite, program, compiler, [level], None, plain)
    stats = os.path.join(folder, "stats.jsonl")
    if os.path.exists(stats):
        os.unlink(stats)
    _build(suite, program, compiler, [level], dict(VARIANTS[variant], stats=stats), other)
    _count(suite, f"{name} {cc} {level} {variant}", stats)
    want, have = program.check(plain), program.check(other)
    if want.replace(plain, "") != have.replace(other, ""):
        raise Failure(f"{_first_difference(want, have)}\nbinaries in {folder}")


def cases(suite):
    levels = ("-O0", "-O2") if suite.full else ("-O2",)

    def of(name):
        out = []
        for cc in MAIN:
            out += [Case(f"{name} {cc} {level} rebuild", _case, suite, name, cc, level, "rebuild")
                    for level in levels]
            if suite.full:
                out.append(Case(f"{name} {cc} -O2 insert-prefetch", _case, suite, name, cc, "-O2",
                                "insert-prefetch"))
        return out
    return programs.cases(of)
