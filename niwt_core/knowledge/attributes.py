"""Domain knowledge: a table with one row a class, in attributes, caption features or embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, get_args

import numpy as np

from niwt_core.errors import NiwtError
from niwt_core.knowledge.attribute_names import attribute_key, group_of, readable, value_key
from niwt_core.knowledge.class_names import closest, listing
from niwt_core.knowledge.scales import infer_scale
from niwt_core.knowledge.table_checks import check_table

Kind = Literal["attributes", "captions", "embedding"]
Description = Mapping[str, object]
YES, NO = ("yes", "true"), ("no", "false")


@dataclass(frozen=True, eq=False)
class Knowledge:
    """A table that describes classes.

    Attributes:
        kind: "attributes" (each column is a word for people), "captions" or "embedding".
        classes: C class names, one a row.
        names: K column names, such as "has_crown_color::red" (group::value) or "longneck".
        values: (C, K) float32, raw: nothing is normalised here.
        scale: the value that means "entirely so": 1 for a binary table, 100 for percentages. 0 asks for it to be
            taken from the values (`infer_scale`).
        synonyms: column name -> other words that people use for it, where the table has such a list.
        shown: group -> how surely a photograph shows what its class has of it: "always", "mostly" or "seldom"; where somebody looked.

    Raises:
        NiwtError: on sizes that disagree, repeated names, values that are not finite.
    """

    kind: Kind
    classes: tuple[str, ...]
    names: tuple[str, ...]
    values: np.ndarray
    scale: float = 0.0
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shown: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Knowledge: {self.kind}, {len(self.classes)} classes, {len(self.names)} columns, scale {self.scale:g}>"

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", tuple(self.classes))
        object.__setattr__(self, "names", tuple(self.names))
        object.__setattr__(self, "values", np.ascontiguousarray(self.values, dtype=np.float32))
        if self.kind not in get_args(Kind):
            raise NiwtError(f"unknown kind of knowledge {self.kind!r}", fix=f"use one of {', '.join(get_args(Kind))}")
        check_table(self.classes, self.names, self.values)
        if not set(self.synonyms) <= set(self.names):
            unknown = listing(sorted(set(self.synonyms) - set(self.names)))
            raise NiwtError(f"other words for {unknown}, which the table lacks", fix="remove them")
        if not self.scale:
            object.__setattr__(self, "scale", infer_scale(self.values))

    @cached_property
    def groups(self) -> Mapping[str, np.ndarray]:
        """Group -> indices of its columns (int64), in column order. A name without "::" is a group of its own."""
        groups: dict[str, list[int]] = {}
        for k, name in enumerate(self.names):
            groups.setdefault(group_of(name), []).append(k)
        return {group: np.asarray(columns, dtype=np.int64) for group, columns in groups.items()}

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """K column names for people, such as "crown color: red"."""
        return tuple(readable(name) for name in self.names)

    @cached_property
    def binary(self) -> bool:
        """Every value is 0 or `scale`."""
        return bool(np.isin(self.values, (0.0, self.scale)).all())

    @cached_property
    def graded(self) -> bool:
        """Every value is 0, a half or all of `scale`: several values of a group may then hold at once, each by itself."""
        return bool(np.isin(self.values, (0.0, self.scale / 2, self.scale)).all())

    @cached_property
    def tops(self) -> np.ndarray:
        """(K,) float32: what `true` sets. `scale` in a table of shares or percentages, else the column's own top."""
        if self.scale in (1.0, 100.0):
            return np.full(len(self.names), self.scale, np.float32)
        top = self.values.max(axis=0, initial=-np.inf)
        return np.where(top > 0, top, np.float32(self.scale)).astype(np.float32)

    @property
    def floor(self) -> float:
        """The least amount that a description may give: 0, or the table's minimum if that is negative."""
        return min(0.0, float(self.values.min(initial=0.0)))

    @cached_property
    def _columns(self) -> Mapping[str, int]:
        columns: dict[str, int] = {}
        for k, name in enumerate(self.names):
            columns.setdefault(attribute_key(name), k)
        return columns

    @cached_property
    def _value_groups(self) -> Mapping[str, str]:
        return {attribute_key(group_of(name)): group_of(name) for name in self.names if "::" in name}

    def index(self, class_: str) -> int:
        """The row of a class. Raises NiwtError with the closest names."""
        if class_ not in self.classes:
            near = closest(class_, self.classes)
            fix = f"did you mean {listing(near)}?" if near else "check the name"
            raise NiwtError(f"no class {class_!r} in the table", fix=fix)
        return self.classes.index(class_)

    def of(self, class_: str) -> np.ndarray:
        """The (K,) row of a class."""
        return self.values[self.index(class_)]

    def restrict(self, classes: Sequence[str]) -> Knowledge:
        """The rows of `classes`, in that order, on the same scale."""
        rows = [self.index(class_) for class_ in classes]
        return replace(self, classes=tuple(classes), values=self.values[rows])

    def column(self, text: str) -> int:
        """Find a column by name: "has_crown_color::red", "crown color::red" and "Crown color: red" are the same.

        Raises NiwtError with the closest names.
        """
        if text in self.names:
            return self.names.index(text)
        key = attribute_key(text)
        if key not in self._columns:
            raise self._unknown(text)
        return self._columns[key]

    def _unknown(self, text: str) -> NiwtError:
        """The error for a name that is not in the table, with what may have been meant."""
        key = attribute_key(text)
        near: Sequence[str] = [
            label
            for name, label in zip(self.names, self.labels, strict=True)
            if attribute_key(name).endswith(f":{key}")
            or attribute_key(name).startswith(f"{key}:")
            or key in map(attribute_key, self.synonyms.get(name, ()))
        ]
        if not near:
            known = {attribute_key(label): label for label in self.labels}
            known |= {key: readable(group) for key, group in self._value_groups.items()}
            near = [known[spelled] for spelled in closest(key, known)]
        fix = f"did you mean {listing(near)}?" if near else f"known are {listing(self.labels, limit=3)}"
        return NiwtError(f"no attribute {text!r}", fix=fix)

    def describe(self, description: Description, *, base: np.ndarray | None = None) -> np.ndarray:
        """Turn a person's description of a class into a row of the table.

        * {"crown color": "red"}: this value is its top, the others of its group 0. {"legs": 4} too, where 4 is a value.
        * {"crown color": ["red", "black"]}: they share their tops evenly (where the table knows only 0, a half and 1, each is 1).
        * {"crown color": {"red": 70, "black": 30}}: these amounts, 0 for the others. False alone: 0 for all.
        * {"has_crown_color::red": 80}, or True or False: this column alone; the rest of its group stays.

        Groups are set before single columns, whatever their order. "yes" and "no" are True and False, unless they are values.

        Args:
            base: (K,) row for what is not mentioned; by default the mean of the table's rows.

        Returns:
            (K,) float32.

        Raises:
            NiwtError: on names that are not in the table or given twice, and amounts that are not numbers from 0 to `scale`.
        """
        if self.kind != "attributes":
            raise NiwtError(f"a table of {self.kind} has no attributes to describe by", fix="describe it by a caption")
        if not isinstance(description, Mapping):
            raise NiwtError(f"{description!r} is not a description", fix="write attributes and their values")
        row = np.array(self.values.mean(axis=0) if base is None else base, dtype=np.float32)  # (K,)
        if row.shape != (len(self.names),):
            raise NiwtError(
                f"a base of {row.size} values for {len(self.names)} attributes", fix="start from a table row"
            )
        single: dict[int, float] = {}
        groups: set[str] = set()
        for name, value in description.items():
            group = self._value_groups.get(attribute_key(str(name)))
            if group is None or name in self.names:
                k = self.column(str(name))
                if k in single:
                    raise NiwtError(f"attribute {str(name)!r} is given twice", fix="keep one of them")
                single[k] = self._amount(value, k, str(name))
            else:
                if group in groups:
                    raise NiwtError(f"attribute {str(name)!r} is given twice", fix="keep one of them")
                groups.add(group)
                row[self.groups[group]] = self._values_of_group(group, value)
        for k, amount in single.items():
            row[k] = amount
        return row

    def _values_of_group(self, group: str, value: object) -> np.ndarray:
        """One group's columns from the name of a value, a list of names, a mapping to amounts, or False."""
        texts = {attribute_key(self.labels[k].split(": ", 1)[1]): int(k) for k in self.groups[group]}
        shown = [self.labels[k].split(": ", 1)[1] for k in texts.values()]
        amounts = dict.fromkeys(self.groups[group].tolist(), 0.0)
        given = [value] if isinstance(value, str) or value_key(value) in texts else value
        if isinstance(value, str) and value.casefold() in NO and value_key(value) not in texts:
            given = False
        if not isinstance(given, Mapping | Sequence) or not given:
            if given is False:
                return np.zeros(len(amounts), np.float32)
            raise NiwtError(f"{value!r} is no value", where=readable(group), fix=f"use {listing(shown, limit=15)}")
        for text in given:
            if value_key(text) not in texts:
                near = closest(str(text), shown) or shown
                raise NiwtError(f"no value {text!r}", where=readable(group), fix=f"use {listing(near, limit=15)}")
        columns = {texts[value_key(text)]: text for text in given}
        for k, text in columns.items():
            if isinstance(given, Mapping):
                amounts[k] = self._amount(given[text], k, f"{readable(group)}: {text}")
            else:
                amounts[k] = float(self.tops[k]) / (1 if self.graded else len(columns))
        return np.array(list(amounts.values()), dtype=np.float32)  # (values of the group,)

    def _amount(self, value: object, k: int, name: str) -> float:
        if isinstance(value, str) and value.casefold() in (*YES, *NO):
            value = value.casefold() in YES
        if isinstance(value, bool | np.bool_):
            return float(self.tops[k]) if value else 0.0
        if isinstance(value, int | float | np.number) and self.floor <= value <= self.scale:  # NaN is neither
            return float(value)
        fix = f"give a number from {self.floor:g} to {self.scale:g}, or true or false"
        raise NiwtError(f"{value!r} is not an amount", where=name, fix=fix)

    def presence(self, threshold: float = 0.5) -> np.ndarray:
        """(C, K) bool: the class has the attribute.

        A value of at least `threshold * scale` counts. Many columns of CUB's percentages never reach half, since people
        disagree on shades and shapes: such a column counts from the midpoint of its own range, if its maximum is at
        least a tenth of `scale`; below that no class has the attribute. A binary table is taken as it is.
        """
        if self.binary:
            return self.values > 0
        low, high = self.values.min(axis=0), self.values.max(axis=0)  # (K,)
        cut = np.where(high >= threshold * self.scale, threshold * self.scale, low + threshold * (high - low))
        useful = (high >= threshold * self.scale) | ((high >= 0.1 * self.scale) & (high > low))
        return (self.values >= cut) & useful
