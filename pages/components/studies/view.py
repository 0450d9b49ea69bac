"""How the Studies page shows the list of studies, opens a study, and writes the command for another."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from niwt_core.data.registry import SOURCES
from pages.components.shared import session, style
from pages.components.shared.markdown import escape_markdown
from pages.components.shared.style import text
from pages.components.studies import study_list
from pages.components.studies.study_list import StudySummary, Wanted, tag
from pages.serving import policy

EPOCHS = {
    "The default for this set": None,
    "Frozen backbone": 0,
    "Fine-tuned, 3 epochs": 3,
    "Fine-tuned, 12 epochs": 12,
}
MARKS = {True: ("✓", "fine"), False: ("✕", "amiss"), None: ("○", "waiting")}
BACKBONES = ("mobilenet_v2", "resnet18", "resnet50", "resnet101", "efficientnet_b0", "convnext_tiny", "vit_b_16")


def summary(item: StudySummary) -> None:
    """One study: what it is, what it was made from, and the way into it."""
    opened = session.study_folder().resolve() == item.folder
    with st.container(border=True, key=f"study-{item.id or item.name}-{tag(item.folder)}"):
        words, action = st.columns([5, 1], vertical_alignment="center")
        words.html(_problem(item) if item.problem else _facts(item))
        if opened:
            action.html('<p class="cyn-open">Open now</p>')
        elif not item.problem and action.button(
            "Open", key=f"open-{tag(item.folder)}", width="stretch", icon=":material/login:"
        ):
            open_folder(item.folder)


def open_folder(folder: Path) -> None:
    """Opens a study for this session; on a mistake this page says what it was, and the present study stays."""
    with session.shown_errors():
        study = session.open_study(folder)
        st.toast(f"Opened {escape_markdown(study.name)}", icon=":material/check:")
        st.rerun()


def _facts(item: StudySummary) -> str:
    where = study_list.shown(item.folder)
    made = f"<code>{text(item.command)}</code>" if item.command else "made by the Python interface"
    return (
        f'<h3 class="cyn-h3 cyn-flush">{text(item.name)}</h3><p class="cyn-sub">{style.chip("seen", f"{item.seen} seen")} &nbsp; '
        f"{style.chip('unseen', f'{item.unseen} unseen')} &nbsp; {item.pictures:,} pictures</p>"
        f'<p class="cyn-small">{text(item.backbone)}, layer {text(item.layer)}, described by {text(item.knowledge)}</p>'
        f'<p class="cyn-small">{made}</p><p class="cyn-small">{text(f"{where} · " if where else "")}{text(item.id)}</p>'
    )


def _problem(item: StudySummary) -> str:
    where = study_list.shown(item.folder)
    said = text(f"{where}: {item.problem}" if where else item.problem)
    return f'<h3 class="cyn-h3 cyn-flush">{text(item.name)}</h3><p class="cyn-sub">{said}. Prepare it again.</p>'


@st.fragment
def elsewhere() -> None:
    """Opens a study by its folder, where folders may be named."""
    with st.expander("Open a study from elsewhere", icon=":material/folder_open:"), st.form("elsewhere", border=False):
        folder = st.text_input("Folder of the study", placeholder="/data/studies/cub", key="elsewhere_folder")
        if st.form_submit_button("Open", icon=":material/login:"):
            with session.shown_errors():
                policy.require_paths()
                open_folder(Path(folder.strip()).expanduser())


def prepare() -> None:
    """How a person prepares a study of their own: here where folders may be named, else on their own machine."""
    if policy.may_name_paths():
        _prepare()
        return
    style.heading(
        "Prepare another",
        "This server shows the studies above. With the app on your own machine, `niwt prepare` makes one of your own pictures.",
    )


@st.fragment
@session.shown_errors()
def _prepare() -> None:
    """The command for the user's own paths, checked while they are typed."""
    style.heading(
        "Prepare another",
        "Say what you have; copy the command into a terminal. It can be interrupted, and goes on where it was.",
    )
    source = st.segmented_control(
        "Pictures",
        list(SOURCES),
        default="folder",
        required=True,
        format_func=lambda key: SOURCES[key].title,
        key="source",
        width="stretch",
    )
    left, right = st.columns(2)
    root = ""
    if not SOURCES[source].drawn:
        root = left.text_input("Folder of the pictures", placeholder="/data/my-birds", key="root", live=True) or ""
    out = right.text_input("Folder for the study", value="studies/mine", key="out", live=True) or ""
    with st.expander("Network and knowledge", icon=":material/tune:"):
        one, two, three = st.columns(3)
        backbone = one.selectbox(
            "Backbone", BACKBONES, index=None, placeholder="mobilenet_v2", accept_new_options=True, key="backbone"
        )
        knowledge = two.selectbox("Classes are described by", ("attributes", "captions"), key="knowledge")
        epochs = three.selectbox("Training", list(EPOCHS), key="epochs")
    wanted = Wanted(source, root, out, knowledge, EPOCHS[epochs], backbone or "")
    marks = "".join(
        f'<li class="cyn-{css}"><b aria-label="{css}">{sign}</b>{text(check.words)}</li>'
        for check in study_list.checks(wanted)
        for sign, css in (MARKS[check.fine],)
    )
    st.html(f'<ul class="cyn-checks" aria-live="polite">{marks}</ul>')
    st.code(study_list.command(wanted), language="bash", wrap_lines=True)
