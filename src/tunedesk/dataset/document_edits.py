"""The edits of a document: checked, and made into the step that is stored."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tunedesk.dataset.live_document import LiveDocument
from tunedesk.dataset.marks import RowMarks, digest_of
from tunedesk.dataset.order import Order
from tunedesk.dataset.places import joined
from tunedesk.dataset.steps import (
    ANCHORS,
    CARRIED_ROWS,
    NOWHERE,
    Change,
    Step,
    TextEdit,
    in_parts,
    inserting,
    moving,
)


def replace_many(live: LiveDocument, rows: Mapping[int, bytes], label: str, merge_key: str | None) -> Change:
    with live.editing:
        live.check_editable()
        return _commit(live, label, in_parts(label, _replaced(live, rows)), merge_key)


def insert(live: LiveDocument, position: int, raws: Sequence[bytes], label: str, marks: RowMarks) -> Change:
    with live.editing:
        live.check_editable()
        _check_position(live, position)
        texts = [live.checked(raw) for raw in raws]
        if not texts:
            return Change(label=label)
        step = inserting(label, position, live.journal.next_row, texts, marks)
        return live.commit(label, [step], len(texts))


def edit_many(
    live: LiveDocument,
    replace: Mapping[int, bytes],
    delete: Iterable[int],
    insert: Sequence[tuple[int, bytes]],
    label: str,
) -> Change:
    with live.editing:
        live.check_editable()
        gone = dict.fromkeys(delete)
        removed = live.rows.order.places_of(list(gone)) if gone else NOWHERE
        new = sorted(insert, key=lambda each: each[0])
        for position, _ in new:
            _check_position(live, position)
        cuts = sorted(map(live.rows.order.index, gone)) if new else []
        first = live.journal.next_row
        added = joined(
            (position - bisect_left(cuts, position) + number, first + number, 1)
            for number, (position, _) in enumerate(new)
        )

        def texts() -> Iterator[TextEdit]:
            kept = {row: raw for row, raw in replace.items() if row not in gone} if gone else replace
            yield from _replaced(live, kept)
            yield from ((row, raw, None) for row, raw in live.rows.now().texts_of(gone))
            yield from ((first + number, None, live.checked(raw)) for number, (_, raw) in enumerate(new))

        return live.commit(label, in_parts(label, texts(), removed, added), len(new))


def move(live: LiveDocument, row_ids: Sequence[int], position: int, label: str) -> Change:
    with live.editing:
        live.check_editable()
        _check_position(live, position)
        rows = row_ids if isinstance(row_ids, Order) else list(dict.fromkeys(row_ids))
        now = live.rows.now()
        few = rows if len(rows) <= CARRIED_ROWS else rows[:: len(rows) // ANCHORS + 1]
        carried = dict(now.texts_of(few))
        anchors = {} if few is rows else {row: digest_of(raw) for row, raw in carried.items()}
        step = moving(label, now.order, rows, position, {} if anchors else carried, anchors)
        if step.removed == step.added:
            return Change(label=label)
        return live.commit(label, [step])


def set_marks(live: LiveDocument, marks: Mapping[int, RowMarks], label: str, merge_key: str | None) -> Change:
    with live.editing:
        live.refuse_read_only()
        for row in marks:
            live.rows.order.index(row)
        before = {row: live.rows.marks_of(row) for row in marks}
        changed = [row for row in marks if before[row] != marks[row]]
        old, new = {row: before[row] for row in changed}, {row: marks[row] for row in changed}
        return _commit(live, label, in_parts(label, (), marks_before=old, marks_after=new), merge_key)


def _commit(live: LiveDocument, label: str, parts: Iterator[Step], merge_key: str | None) -> Change:
    if merge_key is not None:
        return live.commit_typing(label, parts, merge_key)
    return live.commit(label, parts)


def _check_position(live: LiveDocument, position: int) -> None:
    if not 0 <= position <= len(live.rows.order):
        raise IndexError(position)


def _replaced(live: LiveDocument, rows: Mapping[int, bytes]) -> Iterator[TextEdit]:
    for row, old in live.rows.now().texts_of(rows):
        new = live.checked(rows[row])
        if new != old:
            yield row, old, new
