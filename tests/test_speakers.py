"""No block of interviews that a page tells apart has fewer speakers than the limit."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

import voice_samples as samples
from evaltools.release.speakers import OTHER_AREAS, OTHER_GROUPS, Voices, sentence, voices

ROW = st.tuples(
    st.sampled_from(["Leitung", "Runde", "Träger", None]),
    st.sampled_from(["SR01", "SR02", "SR03", None]),
    st.none() | st.integers(1, 6),
    st.just("Ein Satz."),
)


def shown(documents: object = samples.DOCUMENTS, *, intern: bool = False) -> Voices:
    material = samples.material(documents)  # type: ignore[arg-type]
    rules = samples.rules(intern=intern)
    return voices(material, samples.study(), samples.TABLES, rules)


def test_a_single_voice_joins_another_of_its_area() -> None:
    found = shown()
    assert [(b.group, b.area, b.speakers) for b in found.blocks] == [
        ("Leitung", "Gesamte Stadt", 6),
        ("Runde", "Nord", 4),
        (OTHER_GROUPS, "Süd", 6),
    ]
    groups = dict(
        zip(found.project.documents["doc_id"], found.project.documents["group"], strict=True)
    )
    assert groups["c"] == groups["d"] == OTHER_GROUPS
    assert "c" not in found.apart and "d" not in found.apart
    assert "b" in found.apart
    assert "weniger als 3 Sprechenden" in sentence(found)


def test_an_unknown_number_of_speakers_counts_as_none() -> None:
    found = shown({"a": ("Leitung", None, None, "Ja."), "b": ("Runde", "SR01", 4, "Nein.")})
    assert [(b.group, b.area) for b in found.blocks] == [(OTHER_GROUPS, OTHER_AREAS)]
    assert found.apart == ()


def test_too_few_speakers_in_all_show_nothing() -> None:
    found = shown({"a": ("Leitung", None, 2, "Ja.")})
    assert found.blocks == ()
    assert found.project.codings.empty and found.project.documents.empty
    assert sentence(found).startswith("Nicht dargestellt")


def test_pages_for_the_office_show_every_group() -> None:
    found = shown(intern=True)
    assert len(found.blocks) == 4 and sentence(found) == ""


def test_people_who_may_have_come_twice_count_once() -> None:
    documents = {str(n): ("Leitung", None, 1, "Ja.") for n in range(3)}
    for only_here, shown in ((False, 0), (True, 3)):
        material = samples.material(documents, only_here=only_here)
        found = voices(material, samples.study(), samples.TABLES, samples.rules())
        assert sum(block.speakers for block in found.blocks) == shown
    assert found.hidden == frozenset()


def test_a_code_named_with_somebodys_words_loses_its_name_on_public_pages() -> None:
    documents = {"a": ("Leitung", None, 5, "Der Chef trinkt immer mittags, sagt man.")}
    material = samples.material(documents)
    codes = material.project.codes.assign(name=["der chef trinkt immer", "Planung"])
    material = replace(material, project=replace(material.project, codes=codes.astype("string")))
    shown = [
        voices(material, samples.study(), samples.TABLES, samples.rules(intern=intern))
        for intern in (False, True)
    ]
    assert "chef" not in " ".join(shown[0].project.codes["path"])
    assert shown[0].project.codes["path"][1].endswith("> Planung")
    assert "chef" in shown[1].project.codes["name"][0]


def test_areas_whose_interviews_are_merged_away_are_named() -> None:
    found = shown({"a": ("Runde", "SR01", 2, "Ja."), "b": ("Runde", "SR02", 4, "Nein.")})
    assert found.hidden == {"Nord", "Süd"}
    assert shown().hidden == frozenset()


@settings(max_examples=40)
@given(st.lists(ROW, min_size=1, max_size=7))
def test_whatever_labels_are_added_or_subtracted_rests_on_enough_people(rows: list) -> None:  # type: ignore[type-arg]
    """A difference of two sums of blocks is a sum of blocks: so each block has to be enough."""
    documents = {str(place): row for place, row in enumerate(rows)}
    found = shown(documents)
    known = {doc: row[2] or 0 for doc, row in documents.items()}
    table = found.project.documents.set_index("doc_id")
    for labels in ("group", "area_id"):
        for label in set(table[labels]):
            own = frozenset(table.index[table[labels] == label])
            assert sum(known[doc] for doc in own) >= 3
            for other in ("group", "area_id"):
                for size in (1, 2):
                    for names in combinations(sorted(set(table[other])), size):
                        theirs = frozenset(table.index[table[other].isin(names)])
                        for rest in (own - theirs, own & theirs):
                            if rest:
                                assert sum(known[doc] for doc in rest) >= 3
    for doc in found.apart:
        assert known[doc] >= 3
        block = next(block for block in found.blocks if doc in block.documents)
        assert all(known[other] >= 3 for other in block.documents)


def test_the_callers_material_is_not_changed() -> None:
    material = samples.material()
    before = material.project.documents.copy()
    voices(material, samples.study(), samples.TABLES, samples.rules())
    assert material.project.documents.equals(before)
