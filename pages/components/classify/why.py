"""Why this class, and why not that one: sentence, neurons, words, what would have to change, and the report to take away."""

from __future__ import annotations

import math
import re

import streamlit as st

from niwt_core import report
from niwt_core.classify.answer import Answer
from niwt_core.classify.novelty import HeadNovelty, novelty_of
from niwt_core.explain.attribution import Method
from niwt_core.explain.explanation import Explanation
from niwt_core.explain.sentence import UNFAMILIAR
from niwt_core.report import document, fragments
from niwt_core.report.document import counterfactual_about, report_html, seen_from_runner_up
from niwt_core.report.sightings import sighting_legend, sighting_list
from pages.components.classify import spoken
from pages.components.classify.reasons import neuron_thumbnails
from pages.components.shared import charts, glossary, style
from pages.components.shared.language import tr
from pages.components.shared.style import text

SPLIT = (11, 9)  # widths of the two columns, all the way down the page


def sentence(answer: Answer, explanation: Explanation) -> None:
    """The explanation in words."""
    words = spoken.wording(answer.classifier.study).sentence(explanation.statements)
    st.html(f'<blockquote class="cls-sentence">{text(words)}</blockquote>')


def unfamiliar(answer: Answer) -> None:
    """A picture unlike the study's own is said to be so, before any class."""
    if not answer.familiar:
        st.warning(tr(UNFAMILIAR), icon=":material/help:")


def sights(answer: Answer, explanation: Explanation) -> None:
    """Each word of the class's description with a sign: seen in this picture, not seen, or not to be told."""
    if explanation.observations:
        words = spoken.wording(answer.classifier.study)
        st.html(
            sighting_list(explanation.observations, wording=words)
            + f'<p class="nr-small">{sighting_legend(wording=words)}</p>'
        )


def words(answer: Answer, explanation: Explanation) -> None:
    """What the class stands for, read back from its neurons, whatever the picture."""
    if explanation.words:
        st.html(
            fragments.attribute_bars(explanation.words, wording=spoken.wording(answer.classifier.study))
            + f'<p class="nr-small">{tr("Standard deviations above the average class.")}</p>'
        )
    else:
        st.caption(_no_words(answer))


def neurons(answer: Answer, explanation: Explanation, *, key: str) -> None:
    """The neurons for and against, side by side."""
    name = explanation.display
    style.heading(
        tr("Neurons for and against"),
        tr(
            "What each adds to the score, and where in the picture it is active. Names are hypotheses, tested on "
            "pictures held back."
        ),
    )
    parts = [*explanation.supporting, *explanation.opposing]
    drawn, wording = neuron_thumbnails(answer, parts, key=key), spoken.wording(answer.classifier.study)
    longest = max((abs(part.contribution) for part in parts), default=1.0)
    sides = (
        (tr("For {name}", name=name), explanation.supporting),
        (tr("Against {name}", name=name), explanation.opposing),
    )
    for column, (title, side) in zip(st.columns(SPLIT, gap="large"), sides, strict=True):
        with column:
            style.heading(title, level=3)
            st.html(fragments.neuron_list(side, drawn, longest=longest, empty=tr("No neuron does."), wording=wording))
    with st.expander(
        tr("How they add up"), icon=":material/waterfall_chart:", key="adding_up", on_change="rerun"
    ) as adding_up:
        if adding_up.open:  # a chart is the dearest part of this page
            waterfall(explanation)


def lead(answer: Answer, explanation: Explanation) -> str:
    """Who is ahead, and by how much."""
    if explanation.contrast is None:
        return tr("There is no other class.")
    return document.lead(explanation.contrast, wording=spoken.wording(answer.classifier.study))


def waterfall(explanation: Explanation) -> None:
    """From the average picture to this one: what the strongest neurons, all others and the rest add to the score."""
    parts = [*explanation.supporting, *explanation.opposing]
    shown = sum(part.contribution for part in parts)
    total = float(explanation.contributions.sum())
    names = [tr("average picture"), *(f"№ {part.index}" for part in parts), tr("all other neurons"), tr("score")]
    values = [explanation.baseline, *(part.contribution for part in parts), total - shown + explanation.residual, 0.0]
    tips = [
        "",
        *(text(part.neuron.name) for part in parts),
        tr("{count} neurons", count=len(explanation.contributions) - len(parts)),
        "",
    ]
    chart = charts.figure(height=300, y=tr("logit"))
    chart.add_waterfall(
        x=names, y=values, measure=["absolute", *["relative"] * (len(values) - 2), "total"], text=tips, textposition="none",
        hovertemplate="%{x}: %{delta:+.2f}<br>%{text}<extra></extra>", connector={"line": {"color": charts.tone("line")}},
        increasing={"marker": {"color": charts.tone("built")}}, decreasing={"marker": {"color": charts.tone("unseen")}},
        totals={"marker": {"color": charts.tone("neuron")}},
    )  # fmt: skip
    chart.update_layout(showlegend=False)
    charts.show(
        chart,
        key="waterfall",
        alt=tr("From {baseline:.2f} to {score:.2f} logits.", baseline=explanation.baseline, score=explanation.score),
    )


