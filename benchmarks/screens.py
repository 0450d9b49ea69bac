"""The pictures of the app in the README, taken from the study that ships: make screens."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Callable

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks.app import AVIARY, FLAGS, ROOT, server, settled
from niwt_core import Recipe
from pages.components.build.link import to_text

OUT = ROOT / "assets" / "screens"
WIDE, PHONE = (1440, 1000), (390, 844)
CLASS = Recipe(
    "Ruby Needlebill", {"crown color": "red", "bill shape": "needle", "wing color": "green", "tail shape": "fan"}
)


def on_build(page: Page) -> None:
    """The editor without the message that a link was opened."""
    page.locator(".editor").wait_for()
    page.locator("[data-testid=stToast]").first.wait_for(state="detached")


def nothing(page: Page) -> None:
    """The page as it comes."""


SHOTS: dict[
    str, tuple[str, str, Callable[[Page], None]]
] = {  # name -> address, what says that it is there, what to do then
    "start": ("", ".cyn-walkthrough", nothing),
    "dictionary": ("dictionary", "[class*=st-key-card-]", nothing),
    "build": (f"?class={to_text(CLASS)}", ".editor", on_build),
    "classify": ("classify", ".cls-sentence", nothing),
    "measure": ("measure", ".st-key-confusion_chart .js-plotly-plot", nothing),
    "studies": ("studies", ".cyn-head h1", nothing),
}


def main() -> None:
    OUT.mkdir(exist_ok=True)
    with sync_playwright() as playwright, server(AVIARY) as (address, _, _):
        executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        for kind, size, width in (("wide", WIDE, 960), ("phone", PHONE, 300)):
            for scheme in ("light", "dark"):
                context = browser.new_context(
                    viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, device_scale_factor=1
                )
                for name, (path, sign, then) in SHOTS.items():
                    page = context.new_page()
                    page.set_default_timeout(60_000)
                    page.goto(f"{address}/{path}")
                    page.locator(sign).first.wait_for()
                    settled(page)
                    then(page)
                    page.wait_for_timeout(800)  # pictures fade in
                    _keep(page.screenshot(), f"{name}-{kind}-{scheme}.webp", width)
                    page.close()
                context.close()
        browser.close()


def _keep(png: bytes, name: str, width: int) -> None:
    image = Image.open(io.BytesIO(png)).convert("RGB")
    small = image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)
    small.save(OUT / name, quality=80, method=6)
    sys.stderr.write(f"{name}: {(OUT / name).stat().st_size // 1000} kB\n")


if __name__ == "__main__":
    main()
