"""suite_source.py - `backedge convert` for compilers, by all forms of debug information."""
import glob
import json
import os
import re
import shutil

from profiles import require
from runner import TESTS, Case
from toolchain import Failure, environment, must, run

SOURCES = [os.path.join(TESTS, "profile", name) for name in ("lines.c", "lines_other.c")]
EACH_RUN = "1000000:31"  # each straight run is seen once
SEEN_TWICE = 1.1  # one in 31 branches is: at most so many times as many

# Compiler and flags, then what is done to the debug information.
SAMPLE = (("gcc-12 -O2 -g", "plain"), ("gcc-11 -O1 -g -gdwarf-4", "plain"),
          ("gcc-12 -O2 -g -gsplit-dwarf", "split"), ("gcc-12 -O2 -g -gz=zlib", "link"),
          ("gcc-12 -O2 -g", "dwz"), ("gcc-12 -O2 -g -flto", "plain"),
          ("gcc-12 -O2 -g -no-pie", "strip"),
          ("clang-19 -O2 -g", "plain"), ("clang-22 -O1 -g -gsplit-dwarf -fuse-ld=lld", "split"))
FULL = SAMPLE + (("gcc-12 -O0 -g", "plain"), ("gcc-12 -O3 -g3 -no-pie", "plain"),
                 ("gcc-12 -Os -g -static", "plain"), ("gcc-12 -O2 -g1", "plain"),
                 ("gcc-12 -O2 -gdwarf-4 -gsplit-dwarf", "split"),
                 ("gcc-12 -O2 -gdwarf-4 -gsplit-dwarf", "package"),
                 ("gcc-12 -O2 -gdwarf-4", "dwz"), ("gcc-12 -O2 -g -gdwarf64", "plain"),
                 ("gcc-12 -O2 -g -ffunction-sections -Wl,--gc-sections", "plain"),
                 ("gcc-12 -O2 -g -gdwarf-3 -gz=zlib", "plain"), ("gcc-11 -O2 -g -flto", "dwz"),
                 ("gcc-12 -O2 -g -freorder-blocks-and-partition", "plain"),
                 ("clang-19 -O2 -gdwarf-4", "plain"), ("clang-19 -O2 -g -gsplit-dwarf", "package"),
                 ("clang-19 -O2 -gdwarf-4 -gsplit-dwarf", "split"),
                 ("clang-22 -O3 -gdwarf-4", "dwz"),
                 ("clang-19 -O2 -g -fuse-ld=lld -gz=zstd", "plain"),
                 ("clang-19 -O2 -g -fuse-ld=lld -ffunction-sections -Wl,--gc-sections", "link"),
                 ("clang-22 -O2 -g -flto -fuse-ld=lld", "plain"))


def _convert(suite, *args, status=0):
    """Runs it; what it said on stderr once the exit status is the one expected."""
    command = [os.path.join(suite.build, "bin/backedge"), "convert"] + [str(a) for a in args]
    done = run(command, timeout=120, env=environment())
    if done.returncode != status:
        raise Failure(f"exit status {done.returncode}, not {status}: {' '.join(command)}\n"
                      f"{done.stderr}")
    return done.stderr


# ---- programs ---------------------------------------------------------------------------------


def _package(folder, program, command):
    """The .dwo files in one package; they themselves are gone. No tool packs what gcc-12 makes of
    DWARF 5: binutils' crashes, llvm-dwp does not end."""
    tool = "dwp" if "-gdwarf-4" in command else "llvm-dwp-19"
    must([require(tool), "-e", program, "-o", program + ".dwp"], timeout=60)
    for path in glob.glob(os.path.join(folder, "*.dwo")):
        os.unlink(path)


def _move(folder, program, what):
    must(["objcopy", "--only-keep-debug", program, program + ".debug"])
    must(["strip", what, program])
    must(["objcopy", f"--add-gnu-debuglink={program}.debug", program], cwd=folder)


