"""Pictures dropped into the app, sorted into classes: by their names, by a typed name, or one by one in a table."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

import pandas as pd
import streamlit as st

from niwt_core.errors import NiwtError
from niwt_core.images import open_image
from niwt_core.neurons.exemplars import jpeg_bytes
from pages.components.shared import intake, keeper, session
from pages.components.shared.batches import MOST, batches
from pages.components.shared.language import N_, tr, trn
from pages.components.shared.markdown import escape_markdown
from pages.components.shared.pictures import address
from pages.components.shared.style import text
from pages.components.studies import words_grid
from pages.components.studies.picture_set import PictureSet
from pages.serving import policy
from pages.serving.arguments import new_studies_folder

THUMB = 96  # pixels
IN_STRIP = 4  # pictures of a class that are shown
IN_TABLE = 400  # pictures that the table holds at once; those without a class come first
HOW = {"files": N_(":material/image: Files"), "folder": N_(":material/folder: A folder")}
GATHERED = ".new"  # beside the studies: what is dropped and not yet prepared
VISITOR = re.compile(r"[0-9a-f]{32}")


def gathered_here() -> PictureSet:
    """The set that is being gathered on this machine; where several people share the app, each browser has its own."""
    name = f"{GATHERED}-{_visitor()}" if policy.is_shared() else GATHERED
    return PictureSet(new_studies_folder() / name)


def keep_visitor() -> None:
    """The browser remembers which set is its own, so that F5 finds it again; part of a page."""
    if not policy.is_shared():
        return
    noted, kept = keeper.notes(), keeper.unread("visitor")
    if kept is not None:
        if kept.first and VISITOR.fullmatch(kept.text):
            st.session_state["gather-visitor"] = kept.text
        noted["visitor"] = kept.id
    keeper.keep("visitor", _visitor(), restores=True)


def _visitor() -> str:
    """Tells this browser's set from others'; nobody else can guess it."""
    return str(st.session_state.setdefault("gather-visitor", secrets.token_hex(16)))


def pictures_of(out: Path) -> Path:
    """Where the pictures that were dropped for the study in ``out`` are kept: a folder with the study's name."""
    return out.parent / "pictures" / out.name


def gather(gathered: PictureSet) -> None:
    """The uploader, what is there by now, and the table that corrects it."""
    _uploader(gathered)
    session.show_errors(st.session_state.get("gather-errors", []))
    pictures = gathered.pictures
    if not pictures:
        return
    st.html(_strips(pictures))
    lost = sum(1 for _, class_ in pictures if not class_)
    label = (
        trn(
            "{count} picture without a class: say what it is",
            "{count} pictures without a class: say what they are",
            lost,
        )
        if lost
        else tr("Every picture and its class")
    )
    with st.expander(label, expanded=bool(lost), icon=":material/table_rows:"):
        _table(gathered, pictures)
    st.button(
        tr("Begin anew"), icon=":material/delete:", type="tertiary", on_click=_clear, args=(gathered,), key="gather-clear",
        help=tr("Takes all dropped pictures and words out"),
    )  # fmt: skip


def _uploader(gathered: PictureSet) -> None:
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    how = left.segmented_control(
        tr("What you drop"),
        list(HOW),
        format_func=lambda how: tr(HOW[how]),
        default="files",
        required=True,
        key="gather-how",
    )
    class_ = right.text_input(
        tr("Class of these pictures"), placeholder=tr("empty: from the names of files and folders"), key="gather-class"
    )
    nonce = st.session_state.setdefault("gather-nonce", 0)
    files = st.file_uploader(
        tr("Pictures: robin_01.jpg and robin/1.jpg are robins"), type=list(intake.TYPES), key=f"gather-{how}-{nonce}",
        accept_multiple_files="directory" if how == "folder" else True,
    )  # fmt: skip
    batches(f"gather-{how}", nonce)
    if files:
        _, errors = gathered.add(((file.name, file.getvalue()) for file in files), class_ or "")
        errors = [*st.session_state.pop("gather-errors-before", []), *errors]  # of the files before, where more follow
        if len(files) == MOST:
            st.session_state["gather-errors-before"] = errors
        st.session_state["gather-errors"] = errors
        intake.let_go(files)
        st.session_state["gather-nonce"] = nonce + 1
        st.rerun(scope=intake.scope(alone=True))


def _strips(pictures: list[tuple[Path, str]]) -> str:
    """Some pictures of each class, with how many there are."""
    by_class: dict[str, list[Path]] = {}
    for file, class_ in pictures:
        by_class.setdefault(class_, []).append(file)
    cells = []
    for class_, files in by_class.items():
        images = "".join(f'<img src="{thumbnail(file)}" alt="">' for file in files[:IN_STRIP])
        css = "" if class_ else " cyn-lost"
        name = text(class_ or tr("no class yet"))
        cells.append(f'<li class="cyn-gathered{css}"><div>{images}</div><b>{name}</b> <span>{len(files)}</span></li>')
    return f'<ul class="cyn-gather">{"".join(cells)}</ul>'


def _table(gathered: PictureSet, pictures: list[tuple[Path, str]]) -> None:
    shown = pictures[:IN_TABLE]
    table = pd.DataFrame(
        {
            "Picture": [thumbnail(file) for file, _ in shown],
            "Class": [class_ for _, class_ in shown],
            "File": [file.name for file, _ in shown],
            "Take out": False,
        }
    )
    number = st.session_state.setdefault("gather-table", 0)
    key = f"gather-table-{number}-{len(pictures)}"

    def change() -> None:
        edits = st.session_state[key]["edited_rows"]
        st.session_state["gather-table"] = number + 1
        with session.shown_errors():
            gathered.remove(shown[int(row)][0] for row, edit in edits.items() if edit.get("Take out"))
            gathered.assign(
                {shown[int(row)][0]: str(edit["Class"] or "") for row, edit in edits.items() if "Class" in edit}
            )

    st.data_editor(
        table,
        column_config={
            "Picture": st.column_config.ImageColumn(tr("Picture"), width="small"),
            "Class": st.column_config.TextColumn(tr("Class")),
            "File": st.column_config.TextColumn(tr("File"), disabled=True),
            "Take out": st.column_config.CheckboxColumn(tr("Take out"), width="small"),
        },
        hide_index=True,
        num_rows="fixed",
        height=min(38 * (len(shown) + 1), 340),
        key=key,
        on_change=change,
    )
    if len(pictures) > IN_TABLE:
        st.caption(
            escape_markdown(
                tr(
                    "The first {count} of {total:,}; those without a class come first.",
                    count=IN_TABLE,
                    total=len(pictures),
                )
            )
        )


def _clear(gathered: PictureSet) -> None:
    gathered.clear()
    st.session_state.pop("gather-errors", None)
    words_grid.forget(gathered)


def thumbnail(file: Path) -> str:
    """A small picture as a data address; made once a file."""
    try:
        return _thumbnail(str(file), file.stat().st_mtime_ns)
    except OSError:
        return ""


@st.cache_data(show_spinner=False, max_entries=4000)
def _thumbnail(file: str, _changed: int) -> str:
    return address(jpeg_bytes(open_image(Path(file), at_least=THUMB), side=THUMB, quality=75))


def change(root: Path) -> None:
    """Pictures and words of a study come back to be changed. Raises NiwtError while others are being gathered."""
    waiting = gathered_here()
    if waiting.pictures:
        raise NiwtError(
            "other pictures are being gathered", where="Prepare another", fix="prepare those first, or begin anew there"
        )
    waiting.clear()
    PictureSet(root).move_to(waiting.root)
    words_grid.forget(waiting)
