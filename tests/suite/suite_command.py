"""suite_command.py - the `backedge` command: what it prints, accepts and refuses."""
import os
import re
import shutil
import subprocess

from runner import TESTS, Case
from toolchain import MAIN, MORE, Failure, Skip, environment, quote, run

TOP = os.path.dirname(TESTS)
VERBS = ("cflags", "convert", "diff", "ldflags", "list", "merge", "opt", "record", "show")
GOOD = "llvm.func @f(%a: i32) -> i32 {\n  %0 = llvm.add %a, %a : i32\n  llvm.return %0 : i32\n}\n"
PROGRAM = """#include <stdio.h>
int main(void) { int s = 0; for (int i = 0; i < 9; i++) s += i; printf("%d\\n", s); return 0; }
"""
INDIRECT = """int f(const int *t, const int *i, const int *j, int n) {
  int s = 0;
  for (int k = 0; k < n; k++) {
    int v = t[i[j[k]]];
    s += v % 7 ? v / 3 : s % 5;
  }
  return s;
}
"""
ASKING = """#include <backedge.h>
int sum(int *t BACKEDGE_PREFETCH(16, 3), const int *i, int n) {
  int s = 0;
  for (int k = 0; k < n; k++)
    s += t[i[k]];
  return s;
}
int none(const int *t, const int *i, const int *j, int n) {
  int s = 0;
  BACKEDGE_NOPREFETCH_LOOP
  for (int k = 0; k < n; k++) {
    int v = t[i[j[k]]];
    s += v % 7 ? v / 3 : s % 5;
  }
  return s;
}
"""


class Command:
    def __init__(self, suite):
        self.suite = suite
        self.path = os.path.join(suite.build, "bin", "backedge")

    def __call__(self, *args, status=0, **options):
        """Runs it; returns (stdout, stderr) once the exit status is the one expected."""
        options.setdefault("env", environment())
        done = run([self.path, *args], timeout=60, **options)
        if done.returncode != status:
            raise Failure(f"exit status {done.returncode}, not {status}: "
                          f"{quote([self.path, *args])}\n{done.stderr}")
        return done.stdout, done.stderr

    def pass_name(self):
        found = re.findall(r"^  ([a-z-]+) ", self("list")[0].split("compilers:")[0], re.M)
        if not found:
            raise Skip("no pass is built in")
        return found[0]


def expect(text, *parts):
    for part in parts:
        if part not in text:
            raise Failure(f"'{part}' is not in what was printed:\n{text}")


def help_and_version(command):
    expect(command("--help")[0], *VERBS)
    version = command("--version")[0].split()[1]
    for verb in VERBS:
        expect(command(verb, "--help")[0], f"usage: backedge {verb}", "--version")
        expect(command(verb, "--version")[0], f"backedge {verb} {version}")


def usage_errors(command):
    expect(command(status=2)[1], "verb is wanted")
    expect(command("frobnicate", status=2)[1], "no verb 'frobnicate'", *VERBS)
    for verb in VERBS:
        expect(command(verb, "--frobnicate", status=2)[1], "no option '--frobnicate'", "--help")
    expect(command("cflags", "--passes", "nonsense", status=2)[1], "no pass 'nonsense'",
           "the passes are:", command.pass_name())
    expect(command("cflags", "--mode", "nonsense", status=2)[1], "passes, identity, rebuild")
    expect(command("cflags", "--stop-after", "x", status=2)[1], "wants a number")
    expect(command("cflags", "--remarks", "two words", status=2)[1], "white space")
    expect(command("cflags", "--cc", status=2)[1], "wants a value")
    expect(command("cflags", "stray", status=2)[1], "stray")
    expect(command("opt", status=2)[1], "one file is wanted")
    expect(command("opt", "--verify=1", "-", status=2)[1], "takes no value")


def unknown_compilers(command):
    expect(command("cflags", "--cc", "no-such-compiler", status=1)[1], "no-such-compiler")
    expect(command("cflags", "--cc", "true", status=1)[1], "neither a gcc nor a clang")
    old = shutil.which("clang-14")
    if old:
        expect(command("cflags", "--cc", old, status=1)[1], "no plugin for", "14.", "there are")


def malformed_input(command):
    bad = GOOD.replace("%a, %a", "%a, %b")
    expect(command("opt", "-", status=1, input=bad)[1], "<stdin>:2:21: error:", "undeclared")
    expect(command("opt", "-", status=1, input="garbage )")[1], "<stdin>:1:1: error:")
    expect(command("opt", "-", status=1, input=GOOD.replace("return %0 : i32", "return"))[1],
           "<stdin>:3:3: error:")
    expect(command("opt", "/no/such/file", status=1)[1], "cannot read '/no/such/file'")
    expect(command("opt", "/", status=1)[1], "cannot read '/'")
    expect(command("opt", "-o", "/no/such/file", "-", status=1, input=GOOD)[1], "cannot write")
    for junk in ("\x00" * 64, "(" * 100000, "module {" * 2000, '"' + "a" * 5000, "\u00e9" * 50):
        command("opt", "-", status=1, input=junk)


def opt_output(command):
    text = command("opt", "-", input=GOOD)[0]
    expect(text, "llvm.func @f", "llvm.add")
    if command("opt", "-", input=text)[0] != text:
        raise Failure("what opt prints, opt does not read and print again as it was")
    name = command.pass_name()
    expect(command("opt", "--pass", name, "--remarks", "-", input=GOOD)[0], "llvm.func @f")
    folder = command.suite.folder("opt-output")
    command("opt", "--pass", name, "--dump", os.path.join(folder, "dump"), "-", input=GOOD)
    mlir_opt = shutil.which("mlir-opt-19")
    for dump in os.listdir(os.path.join(folder, "dump")) if mlir_opt else ():
        path = os.path.join(folder, "dump", dump)
        if run([mlir_opt, "-allow-unregistered-dialect", path, "-o", "/dev/null"]).returncode:
            raise Failure(f"mlir-opt does not read the dump {path}")