def contrast(answer: Answer, explanation: Explanation, *, key: str) -> None:
    """Why not the runner-up: the words and what would have to change, and the neurons."""
    upload = explanation.contrast
    if upload is None:
        return
    wording = spoken.wording(answer.classifier.study)
    words, parts = st.columns(SPLIT, gap="large")
    with words:
        style.heading(tr("Words that tell them apart"), level=3)
        if upload.words:
            legend = tr("Evidence: what each holds of the lead. Hollow: its absence speaks.")
            st.html(
                fragments.attribute_bars(upload.words, wording=wording)
                + f'<p class="nr-small">{glossary.explained(legend, "evidence")}</p>'
            )
        else:
            st.caption(_no_words(answer))
        turning = upload if upload.margin >= 0 else seen_from_runner_up(answer, upload)
        if turning.counterfactual:
            style.heading(tr("What would have to change"), level=3, terms=("counterfactual",))
            about = counterfactual_about(turning, wording=wording)
            st.html(f'<p class="cyn-sub">{about}</p>{fragments.counterfactual_steps(turning, wording=wording)}')
    with parts:
        style.heading(tr("Neurons that tell them apart"), level=3)
        drawn = neuron_thumbnails(answer, upload.neurons, key=key)
        st.html(fragments.neuron_list(upload.neurons, drawn, empty=tr("No neuron does."), wording=wording))


def numbers(answer: Answer, explanation: Explanation) -> None:
    """Every number, for those who ask."""
    study, total = answer.classifier.study, float(explanation.contributions.sum())
    rows = [
        (tr("Score (calibrated logit)"), f"{explanation.score:.4f}"),
        (tr("Probability"), f"{explanation.probability:.4f}"),
        (tr("Sum of all neurons' contributions"), f"{total:.4f}"),
        (tr("Score of the average picture, from which they are measured"), f"{explanation.baseline:.4f}"),
        (tr("Missed by the integral"), f"{explanation.residual:.2g}"),
        *_familiar(answer),
        (
            tr("γ taken from seen classes"),
            tr("{gamma:.4f} (study: {own:.4f})", gamma=answer.classifier.gamma, own=study.gamma),
        ),
        (
            tr("Network and dictionary layer"),
            tr(
                "{network}, {layer}, {count} neurons",
                network=study.network.name,
                layer=study.network.layer,
                count=study.network.neurons,
            ),
        ),
        (tr("Study"), tr("{name}, {id}, split {split}", name=study.name, id=study.id, split=study.split_hash)),
    ]
    st.html(
        '<dl class="cyn-list">'
        + "".join(f"<dt>{glossary.label(name)}</dt><dd>{text(value)}</dd>" for name, value in rows)
        + "</dl>"
    )


def _familiar(answer: Answer) -> list[tuple[str, str]]:
    """How unlike the study's own pictures, where the study can tell."""
    if math.isnan(answer.novelty):
        return []
    caution = ""
    if isinstance(novelty_of(answer.classifier.study), HeadNovelty):
        caution = " (" + tr("by the head alone: drawings and cut-up pictures pass for photographs") + ")"
    return [
        (
            tr("Familiar"),
            tr(
                "{verdict}, its distance is {novelty:.2f} of the limit",
                verdict=tr("yes") if answer.familiar else tr("no"),
                novelty=answer.novelty,
            )
            + caution,
        )
    ]


def downloads(answer: Answer, explanation: Explanation, *, method: Method, picture_name: str) -> None:
    """The report as one page, and its figures and tables; both are made when they are asked for."""
    slug = re.sub(r"[^a-z0-9]+", "-", explanation.display.lower()).strip("-") or "class"
    methods, wording = (method,), spoken.wording(answer.classifier.study)  # both are made outside of the session's run

    def page() -> bytes:
        return report_html(answer, explanation, methods=methods, picture_name=picture_name, wording=wording).encode()

    def archive() -> bytes:
        files = report.report_files(
            answer, explanation, methods=methods, picture_name=picture_name, wording=wording
        )  # loads Matplotlib
        return report.report_zip(files)

    with st.container(horizontal=True, gap="small"):
        st.download_button(
            tr("Report (one HTML file)"),
            page,
            f"why-{slug}.html",
            "text/html",
            icon=":material/description:",
            type="primary",
            on_click="ignore",
            key="report",
        )
        st.download_button(
            tr("Figures and tables (ZIP)"),
            archive,
            f"why-{slug}.zip",
            "application/zip",
            icon=":material/folder_zip:",
            on_click="ignore",
            key="figures",
        )


def _no_words(answer: Answer) -> str:
    kind = answer.classifier.study.knowledge.kind
    return (
        tr("No word tells them apart here.")
        if kind == "attributes"
        else tr("This study describes its classes by {kind}, not by words.", kind=kind)
    )
