"""What a page works with: the study (shared by everyone), and what this person built, undid and looks at (theirs alone).

study, classifier = session.current_study(), session.classifier()
with session.shown_errors():
    session.add_class(Recipe("Ruby Needlebill", {"crown color": "red"}))
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from niwt_core import BuiltClass, Classifier, EncodedPicture, NiwtError, Recipe, Study, build_class, load_study
from niwt_core.classify.classifier import Source
from niwt_core.classify.confirm import Confirmed, confirm
from niwt_core.knowledge.class_names import class_key
from niwt_core.study.storage import check_unchanged
from pages.components.shared.markdown import escape_markdown
from pages.serving import policy
from pages.serving.arguments import first_folder

STEPS_KEPT = 100
OPEN_STUDIES = (
    3  # in memory at once; each is mapped from disk, so this bounds what people who switch to and fro can hold
)


Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def per_study(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """st.cache_data for functions of a Study (told apart by its id) and plain values; all sessions share the results."""
    cached = st.cache_data(show_spinner=False, max_entries=512, hash_funcs={Study: attrgetter("id")})(function)
    return cast(Callable[Arguments, Result], cached)


# --- the study -------------------------------------------------------------------------------------------------------


def study_folder() -> Path:
    """The study chosen on the Studies page, else the one that the app was started with."""
    return Path(st.session_state.get("study_folder") or first_folder())


def current_study() -> Study:
    """The study of this session, loaded once per process. Raises NiwtError."""
    _enter()
    study = shared_study(study_folder())
    known: dict[str, str] = st.session_state.setdefault("study_ids", {})
    if known.setdefault(str(study_folder()), study.id) != study.id:
        known[str(study_folder())] = study.id
        st.session_state["study_replaced"] = study.name
    return study


def shared_study(folder: Path) -> Study:
    """The study in ``folder``, loaded once per process and shared by all sessions. Raises NiwtError."""
    policy.require_study(folder)
    name, study_id = str(folder), _study_id(folder)
    study: Study = _open_study(name, study_id)
    try:
        check_unchanged(study)
    except NiwtError:
        _open_study.clear(name, study_id)  # the next look opens what is there now
        raise
    return study


def open_study(folder: Path) -> Study:
    """Switches this session to another study; on failure it stays where it was. Raises NiwtError."""
    study = shared_study(folder)
    st.session_state["study_folder"] = str(folder)
    return study


@st.cache_resource(show_spinner=False, max_entries=OPEN_STUDIES)
def _open_study(folder: str, study_id: str) -> Study:
    """``study_id`` is there for the cache: a study that was prepared again has another."""
    return load_study(folder)


def _enter() -> None:
    """Runs app.py where Streamlit has run a page without it.

    Who comes to a fresh server by a page's own address gets that file alone: Streamlit takes a folder named pages for the old kind of
    app until st.navigation has run once.
    """
    if "entered" not in st.session_state:
        st.session_state["entered"] = True
        PagesManager.uses_pages_directory = False
        st.rerun()


def _study_id(folder: Path) -> str:
    manifest = folder / "study.json"
    try:
        return _id_in(manifest, manifest.stat().st_mtime_ns)
    except (OSError, ValueError, LookupError, TypeError):
        return ""  # load_study says what is wrong


@lru_cache(maxsize=OPEN_STUDIES)
def _id_in(manifest: Path, _changed: int) -> str:
    return str(json.loads(manifest.read_text(encoding="utf-8"))["id"])


# --- what this person builds -----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Step:
    """What the classifier held after a change, and the change in words: "added Ruby Needlebill"; ``moves``: the classes whose rows confirmed pictures
    moved, by name."""

    label: str
    recipes: tuple[Recipe, ...]
    moves: Mapping[str, Confirmed] = field(default_factory=dict)


@dataclass
class ClassHistory:
    """One person's classes of one study: the classifier, every step, and which step it stands at."""

    classifier: Classifier
    steps: list[Step] = field(default_factory=lambda: [Step("start", ())])
    at: int = 0
    built: dict[str, tuple[Recipe, Confirmed | None]] = field(default_factory=dict)


