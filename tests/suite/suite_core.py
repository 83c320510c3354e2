"""suite_core.py - the tests that are programs of their own (tests/core)."""
import glob
import os

from runner import Case
from toolchain import Failure, environment, run


def _run(path):
    done = run([path], timeout=300, env=environment())
    if done.returncode:
        raise Failure(f"{path}: exit status {done.returncode}\n{done.stdout}{done.stderr}")


def cases(suite):
    return [Case(os.path.basename(path), _run, path)
            for path in sorted(glob.glob(os.path.join(suite.build, "tests", "*-test")))]
