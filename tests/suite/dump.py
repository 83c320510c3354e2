"""dump.py - prints a file's functions as MLIR text: dump.py gcc|clang [passes=…] [flags] file."""
import glob
import os
import sys
import tempfile

from toolchain import Failure, compile_only


def main(kind, flags):
    mode = {} if any(f.startswith("passes=") for f in flags) else {"mode": "identity"}
    with tempfile.TemporaryDirectory() as folder:
        done = compile_only(kind, flags, dump=folder, **mode)
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
