"""The classes that this person built of a study: every step, undone and redone."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import streamlit as st

from niwt_core import BuiltClass, Classifier, NiwtError, Recipe, build_class
from niwt_core.classify.confirm import Confirmed, confirm
from niwt_core.knowledge.class_names import class_key
from pages.components.shared.language import N_, tr
from pages.components.shared.session.studies import current_study

STEPS_KEPT = 100


@dataclass(frozen=True, eq=False)
class Step:
    """What the classifier held after a change, and the change in words: "added Ruby Needlebill"; ``moves``: the classes whose rows confirmed pictures
    moved, by name."""

    label: str
    recipes: tuple[Recipe, ...]
    moves: Mapping[str, Confirmed] = field(default_factory=dict)


@dataclass
class ClassHistory:
    """One person's classes of one study: the classifier, every step, and which step it stands at; ``lock``: what the browser kept joins them."""

    classifier: Classifier
    steps: list[Step] = field(default_factory=lambda: [Step("start", ())])
    at: int = 0
    built: dict[str, tuple[Recipe, Confirmed | None]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def class_history() -> ClassHistory:
    """This session's workshop for the current study; another study has its own, and keeps it. Raises NiwtError."""
    study = current_study()
    class_histories: dict[str, ClassHistory] = st.session_state.setdefault("class_histories", {})
    if study.id not in class_histories:  # not setdefault: a classifier costs more than the rest of a page's session
        class_histories[study.id] = ClassHistory(Classifier(study))
    history = class_histories[study.id]
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
    _record(N_("changed {name}") if changed else N_("added {name}"), recipe.name, kept)
    return built


def remove_class(name: str) -> None:
    """Takes a built class out. Raises NiwtError."""
    class_history().classifier.remove(name)
    _record(N_("removed {name}"), name, [item for item in recipes() if item.name != name])


def move_class(name: str, confirmed: Confirmed) -> None:
    """Moves a built class's row by confirmed pictures, in the place of what moved it before. Raises NiwtError."""
    recipe = next((item for item in recipes() if item.name == name), None)
    if recipe is None:
        raise NiwtError(f"no built class {name!r}", where="this session", fix="choose one of the classes built here")
    _record(N_("moved {name}"), name, list(recipes()), {**moves(), name: confirmed})


def unmove_class(name: str) -> None:
    """Gives a moved class the row of its description again."""
    if name in moves():
        _record(
            N_("moved {name} back"), name, list(recipes()), {key: item for key, item in moves().items() if key != name}
        )


def check_class(recipe: Recipe, confirmed: Confirmed | None) -> None:
    """Raises NiwtError unless the class, and the pictures that moved it, can be built in the current study."""
    study = current_study()
    if any(class_key(name) == class_key(recipe.name) for name in study.seen_classes):
        raise NiwtError(f"{recipe.name!r} is a seen class", where="recipe", fix="give the new class another name")
    build_class(study, recipe)
    if confirmed is not None and confirmed.features.shape[1] != study.head.rows.shape[1]:
        raise NiwtError("its confirmed pictures were encoded by another network", where=f"recipe {recipe.name}")


def replace_all(history: ClassHistory, label: str, classes: Sequence[tuple[Recipe, Confirmed | None]]) -> None:
    """Holds exactly these classes, as one step that can be undone; each has passed `check_class`. Looks at no session's state."""
    moved = {recipe.name: item for recipe, item in classes if item is not None}
    _step(history, Step(label, tuple(recipe for recipe, _ in classes), moved))


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


def _record(change: str, name: str, recipes: list[Recipe], moves: Mapping[str, Confirmed] | None = None) -> None:
    """A new step; what confirmed pictures moved stays moved for as long as its description stays."""
    history = class_history()
    last = history.steps[history.at]
    if moves is None:
        before = {item.name: item for item in last.recipes}
        kept = {item.name for item in recipes if before.get(item.name) == item}
        moves = {key: item for key, item in last.moves.items() if key in kept}
    _step(history, Step(tr(change, name=name), tuple(recipes), moves))


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
