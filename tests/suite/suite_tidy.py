"""suite_tidy.py - clang-tidy (Debian 12's, 14) finds nothing in the sources; .clang-tidy says what
is asked. Sample: every eighth file; full: all.

GCC's plugin headers are not read by clang, nor LLVM's of another version by this one's checks: what
is in C is looked at.
"""
import glob
import os
import re
import shutil

from runner import TESTS, Case
from toolchain import Failure, Skip, run

TOP = os.path.dirname(TESTS)
FOLDERS = ("mlir", "mlir/passes", "mlir/analysis", "llvm-pass", "cli", "cli/verbs", "runtime/x86",
           "runtime/agent",
           "autofdo", "autofdo/input", "autofdo/process", "autofdo/binary", "autofdo/counts",
           "autofdo/flow", "autofdo/formats", "autofdo/record", "autofdo/source", "tests/profile")


def _case(build, path):
    if not shutil.which("clang-tidy-14"):
        kind = Failure if os.environ.get("CI") == "true" else Skip
        raise kind("clang-tidy-14 is not installed")
    done = run(["clang-tidy-14", "--quiet", "-p", build, os.path.join(TOP, path)])
    found = re.findall(r"^.*: (?:warning|error): .*$", done.stdout, re.M)
    if found or done.returncode:
        raise Failure("\n".join(found) or (done.stdout + done.stderr)[-2000:])


def cases(suite):
    paths = sorted(os.path.relpath(p, TOP) for folder in FOLDERS
                   for p in glob.glob(os.path.join(TOP, folder, "*.c")))
    if not suite.full:
        paths = paths[suite.seed % 8::8]
    return [Case(path, _case, suite.build, path) for path in paths]
