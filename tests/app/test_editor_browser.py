"""The attribute editor in Chromium: the engine's numbers, within a frame, by mouse and by keyboard."""

import base64

import numpy as np
import pytest

from niwt_core import Recipe, build_class
from niwt_core.classify.live_tables import sample_pictures
from pages.components.build.component import other_class, script
from pages.components.build.editor_tables import pack, prepare
from pages.components.build.editor_words import editor_words
from tests.support.browser import chromium
from tests.support.small_study import small_study

RECIPE = Recipe(
    "Ruby Needlebill", {"crown color": "red", "bill shape": {"needle": 0.7, "hooked": 0.25}, "wing color: blue": 0.4}
)


@pytest.fixture(scope="module", params=["third.1", "second.1"])
def study(request):
    return small_study(layer=request.param)


LOAD = """async ([source, payload]) => {
  const module = await import(URL.createObjectURL(new Blob([source], {type: "text/javascript"})));
  const bytes = Uint8Array.from(atob(payload), (c) => c.charCodeAt(0));
  Object.assign(window, {module, bytes});
}"""
NUMBERS = """([values, extra]) => {
  const scorer = new module.Scorer(module.unpack(bytes));
  scorer.describe(Float64Array.from(values));
  const M = scorer.header.pictures.length;
  return {
    scores: Array.from({length: M}, (_, m) => scorer.score(scorer.pictures, m * scorer.r)),
    extra: scorer.score(Float64Array.from(extra)),
    likeness: Array.from(scorer.likeness),
    importances: Array.from(scorer.importance_now),
  };
}"""


@pytest.fixture(scope="module")
def blank():
    with chromium() as browser:
        yield browser.new_page()


@pytest.mark.browser
def test_the_browser_s_numbers_are_the_engine_s(study, blank):
    tables = prepare.__wrapped__(study)
    built = build_class(study, RECIPE)
    features = study.features[7].float()
    extra = tables.matrices.project((features - study.head.mean).numpy())
    blank.evaluate(LOAD, [script(), base64.b64encode(tables.payload).decode()])
    text = blank.evaluate(NUMBERS, [built.values.astype(float).tolist(), extra.tolist()])
    pictures = study.gallery.pictures[sample_pictures(study)]
    scores = (study.features[pictures].float() - study.head.mean) @ built.weights + built.bias
    waiting = study.typical_bias - built.bias  # its own is known when the slider is let go
    np.testing.assert_allclose(text["scores"], scores + waiting, atol=1e-4)
    expected = float((features - study.head.mean) @ built.weights + study.typical_bias)
    assert text["extra"] == pytest.approx(expected, abs=1e-4)
    np.testing.assert_allclose(text["importances"], built.importances[tables.matrices.neurons], atol=1e-4)
    order = np.argsort(-np.array(text["likeness"]))[:5]
    assert [study.classes[c] for c in order] == [name for name, _ in built.nearest]
    other = other_class(tables, built)
    np.testing.assert_allclose(other["logits"], scores, atol=1e-4)


def synthetic(
    attributes: int = 312, classes: int = 200, pictures: int = 60, neurons: int = 128, rank: int = 150
) -> bytes:
    """A payload as large as that of the whole CUB-200-2011."""
    random = np.random.default_rng(0)
    size = 12
    groups = [
        {
            "label": f"Group {g}", "short": f"Group {g}", "exclusive": True, "open": True,
            "values": [{"k": k, "label": f"value {k}", "swatch": "rgb(200 30 30)", "inert": False} for k in range(g, min(g + size, attributes))],
        }
        for g in range(0, attributes, size)
    ]  # fmt: skip
    pixel = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
    header = {
        "id": "synthetic", "encoding": "hellinger", "scale": 100.0, "floor": 0.0, "attributes": attributes, "all": list(range(attributes)),
        "norm": 1.0, "bias": 0.0, "mean_square": 0.01, "parts": [{"label": "Part", "groups": groups}],
        "classes": [{"name": f"Class {c}", "label": f"Class {c}", "kind": "seen" if c % 4 else "unseen"} for c in range(classes)],
        "pictures": [{"name": f"p{m}", "label": f"p{m}", "kind": "seen", "src": pixel} for m in range(pictures)],
        "neurons": [{"index": n, "label": f"neuron {n}", "status": "weak", "trust": "weak"} for n in range(neurons)],
        "words": editor_words(), "kinds": {"seen": "seen", "unseen": "unseen", "built": "built"},
    }  # fmt: skip
    shapes = {
        "transform": (rank, attributes), "origin": (rank,), "rows": (classes, rank), "row_lengths": (classes,), "row_offsets": (classes,),
        "mean_row": (rank,), "pictures": (pictures, rank), "logits": (pictures, classes), "importance": (neurons, attributes),
        "importance_offset": (neurons,), "spread": (neurons,),
    }  # fmt: skip
    return pack(
        header, {name: random.standard_normal(shape) + 2 * (name == "row_lengths") for name, shape in shapes.items()}
    )


