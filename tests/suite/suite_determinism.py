"""suite_determinism.py - the same object whatever the address-space layout, folder and environment,
and nothing is written beside it."""
import filecmp
import glob
import os
import shutil

from runner import TESTS, Case
from toolchain import MAIN, Failure, environment, quote, run

OPTIONS = {"identity": {"mode": "identity"}, "rebuild": {"mode": "rebuild"},
           "insert-prefetch": {"passes": "insert-prefetch"}}


def _case(suite, cc, name, source):
    compiler = suite.compiler(cc)
    compiler.require()
    folder = suite.folder(f"{cc} {name} {os.path.basename(source)}")
    shutil.rmtree(folder)
    os.makedirs(os.path.join(folder, "elsewhere"))
    base = [compiler.driver("c++" if source.endswith(".cpp") else "c"), "-O2", "-w", "-c", source]
    base += compiler.flags(**OPTIONS[name]) + ["-o"]
    env = environment()
    more = dict(env, HOME="/nonexistent", LANG="C", PADDING="x" * 5000, TMPDIR=folder)
    first = os.path.join(folder, "first.o")
    for out, prefix, cwd, variables in (
            ("first.o", [], folder, env), ("again.o", [], folder, env),
            ("fixed.o", ["setarch", "-R"], folder, env), ("env.o", [], folder, more),
            ("cwd.o", [], os.path.join(folder, "elsewhere"), env)):
        args = prefix + base + [os.path.join(folder, out)]
        done = run(args, cwd=cwd, env=variables)
        if done.returncode or done.stderr:
            raise Failure(f"{quote(args)}\n{done.stderr[-1500:]}")
        if not filecmp.cmp(first, os.path.join(folder, out), shallow=False):
            raise Failure(f"differs from the first compile: {quote(args)}")
    left = sorted(os.path.relpath(p, folder) for p in glob.glob(folder + "/**", recursive=True)
                  if os.path.isfile(p) and not p.endswith(".o"))
    if left:
        raise Failure(f"files were left beside the object: {', '.join(left)}")
    shutil.rmtree(folder)


def cases(suite):
    sources = sorted(glob.glob(os.path.join(TESTS, "run", "*.c")) +
                     glob.glob(os.path.join(TESTS, "run", "*.cpp")) +
                     glob.glob(os.path.join(TESTS, "bench", "kernels", "*.c")))
    return [Case(f"{os.path.basename(s)} {cc} {name}", _case, suite, cc, name, s)
            for s in sources for cc in MAIN for name in OPTIONS]
