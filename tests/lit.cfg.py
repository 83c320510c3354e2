# lit.cfg.py - the lit tests: passes/, lift/, run/. tests/README.md says how they are run.
import os
import shutil
import sys

import lit.formats

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "suite"))
from toolchain import MAIN, MORE, Compiler  # noqa: E402

build = os.path.abspath(os.environ.get("BACKEDGE_BUILD", os.path.join(here, "..", "build")))

config.name = "backedge"
config.test_format = lit.formats.ShTest(execute_external=True)
config.suffixes = [".c", ".cpp", ".mlir", ".test"]
config.excludes = set(os.listdir(here)) - {"passes", "lift", "run", "gcc"} | {"Inputs"}
config.test_source_root = here
config.test_exec_root = os.path.join(build, "test-output", "lit")

for name in list(config.environment):
    if name.startswith("BACKEDGE_"):
        del config.environment[name]
config.environment["BACKEDGE_BUILD"] = build
config.environment["PYTHONDONTWRITEBYTECODE"] = "1"

# %clang-22, %clang-22-plugin, ...: those compilers in versions that not everybody has
for name in MORE:
    compiler = Compiler(name, build)
    if compiler.cc and os.path.exists(compiler.plugin):
        config.available_features.add(name)
        config.substitutions += [(f"%{name}-plugin", " ".join(compiler.flags())),
                                 (f"%{name}", compiler.cc)]

for name in MAIN:
    compiler = Compiler(name, build)
    there = compiler.cc and os.path.exists(compiler.plugin)
    if there or os.environ.get("CI") == "true":
        config.available_features.add(name.split("-")[0])
    kind = name.split("-")[0]
    flags = " ".join(compiler.flags()) if compiler.cc else ""
    # %gcc, %gxx, %clang, %clangxx: the plain compilers; %gcc-plugin, %clang-plugin: flags that
    # load the plugin (options: BACKEDGE_… in the environment).
    config.substitutions += [(f"%{kind}-plugin", flags),
                             ("%gxx" if kind == "gcc" else "%clangxx", compiler.cxx or "false"),
                             (f"%{kind}", compiler.cc or "false")]

tool = f"{sys.executable} {here}"
config.substitutions += [
    ("%backedge", os.path.join(build, "bin", "backedge")),
    ("%FileCheck", shutil.which("FileCheck-19") or "FileCheck"),
    ("%mlir-opt", shutil.which("mlir-opt-19") or "mlir-opt"),
    ("%opt", shutil.which("opt-19") or "opt"),
    # %dump gcc|clang [flags] file: the lifted functions as MLIR text, in the order of lifting
    ("%dump", f"{tool}/suite/dump.py"),
    # %changed gcc|clang [passes=…] [flags] file: the functions in which a pass did something
    ("%changed", f"{tool}/suite/changed.py"),
    # %grid file [flags]: both compilers, -O0…-O3, -Os; plain and plugin print the same
    ("%grid", f"{tool}/suite/grid.py"),
]
