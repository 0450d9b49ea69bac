"""What an explanation is made of: attributes, neurons, and the contrast of two classes."""

from __future__ import annotations

from dataclasses import dataclass

from niwt_core.explain.detector import Sighting
from niwt_core.neurons.neuron import Neuron

LEVEL = 1e-4  # of a margin: what rounding leaves of it


@dataclass(frozen=True)
class AttributeScore:
    """An attribute with a strength: standard deviations above the average class, or its part of a margin in logits.

    ``present``: in a contrast, the class has more of it than the runner-up; if not, its absence is what speaks for the class.
    """

    attribute: str
    label: str
    score: float
    present: bool = True


@dataclass(frozen=True)
class Observation:
    """An attribute looked for in the picture: what the detector says of it, its ``score`` (about 1 where it is there, 0 where it is not), how
    much of it the class's description promises (0..1), and the ``evidence`` that it gives for the class (logits)."""

    attribute: str
    label: str
    sighting: Sighting
    score: float
    promised: float
    evidence: float


@dataclass(frozen=True)
class NeuronPart:
    """A neuron and what it adds to a score (logits); ``excess``: its mean activation here above that over training pictures. A neuron with
    a negative excess speaks by its silence."""

    neuron: Neuron
    contribution: float
    excess: float = 0.0

    @property
    def index(self) -> int:
        return self.neuron.index


@dataclass(frozen=True)
class Contrast:
    """Why ``name`` and not ``versus``: margin in calibrated logits; words and neurons that hold it up; ``counterfactual``: the words which,
    changed to what ``versus`` has, would turn the margin, largest first, each with what its change takes away; ``flips``: whether they
    suffice; ``confirmed``: those words which the detectors find in the picture as the class has them.
    """

    name: str
    versus: str
    margin: float
    words: tuple[AttributeScore, ...]
    neurons: tuple[NeuronPart, ...]
    counterfactual: tuple[AttributeScore, ...]
    flips: bool
    confirmed: tuple[AttributeScore, ...] = ()

    @property
    def left(self) -> float:
        """What the words of the counterfactual leave of the margin, in logits."""
        return self.margin - sum(word.score for word in self.counterfactual)

    @property
    def is_level(self) -> bool:
        """They leave nothing of it: two classes known by description only, once they are described alike."""
        return bool(self.counterfactual) and abs(self.left) <= LEVEL * abs(self.margin)
