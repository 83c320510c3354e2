"""compile_time.py - what the plugins cost: loaded for nothing, identity, the pass. Markdown."""
import argparse
import datetime
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TESTS, "suite"))
sys.dont_write_bytecode = True
import programs  # noqa: E402
from toolchain import MAIN, Compiler, environment  # noqa: E402


def cpu_seconds(args):
    """User and system time of a command and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(args, env=environment(), stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(args)}\n{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def interleaved(commands, runs):
    """{name: [seconds]} of rounds in which every command runs once; the first is warm-up."""
    times = {name: [] for name in commands}
    names = list(commands)
    for i in range(runs + 1):
        for name in names[i % len(names):] + names[:i % len(names)]:
            seconds = cpu_seconds(commands[name])
            if i:
                times[name].append(seconds)
    return times


def more(times, name):
    """What a command takes more than `plain`, in seconds: the median over the rounds. Both ran in
    each of them, so that a machine which slows down for a while slows both."""
    return statistics.median(b - a for a, b in zip(times["plain"], times[name]))


def cpu_name():
    for line in open("/proc/cpuinfo", encoding="utf-8"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def header(compilers):
    release = platform.release().split("-")[0]
    print(f"Machine: {cpu_name()}, {os.cpu_count()} CPUs, Linux {release}. "
          f"Date: {datetime.date.today()}.")
    for compiler in compilers:
        print(f"{compiler.name}: {compiler.version}.")
    print("CPU time; medians, over interleaved rounds, of what each takes more than the plain "
          "compile of its round.\nA/A is the plain compile, a second time.\n")


def fixed_cost(compilers, folder, runs):
    print("## Fixed cost: an empty function\n")
    print("| compiler | plain | A/A | plugin loaded, nothing asked | identity | insert-prefetch |")
    print("| --- | --- | --- | --- | --- | --- |")
    source = os.path.join(folder, "empty.c")
    with open(source, "w", encoding="utf-8") as out:
        out.write("void f(void) {}\n")
    for compiler in compilers:
        base = [compiler.cc, "-O2", "-c", source, "-o", os.path.join(folder, "empty.o")]
        got = interleaved({"plain": base, "A/A": base, "loaded": base + compiler.flags(),
                           "identity": base + compiler.flags(mode="identity"),
                           "insert-prefetch": base + compiler.flags(passes="insert-prefetch")},
                          runs)
        print(f"| {compiler.name} | {1e3 * statistics.median(got['plain']):.1f} ms | " +
              " | ".join(f"{1e3 * more(got, n):+.1f} ms" for n in got if n != "plain") + " |",
              flush=True)
    print()


def shares(compiler, base, options, folder, plain):
    """Share of the compile from the plugin's own clock, in all and by part."""
    stats = os.path.join(folder, "stats.jsonl")
    if os.path.exists(stats):
        os.unlink(stats)
    cpu_seconds(base + compiler.flags(stats=stats, **options))
    with open(stats, encoding="utf-8") as lines:
        parts = json.loads(lines.readline())["us"]
    detail = ", ".join(f"{name} {us / 1e3:.0f} ms" for name, us in parts.items())
    return f"{100 * sum(parts.values()) / 1e6 / plain:.1f} % ({detail})"


def big_file(compilers, folder, runs):
    print("## sqlite3.c, -O2\n")
    print("The last column is the time in lift, passes and lower by the plugin's own clock, as a "
          "share of the plain compile.\n" + ("" if runs else
          "One run each: the machine was busy, so the columns that compare runs are left out.\n"))
    print("| compiler | mode | plain | A/A | CPU time more | of it by the plugin's own clock |")
    print("| --- | --- | --- | --- | --- | --- |")
    unit = programs.program("sqlite").units[0]
    modes = {"identity": {"mode": "identity"}, "insert-prefetch": {"passes": "insert-prefetch"}}
    for compiler in compilers:
        base = [compiler.cc, "-O2"] + unit.flags + ["-w", "-c", unit.source, "-o",
                                                    os.path.join(folder, "sqlite3.o")]
        commands = {"plain": base, "A/A": base}
        commands.update({m: base + compiler.flags(**o) for m, o in modes.items()})
        got = interleaved(commands, runs) if runs else {"plain": [cpu_seconds(base)]}
        plain = statistics.median(got["plain"])
        for mode, options in modes.items():
            shown = [f"{100 * more(got, n) / plain:+.1f} %" if runs else "–" for n in ("A/A", mode)]
            print(f"| {compiler.name} | {mode} | {plain:.2f} s | {shown[0]} | {shown[1]} | "
                  f"{shares(compiler, base, options, folder, plain)} |", flush=True)
    print()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=os.path.join(os.path.dirname(TESTS), "build"))
    parser.add_argument("--runs", type=int, default=7,
                        help="of sqlite3.c (7; 0: the plugin's own clock alone)")
    parser.add_argument("--small-runs", type=int, default=41)
    args = parser.parse_args()
    compilers = [Compiler(name, os.path.abspath(args.build)) for name in MAIN]
    compilers = [c for c in compilers if c.cc and os.path.exists(c.plugin)]
    if not compilers:
        sys.exit(f"no plugin in {args.build}")
    header(compilers)
    with tempfile.TemporaryDirectory() as folder:
        fixed_cost(compilers, folder, args.small_runs)
        big_file(compilers, folder, args.runs)


main()
