"""What the fuzz run feeds with bytes; each target raises when a claim about bad input does not hold."""

import json
import re
from collections.abc import Callable
from functools import cache

from tests.dataset.rows_of_formats import ROWS
from tests.fuzz.files import edit_one_row
from tests.template.real_templates import REAL
from tunedesk import paths
from tunedesk.dataset import row_edits
from tunedesk.dataset.example import example_of
from tunedesk.dataset.hydrating import PromptTemplate, fill
from tunedesk.dataset.parsing import parse_row
from tunedesk.dataset.query import Query, compile_query
from tunedesk.dataset.spreadsheet import copy_rows, paste_new
from tunedesk.errors import UserError
from tunedesk.lint.rows import lint_row
from tunedesk.lint.targets import target_named
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.errors import TemplateError
from tunedesk.template.tokenizer_files import TokenizerFiles, load_tokenizer_files

LINTED = [
    target_named(name) for name in ("local", "openai", "openai-dpo", "azure", "mistral", "trl", "generic")
]
RENDERED = ("qwen3", "gemma4_v5", "mistral_v3_tekken", "lfm2_2_5_v2")
NEW_ROW = json.dumps(ROWS["prompt-completion"]).encode()


def row(data: bytes) -> None:
    """No row, however broken, breaks the reader, the linter or an edit."""
    parsed = parse_row(data)
    for target in LINTED:
        lint_row(parsed, target)
    if parsed.value is not None:
        example = example_of(parsed.value)
        places = [0, *(turn.pointer for turn in (*example.messages, *example.chosen, *example.rejected))]
        for place in places[:6]:
            _edit(parsed.value, place)


def _edit(value: row_edits.Row, place: row_edits.Place) -> None:
    edits: tuple[Callable[[], object], ...] = (
        lambda: row_edits.set_content(value, place, "x"),
        lambda: row_edits.set_role(value, place, "user"),
        lambda: row_edits.set_weight(value, place, 0),
        lambda: row_edits.insert_turn(value, place, "user", "x"),
        lambda: row_edits.delete_turn(value, place),
        lambda: row_edits.move_turn(value, place, 0),
        lambda: row_edits.add_tool_call(value, place, "f", "{}"),
        lambda: row_edits.swap_preference(value),
    )
    for edit in edits:
        try:
            edit()
        except (UserError, LookupError):  # what these functions promise
            continue


def render(data: bytes) -> None:
    """Whatever a row says, a template shows it, with one trained stretch after the other, or refuses it."""
    value = parse_row(data).value
    if value is None:
        return
    for template in _templates():
        try:
            rendered = template.render(example_of(value))
        except TemplateError:
            continue
        assert len(rendered.ids) == len(rendered.mask) == len(rendered.offsets)
        assert "".join(span.text for span in rendered.spans) == rendered.text


@cache
def _templates() -> list[ChatTemplate]:
    """Real templates with the tokenizer of the practice model."""
    files = load_tokenizer_files(paths.starter_model())
    sources = [(REAL / f"{name}.jinja").read_text(encoding="utf-8") for name in RENDERED]
    return [_with_template(files, name, source) for name, source in zip(RENDERED, sources, strict=True)]


def _with_template(files: TokenizerFiles, name: str, source: str) -> ChatTemplate:
    same = (files.tokenizer, files.special, files.special_tokens, files.end_ids)
    return ChatTemplate(name, TokenizerFiles(*same, source, files.digest))


def template(data: bytes) -> None:
    """A filled prompt is a row that can be read."""
    text = data.decode("utf-8", "replace")
    for raw in (NEW_ROW, data):
        try:
            filled = fill(PromptTemplate(system=text[::2], user=text, assistant="{completion}"), raw)
        except UserError:
            continue
        assert json.loads(filled.raw)


def pattern(data: bytes) -> None:
    """Half of the bytes is the pattern, the other half the text; plain letters are found where they stand."""
    text = data.decode("utf-8", "replace")
    half = len(text) // 2
    is_whole_word = len(data) % 2 == 1
    try:
        matcher = compile_query(Query(text[:half], regex=True, whole_word=is_whole_word))
        for _ in matcher.matches(text[half:]):
            pass
    except (UserError, TimeoutError):  # a TimeoutError is told as a sentence by who searches
        return
    if not is_whole_word and not re.search(r"[^a-z]", text[:half]) and text[:half] in text[half:]:
        assert matcher.is_in(text[half:])


def spreadsheet(data: bytes) -> None:
    """What is pasted from a table is rows that can be read, and copied again."""
    try:
        pasted = paste_new(data.decode("utf-8", "replace"), [NEW_ROW] if len(data) % 2 else ())
    except UserError:
        return
    assert pasted is not None
    assert all(json.loads(raw) is not None for raw in pasted.raws)
    copy_rows(pasted.raws)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "row": row,
    "containers": edit_one_row,
    "render": render,
    "template": template,
    "pattern": pattern,
    "spreadsheet": spreadsheet,
}
_ROWS = [json.dumps(value).encode() for value in ROWS.values()]
_FILES = [bytes([kind, 0b111, 1]) + b"\xff".join(_ROWS[:3]) for kind in range(12)]
SEEDS = {name: _FILES if name == "containers" else _ROWS for name in TARGETS}