def class_history() -> ClassHistory:
    """This session's workshop for the current study; another study has its own, and keeps it. Raises NiwtError."""
    study = current_study()
    class_histories: dict[str, ClassHistory] = st.session_state.setdefault("class_histories", {})
    history = class_histories.setdefault(study.id, ClassHistory(Classifier(study)))
    if (
        history.classifier.study is not study
    ):  # opened anew, as after its files were copied over: the old one's are gone
        gamma = history.classifier.gamma
        history.classifier, history.built = Classifier(study), {}
        history.classifier.gamma = gamma
        _restore(history)
    return history


def classifier() -> Classifier:
    """The seen, unseen and built classes of this session. Raises NiwtError."""
    return class_history().classifier


def recipes() -> tuple[Recipe, ...]:
    """Recipes of the classes built here, in the order they were added."""
    history = class_history()
    return history.steps[history.at].recipes


def moves() -> Mapping[str, Confirmed]:
    """The confirmed pictures that moved classes built here, by the class's name."""
    history = class_history()
    return history.steps[history.at].moves


def add_class(recipe: Recipe, *, replaces: str = "") -> BuiltClass:
    """Builds a class, or builds it anew in the place of ``replaces`` or of one with its name. Raises NiwtError."""
    built = build_class(current_study(), recipe)
    class_history().classifier.hold(built)
    class_history().built[recipe.name] = (recipe, None)
    old = {replaces, recipe.name} - {""}
    changed = any(item.name in old for item in recipes())
    kept = [recipe if item.name == (replaces or recipe.name) else item for item in recipes()]
    if recipe not in kept:
        kept.append(recipe)
    kept = [item for item in kept if item is recipe or item.name not in old]
    _record("changed" if changed else "added", recipe.name, kept)
    return built


def remove_class(name: str) -> None:
    """Takes a built class out. Raises NiwtError."""
    class_history().classifier.remove(name)
    _record("removed", name, [item for item in recipes() if item.name != name])


def move_class(name: str, confirmed: Confirmed) -> None:
    """Moves a built class's row by confirmed pictures, in the place of what moved it before. Raises NiwtError."""
    recipe = next((item for item in recipes() if item.name == name), None)
    if recipe is None:
        raise NiwtError(f"no built class {name!r}", where="this session", fix="choose one of the classes built here")
    _record("moved", name, list(recipes()), {**moves(), name: confirmed})


def unmove_class(name: str) -> None:
    """Gives a moved class the row of its description again."""
    if name in moves():
        _record("moved back", name, list(recipes()), {key: item for key, item in moves().items() if key != name})


def check_class(recipe: Recipe, confirmed: Confirmed | None) -> None:
    """Raises NiwtError unless the class, and the pictures that moved it, can be built in the current study."""
    study = current_study()
    if any(class_key(name) == class_key(recipe.name) for name in study.seen_classes):
        raise NiwtError(f"{recipe.name!r} is a seen class", where="recipe", fix="give the new class another name")
    build_class(study, recipe)
    if confirmed is not None and confirmed.features.shape[1] != study.head.rows.shape[1]:
        raise NiwtError("its confirmed pictures were encoded by another network", where=f"recipe {recipe.name}")


def replace_all(label: str, classes: Sequence[tuple[Recipe, Confirmed | None]]) -> None:
    """Holds exactly these classes, as one step that can be undone; each has passed `check_class`."""
    moved = {recipe.name: item for recipe, item in classes if item is not None}
    _step(class_history(), Step(label, tuple(recipe for recipe, _ in classes), moved))


def rename(name: str, new_name: str) -> None:
    """Gives a built class another name; its weights stay. Raises NiwtError when the name is taken or not a name."""
    recipe = next((item for item in recipes() if item.name == name), None)
    if recipe is None:
        raise NiwtError(f"no built class {name!r}", where="this session", fix="choose one of the classes built here")
    if new_name.strip() != name:
        if any(item.name == new_name.strip() for item in recipes()):
            raise NiwtError(f"{new_name!r} is built already", where="this session", fix="give another name")
        moved = moves().get(name)
        add_class(replace(recipe, name=new_name), replaces=name)
        if moved is not None:  # one step, not two
            history = class_history()
            step = history.steps.pop()
            history.at -= 1
            _step(history, replace(step, moves={**step.moves, new_name.strip(): moved}))


def undo() -> bool:
    """Goes back one step; False at the start."""
    return _go(-1)


def redo() -> bool:
    """Goes forward one step; False at the end."""
    return _go(1)


def history() -> tuple[tuple[Step, ...], int]:
    """(all steps, the position of the present one)."""
    history = class_history()
    return tuple(history.steps), history.at


