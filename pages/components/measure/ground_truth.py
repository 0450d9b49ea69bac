"""What the Measure page shows of names, words and maps held against ground truth, which the Aviary's drawings have attached."""

from __future__ import annotations

import streamlit as st

from niwt_core import Study
from niwt_core.audit.ground_truth import GroundTruth, Pointing, measure_ground_truth
from niwt_core.study.translated_names import TranslatedNames
from pages.components.shared import figures, names, style
from pages.components.shared.background import Report, Run, ask
from pages.components.shared.language import N_, tr
from pages.components.shared.style import text
from pages.components.shared.tables import table
from pages.serving import visitors


@st.cache_resource(max_entries=8, show_spinner=False)
def run_of(study_id: str, _study: Study) -> Run[GroundTruth]:
    """The measurement of a study, made once a process."""

    def work(report: Report) -> GroundTruth:
        return measure_ground_truth(
            _study, on_picture=lambda done, total: report(N_("Drawing and explaining pictures"), done, total)
        )

    return Run(f"truth of {_study.name}", work)


@visitors.fragment
def against_ground_truth(study: Study) -> None:
    """Names, words and maps beside the ground truth; nothing for studies of photographs, whose truth nobody has written down."""
    if study.kind != "aviary":
        return
    style.heading(
        tr("Against the truth"),
        tr(
            "Every bird here was drawn from a description, so each claim can be checked: is the word true of this "
            "picture, and does its map point at the right part of the bird?"
        ),
    )
    run = run_of(study.id, study)
    if run.result is not None:
        _figures(run.result, names.of(study))
    else:
        ask(
            run,
            "truth",
            label=tr("Check the claims"),
            icon=":material/fact_check:",
            help=tr(
                "Draws some hundred held-out pictures again, explains each, and compares. Takes about half a minute, in "
                "the background."
            ),
        )


def _figures(ground_truth: GroundTruth, called: TranslatedNames) -> None:
    of_names, seen, unseen = ground_truth.names, ground_truth.pointing_seen, ground_truth.pointing_unseen
    rows = [
        (
            tr("Neurons whose name held-out pictures confirm"),
            of_names.verified,
            of_names.shuffled,
            tr("names shuffled"),
        ),
        (
            tr("Words true of the picture, seen species"),
            ground_truth.words_seen.true,
            ground_truth.words_seen.by_frequency,
            tr("any words"),
        ),
        (
            tr("Words true of the picture, unseen species"),
            ground_truth.words_unseen.true,
            ground_truth.words_unseen.by_frequency,
            tr("any words"),
        ),
        (tr("Maps that peak in the right part, seen species"), seen.hits, seen.centre, tr("the centre")),
        (tr("Maps that peak in the right part, unseen species"), unseen.hits, unseen.centre, tr("the centre")),
        (tr("Words, after shuffling the network's weights"), ground_truth.words_shuffled.true, None, ""),
        (tr("Maps, after shuffling the network's weights"), ground_truth.pointing_shuffled.hits, None, ""),
    ]
    body = [
        (
            text(name),
            f"<b>{value:.0f} %</b>",
            figures.meter(value / 100, "neuron"),
            "" if chance is None else f"{chance:.0f} % <small>{text(against)}</small>",
        )
        for name, value, chance, against in rows
    ]
    st.html(table("minmax(11rem,2fr) 4rem minmax(4rem,1fr) 9rem", ("", tr("measured"), "", tr("by chance")), body))
    with st.expander(tr("Which parts the maps find"), icon=":material/my_location:"):
        st.html(
            table(
                "minmax(9rem,14rem) 5rem 5rem",
                (tr("Word about"), style.kind_name("seen"), style.kind_name("unseen")),
                _by_group(seen, unseen, called),
            )
        )
        st.caption(
            tr(
                "{seen:,} maps of seen and {unseen:,} of unseen species: of the words that are true of a picture, how "
                "often the peak lies in the part's own mask, leaves and wings in front taken away.",
                seen=seen.maps,
                unseen=unseen.maps,
            )
        )


def _by_group(seen: Pointing, unseen: Pointing, called: TranslatedNames) -> list[tuple[str, ...]]:
    groups = sorted({*seen.by_group, *unseen.by_group}, key=lambda group: -seen.by_group.get(group, 0.0))
    return [
        (
            text(called.group(group)),
            *(f"{part.by_group[group]:.0f} %" if group in part.by_group else "–" for part in (seen, unseen)),
        )
        for group in groups
    ]
