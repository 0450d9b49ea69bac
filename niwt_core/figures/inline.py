"""A Matplotlib figure as SVG inside a page: colours follow the page's paper, letters are the page's, marks have tips, nothing is loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

from matplotlib.figure import Figure

from niwt_core.figures.canvas import figure_bytes
from niwt_core.figures.palette import LIGHT

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", XLINK)


def inline_svg(figure: Figure, *, describe: str, tips: Mapping[str, Sequence[str]] | None = None) -> str:
    """Markup of ``figure``, as wide as its place.

    Args:
        describe: for those who do not see it.
        tips: by the gid of a collection of marks, what each of them is, in the order of the marks.
    """
    root = ElementTree.fromstring(figure_bytes(figure, "svg", paper=False))
    for metadata in root.findall(f"{{{SVG}}}metadata"):
        root.remove(metadata)
    for group, of_marks in (tips or {}).items():
        marks = root.findall(f".//*[@id='{group}']//{{{SVG}}}use")
        for mark, tip in zip(marks, of_marks, strict=True):
            ElementTree.SubElement(mark, f"{{{SVG}}}title").text = tip
    for element in root.iter(f"{{{SVG}}}g"):  # a page may hold the same names twice
        element.attrib.pop("id", None)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.attrib |= {"role": "img", "aria-label": describe}
    markup = ElementTree.tostring(root, encoding="unicode")
    for name, colour in LIGHT.items():
        markup = re.sub(re.escape(colour), f"var(--cyn-{name})", markup, flags=re.IGNORECASE)
    return markup
