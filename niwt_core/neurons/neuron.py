"""A neuron of the dictionary, as the study keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from niwt_core.knowledge.attributes import Knowledge
from niwt_core.neurons.naming import NeuronNames


@dataclass(frozen=True)
class Neuron:
    """``attribute`` is the name that the inverse map gives it, ``label`` the same for people; both empty if it has none.

    ``better``: the attribute that fits the same held-out pictures clearly better, if there is one, with its label and AUROC: the name is contested.
    ``status``: "verified" (q < 0.05 and AUROC >= 0.75 on held-out pictures, not contested), "weak" (q < 0.05 only), "unnamed" or "dead";
    as a person sees it (`UserNames.of`) also "yours", by a name of their own, or "rejected".
    """

    index: int
    attribute: str
    label: str
    status: str
    auroc: float
    p: float
    q: float
    score: float
    better: str = ""
    better_label: str = ""
    better_auroc: float = 0.0

    @property
    def contested(self) -> bool:
        """Another attribute fits clearly better than the name."""
        return bool(self.better)

    @property
    def is_named(self) -> bool:
        """Its name is better than chance, contested or not, or a person's own."""
        return self.status in ("verified", "weak", "yours")

    @property
    def trust(self) -> str:
        """How far its name can be trusted: its status, or "contested"."""
        return "contested" if self.contested else self.status

    @property
    def name(self) -> str:
        """What to call it: its label if the name stands, else "unnamed"."""
        return self.label if self.is_named else "unnamed"


def neurons_from(names: NeuronNames, knowledge: Knowledge) -> tuple[Neuron, ...]:
    """The study's neurons from the outcome of naming."""
    status = np.where(names.verified, "verified", np.where(names.significant, "weak", "unnamed"))
    status = np.where(names.live, status, "dead")
    contested = names.contested
    out = []
    for n, attribute in enumerate(names.attribute):
        known = attribute >= 0
        other = int(names.better[n]) if contested[n] and names.better is not None else -1
        out.append(
            Neuron(
                index=n,
                attribute=knowledge.names[attribute] if known else "",
                label=knowledge.labels[attribute] if known else "",
                status=str(status[n]) if known or not names.live[n] else "unnamed",
                auroc=float(names.auroc[n]),
                p=float(names.p[n]),
                q=float(names.q[n]),
                score=float(names.score[n]) if known else 0.0,
                better=knowledge.names[other] if other >= 0 else "",
                better_label=knowledge.labels[other] if other >= 0 else "",
                better_auroc=float(names.better_auroc[n]) if other >= 0 and names.better_auroc is not None else 0.0,
            )
        )
    return tuple(out)


def find_neurons(neurons: Sequence[Neuron], *, attribute: str | None = None) -> tuple[Neuron, ...]:
    """Neurons named after ``attribute`` (a column name), the most trusted first; all of them without one."""
    chosen = [neuron for neuron in neurons if attribute is None or neuron.attribute == attribute]
    order = {"verified": 0, "weak": 1, "unnamed": 2, "dead": 3}
    return tuple(sorted(chosen, key=lambda neuron: (order[neuron.status], -neuron.auroc, neuron.index)))
