"""What a neuron is called, and that a contested name is never shown alone."""

from dataclasses import replace

import pytest

from niwt_core.explain.parts import NeuronPart
from niwt_core.neurons.neuron import Neuron, find_neurons
from niwt_core.report.fragments import neuron_list
from pages.components.shared import cards, style
from tests.support.small_study import small_study

PLAIN = Neuron(0, "belly color::blue", "belly color: blue", "weak", 0.8, 0.01, 0.02, 1.5)
CONTESTED = replace(PLAIN, better="wing color::black", better_label="wing color: black", better_auroc=0.95)


@pytest.mark.parametrize(("status", "named"), [("verified", True), ("weak", True), ("unnamed", False), ("dead", False)])
def test_a_name_is_said_only_where_it_holds(status, named):
    neuron = replace(PLAIN, status=status)
    assert neuron.is_named == named
    assert neuron.name == ("belly color: blue" if named else "unnamed")
    assert neuron.trust == status


def test_a_contested_name_is_called_so():
    assert (CONTESTED.contested, CONTESTED.trust, CONTESTED.is_named) == (True, "contested", True)
    assert not PLAIN.contested
    assert find_neurons([CONTESTED, replace(PLAIN, index=1, status="verified")])[0].index == 1


def test_the_report_names_both_words_of_a_contested_neuron():
    markup = neuron_list([NeuronPart(CONTESTED, 1.0, 0.5)], {})
    assert "blue belly" in markup
    assert "or black wings?" in markup
    assert ">contested<" in markup
    assert "black wings" not in neuron_list([NeuronPart(PLAIN, 1.0, 0.5)], {})


def test_a_card_of_the_app_names_both_words():
    study = replace(small_study(), id="with a contested name", neurons=(CONTESTED, *small_study().neurons[1:]))
    markup = cards.neuron_markup(study, 0)
    assert "Blue" in markup
    assert "or rather wing color: black" in markup
    assert "cyn-trust-contested" in markup
    assert set(style.TRUST) == {"verified", "weak", "contested", "unnamed", "dead", "yours", "rejected"}
