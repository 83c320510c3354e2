"""suite_docs.py - what the pages say is so: their code compiles, their commands run, links lead."""
import glob
import os
import re
import subprocess

from runner import TESTS, Case
from toolchain import Failure, environment, run

TOP = os.path.dirname(TESTS)
README_MAX = 100
LIST = """struct node { long key; struct node *next; };
long sum(const struct node *p) { long s = 0; for (; p; p = p->next) s += p->key; return s; }
"""


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as page:
        return page.read()


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", read(page), re.M | re.S)


def shell(script, folder, path, **variables):
    """Runs a script that stops at its first failing command."""
    env = dict(environment(), PATH=path + ":" + os.environ["PATH"], **variables)
    done = subprocess.run(["bash", "-exo", "pipefail", "-c", script], cwd=folder, env=env,
                          text=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=900,
                          check=False)
    if done.returncode:
        raise Failure(f"in {folder}: exit status {done.returncode}\n"
                      f"{done.stdout[-1500:]}{done.stderr[-2500:]}")
    return done.stdout


def adding_a_pass(suite):
    """The page's pass is built into a core of its own, passes its test, runs in both compilers."""
    folder = suite.folder("adding-a-pass")
    code, = blocks("docs/adding-a-pass.md", "c")
    test, = blocks("docs/adding-a-pass.md", "mlir")
    write(os.path.join(folder, "prefetch_lists.c"), code)
    write(os.path.join(folder, "prefetch-lists.mlir"), test)
    write(os.path.join(folder, "list.c"), LIST)
    build = os.path.join(folder, "build")
    shell(f"cmake -G Ninja -S {TOP} -B {build} -DBACKEDGE_EXTRA_PASSES={folder}/prefetch_lists.c "
          f"-DBACKEDGE_GCC=none -DBACKEDGE_LLVM_CONFIG=none && ninja -C {build} backedge-command",
          folder, "/usr/bin")
    command = re.search(r"// RUN: (.*)", test)[1].replace("%s", "prefetch-lists.mlir")
    command = command.replace("FileCheck", "/usr/lib/llvm-19/bin/FileCheck")
    shell(command, folder, os.path.join(build, "bin"))
    # The plugins that are there run the pass too, with this core in place of their own.
    for name in ("gcc-12", "clang-19"):
        compiler = suite.compiler(name)
        compiler.require()
        flags = " ".join(compiler.flags(passes="prefetch-lists:locality=2"))
        text = shell(f"{compiler.cc} -O2 -S {flags} list.c -o -", folder, "/usr/bin",
                     LD_LIBRARY_PATH=os.path.join(build, "lib"))
        if "prefetch" not in text:
            raise Failure(f"{name} made no prefetch of it:\n{text}")


def debugging(suite):
    """The page's commands, one after the other, in one folder."""
    for name in ("gcc-12", "clang-19"):
        suite.compiler(name).require()
    folder = suite.folder("debugging")
    shell("rm -rf ./*", folder, "/usr/bin")
    write(os.path.join(folder, "sum.c"), blocks("docs/debugging.md", "c")[0])
    shell("\n".join(blocks("docs/debugging.md", "sh")), folder, os.path.join(suite.build, "bin"))


def links(_):
    """Links within the repository lead somewhere, and folders that are named exist."""
    problems = []
    pages = ["README.md"] + [os.path.relpath(p, TOP) for p in
                             glob.glob(os.path.join(TOP, "**", "*.md"), recursive=True)]
    for page in sorted(set(p for p in pages if not p.startswith("build"))):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", read(page)):
            if not os.path.exists(os.path.join(TOP, os.path.dirname(page), target)):
                problems.append(f"{page}: {target} does not exist")
    for name in re.findall(r"^\| .*", read("README.md"), re.M):
        problems += [f"README.md: there is no {path}" for path in re.findall(r"`([\w/-]+/)`", name)
                     if "<" not in path and not os.path.isdir(os.path.join(TOP, path))
                     and not os.path.isdir(os.path.join(TOP, "mlir", path))]
    if problems:
        raise Failure("\n".join(problems))


def readme(_):
    count = read("README.md").count("\n")
    if count > README_MAX:
        raise Failure(f"README.md has {count} lines, more than {README_MAX}")


def scripts(_):
    """./check and ./demo say how they are used, and refuse what they do not know."""
    for script in ("check", "demo"):
        path = os.path.join(TOP, script)
        done = run([path, "--help"])
        if done.returncode or f"usage: ./{script}" not in done.stdout:
            raise Failure(f"./{script} --help: {done.stdout}{done.stderr}")
    if run([os.path.join(TOP, "check"), "--nonsense"]).returncode != 2:
        raise Failure("./check --nonsense: exit status 2 was expected")


def cases(suite):
    return [Case(rule.__name__, rule, suite)
            for rule in (links, readme, scripts, debugging, adding_a_pass)]
