"""suite_install.py - installing, the Debian package, and what other projects find."""
import glob
import os
import re
import subprocess

from runner import TESTS, Case
from toolchain import Failure, environment, must, run

TOP = os.path.dirname(TESTS)
USER = """#include <backedge/pass.h>
#include <stdio.h>
int main(void) { size_t n; be_passes(&n); printf("%zu passes\\n", n); return n == 0; }
"""
PROJECT = """cmake_minimum_required(VERSION 3.25)
project(user C)
find_package(Backedge REQUIRED)
add_executable(user user.c)
target_link_libraries(user Backedge::core)
"""


def install(suite, key):
    """Installs below a folder of its own (DESTDIR) with the prefix /opt/backedge."""
    root = suite.folder(key)
    subprocess.run(["rm", "-rf", root], check=True)
    must(["cmake", "--install", suite.build, "--prefix", "/opt/backedge"],
         env=dict(environment(), DESTDIR=root))
    return root, os.path.join(root, "opt/backedge")


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def installed_command(suite):
    """The installed command finds the installed plugins, wherever the tree was moved to."""
    root, _ = install(suite, "moved")
    moved = os.path.join(root, "elsewhere")
    os.rename(os.path.join(root, "opt/backedge"), moved)
    write(os.path.join(root, "e.c"), "int f(int x) { return x + 1; }\n")
    for name in ("gcc-12", "clang-19"):
        suite.compiler(name).require()
        flags = must([os.path.join(moved, "bin/backedge"), "cflags", "--cc", name, "--mode",
                      "identity"]).split()
        if not any(moved in flag for flag in flags):
            raise Failure(f"{name}: {flags} lead out of {moved}")
        must([name, "-O2", *flags, "-c", os.path.join(root, "e.c"), "-o",
              os.path.join(root, "e.o")])
    page = must(["man", "--warnings", "-l", os.path.join(moved, "share/man/man1/backedge.1")]) \
        if run(["sh", "-c", "command -v man"]).returncode == 0 else "BACKEDGE"
    if "BACKEDGE" not in page:
        raise Failure("the man page is empty")


def gcc_links(suite):
    """Links in gcc's own plugin folder lead to the plugin and to the library."""
    suite.compiler("gcc-12").require()
    root, prefix = install(suite, "links")
    folder = must(["gcc-12", "-print-file-name=plugin"]).strip()
    for name in ("backedge.so", "libbackedge.so.0"):
        link = root + os.path.realpath(folder) + "/" + name
        if not os.path.islink(link) or not os.path.exists(root + os.readlink(link)):
            raise Failure(f"{link} is no link to what was installed in {prefix}")


def users_of_the_library(suite):
    root, prefix = install(suite, "user")
    write(os.path.join(root, "src/user.c"), USER)
    write(os.path.join(root, "src/CMakeLists.txt"), PROJECT)
    built = os.path.join(root, "built")
    must(["cmake", "-S", os.path.join(root, "src"), "-B", built, f"-DCMAKE_PREFIX_PATH={prefix}"])
    must(["cmake", "--build", built])
    must([os.path.join(built, "user")])
    if run(["sh", "-c", "command -v pkg-config"]).returncode:
        return
    pc, = glob.glob(os.path.join(prefix, "lib*/**/backedge.pc"), recursive=True)
    env = dict(environment(), PKG_CONFIG_PATH=os.path.dirname(pc))
    flags = must(["pkg-config", "--cflags", "--libs", "backedge"], env=env).split()
    libdir = must(["pkg-config", "--variable=libdir", "backedge"], env=env).strip()
    must(["gcc-12", os.path.join(root, "src/user.c"), *flags, "-o", os.path.join(root, "user")])
    must([os.path.join(root, "user")], env=dict(environment(), LD_LIBRARY_PATH=libdir))


def debian_package(suite):
    """A .deb that names what it needs and holds plugins, links and the command."""
    folder = suite.folder("package")
    subprocess.run(["rm", "-rf", folder], check=True)
    must(["cpack", "--config", os.path.join(suite.build, "CPackConfig.cmake"), "-B", folder],
         cwd=suite.build)
    package, = glob.glob(os.path.join(folder, "*.deb"))
    fields = must(["dpkg-deb", "--field", package])
    if not re.search(r"^Depends: .*libc6", fields, re.M):
        raise Failure(f"no dependencies:\n{fields}")
    contents = must(["dpkg-deb", "--contents", package])
    for name in ("/usr/bin/backedge", "/backedge.1", "/bash-completion/completions/backedge",
                 "/plugin/backedge.so -> /usr/lib", "/llvm-19/backedge.so", "/libbackedge.so.0",
                 "/backedge.pc", "/BackedgeConfig.cmake", "/include/backedge/pass.h"):
        if name not in contents:
            raise Failure(f"{name} is not in the package:\n{contents}")


def missing_compilers(suite):
    """A compiler that is not there switches its part off with one line."""
    folder = suite.folder("missing")
    text = must(["cmake", "-G", "Ninja", "-S", TOP, "-B", folder, "-DBACKEDGE_GCC=no-such-gcc",
                 "-DBACKEDGE_LLVM_CONFIG=no-such-llvm-config"])
    lines = re.findall(r"^-- Backedge: .*", text, re.M)
    if len(lines) != 2 or "no GCC plugin" not in lines[0] or "no LLVM plugin" not in lines[1]:
        raise Failure(f"two lines were expected:\n{lines}")


def cases(suite):
    return [Case(rule.__name__, rule, suite) for rule in
            (installed_command, gcc_links, users_of_the_library, debian_package,
             missing_compilers)]
