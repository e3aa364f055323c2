"""The command line: parse, call, exit."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evaltools.errors import DataError, EvaltoolsError

if TYPE_CHECKING:
    import pandas as pd

    from evaltools.study import Workspace

app = typer.Typer(
    help="Check case counts and offers, evaluate model areas before and after, write reports.",
    epilog="Examples: evaltools run demo · evaltools run studies/england.yml --area Leeds",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
Areas = Annotated[list[str] | None, typer.Option(help="Only this model area (id or name)")]
StudyName = Annotated[
    str, typer.Argument(metavar="STUDY", help="Name or file of a study: demo, studies/demo.yml")
]


@app.command(epilog="Example: evaltools ingest demo")
def ingest(study: StudyName) -> None:
    """Read and check the raw files of a study; nothing changes when there are errors."""
    from evaltools.codings import material
    from evaltools.data.inputs import load_sources
    from evaltools.data.store import locked
    from evaltools.study import open_study

    space = open_study(study)
    with locked(space):
        _ingest(space, typer.echo)
        if load_sources(space).codings:
            material.load(space)


@app.command(
    epilog="Examples: evaltools run demo · evaltools run demo --area SR04 "
    "--notebook 30_vorher_nachher · evaltools run demo -p start=2019"
)
def run(
    study: Annotated[
        list[str], typer.Argument(metavar="STUDY...", help="Names or files: demo, studies/demo.yml")
    ],
    area: Areas = None,
    notebook: Annotated[list[str] | None, typer.Option(help="Only this notebook")] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option("-p", metavar="NAME=VALUE", help="Set a parameter; the page stays internal"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Run also what is unchanged")] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; else as fit")] = None,
    time_limit: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="Longest that one notebook may take")
    ] = 600.0,
    memory: Annotated[
        float, typer.Option(min=0, metavar="GIB", help="Most for one notebook; 0: its share of all")
    ] = 0.0,
    scheduler: Annotated[
        str, typer.Option(metavar="tcp://HOST:PORT", help="Run on the workers of a Dask scheduler")
    ] = "",
    shard: Annotated[str, typer.Option(metavar="I/N", help="Only part I of N (array jobs)")] = "",
    quiet: Annotated[bool, typer.Option("--quiet", help="Errors and the last line only")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line")] = False,
) -> None:
    """Ingest when raw files changed, run the notebooks, write the pages and the index.

    Pages made with -p are for the office: they lie in data/processed/STUDY/intern/.
    """
    from evaltools.reports import command, ending
    from evaltools.reports.limits import Limits
    from evaltools.reports.progress import Style, shown

    order = command.Order(
        areas=area or [],
        notebooks=notebook or [],
        given=command.pairs(parameter or []),
        force=force,
        workers=workers,
        limits=Limits(time_limit, int(memory * (1 << 30))),
        scheduler=scheduler,
        shard=command.shard(shard) if shard else None,
    )
    style: Style = "json" if as_json else "quiet" if quiet else "bar"
    with _interruptible(), shown(style) as listener:

        def ready(space: Workspace) -> None:
            _make_current(space, listener.say)

        ended = command.run(study, order, listener=listener, ready=ready)
        for one in ended:
            if isinstance(one.error, DataError) and one.error.findings is not None:
                _print_findings(one.error.findings)
        listener.finish(ended)
    for one in ended:
        for line in ending.results(one, _shown):
            listener.say(line, result=True)
    ending.raise_for(ended)


@app.command(epilog="Example: evaltools status demo")
def status(study: StudyName) -> None:
    """Say which pages are as they would be made now, and why the others are not."""
    from evaltools.reports.status import status as look
    from evaltools.study import open_study

    for line in look(open_study(study)).lines():
        typer.echo(line)


@app.command(epilog='Example: evaltools release demo --by "Erika Mustermann"')
def release(
    study: StudyName,
    by: Annotated[str, typer.Option(help="Name of the person who signs the release off")] = "",
) -> None:
    """Put the public pages on record as released; later releases are checked together with them."""
    from datetime import date

    from evaltools.data import store
    from evaltools.reports import manifest, review
    from evaltools.study import open_study

    space = open_study(study)
    with store.locked(space):
        shelf = manifest.read(space, store.require(space))
        made = review.sign(shelf, by=by, today=date.today().isoformat())
    typer.echo(f"release {made.number} of study {space.name} is on record, signed by {made.by}")


@app.command(epilog="Example: evaltools quotes demo")
def quotes(study: StudyName) -> None:
    """List all coded segments, so that the office can decide which of them may be quoted."""
    from evaltools.codings import material
    from evaltools.data import store
    from evaltools.release import quotes as quoting
    from evaltools.reports import clearance
    from evaltools.study import open_study

    space = open_study(study)
    with store.locked(space):
        listed = quoting.candidates(material.load(space))
        path = clearance.write(space, listed)
    typer.echo(f"{len(listed)} quotes in {_shown(path)} (for the office only)")


@app.command("list", epilog="Example: evaltools list demo")
def list_study(study: StudyName) -> None:
    """List a study's model areas, notebooks and the parameters they take."""
    from evaltools.data import store
    from evaltools.reports import plan
    from evaltools.study import open_study

    space = open_study(study)
    ingested = store.read_provenance(space.processed) is not None
    names = plan.area_names(space) if ingested else {}
    typer.echo(space.study.title)
    typer.echo("areas:" if ingested else "areas (names appear after evaltools ingest):")
    for model in space.study.model_areas:
        start = f"from {model.start}" if model.start else "no start given"
        typer.echo(f"  {model.area}  {names.get(model.area, '')}  {start}")
    books = space.study.notebooks
    for label, notebooks in (("for each area", books.area), ("for the city", books.city)):
        typer.echo(f"notebooks {label}:")
        for notebook in notebooks:
            declared = plan.declared(space.notebooks / f"{notebook}.ipynb")
            typer.echo(f"  {notebook}  ({', '.join(declared)})")


