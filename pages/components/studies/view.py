"""How the Studies page shows the list of studies, and opens one."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.components.shared import session, style
from pages.components.shared.language import tr
from pages.components.shared.markdown import escape_markdown
from pages.components.shared.style import text
from pages.components.studies import study_list
from pages.components.studies.study_list import StudySummary, tag
from pages.serving import policy, visitors


def summary(item: StudySummary) -> None:
    """One study: what it is, what it was made from, and the way into it."""
    opened = session.study_folder().resolve() == item.folder
    with st.container(border=True, key=f"study-{item.id or item.name}-{tag(item.folder)}"):
        words, action = st.columns([5, 1], vertical_alignment="center")
        words.html(_problem(item) if item.problem else _facts(item))
        if opened:
            action.html(f'<p class="cyn-open">{tr("Open now")}</p>')
        elif not item.problem and action.button(
            tr("Open"), key=f"open-{tag(item.folder)}", width="stretch", icon=":material/login:"
        ):
            open_folder(item.folder)


def open_folder(folder: Path) -> None:
    """Opens a study for this session; on a mistake this page says what it was, and the present study stays."""
    with session.shown_errors():
        study = session.open_study(folder)
        st.toast(tr("Opened {name}", name=escape_markdown(study.name)), icon=":material/check:")
        st.rerun()


def _facts(item: StudySummary) -> str:
    where = study_list.shown(item.folder)
    made = f"<code>{text(item.command)}</code>" if item.command else tr("made by the Python interface")
    network = tr(
        "{backbone}, layer {layer}, described by {knowledge}",
        backbone=item.backbone,
        layer=item.layer,
        knowledge=tr(item.knowledge),
    )
    return (
        f'<h3 class="cyn-h3 cyn-flush">{text(item.name)}</h3><p class="cyn-sub">{style.chip("seen", tr("{count} seen", count=item.seen))} &nbsp; '
        f"{style.chip('unseen', tr('{count} unseen', count=item.unseen))} &nbsp; {tr('{count:,} pictures', count=item.pictures)}</p>"
        f'<p class="cyn-small">{text(network)}</p>'
        f'<p class="cyn-small">{made}</p><p class="cyn-small">{text(f"{where} · " if where else "")}{text(item.id)}</p>'
    )


def _problem(item: StudySummary) -> str:
    where = study_list.shown(item.folder)
    problem = text(f"{where}: {item.problem}" if where else item.problem)
    return f'<h3 class="cyn-h3 cyn-flush">{text(item.name)}</h3><p class="cyn-sub">{problem}. {tr("Prepare it again.")}</p>'


@visitors.fragment
def elsewhere() -> None:
    """Opens a study by its folder, where folders may be named."""
    with (
        st.expander(tr("Open a study from elsewhere"), icon=":material/folder_open:"),
        st.form("elsewhere", border=False),
    ):
        folder = st.text_input(tr("Folder of the study"), placeholder="/data/studies/cub", key="elsewhere_folder")
        if st.form_submit_button(tr("Open"), icon=":material/login:"):
            with session.shown_errors():
                policy.require_paths()
                open_folder(Path(folder.strip()).expanduser())
