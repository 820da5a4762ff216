"""What a scenario's documents must be like, collected on the way through a machine."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sfn_airflow_core.expr.model import Compare, Expr, Test
from sfn_airflow_core.verify.symbols import Const, Sym, Value, inside


@dataclass(frozen=True, slots=True)
class Check:
    """A comparison or type test of a Choice rule that must hold, or must not; a ``soft`` one gives way to others."""

    test: Compare | Test
    left: Value
    right: Value
    wanted: bool
    soft: bool = False


@dataclass(frozen=True, slots=True)
class Wishes:
    """Wishes for all sources; never changed, so that another way can be tried from the same point.

    What asks for nothing new gives the same object, so that a round of a loop that decides nothing costs nothing.

    ``present`` parts must be there, ``absent`` ones must not; ``kinds`` say what a part is (string, number, integer,
    boolean, array, object, timestamp), ``checks`` what must hold between parts, ``lengths`` how long lists are,
    ``pieces`` into how many pieces a separator divides a text, ``filters`` by what the elements of a list are chosen.
    """

    present: tuple[Sym, ...] = ()
    absent: tuple[Sym, ...] = ()
    kinds: tuple[tuple[Sym, str], ...] = ()
    hints: tuple[tuple[Sym, str], ...] = ()
    checks: tuple[Check, ...] = ()
    lengths: tuple[tuple[Sym, int], ...] = ()
    pieces: tuple[tuple[Sym, str, int], ...] = ()
    filters: tuple[tuple[Sym, Expr], ...] = ()

    def need(self, value: Value) -> Wishes:
        """Everything that a value is made of is there."""
        new = [part for part in inside(value) if part not in self.present]
        return replace(self, present=(*self.present, *new)) if new else self

    def lack(self, part: Sym) -> Wishes:
        """A part is not there."""
        return self if part in self.absent else replace(self, absent=(*self.absent, part))

    def be(self, value: Value, kind: str, *, hint: bool = False) -> Wishes:
        """A part is of a kind; as a ``hint``, only if nothing else is asked of it. Other values are what they are."""
        if not isinstance(value, Sym) or kind == "any":
            return self
        if hint:
            return self if (value, kind) in self.hints else replace(self, hints=(*self.hints, (value, kind)))
        asked = self if (value, kind) in self.kinds else replace(self, kinds=(*self.kinds, (value, kind)))
        return asked.need(value)

    def long(self, part: Sym, length: int) -> Wishes:
        """A part is a list of this length."""
        asked = self if (part, length) in self.lengths else replace(self, lengths=(*self.lengths, (part, length)))
        return asked.need(part)

    def divided(self, part: Value, separator: Value, least: int) -> Wishes:
        """A part is a text that a separator divides into so many pieces; other values are what they are."""
        if not isinstance(part, Sym) or not isinstance(separator, Const) or not isinstance(separator.value, str):
            return self
        wish = (part, separator.value, least)
        return self.need(part) if wish in self.pieces else replace(self.need(part), pieces=(*self.pieces, wish))

    def filtered(self, part: Sym, predicate: Expr) -> tuple[Wishes, int]:
        """The position of the element that passes a filter: each filter of a list has one of its own."""
        own = [known for where, known in self.filters if where == part]
        if predicate in own:
            return self, own.index(predicate)
        return replace(self, filters=(*self.filters, (part, predicate))), len(own)

    def without(self, part: Sym) -> Wishes:
        """Nothing is asked of what is inside a part."""

        def outside(other: Sym) -> bool:
            return not other.within(part) or other == part

        return replace(
            self,
            present=tuple(filter(outside, self.present)),
            kinds=tuple(entry for entry in self.kinds if outside(entry[0])),
            lengths=tuple(entry for entry in self.lengths if outside(entry[0])),
            checks=tuple(c for c in self.checks if all(map(outside, (*inside(c.left), *inside(c.right))))),
        )

    def sparing(self, before: Wishes, parts: tuple[Sym, ...]) -> Wishes:
        """What was asked of these parts, and of what is inside them, is asked only where they are there."""

        def spared(part: Sym) -> bool:
            return any(map(part.within, parts))

        new, kinds = self.present[len(before.present) :], self.kinds[len(before.kinds) :]
        return replace(
            self,
            present=(*before.present, *(part for part in new if not spared(part))),
            kinds=(*before.kinds, *(entry for entry in kinds if not spared(entry[0]))),
            hints=(*self.hints, *(entry for entry in kinds if spared(entry[0]))),
        )

    def softened(self, before: Wishes) -> Wishes:
        """The checks that were not among those before as soft ones."""
        known = len(before.checks)
        return replace(self, checks=(*self.checks[:known], *(replace(c, soft=True) for c in self.checks[known:])))

    def check(self, check: Check) -> Wishes:
        """A comparison comes out as wanted."""
        asked = self.need(check.left).need(check.right)
        return asked if check in self.checks else replace(asked, checks=(*self.checks, check))
