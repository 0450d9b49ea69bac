"""Descriptions with mistakes in them, as people make them: the drawn world's own never err, and then nearly every method is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from niwt_core.knowledge.attributes import Knowledge


def with_wrong_words(knowledge: Knowledge, *, groups: int, seed: int) -> Knowledge:
    """In ``groups`` attribute groups of each class, drawn by lot, another value is said in place of the true one.

    The table must have one value in each group. What classes look like stays as it is; only what is said of them errs, of seen and unseen ones alike.
    """
    random = np.random.default_rng(seed)
    values, columns = knowledge.values.copy(), list(knowledge.groups.values())
    for row in values:
        for g in random.permutation(len(columns))[:groups]:
            at = columns[g]
            true = int(row[at].argmax())
            row[at] = 0
            row[at[random.choice([j for j in range(len(at)) if j != true])]] = knowledge.scale
    return replace(knowledge, values=values)
