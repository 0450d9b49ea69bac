"""The signs beside the words of a description."""

from niwt_core.explain.detector import Sighting
from niwt_core.explain.parts import Observation
from niwt_core.report.sightings import sighting_legend, sighting_list


def observation(label: str, sighting: Sighting, promised: float = 1.0) -> Observation:
    return Observation(label, label, sighting, 0.5, promised, 0.0)


def test_each_word_of_the_description_has_its_sign():
    markup = sighting_list(
        [
            observation("crown color: red", Sighting.SEEN),
            observation("breast color: red", Sighting.NOT_SEEN),
            observation("leg color: blue", Sighting.CANNOT_TELL),
            observation("tail color: white", Sighting.NOT_SEEN, promised=0.0),
        ]
    )
    for sign, sighting, words in (
        ("✓", "seen", "a red crown"),
        ("✗", "not seen", "a red breast"),
        ("?", "cannot tell", "blue legs"),
    ):
        assert f'aria-label="{sighting}">{sign}</b><span>{words}</span>' in markup
        assert f"{sign} {sighting}" in sighting_legend()
    assert "tail" not in markup


def test_what_else_is_seen_is_named():
    markup = sighting_list([observation("breast color: blue", Sighting.SEEN, promised=0.0)])
    assert "Also seen, though not in the description: a blue breast." in markup


def test_what_is_missing_is_never_cut_off():
    items = [observation(f"part{i} color: red", Sighting.SEEN) for i in range(20)]
    items.append(observation("last color: red", Sighting.NOT_SEEN))
    markup = sighting_list(items, shown=5)
    assert markup.count("<li") == 5
    assert "a red last" in markup
    assert "and 16 more of its words" in markup


def test_words_are_escaped():
    markup = sighting_list([observation("<b>", Sighting.SEEN), observation("<i>", Sighting.SEEN, promised=0.0)])
    assert "&lt;b&gt;" in markup
    assert "<i>" not in markup
