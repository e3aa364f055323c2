"""The preview answers on this machine only, with files of the study and nothing else."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaltools.errors import RunError
from evaltools.reports import serving
from release_samples import workspace


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    space = workspace(tmp_path)
    (space.reports / "SR01").mkdir(parents=True)
    (space.reports / "index.html").write_text("<p>Größe</p>", encoding="utf-8")
    (space.reports / "SR01" / "a.html").write_text("a", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("Max Muster", encoding="utf-8")
    (space.reports / "leads-out.txt").symlink_to(tmp_path / "secret.txt")
    with serving.server(space, 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def ask(port: int, path: str, host: str = "127.0.0.1") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest("GET", path, skip_host=True)
    connection.putheader("Host", host)
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, answer.read().decode("utf-8")


def test_pages_are_served(port: int) -> None:
    assert ask(port, "/") == (200, "<p>Größe</p>")
    assert ask(port, "/SR01/a.html") == (200, "a")
    assert ask(port, "/index.html", "localhost:80")[0] == 200


@pytest.mark.parametrize(
    "path", ["/SR01/", "/leads-out.txt", "/../secret.txt", "/%2e%2e/secret.txt", "/none.html"]
)
def test_nothing_else_is_served(port: int, path: str) -> None:
    status, said = ask(port, path)
    assert status == 404
    assert "Muster" not in said


def test_no_foreign_name_is_answered(port: int) -> None:
    status, said = ask(port, "/", "attacker.example")
    assert status == 403
    assert "Größe" not in said


def test_a_taken_port_is_named(tmp_path: Path, port: int) -> None:
    with pytest.raises(RunError, match=f"port {port} is taken"):
        serving.server(workspace(tmp_path), port)


def test_pages_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="has no pages yet"):
        serving.server(workspace(tmp_path), 0)
