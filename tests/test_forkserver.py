from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

from evaltools.reports import forkclient, kernels
from evaltools.reports.forked import Forked
from kernel_samples import QUICK, Running, alive, command, descriptors, kernel, quick_specs, soon

pytestmark = pytest.mark.skipif(not forkclient.possible(), reason="kernels are forked on Linux")
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> KernelSpecManager:
    return quick_specs(tmp_path_factory.mktemp("specs"))


def server() -> int:
    process = forkclient._servers[tuple(QUICK)].process
    assert process is not None
    return process.pid


def test_a_kernel_is_a_process_of_its_own_under_the_warm_one(
    found: KernelSpecManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JPY_PARENT_PID", str(os.getpid()))
    monkeypatch.setenv("EVALTOOLS_SAMPLE", "ä")
    old = os.umask(0o027)
    try:
        with kernel(found, cwd=str(tmp_path)) as one:
            pid = one.process.pid
            assert isinstance(one.process, Forked)
            assert one.ask("[__import__('os').getpid(), __import__('os').getppid()]") == [
                pid,
                server(),
            ]
            assert "forkserver" in command(server())
            assert os.getsid(pid) == os.getpgid(pid) == pid
            code = "sorted(dict(__import__('os').environ).items())"
            env = dict(one.ask(code))
            assert env["EVALTOOLS_SAMPLE"] == "ä"
            assert "JPY_PARENT_PID" not in env
            assert one.ask("__import__('os').getcwd()") == str(tmp_path)
            assert one.ask("oct(__import__('os').umask(0))") == "0o27"
            death = "import ctypes; n = ctypes.c_int(); ctypes.CDLL(None).prctl(2, ctypes.byref(n))"
            assert one.say(f"{death}; print(n.value)") == str(int(signal.SIGKILL))
            mask = "list(__import__('signal').pthread_sigmask(0, []))"
            assert one.ask(mask) == []
            assert not descriptors(pid) & {
                item for item in descriptors(server()) if item.startswith(("socket", "anon"))
            }
    finally:
        os.umask(old)


def test_two_kernels_draw_different_numbers(found: KernelSpecManager) -> None:
    code = "[__import__('random').random(), __import__('numpy').random.rand()]"
    with kernel(found) as one, kernel(found) as two:
        assert not set(one.ask(code)) & set(two.ask(code))
        key = "import multiprocessing; print(multiprocessing.current_process().authkey.hex())"
        assert one.say(key) != two.say(key)


@pytest.mark.parametrize(
    ("code", "left"),
    [
        ("import os; os._exit(7)", 7),
        ("import ctypes; ctypes.string_at(0)", -signal.SIGSEGV),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
    ],
)
def test_the_exit_code_is_that_of_the_kernel(
    found: KernelSpecManager, code: str, left: int
) -> None:
    with kernel(found) as one:
        assert one.process.poll() is None
        one.client.execute(code)
        assert one.process.wait() == left
        assert not one.manager.is_alive()


def test_what_a_kernel_has_started_ends_with_it(found: KernelSpecManager) -> None:
    code = "import subprocess; print(subprocess.Popen(['sleep', '60']).pid)"
    with kernel(found) as one:
        left_by_kill = int(one.say(code))
    with kernel(found) as one:
        left_by_exit = int(one.say(code))
        one.client.execute("import os; os._exit(0)")
        one.process.wait()
        assert soon(lambda: not alive(left_by_exit))
    assert soon(lambda: not alive(left_by_kill))


def test_a_kernel_that_nobody_holds_any_more_ends(found: KernelSpecManager) -> None:
    with kernel(found) as one:
        one.process._line.close()
        assert soon(lambda: not alive(one.process.pid))
        assert soon(lambda: one.process.poll() == -signal.SIGKILL)


def test_with_the_warm_process_its_kernels_end_and_the_next_has_a_new_one(
    found: KernelSpecManager,
) -> None:
    with kernel(found) as one:
        dead = server()
        os.kill(dead, signal.SIGKILL)
        assert soon(lambda: not alive(one.process.pid))
        assert one.process.wait() == -signal.SIGKILL
        assert forkclient.broken()
        with kernel(found) as two:
            assert isinstance(two.process, Forked)
            assert server() != dead
            assert not forkclient.broken()


OWNER = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from kernel_samples import QUICK, kernel, specs
from evaltools.reports import forkclient
with kernel(specs(Path({folder!r}))) as one:
    print(one.process.pid, forkclient._servers[tuple(QUICK)].process.pid, flush=True)
    {then}
"""


@pytest.mark.parametrize("then", ["time.sleep(60)", "pass"], ids=["killed", "ended"])
def test_nothing_is_left_of_an_owner(found: KernelSpecManager, then: str) -> None:
    code = OWNER.format(tests=str(Path(__file__).parent), folder=found.kernel_dirs[0], then=then)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        pids = [int(word) for word in owner.stdout.readline().split()]
        assert len(pids) == 2
        if then != "pass":
            assert all(map(alive, pids))
            owner.kill()
        owner.wait()
        assert soon(lambda: not any(map(alive, pids)))


def test_a_fork_of_the_owner_lets_go(found: KernelSpecManager) -> None:
    with kernel(found) as one:
        pid = os.fork()
        if pid == 0:
            closed = one.process._line.fileno() == -1
            os._exit(0 if closed and not forkclient._servers else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert one.ask("1") == 1


def test_interrupt_and_restart(found: KernelSpecManager) -> None:
    with kernel(found) as one:
        sent = one.client.execute("import time\nwhile True: time.sleep(0.01)")
        while one.client.get_iopub_msg(timeout=20)["msg_type"] != "execute_input":
            pass
        one.manager.interrupt_kernel()
        reply = one.client.get_shell_msg(timeout=20)
        assert reply["parent_header"]["msg_id"] == sent
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        one.say("left = 1")
        before = one.process.pid
        one.manager.restart_kernel(now=True)
        one.client.wait_for_ready(timeout=20)
        assert not alive(before)
        assert one.process.pid != before
        assert one.say("print('left' in dir())") == "False"
        assert one.manager.is_alive()


def test_a_graceful_end_through_the_asynchronous_manager(found: KernelSpecManager) -> None:
    async def run() -> tuple[Any, bool]:
        manager = AsyncKernelManager(kernel_name="evaltools", kernel_spec_manager=found)
        await manager.start_kernel()
        client = manager.client()
        client.start_channels()
        await client.wait_for_ready(timeout=60)
        await client.execute_interactive("1", timeout=20)
        client.stop_channels()
        assert manager.provisioner is not None
        process = manager.provisioner.process
        await manager.shutdown_kernel()
        return process, manager.has_kernel

    process, running = asyncio.run(run())
    assert isinstance(process, Forked)
    assert (process.returncode, running) == (0, False)


def ordinary(one: Running) -> bool:
    return isinstance(one.process, subprocess.Popen) and one.ask("1") == 1


def test_other_settings_at_the_start_have_an_ordinary_kernel(
    found: KernelSpecManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    with kernel(found):
        pass
    monkeypatch.setenv("PYTHONHASHSEED", "3")
    with kernel(found) as one:
        assert ordinary(one)


@pytest.mark.parametrize(
    ("name", "value"), [("possible", lambda: False), ("SERVER", "evaltools.nothing")]
)
def test_without_a_warm_process_there_is_an_ordinary_kernel(
    found: KernelSpecManager, monkeypatch: pytest.MonkeyPatch, name: str, value: Any
) -> None:
    monkeypatch.setattr(forkclient, "_servers", {})
    monkeypatch.setattr(forkclient, name, value)
    with kernel(found) as one:
        assert ordinary(one)


def test_after_a_change_of_the_code_the_next_kernel_has_the_new(
    found: KernelSpecManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    with kernel(found) as one:
        before = server()
        monkeypatch.setattr(forkclient, "_code", lambda: (1, 1))
        with kernel(found) as two:
            assert server() != before
            assert two.ask("__import__('os').getppid()") == server()
        assert one.ask("__import__('os').getppid()") == before
    forkclient._end(forkclient._retired.pop())
    assert not alive(before)


def test_a_borrowed_warm_process_is_not_ended_by_who_borrows(
    found: KernelSpecManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    with kernel(found):
        owner, whole = server(), forkclient._servers[tuple(QUICK)]
    again = whole.control.dup()
    monkeypatch.setattr(forkclient, "_servers", {})
    forkclient.borrow(
        forkclient.Lent(
            tuple(QUICK), forkclient.Server(again, whole.ground, whole.code, process=None)
        )
    )
    with kernel(found) as one:
        assert one.ask("__import__('os').getppid()") == owner
    forkclient._drop(tuple(QUICK))
    assert alive(owner)


def test_the_warm_process_has_one_thread_whatever_it_imports() -> None:
    """A fork copies no other thread, only the locks that it may hold."""
    modules = forkclient.preload(kernels.specs().get_kernel_spec("evaltools").metadata)
    with kernel(kernels.specs()) as one:
        process = forkclient._servers[modules].process
        assert process is not None
        tried = "import pandas as pd, io; f = io.BytesIO(); pd.DataFrame({'a': [1]}).to_parquet(f)"
        one.say(f"{tried}; pd.read_parquet(f)")
        loaded = set(one.ask("list(__import__('sys').modules)"))
        assert set(modules) <= loaded, "kernel.json names a module that is not there"
        assert "matplotlib_inline.backend_inline" not in loaded
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    assert "Threads:\t1\n" in status


def test_from_papermill_as_it_is(tmp_path: Path) -> None:
    """With the entry point and the kernelspec installed, as make does it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    group = "jupyter_client.kernel_provisioners"
    (name, value), *_ = project["entry-points"][group].items()
    assert (name, value) == (kernels.PROVISIONER.name, kernels.PROVISIONER.value)
    info = tmp_path / "installed-1.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {value}\n", encoding="utf-8")
    (info / "METADATA").write_text("Name: installed\nVersion: 1\n", encoding="utf-8")
    (tmp_path / "kernels").mkdir()
    quick_specs(tmp_path / "kernels")
    book = tmp_path / "in.ipynb"
    code = "import os; print(open(f'/proc/{os.getppid()}/cmdline').read())"
    book.write_text(
        textwrap.dedent(f"""\
        {{"nbformat": 4, "nbformat_minor": 5, "metadata": {{}}, "cells": [{{"id": "a",
        "cell_type": "code", "execution_count": null, "metadata": {{}}, "outputs": [],
        "source": "{code}"}}]}}
        """),
        encoding="utf-8",
    )
    env = {**os.environ, "PYTHONPATH": str(tmp_path), "JUPYTER_PATH": str(tmp_path)}
    command = ["-k", "evaltools", "-l", "python", "--no-progress-bar", "in.ipynb", "out.ipynb"]
    done = subprocess.run(
        [sys.executable, "-m", "papermill", *command], cwd=tmp_path, env=env, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()[-800:]
    assert "forkserver" in (tmp_path / "out.ipynb").read_text(encoding="utf-8")
    assert b"NOTE" not in done.stdout
