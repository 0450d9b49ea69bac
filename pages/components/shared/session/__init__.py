"""What a page works with: the study (shared by everyone), and what this person built, undid and looks at (theirs alone).

study, classifier = session.current_study(), session.classifier()
with session.shown_errors():
    session.add_class(Recipe("Ruby Needlebill", {"crown color": "red"}))
"""

from pages.components.shared.session.class_history import (
    ClassHistory,
    Step,
    add_class,
    check_class,
    class_history,
    classifier,
    history,
    move_class,
    moves,
    recipes,
    redo,
    remove_class,
    rename,
    replace_all,
    undo,
    unmove_class,
)
from pages.components.shared.session.current_picture import CurrentPicture, current_picture, set_current_picture
from pages.components.shared.session.mistakes import show_error, show_errors, shown_errors
from pages.components.shared.session.studies import (
    current_study,
    enter,
    open_study,
    per_study,
    per_study_and_language,
    shared_study,
    study_folder,
)

__all__ = [
    "ClassHistory",
    "CurrentPicture",
    "Step",
    "add_class",
    "check_class",
    "class_history",
    "classifier",
    "current_picture",
    "current_study",
    "enter",
    "history",
    "move_class",
    "moves",
    "open_study",
    "per_study",
    "per_study_and_language",
    "recipes",
    "redo",
    "remove_class",
    "rename",
    "replace_all",
    "set_current_picture",
    "shared_study",
    "show_error",
    "show_errors",
    "shown_errors",
    "study_folder",
    "undo",
    "unmove_class",
]
