"""programs.py - the real programs: their sources, how they are built, and what they must print."""
import glob
import os
import shutil
import subprocess
import sys
import threading

from fetch import CACHE, FetchError, fetch
from runner import Case, failing
from toolchain import Failure, Skip, run

NAMES = ("lua", "zstd", "sqlite", "jsoncpp")
_lock = threading.Lock()


class Unit:
    def __init__(self, source, flags, language="c"):
        self.source, self.flags, self.language = source, flags, language
        self.name = os.path.basename(source)


class Program:
    """binaries: {name: (sources' file names, link flags)}; check(folder) returns its output."""

    def __init__(self, name, folder, units, binaries, check):
        self.name, self.folder, self.units = name, folder, units
        self.binaries, self._check = binaries, check
        self.language = units[0].language

    def link(self, compiler, objects, folder):
        """objects: {file name: object}. Makes every binary in folder."""
        for binary, (names, flags) in self.binaries.items():
            driver = compiler.driver(self.language)
            done = run([driver, "-o", os.path.join(folder, binary)] + [objects[n] for n in names] +
                       flags)
            if done.returncode:
                raise Failure(f"linking {binary} failed:\n{done.stderr[-2000:]}")

    def check(self, folder):
        return self._check(self, folder)


def _get(package):
    try:
        return fetch(package)
    except FetchError as error:
        if os.environ.get("CI") == "true":
            raise Failure(f"cannot fetch {package}: {error}") from None
        raise Skip(f"cannot fetch {package}: {error}") from None


def _output(args, cwd, data=None, timeout=600):
    done = run(args, timeout=timeout, cwd=cwd, **({"input": data} if data is not None else {}))
    return f"$ {os.path.basename(args[0])} {' '.join(args[1:])}\n{done.stdout}{done.stderr}" \
           f"[exit {done.returncode}]\n"


def _lua():
    src = os.path.join(_get("lua5.4"), "src")
    made = os.path.join(CACHE, "lua5.4", "made")
    os.makedirs(made, exist_ok=True)
    header = os.path.join(made, "lua5.4-deb-multiarch.h")  # Debian's build makes it
    if not os.path.exists(header):
        with open(header, "w", encoding="utf-8") as out:
            out.write('#define DEB_HOST_MULTIARCH "x86_64-linux-gnu"\n')
    flags = ["-std=gnu99", "-DLUA_COMPAT_5_3", "-DLUA_USE_LINUX", "-I" + src, "-I" + made]
    sources = sorted(p for p in glob.glob(src + "/*.c") if os.path.basename(p) != "luac.c")
    units = [Unit(p, flags) for p in sources]
    return Program("lua", src, units, {"lua": ([u.name for u in units],
                   ["-Wl,-E", "-lm", "-ldl"])}, _check_lua)


def _check_lua(program, folder):
    scripts = sorted(glob.glob(os.path.join(os.path.dirname(__file__), "data/*.lua")))
    out = ""
    for script in scripts:
        out += _output([os.path.join(folder, "lua"), script], folder)
        if not out.endswith("[exit 0]\n"):
            raise Failure(f"lua fails on {script}:\n{out[-1500:]}")
    return out


def _zstd():
    src = _get("zstd")
    lib = [os.path.join(src, "lib", d) for d in ("common", "compress", "decompress", "dictBuilder")]
    flags = ["-I" + os.path.join(src, "lib")] + ["-I" + d for d in lib] + [
        "-DXXH_NAMESPACE=ZSTD_", "-DZSTD_LEGACY_SUPPORT=0", "-DZSTD_MULTITHREAD",
        "-DZSTD_DISABLE_ASM=1", "-pthread"]
    folders = lib + [os.path.join(src, "programs")]
    sources = sorted(p for d in folders for p in glob.glob(d + "/*.c"))
    units = [Unit(p, flags) for p in sources]
    return Program("zstd", src, units, {"zstd": ([u.name for u in units], ["-pthread"])},
                   _check_zstd)


