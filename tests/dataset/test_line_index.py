"""Claims about finding lines, with windows so small that everything crosses their borders."""

from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from tests.dataset.rows import raws
from tunedesk.dataset.line_index import LineIndex

contents = st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\r\n", b"long enough for two"])).map(b"".join)


def starts_by_hand(content: bytes, first: int) -> list[int]:
    """Where each line begins, and the end."""
    parts = content[first:].split(b"\n")
    lines = [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
    starts = [first]
    for line in lines:
        starts.append(starts[-1] + len(line))
    return starts


@given(contents, st.integers(1, 9), st.sampled_from([0, 3]))
def test_every_line_is_found_whatever_the_windows(content, window, first):
    content = b"BOM"[:first] + content
    with patch("tunedesk.dataset.line_index.WINDOW", window):
        index = LineIndex(lambda at, size: content[at : at + size], len(content), first)
        found = [index.start(line) for line in range(len(index) + 1)]
    assert found == starts_by_hand(content, first)
    assert index.bytes_read == len(content)


def test_a_file_that_another_program_shortened_raises_nothing_when_it_is_looked_at(make, tmp_path):
    rows = [b"row %d" % number * 50 for number in range(5000)]
    document = make(b"\n".join(rows))
    assert document.raw_at(0) == rows[0]
    snapshot = document.snapshot()
    (tmp_path / "rows.jsonl").write_bytes(b"short\n")
    assert len(raws(document)) == 5000
    assert len(list(snapshot.rows())) == 5000
    assert document.changed_on_disk()
    document.merge_from_disk()
    assert raws(document) == [b"short"]
