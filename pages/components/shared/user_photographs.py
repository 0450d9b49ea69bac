"""A person's own photographs: where they name the folder, how far reading is, and what excites neurons, words and classes among them."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
import torch
from torch import Tensor

from niwt_core import Classifier, NiwtError, Study
from niwt_core.backbones import SplitNetwork
from niwt_core.explain.attribute_map import neuron_weights
from niwt_core.explain.strongest import Strongest, strongest_of_attribute, taken_for
from niwt_core.knowledge.class_names import display_name
from niwt_core.neurons.exemplars import Gallery
from niwt_core.neurons.user_photographs import UserPhotographs, shown_photographs, store_of
from niwt_core.prepare.user_photographs import read_user_photographs
from niwt_core.study.class_importance import class_importance
from pages.components.shared import style
from pages.components.shared.background import Report, Run, ask
from pages.components.shared.language import tr
from pages.components.shared.markdown import escape_markdown
from pages.components.shared.pictures import lens
from pages.components.shared.session import per_study, show_error
from pages.components.shared.style import text
from pages.serving.policy import may_name_paths

SHOWN = 6  # photographs of a class or a word
LISTED = 50  # files that could not be read


def current(study: Study) -> UserPhotographs | None:
    """The photographs that this machine's user has read for the study's network; None on a server, whose visitors are not the user."""
    if not may_name_paths():
        return None
    store = store_of(study.network, study.preprocess)
    changed = store.changed()
    return _opened(study.id, changed, study.network, study) if changed else None


@st.cache_resource(show_spinner=False, max_entries=2)
def _opened(study_id: str, changed: int, _network: SplitNetwork, _study: Study) -> UserPhotographs | None:
    return shown_photographs(store_of(_network, _study.preprocess))


def exemplars(study: Study) -> Gallery | UserPhotographs:
    """What excites the study's neurons: the user's own photographs where they were read, else the study's pictures."""
    return current(study) or study.gallery


def exemplars_id(study: Study) -> str:
    """Tells what `exemplars` gives from anything else, for caches."""
    photographs = current(study)
    return photographs.id if photographs is not None else ""


def neuron_crop(study: Study, neuron: int, place: int) -> str:
    """Markup of what excites a neuron most, number ``place``, in colour where it is active."""
    shown = exemplars(study)
    item = int(shown.top[neuron, place])
    if isinstance(shown, UserPhotographs):
        name = shown.paths[item]
    else:
        name = display_name(study.classes[study.labels[shown.pictures[item]]])
    return lens(
        shown.jpeg(item),
        shown.map(neuron, place),
        study.preprocess,
        alt=tr("{name}, strongest {place} of neuron {neuron}", name=name, place=place + 1, neuron=neuron),
    )


def of_class(study: Study, class_index: int) -> list[str]:
    """Markup of the user's photographs that a class of the study is the first answer to, in colour where its neurons are active."""
    return _of_class(study, class_index, exemplars_id(study))


def of_attribute(study: Study, column: int) -> list[str]:
    """Markup of the user's photographs in which an attribute is seen, in colour where its neurons are active."""
    return _of_attribute(study, column, exemplars_id(study))


@per_study
def _of_class(study: Study, class_index: int, shown: str) -> list[str]:
    photographs, name = current(study), study.classes[class_index]
    if photographs is None:
        return []
    ranked = taken_for(Classifier(study), photographs, name, SHOWN)
    return _located(study, photographs, ranked, class_importance(study, name).float())


@per_study
def _of_attribute(study: Study, column: int, shown: str) -> list[str]:
    photographs, name = current(study), study.knowledge.names[column]
    if photographs is None:
        return []
    ranked = strongest_of_attribute(study, photographs, name, SHOWN)
    return _located(study, photographs, ranked, neuron_weights(study, name))


def _located(study: Study, photographs: UserPhotographs, ranked: list[Strongest], weights: Tensor) -> list[str]:
    """Markup of photographs with the sum of the neurons' maps, with ``weights`` (N,), over them."""
    if not ranked:
        return []
    jpegs = [photographs.jpeg(one.item) for one in ranked]
    pictures = Classifier(study).encode_many(jpegs)
    maps = [torch.einsum("n,nhw->hw", weights, study.network.spatial(one.activations)[0]).numpy() for one in pictures]
    return [
        lens(jpeg, values, study.preprocess, alt=photographs.paths[one.item])
        for jpeg, values, one in zip(jpegs, maps, ranked, strict=True)
    ]


