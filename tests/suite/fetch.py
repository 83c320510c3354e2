"""fetch.py - source packages the suites compile, got with a private apt configuration.

The user's apt is never touched: the sources list, state and cache are in the cache folder. The
list is made from the system's own Debian stanza, with deb-src for deb.
"""
import fcntl
import glob
import os
import shutil
import subprocess

CACHE = os.environ.get("BACKEDGE_TEST_CACHE") or os.path.expanduser("~/.cache/backedge")
SOURCES = {"lua5.4": "lua5.4", "zstd": "libzstd", "sqlite3": "sqlite3", "jsoncpp": "libjsoncpp"}
BINARIES = {"gcc-12-source"}


class FetchError(Exception):
    pass


def _run(args, cwd=None):
    done = subprocess.run(args, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    if done.returncode:
        raise FetchError(f"{' '.join(args[:2])} … failed:\n{done.stdout[-2000:]}")
    return done.stdout


def _stanzas():
    """The system's Debian archives as deb822 dictionaries."""
    for path in sorted(glob.glob("/etc/apt/sources.list.d/*.sources")):
        fields, last = {}, None
        for line in open(path, encoding="utf-8").read().splitlines() + [""]:
            if line.startswith("#"):
                continue
            if not line.strip():
                if fields:
                    yield fields
                fields, last = {}, None
            elif line[0] in " \t" and last:
                fields[last] += "\n" + line
            elif ":" in line:
                last, value = line.split(":", 1)
                fields[last] = value.strip()
    lists = ["/etc/apt/sources.list"] + sorted(glob.glob("/etc/apt/sources.list.d/*.list"))
    for path in filter(os.path.exists, lists):
        for line in open(path, encoding="utf-8"):
            words = line.split()
            if not words or words[0] != "deb":
                continue
            options = {}
            while len(words) > 1 and words[1].startswith("["):
                end = next(i for i, word in enumerate(words) if word.endswith("]"))
                for option in " ".join(words[1:end + 1]).strip("[]").split():
                    key, _, value = option.partition("=")
                    options[key.lower()] = value
                del words[1:end + 1]
            fields = {"Types": "deb", "URIs": words[1], "Suites": words[2],
                      "Components": " ".join(words[3:])}
            if "signed-by" in options:
                fields["Signed-By"] = options["signed-by"]
            yield fields


def _sources_text():
    out = []
    for fields in _stanzas():
        if "debian" not in fields.get("URIs", "") or "main" not in fields.get("Components", ""):
            continue
        if fields.get("Enabled", "yes").lower() == "no":
            continue
        fields = dict(fields, Types="deb deb-src", Components="main")
        out.append("".join(f"{key}: {value}\n" for key, value in fields.items()))
    if not out:
        raise FetchError("no Debian archive with the component 'main' in /etc/apt")
    return "\n".join(out)


def _apt(args, cwd=None):
    root = os.path.join(CACHE, "apt")
    parts = os.path.join(root, "sources.list.d")
    for folder in (parts, os.path.join(root, "state/lists/partial"), os.path.join(root, "none"),
                   os.path.join(root, "cache/archives/partial")):
        os.makedirs(folder, exist_ok=True)
    with open(os.path.join(parts, "backedge.sources"), "w", encoding="utf-8") as out:
        out.write(_sources_text())
    options = [f"Dir::Etc::SourceList={root}/none.list", f"Dir::Etc::SourceParts={parts}",
               f"Dir::State={root}/state", f"Dir::Cache={root}/cache",
               "Dir::State::status=/var/lib/dpkg/status", "APT::Sandbox::User=root",
               "Acquire::Languages=none", "APT::Get::List-Cleanup=true"]
    return _run(["apt-get", "-qq"] + [word for o in options for word in ("-o", o)] + args, cwd)


def _update():
    stamp = os.path.join(CACHE, "apt", "updated")
    if not os.path.exists(stamp):
        _apt(["update"])
        open(stamp, "w", encoding="utf-8").close()


def _unpack_torture(folder):
    """Of gcc-12-source only the execution tests are kept."""
    deb = glob.glob(os.path.join(folder, "gcc-12-source_*.deb"))[0]
    raw = os.path.join(folder, "raw")
    _run(["dpkg-deb", "-x", deb, raw])
    tar = glob.glob(os.path.join(raw, "usr/src/gcc-12/gcc-*.tar.*"))[0]
    _run(["tar", "-xf", tar, "-C", folder, "--strip-components=3", "--wildcards",
          "*/gcc/testsuite/gcc.c-torture/execute"])
    shutil.rmtree(raw)
    os.unlink(deb)
    if not glob.glob(os.path.join(folder, "gcc.c-torture/execute/*.c")):
        raise FetchError("gcc-12-source holds no gcc.c-torture/execute")


def _get(name, folder):
    _update()
    if name in BINARIES:
        _apt(["download", name], cwd=folder)
        _unpack_torture(folder)
        return
    _apt(["source", "--download-only", SOURCES[name]], cwd=folder)
    dsc = glob.glob(os.path.join(folder, "*.dsc"))[0]
    if shutil.which("dpkg-source"):
        _run(["dpkg-source", "--no-check", "-x", dsc, os.path.join(folder, "src")])
    else:
        raise FetchError("dpkg-source is missing: install dpkg-dev")


def fetch(name):
    """Returns the folder of the unpacked package; raises FetchError."""
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = os.path.join(CACHE, name)
        if not os.path.exists(os.path.join(folder, "done")):
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder)
            try:
                _get(name, folder)
            except FetchError:  # lists may be out of date: once more with new ones
                stamp = os.path.join(CACHE, "apt", "updated")
                if not os.path.exists(stamp):
                    raise
                os.unlink(stamp)
                shutil.rmtree(folder)
                os.makedirs(folder)
                _get(name, folder)
            open(os.path.join(folder, "done"), "w", encoding="utf-8").close()
    return folder if name in BINARIES else os.path.join(folder, "src")