def _zstd_data(path):
    """Data of many textures: runs, words, numbers, noise; the same every time."""
    import random
    rng = random.Random(7)
    words = [bytes(rng.choices(b"abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 9)))
             for _ in range(900)]
    parts = [b" ".join(rng.choice(words) for _ in range(60000)), bytes(90000),
             rng.randbytes(70000), b"".join(rng.randrange(5000).to_bytes(4, "little")
                                            for _ in range(40000))]
    parts.append(parts[0][1000:90000] + rng.randbytes(100) + parts[3][:50000])
    with open(path, "wb") as out:
        out.write(b"".join(parts))


def _check_zstd(program, folder):
    zstd, out = os.path.join(folder, "zstd"), ""
    data = os.path.join(folder, "data")
    _zstd_data(data)
    for options in (["-1"], ["--fast=3"], ["-3", "--long"], ["-4"], ["-6"], ["-9", "-T2"], ["-12"],
                    ["-15"], ["-17"], ["-19"], ["-3", "--check", "--no-content-size"]):
        out += _output([zstd, "-q", "-f"] + options + ["data", "-o", "data.zst"], folder)
        out += _output(["sha256sum", "data.zst"], folder)
        out += _output([zstd, "-q", "-d", "-f", "data.zst", "-o", "back"], folder)
        out += _output(["cmp", "data", "back"], folder)
        if "[exit 0]" not in out[-10:]:
            raise Failure(f"zstd {' '.join(options)} does not give the data back")
    for i in range(40):
        with open(data, "rb") as source, open(os.path.join(folder, f"s{i}"), "wb") as sample:
            source.seek(i * 5000)
            sample.write(source.read(3000))
    samples = [f"s{i}" for i in range(40)]
    out += _output([zstd, "-q", "-f", "--train", "--maxdict=8192", "-o", "dict"] + samples, folder)
    out += _output([zstd, "-q", "-f", "-D", "dict", "s3", "-o", "s3.zst"], folder)
    out += _output([zstd, "-q", "-f", "-d", "-D", "dict", "s3.zst", "-o", "s3.back"], folder)
    out += _output(["sha256sum", "s3.zst", "s3.back"], folder)
    return out


def _amalgamation(src):
    made = os.path.join(CACHE, "sqlite3", "made")
    with _lock:
        if not os.path.exists(os.path.join(made, "done")):
            os.makedirs(made, exist_ok=True)
            for args in ([os.path.join(src, "configure"), "--disable-tcl"],
                         ["make", "sqlite3.c", "shell.c"]):
                done = subprocess.run(args, cwd=made, stdout=subprocess.PIPE, text=True,
                                      stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
                if done.returncode:
                    raise Failure(f"cannot make sqlite3.c:\n{done.stdout[-1500:]}")
            open(os.path.join(made, "done"), "w", encoding="utf-8").close()
    return made


def _sqlite():
    src = _get("sqlite3")
    made = _amalgamation(src)
    flags = ["-I" + made, "-DSQLITE_THREADSAFE=1", "-DSQLITE_ENABLE_FTS5", "-DSQLITE_ENABLE_RTREE",
             "-DSQLITE_ENABLE_MATH_FUNCTIONS", "-DSQLITE_ENABLE_JSON1",
              "-DSQLITE_OMIT_LOAD_EXTENSION"]
    units = [Unit(os.path.join(made, "sqlite3.c"), flags),
             Unit(os.path.join(made, "shell.c"), flags),
             Unit(os.path.join(src, "test/speedtest1.c"), flags)]
    return Program("sqlite", made, units, {
        "shell": (["shell.c", "sqlite3.c"], ["-lm", "-lpthread"]),
        "speedtest1": (["speedtest1.c", "sqlite3.c"], ["-lm", "-lpthread"])}, _check_sqlite)


def _check_sqlite(program, folder):
    with open(os.path.join(os.path.dirname(__file__), "data/all.sql"), encoding="utf-8") as script:
        out = _output([os.path.join(folder, "shell"), "-batch", ":memory:"], folder, script.read())
    speed = _output([os.path.join(folder, "speedtest1"), "--memdb", "--size", "6", "--verify"],
                    folder)
    # times differ; labels and verification hashes do not
    out += "\n".join(line.rsplit(" ", 1)[0] if line.endswith("s") else line
                     for line in speed.splitlines() if "TOTAL" not in line)
    return out


def _jsoncpp():
    src = _get("jsoncpp")
    flags = ["-std=c++11", "-I" + os.path.join(src, "include")]
    lib = [os.path.join(src, "src/lib_json", n) for n in
           ("json_reader.cpp", "json_value.cpp", "json_writer.cpp")]
    test = os.path.join(src, "src/test_lib_json")
    units = [Unit(p, flags, "c++") for p in
             lib + [os.path.join(test, n) for n in ("jsontest.cpp", "fuzz.cpp", "main.cpp")]]
    runner = Unit(os.path.join(src, "src/jsontestrunner/main.cpp"), flags, "c++")
    runner.name = "runner.cpp"
    names = [u.name for u in units]
    return Program("jsoncpp", src, units + [runner], {
        "jsoncpp_test": (names, []), "runner": (names[:3] + ["runner.cpp"], [])}, _check_jsoncpp)


def _check_jsoncpp(program, folder):
    out = _output([os.path.join(folder, "jsoncpp_test")], folder)
    if not out.endswith("[exit 0]\n"):
        raise Failure(f"jsoncpp_test fails:\n{out[-1500:]}")
    test, data = os.path.join(program.folder, "test"), os.path.join(folder, "data")
    shutil.copytree(os.path.join(test, "data"), data, dirs_exist_ok=True)  # it writes there
    done = run([sys.executable, os.path.join(test, "runjsontests.py"),
                os.path.join(folder, "runner"), data], timeout=300)
    if done.returncode:
        raise Failure(f"runjsontests.py fails:\n{done.stdout[-1500:]}")
    return out + done.stdout.replace(folder, "")


def program(name):
    return {"lua": _lua, "zstd": _zstd, "sqlite": _sqlite, "jsoncpp": _jsoncpp}[name]()


def cases(of):
    """Every program's cases, made by of(name); one stands for a program that cannot be had."""
    out = []
    for name in NAMES:
        try:
            program(name)
        except Exception as error:  # no network
            out.append(Case(name, failing(error)))
        else:
            out += of(name)
    return out
