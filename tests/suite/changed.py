"""changed.py - the functions in which a pass did something, by name, one a line: those of its
"Passed" remarks. changed.py gcc|clang [passes=…] [flags] file.
"""
import os
import re
import sys
import tempfile

from toolchain import Failure, compile_only


def main(kind, flags):
    with tempfile.TemporaryDirectory() as folder:
        remarks = os.path.join(folder, "remarks.yaml")
        done = compile_only(kind, flags, remarks=remarks)
        if done.returncode:
            return done.returncode
        with open(remarks, encoding="utf-8") as data:
            documents = data.read().split("--- !")
    names = [re.search(r"^Function: +'?([^'\n]*)", d, re.M)[1] for d in documents
             if d.startswith("Passed")]
    print("\n".join(sorted(set(names))))
    return 0


try:
    sys.exit(main(sys.argv[1], sys.argv[2:]))
except Failure as failure:
    sys.exit(str(failure))
