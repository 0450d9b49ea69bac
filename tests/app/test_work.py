"""A person's work as a text: it comes back whole, nothing foreign is trusted, and two tabs lose nothing."""

import json
import random
from contextlib import suppress

import numpy as np
import pytest
import torch

from niwt_core import NiwtError, Recipe
from niwt_core.classify.confirm import Confirmed
from pages.components.build.draft import Draft, load_text
from pages.components.build.draft import to_text as draft_text
from pages.components.build.link import work_in_text, work_to_text
from pages.components.shared.work import Work, merged, same, work_from_text
from tests.support.small_study import small_study

RED, BLUE = Recipe("Red", {"crown color": "red"}), Recipe("Blue", {"crown color": {"blue": 0.7}}, like="Cardinal")


def confirmed(seed: int = 0) -> Confirmed:
    random_ = np.random.default_rng(seed)
    features = torch.from_numpy(random_.normal(size=(3, 24)).astype(np.float32))
    return Confirmed(features, np.array([True, False, True]), random_.normal(size=3))


def test_all_of_it_comes_back_to_the_bit():
    moved = confirmed()
    work = Work("abc", ((RED, moved), (BLUE, None)), 0.25, ("Giraffe", "Octopus"))
    back = work_from_text(work.to_text(), where="test")
    assert [recipe for recipe, _ in back.classes] == [RED, BLUE]
    assert (back.study, back.gamma, back.off) == ("abc", 0.25, ("Giraffe", "Octopus"))
    actual = back.classes[0][1]
    assert actual is not None
    assert torch.equal(actual.features, moved.features)
    np.testing.assert_array_equal(actual.belongs, moved.belongs)
    np.testing.assert_array_equal(actual.best_other, moved.best_other)
    shared = work_in_text(work_to_text(work))
    assert list(shared.classes) == [(RED, None), (BLUE, None)]  # a link has the words alone
    assert shared.off == work.off


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[]", "{}", "{", "9" * 9000, "[" * 9000, '{"format":2}', '{"format":1,"study":1,"classes":[]}',
        '{"format":1,"study":"","classes":{}}', '{"format":1,"study":"","classes":[1]}', '{"format":1,"study":"","classes":[{"recipe":{}}]}',
        '{"format":1,"study":"","classes":[],"gamma":"x"}', '{"format":1,"study":"","classes":[],"gamma":NaN}',
        '{"format":1,"study":"","classes":[],"gamma":true}', '{"format":1,"study":"","classes":[],"off":"x"}',
        '{"format":1,"study":"","classes":[],"off":[1]}',
        json.dumps({"format": 1, "study": "", "classes": [{"recipe": RED.to_dict()}] * 2}),
        json.dumps({"format": 1, "study": "", "classes": [{"recipe": RED.to_dict(), "confirmed": {"features": "AAAA"}}]}),
        json.dumps({"format": 1, "study": "", "classes": [{"recipe": RED.to_dict(), "code": "x"}]}),
    ],
)  # fmt: skip
def test_anything_else_is_refused_in_one_line(text):
    with pytest.raises(NiwtError):
        work_from_text(text, where="test")


def test_a_spoiled_text_is_refused_or_read_never_worse():
    text = Work("abc", ((RED, confirmed()), (BLUE, None)), 0.25).to_text()
    chance = random.Random(0)
    for _ in range(400):
        letters = list(text)
        for _ in range(chance.randint(1, 4)):
            letters[chance.randrange(len(letters))] = chance.choice('{}[]",:0e-~A\\\0é')
        with suppress(NiwtError):
            work_from_text("".join(letters), where="test")


def test_two_tabs_lose_nothing():
    third = Recipe("Third", {"crown color": "black"})
    base = ((RED, None), (BLUE, None))
    moved = (RED, confirmed())
    mine, theirs = ((BLUE, None), (third, None)), (moved, (BLUE, None), (Recipe("Fourth", like="x"), None))
    names = lambda classes: [recipe.name for recipe, _ in classes]  # noqa: E731
    assert names(merged(mine, theirs)) == ["Red", "Blue", "Fourth", "Third"]  # a fresh session: all that there is
    actual = merged(mine, theirs, base)
    assert names(actual) == ["Red", "Blue", "Fourth", "Third"]  # I removed Red, but the other tab has moved it since
    assert same(actual[0], moved)
    assert names(merged(mine, base, base)) == ["Blue", "Third"]
    assert names(merged(base, theirs[1:], base)) == ["Blue", "Fourth"]  # the other tab removed Red


def test_a_draft_is_kept_and_what_is_none_is_left():
    study, draft = (
        small_study(),
        Draft(name="Mine", like=small_study().classes[1], changes={3: 0.25, 5: 1.0}, editing="Mine"),
    )
    other = Draft()
    assert load_text(study, other, draft_text(study, draft))
    assert (other.name, other.like, other.changes, other.editing) == (draft.name, draft.like, draft.changes, "Mine")
    assert draft_text(study, Draft()) == ""
    good = json.loads(draft_text(study, draft))
    for wrong in (
        "", "null", "{}", "x", json.dumps({**good, "like": "Dodo"}), json.dumps({**good, "name": 1}), json.dumps({**good, "name": "x" * 99}),
        json.dumps({**good, "changes": {"hat": 1}}), json.dumps({**good, "changes": {study.knowledge.names[0]: 7}}),
        json.dumps({**good, "changes": {study.knowledge.names[0]: float("nan")}}), json.dumps({**good, "name": "a\u0000"}),
    ):  # fmt: skip
        blank = Draft()
        assert not load_text(study, blank, wrong)
        assert blank == Draft()


def test_a_second_description_replaces_the_first_but_not_the_hand():
    study, draft = small_study(), Draft()
    names = study.knowledge.names
    assert not draft.hear(study, "It has a red crown.")
    red = names.index("crown color::red")
    assert draft.changes[red] == 1
    hand = names.index("bill shape::needle")
    draft.changes[hand] = 0.9
    assert draft.hear(study, "Its wings are blue.")
    assert red not in draft.changes
    assert draft.changes[hand] == 0.9
    assert draft.changes[names.index("wing color::blue")] == 1
