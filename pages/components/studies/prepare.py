"""Prepares a study from the page: what it is made of, what is still missing, the command, and the button that runs it here."""

from __future__ import annotations

from itertools import chain, count

import streamlit as st

from niwt_core.data.registry import SOURCES
from pages.components.shared import session, style
from pages.components.shared.language import N_, tr
from pages.components.shared.style import text
from pages.components.studies import gather, preparations, study_list, words_grid
from pages.components.studies.picture_set import PictureSet, clean_class
from pages.components.studies.preparation import all_preparations, check_free, new_preparation
from pages.components.studies.readiness import is_ready, readiness
from pages.components.studies.study_list import Check, Wanted, plain, tag
from pages.serving import policy, visitors
from pages.serving.arguments import SHIPPED, new_studies_folder

EPOCHS = {
    N_("The default for this set"): None,
    N_("Frozen backbone"): 0,
    N_("Fine-tuned, 3 epochs"): 3,
    N_("Fine-tuned, 12 epochs"): 12,
}
MARKS = {True: ("✓", N_("fine")), False: ("✕", N_("amiss")), None: ("○", N_("waiting"))}
BACKBONES = ("mobilenet_v2", "resnet18", "resnet50", "resnet101", "efficientnet_b0", "convnext_tiny", "vit_b_16")
DROPPED = "drop"
TITLES = {DROPPED: N_("Drop pictures"), "folder": N_("A folder of mine")}


def show() -> None:
    """How a person prepares a study of their own: here where folders may be named, else on their own machine."""
    if policy.may_name_paths():
        gather.keep_visitor()
        preparations.show()
        _prepare()
        return
    style.heading(
        tr("Prepare another"),
        tr(
            "This server shows the studies above. With the app on your own machine, niwt prepare makes one of your "
            "own pictures."
        ),
    )


@visitors.fragment
@session.shown_errors()
def _prepare() -> None:
    """Everything that a study needs, checked while it is given."""
    style.heading(
        tr("Prepare another"),
        tr(
            "From your own pictures: sort them into classes, say what the classes look like, press the button. It "
            "runs beside the app, may be cancelled, and goes on where it was."
        ),
    )
    source = st.segmented_control(
        tr("What it is made from"), [DROPPED, *SOURCES], default=DROPPED, required=True, key="source", width="stretch",
        format_func=lambda key: tr(TITLES.get(key) or SOURCES[key].title),
    )  # fmt: skip
    if source == DROPPED:
        _from_dropped()
    else:
        _from_folder(source)


def _from_dropped() -> None:
    gathered = gather.gathered_here()
    gather.gather(gathered)
    if gathered.pictures:
        words_grid.words_grid(gathered)
    st.session_state.setdefault("study-name", _free_name())
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    name = (
        clean_class(left.text_input(tr("Name of the study"), key="study-name", live=True, max_chars=60) or "") or "mine"
    )
    with right:
        backbone, _, epochs = _network(DROPPED, default=0)
    out = new_studies_folder() / name.replace(" ", "-")
    root = gather.pictures_of(out)
    checks = readiness(gathered, out)
    wanted = Wanted("folder", plain(root), plain(out), gathered.words.kind, epochs, backbone)
    if root.exists() and gathered.pictures:
        checks.append(
            Check(False, tr("{root}: holds the pictures of another; choose another name", root=study_list.shown(root)))
        )

    def begin() -> None:
        gathered.write_tables()
        gathered.move_to(root)
        words_grid.forget(gathered)
        st.session_state.pop("study-name", None)

    _finish(wanted, checks, begin)


def _free_name() -> str:
    """A name that no study of this machine has."""
    names = chain(("mine",), (f"mine-{number}" for number in count(2)))
    places = ((name, new_studies_folder() / name) for name in names)
    return next(name for name, out in places if not out.exists() and not gather.pictures_of(out).exists())


def _from_folder(source: str) -> None:
    left, right = st.columns(2)
    root = ""
    if not SOURCES[source].drawn:
        root = left.text_input(tr("Folder of the pictures"), placeholder="/data/my-birds", key="root", live=True) or ""
    out = right.text_input(tr("Folder for the study"), value=plain(new_studies_folder() / "mine"), key="out", live=True)
    backbone, knowledge, epochs = _network(source, default=0 if source == "folder" else None)
    wanted = Wanted(source, root, out or "", knowledge, epochs, backbone)
    checks = study_list.checks(wanted)
    table = None
    if study_list.lacks_words(
        wanted
    ):  # a folder of classes that nothing describes: the same grid as for dropped pictures
        folder = study_list.from_here(root.strip())
        table = PictureSet(
            folder, new_studies_folder() / ".words" / f"{tag(folder)}.json"
        )  # theirs stays as it is by now
        words_grid.words_grid(table)
        checks = [*checks[:1], *readiness(table, study_list.from_here(wanted.out))[1:]]

    def begin() -> None:
        if table is not None:
            table.write_tables()

    if table is not None:
        st.caption(tr("The button writes what you said into that folder: attributes.csv or captions, and unseen.txt."))
    _finish(wanted, checks, begin)


def _network(source: str, *, default: int | None) -> tuple[str, str, int | None]:
    """(backbone, knowledge, epochs) as chosen; what is here already comes first for a person's own pictures."""
    shipped = f"study:{plain(SHIPPED)}"
    mine = source in (DROPPED, "folder")
    with st.expander(tr("Network and training"), icon=":material/tune:"):
        one, two = st.columns(2)
        names = [shipped, *BACKBONES] if mine else list(BACKBONES)
        backbone = one.selectbox(
            tr("Backbone"), names, index=0 if mine else None, placeholder=tr("The default for this set"), accept_new_options=True,
            format_func=lambda name: tr("EfficientNet-Lite0, no download") if name == shipped else name, key=f"backbone-{source}",
        )  # fmt: skip
        labels = list(EPOCHS)
        epochs = two.selectbox(
            tr("Training"), labels, index=next(i for i, one in enumerate(labels) if EPOCHS[one] == default), format_func=tr, key=f"epochs-{source}",
            help=tr("Frozen takes seconds to minutes. Fine-tuning is better with hundreds of pictures and a graphics card."),
        )  # fmt: skip
        knowledge = "attributes"
        if source not in (DROPPED, "folder"):
            knowledge = st.selectbox(
                tr("Classes are described by"),
                (N_("attributes"), N_("captions")),
                format_func=tr,
                key=f"knowledge-{source}",
            )
    return backbone or "", knowledge, EPOCHS[epochs]


def _finish(wanted: Wanted, checks: list[Check], begin: object) -> None:
    """What is missing, the button, and the command that does the same."""
    marks = "".join(
        f'<li class="cyn-{css}"><b aria-label="{text(tr(css))}">{sign}</b>{text(check.words)}</li>'
        for check in checks
        for sign, css in (MARKS[check.fine],)
    )
    st.html(f'<ul class="cyn-checks" aria-live="polite">{marks}</ul>')
    command = study_list.command(wanted)
    running = any(preparation.state == "running" for preparation in all_preparations())
    ready = is_ready(checks) and not running
    if st.button(
        tr("Prepare the study"), type="primary", icon=":material/play_arrow:", disabled=not ready, key="prepare-study",
        help=tr("One preparation runs at a time") if running else None,
    ):  # fmt: skip
        out = study_list.from_here(wanted.out)
        check_free(out)
        assert callable(begin)
        begin()
        new_preparation(command, out).start()
        st.rerun()
    st.caption(tr("The same by command, from the folder that the app runs in:"))
    st.code(command, language="bash", wrap_lines=True)
