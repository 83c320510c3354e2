"""suite_style.py - the house rules that a program can check; each rule is a case."""
import os
import re
import shutil

from runner import TESTS, Case
from toolchain import Failure, Skip, run

TOP = os.path.dirname(TESTS)
FOLDERS = ("mlir", "gcc-plugin", "llvm-pass", "runtime", "autofdo", "cli", "tests")
C_LIKE = (".c", ".h", ".cc", ".cpp")
FILE_MAX, FUNCTION_MAX, LINE_MAX = 600, 80, 100
STANDARD = re.compile(r"(assert|ctype|errno|inttypes|limits|math|stdarg|stdbool|stddef|stdint"
                      r"|stdio|stdlib|string)\.h$")
SYSTEM = re.compile(r"(cpuid|dlfcn|elf|fcntl|pthread|signal|threads|time|ucontext|unistd"
                    r"|sys/(auxv|mman|prctl|signalfd|syscall))\.h$")
MLIR_ONLY = re.compile(r"backedge/(?!compiler\.h)\w+\.(h|def)$|mlir-c/")
BRIDGE = re.compile(r"backedge/\w+\.(h|def)$|internal\.h$|\w+\.def$")


def files(*folders, suffixes=C_LIKE):
    """Our sources, as paths from the top; what the tests compile as input is none of ours."""
    for folder in folders or FOLDERS:
        for root, _, names in sorted(os.walk(os.path.join(TOP, folder))):
            path = os.path.relpath(root, TOP)
            if path.startswith(("tests/lift", "tests/run", "tests/suite/data", "tests/bad")):
                continue
            for name in sorted(names):
                if name.endswith(suffixes):
                    yield os.path.join(path, name)


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as data:
        return data.read()


def report(problems):
    if problems:
        raise Failure("\n".join(problems))


