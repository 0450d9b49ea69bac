"""The command line that the Measure page gives for CLIP."""

import shlex
from dataclasses import replace
from pathlib import Path

from streamlit.testing.v1 import AppTest

from pages.components.measure.baselines import clip_command
from tests.support.small_study import small_study


def test_the_command_names_the_study_and_its_pictures() -> None:
    study = replace(small_study(), folder=Path("/my studies/birds"))
    words = shlex.split(clip_command(study))
    assert words[:3] == ["niwt", "evaluate", "/my studies/birds"]
    assert {"--baselines", "--clip", "--root"} <= set(words)
    assert "--root" not in clip_command(replace(study, kind="aviary"))


def test_the_page_gives_it_in_a_disclosure() -> None:
    def page() -> None:
        from pages.components.measure.baselines import beside_clip
        from tests.support.small_study import small_study

        beside_clip(small_study())

    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    assert [item.label for item in app.expander] == ["Beside CLIP"]
    assert [item.value for item in app.code] == [clip_command(small_study())]
    assert "may have met the unseen classes" in app.caption[0].value
