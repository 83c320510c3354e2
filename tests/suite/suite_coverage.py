"""suite_coverage.py - how much of the real programs is lifted and modelled, from --stats.

At least 99 % of the functions lifted, 97 % of the executable statements modelled, per program and
compiler. Sample: -O2; full: every level.
"""
import os

import programs
from runner import Case
from toolchain import LEVELS, MAIN, Failure, environment, quote, read_stats, run

LIFTED, MODELLED = 0.99, 0.97


def _share(part, whole):
    return part / whole if whole else 1.0


def _case(suite, name, cc, level):
    compiler = suite.compiler(cc)
    compiler.require()
    stats = os.path.join(suite.folder(f"{name} {cc} {level}"), "stats.jsonl")
    if os.path.exists(stats):
        os.unlink(stats)
    for unit in programs.program(name).units:
        args = [compiler.driver(unit.language), level] + unit.flags + [
            "-w", "-S", unit.source, "-o", os.devnull]
        args += compiler.flags(mode="identity", stats=stats)
        done = run(args, env=environment())
        if done.returncode:
            raise Failure(f"{quote(args)}\n{done.stderr[-2000:]}")
    total = read_stats(stats)
    units = len(programs.program(name).units)
    if total["lines"] != units:
        raise Failure(f"{total['lines']} lines of statistics for {units} translation units")
    lifted = _share(total["lifted"], total["functions"])
    modelled = _share(total["modelled"], total["statements"])
    why = total["why"] or "–"
    suite.footer.append(f"| {name} | {cc} | {level} | {total['functions']} | "
                        f"{100 * lifted:.2f} % | {total['statements']} | "
                        f"{100 * modelled:.2f} % | {why} |")
    if total["functions"] == 0 or lifted < LIFTED or modelled < MODELLED:
        raise Failure(f"{100 * lifted:.2f} % of {total['functions']} functions lifted (≥ 99), "
                      f"{100 * modelled:.2f} % of {total['statements']} statements modelled "
                      f"(≥ 97); declined: {why}")


def cases(suite):
    suite.footer += ["| program | compiler | level | functions | lifted | statements | modelled | "
                     "declined |", "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    levels = LEVELS if suite.full else ("-O2",)
    return programs.cases(lambda name: [
        Case(f"{name} {cc} {level}", _case, suite, name, cc, level)
        for cc in MAIN for level in levels])
