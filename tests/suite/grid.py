"""grid.py - one program over {gcc, clang} × levels × modes: all print what the plain one prints.

grid.py file [flags]; compilers that are not there are left out (in CI: an error). A mode that must
build everything anew and builds nothing shows nothing, and that fails, too.
"""
import os
import sys
import tempfile

from toolchain import LEVELS, MAIN, Compiler, Failure, Skip, environment, quote, read_stats, run

MODES = {"identity": {"mode": "identity", "verify": 1}, "rebuild": {"mode": "rebuild", "verify": 1},
         "insert-prefetch": {"passes": "insert-prefetch", "verify": 1},
         "prefetch-all": {"passes": "insert-prefetch:cost=0", "verify": 1}}


def build(compiler, level, source, flags, options, out):
    driver = compiler.driver("c++" if source.endswith(".cpp") else "c")
    args = [driver, level, "-w", source] + flags + ["-o", out, "-lm"]
    args += compiler.flags(**options) if options else []
    done = run(args, env=environment())
    if done.returncode or (options and done.stderr):
        raise Failure(f"exit {done.returncode}: {quote(args)}\n{done.stderr[-3000:]}")
    done = run([out], timeout=60)
    return f"{done.stdout}{done.stderr}[exit {done.returncode}]", args


def rebuilt(stats):
    """Text about what rebuild mode did not do; empty when it did."""
    total = read_stats(stats)
    if 2 * total["changed"] < total["functions"] or not total["functions"]:
        return f"{total['changed']} of {total['functions']} functions built anew: {total['why']}"
    return ""


def difference(args, want, have):
    for one, two in zip(want.splitlines(), have.splitlines() + [""] * 999):
        if one != two:
            return f"{quote(args)}\n  plain:  {one}\n  plugin: {two}"
    return f"{quote(args)}\n  prints more: {have[len(want):][:300]}"


def check(compiler, level, mode, source, flags, want, folder):
    """Text about what is wrong; empty when nothing is."""
    stats = os.path.join(folder, f"{compiler.name}{level}.{mode}.stats")
    try:
        have, args = build(compiler, level, source, flags, dict(MODES[mode], stats=stats),
                           os.path.join(folder, "plugin"))
    except Failure as failure:
        return str(failure)
    if have != want:
        return difference(args, want, have)
    return rebuilt(stats) if mode == "rebuild" else ""


def main(source, flags):
    failures, tried = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for name in MAIN:
            compiler = Compiler(name, os.environ["BACKEDGE_BUILD"])
            try:
                compiler.require()
            except Skip as skip:
                print(f"left out: {skip}")
                continue
            for level in LEVELS:
                want, _ = build(compiler, level, source, flags, None, os.path.join(folder, "plain"))
                if "[exit 0]" not in want:
                    raise Failure(f"the plain program fails with {name} {level}: {want}")
                for mode in MODES:
                    tried += 1
                    wrong = check(compiler, level, mode, source, flags, want, folder)
                    if wrong:
                        failures += 1
                        print(f"{name} {level} {mode}: {wrong}")
    print(f"{tried} tried, {failures} failed")
    return 1 if failures or not tried else 0


try:
    sys.exit(main(sys.argv[1], sys.argv[2:]))
except Failure as failure:
    sys.exit(str(failure))
