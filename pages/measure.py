"""The page measure."""

from pages.components import session

session.page("Measure", "What the page is for, in two lines.")
