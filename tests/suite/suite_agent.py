"""suite_agent.py - the agent in other programs: they do what they do without it, and the branches
it writes down are those that were taken.

Each case runs a command plain and in three ways with the agent: `ticks` as in use, but as often as
the kernel lets; `often`, thousands of long bursts per second; `exact`, all code as copies. What is
printed, and the exit status, must be the same. Sample: test programs built by gcc-12 and some of
the system's programs; full: by both compilers at more levels, and lua.
"""
import collections
import glob
import os
import platform
import re
import shutil
import sys
import threading

import programs
from runner import TESTS, Case
from toolchain import Failure, Skip, environment, must, quote, run

SOURCES = os.path.join(TESTS, "agent")
MODES = {"ticks": ["-r", "250"], "often": ["-w", "-r", "5000", "-n", "256", "-b", "0"],
         "exact": ["-x"]}
SIGNALS = ("faults", "other-stack", "jumps", "overflows", "tight", "of-child", "resets", "sent",
           "own-signal", "waits", "descriptor", "traps", "timers", "sleeps", "dies-of-read",
           "dies-of-signal", "dies-of-other", "dies-though-blocked")
PROCESSES = ("forks", "vforks", "spawns", "chain", "threads", "fork-among-threads", "strict")
CODE = ("jit", "jit-twice", "odd", "coroutines", "sequences")
# What makes code as it runs is stepped through in exact mode, which takes minutes; ticks of a wall
# clock wake up who sleeps.
LEFT_OUT = {("jit", "exact"), ("jit-twice", "exact"), ("sleeps", "often")}
PROGRAMS = {"state": ["state.c", "state.S"], "signals": ["signals.c", "-pthread"],
            "processes": ["processes.c", "-pthread"], "code": ["code.c", "-pthread", "-ldl"],
            "throw": ["throw.cpp"], "path": ["path.c"]}
PYTHON = """
import hashlib, json, random, re
random.seed(1)
text = json.dumps([{"a": random.random(), "b": str(i) * 3} for i in range(2000)])
print(hashlib.sha256(text.encode()).hexdigest(), sum(map(float, re.findall(r"0[.][0-9]+", text))))
"""
PERL = r"""
my %h; for (1 .. 60000) { $h{$_ % 77} .= chr(65 + $_ % 26) }
print join(",", map { "$_:" . length $h{$_} } sort keys %h), "\n";
print `echo in a shell`; if (!fork()) { exit(3) } wait; print $? >> 8, "\n";
"""
BASH = 'for i in {1..2000}; do a=$((i * i % 17)); s="$s$a"; done; echo ${#s}; echo $s | md5sum'


class Runs:
    """Runs commands in all modes, and adds up what the agent said of itself."""

    def __init__(self, suite):
        self._suite = suite
        self._program = os.path.join(suite.build, "tests", "agent-run")
        self.agent = os.path.join(suite.build, "lib/backedge/libbackedge-agent.so")
        self._lock = threading.Lock()
        self._sum = collections.Counter()

    def agent_run(self, options, command, **more):
        """What the command did, and what the agent said."""
        done = run([self._program, "-s", "64"] + options + [self.agent] + command,
                   env=environment(), timeout=300, **more)
        said = re.search(r"ticks (\d+), branches (\d+), cpu .*\nends.*\n\Z", done.stderr)
        if not said:
            raise Failure(f"agent-run said nothing of {quote(command)}:\n{done.stderr}")
        with self._lock:
            self._sum.update(ticks=int(said[1]), branches=int(said[2]))
        return (done.returncode, done.stdout, done.stderr[:said.start()]), said[0]

    def compare(self, command, modes, **more):
        """Plain, and in the modes."""
        command = ["prlimit", "--core=0"] + command
        plain = run(command, env=environment(), timeout=120, **more)
        # Of a signal, prlimit's shell-like status.
        status = plain.returncode if plain.returncode >= 0 else 128 - plain.returncode
        expected = (status, plain.stdout, plain.stderr)
        for mode in modes:
            found, said = self.agent_run(MODES[mode], command, **more)
            if found != expected:
                raise Failure(f"{mode}: {quote(command)}\n{expected}\n{found}\n{said}")
        return said.split("\n", maxsplit=1)[0]

    def report(self):
        self._suite.footer.append(", ".join(f"{n} {name}" for name, n in self._sum.items()))
        if self._sum["branches"] < 1000000:
            raise Failure(f"the agent saw but few branches: {self._sum}")