def _link(folder, program, _):
    """The debug information in a file that the program refers to."""
    _move(folder, program, "-g")


def _strip(folder, program, _):
    """The symbols, too."""
    _move(folder, program, "-s")


def _dwz(folder, program, _):
    """What two programs have in common in a third file."""
    shutil.copy(program, program + "2")
    must([require("dwz"), "-m", program + ".common", program, program + "2"], cwd=folder)


FLOW = " -mllvm -enable-fs-discriminator=true -mllvm -improved-fs-discriminator=true"
FORMS = {"plain": lambda *_: None, "split": lambda *_: None, "package": _package, "link": _link,
         "strip": _strip, "dwz": _dwz}


def build(folder, command, form="plain"):
    """The tests' program of known counts; its path."""
    words = command.split()
    if words[0].startswith("clang"):
        words.append("-fdebug-info-for-profiling")
    program, objects = os.path.join(folder, "program"), []
    for source in SOURCES:
        objects.append(os.path.join(folder, os.path.basename(source)[:-2] + ".o"))
        must([require(words[0])] + words[1:] + ["-c", source, "-o", objects[-1]], cwd=folder)
    must([require(words[0])] + words[1:] + objects + ["-Wl,--build-id", "-o", program], cwd=folder)
    FORMS[form](folder, program, command)
    return program


def record(suite, program):
    data = program + ".data"
    must([os.path.join(suite.build, "tests/profile-step"), data, EACH_RUN, 0, program])
    return data


def profile(suite, program, data, *options):
    """{name: function} of the profile as JSON."""
    out = program + ".json"
    _convert(suite, "-b", program, "-f", "json", "-o", out, *options, data)
    with open(out, encoding="utf-8") as text:
        return {f["name"]: f for f in json.load(text)["functions"]}


# ---- what is known of it ----------------------------------------------------------------------


def expected():
    """{(line of lines.c or lines_other.c): count}, of the lines that are marked."""
    found = {}
    for source in SOURCES:
        with open(source, encoding="utf-8") as text:
            for number, line in enumerate(text, 1):
                mark = re.search(r"//= (\d+)", line)
                if mark:
                    found[os.path.basename(source), number] = int(mark[1])
    return found


def _by_line(functions, file):
    """{line: count} over the functions of one file, without what is inlined."""
    names = {"lines_other.c": {"other_file"}}
    found = {}
    for name, function in functions.items():
        if (name in names["lines_other.c"]) != (file == "lines_other.c"):
            continue
        for position in function["positions"]:
            line = function["declared"] + position["line"]
            found[line] = max(found.get(line, 0), position["count"])
    return found


def check_counts(functions, most=1.0):
    """A compiler may have made two copies of a line, one of which ran once."""
    for (file, line), count in sorted(expected().items()):
        got = _by_line(functions, file).get(line)
        if not got or not count - 1 <= got <= max(count, most * count):
            raise Failure(f"{file}:{line} ran {count} times, the profile says {got}")


def _inlined(instance, name):
    """The copies of a function that are inlined into an instance, by line."""
    return sorted((i for i in instance["inlined"] if i["name"] == name), key=lambda i: i["line"])


def _most(instance):
    return max((p["count"] for p in instance["positions"]), default=0)


def check_inlined(functions):
    function = functions["inlines"]
    outer, inner = _inlined(function, "outer"), _inlined(function, "inner")
    if len(outer) != 1 or len(inner) != 1 or len(_inlined(outer[0], "inner")) != 1:
        raise Failure("inlines() has other copies of outer() and inner() in it")
    within = _inlined(outer[0], "inner")[0]
    if (_most(outer[0]), _most(within), _most(inner[0])) != (200, 200, 60):
        raise Failure(f"outer {_most(outer[0])}, inner {_most(within)} and {_most(inner[0])}, "
                      "not 200, 200, 60")
    counts = sorted(p["count"] for p in within["positions"])
    if 100 not in counts:
        raise Failure(f"no line of inner() within outer() ran 100 times: {counts}")


