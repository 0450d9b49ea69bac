"""The user's own folder, and every way in which it can be wrong."""

import json
import os
import shutil

import numpy as np
import pytest

from niwt_core import images
from niwt_core.data.folder import read_folder
from niwt_core.errors import NiwtError
from tests.support.drawn_sets import draw


def test_the_plain_case(folder):
    dataset = read_folder(folder)
    assert dataset.name == "own"
    assert dataset.classes == ("blue_fish", "red_fish", "striped_fish")
    assert dataset.unseen_classes == ("striped_fish",)
    assert np.bincount(dataset.labels[dataset.train]).tolist() == [4, 4]
    np.testing.assert_array_equal(dataset.knowledge.values, [[0, 1, 0], [1, 0, 0], [1, 1, 1]])
    assert dataset.knowledge.binary
    assert dataset.picture(5).getpixel((0, 0)) == (80, 0, 0)
    assert dataset.skipped == ()


def test_the_split_is_the_same_anywhere(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy" / "own")
    assert read_folder(folder).split_hash == read_folder(tmp_path / "copy" / "own").split_hash


def test_what_is_no_picture_is_named_and_left_out(folder):
    (folder / "images/red_fish/notes.txt").write_text("a note")
    (folder / "images/red_fish/empty.jpg").write_bytes(b"")
    (folder / "images/red_fish/.DS_Store").write_bytes(b"x")
    draw(folder / "images/stray.png")
    seen = []
    dataset = read_folder(folder, progress=lambda done, total: seen.append((done, total)))
    assert [skipped.path for skipped in dataset.skipped] == ["stray.png", "red_fish/empty.jpg", "red_fish/notes.txt"]
    assert len(dataset) == 15
    assert seen[-1] == (17, 17)


def test_tables_from_a_spreadsheet(folder):
    """Semicolons, a byte order mark, CRLF, names spelled for people, empty lines."""
    text = "\ufeffclass;color::red;size\r\nRed Fish;1;12.5\r\nBlue Fish;0;3\r\n\r\nStriped Fish;0.5;0\r\n"
    (folder / "attributes.csv").write_bytes(text.encode())
    knowledge = read_folder(folder).knowledge
    assert knowledge.names == ("color::red", "size")
    np.testing.assert_allclose(knowledge.values, [[0, 0.24], [1, 1], [0.5, 0]])  # each column by its own top


def test_captions(folder):
    (folder / "captions").mkdir()
    (folder / "captions/red_fish.txt").write_text("A red fish.\n\nIt swims.\n")
    assert read_folder(folder).captions == {"red_fish": ("A red fish.", "It swims.")}
    (folder / "attributes.csv").unlink()
    with pytest.raises(NiwtError, match="classes blue_fish, striped_fish not found"):
        read_folder(folder)
    for name in ("blue_fish", "striped_fish"):
        (folder / f"captions/{name}.txt").write_text("A fish.")
    knowledge = read_folder(folder).knowledge
    assert (knowledge.kind, knowledge.values.shape) == ("captions", (3, 0))


def test_split_by_class(folder):
    (folder / "unseen.txt").unlink()
    (folder / "split.csv").write_text("class,split\nred_fish,Unseen\nblue fish,seen\n")
    assert read_folder(folder).unseen_classes == ("red_fish",)


def test_split_by_picture(folder):
    rows = [
        f"images/{class_}/{i}.png,{'train' if i < 2 else 'test'}"
        for class_ in ("red_fish", "blue_fish")
        for i in range(5)
    ]
    rows += [f"striped_fish/{i}.png,test" for i in range(5)]
    (folder / "split.csv").write_text("\n".join(["path,split", *rows]))
    for unseen_list in (True, False):
        dataset = read_folder(folder)
        assert dataset.unseen_classes == ("striped_fish",)
        assert [dataset.paths[i] for i in np.flatnonzero(dataset.train)] == [
            "blue_fish/0.png", "blue_fish/1.png", "red_fish/0.png", "red_fish/1.png"]  # fmt: skip
        if unseen_list:
            (folder / "unseen.txt").unlink()


BAD_TABLES = {
    "class without attributes": ("red_fish,1,0,0\n", "", "class red_fish has no row"),
    "misspelled class": ("red_fish,", "rad_fish,", "is it 'rad_fish'"),
    "unknown class": ("red_fish,1,0,0\n", "red_fish,1,0,0\nunicorn,1,1,1\n", "row 'unicorn' is no class.*|line 3"),
    "twice": ("red_fish,1,0,0\n", "red_fish,1,0,0\nred_fish,1,0,0\n", "'red_fish' appears twice.*line 3"),
    "NaN": ("red_fish,1,0,0", "red_fish,1,nan,0", "'nan' is not a finite number.*line 2, column color::blue"),
    "infinite": ("red_fish,1,0,0", "red_fish,1,0,inf", "'inf' is not a finite number"),
    "word": ("red_fish,1,0,0", "red_fish,yes,0,0", "'yes' is not a number.*line 2, column color::red"),
    "empty cell": ("red_fish,1,0,0", "red_fish,1,,0", "'' is not a number.*column color::blue"),
    "short row": ("red_fish,1,0,0", "red_fish,1,0", "3 cells under a header of 4.*line 2"),
    "same column": ("color::blue", "color::red", "column 'color::red' appears twice"),
    "nameless column": ("color::blue", "", "column without a name"),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_bad_tables(folder, change, case):
    old, new, message = BAD_TABLES[case]
    change(folder / "attributes.csv", old, new)
    with pytest.raises(NiwtError, match=message) as caught:
        read_folder(folder)
    assert "attributes.csv" in str(caught.value)
    assert caught.value.fix


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the table is empty"),
        ("class,a", "has no row"),
        ('class,a\nred_fish,"1', "not a CSV table"),
        ("class", "without a name"),
    ],
)
def test_tables_that_are_none(folder, text, message):
    (folder / "attributes.csv").write_text(text)
    with pytest.raises(NiwtError, match=message):
        read_folder(folder)


