"""What the Measure page shows of the whole: the figures, their balance over gamma, provenance."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from niwt_core import Study
from niwt_core.evaluation.metrics import Metrics
from niwt_core.explain.detector import Detectors
from niwt_core.study.evaluate import Evaluation, evaluate
from pages.components.shared import charts, glossary, session, style
from pages.components.shared.cards import facts, figures_row
from pages.components.shared.language import tr
from pages.components.shared.session import per_study
from pages.serving import policy, visitors

if TYPE_CHECKING:
    from niwt_core.figures.canvas import Format

CEILING = 98.0  # percent: what is left is a handful of pictures
SAMPLES = 180  # points of the balance's curve: more cannot be told apart at its width


@per_study
def evaluation(study: Study) -> Evaluation:
    """The study's own evaluation."""
    return evaluate(study)


@per_study
def at_gamma(study: Study, gamma: float) -> tuple[float, float, float]:
    """(U, S, H) at one gamma, read off the exact curve."""
    U, S, H = evaluation(study).curve.at(gamma)
    return float(U), float(S), float(H)


def headline(study: Study) -> None:
    """The four figures; where all are at the ceiling that is said, and figures stand there that still tell something."""
    result = evaluation(study).metrics
    if at_ceiling(result):
        _what_varies(study, result)
        return
    st.html(
        figures_row(
            [
                (f"{result.H:.1f} %", "H", tr("the harmonic mean of U and S: high only if both are")),
                (f"{result.U:.1f} %", "U", tr("pictures of unseen classes, among all classes")),
                (f"{result.S:.1f} %", "S", tr("held-out pictures of seen classes, among all classes")),
                (f"{result.zsl:.1f} %", "ZSL", tr("unseen classes among themselves, the easier question")),
            ]
        )
    )


def at_ceiling(result: Metrics) -> bool:
    """Too near to 100 % to rank anything."""
    return min(result.U, result.S, result.H, result.zsl) >= CEILING


def _what_varies(study: Study, result: Metrics) -> None:
    live = [neuron for neuron in study.neurons if neuron.status != "dead"]
    verified = sum(neuron.status == "verified" for neuron in live)
    detectors = Detectors.of(study)
    decided = (
        []
        if detectors is None
        else [
            (
                f"{100 * detectors.decided:.0f} %",
                tr("words decided"),
                tr("seen or not seen in a picture of a class left out"),
            )
        ]
    )
    st.html(
        figures_row(
            [
                (
                    f"{result.H:.1f} %",
                    "H",
                    tr("at the ceiling: U {u:.1f}, S {s:.1f}, ZSL {zsl:.1f}", u=result.U, s=result.S, zsl=result.zsl),
                ),
                (
                    f"{float(study.mapping.predictability.mean()):.2f}",
                    tr("predictability"),
                    tr("cosine of predicted to measured neurons, each class left out"),
                ),
                (
                    f"{100 * verified / max(len(live), 1):.0f} %",
                    tr("verified names"),
                    tr("{verified} of {live} live neurons", verified=verified, live=len(live)),
                ),
                *decided,
            ]
        )
    )
    harder = " " + tr("`niwt prepare aviary --hard` makes one that does.") if study.kind == "aviary" else ""
    st.caption(
        tr(
            "Nearly every picture is right here, so this study cannot rank methods: its use is to check names, words "
            "and maps against the truth.{harder}",
            harder=harder,
        )
    )


@visitors.fragment
def balance(study: Study) -> None:
    """U, S and H over gamma, with the point where this session stands."""
    style.heading(
        tr("The balance"),
        tr(
            "A trained class speaks louder than one that was only described. Gamma turns the trained ones down; it "
            "was chosen on seen classes alone."
        ),
        terms=("gamma", "seen class"),
    )
    evaluated, classifier = evaluation(study), session.classifier()
    low, high = _range(evaluated)
    with st.container(key="gamma-slider"):
        gamma = st.slider(
            tr("Gamma in this session"),
            low,
            high,
            float(np.clip(classifier.gamma, low, high)),
            (high - low) / 200,
            format="%.2f",
            key="gamma",
        )
    if abs(gamma - classifier.gamma) > (high - low) / 400:
        classifier.gamma = gamma
    u, s, h = at_gamma(study, round(classifier.gamma, 6))
    chosen = classifier.gamma
    readout = "".join(
        f'<span class="cyn-{tone}">{sign} {key} <b>{value:.1f} %</b></span>'
        for sign, key, value, tone in (("◆", "U", u, "unseen"), ("●", "S", s, "seen"), ("●", "H", h, "ink"))
    )
    st.html(f'<p class="cyn-readout">{readout}</p>')
    describe = tr("At gamma {chosen:.2f}, U is {u:.1f}, S {s:.1f} and H {h:.1f} percent.", chosen=chosen, u=u, s=s, h=h)
    charts.show(_curves(study, low, high, chosen), key="balance", alt=describe)
    left, right = st.columns([3, 1], vertical_alignment="center")
    left.caption(
        tr(
            "AUSUC, the area under S against U over all gamma: {ausuc:.3f}. The study's own gamma: {gamma:.2f}.",
            ausuc=evaluated.curve.ausuc,
            gamma=study.gamma,
        ),
        help=glossary.help_for("AUSUC", "gamma"),
    )
    if abs(classifier.gamma - study.gamma) > (high - low) / 400:
        right.button(
            tr("Back to the study's"), on_click=_reset_gamma, args=(study, low, high), width="stretch", key="gamma_back"
        )
    _prints(study)