def check_calls(functions):
    """Calls are counted with the branches."""
    targets = {}
    for position in functions["indirect"]["positions"]:
        for target in position.get("targets", []):
            if not target["indirect"]:
                raise Failure(f"the call of {target['name']} is not direct")
            targets[target["name"]] = targets.get(target["name"], 0) + target["count"]
    for name, count in (("add", 120), ("subtract", 40)):
        for got in (targets.get(name, 0), functions[name]["head"]):
            if not count <= got <= SEEN_TWICE * count:
                raise Failure(f"{name} was called {count} times, the profile says {got}")


def counts(suite, command, form):
    folder = suite.folder(f"counts {command} {form}")
    program = build(folder, command, form)
    data = record(suite, program)
    check_counts(profile(suite, program, data), SEEN_TWICE)
    functions = profile(suite, program, data, "--raw")
    check_counts(functions)
    check_inlined(functions)
    check_calls(functions)
    if functions["helper"]["head"] < 300:
        raise Failure("of two functions of one name the one that ran less often was taken")
    return f"{len(expected())} lines"


# ---- compilers --------------------------------------------------------------------------------


def _annotated(dump):
    """{line: count} of a dump of GCC's: the greatest of the blocks that have a statement of it."""
    found, count = {}, 0
    for line in dump:
        block = re.search(r"<bb \d+> \[count: (\d+)", line)
        count = int(block[1]) if block else count
        for number in re.findall(r"lines\.c:(\d+):\d+\] __asm__", line):
            found[int(number)] = max(found.get(int(number), 0), count)
    return found


def _check_never(suite, folder, profile):
    """What never ran stands in it: of blocks whose lines it does not find GCC knows nothing."""
    back = os.path.join(folder, "back.json")
    _convert(suite, "-f", "json", "-o", back, profile)
    with open(back, encoding="utf-8") as text, open(SOURCES[0], encoding="utf-8") as source:
        rare = next(f for f in json.load(text)["functions"] if f["name"] == "rare")
        starts, never = (next(n for n, line in enumerate(lines, 1) if part in line)
                         for lines in [source.readlines()] for part in (" rare(int", "never runs"))
    found = {p["line"]: p["count"] for p in rare["positions"]}
    if found.get(never - starts) != 0:
        raise Failure(f"line {never} never ran, the profile says {found.get(never - starts)}")


def gcc_reads(suite, version):
    """Each line's statements are in blocks that GCC takes to have run as often as they did."""
    folder = suite.folder(f"gcc {version}")
    program = build(folder, f"gcc-{version} -O2 -g")
    out = os.path.join(folder, "profile.afdo")
    _convert(suite, "-b", program, "-f", "gcc", "-o", out, record(suite, program))
    _check_never(suite, folder, out)
    done = run([require(f"gcc-{version}"), "-O2", "-c", "-g", "-Wall", "-Wextra",
                f"-fauto-profile={out}", "-fdump-ipa-afdo-lineno=afdo", SOURCES[0]], cwd=folder)
    if done.returncode or done.stderr:
        raise Failure(f"gcc-{version} says of the profile: {done.stderr}")
    with open(os.path.join(folder, "afdo"), encoding="utf-8") as dump:
        found = _annotated(dump)
    for (file, line), count in sorted(expected().items()):
        if file == "lines.c" and not count <= found.get(line, 0) <= max(count, SEEN_TWICE * count):
            raise Failure(f"gcc-{version} takes line {line} to run {found.get(line)} times, "
                          f"not {count}")
    return f"{len(found)} lines"


