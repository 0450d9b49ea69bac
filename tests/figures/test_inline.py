"""A figure inside a page: no foreign names, colours of the page, a tip for each mark, the same each time."""

import re
from xml.etree import ElementTree

import pytest

from niwt_core.figures.canvas import figure_bytes, new_figure
from niwt_core.figures.inline import SVG, inline_svg
from niwt_core.figures.palette import LIGHT


def drawn():
    figure = new_figure(3, 2)
    axes = figure.subplots()
    axes.scatter([1, 2, 3], [3, 1, 2], color=LIGHT["seen"], clip_on=False).set_gid("seen")
    axes.set_title("<b> & $x")
    return figure


def test_marks_have_their_tips_in_order():
    root = ElementTree.fromstring(inline_svg(drawn(), describe="three", tips={"seen": ["a", "b <i>", "c"]}))
    marks = [use for use in root.iter(f"{{{SVG}}}use") if use.find(f"{{{SVG}}}title") is not None]
    assert [use.findtext(f"{{{SVG}}}title") for use in marks] == ["a", "b <i>", "c"]
    xs = [float(use.get("x")) for use in marks]
    ys = [float(use.get("y")) for use in marks]
    assert xs == sorted(xs)
    assert ys[0] < ys[2] < ys[1]  # 3, 2, 1 from the top
    with pytest.raises(ValueError, match="zip"):
        inline_svg(drawn(), describe="three", tips={"seen": ["a"]})


def test_markup_needs_nothing_else():
    markup = inline_svg(drawn(), describe='say "three"')
    root = ElementTree.fromstring(markup)
    assert root.tag == f"{{{SVG}}}svg"
    assert root.get("aria-label") == 'say "three"'
    assert root.get("width") is None
    assert not markup.startswith("<?xml")
    assert "DOCTYPE" not in markup
    assert "url(" not in markup
    assert "<b>" not in markup
    assert LIGHT["seen"] not in markup
    assert "var(--cyn-seen)" in markup
    assert not [group for group in root.iter(f"{{{SVG}}}g") if "id" in group.attrib]


@pytest.mark.parametrize("form", ["svg", "png", "pdf"])
def test_the_same_figure_gives_the_same_file(form):
    first, second = figure_bytes(drawn(), form), figure_bytes(drawn(), form)
    assert first == second
    start = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}[form]
    assert first.startswith(start)
    assert not re.search(rb"20\d\d-\d\d-\d\dT", first)