def _prints(study: Study) -> None:
    """The same for a paper, made when it is asked for."""

    def printed(form: Format) -> bytes:
        from niwt_core.figures.canvas import figure_bytes  # Matplotlib is loaded where somebody draws

        return figure_bytes(evaluation(study).figure(), form)

    forms: tuple[tuple[Format, str], ...] = (("svg", "image/svg+xml"), ("pdf", "application/pdf"))
    with st.container(horizontal=True, gap="small"):
        for form, mime in forms:
            st.download_button(
                tr("Figure for print ({format})", format=form.upper()),
                partial(printed, form),
                f"{study.name}-balance.{form}",
                mime,
                icon=":material/download:",
                on_click="ignore",
                key=f"balance-{form}",
            )


@charts.drawn_once
def _curves(study: Study, low: float, high: float, chosen: float) -> go.Figure:
    """U, S and H from gamma ``low`` to ``high``, and a line at the ``chosen`` one."""
    gammas, curves = np.linspace(low, high, SAMPLES), at_gamma_many(study, low, high)
    chart = charts.figure(x=tr("gamma, in logits taken from seen classes"), y=tr("accuracy, %"))
    for name, values, kind, width in (
        ("U", curves[0], "unseen", 2),
        ("S", curves[1], "seen", 2),
        ("H", curves[2], "ink", 3),
    ):
        charts.line(chart, gammas, values, name=name, kind=kind, width=width)
    chart.add_vline(chosen, line={"color": charts.tone("faint"), "dash": "dash", "width": 1})
    chart.update_layout(hovermode="x unified", yaxis_range=[0, 102], xaxis_hoverformat=".2f")
    return chart


@per_study
def at_gamma_many(study: Study, low: float, high: float) -> np.ndarray:
    """(3,SAMPLES) U, S, H from gamma ``low`` to ``high``."""
    curve = evaluation(study).curve
    at = (np.searchsorted(curve.gammas, np.linspace(low, high, SAMPLES), side="right") - 1).clip(0)
    return np.stack([curve.unseen[at], curve.seen[at], curve.harmonic[at]])


def _range(evaluated: Evaluation) -> tuple[float, float]:
    """Where the curve is worth looking at: from no calibration to where hardly a seen class is left."""
    gammas = evaluated.curve.gammas
    high = max(float(np.quantile(gammas, 0.97)), 2 * evaluated.metrics.gamma, 0.1)
    return min(0.0, round(float(np.quantile(gammas, 0.05)), 2)), float(np.ceil(high * 20) / 20)


def _reset_gamma(study: Study, low: float, high: float) -> None:
    session.classifier().gamma = study.gamma
    st.session_state["gamma"] = float(np.clip(study.gamma, low, high))


def provenance(study: Study) -> None:
    """Where the figures come from."""
    memory, choices = dict(study.provenance), study.choices
    settings = cast(dict, memory.get("settings") or {})
    with st.expander(tr("Where the figures come from"), icon=":material/fingerprint:"):
        st.html(
            facts(
                [
                    (tr("study"), f"{study.name} ({study.id})"),
                    (
                        tr("split"),
                        tr(
                            "{split}: {seen} seen, {unseen} unseen classes",
                            split=study.split_hash,
                            seen=len(study.seen_classes),
                            unseen=len(study.unseen_classes),
                        ),
                    ),
                    (
                        tr("test pictures"),
                        tr(
                            "{seen:,} of seen, {unseen:,} of unseen classes",
                            seen=int((study.split == "test_seen").sum()),
                            unseen=int((study.split == "test_unseen").sum()),
                        ),
                    ),
                    (
                        tr("backbone"),
                        tr(
                            "{name}, dictionary layer {layer}",
                            name=policy.without_paths(str(memory.get("backbone", study.network.name))),
                            layer=study.network.layer,
                        ),
                    ),
                    (
                        tr("command"),
                        policy.command_shown(str(memory["command"]))
                        if memory.get("command")
                        else tr("made by the Python interface"),
                    ),
                    (tr("seed"), str(study.seed)),
                    (
                        tr("probe pictures"),
                        f"{settings.get('probe_count', 'none')} ({settings.get('probes', '')})"
                        if study.operator is not None
                        else tr("none: the tail is global average pooling"),
                    ),
                    (
                        tr("chosen on seen classes"),
                        tr(
                            "ridge {ridge:.3g}, decay {decay:.3g}, mu {mu:.3g}, gamma {gamma:.3f} logits",
                            ridge=study.mapping.ridge,
                            decay=choices.decay,
                            mu=choices.mu,
                            gamma=choices.gamma,
                        ),
                    ),
                    (
                        tr("H on the folds"),
                        tr("{h:.1f} % over {count} folds", h=choices.cross_validated_H, count=choices.folds),
                    ),
                    (tr("pictures left out"), str(len(cast(list, memory.get("skipped") or [])))),
                ]
            )
        )
