"""Mounts the editor, and checks what comes back from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from torch import Tensor

from niwt_core import BuiltClass, Study
from niwt_core.knowledge.attributes import Knowledge
from pages.components.build.editor_tables import Tables
from pages.components.build.my_pictures import PictureSet

HERE = Path(__file__).parent
SCRIPTS = ("score.js", "search.js", "controls.js", "live.js", "editor.js")  # one module, in this order


@cache
def script() -> str:
    """The editor's JavaScript module."""
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in SCRIPTS)


@cache
def style() -> str:
    """The editor's style sheet."""
    return (HERE / "editor.css").read_text(encoding="utf-8")


_mount = st.components.v2.component("choose_your_neuron_board", js=script(), css=style())


@dataclass(frozen=True)
class Extra:
    """A picture that came after the tables: where it is shown from, its r coordinates, and the logits of all other classes, calibration left out."""

    id: str
    label: str
    alt: str
    src: str
    vector: list[float]
    logits: list[float]
    others: list[float]


@dataclass(frozen=True)
class EditorState:
    """What the editor shows: ``base`` (K,) and ``changes`` to it by column; ``epoch`` changes when the page, not the person, moves the sliders;
    ``revision`` is the last of the person's changes that the server has answered; ``bias`` is what the class gets when it is built as it stands,
    ``temperature`` the study's;
    ``off`` the study's described classes that do not compete;
    ``of_class`` the study's class that is described anew or started from, or -1; ``mine`` are the person's own pictures, ``mine_others`` (M,b) the
    other built classes' logits for them."""

    epoch: int
    revision: int
    base: np.ndarray
    changes: Mapping[int, float]
    name: str
    gamma: float
    bias: float
    temperature: float = 1.0
    described: bool = True
    replaced: int = -1
    off: tuple[int, ...] = ()
    of_class: int = -1
    others: tuple[Mapping[str, Any], ...] = ()
    extras: tuple[Extra, ...] = ()
    mine: PictureSet | None = None
    mine_others: tuple[tuple[float, ...], ...] = ()


def send_tables(tables: Tables) -> None:
    """Gives the browser the tables. Streamlit keeps large messages on both sides, so that they travel once a session."""
    _mount(key=f"tables-{tables.id}", data=tables.payload, height=1)


def send_pictures(pictures: PictureSet) -> None:
    """Gives the browser the person's own pictures, as bytes that travel once for as long as they stay the same."""
    _mount(key="pictures-of-mine", data=pictures.payload, height=1)


def show(tables: Tables, state: EditorState, *, key: str, on_draft: Callable[[], None]) -> None:
    """The editor; ``on_draft`` is called when a control is let go, with the draft in ``st.session_state[key].draft``."""
    data = {
        "tables": tables.id,
        "epoch": state.epoch,
        "revision": state.revision,
        "base": np.asarray(state.base, np.float64).tolist(),
        "changes": {str(k): value for k, value in state.changes.items()},
        "name": state.name,
        "gamma": state.gamma,
        "bias": state.bias,
        "temperature": state.temperature,
        "described": state.described,
        "ofClass": state.of_class,
        "mine": state.mine.id if state.mine is not None else "",
        "mineOthers": [list(row) for row in state.mine_others],
        "replaced": state.replaced,
        "off": list(state.off),
        "others": list(state.others),
        "extras": [vars(extra) for extra in state.extras],
    }
    _mount(
        key=key, data=[data], on_draft_change=on_draft
    )  # in a list, for Streamlit looks for tables in a mapping, with pandas


def other_class(tables: Tables, built: BuiltClass) -> dict[str, Any]:
    """Another class of this session: its name and its logits for the tables' pictures."""
    row = tables.matrices.project(built.weights.double().numpy())
    return {"name": built.name, "logits": (tables.matrices.pictures @ row + built.bias).tolist()}


def draft_from(value: Any, knowledge: Knowledge) -> tuple[int, int, dict[int, float]] | None:
    """(epoch, revision, changes) of what the browser sent, or None: anything that is not columns and amounts within bounds."""
    try:
        epoch, revision = int(value["epoch"]), int(value["revision"])
        changes = {int(k): float(amount) for k, amount in value["changes"].items()}
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    inside = all(
        0 <= k < len(knowledge.names) and knowledge.floor <= amount <= knowledge.scale for k, amount in changes.items()
    )
    return (epoch, revision, changes) if inside else None


def extra_picture(
    tables: Tables, study: Study, features: Tensor, *, id: str, label: str, alt: str, src: str, others: list[BuiltClass]
) -> Extra:
    """A picture with features (D,) for the editor, ranked among the study's classes and ``others``."""
    centred = features - study.head.mean
    logits = study.full_head.logits(features)
    return Extra(
        id, label, alt, src,
        tables.matrices.project(centred.double().numpy()).tolist(),
        logits.tolist(),
        [float(centred @ item.weights) + item.bias for item in others],
    )  # fmt: skip
