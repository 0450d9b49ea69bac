"""The words that captions are made of: several for each value, so that no caption is a list of attribute names."""

COLORS: dict[str, tuple[str, ...]] = {
    "red": ("red", "bright red", "scarlet", "crimson"),
    "orange": ("orange", "bright orange", "tangerine"),
    "yellow": ("yellow", "golden", "lemon yellow", "bright yellow"),
    "green": ("green", "leaf green", "emerald"),
    "blue": ("blue", "deep blue", "azure", "cobalt blue"),
    "brown": ("brown", "chestnut", "warm brown"),
    "grey": ("grey", "slate grey", "ashen"),
    "black": ("black", "jet black", "coal black"),
    "white": ("white", "snow white", "ivory"),
}

PHRASES: dict[str, tuple[str, ...]] = {
    "bill color": ("a {} bill", "a bill that is {}", "a {} beak"),
    "crown color": ("a {} crown", "a {} cap", "a {} top of the head"),
    "nape color": ("a {} nape", "a {} scruff", "a {} hindneck"),
    "eye ring": ("a {} eye ring", "a {} ring round the eye", "a {}-rimmed eye"),
    "breast color": ("a {} breast", "{} underparts", "a {} belly and breast"),
    "back color": ("a {} back", "a {} mantle", "{} upperparts"),
    "wing color": ("{} wings", "wings of {}", "{} wing feathers"),
    "tail color": ("a {} tail", "{} tail feathers"),
    "leg color": ("{} legs", "{} feet and legs"),
    "bill color and bill shape": ("a {color}, {shape} bill", "a {shape} bill in {color}", "a {shape} {color} beak"),
    "tail color and tail shape": ("a {color}, {shape} tail", "a {shape} tail in {color}", "a {shape} {color} tail"),
    "leg color and leg length": ("{shape} {color} legs", "{shape} legs in {color}"),
}

SHAPES: dict[str, dict[str, tuple[str, ...]]] = {
    "bill shape": {
        "needle": ("a bill as thin as a needle", "a long straight needle of a bill", "a slim, pointed bill"),
        "hooked": ("a hooked bill", "a strong hook of a beak", "a bill hooked like a parrot's"),
        "cone": ("a stout cone of a bill", "a short, thick, conical beak", "a seed-cracking cone bill"),
        "curved": ("a long bill that curves down", "a sickle-like bill", "a downcurved bill"),
        "spoon": ("a spoon-shaped bill", "a bill that ends in a spoon", "a flat, rounded spoon of a beak"),
    },
    "bill shape adjective": {
        "needle": ("needle-thin", "long needle-like"),
        "hooked": ("hooked", "strongly hooked"),
        "cone": ("conical", "short cone-shaped"),
        "curved": ("downcurved", "long curved"),
        "spoon": ("spoon-shaped", "spoon-tipped"),
    },
    "crest": {
        "none": ("a smooth head without a crest", "no crest at all"),
        "pointed": ("a pointed crest", "a swept-back, peaked crest", "a spiky crest"),
        "fan": ("a crest spread like a fan", "an open fan crest", "a fan of crown feathers"),
    },
    "eye ring": {
        "none": ("a plain dark eye", "no ring round the eye"),
        "white": ("a white eye ring", "a white ring round the eye", "an eye rimmed in white"),
        "orange": ("an orange eye ring", "an orange ring round the eye", "an eye rimmed in orange"),
    },
    "breast pattern": {
        "solid": ("a breast without markings", "plain underparts"),
        "spotted": ("a spotted breast", "spots all over the underparts", "a freckled breast"),
        "striped": ("a striped breast", "underparts with bold stripes", "stripes across the breast"),
    },
    "wing pattern": {
        "solid": ("unmarked wings", "plain wings"),
        "spotted": ("spotted wings", "dots on the wings", "wings sprinkled with spots"),
        "barred": ("barred wings", "rows of bars on the wings", "wing bars that stand out"),
    },
    "tail shape": {
        "forked": ("a forked tail", "a tail split like a swallow's", "a deeply forked tail"),
        "fan": ("a fan-shaped tail", "a tail opened like a fan", "a broad fan of a tail"),
        "pointed": ("a long pointed tail", "a tail that tapers to a point", "a pointed tail"),
        "square": ("a short square tail", "a square-ended tail", "a tail cut off square"),
    },
    "tail shape adjective": {
        "forked": ("forked", "deeply forked"),
        "fan": ("fan-shaped", "fanned"),
        "pointed": ("pointed", "long tapering"),
        "square": ("square", "square-ended"),
    },
    "leg length": {
        "short": ("short legs", "stubby legs"),
        "long": ("long legs", "stilt-like legs"),
    },
    "leg length adjective": {"short": ("short", "stubby"), "long": ("long", "stilt-like")},
    "body shape": {
        "round": ("plump", "round", "chubby"),
        "slender": ("slender", "slim", "sleek"),
        "long-necked": ("long-necked", "swan-necked"),
    },
}

POSES: dict[str, tuple[str, ...]] = {
    "perched": ("perched", "sitting", "resting"),
    "standing": ("standing", "pausing", "standing still"),
    "flying": ("flying", "on the wing", "in flight"),
    "preening": ("preening", "preening its feathers", "looking back over its shoulder"),
}

PLACES: dict[str, tuple[str, ...]] = {
    "branch": ("in a green wood", "among forest trees", "in leafy woodland"),
    "reeds": ("among the reeds", "in a reed bed", "by the cattails"),
    "water": ("by open water", "at the lake", "at the water"),
    "meadow": ("in a flowery meadow", "in a summer meadow", "on a green field"),
    "snow": ("in the snow", "in a snowy landscape", "on a winter day"),
    "dusk": ("at dusk", "at sunset", "under an evening sky"),
}

OPENINGS: tuple[str, ...] = (
    "{subject} with {first}, {scene}",
    "{subject}, {scene}, with {first}",
    "this is {subject} {scene}, showing {first}",
    "here we see {subject} with {first}, {scene}",
    "{scene} is {subject} with {first}",
    "a picture of {subject} {scene}; it shows {first}",
    "{scene}, {subject} shows {first}",
)
