"""A preview of a study's pages on this machine only."""

from __future__ import annotations

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from evaltools.errors import RunError
from evaltools.study import Workspace

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")


def server(space: Workspace, port: int) -> ThreadingHTTPServer:
    """Make a server of a study's pages, as a web space would show them.

    Parameters
    ----------
    space : Workspace
        The study; its pages must have been made.
    port : int
        Where to listen, on 127.0.0.1 only; 0 takes a free one.

    Returns
    -------
    ThreadingHTTPServer
        Bound, not yet serving. It lists no folders, and answers nobody who calls it by another
        name: a page from elsewhere cannot reach it through a name of its own.

    Raises
    ------
    RunError
        When there are no pages yet, or the port is taken.
    """
    if not (space.reports / "index.html").is_file():
        raise RunError(f"study {space.name} has no pages yet; run: evaltools run {space.name}")
    try:
        return ThreadingHTTPServer((HOST, port), partial(_Pages, folder=space.reports))
    except OSError:
        raise RunError(f"port {port} is taken; choose another one with --port") from None


class _Pages(SimpleHTTPRequestHandler):
    server_version, sys_version = "evaltools", ""

    def __init__(self, *given: object, folder: Path) -> None:
        super().__init__(*given, directory=str(folder))  # type: ignore[arg-type]

    def parse_request(self) -> bool:
        whole = super().parse_request()
        if whole and self.headers.get("Host", "").partition(":")[0] not in NAMES:
            self.send_error(403, "this preview answers on 127.0.0.1 only")
            return False
        return whole

    def translate_path(self, path: str) -> str:
        """Find a file; what a link leads to outside the folder is not there."""
        found = Path(super().translate_path(path))
        root = Path(self.directory).resolve()
        return str(found) if found.resolve().is_relative_to(root) else str(root / "-")

    def list_directory(self, path: object) -> None:
        self.send_error(404)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the terminal is for the user."""