def test_a_table_that_is_not_text(folder):
    (folder / "attributes.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(NiwtError, match="not UTF-8 text"):
        read_folder(folder)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("unseen.txt", "striped_fsh\n", "unknown class 'striped_fsh'.*did you mean striped_fish"),
        ("unseen.txt", "red_fish\nblue_fish\n", "1 seen classes are too few"),
        ("split.csv", "class,split\nred_fish,unseen\n", "both name the unseen classes"),
        ("split.csv", "picture,part\na,b\n", "columns picture,part"),
        ("split.csv", "path,split\nred_fish/0.png,train\n", "blue_fish/0.png.* has no row"),
        ("split.csv", "path,split\nred_fish/9.png,train\n", "no picture red_fish/9.png.*line 2"),
        ("split.csv", "path,split\nred_fish/0.png,maybe\n", "split 'maybe'.*line 2"),
        ("split.csv", "path,split\nred_fish/0.png,train\nred_fish/0.png,test\n", "appears twice.*line 3"),
    ],
)
def test_bad_splits(folder, name, text, message):
    (folder / name).write_text(text)
    with pytest.raises(NiwtError, match=message):
        read_folder(folder)


@pytest.mark.parametrize(
    ("rows", "message"),
    [("unicorn,unseen", "unknown class 'unicorn'.*line 2"), ("red_fish,hidden", "split 'hidden'"),
     ("red_fish,seen\nRed Fish,unseen", "appears twice.*line 3")],
)  # fmt: skip
def test_bad_splits_by_class(folder, rows, message):
    (folder / "unseen.txt").unlink()
    (folder / "split.csv").write_text(f"class,split\n{rows}\n")
    with pytest.raises(NiwtError, match=message):
        read_folder(folder)


def test_training_pictures_of_unseen_classes(folder):
    rows = [f"{class_}/{i}.png,train" for class_ in ("red_fish", "blue_fish", "striped_fish") for i in range(5)]
    (folder / "split.csv").write_text("\n".join(["path,split", *rows]))
    with pytest.raises(NiwtError, match=r"training picture striped_fish/0.png is of an unseen class"):
        read_folder(folder)
    (folder / "unseen.txt").unlink()
    assert read_folder(folder).unseen_classes == ()


def test_every_class_may_be_seen(folder):
    for text in ("", None):
        if text is None:
            (folder / "unseen.txt").unlink()
        else:
            (folder / "unseen.txt").write_text(text)
        dataset = read_folder(folder)
        assert dataset.seen.all()
        assert np.bincount(dataset.labels[dataset.train]).tolist() == [4, 4, 4]
        assert "no class is unseen" in dataset.notices[-1]


def test_an_unseen_class_that_is_described_needs_no_pictures(folder, change):
    change(folder / "attributes.csv", "red_fish,1,0,0", "red_fish,1,0,0\nUnicorn fish,1,1,0")
    with pytest.raises(NiwtError, match=r"row 'Unicorn fish' is no class.*list it in unseen\.txt"):
        read_folder(folder)
    (folder / "unseen.txt").write_text("striped_fish\nunicorn_fish\n")
    dataset = read_folder(folder)
    assert dataset.unseen_classes == ("striped_fish", "unicorn_fish")
    assert np.bincount(dataset.labels, minlength=4).tolist() == [5, 5, 5, 0]
    np.testing.assert_array_equal(dataset.knowledge.of("unicorn_fish"), [1, 1, 0])
    shutil.rmtree(folder / "images/striped_fish")
    assert read_folder(folder).unseen_classes == dataset.unseen_classes
    (folder / "unseen.txt").write_text("striped_fish\nunicorn\n")
    with pytest.raises(NiwtError, match="row 'Unicorn fish' is no class"):
        read_folder(folder)


