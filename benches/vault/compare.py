#!/usr/bin/env python3
"""Whole processes side by side: our vault, ansible-core, and ansible-core-rs where it is installed.

    benches/vault/compare.py OURS ANSIBLE_VAULT [ANSIBLE_CORE_RS]

Each figure is the median of interleaved runs on fresh files; ratios are to ours.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time


def run(command, cwd):
    """Seconds of wall time."""
    start = time.perf_counter()
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(command, cwd=cwd, check=True, **silent)
    return time.perf_counter() - start


def memory(command, cwd):
    """Peak memory in MiB; a child of this process would count our own memory."""
    timed = ["/usr/bin/time", "-f", "%M", "-o", "memory", *command]
    subprocess.run(timed, cwd=cwd, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(os.path.join(cwd, "memory")) as file:
        return int(file.read()) / 1024


def compare(title, rounds, prepare, commands):
    times = {name: [] for name in commands}
    peaks = {}
    for number in range(rounds + 1):
        for name, command in commands.items():
            with tempfile.TemporaryDirectory() as directory:
                prepare(directory)
                if number == 0:
                    peaks[name] = memory(command, directory)
                else:
                    times[name].append(run(command, directory))
    medians = {name: statistics.median(seconds) for name, seconds in times.items()}
    ours = next(iter(medians.values()))
    print(title)
    for name, seconds in medians.items():
        print(f"  {name:16} {seconds * 1e3:9.1f} ms {peaks[name]:8.1f} MiB {seconds / ours:7.1f} x")


def main():
    ours, ansible, *core_rs = (os.path.abspath(argument) for argument in sys.argv[1:])
    tools = {"ours": [ours], "ansible-core": [ansible]}
    if core_rs:
        tools["ansible-core-rs"] = [core_rs[0], "vault"]

    def with_file(size, vault=False, count=1):
        content = os.urandom(size * 3 // 4 + 3).hex()[:size].encode()

        def prepare(directory):
            for name, password in [("p", "correct horse"), ("q", "battery"), ("r", "staple")]:
                path = os.path.join(directory, name)
                with open(path, "w") as file:
                    file.write(password + "\n")
                os.chmod(path, 0o600)
            names = [f"f{number}" for number in range(count)]
            for name in names:
                with open(os.path.join(directory, name), "wb") as file:
                    file.write(content)
            if vault:
                command = [ours, "encrypt", "--vault-password-file", "p", *names]
                subprocess.run(command, cwd=directory, check=True)

        return prepare

    def all_tools(*arguments):
        return {name: tool + list(arguments) for name, tool in tools.items()}

    password = ("--vault-password-file", "p")
    compare("view of 5 kB", 15, with_file(5000, True), all_tools("view", *password, "f0"))
    size = 64 << 20
    compare("encrypt 64 MiB in place", 3, with_file(size), all_tools("encrypt", *password, "f0"))
    compare("decrypt 64 MiB in place", 3, with_file(size, True), all_tools("decrypt", *password, "f0"))
    files = [f"f{number}" for number in range(100)]
    rekey = all_tools("rekey", *password, "--new-vault-password-file", "q", *files)
    compare("rekey 100 files of 5 kB", 3, with_file(5000, True, 100), rekey)
    three = ["view", "--vault-id", "q", "--vault-id", "r", "--vault-id", "p", "f0"]
    secrets = {"one secret": [ours, "view", *password, "f0"], "three secrets": [ours, *three]}
    compare("trying three secrets", 30, with_file(5000, True), secrets)


if __name__ == "__main__":
    main()
