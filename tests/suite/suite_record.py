"""suite_record.py - `backedge record`: perf reads its files; commands end as without it."""
import os
import pty
import re
import resource
import shutil
import signal
import struct
import subprocess
import time

import profiles
from profiles import read_fdata, require
from runner import TESTS, Case
from toolchain import Failure, Skip, environment, must, quote, run

SOURCES = os.path.join(TESTS, "record")
RUNTIME = os.path.join(os.path.dirname(TESTS), "runtime")
AGENT = "lib/backedge/libbackedge-agent.so"
FUNCTIONS = ("in_main", "in_thread", "in_child", "in_library", "in_executed")


class Recorder:
    """The command, and the programs it records."""

    def __init__(self, suite, key):
        self.suite = suite
        self.folder = suite.folder(key)
        self.command = os.path.join(suite.build, "bin/backedge")
        self.data = os.path.join(self.folder, "perf.data")

    def path(self, name):
        return os.path.join(self.folder, name)

    def args(self, *args):
        return [self.command, "record"] + [str(a) for a in args]

    def __call__(self, *args, status=0, **options):
        """What it said on stderr, once the exit status is the one expected."""
        options.setdefault("env", environment())
        options.setdefault("cwd", self.folder)
        done = run(self.args(*args), timeout=60, **options)
        if done.returncode != status:
            raise Failure(f"exit status {done.returncode}, not {status}: "
                          f"{quote(self.args(*args))}\n{done.stderr}")
        return done.stderr

    def busy(self, nanoseconds=100000000):
        """The program that does all that has to be followed; its command line, exit status 7."""
        length = f"-DBUSY={nanoseconds}L"
        program, library = self.path("busy"), self.path("libbusy.so")
        must([require("gcc-12"), "-O1", "-g", length, "-o", program, f"{SOURCES}/busy.c", "-ldl",
              "-lpthread"])
        must(["gcc-12", "-O1", length, "-shared", "-fPIC", "-o", library,
              f"{SOURCES}/busy_library.c"])
        return [program, library, "7"]

    def script(self, *options, data=None):
        """What perf prints of the recording."""
        done = run([require("perf"), "script", "-i", data or self.data, *options], timeout=60)
        if done.returncode or "out of order" in done.stderr or "unknown" in done.stderr:
            raise Failure(f"perf script: exit status {done.returncode}\n{done.stderr}")
        return done.stdout

    def said(self, text):
        """The number of samples that it says it wrote."""
        found = re.search(r"'.*': (\d+) samples", text)
        if not found:
            raise Failure(f"no number of samples in: {text}")
        return int(found[1])


def _expect(text, *patterns):
    for pattern in patterns:
        if not re.search(pattern, text):
            raise Failure(f"no /{pattern}/ in: {text}")


def _has_processor_branches(recorder):
    done = run(recorder.args("-o", "probe", "--source", "branch", "--", "true"),
               cwd=recorder.folder)
    return "branch stacks of the processor" in done.stderr


# ---- addresses --------------------------------------------------------------------------------


def follows(suite, source):
    """Threads, a child, a library loaded later, another program: each has samples, and perf names
    its functions."""
    recorder = Recorder(suite, "follows " + source)
    if source == "soft" and not os.path.exists(os.path.join(suite.build, AGENT)):
        raise Skip("this build has no agent")
    said = recorder("--source", source, "-F", "250", "--overhead", "100", "-o", recorder.data,
                    "--", *recorder.busy(500000000 if source == "soft" else 100000000), status=7)
    lines = recorder.script("-F", "pid,tid,ip,sym").splitlines()
    if len(lines) != recorder.said(said):
        raise Failure(f"perf finds {len(lines)} samples; it said: {said}")
    ids = {name: {tuple(line.split()[0].split("/")) for line in lines
                  if line.split()[2:] == [name]} for name in FUNCTIONS}
    if not all(ids.values()):
        raise Failure(f"functions without a sample: {[n for n, i in ids.items() if not i]}")
    (main,), (thread,), (child,) = (ids[n] for n in ("in_main", "in_thread", "in_child"))
    if thread[0] != main[0] or thread[1] == main[1] or child[0] == main[0]:
        raise Failure(f"wrong processes or threads: {ids}")
    if ids["in_library"] != {main} or ids["in_executed"] != {main}:
        raise Failure(f"not in the main thread: {ids}")
    report = must(["perf", "report", "--stdio", "-i", recorder.data])
    _expect(report, *FUNCTIONS)
    _expect(must(["perf", "report", "--header-only", "-i", recorder.data]), "cmdline : .*busy",
            "nrcpus online : [1-9]", "hostname : .", "arch : .")
    listed = must(["perf", "buildid-list", "-i", recorder.data])
    for name in ("busy", "libbusy.so"):
        found = re.search(r"Build ID: (\w+)", must(["readelf", "-n", recorder.path(name)]))
        _expect(listed, f"{found[1]} {recorder.path(name)}")
    return f"{len(lines)} samples"