def test_sets_without_what_they_need(folder, tmp_path):
    with pytest.raises(NiwtError, match="no images folder"):
        read_folder(tmp_path / "none")
    (folder / "attributes.csv").unlink()
    with pytest.raises(NiwtError, match=r"no attributes.csv and no captions"):
        read_folder(folder)
    shutil.rmtree(folder / "images")
    (folder / "images").mkdir()
    with pytest.raises(NiwtError, match="no class"):
        read_folder(folder)


def test_classes_with_too_few_pictures(folder):
    for i in range(1, 5):
        (folder / f"images/red_fish/{i}.png").unlink()
    with pytest.raises(NiwtError, match="class red_fish has 1 training pictures"):
        read_folder(folder)
    (folder / "images/red_fish/0.png").write_text("words")
    with pytest.raises(NiwtError, match=r"class red_fish has no picture that can be read"):
        read_folder(folder)


def test_bad_captions(folder):
    (folder / "captions").mkdir()
    (folder / "captions/unicorn.txt").write_text("A horse with a horn.")
    with pytest.raises(NiwtError, match="unknown class 'unicorn'"):
        read_folder(folder)
    (folder / "captions/unicorn.txt").rename(folder / "captions/red_fish.txt").write_text("\n")
    with pytest.raises(NiwtError, match="the file is empty"):
        read_folder(folder)


ROWS = {"red_fish": (1, 0), "blue_fish": (0, 1), "striped_fish": (1, 1)}


def written(folder, text, encoding="utf-8"):
    """The values of a table in that text, over the classes in their order (blue, red, striped)."""
    (folder / "attributes.csv").write_bytes(text.encode(encoding))
    return read_folder(folder)