@pytest.mark.browser
def test_a_drag_takes_less_than_a_frame_with_312_attributes_and_200_classes(blank):
    blank.set_viewport_size({"width": 1440, "height": 900})
    blank.evaluate(LOAD, [script(), base64.b64encode(synthetic()).decode()])
    blank.evaluate(
        """() => {
          const parentElement = document.createElement("div"), sent = [];
          document.body.replaceChildren(parentElement);
          module.default({data: bytes, parentElement: document.createElement("i"), setStateValue() {}});
          const data = {tables: "synthetic", epoch: 0, revision: 0, base: Array.from({length: 312}, (_, k) => (k * 37) % 100),
                        changes: {}, name: "Mine",
                        gamma: 0.5, replaced: -1, others: [], extras: []};
          module.default({data: [data], parentElement, setStateValue: (key, value) => sent.push(value)});
          Object.assign(window, {editor: parentElement.querySelector(".editor").editor, sent});
        }"""
    )
    slider = blank.locator("input[type=range]").nth(5)
    box = slider.bounding_box()
    assert box is not None
    blank.mouse.move(box["x"] + 8, box["y"] + box["height"] / 2)
    blank.mouse.down()
    for step in range(200):
        blank.mouse.move(box["x"] + 8 + (step * 7) % int(box["width"] - 16), box["y"] + box["height"] / 2)
    blank.mouse.up()
    timings = sorted(blank.evaluate("() => editor.timings"))
    assert len(timings) > 20
    assert timings[int(0.95 * len(timings))] < 16
    blank.wait_for_function("() => sent.length === 1")
    assert blank.evaluate("() => Object.keys(sent[0].changes)") == ["5"]


@pytest.mark.browser
def test_steps_reset_search_and_filter(blank):
    test_a_drag_takes_less_than_a_frame_with_312_attributes_and_200_classes(blank)
    blank.get_by_role("button", name="Step back").click()
    blank.wait_for_function("() => sent.length === 2 && Object.keys(sent[1].changes).length === 0")
    blank.get_by_role("button", name="Step forward").click()
    blank.wait_for_function("() => sent.length === 3 && '5' in sent[2].changes")
    blank.get_by_label("Only what changed").check()
    assert blank.locator(".value:visible").count() == 1
    blank.get_by_label("Only what changed").uncheck()
    blank.get_by_label("Search attributes").fill("value 31")
    assert blank.locator(".value:visible").count() == 3  # 31, 310, 311
    blank.get_by_label("Search attributes").fill("vlue 31")
    assert blank.get_by_text("Read as: vlue → value").is_visible()
    assert blank.locator(".value:visible").count() == 3
    blank.get_by_label("Search attributes").fill("xylophone")
    assert blank.get_by_text("No attribute matches").is_visible()
    assert not blank.get_by_text("Read as").is_visible()
    blank.get_by_label("Search attributes").fill("")
    blank.get_by_role("button", name="Reset all").click()
    blank.wait_for_function("() => sent.length === 4 && Object.keys(sent[3].changes).length === 0")


@pytest.mark.browser
def test_keyboard_alone_moves_a_slider_and_chooses_a_value(blank):
    test_a_drag_takes_less_than_a_frame_with_312_attributes_and_200_classes(blank)
    blank.locator("input[type=range]").nth(2).focus()
    before = blank.evaluate("() => editor.values[2]")
    for _ in range(3):
        blank.keyboard.press("ArrowRight")
    blank.wait_for_function("() => sent.length === 2")  # three presses, one message
    assert blank.evaluate("() => editor.values[2]") == pytest.approx(before + 3)
    blank.locator("input[type=radio]").first.focus()
    blank.keyboard.press("Space")
    assert blank.evaluate("() => editor.values.slice(0, 12)[0]") == 100
    assert blank.evaluate("() => Math.max(...editor.values.slice(1, 12))") == 0


@pytest.mark.browser
def test_names_are_text_never_markup(blank):
    test_a_drag_takes_less_than_a_frame_with_312_attributes_and_200_classes(blank)
    blank.evaluate(
        """() => { const name = "<img src=x onerror='window.hacked = 1'>";
          editor.update({epoch: 0, revision: 1, base: Array.from(editor.base), changes: {}, name, gamma: 0.5, replaced: -1, extras: [],
                        others: [{name, logits: new Array(60).fill(50)}]}, () => {}); }"""
    )
    assert blank.evaluate("() => window.hacked") is None
    assert blank.locator("li:visible", has_text="<img src=x").count() >= 1
