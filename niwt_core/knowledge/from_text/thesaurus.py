"""Words that people use for an attribute's words: everyday English for looks, tried only where a study has no such word itself."""

from __future__ import annotations

from collections.abc import Mapping

from niwt_core.knowledge.from_text.words import stem


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Several words that stand for one, replaced before anything else.
PHRASES: Mapping[str, str] = {
    "top of the head": "crown",
    "top of its head": "crown",
    "back of the neck": "nape",
    "back of its neck": "nape",
    "hind neck": "nape",
    "looking back": "",
    "on the wing": "",
    "swept back": "",
    "wing bars": "barred wings",
    "wing bar": "barred wings",
    "without markings": "solid",
    "without marks": "solid",
    "swan necked": "long necked",
    "long neck": "long necked",
    "multi colored": "multi",
    "multi coloured": "multi",
    "many colors": "multi",
    "many colours": "multi",
}

# Things whose name holds the name of another: a hot dog is no dog. What they are is tried where a table of whole things knows it.
COMPOUNDS: Mapping[str, str] = {
    "hot dogs?": "cooked dish",
    "ice creams?": "dessert",
    "cotton candy": "dessert",
    "gummy bears?": "dessert",
    "teddy bears?": "toy",
    "rocking horses?": "toy",
    "guinea pigs?": "rodent",
    "prairie dogs?": "rodent",
    "sea lions?": "marine mammal",
    "sea horses?": "fish",
    "cable cars?": "cab",
}

# A word -> what it may mean, best first.
MEANINGS: Mapping[str, tuple[str, ...]] = {
    word: tuple(meanings)
    for meanings, words in (
        (("red",), "scarlet crimson ruby vermilion reddish ruddy"),
        (("rufous", "brown"), "rust rusty chestnut cinnamon"),
        (("orange",), "tangerine amber orangey"),
        (("yellow",), "golden gold lemon yellowish"),
        (("green",), "emerald leaf greenish lime"),
        (("olive", "green"), "olive"),
        (("blue",), "azure cobalt navy bluish turquoise"),
        (("purple",), "violet lilac purplish"),
        (("brown",), "tan sandy brownish chocolate"),
        (("buff", "brown"), "beige buffy"),
        (("grey", "gray"), "grey gray slate ashen ash greyish grayish silver silvery"),
        (("black",), "jet coal sooty blackish ebony"),
        (("white",), "snow ivory whitish snowy cream"),
        (("iridescent",), "shimmering glossy"),
        (("spotted", "speckled"), "spot dot dotted freckle freckled speckled speckle mottled"),
        (("striped", "stripes", "barred"), "stripe streak streaked banded band"),
        (("barred", "striped"), "bar"),
        (("solid", "plain", "none"), "plain unmarked uniform unpatterned smooth"),
        (("hooked",), "hook"),
        (("curved",), "sickle downcurved decurved curve bent curving"),
        (("cone", "conical"), "conical stout thick cone"),
        (("spoon", "spatulate"), "spatula spatulate flattened shovel"),
        (("needle",), "needle slim thin"),
        (("dagger",), "daggerlike spear"),
        (("pointed", "tapered", "needle"), "pointed peaked spiky tapering taper point spike"),
        (("forked", "notched"), "fork split swallow"),
        (("fan",), "fan fanned"),
        (("square", "squared"), "square squared"),
        (("rounded", "round"), "rounded round"),
        (("round",), "plump chubby fat rotund"),
        (("slender", "lean"), "slender slim sleek thin lean"),
        (("long", "longer"), "long lengthy stilt elongated"),
        (("short", "shorter"), "short stubby stumpy"),
        (("small",), "small little"),
        (("very small",), "tiny"),
        (("large", "big"), "large big"),
        (("very large",), "huge giant enormous"),
    )
    for word in words.split()
}

# A part of the body -> what it may be called in a study that has no such part, best first.
PARTS: Mapping[str, tuple[str, ...]] = {
    "beak": ("bill",),
    "bill": ("beak",),
    "cap": ("crown",),
    "crown": ("head", "forehead", "crest"),
    "scruff": ("nape",),
    "hindneck": ("nape",),
    "neck": ("nape", "throat"),
    "mantle": ("back",),
    "upperparts": ("back",),
    "back": ("upperparts",),
    "underparts": ("belly", "breast"),
    "underside": ("underparts", "belly", "breast"),
    "belly": ("underparts", "breast"),
    "chest": ("breast",),
    "breast": ("chest", "underparts"),
    "tail": ("upper tail", "under tail"),
    "foot": ("leg",),
    "feet": ("leg",),
    "toe": ("leg",),
    "eye": ("eye ring",),
    "ring": ("eye ring",),
    "eyering": ("eye ring",),
    "tuft": ("crest",),
    "head": ("crown",),
}

# What a group's name says beside its part: "crown color", "bill shape".
FEATURES = frozenset(stem(word) for word in ["color", "colour", "shape", "pattern", "length", "size"])

# What may be said of the animal as a whole, and the words for it.
WHOLE = ("body", "primary", "whole", "shape", "size")
ANIMALS = _words("bird creature animal songster fellow species")
NOT = _words("no not non without lacks lacking never neither nor except only")
JOINS = _words("and or nor but yet though although while with has have having shows showing show")
COPULAS = _words("is are was were")
SMALL = (  # words that carry nothing by themselves
    NOT
    | JOINS
    | COPULAS
    | _words(
        "a an the its it in of on that this these as like at by to for from there here which whose their his her also very one"
    )
    | _words("round around across all over feathers feather sprinkled covered marked shaped")
    | _words("does do did can will would could should may so any at all both")
    | _words("bright deep dark pale light warm bold sees see look note picture we")
)