@pytest.mark.parametrize(
    ("one", "zero", "separator"),
    [
        ("TRUE", "FALSE", ","),
        ("WAHR", "FALSCH", ";"),
        ("x", "", ","),
        ("X", "-", "\t"),
        ("100%", "0 %", ","),
        ("1,0", "0,0", ";"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_marks_and_numbers_of_spreadsheets(folder, one, zero, separator, encoding):
    lines = [separator.join(["class", "red", "blue"])]
    lines += [separator.join([name, *(one if value else zero for value in row)]) for name, row in ROWS.items()]
    dataset = written(folder, "\r\n".join(lines), encoding)
    np.testing.assert_array_equal(dataset.knowledge.values, [[0, 1], [1, 0], [1, 1]])
    assert dataset.knowledge.scale == 1
    assert dataset.notices or one == "1,0"


def test_a_blank_is_no_only_among_crosses(folder):
    dataset = written(folder, "class,red,blue,legs\nred_fish,x,,2\nblue_fish,,,4\nstriped_fish,x,,1\n")
    np.testing.assert_allclose(dataset.knowledge.values, [[0, 0, 1], [1, 0, 0.5], [1, 0, 0.25]])
    for cells in ("1,", "TRUE,", "x,1"):
        with pytest.raises(NiwtError, match="is not a number"):
            written(folder, f"class,red,blue\nred_fish,{cells}\nblue_fish,0,0\nstriped_fish,1,1\n")


def test_percent_signs_in_part_of_a_column_are_refused(folder):
    with pytest.raises(NiwtError, match=r"'80%' among plain numbers.*line 2, column red"):
        written(folder, "class,red\nred_fish,80%\nblue_fish,3\nstriped_fish,1\n")


def test_a_turned_table(folder):
    dataset = written(folder, "attribute,red fish,blue fish,striped fish\nred,1,0,1\nblue,0,1,1\n")
    assert dataset.knowledge.names == ("red", "blue")
    np.testing.assert_array_equal(dataset.knowledge.values, [[0, 1], [1, 0], [1, 1]])
    assert "turned" in dataset.notices[0]


def test_comments_bullets_and_empty_columns(folder):
    (folder / "unseen.txt").write_text("# held out\n- striped_fish\n\n")
    dataset = written(
        folder, "# by hand,,\nclass,red,blue,,\nred_fish,1,0,,\nblue_fish,0,1,,\n# later,,,,\nstriped_fish,1,1,,\n"
    )
    assert dataset.unseen_classes == ("striped_fish",)
    np.testing.assert_array_equal(dataset.knowledge.values, [[0, 1], [1, 0], [1, 1]])


def test_spreadsheets_are_named(folder):
    (folder / "attributes.csv").write_bytes(b"PK\x03\x04" + bytes(30))
    with pytest.raises(NiwtError, match=r"a spreadsheet.*export it as CSV"):
        read_folder(folder)
    (folder / "attributes.csv").rename(folder / "attributes.xlsx")
    with pytest.raises(NiwtError, match=r"attributes.xlsx is a spreadsheet.*export it as CSV"):
        read_folder(folder)


def test_a_number_beyond_single_precision_is_refused(folder):
    with pytest.raises(NiwtError, match="'1e39' is not a finite number"):
        written(folder, "class,red\nred_fish,1e39\nblue_fish,0\nstriped_fish,1\n")


def test_what_lies_in_a_class_folder_besides_is_named(folder):
    draw(folder / "images/red_fish/more/9.png")
    draw(folder / "images/red_fish/more/deep/8.png")
    (folder / "images/red_fish/gone.png").symlink_to("nowhere.png")
    (folder / "images/lost").symlink_to("nowhere")
    os.mkfifo(folder / "images/red_fish/pipe.png")
    (folder / "images/red_fish/a.png").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    (folder / "images/red_fish/b.png.dvc").write_text("outs: []\n")
    (folder / "images/red_fish/c.heic").write_bytes(b"ftypheic")
    skipped = {item.path: item.reason for item in read_folder(folder).skipped}
    assert skipped.pop("red_fish/more").startswith("a folder within a class, with 2 files")
    assert skipped == {
        "red_fish/gone.png": "a link to nothing",
        "lost": "a link to nothing",
        "red_fish/pipe.png": "no regular file",
        "red_fish/a.png": "a Git LFS pointer: run `git lfs pull`",
        "red_fish/b.png.dvc": "a DVC pointer: run `dvc pull`",
        "red_fish/c.heic": "cannot read the picture: not an image",
    }


def test_a_class_of_heic_only_says_so_where_it_cannot_be_read(folder, monkeypatch):
    monkeypatch.setattr(images, "pillow_heif", None)
    for file in (folder / "images/red_fish").iterdir():
        file.rename(file.with_suffix(".heic")).write_bytes(b"ftypheic")
    with pytest.raises(NiwtError, match=r"class red_fish has no picture that can be read.*convert it to JPEG"):
        read_folder(folder)


def test_a_file_name_that_is_not_utf8(folder):
    shutil.copy(folder / "images/red_fish/0.png", os.fsencode(folder / "images/red_fish") + b"/\xff.png")
    skipped = read_folder(folder).skipped
    assert [item.reason for item in skipped] == ["a file name that is not UTF-8: rename it"]
    json.dumps([item.path for item in skipped]).encode()
    os.rename(folder / "images/red_fish", os.fsencode(folder / "images") + b"/\xff")
    with pytest.raises(NiwtError, match="name that is not UTF-8"):
        read_folder(folder)


def test_folders_of_training_and_test_pictures(folder):
    for class_ in ("red_fish", "blue_fish", "striped_fish"):
        for i in range(5):
            split = "train" if i < 3 and class_ != "striped_fish" else "val"
            (folder / split / class_).mkdir(parents=True, exist_ok=True)
            (folder / "images" / class_ / f"{i}.png").rename(folder / split / class_ / f"{i}.png")
    shutil.rmtree(folder / "images")
    for with_list in (True, False):
        dataset = read_folder(folder)
        assert dataset.unseen_classes == ("striped_fish",)
        assert sorted(path for path, train in zip(dataset.paths, dataset.train, strict=True) if train) == [
            f"train/{class_}/{i}.png" for class_ in ("blue_fish", "red_fish") for i in range(3)
        ]
        assert len(dataset) == 15
        assert dataset.picture(0).size == (12, 10)
        if with_list:
            (folder / "unseen.txt").unlink()


def test_a_table_to_fill_in(folder):
    (folder / "attributes.csv").unlink()
    for _ in range(2):  # the second time it is there
        with pytest.raises(NiwtError, match=r"fill in attributes-to-fill-in.csv there"):
            read_folder(folder, stub=True)
    stub = folder / "attributes-to-fill-in.csv"
    lines = stub.read_text("utf-8-sig").splitlines()
    assert lines[1:] == ["blue_fish,,", "red_fish,,", "striped_fish,,"]
    stub.rename(folder / "attributes.csv")
    with pytest.raises(NiwtError, match="'' is not a number"):
        read_folder(folder)


def test_names_that_differ_by_signs_only(folder):
    draw(folder / "images/Red-Fish/0.png")
    (folder / "attributes.csv").write_text("class,a\nred_fish,1\nblue_fish,0\nstriped_fish,1\nRed-Fish,1\n")
    with pytest.raises(NiwtError, match="'Red-Fish' and 'red_fish' have the same name"):
        read_folder(folder)
