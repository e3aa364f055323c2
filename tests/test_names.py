"""The last look: no file of a page holds a name of the list, and the message does not either."""

from __future__ import annotations

import pytest

from evaltools.errors import ReleaseError
from evaltools.reports.names import check

NAMES = {"Anna Müller": "[P1]", "Gänseweg": "[Straße]"}


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("stadt/60.html", "<p>Frau Anna M&uuml;ller sagt</p>"),
        ("stadt/60.html", '<img src="data:x" alt="am Gänseweg">'),
        ("stadt/60.html", "<title>ANNA MUELLER</title>"),
        ("stadt/60.html", "<p>Anna <em>Müllers</em></p>"),
        ("stadt/tables/60.csv", "Zitat;am Gänseweg"),
    ],
)
def test_a_name_is_refused_wherever_it_stands(path: str, content: str) -> None:
    with pytest.raises(ReleaseError) as error:
        check({path: content.encode()}, NAMES)
    message = str(error.value)
    assert "of entry " in message
    assert "ller" not in message and "Gänse" not in message


def test_other_words_styles_and_pictures_pass() -> None:
    page = '<style>.gaenseweg{}</style><img src="data:Gänseweg"><p>Müller, Anna Maier</p>'
    check({"a.html": page.encode(), "a.xlsx": "Gänseweg".encode()}, NAMES)
    check({"a.html": "Anna Müller".encode()}, {})