def _record(verb: str, name: str, recipes: list[Recipe], moves: Mapping[str, Confirmed] | None = None) -> None:
    """A new step; what confirmed pictures moved stays moved for as long as its description stays."""
    history = class_history()
    last = history.steps[history.at]
    if moves is None:
        before = {item.name: item for item in last.recipes}
        kept = {item.name for item in recipes if before.get(item.name) == item}
        moves = {key: item for key, item in last.moves.items() if key in kept}
    _step(history, Step(f"{verb} {name}", tuple(recipes), moves))


def _step(history: ClassHistory, step: Step) -> None:
    history.steps = [*history.steps[: history.at + 1], step][-STEPS_KEPT:]
    history.at = len(history.steps) - 1
    _restore(history)


def _go(by: int) -> bool:
    history = class_history()
    if not 0 <= history.at + by < len(history.steps):
        return False
    history.at += by
    _restore(history)
    return True


def _restore(history: ClassHistory) -> None:
    """Makes the classifier hold exactly the present step's classes, in its order; recipes and pictures give the same weights every time."""
    step, classifier = history.steps[history.at], history.classifier
    wanted = {recipe.name: (recipe, step.moves.get(recipe.name)) for recipe in step.recipes}
    built = classifier.built
    if list(built) == list(wanted) and history.built == wanted:
        return
    for name in built:
        classifier.remove(name)
    for name, (recipe, confirmed) in wanted.items():
        if name in built and history.built.get(name) == (recipe, confirmed):
            classifier.hold(built[name])
        elif confirmed is None:
            classifier.add_recipe(recipe)
        else:
            classifier.hold(confirm(classifier.study, recipe, confirmed).moved)
    history.built = wanted


# --- the picture at hand ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class CurrentPicture:
    """The picture that a person looks at, encoded by the study ``study_id``."""

    name: str
    picture: EncodedPicture
    study_id: str


def current_picture() -> CurrentPicture | None:
    """The picture chosen last in this session for the current study."""
    upload = st.session_state.get("current_picture")
    return upload if isinstance(upload, CurrentPicture) and upload.study_id == current_study().id else None


def set_current_picture(source: Source | EncodedPicture, name: str) -> CurrentPicture:
    """Encodes a picture, unless it is, and keeps it as the one at hand. Raises NiwtError if it cannot be read."""
    picture = source if isinstance(source, EncodedPicture) else classifier().encode(source)
    upload = CurrentPicture(name, picture, current_study().id)
    st.session_state["current_picture"] = upload
    return upload


# --- the page --------------------------------------------------------------------------------------------------------


def page(title: str, lead: str, *, keep: bool = True, terms: tuple[str, ...] = ()) -> None:
    """The head of every page: its title, and what it is for in two lines. ``keep``: the browser keeps what is built by now;
    ``terms`` of the glossary are explained in the lead."""
    from pages.components.shared import glossary, keeper, style
    from pages.components.shared.page_top import page_top

    _enter()
    page_top(title)
    replaced_study = st.session_state.pop("study_replaced", "")
    if replaced_study:
        st.warning(
            f"{escape_markdown(replaced_study)} was prepared again since this page was opened: neurons, weights and figures are the new study's, "
            "and classes built before are not part of it.",
            icon=":material/refresh:",
        )
    if keep:
        with shown_errors():
            keeper.keep_classes()
    st.html(f'<header class="cyn-head"><h1>{style.text(title)}</h1><p>{glossary.explained(lead, *terms)}</p></header>')


@contextmanager
def shown_errors() -> Iterator[None]:
    """Shows a user's mistake where it happened: what, where, what to do. A decorator too. The rest of the page goes on."""
    try:
        yield
    except NiwtError as error:
        show_error(error)


def show_error(error: NiwtError) -> None:
    """One message: what is wrong in bold, where in code, what to do."""
    what, where, fix = (policy.without_paths(part) for part in (error.what, error.where, error.fix))
    st.error(f"**{_sentence(what)}**", icon=":material/error:")
    details = [f"Where: `{where.replace('`', chr(39))}`"] if where else []
    details += [f"What to do: {_sentence(fix)}"] if fix else []
    if details:
        st.caption("  \n".join(details))


def _sentence(text: str) -> str:
    """What people typed stays text; the first letter is a capital."""
    return escape_markdown(text[:1].upper() + text[1:])
