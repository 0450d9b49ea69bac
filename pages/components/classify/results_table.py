"""Many pictures as a table that sorts: class, percentage, whether a picture is like the study's own, and the words that speak for its class."""

from __future__ import annotations

from collections.abc import Sequence

import pandas
import streamlit as st

from pages.components.classify.verdicts import Verdict
from pages.components.shared import glossary, style
from pages.components.shared.language import N_, tr
from pages.components.shared.pictures import address
from pages.components.shared.uploads import Uploads

HEIGHT = 250  # pixels: the answer below stays in sight
FAMILIAR, STRANGE = N_("familiar"), N_("unlike the study")


def frame(verdicts: Sequence[Verdict], far: Sequence[float], words: Sequence[str]) -> pandas.DataFrame:
    """One row a picture, in the order given."""
    return pandas.DataFrame(
        {
            "": [address(item.upload.thumb) for item in verdicts],
            "picture": [item.upload.name for item in verdicts],
            "class": [f"{style.SIGNS[item.best.kind]} {item.best.display}" for item in verdicts],
            "%": [100 * item.probability for item in verdicts],
            "familiar": [tr(FAMILIAR if not one > 1 else STRANGE) for one in far],
            "evidence": list(words),
        }
    )


def show(verdicts: Sequence[Verdict], far: Sequence[float], words: Sequence[str], uploads: Uploads) -> None:
    """The table; a row that is chosen is explained below."""
    chosen = st.dataframe(
        frame(verdicts, far, words),
        height=HEIGHT,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=f"results-table-{len(verdicts)}",
        column_config={
            "picture": st.column_config.TextColumn(tr("picture")),
            "class": st.column_config.TextColumn(tr("class")),
            "": st.column_config.ImageColumn(width="small", pinned=True),
            "%": st.column_config.ProgressColumn(
                format="%.1f", min_value=0, max_value=100, help=glossary.help_for("temperature")
            ),
            "familiar": st.column_config.TextColumn(tr("familiar"), help=glossary.help_for("familiar")),
            "evidence": st.column_config.TextColumn(tr("evidence"), help=glossary.help_for("evidence")),
        },
    )
    rows = chosen.selection.rows
    if rows and rows[0] < len(verdicts):
        uploads.choose(verdicts[rows[0]].upload.key)
