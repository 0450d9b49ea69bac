"""Neurons by a person's own picture: which fire on it more than usual, and where."""

from __future__ import annotations

import streamlit as st

from niwt_core import EncodedPicture, Study
from niwt_core.explain.overlay import seen_part
from niwt_core.study.firing import strongest
from pages.components.shared import cards, intake, session
from pages.components.shared.language import N_, tr
from pages.components.shared.markdown import escape_markdown
from pages.components.shared.pictures import crop, mask, picture_address
from pages.components.shared.style import text
from pages.components.shared.uploads import session_uploads

CHOSEN = "dictionary-picture"  # the key of the picture, in the session's state
PICKS = "dictionary-picks"  # how many have been chosen
SHOWN = 16  # neurons
SIDE = 224  # pixels
HOW_FAR = N_("How far each neuron is above what it usually is, in its own deviations; in colour where it is active.")


def pick(study: Study) -> None:
    """Where a picture is dropped, or the one that was classified last is taken."""
    uploads = session_uploads()
    current = uploads.current
    number = st.session_state.setdefault(PICKS, 0)  # a new one is closed
    with st.popover(tr("By a picture"), icon=":material/image_search:", width="stretch", key=f"by-picture-{number}"):
        if current is not None and st.button(
            escape_markdown(tr("The picture on Classify: {name}", name=current.name)),
            key="dictionary-current",
            width="stretch",
        ):
            _choose(current.key)
        new = intake.upload(session.classifier(), uploads, label=tr("Drop a picture"), key="dictionary-upload")
        intake.errors()
        if new:
            _choose(new[0])


def _choose(key: str) -> None:
    st.session_state[CHOSEN] = key
    st.session_state[PICKS] += 1
    st.rerun()


def show(study: Study, listed: list[int]) -> bool:
    """The neurons that fire on the chosen picture, among those that the filters let through; whether there is one."""
    upload = session_uploads().items.get(st.session_state.get(CHOSEN, ""))
    if upload is None:
        return False
    picture = session_uploads().encoded(upload, session.classifier())
    source = picture_address(seen_part(picture.image, picture.box).resize((SIDE, SIDE)), side=SIDE)
    left, right = st.columns([6, 2], vertical_alignment="center")
    left.html(
        f'<div class="cyn-beside"><div>{crop(source, alt=upload.name)}</div><div><h2 class="cyn-h2 cyn-flush">'
        f'{tr("What fires on {name}", name=text(upload.name))}</h2><p class="cyn-sub">{tr(HOW_FAR)}</p></div></div>'
    )
    if right.button(tr("All neurons"), icon=":material/close:", key="dictionary-no-picture", width="stretch"):
        st.session_state.pop(CHOSEN)
        st.rerun()
    fired = strongest(study, picture.pooled, listed)[:SHOWN]
    if not fired:
        cards.nothing(tr("None of these fires on it more than usual"), tr("Show all neurons, unnamed ones included."))
        return True
    top = fired[0][1]
    with st.grid(columns=4, min_column_width=230, gap="medium", key="fired"):
        for n, value in fired:
            note = tr("{value:+.1f} deviations", value=value)
            cards.neuron_card(
                study, n, scope="fired", note=note, fraction=value / top, pictures=_lens(study, picture, n, source)
            )
    _coarse(study, picture)
    return True


def _lens(study: Study, picture: EncodedPicture, neuron: int, source: str) -> str:
    """The picture, in colour where a neuron is active on it."""
    values = study.network.spatial(picture.activations)[0, neuron].numpy()
    layers = f"--picture:url({source});--mask:url({mask(values)})"
    return f'<div class="cyn-crop cyn-lens" role="img" aria-label="{tr("where neuron {index} is active", index=neuron)}" style="{layers}"></div>'


def _coarse(study: Study, picture: EncodedPicture) -> None:
    height, width = study.network.spatial(picture.activations).shape[2:]
    st.caption(
        tr(
            "This layer sees the picture as {height} by {width} places; nothing finer can be told apart.",
            height=height,
            width=width,
        )
    )
