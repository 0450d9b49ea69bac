"""The attribute editor: every attribute on sliders, and what the network makes of them while they move, computed in the browser.

    tables = editor.prepare(study)                       # once a study, shared by all sessions
    editor.send_tables(tables)                           # once a page; nothing is seen of it
    editor.show(tables, state, key=key, on_draft=moved)  # in a fragment: ``moved`` is called when a control is let go

The browser gets the tables of ``niwt_core.classify.live_tables`` as bytes; what changes with the person travels as a few kilobytes of JSON.
"""

from pages.components.build.component import (
    EditorState,
    Extra,
    draft_from,
    extra_picture,
    other_class,
    script,
    send_tables,
    show,
)
from pages.components.build.editor_tables import Tables, data_url, pack, prepare

__all__ = [
    "EditorState", "Extra", "Tables", "data_url", "draft_from", "extra_picture", "other_class", "pack", "prepare",
    "script", "send_tables", "show",
]  # fmt: skip
