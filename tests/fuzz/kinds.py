"""One made input of each kind that comes from strangers: files and texts spoiled by a seed. Anything but an answer or a `NiwtError` is a fault."""

from __future__ import annotations

import io
import json
import random
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image
from safetensors.torch import load_file, save_file
from scipy.io import savemat

from niwt_core import load_study
from niwt_core.classify.recipe import Recipe, parse_recipe
from niwt_core.data.class_tables import read_class_table
from niwt_core.data.descriptions import read_descriptions
from niwt_core.data.embeddings import read_embeddings
from niwt_core.data.folder import read_folder
from niwt_core.data.text_tables import read_list, read_numbered
from niwt_core.files import file_hash
from niwt_core.images import open_image
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.class_names import class_key, display_name
from niwt_core.knowledge.from_text import read_attributes
from niwt_core.knowledge.scales import common_scale
from niwt_core.paper.preset import read_preset
from niwt_core.study.storage import TABLES, TENSORS
from niwt_core.study.storage.manifest import seal
from tests.support.drawn_sets import cells, write_folder
from tests.support.small_study import small_study

CLASSES = ("a", "b", "c")
WORDS = (
    "red", "black", "crown", "bill", "no", "not", "without", "neither", "nor", "but", "and", "or", ",", ".", "the", "a", "isn't", "has", "except",
    "鳥", "कि", "é", "2", "legs", "\ud800", "\0", "  ", "-", "'s", "long", "wings",
)  # fmt: skip
SCALARS = (
    None, True, False, 0, -1, 4, 1.5, 1e300, -1e300, 10**30, float("nan"), float("inf"), "", "x", "no", "\ud800", "\0", "x" * 3000,
    "1" * 5000, [], {}, [1], ["red"], {"red": 1}, {"red": {"a": 1}}, [[1]], b"x", "../x", "!!int ''", "&a", "*a", "<<", "2001-01-01", "{", "[",
)  # fmt: skip
YAML = (
    "name: A\n", "attributes: {crown color: red}\n", "caption: a red bird\n", "like: x\n", "study: 1\n", "<<: *a\n",
    "a: &a [1]\n", "- x\n", "? [a]\n: b\n",
    "name: !!bool x\n", "attributes: {a: !!float q}\n", "attributes:\n  a: no\n", "---\n", "\t", "\0", "name: 2001-13-45\n",
    "attributes: {a: {b: {c: 1}}}\n", "'", '"', "|",
    "backbone: resnet18\n", "layer: layer4.0\n", "map: {epochs: 1}\n", "count: 1e9\n", "transfer: {pairs: -1}\n", "x" * 500,
)  # fmt: skip
TABLE_CELLS = (
    "0",
    "1",
    "x",
    "",
    "TRUE",
    "FALSE",
    "37%",
    "1,5",
    "1e39",
    "nan",
    "-3",
    "red",
    "é",
    '"',
    "a;b",
    "1.000,5",
    "٣",
    "270",
    "½",
    "\ufeff",
)


def spoiled(draw: random.Random, data: bytes, *, most: int = 4) -> bytes:
    """Bytes changed, cut, doubled or put in at random places."""
    out = bytearray(data)
    for _ in range(draw.randint(1, most)):
        at = draw.randrange(max(1, len(out)))
        what = draw.randrange(5)
        if what == 0:
            del out[at:]
        elif what == 1:
            out[at:at] = bytes(draw.randrange(256) for _ in range(draw.randint(1, 9)))
        elif what == 2:
            del out[at : at + draw.randint(1, 40)]
        elif out:
            out[at] = draw.choice((0, 1, 127, 128, 255, draw.randrange(256)))
    return bytes(out)


def replaced(draw: random.Random, value: object) -> object:
    """A JSON value with one entry replaced, dropped or doubled, somewhere in its depth."""
    if isinstance(value, dict) and value and draw.random() < 0.9:
        key = draw.choice(list(value))
        rest = dict(value)
        if draw.random() < 0.1:
            rest.pop(key)
        else:
            rest[key] = replaced(draw, value[key])
        return rest
    if isinstance(value, list) and value and draw.random() < 0.8:
        i = draw.randrange(len(value))
        return [*value[:i], replaced(draw, value[i]), *value[i + draw.randint(0, 1) :]]
    return draw.choice([item for item in SCALARS if not isinstance(item, bytes)])


