"""Counts the tokens of pairs of answers, as methods train them that learn from preferences, alone or among
other rows.
"""

from collections.abc import Sequence

from tunedesk.dataset.example import example_of
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import parse_row
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.counting import LONGEST_ROW, Counts, TemplateCounter
from tunedesk.template.encoding import RowTokens
from tunedesk.template.errors import TemplateError
from tunedesk.template.rendered import Rendered


class PairCounter:
    """A row counts as the longer of its two answers with the prompt, which is what a cut is about.

    trained: tokens of both answers, none when one has none; start: where the later of them begins.
    """

    lanes = 2

    def __init__(self, template: ChatTemplate, mapping: ColumnMapping | None = None) -> None:
        self._template = template
        self.mapping = mapping

    def count(self, raws: Sequence[bytes]) -> Counts:
        return [self._count(raw) for raw in raws]

    def render(self, raw: bytes) -> tuple[Rendered, Rendered]:
        """TemplateError says why a row is not counted."""
        return self._template.render_preference(example_of(parse_row(raw).value, self.mapping))

    def _count(self, raw: bytes) -> RowTokens | None:
        if len(raw) > LONGEST_ROW or parse_row(raw).value is None:
            return None
        try:
            pair = self.render(raw)
        except TemplateError:
            return None
        longest = max(one.tokens for one in pair)
        if not all(one.trained for one in pair):
            return RowTokens(longest, 0, -1)
        return RowTokens(longest, sum(one.trained for one in pair), max(one.mask.index(1) for one in pair))


class AnyRowCounter:
    """For looking at a dataset before a method is chosen: what is trained as it stands is counted so, and a
    pair as a pair.
    """

    lanes = 2

    def __init__(self, template: ChatTemplate, mapping: ColumnMapping | None = None) -> None:
        self._plain = TemplateCounter(template, mapping)
        self._pairs = PairCounter(template, mapping)

    def count(self, raws: Sequence[bytes]) -> Counts:
        counts = self._plain.count(raws)
        left = [place for place, found in enumerate(counts) if found is None]
        for place, found in zip(left, self._pairs.count([raws[place] for place in left]), strict=True):
            counts[place] = found
        return counts

    def refusal(self, raw: bytes) -> str:
        """Why a row is not counted; "" for one that is."""
        parsed = parse_row(raw)
        if parsed.value is None:
            return parsed.problems[0].message
        try:
            self._plain.render(raw)
        except TemplateError as refused:
            return "" if self.count([raw])[0] is not None else refused.message
        return ""