def includes(path):
    return re.findall(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', read(path), re.M)


def functions(path):
    """(name, first line, number of lines) of each function defined in a file."""
    lines, head = read(path).split("\n"), ""
    for number, line in enumerate(lines, 1):
        if not line or line[0] in " \t}#/" or re.match(r"\w+:$", line):
            if head and line.startswith("}"):
                plain = re.sub(r"__attribute__\s*\(\(.*?\)\)+", "", head)
                name = re.search(r"([A-Za-z_]\w*)\s*\(", plain)
                if name:
                    yield name[1], start, number - start + 1
                head = ""
            elif head:
                head += line if not head.rstrip().endswith("{") else ""
            continue
        start, head = number, line
        short = re.match(r"[^={]*?([A-Za-z_]\w*)\s*\([^{]*\) \{.*\}$", line)
        if short:
            yield short[1], number, 1
        if not re.search(r"\w\s*\(", line) or line.rstrip().endswith((";", "}")):
            head = ""


# ---- the rules ------------------------------------------------------------------------------


def pass_includes(_):
    """A pass sees only MLIR."""
    report([f"{path}: a pass must not include {header}"
            for path in files("mlir/passes", "mlir/analysis") for header in includes(path)
            if not MLIR_ONLY.match(header) and not STANDARD.match(header)
            and not (header == "internal.h" and path.startswith("mlir/analysis"))])


def compiler_includes(_):
    """A compiler's folder sees its compiler and compiler.h; C++ headers stand in few places."""
    problems = []
    for path in files("gcc-plugin", "llvm-pass"):
        own = os.path.basename(path) == "internal.h" or path.endswith(".cpp")
        for header in includes(path):
            if BRIDGE.match(header) or STANDARD.match(header) or own:
                continue
            if path.startswith("llvm-pass") and header.startswith("llvm-c/"):
                continue
            if os.path.exists(os.path.join(TOP, os.path.dirname(path), header)):
                continue
            problems.append(f"{path}: {header} belongs into internal.h, or nowhere")
        wrong = "llvm" if path.startswith("gcc") else "gcc-plugin.h"
        problems += [f"{path}: sees the other compiler's {header}" for header in includes(path)
                     if header.startswith((wrong, "mlir/"))]
    report(problems)


def runtime_includes(_):
    """What is linked into users' programs sees neither MLIR nor a compiler."""
    report([f"{path}: {header}" for path in files("runtime") for header in includes(path)
            if not STANDARD.match(header) and not SYSTEM.match(header) and header != "backedge.h"
            and not any(os.path.exists(os.path.join(TOP, folder, header))
                        for folder in (os.path.dirname(path), "runtime"))])


def profile_includes(_):
    """The profile library sees neither MLIR nor a compiler; it never prints, and never exits."""
    other = re.compile(r"(mlir|llvm|gcc|clang)|backedge/(?!profile/)|cli\.h$")
    ends = re.compile(r"\b(f?printf|puts|perror|exit|abort)\(")
    report([f"{path}: {header}" for path in files("autofdo") for header in includes(path)
            if other.match(header)] +
           [f"{path}: {name}()" for path in files("autofdo")
            if not path.startswith("autofdo/formats/") for name in ends.findall(read(path))])


def libperf_includes(_):
    """Only one file sees libperf, which is under the GPL (docs/decisions/0008)."""
    report([f"{path}: {header}" for path in files() for header in includes(path)
            if header.startswith("perf/") and path != "autofdo/record/events.c"])


def twin_table(folder):
    """{stem: [function]} from the table in the folder's README."""
    path = f"{folder}/README.md"
    if not os.path.exists(os.path.join(TOP, path)):
        raise Failure(f"{path} is missing")
    rows = re.findall(r"^\| (\w+)\.\w+ \|[^|]*\|([^|]*)\|", read(path), re.M)
    return {stem: re.findall(r"`(\w+)`", names) for stem, names in rows}


def twins(_):
    """The two compilers' folders have the same stems, and the same main functions in order."""
    tables = {folder: twin_table(folder) for folder in ("gcc-plugin", "llvm-pass")}
    problems = []
    # A row without names is a file that the other compiler has no need of.
    rows = [set((s, tuple(f)) for s, f in table.items() if f) for table in tables.values()]
    if rows[0] != rows[1]:
        problems.append(f"the tables in the two README.md differ: {sorted(rows[0] ^ rows[1])}")
    for folder, table in tables.items():
        found = {os.path.splitext(os.path.basename(p))[0]: p
                 for p in files(folder, suffixes=(".c", ".cc", ".cpp"))}
        problems += [f"{folder}: {stem} is not in README.md"
                     for stem in sorted(set(found) - set(table))]
        for stem, names in table.items():
            if stem not in found:
                problems.append(f"{folder}: {stem} is missing")
                continue
            defined = [name for name, _, _ in functions(found[stem])]
            order = [name for name in defined if name in names]
            if order != names:
                problems.append(f"{found[stem]}: defines {order}, README.md says {names}")
    report(problems)


def pass_tests(_):
    """Each pass has its test and its page, and each of those its pass."""
    def stems(folder, suffix):
        full = os.path.join(TOP, folder)
        names = os.listdir(full) if os.path.isdir(full) else []
        return {n[:-len(suffix)].replace("_", "-") for n in names if n.endswith(suffix)}
    passes = stems("mlir/passes", ".c")
    tests = stems("tests/passes", ".mlir")
    problems = [f"mlir/passes/{p}: no tests/passes/{p}.mlir" for p in sorted(passes - tests)]
    problems += [f"mlir/passes/{p}: no docs/passes/{p}.md"
                 for p in sorted(passes - stems("docs/passes", ".md"))]
    problems += [f"tests/passes/{t}.mlir: there is no pass of which this is the test"
                 for t in sorted(tests) if not any(t == p or t.startswith(p + "-") for p in passes)]
    report(problems)


def reasons(_):
    """Every reason in the table is used, and every one is in a sentence without a full stop."""
    table = re.findall(r'^BE_REASON\((\w+), "([^"]+)",\s*"([^"]+)"\)',
                       read("mlir/include/backedge/reason.def"), re.M)
    code = "".join(read(p) for p in files("mlir", "gcc-plugin", "llvm-pass"))
    problems = [f"{enum}: no code uses it" for enum, _, _ in table
                if not re.search(rf"\bBE_REASON_{enum}\b", code)]
    problems += [f"{enum}: its name should be {enum.lower().replace('_', '-')}"
                 for enum, name, _ in table if name != enum.lower().replace("_", "-")]
    problems += [f"{enum}: no full stop, please" for enum, _, text in table if text.endswith(".")]
    report(problems if table else ["the table was not found"])


def first_lines(_):
    """A file opens with its name and what it does."""
    report([f"{path}: does not open with '/* {os.path.basename(path)} - …'" for path in files()
            if not read(path).startswith(f"/* {os.path.basename(path)} - ")])


def sizes(_):
    problems = []
    for path in files():
        count = read(path).count("\n")
        if count > FILE_MAX:
            problems.append(f"{path}: {count} lines, more than {FILE_MAX}")
        problems += [f"{path}:{start}: {name} has {length} lines, more than {FUNCTION_MAX}"
                     for name, start, length in functions(path) if length > FUNCTION_MAX]
    report(problems)


def lines(_):
    """No line is too long, ends in white space, or puts something off."""
    problems = []
    for path in list(files()) + list(files(suffixes=(".py", ".txt", ".cmake"))):
        for number, line in enumerate(read(path).split("\n"), 1):
            if len(line) > LINE_MAX and not path.endswith((".txt", ".def") + C_LIKE):
                problems.append(f"{path}:{number}: {len(line)} columns")
            if line != line.rstrip():
                problems.append(f"{path}:{number}: white space at the end")
            if re.search(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b", line):
                problems.append(f"{path}:{number}: something is put off")
    report(problems)


def clang_format(_):
    """Formatted as Debian 12's clang-format (14) does it."""
    command = shutil.which("clang-format-14")
    if not command:
        kind = Failure if os.environ.get("CI") == "true" else Skip
        raise kind("clang-format-14 is not installed")
    paths = [p for p in files() if "/generated/" not in p]
    done = run([command, "--dry-run"] + paths, cwd=TOP)
    if done.returncode:  # badly formatted files are warnings, and leave it 0
        raise Failure(f"exit {done.returncode}: {command} --dry-run …\n{done.stderr[-2000:]}")
    wrong = sorted(set(re.findall(r"^([^:\n]+):\d+:\d+: warning", done.stderr, re.M)))
    report([f"{path}: clang-format-14 -i" for path in wrong])


def cases(_):
    rules = (pass_includes, compiler_includes, runtime_includes, profile_includes,
             libperf_includes, twins,
             pass_tests, reasons, first_lines, sizes, lines, clang_format)
    return [Case(rule.__name__, rule, None) for rule in rules]
