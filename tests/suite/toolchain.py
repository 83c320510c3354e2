"""toolchain.py - the compilers under test, and the flags that load the plugin of a build."""
import fcntl
import functools
import json
import os
import re
import shutil
import subprocess
import sys

LEVELS = ("-O0", "-O1", "-O2", "-O3", "-Os")
MAIN = ("gcc-12", "clang-19")
MORE = ("gcc-11", "clang-22")
TIMEOUT = 900


class Failure(Exception):
    """A case went wrong; the text says how, the command repeats it."""


class Skip(Exception):
    """A case cannot be run here; the text says why."""


def run(args, timeout=TIMEOUT, **options):
    """subprocess.run with output captured as text; a timeout is a Failure."""
    options.setdefault("stdin", subprocess.DEVNULL)
    if "input" in options:
        del options["stdin"]
    try:
        return subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              errors="replace", timeout=timeout, **options)
    except subprocess.TimeoutExpired:
        raise Failure(f"no end within {timeout} s: {quote(args)}") from None


def quote(args):
    return " ".join(a if re.fullmatch(r"[\w@%+=:,./-]+", a) else "'" + a.replace("'", "'\\''") + "'"
                    for a in args)


def must(args, **options):
    """What a command prints that has to work; without `env`, in environment()."""
    args = [str(a) for a in args]
    options.setdefault("env", environment())
    done = run(args, **options)
    if done.returncode:
        raise Failure(f"exit {done.returncode}: {quote(args)}\n"
                      f"{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


class Compiler:
    """One compiler and the plugin that a build folder has for it."""

    def __init__(self, name, build):
        self.name = name
        self.is_gcc = "gcc" in name
        self.cc = shutil.which(name)
        self.cxx = shutil.which(name.replace("gcc", "g++").replace("clang", "clang++"))
        self.plugin = self.cc and os.path.join(build, "lib/backedge", self._id(), "backedge.so")

    def _id(self):
        if not self.is_gcc:
            return f"llvm-{self.name.rsplit('-', 1)[1]}"
        major = self.name.rsplit("-", 1)[1]
        machine = run([self.cc, "-dumpmachine"]).stdout.strip()
        return f"gcc-{major}-{machine}"

    @functools.cached_property
    def version(self):
        return run([self.cc, "--version"]).stdout.splitlines()[0]

    def require(self):
        """Raises Skip (in CI, for the main compilers, Failure) when it cannot be tested."""
        why = None
        if not self.cc:
            why = f"{self.name} is not installed"
        elif not os.path.exists(self.plugin):
            why = f"no plugin for {self.name} in this build"
        if why and os.environ.get("CI") == "true" and self.name in MAIN:
            raise Failure(why)
        if why:
            raise Skip(why)

    def flags(self, **options):
        """The plugin with options: passes, mode, stats, … ('stop_after' for stop-after)."""
        out = [f"-fplugin={self.plugin}"]
        if not self.is_gcc:
            out.append(f"-fpass-plugin={self.plugin}")
        for key, value in options.items():
            key = key.replace("_", "-")
            if self.is_gcc:
                out.append(f"-fplugin-arg-backedge-{key}={value}")
            else:
                out += ["-mllvm", f"-backedge-{key}={value}"]
        return out

    def driver(self, language):
        return self.cxx if language == "c++" else self.cc


def compile_only(kind, flags, **options):
    """Compiles a file, the last of the flags, with gcc or clang and the plugin, to nothing. A flag
    passes=… is the plugin's. Returns what the compiler did; what it said is passed on."""
    compiler = Compiler(next(n for n in MAIN if n.startswith(kind)), os.environ["BACKEDGE_BUILD"])
    driver = compiler.driver("c++" if flags[-1].endswith(".cpp") else "c")
    passes = [f for f in flags if f.startswith("passes=")]
    options.update(f.split("=", 1) for f in passes)
    done = run([driver] + [f for f in flags if f not in passes] + ["-S", "-o", os.devnull] +
               compiler.flags(verify=1, **options), env=environment())
    sys.stderr.write(done.stderr)
    return done


def read_stats(path):
    """The sums of a statistics file: by key, the number of "lines", and "why" what was declined.
    A function that a verifier refused is a Failure: it was undone, but a mistake."""
    with open(path, encoding="utf-8") as data:
        lines = [json.loads(line) for line in data]
    total = {key: sum(line[key] for line in lines)
             for key in ("functions", "lifted", "changed", "statements", "modelled")}
    declined = {}
    for line in lines:
        for reason, count in line["declined"].items():
            declined[reason] = declined.get(reason, 0) + count
    why = ", ".join(f"{reason} {count}" for reason, count in sorted(declined.items()))
    if any(reason.endswith("-verifier") for reason in declined):
        raise Failure(f"a verifier refused functions: {why} ({path})")
    return dict(total, lines=len(lines), why=why)


TEST_PASSES = ("crash", "shake", "stir", "misfit")  # tests/core/*.c, in a core of their own
_test_core = []


def build_test_core(build):
    """Builds, once, a core library that has the passes for tests in it."""
    here = os.path.dirname(os.path.abspath(__file__))
    core = os.path.join(os.path.dirname(here), "core")
    folder = os.path.join(build, "test-output", "core")
    with open(os.path.join(build, "CMakeCache.txt"), encoding="utf-8") as cache:
        sanitized = "ON" if "\nBACKEDGE_SANITIZE:BOOL=ON" in cache.read() else "OFF"
    extra = ";".join(os.path.join(core, name + ".c") for name in TEST_PASSES)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for args in (["cmake", "-G", "Ninja", "-S", os.path.join(here, "..", ".."), "-B", folder,
                      f"-DBACKEDGE_EXTRA_PASSES={extra}", f"-DBACKEDGE_SANITIZE={sanitized}"],
                     ["cmake", "--build", folder, "--target", "backedge-core"]):
            must(args)
    _test_core[:] = [os.path.join(folder, "lib")]


def environment(options=None):
    """The environment without what would switch the plugin on behind a test's back; for a pass of
    the tests' own, with the core that has it."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("BACKEDGE_")}
    if options and re.split("[(:]", options.get("passes", ""))[0] in TEST_PASSES:
        env["LD_LIBRARY_PATH"] = _test_core[0]
    return env