# --- reading them ----------------------------------------------------------------------------------------------------


@st.cache_resource(show_spinner=False, max_entries=8)
def _run_of(study_id: str, folder: str, _study: Study) -> Run[int]:
    """The reading of one folder for one study; whoever starts it again starts a new one."""

    def work(report: Report) -> int:
        return len(read_user_photographs(_study.network, _study.preprocess, Path(folder), progress=report))

    return Run(f"photographs for {_study.name}", work)


def panel(study: Study, key: str, *, expanded: bool = False) -> None:
    """Where a person names the folder of their photographs, or sees which are shown; nothing where folders may not be named.

    ``expanded``: it stands open for a study without pictures.
    """
    if not may_name_paths():
        return
    photographs = current(study)
    if photographs is None:
        title = tr("See what excites the neurons in photographs of your own")
    else:
        title = tr("Shown in {photographs:,} photographs of yours", photographs=len(photographs))
    missing = photographs is None and not study.gallery.top.shape[1]
    with st.expander(title, icon=":material/photo_library:", expanded=expanded and missing):
        _reading(study, photographs, key)


def _reading(study: Study, photographs: UserPhotographs | None, key: str) -> None:
    asked = st.session_state.get("photographs_folder", "")
    if asked:
        run = _run_of(study.id, asked, study)
        if run.running and run.mine:
            ask(run, f"photographs-{key}", label="", icon=":material/photo_library:", help="")
            return
        if run.result is not None:
            _run_of.clear(study.id, asked, study)
            st.session_state["photographs_folder"] = ""
            st.rerun()
        if run.error:
            what, _, rest = run.error.partition(": ")[2].partition(",")
            show_error(NiwtError(what, where=asked, fix=rest.rpartition(", ")[2]))
    if photographs is not None:
        st.caption(tr("From {folder}.", folder=escape_markdown(str(photographs.folder))))
    st.caption(
        tr(
            "They are read on this machine and kept, small, in your cache folder; nothing leaves it, and the study "
            "stays as it is. A thousand take about a minute. It can be stopped, and goes on where it was."
        )
    )
    with st.form(f"photographs-{key}", border=False):
        name, button = st.columns([5, 1], vertical_alignment="bottom")
        given = str(photographs.folder) if photographs is not None else ""
        folder = name.text_input(
            tr("Folder of your photographs"), value=given, placeholder="~/Pictures", key=f"photographs-folder-{key}"
        )
        sent = button.form_submit_button(tr("Read again") if photographs is not None else tr("Read"), width="stretch")
    if sent and folder.strip():
        chosen = str(Path(folder.strip()).expanduser())
        _run_of.clear(study.id, chosen, study)
        st.session_state["photographs_folder"] = chosen
        _run_of(study.id, chosen, study).start()
        st.rerun()
    if photographs is not None:
        _unreadable(photographs)
        if st.button(tr("Forget them"), icon=":material/delete:", type="tertiary", key=f"photographs-forget-{key}"):
            store_of(study.network, study.preprocess).forget()
            st.rerun()


def _unreadable(photographs: UserPhotographs) -> None:
    if not photographs.unreadable:
        return
    count = tr("{count:,} could not be read", count=len(photographs.unreadable))
    items = "".join(f"<dt>{text(path)}</dt><dd>{text(reason)}</dd>" for path, reason in photographs.unreadable[:LISTED])
    more = len(photographs.unreadable) - LISTED
    st.html(
        f'<p class="cyn-eyebrow">{count}</p><dl class="cyn-list">{items}</dl>'
        + (f'<p class="cyn-small">{tr("and {count:,} more", count=more)}</p>' if more > 0 else "")
    )


def strip(title: str, crops: list[str]) -> None:
    """A row of the user's photographs under a title; nothing without any."""
    if crops:
        st.html(
            f'<p class="cyn-eyebrow cyn-gap">{style.text(title)}</p><div class="cyn-exemplars">{"".join(crops)}</div>'
        )
