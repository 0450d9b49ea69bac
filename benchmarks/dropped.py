"""A thousand small files dropped into the app at once: how long, how responsive the browser stays meanwhile, and what it costs in memory.

python -m benchmarks.dropped [COUNT [STUDY]]
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, sync_playwright

from benchmarks.app import AVIARY, FLAGS, Figure, new_page, photograph, resident, seconds, server, settled
from benchmarks.app import table as figures_table
from benchmarks.timing import machine
from pages.components.shared.uploads import KEPT

# The longest time that the page answered nothing, by a timer that should fire every 50 ms.
WATCH = """() => { window.gaps = []; let last = performance.now();
  window.watch = setInterval(() => { const now = performance.now(); window.gaps.push(now - last - 50); last = now; }, 50); }"""
GAPS = "() => { clearInterval(window.watch); return window.gaps; }"


def heap(page: Page) -> float:
    """Megabytes of script memory that the page holds, after its garbage is collected."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return float(used) / 2**20


def measure(study: Path, *, count: int) -> Iterator[Figure]:
    """Every figure: of the drop, of the table that it leaves, and of a page after it."""
    with sync_playwright() as playwright, TemporaryDirectory(prefix="niwt-dropped-") as folder:
        files = [Path(folder) / f"picture {number:04}.jpg" for number in range(count)]
        for number, file in enumerate(files):
            file.write_bytes(photograph(160, 120, seed=number))
        executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        page = new_page(browser)
        page.set_default_timeout(1_200_000)
        with server(study) as (address, pid, _):
            page.goto(f"{address}/classify")
            page.locator(".cls-sentence").wait_for()
            page.get_by_text("Upload", exact=True).click()
            settled(page)
            before, heap_before = resident(pid), heap(page)
            page.evaluate(WATCH)
            table = page.locator("[data-testid=stDataFrame]")
            rows = f"() => document.querySelector('[data-testid=stDataFrame] [role=grid]')?.ariaRowCount >= {min(count, KEPT) + 1}"
            taken = seconds(
                lambda: page.locator("input[type=file]").set_input_files(files),
                lambda: page.wait_for_function(rows),
                lambda: settled(page),
            )
            gaps = page.evaluate(GAPS)
            yield Figure(f"{count} small files, from the drop to their table", taken, "s", "", None)
            yield Figure("of that, a picture", 1000 * taken / count, "ms", "", None)
            yield Figure("longest time that the page answered nothing meanwhile", max(gaps), "ms", "", None)
            yield Figure("times above 200 ms meanwhile", sum(gap > 200 for gap in gaps), "", "", None)
            yield Figure("the server's memory more", resident(pid) - before, "MB", "", None)
            yield Figure("the page's script memory more", heap(page) - heap_before, "MB", "", None)
            box = table.bounding_box()
            assert box is not None
            page.evaluate(WATCH)
            sort = seconds(lambda: page.mouse.click(box["x"] + 130, box["y"] + 15), lambda: page.wait_for_timeout(50))
            page.mouse.wheel(0, 4000)
            page.wait_for_timeout(1000)
            gaps = page.evaluate(GAPS)
            yield Figure("sort by a column, until the page answers", 1000 * sort, "ms", "", None)
            yield Figure("longest time without an answer while sorting and scrolling", max(gaps), "ms", "", None)
            again = seconds(
                lambda: page.get_by_role("link", name="Measure", exact=True).first.click(),
                page.get_by_role("heading", name="Measure", level=1).wait_for,
                lambda: settled(page),
                lambda: page.get_by_role("link", name="Classify", exact=True).first.click(),
                table.wait_for,
                lambda: settled(page),
            )
            yield Figure("to another page and back to all pictures", again, "s", "", None)
        browser.close()


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    measured = list(measure(Path(sys.argv[2]) if len(sys.argv) > 2 else AVIARY, count=wanted))
    sys.stdout.write(f"{figures_table(measured)}\n\n{machine()}\n")
