"""The page dictionary."""

from pages.components import session

session.page("Dictionary", "What the page is for, in two lines.")
