"""The transfer beside other methods on the Measure page; they are run on demand, in the background."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

import streamlit as st

from niwt_core import Study
from niwt_core.evaluation.metrics import Metrics
from niwt_core.study.baselines import left_out, run_baselines
from pages.components.measure import measures
from pages.components.shared import figures, style
from pages.components.shared.background import Report, Run, ask
from pages.components.shared.language import N_, tr
from pages.components.shared.style import text
from pages.components.shared.tables import table
from pages.serving import policy, visitors

OWN, UNCALIBRATED = N_("NIWT, exact transfer"), "(uncalibrated)"


@st.cache_resource(max_entries=8, show_spinner=False)
def run_of(study_id: str, _study: Study) -> Run[Mapping[str, Metrics]]:
    """The comparison of a study, made once a process."""

    def work(report: Report) -> Mapping[str, Metrics]:
        return run_baselines(_study, on_baseline=lambda name, done, total: report(f"Fitting {name}", done, total))

    return Run(f"baselines of {_study.name}", work)


@visitors.fragment
def beside_others(study: Study) -> None:
    """The transfer beside other methods; they are run on demand."""
    style.heading(
        tr("Beside other methods"),
        tr("The same features, folds and calibration, for methods that map words to classes without asking neurons."),
    )
    run, evaluated = run_of(study.id, study), measures.evaluation(study)
    ours = {OWN: evaluated.metrics, f"{OWN} {UNCALIBRATED}": evaluated.plain}
    if run.result is not None:
        rows = {**ours, **run.result}
        st.html(methods_table({name: value for name, value in rows.items() if UNCALIBRATED not in name}))
        with st.expander(tr("Without calibration"), icon=":material/balance:"):
            st.html(methods_table({name: value for name, value in rows.items() if UNCALIBRATED in name}))
        if left := left_out(study):
            names = tr(" and ").join(filter(None, (", ".join(left[:-1]), left[-1])))
            st.caption(tr("{names} came after this study was prepared. Prepare it again to see them too.", names=names))
    else:
        st.html(methods_table({OWN: evaluated.metrics}))
        ask(
            run,
            "baselines",
            label=tr("Run the others"),
            icon=":material/play_arrow:",
            help=tr("Takes half a minute or so, in the background; longer for a study from before a method was added."),
        )


def beside_clip(study: Study) -> None:
    """How to have CLIP in the table: its weights and the pictures are the user's, so that it runs from the command line."""
    with st.expander(tr("Beside CLIP"), icon=":material/image_search:"):
        st.caption(
            tr(
                "CLIP learned from pictures of the web and may have met the unseen classes there: a reference, not a "
                "baseline under the same rules. It looks at the pictures themselves. Where you have its weights:"
            )
        )
        st.code(clip_command(study), language="bash", wrap_lines=True)


def clip_command(study: Study) -> str:
    """The command line that shows CLIP beside the baselines; names in capitals are the user's to fill in."""
    folder = "STUDY" if study.folder is None or not policy.may_name_paths() else shlex.quote(str(study.folder))
    pictures = "" if study.kind == "aviary" else " --root PICTURES"  # the Aviary's are drawn again
    return f"niwt evaluate {folder} --baselines --clip FOLDER{pictures}"


def methods_table(rows: dict[str, Metrics]) -> str:
    """Markup, the highest H first; the transfer stands out wherever it stands."""
    body = []
    for name, value in sorted(rows.items(), key=lambda item: -item[1].H):
        ours, shown = name.startswith(OWN), text(tr(name.removesuffix(UNCALIBRATED).strip()))
        figures_ = [f"{getattr(value, key):.1f}" for key in ("U", "S", "zsl")]
        bar = figures.meter(value.H / 100, "neuron" if ours else "faint")
        body.append((f"<b>{shown}</b>" if ours else shown, *figures_, f"<b>{value.H:.1f}</b>", bar))
    columns = "minmax(9rem,auto) repeat(4,3.5rem) 1fr"
    return table(columns, (tr("Method, %"), "U", "S", "ZSL", "H", ""), body, css="cyn-methods")
