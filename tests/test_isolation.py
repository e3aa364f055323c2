"""A notebook finds a kernel as if none had been before it: outputs are equal byte for byte."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

import robust_samples
from evaltools.reports import forkclient, kernel, plan
from evaltools.reports.limits import Limits
from evaltools.reports.plan import Task
from evaltools.study import Workspace

pytestmark = pytest.mark.skipif(not forkclient.possible(), reason="kernels are forked on Linux")

SPOILS = """\
import decimal, gc, locale, logging, os, random, signal, sys, tempfile, warnings
import matplotlib as mpl, matplotlib.pyplot as plt, numpy as np, pandas as pd, seaborn as sns
pd.options.display.max_rows = 3
pd.options.display.precision = 1
np.set_printoptions(precision=1)
np.seterr(all="raise")
np.random.seed(1); random.seed(1)
locale.setlocale(locale.LC_ALL, "C")
os.environ["LANG"] = os.environ["EVALTOOLS_SPOILT"] = "xx"
os.umask(0); os.chdir("/")
sns.set_theme(style="dark"); mpl.rcParams["figure.dpi"] = 30
plt.figure()
sys.path.insert(0, "/nowhere"); sys.setrecursionlimit(5000)
warnings.simplefilter("error")
logging.basicConfig(level=1, force=True)
decimal.getcontext().prec = 3; tempfile.tempdir = "/nowhere"; gc.set_threshold(7)
pd.DataFrame.to_html = lambda *_: 'spoilt'"""
STATE = """\
import decimal, gc, locale, logging, os, signal, sys, tempfile, warnings
import matplotlib as mpl, matplotlib.pyplot as plt, numpy as np, pandas as pd, seaborn as sns
import statsmodels.api as sm
hidden = {"JPY_PARENT_PID"}
print(sorted(item for item in os.environ.items() if item[0] not in hidden))
print(sys.path, sys.getrecursionlimit(), os.getcwd(), os.umask(0o022), gc.get_threshold())
print(locale.setlocale(locale.LC_ALL), decimal.getcontext(), tempfile.gettempdir())
print(sorted(map(str, warnings.filters)), logging.root.level, logging.root.handlers, np.geterr())
print(signal.getsignal(signal.SIGINT), signal.pthread_sigmask(0, []))
print(dict(mpl.rcParams), plt.get_fignums(), mpl.get_backend(), mpl.is_interactive())
print(np.get_printoptions(), [pd.get_option(f"display.{n}") for n in ("max_rows", "precision")])"""
SHOWS = [
    "frame = pd.DataFrame({'a': np.arange(100) / 7, 'b': [f'ä{n}' for n in range(100)]})\nframe",
    "frame.plot(); plt.title('Fälle')",
    "%config InlineBackend.figure_formats = ['svg']\n"
    "%config InlineBackend.print_figure_kwargs = {'metadata': {'Date': None}}\n"
    "mpl.rcParams['svg.hashsalt'] = 'x'",
    "figure, axes = plt.subplots()\nsns.regplot(x=frame.a, y=frame.a ** 2, ax=axes, ci=None)",
    "print(sm.GLM(frame.index % 5, frame[['a']], family=sm.families.Poisson()).fit().params)",
    "import sys; print('to the other stream', file=sys.stderr); frame.a.to_numpy()",
    "np.log(np.array([0.0])); np.float64(1) / 3",
    "from IPython.display import display, HTML\ndisplay(HTML('<b>x</b>')); In[1][:3], __name__",
    "from babel.numbers import format_decimal\nformat_decimal(1234567.891, locale='de')",
    "!echo shell",
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Task]:
    space = robust_samples.ingested(tmp_path_factory.mktemp("isolation"))
    return space, plan.tasks(space)[0]


def outputs(tiny: tuple[Workspace, Task], *codes: str) -> list[str]:
    space, task = tiny
    robust_samples.write_book(space.root, *codes)
    cells = kernel.execute(space, task, limits=Limits(seconds=90)).notebook.cells
    return [masked(cell.outputs) for cell in cells if cell.cell_type == "code"]


def masked(outputs: list[Any]) -> str:
    """Without the number of the process, which is part of the name of a cell's code."""
    return re.sub(r"ipykernel_\d+", "ipykernel", json.dumps(outputs, indent=1))


def test_what_a_notebook_changes_does_not_reach_the_next(
    tiny: tuple[Workspace, Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs(tiny, SPOILS)
    after = outputs(tiny, STATE, *SHOWS)
    monkeypatch.setattr(forkclient, "possible", lambda: False)
    fresh = outputs(tiny, STATE, *SHOWS)
    for one, other in zip(after, fresh, strict=True):
        assert one == other
    assert "".join(fresh).count("output_type") > len(SHOWS)


def test_the_next_notebook_draws_numbers_of_its_own(tiny: tuple[Workspace, Task]) -> None:
    draws = "import random; import numpy as np; print(random.random(), np.random.rand())"
    spoilt = "import random; import numpy as np; random.seed(1); np.random.seed(1)"
    drawn = [re.findall(r"0\.\d+", outputs(tiny, code, draws)[-1]) for code in ("1", spoilt, "1")]
    assert len({number for pair in drawn for number in pair}) == 6
