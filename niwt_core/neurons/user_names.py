"""What a person says of the names of neurons: "this name is wrong", and names of their own, kept in a small file of theirs.

A study is not changed by it: its hashes and its tests stay what they are. A name of one's own bears a mark wherever it is shown, since nobody
tested it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from niwt_core.errors import NiwtError
from niwt_core.files import unwritable, write_atomically
from niwt_core.neurons.neuron import Neuron

MARK = "✎"  # behind every name of one's own
LONGEST = 60  # characters


@dataclass(frozen=True)
class UserNames:
    """A person's words on the neurons of one study: ``names`` neuron -> a name of their own, or "" where they only say that its name is wrong."""

    names: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.names)

    def named(self, index: int, name: str) -> UserNames:
        """With a name of one's own for neuron ``index``. Raises NiwtError: it is empty, too long, or not for print."""
        name = " ".join(name.split())
        if not name:
            raise NiwtError("the name is empty", where=f"neuron {index}", fix="write a word or two")
        if len(name) > LONGEST or not name.isprintable():
            raise NiwtError(
                f"{name[:20]!r} is no name", where=f"neuron {index}", fix=f"use at most {LONGEST} printable characters"
            )
        return UserNames({**self.names, index: name})

    def rejected(self, index: int) -> UserNames:
        """With the study's name of neuron ``index`` called wrong."""
        return UserNames({**self.names, index: ""})

    def without(self, index: int) -> UserNames:
        """With nothing said of neuron ``index``: its name is the study's again."""
        return UserNames({n: name for n, name in self.names.items() if n != index})

    def of(self, neuron: Neuron) -> Neuron:
        """The neuron as this person calls it: status "yours" and a marked label, "rejected" where its name is called wrong, else as it is."""
        if neuron.index not in self.names:
            return neuron
        name = self.names[neuron.index]
        if not name:
            return replace(neuron, status="rejected", better="", better_label="", better_auroc=0.0)
        label = f"{name} {MARK}"
        return replace(neuron, attribute="", label=label, status="yours", better="", better_label="", better_auroc=0.0)


NOTHING_SAID = UserNames()


def names_file(study_folder: Path, study_id: str) -> Path:
    """Where a person's names for a study are kept: beside its folder; for a study that came with the program, or lies where they
    may not write, in their own configuration folder (XDG_CONFIG_HOME, APPDATA, or ~/.config)."""
    folder = study_folder.resolve()
    shipped = folder.parent.name == "assets" and (folder.parent.parent / "app.py").exists()
    if not shipped and os.access(folder.parent, os.W_OK):
        return folder.parent / f"{folder.name}.names.json"
    home = os.environ.get("XDG_CONFIG_HOME") or os.environ.get("APPDATA") or Path.home() / ".config"
    return Path(home) / "choose-your-neuron" / "names" / f"{study_id}.json"


def read_names(path: Path, study_id: str, *, neurons: int) -> UserNames:
    """The names in a file of `write_names`; none where there is no file, or where it is about another preparation of the study.

    Raises NiwtError: the file is damaged.
    """
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["study"] != study_id:
            return NOTHING_SAID
        names = {int(n): name for n, name in kept["names"].items()}
        if not all(0 <= n < neurons and isinstance(name, str) and name.isprintable() for n, name in names.items()):
            raise ValueError("names of neurons that do not exist")
    except FileNotFoundError:
        return NOTHING_SAID
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise NiwtError("your names of neurons cannot be read", where=path, fix="move the file away") from error
    return UserNames({n: name[:LONGEST] for n, name in names.items()})


def write_names(path: Path, study_id: str, names: UserNames) -> None:
    """Keeps names in a file, whole or not at all; without names there is no file. Raises NiwtError where it cannot be written."""
    try:
        if not names.names:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = {"study": study_id, "names": {str(n): names.names[n] for n in sorted(names.names)}}
        write_atomically(path, (json.dumps(kept, ensure_ascii=False, indent=1) + "\n").encode())
    except OSError as error:
        raise unwritable(path, error) from None
