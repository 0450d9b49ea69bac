"""The page studies."""

from pages.components import session

session.page("Studies", "What the page is for, in two lines.")
