"""What the documents show works: their Python, their commands, their options, their links."""

import pkgutil
import re
import shlex
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from niwt_core import Study, read_recipe
from niwt_core.audit import ground_truth
from niwt_core.audit.ground_truth import measure_ground_truth
from niwt_core.cli.main import app, main
from niwt_core.data.aviary import draw, species

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
FOREIGN_OPTIONS = {"--index-url", "--nproc_per_node"}  # of pip and torchrun
QUICK = ("info", "neurons", "propose", "build", "classify", "explain", "evaluate", "export", "report")  # of cli.md

by_document = pytest.mark.parametrize("document", DOCUMENTS, ids=[path.name for path in DOCUMENTS])


def blocks(document: Path, language: str = "") -> list[str]:
    """The fenced blocks of one language; "" is none."""
    actual = re.findall(r"^```(\w*)\n(.*?)^```$", document.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [text for name, text in actual if name == language]


def prose(document: Path) -> str:
    """What stands outside fenced blocks."""
    return re.sub(r"^```.*?^```$", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def command_lines(document: Path) -> Iterator[list[str]]:
    """Every ``niwt COMMAND ...`` of a document, in blocks and in the text, as words without "niwt"."""
    shown = [line for block in blocks(document) for line in block.splitlines()]
    for line in shown + re.findall(r"`([^`\n]+)`", prose(document)):
        words = shlex.split(line, comments=True) if line.startswith("niwt ") else []
        if len(words) > 1 and "|" not in words:  # with it, a list of all commands
            yield words[1:]


def options_of(command: str) -> set[str]:
    return {option for item in COMMANDS[command].params for option in (*item.opts, *item.secondary_opts)} | {"--help"}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder that the documents take for granted: the shipped study, a picture, and the recipe of cli.md."""
    (tmp_path / "assets").symlink_to(ROOT / "assets")
    traits = dict(species()[0].attributes) | {"crown color": "red", "bill shape": "needle"}
    draw(traits, seed=7, size=128).image.save(tmp_path / "bird.jpg")
    (recipe,) = blocks(ROOT / "docs" / "cli.md", "yaml")
    (tmp_path / "recipe.yaml").write_text(recipe, "utf-8")
    for name in ("PHOTOS/one.jpg", "more/of/them.jpg"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes((tmp_path / "bird.jpg").read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def niwt(capfd: pytest.CaptureFixture[str]) -> Callable[[list[str]], str]:
    """Runs a command in this process and returns its stdout; it must succeed."""

    def run(words: list[str]) -> str:
        with pytest.raises(SystemExit) as stop:
            main(words)
        out, err = capfd.readouterr()
        assert stop.value.code == 0, err
        return out

    return run


@pytest.mark.slow
def test_the_python_of_the_readme_runs(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks(ROOT / "README.md", "python")
    names: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), names)
    answer, study = names["answer"], names["study"]
    assert isinstance(study, Study)
    best, sentence, metrics = capsys.readouterr().out.splitlines()
    assert best == f"{answer.best.name} {answer.best.kind} {answer.best.probability}"
    assert sentence == answer.explain().sentence
    assert re.search(r"H=\d", metrics), metrics
    assert "Ruby Needlebill" in {item.name for item in answer.ranking}


@pytest.mark.parametrize("command", QUICK)
def test_the_commands_of_cli_md_run_on_the_shipped_study(
    place: Path, niwt: Callable[[list[str]], str], command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_each = partial(measure_ground_truth, per_class=1)  # six times as fast as the usual number of pictures
    monkeypatch.setattr(ground_truth, "measure_ground_truth", one_each)
    lines = [words for words in command_lines(ROOT / "docs" / "cli.md") if words[0] == command]
    assert lines, f"docs/cli.md does not show niwt {command}"
    replacements = {"studies/cub": "assets/aviary", "PHOTO.jpg": "bird.jpg", "has_crown_color::red": "crown color::red"}
    for words in lines:
        out = niwt(
            [replacements.get(word, word) for word in words if word != "--baselines"]
        )  # which take half a minute
        assert out.strip()
        for option, file in pairwise(words):
            if option in ("--out", "--csv"):
                assert (place / file).exists(), f"{' '.join(words)} wrote no {file}"


def test_the_recipe_of_cli_md_is_the_one_of_the_readme(place: Path) -> None:
    recipe = read_recipe(place / "recipe.yaml")
    (code,) = blocks(ROOT / "README.md", "python")
    assert f'"{recipe.name}"' in code
    for attribute, value in recipe.attributes.items():
        assert f'"{attribute}": "{value}"' in code


def test_cli_md_and_the_readme_name_every_command() -> None:
    assert {words[0] for words in command_lines(ROOT / "docs" / "cli.md")} == set(COMMANDS)
    (listed,) = re.findall(r"`niwt ([\w| -]+)`", (ROOT / "README.md").read_text("utf-8"))
    assert {name.strip() for name in listed.split("|")} <= set(COMMANDS)


@by_document
def test_commands_and_options_exist(document: Path) -> None:
    for words in command_lines(document):
        assert words[0] in COMMANDS, f"no command {words[0]!r}"
        unknown = {word for word in words if word.startswith("--")} - options_of(words[0])
        assert not unknown, f"niwt {words[0]} has no {unknown}"
    every = set().union(*map(options_of, COMMANDS)) | FOREIGN_OPTIONS
    for option in re.findall(r"`[^`\n]*?(--[a-z][\w-]*)[^`\n]*`", prose(document)):
        assert option in every, f"no command has {option}"


def test_the_readme_shows_that_every_command_takes_json() -> None:
    assert not {name for name in COMMANDS if "--json" not in options_of(name)} - {
        "app"
    }  # which serves until it is stopped


@by_document
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(document)):
        if re.match(r"[a-z]+:", target):
            continue  # the web's
        path, _, anchor = target.partition("#")
        linked = (document.parent / path) if path else document
        assert linked.exists(), f"{document.name} links to {target}"
        if anchor:
            titles = re.findall(r"^#+ (.*)$", linked.read_text("utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}, target


@pytest.mark.parametrize(
    "document", [path for path in DOCUMENTS if path.name != "CHANGELOG.md"], ids=lambda path: path.name
)
def test_what_is_named_of_the_code_exists(document: Path) -> None:  # a changelog also names what is no more
    text = document.read_text("utf-8")
    for path in re.findall(r"`((?:niwt_core|pages|tests|benchmarks|assets)/[\w/.-]*)`", text):
        assert (ROOT / path).exists(), path
    for name in re.findall(r"`(niwt_core(?:\.\w+)+)`", text) + re.findall(r"^::: (\S+)$", text, re.MULTILINE):
        pkgutil.resolve_name(name)
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make (\w+)", text, re.MULTILINE)) <= targets


def test_every_page_is_in_the_sites_navigation() -> None:
    settings = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
    named = {path for entry in settings["nav"] for path in entry.values()}
    assert named == {path.name for path in (ROOT / "docs").glob("*.md")}
