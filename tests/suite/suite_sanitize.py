"""suite_sanitize.py - other suites with the core, the command and the plugins built with ASan and
UBSan. Full only: the build alone takes minutes.

The compilers are not instrumented, so their libraries must be loaded first, and what is allocated
on one side and freed on the other is not looked at; nor are leaks, since GCC never frees.
"""
import os
import re
import sys

from runner import TESTS, Case
from toolchain import Failure, Skip, must, quote, run

SUITES = {"lit": ["run-lit"], "core": ["run-suite", "core"],
          "bad input": ["run-suite", "bad", "--only=opt "],
          "misfits": ["run-suite", "bad", "--only=misfit"],
          "convert": ["run-suite", "convert", "--only=bad"],
          "source": ["run-suite", "source", "--only=damaged"],
          "torture": ["run-suite", "torture", "--only=-O2"]}
OPTIONS = {"ASAN_OPTIONS": "detect_leaks=0:alloc_dealloc_mismatch=0",
           "UBSAN_OPTIONS": "print_stacktrace=1"}


def _build(suite):
    folder = os.path.join(suite.work, "build")
    must(["cmake", "-G", "Ninja", "-S", os.path.dirname(TESTS), "-B", folder,
          "-DBACKEDGE_SANITIZE=ON"])
    must(["cmake", "--build", folder], timeout=3600)
    libraries = [must(["c++", f"-print-file-name=lib{name}.so"]).strip()
                 for name in ("asan", "ubsan")]
    return folder, " ".join(libraries)


def _case(build, libraries, command):
    args = [sys.executable, os.path.join(TESTS, command[0])] + command[1:] + ["--build", build]
    done = run(args, timeout=3600, env=dict(os.environ, LD_PRELOAD=libraries, **OPTIONS))
    text = done.stdout + done.stderr
    reports = re.findall(r"SUMMARY: .*|.*: runtime error: .*", text)
    if done.returncode or reports:
        raise Failure(f"LD_PRELOAD='{libraries}' {quote(args)}\n" + "\n".join(reports) +
                      text[-2500:])


def cases(suite):
    if not suite.full:
        def skip():
            raise Skip("with --full only")
        return [Case("all", skip)]
    build, libraries = _build(suite)
    return [Case(name, _case, build, libraries, command) for name, command in SUITES.items()]
