"""The page start."""

from pages.components import session

session.page("Start", "What the page is for, in two lines.")
