"""suite_fuzz.py - libFuzzer, ASan and UBSan on each reader of what strangers wrote (tests/fuzz)."""
import os
import re
import shutil

import profiles
from runner import TESTS, Case
from toolchain import Failure, must, run

RUNS = 20000  # inputs of each, in the sample
SECONDS = 1800  # of each, with --full
BINARIES = ("g++-12 -Os", "g++-12 -O2 -no-pie -g0", "clang++-19 -O2")


def _build(suite):
    folder = os.path.join(suite.work, "build")
    must(["cmake", "-G", "Ninja", "-S", os.path.dirname(TESTS), "-B", folder, "-DBACKEDGE_FUZZ=ON",
          "-DCMAKE_C_COMPILER=" + profiles.require("clang-19"),
          "-DCMAKE_CXX_COMPILER=" + profiles.require("clang++-19")])
    must(["cmake", "--build", folder, "--target", "fuzzers"], timeout=1800)
    return os.path.join(folder, "tests/fuzz")


# ---- seeds ------------------------------------------------------------------------------------


def _programs(folder):
    paths = []
    for number, command in enumerate(BINARIES):
        place = os.path.join(folder, f"seed{number}")
        os.makedirs(place, exist_ok=True)
        paths.append(profiles.build_program(place, command + " -s -Wl,--build-id"
                                            if number == 1 else command))
    return paths


def _decode_seeds(suite, folder, seeds):
    program = _programs(folder)[0]
    path = os.path.join(folder, "text")
    must(["objcopy", "-O", "binary", "--only-section=.text", program, path])
    with open(path, "rb") as text, open(os.path.join(seeds, "text"), "wb") as out:
        out.write(text.read(2000))


def _binary_seeds(suite, folder, seeds):
    for number, program in enumerate(_programs(folder)):
        shutil.copy(program, os.path.join(seeds, f"program{number}"))


def _perfdata_seeds(suite, folder, seeds):
    path = os.path.join(seeds, "perf.data")
    profiles.record(suite.build, _programs(folder)[0], path, 300)
    with open(path, "rb") as data:
        recording = data.read()
    with open(os.path.join(seeds, "pipe"), "wb") as out:
        out.write(profiles.to_pipe(recording))
    must([os.path.join(suite.build, "tests/profile-compress"), path,
          os.path.join(seeds, "compressed"), "81"])


SCRIPT = """# comment
comm 12/13 [001] 12.345678: PERF_RECORD_MMAP2 12/12: [0x40000(0x1000) @ 0x1000 fe:00 1 0]: r-xp /a
 12 12.345679: PERF_RECORD_COMM exec: comm:12/12
 13 12.345680: PERF_RECORD_FORK(13:13):(12:12)
comm 12 12.345681:  100 cycles:u:  400010 f+0x5 (/a) 0x20(/a)/0x10(/a)/P/-/-/0 0x1/0x2/M/-/-/9
comm 13 12.345682: cycles:
\t  400010 f
\t  400020 main+0x2

 0x400020/0x400010/-/-/-/0/
 400010 0x400020/0x400010/-/-/-/0/
 12 400010
"""


def _script_seeds(suite, folder, seeds):
    with open(os.path.join(seeds, "text"), "w", encoding="utf-8") as out:
        out.write(SCRIPT)


def _aggregated_seeds(suite, folder, seeds):
    with open(os.path.join(seeds, "text"), "w", encoding="utf-8") as out:
        out.write("# counts\nE cycles\nB 1010 2020 5 1\nB 0 X:12 7 0\nF 2020 2030 3\n"
                  "f a1:2020 b2:2040 2\nT 1010 2020 2030 9\nS 2020 4\n")
    with open(os.path.join(seeds, "fdata"), "w", encoding="utf-8") as out:
        out.write("1 main 0 1 main a 1 2\n0 [unknown] 0 1 a\\ b/1 1f 0 3\n1 main 4 5\n"
                  "1 far@PLT 0 1 main 10 2 9\n")


def _source_seeds(suite, folder, seeds):
    """Debug information of both compilers, old and new, split and compressed."""
    for number, command in enumerate(("g++-12 -O1 -g", "g++-12 -Os -g -gdwarf-4 -gz=zlib",
                                      "clang++-19 -O1 -g -gsplit-dwarf",
                                      "clang++-19 -O2 -gdwarf-4 -fdebug-info-for-profiling")):
        place = os.path.join(folder, f"seed{number}")
        os.makedirs(place, exist_ok=True)
        shutil.copy(profiles.build_program(place, command),
                    os.path.join(seeds, f"program{number}"))


def _profiles_seeds(suite, folder, seeds):
    program, data = os.path.join(folder, "program"), os.path.join(folder, "data")
    must([profiles.require("gcc-12"), "-O2", "-g", "-o", program] +
         [os.path.join(TESTS, "profile", name) for name in ("lines.c", "lines_other.c")])
    must([os.path.join(suite.build, "tests/profile-step"), data, 20000, 0, program])
    for form in ("gcc", "llvm", "llvm-text"):
        must([os.path.join(suite.build, "bin/backedge"), "convert", "-b", program, "-f", form, "-o",
              os.path.join(seeds, form), data])


SEEDS = {"aggregated": _aggregated_seeds, "binary": _binary_seeds, "decode": _decode_seeds,
         "graph": _binary_seeds, "perfdata": _perfdata_seeds, "profiles": _profiles_seeds,
         "script": _script_seeds, "source": _source_seeds}


# ---- the runs ---------------------------------------------------------------------------------


def _covered(fuzzer, corpus):
    """Edges of the code that these inputs alone reach."""
    done = run([fuzzer, "-runs=0", corpus], timeout=300)
    found = re.search(r"INITED cov: (\d+)", done.stderr)
    if done.returncode or not found:
        raise Failure(f"{fuzzer} -runs=0 {corpus}\n{done.stderr[-2500:]}")
    return int(found[1])


def fuzz(suite, folder, name):
    fuzzer, work = os.path.join(folder, "fuzz-" + name), suite.folder(name)
    seeds, empty, corpus = (os.path.join(work, part) for part in ("seeds", "empty", "corpus"))
    for part in (seeds, empty, corpus):
        shutil.rmtree(part, ignore_errors=True)
        os.makedirs(part)
    SEEDS[name](suite, work, seeds)
    before, seeded = _covered(fuzzer, empty), _covered(fuzzer, seeds)
    if seeded < 2 * before:
        raise Failure(f"{name}: the seeds reach {seeded} edges, nothing at all reaches {before}")
    length = f"-max_total_time={SECONDS}" if suite.full else f"-runs={RUNS}"
    command = [fuzzer, length, f"-seed={suite.seed}", "-timeout=20", "-rss_limit_mb=1024",
               "-print_final_stats=1", f"-artifact_prefix={work}/found-", corpus, seeds]
    done = run(command, timeout=2 * SECONDS)
    if done.returncode:
        raise Failure(f"{' '.join(command)}\n{done.stderr[-4000:]}")
    runs = re.search(r"number_of_executed_units: (\d+)", done.stderr)[1]
    return f"{runs} inputs; edges {seeded} with the seeds, {_covered(fuzzer, corpus)} in the end"


def cases(suite):
    sources = sorted(f[:-2] for f in os.listdir(os.path.join(TESTS, "fuzz")) if f.endswith(".c"))
    folder = _build(suite)
    return [Case(name, fuzz, suite, folder, name) for name in sources if name != "fuzz"]
