"""What the Measure page shows of how honest the study is: percentages against accuracy, claims against the truth, strange pictures refused."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st
import torch

from niwt_core import Study
from niwt_core.audit.audits import Audits, audit_study
from niwt_core.audit.claims import ClaimsAudit
from niwt_core.evaluation.metrics import calibrated
from niwt_core.evaluation.temperature import reliability
from pages.components.measure.measures import evaluation
from pages.components.shared import charts, glossary, style
from pages.components.shared.background import Report, Run, ask
from pages.components.shared.language import N_, tr
from pages.components.shared.session import per_study
from pages.components.shared.style import text
from pages.components.shared.tables import table
from pages.serving import visitors

COLUMNS = "minmax(6rem,2fr) repeat(3,minmax(3.5rem,1fr))"
PAIR = "minmax(6rem,2fr) repeat(2,minmax(3.5rem,1fr))"
FEW = 50  # claims; a percentage of fewer is shown with their number


@per_study
def curves(study: Study) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], ...]:
    """(confidence, accuracy, pictures) of the held-out pictures by confidence: without the temperature, and with it."""
    pictures = np.flatnonzero(study.split != "train")
    logits = study.full_head.logits(study.features[torch.from_numpy(pictures)].float())
    scores, labels = calibrated(logits, study.seen, study.gamma), study.labels[pictures]
    return tuple(reliability(scores, labels, temperature=value) for value in (1.0, evaluation(study).temperature))


def percentages(study: Study) -> None:
    """How far percentages are from accuracy, before and after the temperature."""
    figures = evaluation(study)
    style.heading(
        tr("What a percentage means"),
        tr(
            "Of the pictures that it is 70 % sure of, 70 % should be right. One number, the temperature, is chosen on "
            "held-out pictures of seen classes to make it so; all percentages of this app use it."
        ),
        terms=("temperature",),
    )
    describe = tr(
        "Expected calibration error {ece_before:.1f} points before, {ece:.1f} after temperature {temperature:.3g}.",
        ece_before=figures.ece_before,
        ece=figures.ece,
        temperature=figures.temperature,
    )
    charts.show(_reliability(study), key="reliability", alt=describe)
    st.caption(describe, help=glossary.help_for("ECE"))


@charts.drawn_once
def _reliability(study: Study) -> go.Figure:
    chart = charts.figure(height=320, x=tr("how sure it is, %"), y=tr("how often it is right, %"))
    charts.line(chart, np.array([0.0, 100.0]), np.array([0.0, 100.0]), name=tr("ideal"), kind="faint", width=1)
    for (sure, right, _), name, kind in zip(
        curves(study), (tr("as the head has it"), tr("with the temperature")), ("soft", "ink"), strict=True
    ):
        charts.line(chart, sure, right, name=name, kind=kind, width=3 if kind == "ink" else 2)
    chart.update_layout(xaxis_range=[0, 102], yaxis_range=[0, 102])
    return chart


@st.cache_resource(max_entries=8, show_spinner=False)
def run_of(study_id: str, _study: Study) -> Run[Audits]:
    """The audits of a study, made once a process."""

    def work(report: Report) -> Audits:
        return audit_study(_study, on_step=lambda done, total: report(N_("Auditing"), done, total))

    return Run(f"audits of {_study.name}", work)


@visitors.fragment
def honesty(study: Study) -> None:
    """Claims, their controls and strange pictures; nothing where the knowledge has no words."""
    if study.knowledge.kind != "attributes":
        return
    style.heading(
        tr("Does it see what it says?"),
        tr(
            "“Seen” and “not seen” are said of a picture, whatever class it is taken for. So they must be true of the "
            "words of the right class, of the runner-up and of any class; reciting a class's description would be "
            "right for the right class alone."
        ),
    )
    run = run_of(study.id, study)
    if run.result is not None:
        _figures(run.result)
    else:
        ask(
            run,
            "audits",
            label=tr("Audit it"),
            icon=":material/rule:",
            help=tr(
                "Asks the network about held-out pictures, about noise and about its own pictures in pieces. About a "
                "minute, in the background."
            ),
        )


def _figures(audits: Audits) -> None:
    for item in audits.claims:
        of = tr("classes that it was shown") if item.side == "seen" else tr("classes that it was only told about")
        words = tr("{count} held-out pictures of {classes}", count=item.pictures, classes=of)
        st.html(f'<p class="cyn-eyebrow cyn-gap">{words}</p>')
        st.html(
            table(
                COLUMNS,
                (tr("Asked about the words of"), tr("“seen” true"), tr("“not seen” true"), tr("reciting")),
                _rows(item),
            )
        )
    controls = [
        (
            tr("claims of other pictures, {side} classes", side=style.kind_name(item.side)),
            item.control.seen_true,
            item.control.not_seen_true,
        )
        for item in audits.claims
    ]
    if audits.shuffled is not None:
        controls.append(
            (tr("a network with shuffled weights"), audits.shuffled.seen_true, audits.shuffled.not_seen_true)
        )
    if controls:
        rows = [(text(name), _percent(seen), _percent(absent)) for name, seen, absent in controls]
        st.html(f'<p class="cyn-eyebrow cyn-gap">{tr("Controls: these must be much worse")}</p>')
        st.html(table(PAIR, ("", tr("“seen” true"), tr("“not seen” true")), rows))
    if audits.novelty is not None:
        novelty = audits.novelty
        style.heading(
            tr("Strange pictures"),
            tr("A picture unlike the study's own should be told apart before any class is: it is none of these."),
            level=3,
            terms=("familiar",),
        )
        rows = [
            (text(tr(name)), f"{value:.3f}", _percent(novelty.refused[name])) for name, value in novelty.auroc.items()
        ]
        st.html(table(PAIR, (tr("Against"), "AUROC", tr("refused")), rows))
        st.caption(
            tr(
                "Of its own held-out pictures it accepts {accepted_seen:.1f} % of seen and {accepted_unseen:.1f} % of "
                "unseen classes. Tiles: its own pictures cut up and put together at random.",
                accepted_seen=novelty.accepted_seen,
                accepted_unseen=novelty.accepted_unseen,
            )
        )
    if audits.parts is not None:
        peaks = audits.parts
        st.caption(
            tr(
                "Of {peaks:,} peaks of verified neurons {hits:.0f} % lie at the part that the name speaks of, "
                "{anywhere:.0f} % would at random ({times:.1f} times as often), {other_names:.0f} % at the part of "
                "another neuron's name.",
                peaks=peaks.peaks,
                hits=peaks.hits,
                anywhere=peaks.anywhere,
                times=peaks.times,
                other_names=peaks.other_names,
            )
        )


def _rows(item: ClaimsAudit) -> list[tuple[str, ...]]:
    asked = (
        (tr("the right class"), item.right),
        (tr("the runner-up"), item.runner_up),
        (tr("a class at random"), item.random),
    )
    every = (tr("all words"), _percent(item.every.seen_true), _percent(item.every.not_seen_true), "")
    return [
        every,
        *(
            (
                text(name),
                _percent(promised.claims.seen_true),
                _percent(promised.claims.not_seen_true, promised.claims.not_seen),
                _percent(promised.recited),
            )
            for name, promised in asked
        ),
    ]


def _percent(value: float, count: int = FEW) -> str:
    """ "98.7 %", with the number of claims where these are few, or a dash where nothing was claimed."""
    if not np.isfinite(value):
        return "–"
    return f"{value:.1f} %" if count >= FEW else f"{value:.0f} % <small>{tr('of {count}', count=count)}</small>"
