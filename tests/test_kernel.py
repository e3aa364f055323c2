from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from evaltools.reports.kernel import PrivateKernelManager

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no IPC sockets")


def test_two_kernels_never_share_a_socket_and_others_cannot_enter() -> None:
    one, two = PrivateKernelManager(), PrivateKernelManager()
    assert one.transport == "ipc"
    assert one.ip != two.ip
    folder = Path(one.ip).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for manager in (one, two):
        manager.cleanup_ipc_files()
    assert not folder.exists()
