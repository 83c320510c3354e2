"""workloads.py - what is timed: the kernels of kernels/, and a real program from Debian's sources.

A workload has build(compiler, output, *flags), which returns what run() takes, and run(built),
which returns (CPU seconds, result); equal results mean that nothing was miscompiled.
"""
import hashlib
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


class SuffixSort:
    """mksary of Debian's libdivsufsort: the suffix array of a text of random words."""

    MEGABYTES, WORDS = 32, 20000

    def __init__(self, folder):
        self.name, self.folder, self.by_hand = "mksary", folder, False

    def _text(self):
        path = os.path.join(self.folder, "text")
        if not os.path.exists(path):
            rng = random.Random(1)
            words = ["".join(rng.choices("etaoinshrdlucmfwypvbgkjqxz", range(26, 0, -1),
                                         k=rng.randint(2, 9))) for _ in range(self.WORDS)]
            weights = [1 / (i + 2) for i in range(self.WORDS)]
            with open(path + ".new", "w", encoding="ascii") as out:
                while out.tell() < self.MEGABYTES << 20:
                    out.write(" ".join(rng.choices(words, weights, k=100000)) + "\n")
            os.rename(path + ".new", path)
        return path

    def build(self, compiler, output, *flags):
        """By its own CMake files. The first run checks the whole result."""
        quiet = {"check": True, "stdout": subprocess.DEVNULL}
        source = fetch.fetch("libdivsufsort")
        subprocess.run(["cmake", "-S", source, "-B", output, f"-DCMAKE_C_COMPILER={compiler.name}",
                        f"-DCMAKE_C_FLAGS={' '.join(LEVEL + flags)}", "-DCMAKE_BUILD_TYPE=None",
                        "-DBUILD_SHARED_LIBS=OFF", "-Wno-dev", "-Wno-deprecated"], **quiet)
        subprocess.run(["cmake", "--build", output, "--clean-first", "--target", "mksary"], **quiet)
        binary = os.path.join(output, "examples", "mksary")
        array = os.path.join(self.folder, "array")
        self._seconds(binary, array)
        with open(array, "rb") as data:
            digest = hashlib.file_digest(data, "sha256").hexdigest()
        os.unlink(array)
        return binary, digest

    def _seconds(self, binary, array):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([binary, self._text(), array], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def run(self, built):
        binary, digest = built
        return self._seconds(binary, os.devnull), digest


def kernels():
    """The names of the programs in kernels/."""
    return sorted(f[:-2] for f in os.listdir(os.path.join(HERE, "kernels")) if f.endswith(".c"))


def workload(name, folder):
    """Programs that are made from Debian's sources keep their data in folder."""
    return SuffixSort(folder) if name == "mksary" else Kernel(name)
