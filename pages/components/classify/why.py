"""Why this class, and why not that one: sentence, neurons, words, what would have to change, and the report to take away."""

from __future__ import annotations

import math
import re

import streamlit as st

from niwt_core import report
from niwt_core.classify.answer import Answer
from niwt_core.explain.attribution import Method
from niwt_core.explain.explanation import Explanation
from niwt_core.explain.sentence import UNFAMILIAR
from niwt_core.report import fragments
from niwt_core.report.document import counterfactual_about, report_html, seen_from_runner_up
from niwt_core.report.numbers import number
from niwt_core.report.sightings import sighting_legend, sighting_list
from pages.components.classify.reasons import neuron_thumbnails
from pages.components.shared import charts, glossary, style
from pages.components.shared.style import text

SPLIT = (11, 9)  # widths of the two columns, all the way down the page


def sentence(explanation: Explanation) -> None:
    """The explanation in words."""
    st.html(f'<blockquote class="cls-sentence">{text(explanation.sentence)}</blockquote>')


def unfamiliar(answer: Answer) -> None:
    """A picture unlike the study's own is said to be so, before any class."""
    if not answer.familiar:
        st.warning(UNFAMILIAR, icon=":material/help:")


def sights(explanation: Explanation) -> None:
    """Each word of the class's description with a sign: seen in this picture, not seen, or not to be told."""
    if explanation.observations:
        st.html(sighting_list(explanation.observations) + f'<p class="nr-small">{sighting_legend()}</p>')


def words(answer: Answer, explanation: Explanation) -> None:
    """What the class stands for, read back from its neurons, whatever the picture."""
    if explanation.words:
        st.html(
            fragments.attribute_bars(explanation.words)
            + '<p class="nr-small">Standard deviations above the average class.</p>'
        )
    else:
        st.caption(_no_words(answer))


def neurons(answer: Answer, explanation: Explanation, *, key: str) -> None:
    """The neurons for and against, side by side."""
    name = explanation.display
    style.heading(
        "Neurons for and against",
        "What each adds to the score, and where in the picture it is active. Names are hypotheses, tested on pictures held back.",
    )
    parts = [*explanation.supporting, *explanation.opposing]
    drawn = neuron_thumbnails(answer, parts, key=key)
    longest = max((abs(part.contribution) for part in parts), default=1.0)
    sides = ((f"For {name}", explanation.supporting), (f"Against {name}", explanation.opposing))
    for column, (title, side) in zip(st.columns(SPLIT, gap="large"), sides, strict=True):
        with column:
            style.heading(title, level=3)
            st.html(fragments.neuron_list(side, drawn, longest=longest, empty="No neuron does."))
    with st.expander("How they add up", icon=":material/waterfall_chart:"):
        waterfall(explanation)


def lead(explanation: Explanation) -> str:
    """Who is ahead, and by how much."""
    upload = explanation.contrast
    if upload is None:
        return "There is no other class."
    margin = number(abs(upload.margin))
    if upload.margin >= 0:
        return f"{upload.name} is ahead by {margin}. This is what the picture holds against {upload.versus}."
    return f"{upload.versus} is ahead by {margin}. This is what the picture still holds for {upload.name}."


def waterfall(explanation: Explanation) -> None:
    """From the average picture to this one: what the strongest neurons, all others and the rest add to the score."""
    parts = [*explanation.supporting, *explanation.opposing]
    shown = sum(part.contribution for part in parts)
    total = float(explanation.contributions.sum())
    names = ["average picture", *(f"№ {part.index}" for part in parts), "all other neurons", "score"]
    values = [explanation.baseline, *(part.contribution for part in parts), total - shown + explanation.residual, 0.0]
    tips = [
        "",
        *(text(part.neuron.name) for part in parts),
        f"{len(explanation.contributions) - len(parts)} neurons",
        "",
    ]
    chart = charts.figure(height=300, y="logit")
    chart.add_waterfall(
        x=names, y=values, measure=["absolute", *["relative"] * (len(values) - 2), "total"], text=tips, textposition="none",
        hovertemplate="%{x}: %{delta:+.2f}<br>%{text}<extra></extra>", connector={"line": {"color": charts.tone("line")}},
        increasing={"marker": {"color": charts.tone("built")}}, decreasing={"marker": {"color": charts.tone("unseen")}},
        totals={"marker": {"color": charts.tone("neuron")}},
    )  # fmt: skip
    chart.update_layout(showlegend=False)
    charts.show(chart, key="waterfall", alt=f"From {explanation.baseline:.2f} to {explanation.score:.2f} logits.")


