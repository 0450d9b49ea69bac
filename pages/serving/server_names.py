"""What addresses of the app can name."""

from __future__ import annotations

from pages.serving.arguments import ROOT

PAGES = frozenset(path.stem for path in (ROOT / "pages").glob("*.py"))