def recipe(draw: random.Random, folder: Path) -> None:
    """Lines of YAML, spoiled; what is read builds nothing but a recipe, and is written and read again."""
    text = "".join(draw.choice(YAML) for _ in range(draw.randint(1, 5)))
    if draw.random() < 0.5:
        value = draw.choice(("red", "[red, black]", "{red: 0.5}", "no", "false", "nan", "2001-01-01", "'4'", "鳥"))
        text = f"name: {draw.choice(('A', 'No', '12', '鳥', '1e3'))}\nattributes:\n  crown color: {value}\n  legs: {draw.choice(('2', '4', 'six'))}\n"
    if draw.random() < 0.3:
        text = spoiled(draw, text.encode()).decode("utf-8", "replace")
    read = parse_recipe(text)
    assert parse_recipe(read.to_yaml()) == read
    table().describe(read.attributes)


def recipe_of_link(draw: random.Random, folder: Path) -> None:
    """A recipe from JSON of any types, and its attributes against a table."""
    made = {"name": "A", "attributes": {"crown color": "red", "horn": 1}, "caption": "x", "like": "a", "study": ""}
    read = Recipe.from_dict(replaced(draw, made))
    read.to_yaml().encode()
    table().describe(read.attributes)


def description(draw: random.Random, folder: Path) -> None:
    """A description in Python's own types."""
    names = ("crown color", "horn", "legs", "legs::2", "Crown_Color", "", "\ud800", 3, None, ("a",))
    table().describe({draw.choice(names): draw.choice(SCALARS) for _ in range(draw.randint(0, 3))})


def preset(draw: random.Random, folder: Path) -> None:
    """A preset file of lines of YAML, spoiled."""
    path = folder / "preset.yaml"
    more = draw.choice(
        ("", "count: 3\n", "map: {epochs: 2, learning_rate: 1e-4}\n", "count: 2001-01-01\n", draw.choice(YAML))
    )
    text = f"backbone: resnet18\nlayer: {draw.choice(('layer4.0', 'no', '4', '~', '[a]'))}\n{more}"
    path.write_bytes(spoiled(draw, text.encode("utf-8")) if draw.random() < 0.4 else text.encode())
    read_preset(str(path))


def words(draw: random.Random, folder: Path) -> None:
    """A description in words of any order."""
    actual, left = read_attributes(table(), " ".join(draw.choice(WORDS) for _ in range(draw.randint(1, 25))))
    assert all(isinstance(item.present, bool) for item in actual)
    assert all(isinstance(word, str) for word in left)


def names(draw: random.Random, folder: Path) -> None:
    """Class names of any letters."""
    name = "".join(
        chr(draw.choice((draw.randrange(1, 0x3000), draw.randrange(32, 127)))) for _ in range(draw.randint(1, 9))
    )
    assert class_key(name) == class_key(f"{name} ") or not name.strip()
    display_name(name)


def class_table(draw: random.Random, folder: Path) -> None:
    """A table of classes with cells of every kind, in every encoding."""
    sign = draw.choice(",;\t")
    header = [
        draw.choice(("class", "", "#")),
        *(draw.choice(("red", "size::big", "鳥", "red", "")) for _ in range(draw.randint(1, 3))),
    ]
    rows = [
        [name, *(draw.choice(TABLE_CELLS) for _ in header[1:])] for name in (*CLASSES, *draw.choice(((), (), ("d",))))
    ]
    if draw.random() < 0.8:
        marks = draw.choice(
            (("0", "1"), ("x", ""), ("TRUE", "FALSE"), ("5%", "80 %"), ("1.5", "2"), ("3", "270"), ("-1", "2"))
        )
        rows = [[row[0], *(draw.choice(marks) for _ in row[1:])] for row in rows]
    data = "\n".join(sign.join(row) for row in [header, *rows]).encode(
        draw.choice(("utf-8", "utf-8-sig", "utf-16", "latin-1")), "replace"
    )
    path = folder / "table.csv"
    path.write_bytes(spoiled(draw, data) if draw.random() < 0.2 else data)
    read = read_class_table(path, CLASSES, extra=draw.random() < 0.5)
    common = common_scale(read.names, read.values)
    Knowledge("attributes", CLASSES, read.names, common.values, common.scale).presence()


def lists(draw: random.Random, folder: Path) -> None:
    """Lists of names and of numbered names."""
    path = folder / "list.txt"
    path.write_bytes(spoiled(draw, b"1 a\n2 b b\n# c\n- d\n" if draw.random() < 0.5 else b"1 a\n2 b b\n30 c\n", most=2))
    read_list(path)
    read_numbered(path)


def descriptions(draw: random.Random, folder: Path) -> None:
    """JSON of sentences."""
    path = folder / "captions.json"
    text = json.dumps(replaced(draw, {name: ["A red bird.", "It sings."] for name in CLASSES}))
    path.write_bytes(spoiled(draw, text.encode()) if draw.random() < 0.5 else text.encode())
    read_descriptions(path, CLASSES)


