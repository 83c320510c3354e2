"""workloads.py - what is timed: the kernels of kernels/, and a real program from Debian's sources.

A workload has build(compiler, output, *flags), which returns what run() takes, and run(built),
which returns (CPU seconds, result); equal results mean that nothing was miscompiled.
"""
import glob
import hashlib
import itertools
import os
import random
import resource
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "suite"))
sys.dont_write_bytecode = True
import fetch  # noqa: E402

LEVEL = ("-O2", "-g1")


class Kernel:
    """Prints its own CPU seconds (data set-up is not timed) and its result: kernels/bench.h."""

    def __init__(self, name):
        self.name, self.by_hand = name, True
        self.source = os.path.join(HERE, "kernels", name + ".c")

    def build(self, compiler, output, *flags):
        subprocess.run([compiler.name, *LEVEL, *flags, self.source, "-o", output, "-lm"],
                       check=True)
        return output

    def run(self, built):
        done = subprocess.run([built], capture_output=True, text=True, check=True)
        seconds, result = done.stdout.split(None, 1)
        return float(seconds), result


class Training:
    """zstd of Debian's sources: trains a dictionary on 4 KB pieces of a text of random words."""

    MEGABYTES, WORDS = 64, 20000
    COMMAND = ("-q", "--train-fastcover=k=64,d=8,f=24,accel=10", "-B4096", "--maxdict=1048576",
               "--dictID=1")

    def __init__(self, folder):
        self.name, self.folder, self.by_hand = "zstd-train", folder, False

    def _text(self):
        path = os.path.join(self.folder, f"text{self.MEGABYTES}")
        if not os.path.exists(path):
            rng = random.Random(1)
            words = ["".join(rng.choices("etaoinshrdlucmfwypvbgkjqxz", range(26, 0, -1),
                                         k=rng.randint(2, 9))) for _ in range(self.WORDS)]
            weights = list(itertools.accumulate(1 / (i + 2) for i in range(self.WORDS)))
            with open(path + ".new", "w", encoding="ascii") as out:
                while out.tell() < self.MEGABYTES << 20:
                    out.write(" ".join(rng.choices(words, cum_weights=weights, k=100000)) + "\n")
            os.rename(path + ".new", path)
        return path

    def build(self, compiler, output, *flags):
        """The command without threads and old formats, all of its files at once."""
        source = fetch.fetch("zstd")
        files = sorted(path for part in ("lib/common", "lib/compress", "lib/decompress",
                                         "lib/dictBuilder", "programs")
                       for path in glob.glob(os.path.join(source, part, "*.c")))
        subprocess.run([compiler.name, *LEVEL, *flags, "-I" + os.path.join(source, "lib"),
                        "-DZSTD_LEGACY_SUPPORT=0", "-DZSTD_DISABLE_ASM=1", *files, "-o", output],
                       check=True)
        return output

    def run(self, built):
        output = os.path.join(self.folder, "dictionary")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([built, *self.COMMAND, self._text(), "-o", output], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        with open(output, "rb") as data:
            digest = hashlib.file_digest(data, "sha256").hexdigest()
        os.unlink(output)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, digest


def kernels():
    """The names of the programs in kernels/."""
    return sorted(f[:-2] for f in os.listdir(os.path.join(HERE, "kernels")) if f.endswith(".c"))


def workload(name, folder):
    """Programs that are made from Debian's sources keep their data in folder."""
    return Training(folder) if name == "zstd-train" else Kernel(name)