def watches(suite):
    """Processes that run already, and everything."""
    recorder = Recorder(suite, "watches")
    rounds = recorder.path("rounds")
    loop = f'while :; do "$@"; echo >>{rounds}; done'
    three = ("sh", "-c", f"n=$(wc -l <{rounds}); "
             f"until [ $(wc -l <{rounds}) -ge $((n + 3)) ]; do sleep .1; done")
    open(rounds, "w", encoding="utf-8").close()
    with subprocess.Popen(["sh", "-c", loop, "sh", *recorder.busy()],
                          start_new_session=True) as running:
        try:
            pid = str(running.pid)
            recorder("-o", recorder.data, "-p", pid, "--", *three)
            _expect(recorder.script("-F", "ip,sym"), *FUNCTIONS)
            recorder("-o", recorder.data, "-p", f"{pid},{os.getpid()}", "-p", pid, "--", *three)
            try:
                recorder("-o", recorder.data, "--all", "--", *three)
                _expect(recorder.script("-F", "ip,sym"), "in_main")
            except Failure as failure:
                if os.geteuid() == 0:
                    raise
                _expect(str(failure), "perf_event_paranoid")
        finally:
            os.killpg(running.pid, signal.SIGKILL)
    _expect(recorder("-p", "999999999", status=1), "no process 999999999")
    with subprocess.Popen(["sleep", "1"]) as short:  # ends, and the recording with it
        with subprocess.Popen(recorder.args("-o", recorder.data, "-p", short.pid, "--", "sleep",
                                            "100"), stderr=subprocess.PIPE, text=True) as ends:
            said = ends.communicate(timeout=30)[1]
    _expect(said, "no samples")


def endings(suite):
    """The exit status is the command's, whatever that is."""
    recorder = Recorder(suite, "endings")
    shell = ("-o", recorder.data, "--source", "ip", "--", "sh", "-c")
    spin = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; "
    for status in (0, 1, 3, 255):
        recorder(*shell, spin + f"exit {status}", status=status)
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV):
        recorder(*shell, spin + f"kill -{number:d} $$", status=-number)
        recorder.script()
    before = os.stat(recorder.data).st_ino
    _expect(recorder("-o", recorder.data, "no-such-command", status=127), "No such file")
    _expect(recorder("-o", recorder.data, "/etc/passwd", status=126), "Permission denied")
    broken = recorder.path("broken")
    with open(broken, "w", encoding="utf-8") as out:
        out.write("#!/no/such/interpreter\n")
    os.chmod(broken, 0o755)
    _expect(recorder("-o", recorder.data, broken, status=127), "cannot run")
    if os.stat(recorder.data).st_ino != before:
        raise Failure("a command that cannot be run replaces the recording")
    recorder(*shell, spin)
    if os.stat(recorder.data + ".old").st_ino != before:
        raise Failure("the older recording is not kept as .old")
    _expect(recorder("-o", recorder.data, "true", status=1), "no samples")
    _expect(recorder("-o", "/no/such/folder/x", "true", status=1), "cannot write '/no/such")
    _expect(recorder("-o", "/dev/full", "true", status=1), "cannot write '/dev/full'")
    recorder("-F", "2000", "-q", *shell, spin, input="")
    if recorder("-q", *shell, spin):
        raise Failure("-q says something")


