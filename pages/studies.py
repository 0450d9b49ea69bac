"""Studies: what is installed and what it was made from; opening another; how to prepare one."""

from pages.components.shared import session, style
from pages.components.studies import prepare, study_list, view
from pages.serving import policy

session.page(
    "Studies",
    "A study is a network with its dictionary, its classes and their descriptions, prepared once. "
    "Open another, or prepare one from your own pictures.",
)

with session.shown_errors():
    session.current_study()

style.heading("On this machine" if policy.may_name_paths() else "On this server")
for summary in study_list.spines():
    view.summary(summary)
if policy.may_name_paths():
    view.elsewhere()

prepare.show()
