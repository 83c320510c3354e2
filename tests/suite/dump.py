"""dump.py - prints a file's functions as MLIR text: dump.py gcc|clang [compiler flags] file."""
import glob
import os
import sys
import tempfile

from toolchain import MAIN, Compiler, Failure, environment, run


def main(kind, flags):
    compiler = Compiler(next(n for n in MAIN if n.startswith(kind)), os.environ["BACKEDGE_BUILD"])
    driver = compiler.driver("c++" if flags[-1].endswith(".cpp") else "c")
    with tempfile.TemporaryDirectory() as folder:
        options = {"mode": "identity", "dump": folder, "verify": 1}
        if any(f.startswith("passes=") for f in flags):
            options = {"passes": next(f for f in flags if f.startswith("passes="))[7:],
                       "dump": folder, "verify": 1}
            flags = [f for f in flags if not f.startswith("passes=")]
        done = run([driver] + flags + ["-S", "-o", os.devnull] + compiler.flags(**options),
                   env=environment())
        sys.stderr.write(done.stderr)
        if done.returncode:
            return done.returncode
        # file.function.NUMBER-when.mlir, numbered in the order of lifting
        paths = sorted(glob.glob(folder + "/*.mlir"),
                       key=lambda p: int(os.path.basename(p).split(".")[-2].split("-")[0]))
        for path in paths:  # mlir-opt --split-input-file reads it
            rule = "// -----" if path != paths[0] else ""
            print(f"{rule}\n// {os.path.basename(path)}", flush=True)
            sys.stdout.write(open(path, encoding="utf-8", errors="replace").read())
    return 0 if paths else 1


try:
    sys.exit(main(sys.argv[1], sys.argv[2:]))
except Failure as failure:
    sys.exit(str(failure))
