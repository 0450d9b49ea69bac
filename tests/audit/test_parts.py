"""Where neurons peak, against parts that are known."""

from dataclasses import replace

import numpy as np
import pytest

from niwt_core import NiwtError
from niwt_core.audit.parts import NEAR, aviary_grids, cub_grids, peaks_at_parts
from niwt_core.data.cub import read_cub
from niwt_core.neurons.exemplars import Gallery
from tests.support.drawn_sets import write_cub
from tests.support.small_study import small_study
from tests.support.tiny_aviary import tiny_aviary

GROUP = "crown color"


def one_verified(peaks: np.ndarray):
    """The small study with one verified neuron, of the crown, whose maps peak in these cells (y, x), one for each exemplar."""
    study = small_study()
    attribute = next(name for name in study.knowledge.names if name.startswith(f"{GROUP}::"))
    neurons = tuple(
        replace(neuron, status="verified" if neuron.index == 0 else "unnamed", attribute=attribute)
        for neuron in study.neurons
    )
    maps = np.zeros(study.gallery.maps.shape, np.asarray(study.gallery.maps).dtype)
    for place, (y, x) in enumerate(peaks):
        maps[0, place, y, x] = 1
    gallery = study.gallery
    assert isinstance(gallery, Gallery)
    return replace(study, neurons=neurons, gallery=replace(gallery, maps=maps))


def test_peaks_are_counted_where_the_part_is():
    study = small_study()
    exemplars, (height, width) = study.gallery.top.shape[1], study.gallery.maps.shape[2:]
    at_part = np.zeros((height, width), bool)
    at_part[0, 0] = True
    grids = [{GROUP: at_part}] * len(study.gallery)
    peaks = np.array([(0, 0) if place < exemplars // 2 else (height - 1, width - 1) for place in range(exemplars)])
    actual = peaks_at_parts(one_verified(peaks), grids)
    assert (actual.neurons, actual.peaks) == (1, exemplars)
    assert actual.hits == pytest.approx(100 * (exemplars // 2) / exemplars)
    assert actual.anywhere == pytest.approx(100 / (height * width))
    assert actual.times == pytest.approx(actual.hits / actual.anywhere)


def test_a_part_that_is_not_visible_is_no_miss():
    study = one_verified(np.zeros((small_study().gallery.top.shape[1], 2), int))
    nothing = np.zeros(study.gallery.maps.shape[2:], bool)
    actual = peaks_at_parts(study, [{GROUP: nothing}] * len(study.gallery))
    assert actual.peaks == 0
    assert np.isnan(actual.hits)


def test_cells_near_a_part_of_cub(tmp_path):
    """Part locations are pixels of the whole picture; cells are fractions of what the network was shown."""
    write_cub(tmp_path)
    dataset = read_cub(tmp_path)
    study = small_study()
    gallery = replace(study.gallery, pictures=np.arange(len(dataset))[: len(study.gallery)])
    knowledge = replace(study.knowledge, names=tuple(f"has_back_color::{k}" for k in range(len(study.knowledge.names))))
    placed = replace(study, knowledge=knowledge, gallery=gallery, paths=dataset.paths)
    grids = cub_grids(placed, dataset)
    assert len(grids) == len(gallery.pictures)
    height, width = study.gallery.maps.shape[2:]
    for picture, grid in enumerate(grids):
        x, y, visible = dataset.parts.locations[picture, 0]
        image = dataset.picture(picture)
        expected = np.zeros((height, width), bool)
        for row in range(height):
            for column in range(width):
                away = np.hypot((column + 0.5) / width - x / image.width, (row + 0.5) / height - y / image.height)
                expected[row, column] = visible and away <= NEAR
        np.testing.assert_array_equal(grid["has_back_color"], expected)
    with pytest.raises(NiwtError, match="no part locations"):
        cub_grids(placed, replace(dataset, parts=None))
    with pytest.raises(NiwtError, match="no picture"):
        cub_grids(replace(placed, paths=("elsewhere.jpg",) * len(dataset)), dataset)


def test_cells_of_a_drawn_part_hold_its_mask():
    study = tiny_aviary()
    grids = aviary_grids(study, most=3)
    assert len(grids) == len(study.gallery)
    drawn = [grid for grid in grids if grid]
    assert len(drawn) == 3
    for grid in drawn:
        assert grid["crown color"].any()
        assert not grid["crown color"].all()
        assert grid["crown color"].shape == study.gallery.maps.shape[2:]
