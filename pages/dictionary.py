"""Neuron dictionary: search the neurons, see what excites them, how far their names hold, and what the network loses without them."""

import streamlit as st

from niwt_core.report.dictionary_data import dictionary_csv
from niwt_core.study.naming_notice import what_names_were_tested_on
from pages.components.dictionary import by_picture, entry
from pages.components.shared import cards, class_families, lookup, names, session, user_names, user_photographs
from pages.components.shared.language import N_, tr
from pages.components.shared.page_head import page_head

PER_PAGE = 12
TRUST = {N_("Verified"): ("verified",), N_("Named"): ("verified", "weak"), N_("All"): lookup.STATUSES}

study = session.current_study()
asked = st.query_params.get("neuron", "")
if asked:
    with session.shown_errors():
        entry.show(study, entry.number(study, asked))
    st.stop()

page_head(
    tr("Neuron dictionary"),
    tr(
        "Each neuron answers to something: a colour, a shape, a pose. Its name is a guess from the descriptions "
        "of classes, put to the test on {tested_on}.",
        tested_on=tr(what_names_were_tested_on(study)),
    ),
    terms=("neuron",),
)
cards.trust_bar(study)

built = session.classifier().built
words_column, class_column, part_column, trust_column, picture_column = st.columns(
    [8, 7, 6, 10, 6], vertical_alignment="bottom"
)
words = words_column.text_input(
    tr("Search"), placeholder=tr("green wings, beak, a class, № 15"), key="words", type="search", live=True, icon=":material/search:"
)  # fmt: skip
options = [*built, *class_families.ordered(study)]
if st.session_state.get("of_class") not in options:  # a built class that is gone
    st.session_state.pop("of_class", None)
name = class_column.selectbox(
    tr("Matters to"),
    options,
    index=None,
    format_func=class_families.label(study),
    placeholder=tr("Any class"),
    key="of_class",
)
parts = lookup.parts(study)
part = part_column.selectbox(
    tr("Part"),
    list(parts),
    index=None,
    format_func=lambda group: parts[group],
    placeholder=tr("Any part"),
    key="part",
    disabled=not parts,
)
trust = TRUST[
    trust_column.segmented_control(
        tr("Trust"), list(TRUST), format_func=tr, default="Named", required=True, key="trust", width="stretch"
    )
]
result = lookup.search(study, words or "", part or "", trust, tuple(built.values()))
listed = list(result.neurons)
if result.class_name or result.attributes or result.read_as:
    cards.read_as(study, result)
with picture_column, session.shown_errors():
    by_picture.pick(study)

if by_picture.show(study, listed):
    st.stop()
user_photographs.panel(study, "dictionary")
if name is None:
    class_families.browse(study, "dictionary", lambda chosen: st.session_state.update(of_class=chosen))
for column in lookup.attribute_columns(study, words or ""):
    user_photographs.strip(
        tr("Of your photographs, “{word}” is seen in these", word=names.label(study, column)),
        user_photographs.of_attribute(study, column),
    )
if name is not None:
    entry.show_class(study, name, listed, built.get(name))
elif not listed:
    cards.nothing(
        tr("No neuron answers to that"),
        tr("Try a shorter word, another part, or show all neurons, unnamed ones included."),
    )
else:
    own_names = user_names.of(study)
    count, save, view = st.columns([6, 2, 4], vertical_alignment="center")
    with count:
        cards.count_line(len(listed), len(study.neurons))
    save.download_button(
        tr("As CSV"),
        lambda: dictionary_csv(study, own_names).encode(),
        f"{study.name}-neurons.csv",
        "text/csv",
        icon=":material/download:",
        type="tertiary",
        help=tr("Every neuron with its name, its test and the classes it matters to most"),
        key="dictionary_csv",
    )
    shown_as = view.segmented_control(
        tr("Show as"),
        [N_("Cards"), N_("Map")],
        format_func=tr,
        default="Cards",
        required=True,
        key="dictionary_view",
        label_visibility="collapsed",
    )
    if shown_as == "Map":
        from pages.components.dictionary import neuron_map

        neuron_map.show(study, listed)
        st.stop()
    pages = -(-len(listed) // PER_PAGE)
    page = min(st.session_state.get("dictionary_page", 1), pages)
    with st.grid(columns=4, min_column_width=230, gap="medium", key="gallery"):
        for index in listed[(page - 1) * PER_PAGE : page * PER_PAGE]:
            cards.neuron_card(study, index, scope="all")
    if pages > 1:
        st.pagination(pages, key="dictionary_page")
