"""Packages: the engine, and the app with its pages and assets as ``niwt_app`` (the checkout's own top level; see pyproject.toml for the rest)."""

from setuptools import find_namespace_packages, find_packages, setup

app = ["niwt_app", *(f"niwt_app.{name}" for name in find_namespace_packages(include=["pages", "pages.*"]))]
setup(
    packages=[*find_packages(include=["niwt_core", "niwt_core.*"]), *app],
    package_dir={"niwt_app": ".", "niwt_app.pages": "pages"},
    package_data={"niwt_core.report": ["templates/*.jinja", "styles/*.css"],
                  "": ["*.css", "*.js", "*.html", "*.csv", "*.yaml", "*.jinja", "*.tsv", "*.mo", "py.typed"],
                  "niwt_app": ["assets/**/*", ".streamlit/config.toml"]},
)  # fmt: skip