def pipes(suite):
    """To the standard output, as perf does it; what the command prints goes to stderr."""
    recorder = Recorder(suite, "pipes")
    program = recorder.busy()
    with open(recorder.data, "wb") as out:
        done = subprocess.run(recorder.args("-o", "-", "--source", "ip", "--", "sh", "-c",
                                            'echo from the command; "$@"', "sh", *program),
                              stdout=out, stderr=subprocess.PIPE, text=True, check=False)
    _expect(done.stderr, "(?m)^from the command$")
    if done.returncode != 7:
        raise Failure(f"exit status {done.returncode}, not 7: {done.stderr}")
    lines = recorder.script("-F", "ip,sym").splitlines()
    if len(lines) != recorder.said(done.stderr):
        raise Failure(f"perf finds {len(lines)} samples; it said: {done.stderr}")
    _expect("\n".join(lines), *FUNCTIONS)
    with open(recorder.data, "rb") as data:
        _expect(must(["perf", "report", "--stdio", "-i", "-"], stdin=data), *FUNCTIONS)
    must([recorder.command, "convert", "-b", program[0], "-o", recorder.path("out"), recorder.data])
    # When the reader goes, the command still runs to its end.
    marker = recorder.path("marker")
    with subprocess.Popen(recorder.args("-o", "-", "-F", "5000", "--source", "ip", "--", "sh", "-c",
                                        f'"$@"; echo >{marker}', "sh", *program),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as early:
        early.stdout.read(200)
        early.stdout.close()
        said = early.stderr.read().decode()
    if early.returncode != 1 or not os.path.exists(marker):
        raise Failure(f"exit status {early.returncode} when the reader went: {said}")
    _expect(said, "cannot write '-': Broken pipe")


def progress(suite):
    """On a terminal, one line that changes; it is gone at the end."""
    recorder = Recorder(suite, "progress")
    main, other = pty.openpty()
    with subprocess.Popen(recorder.args("-o", recorder.data, "--source", "ip", "--", "sh", "-c",
                                        "sleep 3.5; i=0; while [ $i -lt 200000 ]; "
                                        "do i=$((i+1)); done"),
                          stderr=other, stdin=other, stdout=other, start_new_session=True) as done:
        os.close(other)
        text = b""
        try:
            while chunk := os.read(main, 4096):
                text += chunk
        except OSError:  # its end
            pass
        done.wait()
    os.close(main)
    _expect(text.decode(), r"\r\d s: \d+ samples, .* MB.*\x1b\[Kbackedge record: '")


def _started(recorder, *command):
    """A recording that has collected something."""
    if os.path.exists(recorder.data):
        os.unlink(recorder.data)
    process = subprocess.Popen(recorder.args("-o", recorder.data, "--source", "ip", "--", *command),
                               stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 30
    while not os.path.exists(recorder.data) or os.path.getsize(recorder.data) < 4000:
        if time.monotonic() > end or process.poll() is not None:
            raise Failure(f"nothing is recorded: {quote(command)}")
        time.sleep(.05)
    return process


def _kept(recorder):
    count = len(recorder.script("-F", "ip").splitlines())
    if count < 10:
        raise Failure(f"{count} samples were kept")
    return count


def interrupted(suite):
    """Signals go to the command; what was collected is kept."""
    recorder = Recorder(suite, "interrupted")
    loop = "while :; do :; done"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with _started(recorder, "sh", "-c", loop) as process:
            process.send_signal(number)
            said = process.communicate(timeout=30)[1]
        if process.returncode != -number:
            raise Failure(f"exit status {process.returncode} after signal {number}: {said}")
        if recorder.said(said) != _kept(recorder):
            raise Failure(f"perf finds another number of samples than: {said}")
    # One that takes no notice of SIGINT gets SIGTERM the next time.
    with _started(recorder, "sh", "-c", "trap '' INT; " + loop) as process:
        process.send_signal(signal.SIGINT)
        time.sleep(.5)
        if process.poll() is not None:
            raise Failure("the recording ended before the command")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    if process.returncode != -signal.SIGTERM:
        raise Failure(f"exit status {process.returncode} after the second SIGINT")
    _kept(recorder)
    # A command that goes on computing its answer after SIGINT is let do so.
    with _started(recorder, "sh", "-c", "trap 'exit 5' INT; " + loop) as process:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    if process.returncode != 5:
        raise Failure(f"exit status {process.returncode}, the command's was 5")


def killed(suite):
    """The file can be read up to where the recorder was killed."""
    recorder = Recorder(suite, "killed")
    number = recorder.path("number")
    with _started(recorder, "sh", "-c", f"echo $$ >{number}; while :; do :; done") as process:
        process.kill()
        process.wait()
        with open(number, encoding="utf-8") as text:
            os.kill(int(text.read()), signal.SIGKILL)
    count = _kept(recorder)
    _expect(must(["perf", "report", "--stdio", "-i", recorder.data]), "sh ")
    return f"{count} samples"


def no_room(suite):
    """Where the disk is full the file is whole up to there, and the command runs to its end."""
    recorder = Recorder(suite, "no-room")
    limit = 40000
    said = recorder("-F", "20000", "-o", recorder.data, "--source", "ip", "--", "sh", "-c",
                    "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done; echo done >marker",
                    status=1, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE,
                                                                    (limit, limit)))
    _expect(said, "cannot write .*File too large")
    if not os.path.exists(recorder.path("marker")):
        raise Failure("the command did not run to its end")
    size = os.path.getsize(recorder.data)
    if not limit / 2 < size <= limit:
        raise Failure(f"{size} bytes where there is room for {limit}")
    return f"{_kept(recorder)} samples"


# ---- software branch stacks -------------------------------------------------------------------


def _tree(recorder):
    """A command that finds the tests' agent beside it; the command's path."""
    tree = recorder.path("tree")
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(os.path.join(tree, "bin"))
    os.makedirs(os.path.join(tree, "lib/backedge"))
    for name in os.listdir(os.path.join(recorder.suite.build, "lib")):
        if name.startswith("libbackedge.so"):
            os.symlink(os.path.join(recorder.suite.build, "lib", name),
                       os.path.join(tree, "lib", name))
    must([require("gcc-12"), "-O1", "-shared", "-fPIC", "-I", RUNTIME, f"{SOURCES}/agent.c", "-o",
          os.path.join(tree, "lib/backedge/libbackedge-agent.so")])
    return shutil.copy(recorder.command, os.path.join(tree, "bin"))


def _bursts(data):
    """The stacks of a recording of tests/profile-step, oldest branch first."""
    stacks = []
    for at, kind, _ in profiles.records(data):
        if kind == 9:
            count, = struct.unpack_from("<Q", data, at + 32)
            words = struct.unpack_from(f"<{3 * count}Q", data, at + 40)
            stacks.append([words[i:i + 2] for i in range(3 * count - 3, -1, -3)])
    return [stack for stack in stacks if stack]


def _write_bursts(path, stacks):
    with open(path, "wb") as out:
        for stack in stacks:
            out.write(struct.pack(f"<{1 + 2 * len(stack)}Q", len(stack),
                                  *(word for branch in stack for word in branch)))


class Agents:
    """A program recorded step by step, and again through the ring by the tests' agent."""

    def __init__(self, suite):
        self.recorder = Recorder(suite, "agents")
        self.stepped = self.recorder.path("stepped")
        self.program = profiles.build_program(self.recorder.folder, "g++-12 -O2 -no-pie")
        profiles.record(suite.build, self.program, self.stepped, 20000)
        with open(self.stepped, "rb") as data:
            self.stacks = _bursts(data.read())
        self.bursts = self.recorder.path("bursts")
        _write_bursts(self.bursts, self.stacks)
        self.recorder.command = _tree(self.recorder)

    def record(self, *options, **variables):
        env = dict(environment(), BACKEDGE_TEST_BURSTS=self.bursts, **variables)
        return self.recorder("-o", self.recorder.data, *options, "--", self.program, "10", env=env)

    def profile(self, data):
        out = self.recorder.path("out")
        must([self.recorder.command, "convert", "-b", self.program, "-o", out, data])
        return read_fdata(out)


def agents_file(agents):
    """perf prints the very branches that the agent wrote, in their order."""
    said = agents.record("--source", "soft")
    _expect(said, "software branch stacks.*100 Hz, as asked for", "overhead")
    lines = agents.recorder.script("-F", "ip,brstack").splitlines()
    printed = [[tuple(int(a, 16) for a in branch.split("/")[:2]) for branch in line.split()[1:]]
               for line in lines]
    if printed != [stack[::-1] for stack in agents.stacks]:
        raise Failure("perf script prints other branches than were recorded")
    if [int(line.split()[0], 16) for line in lines] != [s[-1][1] for s in agents.stacks]:
        raise Failure("perf script prints other addresses than were recorded")
    if agents.recorder.said(said) != len(agents.stacks):
        raise Failure(f"{len(agents.stacks)} samples, and it said: {said}")
    _expect(agents.recorder.script("-F", "comm,period").splitlines()[0], "named-by-agent.*10000000")
    must(["perf", "report", "--stdio", "-i", agents.recorder.data])
    found = re.search(r"Build ID: (\w+)", must(["readelf", "-n", agents.program]))
    _expect(must(["perf", "buildid-list", "-i", agents.recorder.data]), found[1])


def agents_profile(agents):
    """It converts to the same profile as the step by step one; BOLT's converter makes it, too."""
    agents.record("--source", "soft")
    wanted, ours = agents.profile(agents.stepped), agents.profile(agents.recorder.data)
    counts = {key: value[0] for key, value in ours.items()}  # nothing is predicted here
    if counts != {key: value[0] for key, value in wanted.items()}:
        raise Failure("the profile differs from that of what was recorded")
    theirs = profiles.perf2bolt(agents.program, agents.recorder.data,
                                agents.recorder.path("theirs"))
    shares = profiles.difference(ours, theirs)
    if not theirs or max(shares) > .001:
        raise Failure(f"perf2bolt's profile of {len(theirs)} lines differs by {max(shares):.3%}")


def agents_spoiled(agents):
    """What no agent writes is left out; a record that is never finished is passed."""
    for spoil in ("1", "2"):
        said = agents.record("--source", "soft", BACKEDGE_TEST_SPOIL=spoil)
        if agents.recorder.said(said) != len(agents.stacks):
            raise Failure(f"{len(agents.stacks)} samples, and it said: {said}")
        agents.recorder.script("-F", "ip,brstack")
    _expect(said, "1 records were lost")


def agents_chosen(agents):
    """auto takes the agent where it can, and says why where it cannot."""
    recorder = agents.recorder
    if _has_processor_branches(recorder):
        raise Skip("the processor records branches here")
    _expect(agents.record(), "software branch stacks.*; no branch stacks of the processor: .")
    static, script = recorder.path("static"), recorder.path("script")
    must(["g++-12", "-O2", "-static", *profiles.SOURCES, "-o", static])
    refused = ("--source", "soft", "-o", recorder.data, "--")
    _expect(recorder(*refused, static, status=1), "'.*static' is linked statically")
    with open(script, "w", encoding="utf-8") as out:
        out.write(f"#!{static}\n")
    os.chmod(script, 0o755)
    _expect(recorder(*refused, script, status=1), "'.*static' is linked statically")
    _expect(recorder("-o", recorder.data, static, "60000"),
            "addresses without branches.*; no software ones: '.*static' is linked statically")
    _expect(recorder("-o", recorder.data, "--source", "soft", "-p", os.getpid(), status=1),
            "only into a command that is started here")
    # Without a list of bursts the tests' agent does nothing.
    _expect(recorder(*refused, agents.program, status=1), "the agent did not begin")
    if os.geteuid() == 0:
        other = shutil.copy(agents.program, recorder.path("other-user"))
        os.chown(other, 65534, 65534)
        os.chmod(other, 0o4755)
        _expect(recorder(*refused, other, status=1), "rights of another user")


def through_the_agent(suite):
    """One case, since they share a recording."""
    agents = Agents(suite)
    for check in (agents_file, agents_profile, agents_spoiled, agents_chosen):
        check(agents)


def soft_profile(suite):
    """Of a program of two processes, with the real agent: BOLT's converter makes the same of it."""
    recorder = Recorder(suite, "soft-profile")
    if not os.path.exists(os.path.join(suite.build, AGENT)):
        raise Skip("this build has no agent")
    program = profiles.build_program(recorder.folder, "g++-12 -O2 -Wl,-q")
    recorder("-F", "1000", "--overhead", "100", "--source", "soft", "-o", recorder.data, "--",
             program, "700000")
    theirs = profiles.perf2bolt(program, recorder.data, recorder.path("theirs"))
    must([recorder.command, "convert", "--raw", "-b", program, "-o", recorder.path("ours"),
          recorder.data])
    shares = profiles.difference(read_fdata(recorder.path("ours")), theirs)
    if len(theirs) < 30 or max(shares) > .001:
        raise Failure(f"perf2bolt's profile of {len(theirs)} lines differs by {max(shares):.3%}")
    said = recorder("-F", "200", "--overhead", "0.02", "--source", "soft", "-o", recorder.data,
                    "--", program, "3000000")
    _expect(said, r"\d ticks a second of CPU time, not 200")
    return f"{max(shares):.4%} of {len(theirs)} lines"


# ---- refusals ---------------------------------------------------------------------------------


def usage(suite):
    recorder = Recorder(suite, "usage")
    _expect(recorder(status=2), "what is to be recorded")
    _expect(recorder("--source", "lbr", "true", status=2), "the sources are: auto, branch")
    _expect(recorder("-F", "0", "true", status=2), "-F wants a number from 1")
    _expect(recorder("-F", "often", "true", status=2), "-F wants a number")
    _expect(recorder("--branches", "5000", "true", status=2), "--branches wants a number")
    _expect(recorder("--overhead", "nan", "true", status=2), "--overhead wants a number")
    _expect(recorder("-p", "1,x", status=2), "-p wants numbers")
    _expect(recorder("-p", "1", "--all", status=2), "two different things")


def refused(suite):
    """The kernel's refusals become advice."""
    recorder = Recorder(suite, "refused")
    if not _has_processor_branches(recorder):
        _expect(recorder("-o", recorder.data, "--source", "branch", "true", status=1),
                "without a PMU|does not record branches|does not allow it")
    if os.geteuid() != 0:
        raise Skip("not root: cannot try it as another user")
    with open("/proc/sys/kernel/perf_event_paranoid", encoding="utf-8") as setting:
        paranoid = int(setting.read())
    os.chmod(recorder.folder, 0o777)
    spin = ("sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done")
    if paranoid <= 2:
        recorder("-o", "own", "--source", "ip", *spin, user="nobody")
    if paranoid > 0:
        _expect(recorder("-o", "all", "--all", "--", "sleep", "1", status=1, user="nobody"),
                f"perf_event_paranoid is {paranoid}; .*sysctl")
    _expect(recorder("-o", "of-root", "-p", os.getpid(), "--", "sleep", "1", status=1,
                     user="nobody"), "another user's")
    few = (20, 20)
    with subprocess.Popen(["sleep", "100"]) as running:
        try:
            said = recorder("-o", recorder.data, "-p", ",".join([str(running.pid)] * 30), "--",
                            "sleep", "1", status=1, user="nobody", preexec_fn=lambda:
                            resource.setrlimit(resource.RLIMIT_NOFILE, few))
        finally:
            running.kill()
    _expect(said, "another user's|ulimit -n")


def cases(suite):
    made = [Case(f"follows, {source}", follows, suite, source) for source in ("ip", "soft")]
    return made + [Case(function.__name__, function, suite)
                   for function in (watches, endings, pipes, progress, interrupted, killed, no_room,
                                    through_the_agent, soft_profile, usage, refused)]