def contrast(answer: Answer, explanation: Explanation, *, key: str) -> None:
    """Why not the runner-up: the words and what would have to change, and the neurons."""
    upload = explanation.contrast
    if upload is None:
        return
    words, parts = st.columns(SPLIT, gap="large")
    with words:
        style.heading("Words that tell them apart", level=3)
        if upload.words:
            st.html(
                fragments.attribute_bars(upload.words)
                + f'<p class="nr-small">{glossary.explained("Evidence: what each holds of the lead. Hollow: its absence speaks.", "evidence")}</p>'
            )
        else:
            st.caption(_no_words(answer))
        turning = upload if upload.margin >= 0 else seen_from_runner_up(answer, upload)
        if turning.counterfactual:
            style.heading("What would have to change", level=3, terms=("counterfactual",))
            st.html(f'<p class="cyn-sub">{counterfactual_about(turning)}</p>{fragments.counterfactual_steps(turning)}')
    with parts:
        style.heading("Neurons that tell them apart", level=3)
        drawn = neuron_thumbnails(answer, upload.neurons, key=key)
        st.html(fragments.neuron_list(upload.neurons, drawn, empty="No neuron does."))


def numbers(answer: Answer, explanation: Explanation) -> None:
    """Every number, for those who ask."""
    study, total = answer.classifier.study, float(explanation.contributions.sum())
    rows = [
        ("Score (calibrated logit)", f"{explanation.score:.4f}"),
        ("Probability", f"{explanation.probability:.4f}"),
        ("Sum of all neurons' contributions", f"{total:.4f}"),
        ("Score of the average picture, from which they are measured", f"{explanation.baseline:.4f}"),
        ("Missed by the integral", f"{explanation.residual:.2g}"),
        *_familiar(answer),
        ("γ taken from seen classes", f"{answer.classifier.gamma:.4f} (study: {study.gamma:.4f})"),
        (
            "Network and dictionary layer",
            f"{study.network.name}, {study.network.layer}, {study.network.neurons} neurons",
        ),
        ("Study", f"{study.name}, {study.id}, split {study.split_hash}"),
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
    return [("Familiar", f"{'yes' if answer.familiar else 'no'}, its distance is {answer.novelty:.2f} of the limit")]


def downloads(answer: Answer, explanation: Explanation, *, method: Method, picture_name: str) -> None:
    """The report as one page, and its figures and tables; both are made when they are asked for."""
    slug = re.sub(r"[^a-z0-9]+", "-", explanation.display.lower()).strip("-") or "class"
    methods = (method,)

    def page() -> bytes:
        return report_html(answer, explanation, methods=methods, picture_name=picture_name).encode()

    def archive() -> bytes:
        files = report.report_files(answer, explanation, methods=methods, picture_name=picture_name)  # loads Matplotlib
        return report.report_zip(files)

    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "Report (one HTML file)",
            page,
            f"why-{slug}.html",
            "text/html",
            icon=":material/description:",
            type="primary",
            on_click="ignore",
            key="report",
        )
        st.download_button(
            "Figures and tables (ZIP)",
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
        "No word tells them apart here."
        if kind == "attributes"
        else f"This study describes its classes by {kind}, not by words."
    )