def build_with_flags(command, cc):
    """$(backedge cflags) and $(backedge ldflags) in a shell, as a user writes them."""
    command.suite.compiler(cc).require()
    folder = command.suite.folder("flags-" + cc)
    with open(os.path.join(folder, "p.c"), "w", encoding="utf-8") as out:
        out.write(PROGRAM)
    no_lld = cc.startswith("clang") and not shutil.which("ld.lld-" + cc.split("-")[1])
    lines = [f"B={command.path} N={command.pass_name()}",
             f"{cc} -O2 $($B cflags --cc {cc} --passes $N) p.c -o plain && ./plain",
             f"make -s -B -f /dev/null CC={cc} CFLAGS=\"-O1 $($B cflags --cc {cc} --passes $N)\" p",
             "./p", f"CC='env A=b {cc}'; export CC",
             "$CC -O2 $($B cflags --mode rebuild) -c p.c -o r.o && $CC r.o -o r && ./r"]
    if not no_lld:
        lines += [f"$CC -O2 -flto $($B cflags --passes $N) -c p.c -o l.o",
                  f"$CC -O2 -flto $($B ldflags --passes $N --stats $PWD/stats) l.o -o l && ./l",
                  "test -s stats && rm stats"]
    done = subprocess.run(["bash", "-ec", "\n".join(lines)], cwd=folder, text=True, timeout=300,
                          capture_output=True, env=environment(), check=False)
    answers = 3 if no_lld else 4
    if done.returncode or done.stdout.split() != ["36"] * answers:
        raise Failure(f"in {folder}:\n" + "\n".join(lines) + f"\n{done.stdout}{done.stderr}")


def pass_options(command, cc):
    """A pass option reaches the pass whole, in either spelling."""
    command.suite.compiler(cc).require()
    folder = command.suite.folder("options-" + cc)
    source = os.path.join(folder, "i.c")
    with open(source, "w", encoding="utf-8") as out:
        out.write(INDIRECT)
    found = {}
    for text in ("insert-prefetch(distance=6)", "insert-prefetch:distance=60"):
        remarks = os.path.join(folder, "remarks.yaml")
        if os.path.exists(remarks):
            os.remove(remarks)
        flags = command("cflags", "--cc", cc, "--passes", text, "--remarks", remarks)[0].split()
        if run([cc, "-O2", *flags, "-c", source, "-o", os.path.join(folder, "i.o")]).returncode:
            raise Failure(f"{cc} {quote(flags)} failed")
        with open(remarks, encoding="utf-8") as data:
            found[text] = [int(n) for n in re.findall(r"- Distance: '(\d+)'", data.read())]
    few, many = found.values()
    if not few or [10 * n for n in few] != many:
        raise Failure(f"distances in the remarks: {found}")


def header(command, cc):
    """backedge.h is found through cflags, and means nothing to a compiler without the plugin."""
    command.suite.compiler(cc).require()
    folder = command.suite.folder("header-" + cc)
    source, out = os.path.join(folder, "h.c"), os.path.join(folder, "h.o")
    with open(source, "w", encoding="utf-8") as text:
        text.write(ASKING)
    remarks = os.path.join(folder, "remarks.yaml")
    if os.path.exists(remarks):
        os.remove(remarks)
    with_plugin = command("cflags", "--cc", cc, "--passes", "insert-prefetch", "--remarks",
                          remarks)[0].split()
    include = [flag for flag in with_plugin if flag.startswith("-I")]
    for flags in (include, with_plugin):
        args = [cc, "-O2", "-g", "-Wall", "-Wextra", "-Werror", *flags, "-c", source, "-o", out]
        done = run(args)
        if done.returncode:
            raise Failure(f"{quote(args)}\n{done.stderr}")
    with open(remarks, encoding="utf-8") as data:
        expect(data.read(), "Distance: '16'", "Reason: switched-off")


def list_compilers(command):
    text = command("list")[0]
    for cc in MAIN + MORE:
        compiler = command.suite.compiler(cc)
        if compiler.cc and os.path.exists(compiler.plugin):
            row = re.search(rf"^  {cc} .*", text, re.M)
            expect(row[0] if row else text, os.path.realpath(compiler.plugin))


def manual_and_completion(command):
    """Each verb and option stands in the man page, and is completed."""
    with open(os.path.join(TOP, "docs/backedge.1"), encoding="utf-8") as page:
        manual = page.read().replace("\\-", "-")
    script = os.path.join(TOP, "cli/completion.bash")
    for verb in VERBS:
        options = re.findall(r"^  (--?[a-z-]+)", command(verb, "--help")[0], re.M)
        expect(manual, verb, *options)
        code = (f"backedge() {{ {command.path} \"$@\"; }}; source {script}; "
                f"COMP_WORDS=(backedge {verb} -) COMP_CWORD=2; _backedge; echo ${{COMPREPLY[*]}}")
        done = run(["bash", "-c", code])
        expect(" " + done.stdout.replace("\n", " "), *(f" {option} " for option in options))


def cases(suite):
    command = Command(suite)
    rules = (help_and_version, usage_errors, unknown_compilers, malformed_input, opt_output,
             list_compilers, manual_and_completion)
    out = [Case(rule.__name__, rule, command) for rule in rules]
    out += [Case(f"header {cc}", header, command, cc) for cc in MAIN + MORE]
    out += [Case(f"pass options {cc}", pass_options, command, cc) for cc in MAIN + MORE]
    return out + [Case(f"flags {cc}", build_with_flags, command, cc) for cc in MAIN + MORE]