@app.command(epilog="Example: evaltools pdf demo --area SR04")
def pdf(study: StudyName, area: Areas = None) -> None:
    """Print the pages as PDF beside them, tagged and with bookmarks; needs Chromium."""
    from evaltools.data import store
    from evaltools.reports import printing
    from evaltools.study import open_study

    space = open_study(study)
    with store.locked(space):
        for path in printing.printed(space, area or []):
            typer.echo(_shown(path))


@app.command(epilog="Example: evaltools serve demo")
def serve(
    study: StudyName,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one")] = 8000,
) -> None:
    """Show the pages in a browser of this machine, until Ctrl-C."""
    from evaltools.reports import serving
    from evaltools.study import open_study

    with serving.server(open_study(study), port) as server:
        typer.echo(f"http://{serving.HOST}:{server.server_port}/index.html (Ctrl-C ends it)")
        with suppress(KeyboardInterrupt):
            server.serve_forever()


@app.command(epilog="Examples: evaltools template demo · evaltools template demo --table offer")
def template(
    study: StudyName,
    out: Annotated[Path | None, typer.Option(help="Else STUDY-vorlage.xlsx, here")] = None,
    table: Annotated[list[str] | None, typer.Option(help="Only this table")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file")] = False,
) -> None:
    """Write the XLSX that an office fills in; put it into data/raw/CITY/ and sources.yml."""
    from evaltools.data import template as form
    from evaltools.study import open_study

    space = open_study(study)
    path = out or Path(f"{space.name}-vorlage.xlsx")
    typer.echo(_shown(form.write(space, path, tables=table or (), force=force)))


@app.command(epilog="Example: evaltools demo")
def demo(
    folder: Annotated[Path, typer.Argument(help="Where to write it")] = Path("data/raw/demo"),
) -> None:
    """Simulate the city Musterstadt anew; the same seed gives the same files."""
    from evaltools.codings import demo as voices
    from evaltools.data import demo as city

    written = city.write(folder, city.simulate(), voices.files())
    typer.echo(f"{len(written)} files written to {_shown(folder)}")


def main() -> None:
    """Run the command line; a user's error ends in one line and its exit code."""
    try:
        app()
    except EvaltoolsError as error:
        if isinstance(error, DataError) and error.findings is not None:
            _print_findings(error.findings)
        typer.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        where = Path(str(error.filename)).name if error.filename else "a file"
        typer.echo(
            f"error: {where}: {error.strerror}; check folder, rights and free space", err=True
        )
        sys.exit(1)


def _make_current(space: Workspace, say: Callable[[str], None]) -> None:
    from evaltools.data.inputs import is_current

    if not is_current(space):
        _ingest(space, say)


def _ingest(space: Workspace, say: Callable[[str], None]) -> None:
    from evaltools.data.ingest import ingest as read_all

    done = read_all(space)
    warnings = done.findings[done.findings["severity"] == "warning"]
    _print_findings(warnings)
    rows = ", ".join(f"{name} {n}" for name, n in sorted(done.rows.items()))
    say(f"ingested {space.name}: {rows}; {len(warnings)} warnings")


def _print_findings(found: pd.DataFrame) -> None:
    from evaltools.data import findings

    for line in findings.lines(found):
        typer.echo(line, err=True)


@contextmanager
def _interruptible() -> Iterator[None]:
    """End in one line when the user, or a scheduler of jobs, ends the run."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("interrupted; finished pages are kept, run it again without --force", err=True)
        raise typer.Exit(130) from None
    finally:
        signal.signal(signal.SIGTERM, before)


def _shown(path: Path) -> str:
    """Return a path relative to the working directory where it lies below it."""
    whole = path.resolve()
    return str(whole.relative_to(Path.cwd()) if whole.is_relative_to(Path.cwd()) else whole)


if __name__ == "__main__":
    main()