class Built:
    """The test programs, as one compiler and its flags make them; each is made once."""

    def __init__(self, suite, compiler, flags):
        self.name = " ".join([compiler] + flags)
        self._compiler, self._flags = compiler, flags
        self._folder = suite.folder("built " + self.name)
        self._lock, self._made = threading.Lock(), set()

    def _make(self, name, inputs, more=()):
        path = os.path.join(self._folder, name)
        with self._lock:
            if name not in self._made:
                cc = self._compiler
                if any(i.endswith(".cpp") for i in inputs):
                    cc = cc.replace("gcc", "g++").replace("clang", "clang++")
                if not shutil.which(cc):
                    raise Skip(f"{cc} is not installed")
                inputs = [os.path.join(SOURCES, i) if "." in i else i for i in inputs]
                must([cc, *self._flags, "-w", "-D_GNU_SOURCE", "-o", path, *inputs, *more])
                self._made.add(name)
        return path

    def program(self, name):
        return self._make(name, PROGRAMS[name])

    def library(self, number):
        return self._make(f"library-{number}.so", ["library.c"],
                          ["-shared", "-fPIC", f"-DNUMBER={number}"])


def _compare(runs, built, program, argument):
    modes = [m for m in MODES if (argument, m) not in LEFT_OUT]
    return runs.compare([built.program(program)] + ([argument] if argument else []), modes)


def _libraries(runs, built):
    return runs.compare([built.program("code"), "libraries", built.library(1), built.library(7)],
                        MODES)


# ---- the truth ---------------------------------------------------------------------------------


def _truth(suite, runs, built):
    """Every burst is a part of what single steps show, and exact counts are what they count."""
    path, folder = built.program("path"), suite.folder("truth " + built.name)
    *steps, instructions = must([os.path.join(suite.build, "tests/agent-truth"), path,
                                 "0"]).split()
    places = collections.defaultdict(list)
    for at, pair in enumerate(steps):
        places[pair].append(at)
    out = os.path.join(folder, "out")
    fixed = ["setarch", "--addr-no-randomize", path]
    runs.agent_run(["-w", "-r", "4000", "-n", "300", "-b", "0", "-o", out], fixed + ["15000"])
    bursts = 0
    with open(out, encoding="utf-8") as lines:
        for words in (line.split() for line in lines if line.startswith("burst")):
            pairs = words[6:]
            if words[4] != "full" or pairs[0] not in places:
                continue  # before or behind what was stepped through
            bursts += 1
            if not any(steps[at:at + len(pairs)] == pairs for at in places[pairs[0]]):
                raise Failure(f"{out}: a burst that did not happen: {' '.join(pairs)}")
    if bursts < 50:
        raise Failure(f"{out}: {bursts} bursts in what was stepped through")
    runs.agent_run(["-x", "-o", out], fixed + ["3"])
    with open(out, encoding="utf-8") as lines:
        counts = {words[2]: int(words[3]) for words in map(str.split, lines)
                  if words[0] == "edge"}
    # From where and to where the repetition is called is another place here.
    wrong = [pair for pair, at in places.items()
             if counts.get(pair) != len(at) and pair not in (steps[0], steps[-1])]
    if wrong:
        raise Failure(f"{out}: {[(p, counts.get(p), len(places[p])) for p in wrong[:5]]}")
    few, many = (int(re.search(r"instructions (\d+)", runs.agent_run(["-x"], [path, n])[1])[1])
                 for n in ("3", "1003"))
    if abs(3 * (many - few) / 1000 - int(instructions)) > 40:  # of the call, and of what is printed
        raise Failure(f"{(many - few) / 1000} instructions in a period, {instructions} in three")
    return f"{bursts} bursts, {len(places)} edges"


