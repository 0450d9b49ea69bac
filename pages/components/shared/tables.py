"""Small tables as markup: a column of names, then figures set right."""

from __future__ import annotations

from collections.abc import Sequence

from pages.components.shared.style import text


def table(
    columns: str, head: Sequence[str], rows: Sequence[Sequence[str]], *, ruled: bool = False, css: str = ""
) -> str:
    """Markup of a table; ``columns`` as in grid-template-columns, ``head`` plain text, cells markup; ``ruled`` draws a line between rows."""
    cells = [_row(row) for row in rows]
    top = "".join(f'<span class="cyn-th{" cyn-num" if i else ""}">{text(name)}</span>' for i, name in enumerate(head))
    body = ("<hr>" if ruled else "").join(cells)
    return f'<div class="cyn-table {css}" style="grid-template-columns:{columns}">{top}{"<hr>" if head else ""}{body}</div>'


def _row(row: Sequence[str]) -> str:
    return "".join(
        f'<span class="cyn-num">{cell}</span>' if i else f"<span>{cell}</span>" for i, cell in enumerate(row)
    )
