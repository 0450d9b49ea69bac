"""Colours for the words that attribute tables use, so that "buff" need not be guessed at."""

from niwt_core.data.aviary.palette import PALETTE

OTHER = {
    "purple": "#7b4ba3",
    "rufous": "#a8461f",
    "olive": "#7c7a36",
    "pink": "#eb9db1",
    "buff": "#e0bd82",
    "iridescent": "linear-gradient(120deg,#2b8f86,#5b63c9 45%,#b04d9a)",
}


def swatch(word: str) -> str:
    """A CSS background for a colour word, or nothing. Only colours of this file and of the Aviary ever get out."""
    word = word.casefold()
    if word in PALETTE:
        return "rgb({:.0f} {:.0f} {:.0f})".format(*PALETTE[word])
    return OTHER.get(word, "")