# ---- the recorder ------------------------------------------------------------------------------


def _recorder(suite, runs, built):
    """One that says stop, one that reads nothing, and a target that is killed in the middle."""
    path, out = built.program("path"), os.path.join(suite.folder("recorder"), "out")
    often = MODES["often"] + ["-o", out]
    plain = must([path, "40000"])
    for options in (["-t", "30"], ["-d", "-s", "1"]):
        (status, printed, _), said = runs.agent_run(often + options, [path, "40000"])
        if status or printed != plain:
            raise Failure(f"{options}: status {status}, {printed}")
        if "-d" in options and not re.search(r"lost [1-9]", said):
            raise Failure(f"nothing was lost of {said}")
    (status, *_), said = runs.agent_run(often, ["timeout", "-s", "KILL", "1", path, "1000000000"])
    with open(out, encoding="utf-8") as lines:
        bursts = sum(line.startswith("burst") for line in lines)
    if status != 137 or bursts < 100:
        raise Failure(f"status {status}, {bursts} bursts of who was killed\n{said}")


# ---- other people's programs -------------------------------------------------------------------


def _system(runs, command, cwd):
    if not shutil.which(command[0]):
        raise Skip(f"{command[0]} is not installed")
    return runs.compare(command, MODES, cwd=cwd)


def _system_cases(suite, runs):
    folder, source = suite.folder("system"), os.path.join(SOURCES, "processes.c")
    text = os.path.join(TESTS, "suite", "suite_agent.py")
    commands = {"python": [sys.executable, "-c", PYTHON], "perl": ["perl", "-e", PERL],
                "bash": ["bash", "-c", BASH],
                "gcc": ["gcc-12", "-O2", "-w", "-D_GNU_SOURCE", "-S", "-o", "-", source],
                "sort": ["sh", "-c", f"sort -u {text} | gzip -9 | gzip -d | sha256sum"],
                "openssl": ["openssl", "dgst", "-sha512", sys.executable],
                "zstd": ["sh", "-c", f"zstd -q -12 -T2 -c {sys.executable} | zstd -d | b2sum"],
                "clang": ["clang-19", "-O2", "-w", "-D_GNU_SOURCE", "-S", "-o", "-", source]}
    if not suite.full:
        del commands["clang"]
    return [Case("system " + name, _system, runs, command, folder)
            for name, command in commands.items()]


def _lua(suite, runs):
    program, folder = programs.program("lua"), suite.folder("lua")
    path = os.path.join(folder, "lua")
    must(["gcc-12", "-O2", "-w", *program.units[0].flags, *[u.source for u in program.units],
          "-o", path, "-Wl,-E", "-lm", "-ldl"])
    for script in sorted(glob.glob(os.path.join(TESTS, "suite/data/*.lua"))):
        note = runs.compare([path, script], MODES, cwd=folder)
    return note


def cases(suite):
    if platform.machine() != "x86_64":
        return []
    runs, made = Runs(suite), []
    flags = [("gcc-12", ["-O2"])]
    if suite.full:
        flags += [("gcc-12", ["-O0"]), ("gcc-12", ["-O3", "-march=native", "-no-pie"]),
                  ("clang-19", ["-O2"]), ("clang-19", ["-Os", "-fcf-protection"])]
    for compiler, options in flags:
        built = Built(suite, compiler, options)
        named = [("signals", n) for n in SIGNALS] + [("processes", n) for n in PROCESSES] + \
            [("code", n) for n in CODE] + [("state", ""), ("throw", "")]
        made += [Case(f"{program} {case} {built.name}", _compare, runs, built, program, case)
                 for program, case in named]
        made.append(Case(f"libraries {built.name}", _libraries, runs, built))
        made.append(Case(f"recorder {built.name}", _recorder, suite, runs, built))
        made.append(Case(f"truth {built.name}", _truth, suite, runs, built))
    made += _system_cases(suite, runs)
    if suite.full:
        made.append(Case("lua", _lua, suite, runs))
    suite.last.append(Case("total", runs.report))
    return made
