"""The lesson in five steps: a slim strip over the real pages that says what to do, notices when it is done, and what came of it."""
