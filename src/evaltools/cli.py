"""The command line: parse, call, exit."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evaltools.errors import DataError, EvaltoolsError, NotebookError, RunError

if TYPE_CHECKING:
    import pandas as pd

    from evaltools.reports.runs import Outcome
    from evaltools.study import Workspace

app = typer.Typer(
    help="Check case counts and offers, evaluate model areas before and after, write reports.",
    epilog="Examples: evaltools run demo · evaltools run studies/england.yml --area Leeds",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
StudyName = Annotated[
    str, typer.Argument(metavar="STUDY", help="Name or file of a study: demo, studies/demo.yml")
]


@app.command(epilog="Example: evaltools ingest demo")
def ingest(study: StudyName) -> None:
    """Read and check the raw files of a study; nothing changes when there are errors."""
    from evaltools.data.store import locked
    from evaltools.study import open_study

    space = open_study(study)
    with locked(space):
        _ingest(space)
        _check_codings(space)


@app.command(
    epilog="Examples: evaltools run demo --area SR04 --notebook 30_vorher_nachher · "
    "evaltools run demo -p start=2019"
)
def run(
    study: StudyName,
    area: Annotated[
        list[str] | None, typer.Option(help="Only this model area (id or name)")
    ] = None,
    notebook: Annotated[list[str] | None, typer.Option(help="Only this notebook")] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option("-p", metavar="NAME=VALUE", help="Set a parameter; the page stays internal"),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Run every notebook, also those of unchanged pages")
    ] = False,
) -> None:
    """Ingest when raw files changed, run the notebooks, write the pages and the index.

    Pages made with -p are for the office: they lie in data/processed/STUDY/intern/.
    """
    from evaltools.data.ingest import is_current
    from evaltools.data.store import locked
    from evaltools.reports import plan
    from evaltools.reports.progress import run_with_progress
    from evaltools.study import open_study

    given = _pairs(parameter or [])
    space = open_study(study)
    with locked(space):
        if not is_current(space):
            _ingest(space)
        _check_codings(space)
        space = space.for_office() if given else space
        planned = plan.tasks(space, areas=area or [], notebooks=notebook or [], given=given)
        outcomes = run_with_progress(space, planned, fresh=fresh)
    for outcome in outcomes:
        _print_verdicts(outcome)
    if space.study.audience == "public":
        typer.echo(f"{_shown(space.processed / 'pruefung.html')} (for who signs, not public)")
    typer.echo(_shown(space.reports / "index.html"))
    failed = [outcome for outcome in outcomes if not outcome.ok]
    if failed:
        for outcome in failed:
            typer.echo(f"failed: {_label(outcome)}: {outcome.error}", err=True)
        raise NotebookError(
            f"{len(failed)} of {len(outcomes)} notebooks failed; they are kept, for the office "
            f"only, in data/processed/{space.name}/failed/"
        )


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


@app.command(epilog="Example: evaltools demo")
def demo(
    folder: Annotated[
        Path, typer.Argument(help="Where to write the raw files of the simulated city")
    ] = Path("data/raw/demo"),
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
    except KeyboardInterrupt:
        typer.echo("interrupted; finished pages are kept, run the same command again", err=True)
        sys.exit(130)


def _check_codings(space: Workspace) -> None:
    """Refuse codings that do not fit the study before any kernel starts."""
    from evaltools.codings import material
    from evaltools.data.ingest import load_sources

    if load_sources(space).codings:
        material.load(space)


def _ingest(space: Workspace) -> None:
    from evaltools.data.ingest import ingest as read_all

    done = read_all(space)
    warnings = done.findings[done.findings["severity"] == "warning"]
    _print_findings(warnings)
    rows = ", ".join(f"{name} {n}" for name, n in sorted(done.rows.items()))
    typer.echo(f"ingested {space.name}: {rows}; {len(warnings)} warnings")


def _print_findings(findings: pd.DataFrame) -> None:
    import pandas as pd

    from evaltools.data.findings import SEVERITIES

    shown = findings[findings["severity"] != "info"]
    for row in shown.astype({"row": "object"}).to_dict("records"):
        line = "" if pd.isna(row["row"]) else f"Zeile {row['row']}"
        where = " / ".join(filter(None, (row["source_id"], row["table"], line, row["column"])))
        value = f" [{row['value']}]" if row["value"] else ""
        typer.echo(f"{SEVERITIES[row['severity']]}: {where}{value}: {row['message']}", err=True)


def _print_verdicts(outcome: Outcome) -> None:
    grouped: dict[str, list[str]] = {}
    for number, verdict in outcome.verdicts.items():
        grouped.setdefault(verdict, []).append(number)
    if grouped:
        said = "; ".join(f"{verdict}: {', '.join(numbers)}" for verdict, numbers in grouped.items())
        typer.echo(f"{outcome.task.area} {outcome.task.name}, Aussagen {said}")


def _pairs(given: list[str]) -> dict[str, str]:
    pairs = {}
    for item in given:
        name, sign, value = item.partition("=")
        if not sign or not name:
            raise RunError(f"-p {item}: write name=value, such as -p start=2018")
        if name in pairs:
            raise RunError(f"-p {name} is given twice; keep one")
        pairs[name] = value
    return pairs


def _label(outcome: Outcome) -> str:
    return f"{outcome.task.area or 'city'} {outcome.task.notebook}"


def _shown(path: Path) -> str:
    """Return a path relative to the working directory where it lies below it."""
    whole = path.resolve()
    return str(whole.relative_to(Path.cwd()) if whole.is_relative_to(Path.cwd()) else whole)


if __name__ == "__main__":
    main()
