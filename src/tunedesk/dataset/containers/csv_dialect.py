"""How a CSV file separates, quotes and encodes: found from its first line and its bytes, and said where it
is a guess.
"""

import codecs
import re

from tunedesk.dataset.code_pages import guess_code_page
from tunedesk.dataset.containers.form import Dialect
from tunedesk.dataset.line_index import Read

_BLOCK = 1 << 20
_DELIMITERS = ",;\t|"


def field_pattern(delimiter: bytes, quote: bytes, closed_only: bool) -> str:
    """A field up to the next delimiter or line end, as a regular expression.

    Blanks may stand before the opening quote. What follows a closing quote belongs to the field, as
    spreadsheet programs read it. closed_only: an opening quote must be closed; otherwise one that is not is a
    plain sign.
    """
    mark, stop = re.escape(quote.decode("latin-1")), re.escape(delimiter.decode("latin-1"))
    quoted = rf" *+{mark}(?:[^{mark}]++|{mark}{mark})*+{mark}"
    if closed_only:
        return rf"(?:{quoted}[^{stop}\n]*+|(?! *{mark})[^{stop}\n]*+)"
    return rf"(?:{quoted})?+[^{stop}\n]*+"


def fields_of(record: bytes, delimiter: bytes, quote: bytes) -> list[bytes]:
    """A record's fields as they stand, with their quotes. record: without its line end."""
    if quote not in record:
        return record.split(delimiter)
    stop = re.escape(delimiter.decode("latin-1"))
    pattern = rf"({field_pattern(delimiter, quote, False)})(?:{stop}|\Z)"
    found = re.findall(pattern.encode("latin-1"), record, re.DOTALL)
    # At the end the pattern matches once more, unless the record ends in a delimiter.
    return found if len(delimiter.join(found)) == len(record) else found[:-1]


def find_dialect(read: Read, first: int, wanted: str, encoding: str) -> Dialect:
    """The dialect by the header. wanted: the delimiter that the name suggests."""
    head = read(first, _BLOCK)
    quote = "'" if _is_single_quoted(head) else '"'
    counts = {sign: _count(head, sign, quote) for sign in _DELIMITERS}
    best = max(counts.values())
    delimiter = wanted if counts[wanted] == best else max(counts, key=lambda sign: counts[sign])
    return Dialect(delimiter, quote, encoding)


def _is_single_quoted(head: bytes) -> bool:
    line = head.partition(b"\n")[0].strip()
    return b'"' not in line and re.fullmatch(rb"'[^']*'(?:[,;|\t]'[^']*')*", line) is not None


def _count(head: bytes, delimiter: str, quote: str) -> int:
    """Delimiters in the header record outside of quotes."""
    pattern = field_pattern(delimiter.encode(), quote.encode(), False)
    found = re.match(rf"({pattern}(?:{re.escape(delimiter)}{pattern})*+)".encode(), head, re.DOTALL)
    return len(fields_of(found.group(1), delimiter.encode(), quote.encode())) if found is not None else 1


def find_encoding(read: Read, first: int, size: int) -> str:
    """ "utf-8", or "cp1251" or "cp1252" when the text cannot be UTF-8.

    A file that is UTF-8 but for a few bytes stays UTF-8, so that its broken rows are found.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    at, wrong, right = first, 0, 0
    sample = bytearray()
    while block := read(at, _BLOCK):
        at += len(block)
        if block.isascii() and not wrong:
            continue
        try:
            decoder.decode(block, final=at >= size)
            right += not block.isascii()
        except UnicodeDecodeError:
            wrong += 1
            decoder.reset()
            bad, good = _high_bytes(block)
            right += good > bad
            if len(sample) < 1 << 22:
                sample += block
    if not wrong or right:
        return "utf-8"
    return guess_code_page(bytes(sample))


def _high_bytes(block: bytes) -> tuple[int, int]:
    """Bytes beyond ASCII that are no UTF-8, and those that are."""
    text = block.decode("utf-8", "surrogateescape")
    bad = sum("\udc80" <= sign <= "\udcff" for sign in text)
    return bad, sum(ord(sign) > 127 for sign in text) - bad
