"""The one error type for what a user can put right."""

from __future__ import annotations

LONGEST_PART = 500  # characters; a line that quotes a whole file helps nobody


def shown(text: object) -> str:
    """A text that can be written anywhere: half a character, as of a file name that is not UTF-8, becomes an escape."""
    return str(text).encode("utf-8", "backslashreplace").decode()


def _one_line(text: object) -> str:
    line = shown(" ".join(str(text).split()))
    return line if len(line) <= LONGEST_PART else f"{line[: LONGEST_PART - 1]}…"


class NiwtError(Exception):
    """A user's mistake, said in one line: what is wrong, where, and what to do.

    Args:
        what: what is wrong, with the offending value.
        where: the file, class or option at fault; empty if there is none.
        fix: what to do about it; empty if nothing can be said.
    """

    def __init__(self, what: object, *, where: object = "", fix: object = "") -> None:
        self.what, self.where, self.fix = _one_line(what), _one_line(where), _one_line(fix)
        super().__init__(", ".join(part for part in (self.what, self.where, self.fix) if part))