def embeddings(draw: random.Random, folder: Path) -> None:
    """A NumPy array, its header and its values spoiled."""
    path = folder / "vectors.npy"
    kind = draw.choice((np.float32, np.float64, np.int64, np.bool_, np.complex64))
    np.save(
        path,
        (np.arange(6).reshape(3, 2) * draw.choice((1, 1e30, 1e300)) if kind is np.float64 else np.ones((3, 2))).astype(
            kind
        ),
    )
    path.write_bytes(spoiled(draw, path.read_bytes()) if draw.random() < 0.7 else path.read_bytes())
    read_embeddings(path, CLASSES)


def matlab(draw: random.Random, folder: Path) -> None:
    """A published file with flipped bytes."""
    path = folder / "vectors.mat"
    buffer = io.BytesIO()
    savemat(
        buffer,
        {"att": np.arange(6.0).reshape(2, 3), "allclasses_names": cells(CLASSES)},
        do_compression=draw.random() < 0.3,
    )
    path.write_bytes(spoiled(draw, buffer.getvalue()))
    assert np.isfinite(read_embeddings(path, CLASSES).values).all()


def picture(draw: random.Random, folder: Path) -> None:
    """A picture of some kind, spoiled."""
    mode, kind = draw.choice(
        (("RGB", "JPEG"), ("RGBA", "PNG"), ("P", "GIF"), ("L", "TIFF"), ("RGB", "WEBP"), ("1", "BMP"))
    )
    buffer = io.BytesIO()
    Image.effect_noise((24, 20), 60).convert(mode).save(buffer, kind)
    assert open_image(spoiled(draw, buffer.getvalue()), at_least=8).mode == "RGB"


def own_set(draw: random.Random, folder: Path) -> None:
    """A user's folder with one of its text files spoiled."""
    write_folder(folder / "own")
    path = folder / "own" / draw.choice(("attributes.csv", "unseen.txt"))
    path.write_bytes(spoiled(draw, path.read_bytes(), most=1))
    read_folder(folder / "own")


def manifest(draw: random.Random, folder: Path) -> None:
    """A study.json with one entry replaced, and sealed again."""
    study = copied(folder)
    content = json.loads((study / "study.json").read_text())
    for _ in range(draw.randint(1, 2)):
        content = replaced(draw, content)
    sealed = {**content, "seal": seal(content)} if isinstance(content, dict) else content
    (study / "study.json").write_text(json.dumps(sealed))
    asked(study)


def study_file(draw: random.Random, folder: Path) -> None:
    """A table or tensors of a study, spoiled, with hashes and seal made right."""
    study = copied(folder)
    name = draw.choice((*TABLES, *TENSORS))
    if name in TENSORS and draw.random() < 0.7:
        tensors = {key: value.clone() for key, value in load_file(study / name).items()}
        key = draw.choice(list(tensors))
        value = tensors[key]
        tensors[key] = draw.choice(
            (value[..., None], value.flatten()[:-1], value * 0 - 1, value.double(), value.bool())
        ).contiguous()
        (study / name).unlink()
        save_file(tensors, study / name)
    else:
        data = (study / name).read_bytes()
        (study / name).unlink()
        (study / name).write_bytes(spoiled(draw, data[:3000]) + data[3000:])
    content = json.loads((study / "study.json").read_text())
    content["hashes"] = {other: file_hash(study / other) for other in content["hashes"]}
    (study / "study.json").write_text(json.dumps({**content, "seal": seal(content)}))
    asked(study)


def asked(folder: Path) -> None:
    """Opens a study, and asks it what every page asks."""
    study = load_study(folder)
    repr(study), study.source, study.full_head, study.predictability
    assert np.isfinite(study.encoder.encoded).all()


def copied(folder: Path) -> Path:
    """A copy of the small study, to be spoiled."""
    return Path(shutil.copytree(small_study(layer="second.1").folder, folder / "study"))


@cache
def table() -> Knowledge:
    """A table with groups, numbers and single columns."""
    columns = (
        "crown_color::red",
        "crown_color::black",
        "bill_shape::long",
        "wing_pattern::barred",
        "legs::2",
        "legs::4",
        "horn",
        "longneck",
        "color::鳥",
    )
    return Knowledge("attributes", CLASSES, columns, np.eye(3, len(columns)))


KINDS: dict[str, Callable[[random.Random, Path], None]] = {
    made.__name__: made
    for made in (
        recipe, recipe_of_link, description, preset, words, names, class_table, lists, descriptions, embeddings, matlab, picture, own_set, manifest,
        study_file,
    )
}  # fmt: skip
SLOW = ("manifest", "study_file", "own_set")  # a study or a set each: a tenth as many


def one(kind: str, seed: int) -> None:
    """Makes and reads the input of that number. Raises what the reader raises."""
    with TemporaryDirectory(prefix="niwt-fuzz-") as folder:
        KINDS[kind](random.Random(f"{kind} {seed}"), Path(folder))
