"""The words of the editor in the session's language; the browser fills the {names} in."""

from __future__ import annotations

from pages.components.shared.language import tr


def editor_words() -> dict[str, str]:
    """Key in the editor's scripts -> text."""
    return {
        "searchCount": tr("Search {count} attributes"),
        "search": tr("Search attributes"),
        "onlyChanged": tr("Only what changed"),
        "stepBack": tr("Step back"),
        "stepForward": tr("Step forward"),
        "resetAll": tr("Reset all"),
        "openAll": tr("Open all"),
        "closeAll": tr("Close all"),
        "reset": tr("Reset {name}"),
        "sliders": tr("Sliders"),
        "slidersOf": tr("{name}: sliders"),
        "onlyOf": tr("{group}: only {value}"),
        "only": tr("Only {value}"),
        "ignored": tr("{value}: this network ignores it"),
        "amountOf": tr("{group}: {value}, amount"),
        "nothingSaid": tr("nothing said"),
        "readAs": tr("Read as: {words}"),
        "nothingChanged": tr("Nothing has changed yet: move a slider, or press a chip."),
        "noMatch": tr("No attribute matches. Try a colour, a part or a shape."),
        "confirmed": tr("Confirmed by the engine."),
        "makesOfIt": tr("What the network makes of it"),
        "toTryOn": tr("Picture to try the class on"),
        "pictureOfKind": tr("A picture of {name} ({kind})"),
        "pictureOf": tr("A picture of {name}"),
        "pictureOfStart": tr("A picture of"),
        "fitsBest": tr("Of the study's pictures your words fit this one best:"),
        "lookAt": tr("Look at {name}"),
        "sees": tr("In this picture the network sees"),
        "listens": tr("Neurons it listens to"),
        "cameIn": tr("Came in"),
        "left": tr("Left"),
        "alike": tr("Most alike in the network"),
        "yourPicture": tr("Your picture {name}"),
        "yourClass": tr("Your class"),
        "oneOfYours": tr("★ {won} of your {count} picture"),
        "ofYours": tr("★ {won} of your {count} pictures"),
        "neuronIs": tr("Neuron {index}, {label} ({status}): {value} standard deviations between classes"),
        "against": tr("Against the start, in standard deviations between classes."),
        "unmoved": tr("Nothing moved yet: change an attribute and see which neurons come in."),
        "claims": tr("★ It would claim {count} of these {total} pictures of other classes (ringed)."),
        "claimsNone": tr("It claims none of these {total} pictures of other classes."),
        "empty": tr("Nothing is described: every amount is zero."),
        "summary": tr("{name} is number {rank} here with {percent}%."),
    }