def llvm_reads(suite, version, flags=""):
    """Text and binary say the same; clang takes them without a warning; as llvm-profgen."""
    folder = suite.folder(f"llvm {version}{flags}")
    program = build(folder, f"clang-{version} -O2 -g{flags}")
    data = record(suite, program)
    profdata = require(f"llvm-profdata-{version}")
    for form, out in (("llvm", "ext"), ("llvm-text", "text")):
        path = os.path.join(folder, out)
        _convert(suite, "-b", program, "-f", form, "-o", path, data)
        must([profdata, "merge", "--sample", "--text", path, "-o", path + ".again"])
        done = run([require(f"clang-{version}"), "-O2", "-g", "-c", "-Wall", "-Wextra",
                    f"-fprofile-sample-use={path}", SOURCES[0], "-o", os.devnull])
        if done.returncode or done.stderr:
            raise Failure(f"clang-{version} says of the profile: {done.stderr}")
    with open(os.path.join(folder, "ext.again"), encoding="utf-8") as ext, \
            open(os.path.join(folder, "text.again"), encoding="utf-8") as text:
        if not flags and ext.read() != text.read():
            raise Failure("the binary form and the text are two profiles")
    theirs = os.path.join(folder, "theirs")
    must([require(f"llvm-profgen-{version}"), f"--binary={program}", f"--perfdata={data}",
          f"--output={theirs}"])
    said = must([profdata, "overlap", "--sample", theirs, os.path.join(folder, "ext")])
    share = float(re.search(r"sample overlap: ([\d.]+)%", said)[1])
    if share < 99:
        raise Failure(f"only {share} % overlap with llvm-profgen-{version}")
    return f"{share} % of llvm-profgen's"


def _same(left, right):
    with open(left, "rb") as one, open(right, "rb") as other:
        if one.read() != other.read():
            raise Failure(f"{left} and {right} differ")


def read_again(suite, command, forms, profdata=None):
    """What was written is read, and written once more: the same. Twice the same is twice as much.
    """
    folder = suite.folder("again " + command)
    program = build(folder, command)
    data = record(suite, program)

    def path(name):
        return os.path.join(folder, name)

    for form, options in forms:
        name = form + "".join(map(str, options))
        _convert(suite, "-b", program, "-f", form, *options, "-o", path(name), data)
        _convert(suite, "-f", form, *options, "-o", path(name + ".again"), path(name))
        _same(path(name), path(name + ".again"))
    first, second = (path(form + "".join(map(str, options))) for form, options in forms)
    _convert(suite, "-f", forms[0][0], *forms[0][1], "-o", path("other"), second)
    _same(first, path("other"))
    _convert(suite, "-f", "json", "-o", path("json"), first, second)
    with open(path("json"), encoding="utf-8") as text:
        functions = {f["name"]: f for f in json.load(text)["functions"]}
    most = max(p["count"] for p in functions["by_case"]["positions"])
    if not 600 <= most <= SEEN_TWICE * 600:
        raise Failure(f"by_case() ran {most} times in two profiles, not 600")
    if profdata:
        must([require(profdata), "merge", "--sample", "--extbinary", "--compress-all-sections",
              first, "-o", path("theirs")])
        _convert(suite, "-f", "llvm", "-o", path("theirs.again"), path("theirs"))
        _same(first, path("theirs.again"))
    with open(first, "rb") as file:
        whole = file.read()
    for _ in range(3000 if suite.full else 150):
        spoiled = bytearray(whole[:suite.random.choice((len(whole), suite.random.randrange(
            9, len(whole))))])
        for _ in range(suite.random.randrange(4)):
            spoiled[suite.random.randrange(len(spoiled))] = suite.random.randrange(256)
        with open(path("spoiled"), "wb") as file:
            file.write(spoiled)
        done = run([os.path.join(suite.build, "bin/backedge"), "convert", "-f", "llvm-text", "-o",
                    os.devnull, path("spoiled")], timeout=60)
        if done.returncode not in (0, 1, 2):
            raise Failure(f"exit status {done.returncode}: {path('spoiled')}\n{done.stderr}")


