#!/usr/bin/env python3
"""Breaks the library in one place after another, and shows that the simulation notices each time.

    mutants.py [NAME...]   runs the mutants of mutants.txt, or those whose name contains a NAME
    mutants.py --check     only checks that each of them still fits the sources

A mutant is applied to a copy of the sources in build/mutants, which is built and run with one seed after
another until an invariant breaks, for at most a minute. Ends with 1 if one survives.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
COPY = ROOT / "build" / "mutants"
PROGRAM = COPY / "build" / "release" / "bin" / "webhooks_simulation"
SECONDS = 60
# No seed takes as long: a run that goes on is stuck.
GRACE = 60


class Mutant:
    """One block of mutants.txt, whose first lines are `NAME: EFFECT` and `FILE [BACKEND from SEED]`."""

    def __init__(self, block):
        heading, place, *change = block.splitlines()
        self.name, self.effect = heading.split(": ", 1)
        self.file, backend, seed = re.fullmatch(r"(\S+)(?: \[(\w+)(?: from (\d+))?\])?", place).groups()
        self.backend = backend or "memory"
        self.first_seed = seed or "1"
        self.old = "\n".join(line[2:] for line in change if line[0] == "-")
        self.new = "\n".join(line[2:] for line in change if line[0] == "+")

    def apply(self, text):
        """@return the changed text, or None where the old one does not occur exactly once."""
        # Where lines are broken does not matter.
        pattern = r"\s+".join(re.escape(word) for word in self.old.split())
        changed, count = re.subn(pattern, lambda _: self.new, text)
        return changed if count == 1 else None


def read_mutants():
    lines = (ROOT / "tests/simulation/mutants.txt").read_text().splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    return [Mutant(block) for block in re.split(r"\n\n+", text.strip())]


def check(mutants):
    names = [mutant.name for mutant in mutants]
    stale = [f"{name}: there are two of this name" for name in names if names.count(name) > 1]
    for mutant in mutants:
        file = ROOT / mutant.file
        if not file.exists():
            stale.append(f"{mutant.name}: there is no file {mutant.file}")
        elif mutant.apply(file.read_text()) is None:
            stale.append(f"{mutant.name}: {mutant.file} does not contain exactly once: {mutant.old}")
    for line in stale:
        print(line)
    return not stale


def update(path, text):
    """Writes a file only where it differs, so that only what changed is built."""
    if not path.exists() or path.read_bytes() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)


def copy_sources():
    left_out = {"build", ".git", "node_modules", "__pycache__"}
    seen = set()
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in left_out]
        for name in files:
            path = pathlib.Path(folder, name)
            target = COPY / path.relative_to(ROOT)
            update(target, path.read_bytes())
            shutil.copymode(path, target)
            seen.add(target)
    # A file that was removed would still be compiled.
    for folder, folders, files in os.walk(COPY):
        folders[:] = [name for name in folders if name not in left_out]
        for name in files:
            if pathlib.Path(folder, name) not in seen:
                pathlib.Path(folder, name).unlink()


def call(*command):
    environment = dict(os.environ)
    if shutil.which("ccache"):
        environment |= {"CMAKE_CXX_COMPILER_LAUNCHER": "ccache", "CCACHE_BASEDIR": str(COPY),
                        "CCACHE_NOHASHDIR": "1"}
    done = subprocess.run(command, cwd=COPY, env=environment, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode != 0:
        sys.exit(f"{done.stdout}\nmutants: failed: {' '.join(command)}")


def build():
    call("cmake", "--build", "--preset", "release", "--parallel", str(os.cpu_count()), "--target",
         "webhooks_simulation")


def search(backend, first_seed):
    """@return the seed that broke an invariant, and the invariant; None: none did."""
    process = subprocess.Popen([PROGRAM, str(SECONDS), "--seed", first_seed, "--backend", backend],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    stuck = threading.Timer(SECONDS + GRACE, process.kill)
    stuck.start()
    last_line = ""
    try:
        for line in process.stdout:
            broken = re.match(r"seed (\d+) breaks: (.*?)( \(event.*)?$", line)
            if broken:
                return broken[1], broken[2]
            last_line = line.strip() or last_line
        code = process.wait()
        if code == 0:
            return None
        return "", "a run does not end" if code < 0 else f"the program ended: {last_line}"
    finally:
        stuck.cancel()
        process.kill()
        process.wait()


def run(mutant):
    """@return whether the simulation noticed the mutant."""
    path = COPY / mutant.file
    original = path.read_bytes()
    try:
        update(path, mutant.apply(original.decode()).encode())
        began = time.monotonic()
        build()
        built = time.monotonic()
        found = search(mutant.backend, mutant.first_seed)
        seconds = time.monotonic() - built
    finally:
        update(path, original)
    seed, invariant = found or ("", "**SURVIVED**")
    print(f"| {mutant.name} | {mutant.effect} | {invariant} | {seed} | {seconds:.1f} | {built - began:.0f} |",
          flush=True)
    return found is not None


def main(arguments):
    mutants = read_mutants()
    fits = check(mutants)
    if arguments == ["--check"] or not fits:
        return 0 if fits else 1
    chosen = [mutant for mutant in mutants
              if not arguments or any(name in mutant.name for name in arguments)]
    if not chosen:
        print("there is no such mutant; their names are in tests/simulation/mutants.txt")
        return 2
    copy_sources()
    call("cmake", "--preset", "release", "-DWEBHOOKS_TESTS=ON", "-DWEBHOOKS_WARNINGS_AS_ERRORS=OFF")
    build()
    print("| mutant | effect | what noticed it | seed | seconds | built in |\n|---|---|---|---|---|---|",
          flush=True)
    survivors = [mutant.name for mutant in chosen if not run(mutant)]
    print(f"{len(chosen)} mutants, {len(survivors)} survived {' '.join(survivors)}")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
