"""runner.py - runs the cases of a suite, in parallel, with a log from which it can go on."""
import argparse
import concurrent.futures
import hashlib
import json
import os
import random
import sys
import threading
import time
import traceback

from toolchain import MAIN, Compiler, Failure, Skip

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Suite:
    """What a suite's cases see: the build, the compilers, folders, the sample's size."""

    def __init__(self, name, args):
        self.name = name
        self.full = args.full
        self.build = os.path.abspath(args.build)
        self.seed = args.seed
        self.random = random.Random(args.seed)
        self.only = args.only
        self.work = os.path.join(self.build, "test-output", name)
        os.makedirs(self.work, exist_ok=True)
        self._compilers = {}
        self._local = threading.Lock()
        self.footer = []  # lines printed before the totals
        self.last = []  # cases that judge the suite as a whole: run when all the others were

    def compiler(self, name):
        with self._local:
            if name not in self._compilers:
                self._compilers[name] = Compiler(name, self.build)
            return self._compilers[name]

    def folder(self, key):
        """An empty-or-reused folder for one case."""
        path = os.path.join(self.work, key.replace("/", "_").replace(" ", "_"))
        os.makedirs(path, exist_ok=True)
        return path

    def fingerprint(self):
        """Changes when a plugin or the core does: old log lines count no more."""
        digest = hashlib.sha256()
        for root, _, files in sorted(os.walk(os.path.join(self.build, "lib"))):
            for name in sorted(files):
                path = os.path.join(root, name)
                if os.path.isfile(path) and ".so" in name:
                    with open(path, "rb") as data:
                        digest.update(data.read())
        return digest.hexdigest()[:16]


def _one(case):
    start = time.monotonic()
    try:
        note = case.run() or ""
        result = "pass"
    except Skip as skip:
        result, note = "skip", str(skip)
    except Failure as failure:
        result, note = "fail", str(failure)
    except Exception:  # a bug in the test is a failure of the test
        result, note = "fail", traceback.format_exc()
    return {"key": case.key, "result": result, "note": note,
            "seconds": round(time.monotonic() - start, 2)}


class Case:
    def __init__(self, key, function, *arguments):
        self.key = key
        self.run = lambda: function(*arguments)


def failing(error):
    """What a case does that cannot be made: it raises the Failure or Skip that says why."""
    def fail():
        raise error
    return fail


class Tally:
    """How many objects have a function that a mode changed: a mode without any shows nothing."""

    def __init__(self, suite, modes):
        self._suite, self._counts, self._lock = suite, {}, threading.Lock()
        suite.last += [Case(f"{mode} {cc}", self._judge, mode, cc) for mode in modes for cc in MAIN]

    def add(self, mode, compiler, functions):
        with self._lock:
            count = self._counts.setdefault((mode, compiler.name), [0, 0])
            count[0] += functions > 0
            count[1] += 1

    def _judge(self, mode, cc):
        changed, objects = self._counts.get((mode, cc), (0, 0))
        if objects == 0:
            raise Skip(f"{mode} made no object with {cc}")
        self._suite.footer.append(f"{mode} {cc}: changed {changed} of {objects} objects")
        if changed == 0:
            raise Failure(f"{mode} changed none of {objects} objects made with {cc}")


def arguments(argv, extra=None):
    parser = argparse.ArgumentParser(prog=f"run-suite {argv[0]}")
    parser.add_argument("--full", action="store_true", help="everything, not the sample")
    parser.add_argument("--build", default=os.environ.get("BACKEDGE_BUILD",
                        os.path.join(os.path.dirname(TESTS), "build")), help="the build folder")
    parser.add_argument("-j", "--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--seed", type=int, default=20250101)
    parser.add_argument("--only", default="", help="only cases whose name contains this")
    parser.add_argument("--resume", action="store_true",
                        help="leave out what passed with these very plugins")
    parser.add_argument("--limit", type=int, default=0, help="at most so many cases")
    parser.add_argument("-v", "--verbose", action="store_true")
    return parser.parse_args(argv[1:])


def run_suite(name, make_cases, args):
    """Returns the exit status."""
    suite = Suite(name, args)
    cases = [c for c in make_cases(suite) if args.only in c.key]
    if args.limit:
        cases = cases[:args.limit]
    mark = suite.fingerprint()
    log_path = os.path.join(suite.work, "log.jsonl")
    done = {}
    if args.resume and os.path.exists(log_path):
        for line in open(log_path, encoding="utf-8"):
            entry = json.loads(line)
            if entry["mark"] == mark and entry["result"] == "pass":
                done[entry["key"]] = entry
    todo = [c for c in cases if c.key not in done]
    count = {"pass": len(cases) - len(todo), "fail": 0, "skip": 0}
    skips = {}

    def report(entry):
        log.write(json.dumps(dict(entry, mark=mark)) + "\n")
        log.flush()
        count[entry["result"]] += 1
        if entry["result"] == "skip":
            skips[entry["note"]] = skips.get(entry["note"], 0) + 1
        elif entry["result"] == "fail":
            print(f"FAIL {name}: {entry['key']}\n  " + entry["note"].replace("\n", "\n  "),
                  flush=True)
        elif args.verbose:
            print(f"pass {name}: {entry['key']} {entry['note']} ({entry['seconds']} s)", flush=True)

    with open(log_path, "a" if args.resume else "w", encoding="utf-8") as log, \
            concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for future in concurrent.futures.as_completed(pool.submit(_one, c) for c in todo):
            report(future.result())
        if len(todo) == len(cases) and not args.only and not args.limit:
            for case in suite.last:
                report(_one(case))
    for note, times in sorted(skips.items()):
        print(f"skipped {name}: {note} ({times})")
    for line in suite.footer:
        print(line)
    if not cases:
        print(f"{name}: no case")
    print(f"{count['pass']} passed, {count['fail']} failed, {count['skip']} skipped", flush=True)
    return 1 if count["fail"] or not cases else 0


def main(argv):
    names = sorted(n[6:-3] for n in os.listdir(os.path.join(TESTS, "suite"))
                   if n.startswith("suite_"))
    if not argv or argv[0] not in names:
        print(f"usage: run-suite NAME [--full] [--build DIR] …\nNAME: {', '.join(names)}",
              file=sys.stderr)
        return 2
    module = __import__("suite_" + argv[0])
    return run_suite(argv[0], module.cases, arguments(argv))