# ---- nothing to be had ------------------------------------------------------------------------


def refused(suite):
    """No debug information, or none that is of use: an error that says what to do."""
    folder = suite.folder("refused")
    program = build(folder, "gcc-12 -O1 -g -gsplit-dwarf")
    data, out = record(suite, program), os.path.join(folder, "out")

    def expect(pattern, *args):
        said = _convert(suite, "-b", program, "-o", out, *args, data, status=1)
        if not re.search(pattern, said) or os.path.exists(out):
            raise Failure(f"no /{pattern}/ in: {said}")

    for path in glob.glob(os.path.join(folder, "*.dwo")):
        os.unlink(path)
    expect("2 of 2 are not there.*\\.dwp", "-f", "gcc")
    must(["strip", "-g", program])
    for form in ("gcc", "llvm", "llvm-text", "json"):
        expect("no debug information.*build it with -g", "-f", form)
    program = build(folder, "gcc-12 -O1 -g")
    data = record(suite, program)
    expect("GCC 16", "-f", "gcc", "--gcc-version", 16)
    _convert(suite, "-b", program, "-f", "gcov", data, status=2)
    return None


def _damage(suite, image, ranges):
    """A few bytes of the debug sections changed."""
    spoiled = bytearray(image)
    for _ in range(suite.random.randrange(1, 9)):
        begin, size = suite.random.choice(ranges)
        spoiled[begin + suite.random.randrange(size)] = suite.random.choice(
            (0, 1, 0x7f, 0x80, 0xff, suite.random.randrange(256)))
    return spoiled


def damaged(suite, command):
    """Debug information with bytes changed: a profile or an error, never a crash or a hang."""
    folder = suite.folder("damaged " + command)
    program = build(folder, command)
    data, spoiled = record(suite, program), os.path.join(folder, "spoiled")
    sections = re.findall(r"\] \.debug_\w+ +\w+ +\w+ (\w+) (\w+)",
                          must(["readelf", "-SW", program]))
    ranges = [(int(at, 16), int(size, 16)) for at, size in sections]
    with open(program, "rb") as file:
        image = file.read()
    good = 0
    for i in range(2000 if suite.full else 100):
        with open(spoiled, "wb") as file:
            file.write(_damage(suite, image, ranges))
        done = run([os.path.join(suite.build, "bin/backedge"), "convert", "-b", spoiled, "-f",
                    ("gcc", "llvm", "json")[i % 3], "-o", os.devnull, data], timeout=60)
        if done.returncode not in (0, 1):
            keep = os.path.join(folder, f"crash-{i}")
            shutil.copy(spoiled, keep)
            raise Failure(f"exit status {done.returncode}: {keep}\n{done.stderr}")
        good += done.returncode == 0
    if not good:
        raise Failure(f"none of them gave a profile; the last error: {done.stderr}")
    return f"{good} gave a profile"


def cases(suite):
    made = [Case(f"counts {command}, {form}", counts, suite, command, form)
            for command, form in (FULL if suite.full else SAMPLE)]
    made += [Case(f"gcc-{version} reads it", gcc_reads, suite, version) for version in (12, 11)]
    made += [Case(f"llvm {version} reads it", llvm_reads, suite, version) for version in (19, 22)]
    made += [Case("llvm 19 reads flow-sensitive ones", llvm_reads, suite, 19, FLOW),
             Case("gcc read again", read_again, suite, "gcc-12 -O2 -g",
                  (("gcc", ()), ("gcc", ("--gcc-version", 11)))),
             Case("llvm read again", read_again, suite, "clang-19 -O2 -g",
                  (("llvm", ()), ("llvm-text", ())), "llvm-profdata-19"),
             Case("refused", refused, suite)]
    made += [Case(f"damaged {command}", damaged, suite, command)
             for command in ("gcc-12 -O2 -g", "clang-19 -O2 -gdwarf-4")]
    return made
