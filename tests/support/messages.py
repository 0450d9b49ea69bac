"""The texts that the app marks for translation, and the files of pages/locale that translate them.

`make words` runs this file: new texts join every language, empty, texts that are gone leave, and what the app reads is compiled.
`python -m tests.support.messages fr` begins another language.
"""

import ast
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "pages" / "locale"
TEXTS = {
    "tr": 1,
    "N_": 1,
    "trn": 2,
    "fixed": 1,
    "counted": 2,
}  # function or method -> how many of its first arguments are texts


def marked(source: str) -> Iterator[str | tuple[str, str]]:
    """Each text, or pair of singular and plural, in a file of Python.

    Babel's own finder reads tokens, and a call inside an f-string is no token before Python 3.12; the syntax tree has it in every version.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and (name := getattr(node.func, "id", getattr(node.func, "attr", ""))) in TEXTS:
            first = node.args[: TEXTS[name]]
            texts = [text.value for text in first if isinstance(text, ast.Constant) and isinstance(text.value, str)]
            if len(texts) == len(first):  # a call with a variable says what is marked elsewhere
                yield texts[0] if len(texts) == 1 else (texts[0], texts[1])


def extracted() -> Catalog:
    """All texts of the app, and of the reports that it offers, with the files that say them."""
    catalog = Catalog(fuzzy=False)
    reports = (ROOT / "niwt_core" / "report").glob("*.py")
    for path in [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py")), *sorted(reports)]:
        for text in marked(path.read_text("utf-8")):
            catalog.add(text, locations=[(path.relative_to(ROOT).as_posix(), 0)])
    return catalog


def file_of(language: str) -> Path:
    """The texts of a language, as people edit them."""
    return LOCALE / language / "LC_MESSAGES" / "app.po"


def translated(language: str) -> Catalog:
    """The texts of a language, as its file has them; none where there is no file yet."""
    if not file_of(language).is_file():
        return Catalog(locale=language, domain="app", project="Choose Your Neuron", version="", fuzzy=False)
    with file_of(language).open("rb") as file:
        return read_po(file, locale=language)


def compiled(catalog: Catalog) -> bytes:
    """What the app reads."""
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def update(language: str) -> None:
    """Brings a language in line with the code, and compiles it."""
    catalog = translated(language)
    catalog.update(extracted(), no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    catalog.msgid_bugs_address, catalog.last_translator, catalog.language_team = "none", "none", "none"
    catalog.revision_date = catalog.creation_date
    for message in catalog:
        message.flags.discard("python-format")  # a percentage is none
    file_of(language).parent.mkdir(parents=True, exist_ok=True)
    with file_of(language).open("wb") as file:
        write_po(file, catalog, width=0, include_lineno=False)
    file_of(language).with_suffix(".mo").write_bytes(compiled(catalog))


if __name__ == "__main__":
    for name in sys.argv[1:] or sorted(folder.name for folder in LOCALE.iterdir()):
        update(name)
