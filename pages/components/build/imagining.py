"""What the network imagines of a class that was built: made in the background, once for everyone, and captioned for what it is."""

from __future__ import annotations

import numpy as np
import streamlit as st
from PIL import Image

from niwt_core import BuiltClass, Study
from niwt_core.backbones.of_features import reads_pictures
from niwt_core.classify.imagined import imagined
from niwt_core.files import digest
from pages.components.shared.background import Report, Run, ask
from pages.components.shared.language import N_, tr
from pages.components.shared.pictures import crop, picture_address

SHOWN_SIDE = 320  # pixels
CAPTION = N_(
    "Made from noise, without any photograph: the network's own score for this class was raised above all "
    "others, step by step. It shows what the weights reward, not what the class looks like, and is no "
    "evidence that it will be recognised."
)


@st.cache_resource(max_entries=64, show_spinner=False)
def run_of(study_id: str, weights: str, _study: Study, _built: BuiltClass) -> Run[np.ndarray]:
    """The picture of one class, told apart by its weights."""

    def work(report: Report) -> np.ndarray:
        return imagined(_study, _built, progress=lambda step, steps: report(N_("Imagining"), step, steps))

    return Run(f"picture of {_built.name}", work)


def weights_digest(built: BuiltClass) -> str:
    """Tells a class from any other by its weights and bias."""
    return digest(np.float32(built.bias).tobytes(), built.weights.float().numpy().tobytes())


def picture_of(study: Study, built: BuiltClass, key: str) -> None:
    """The button that makes it, how far it is, or the picture; nothing in a study without a network that could imagine."""
    if not reads_pictures(study.network):
        return
    run = run_of(study.id, weights_digest(built), study, built)
    if run.result is None:
        ask(
            run,
            f"imagine-{key}",
            label=tr("What the network imagines"),
            icon=":material/blur_on:",
            help=tr(
                "A picture that the network would like best for this class, made from noise. Takes some 10 seconds."
            ),
        )
        return
    picture, words = st.columns([3, 9], vertical_alignment="center")
    alt = tr("What the network imagines of {name}", name=built.name)
    picture.html(crop(picture_address(Image.fromarray(run.result), side=SHOWN_SIDE), alt=alt))
    words.html(f'<p class="cyn-eyebrow">{tr("What the network imagines")}</p><p class="cyn-sub">{tr(CAPTION)}</p>')
