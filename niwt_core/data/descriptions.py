"""Sentences that describe classes, from a JSON file or a folder of text files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from niwt_core.data.text_tables import read_list, read_text
from niwt_core.errors import NiwtError
from niwt_core.knowledge.class_names import match_all

_SHAPE = 'write {"class name": ["sentence", ...], ...}'


def read_descriptions(path: Path, classes: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Class -> sentences, for every class.

    Args:
        path: a JSON object of class name -> sentence or list of sentences, or a folder of "<class>.txt" with one
            sentence a line. Names may be spelled as people do ("Laysan Albatross" for "002.Laysan_Albatross").
        classes: the classes to describe; others in the file are passed over.

    Raises:
        NiwtError: if it cannot be read, or a class has no sentence (they are listed).
    """
    path = Path(path)
    sentences = _read_folder(path) if path.is_dir() else _read_json(path)
    names = match_all(
        classes, (name for name, phrases in sentences.items() if phrases), where=path, fix="describe every class"
    )
    return {class_: sentences[names[class_]] for class_ in classes}


def _read_folder(path: Path) -> Mapping[str, tuple[str, ...]]:
    return {file.stem: read_list(file) for file in sorted(path.glob("*.txt")) if not file.name.startswith(".")}


def _read_json(path: Path) -> Mapping[str, tuple[str, ...]]:
    try:
        content = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise NiwtError(
            f"not JSON ({error.msg})", where=f"{path} line {error.lineno}", fix="correct the line"
        ) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, lists in lists
        raise NiwtError("not JSON of names and sentences", where=path, fix=_SHAPE) from error
    if not isinstance(content, dict):
        raise NiwtError("not a JSON object", where=path, fix=_SHAPE)
    sentences: dict[str, tuple[str, ...]] = {}
    for name, phrases in content.items():
        if any(0xD800 <= ord(sign) <= 0xDFFF for sign in f"{name}{phrases if isinstance(phrases, str) else ''}"):
            raise NiwtError("half a character (a lone surrogate)", where=path, fix="save it as UTF-8")
        lines = [phrases] if isinstance(phrases, str) else phrases
        if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
            raise NiwtError("not a list of sentences", where=f"{path}, {name}", fix='write ["sentence", ...]')
        sentences[name] = tuple(line.strip() for line in lines if line.strip())
    return sentences
