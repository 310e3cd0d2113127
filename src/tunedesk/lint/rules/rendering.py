"""TPL and TOK: what becomes of a row in the target's chat template and tokenizer."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tunedesk.dataset.example import Message, RowFormat
from tunedesk.lint.edits import DeleteKey, SetValue
from tunedesk.lint.finding import Fix, FixKind, Severity
from tunedesk.lint.row_view import RowView, Text
from tunedesk.lint.rule import Hit, Rule
from tunedesk.lint.target_facts import token_limit
from tunedesk.template.errors import TemplateError
from tunedesk.template.rendered import Rendered, RenderedPair
from tunedesk.template.rendered_chat import PROBE

if TYPE_CHECKING:  # the window lints before it needs a tokenizer
    from tunedesk.template.chat_template import ChatTemplate


def template_error(view: RowView) -> Iterator[Hit]:
    for made in (view.rendered, view.rendered_pair):
        if isinstance(made, TemplateError):
            yield Hit("", made.message)


def no_generation_mask(view: RowView) -> Iterator[Hit]:
    """No token ends the answer; or a tool goes by the template's marks alone (TRL's assistant_only_loss), and
    there are none.
    """
    rendered, template = view.rendered, view.target.template
    if template is None or not isinstance(rendered, Rendered) or not rendered.trained:
        return
    if view.target.answers_only and not template.marks_answers:
        message = (
            f"The chat template of {template.name} does not mark answers, so they cannot be trained alone."
        )
        yield Hit("", message)
        return
    last = max(index for index, trained in enumerate(rendered.mask) if trained)
    if rendered.ids[last] not in template.end_ids:
        message = f"{template.name} is given no token that ends the answer, so it would not learn to stop."
        yield Hit("", message)


def system_dropped_or_injected(view: RowView) -> Iterator[Hit]:
    rendered, template = view.rendered, view.target.template
    if template is None or not isinstance(rendered, Rendered) or view.format in _NO_CONVERSATION:
        return
    system = [message for message in view.example.messages if message.role in ("system", "developer")]
    for message in system:
        text = (message.content or "").strip()
        if text and text not in rendered.text:
            words = f"The chat template of {template.name} leaves the system text out."
            pointer = view.content_pointer(message)
            yield Hit(pointer, words, 0, _length(message), fix=_system_into_question(view))
    injected = added_system_text(template) if not system else ""
    if injected and injected in rendered.text:
        shown = injected if len(injected) <= _SHOWN else f"{injected[:_SHOWN]}..."
        words = f'The chat template of {template.name} adds a system text of its own: "{shown}".'
        yield Hit("", words, severity=Severity.INFO)


_NO_CONVERSATION = (RowFormat.TEXT,)
_SHOWN = 80  # characters of a text in a message


def _length(message: Message) -> int:
    return len(message.content or "") if message.text_pointer else 0


def _system_into_question(view: RowView) -> Fix | None:
    """The system text before the first question, a blank line between them."""
    if len(view.turns) < 2 or len(view.turns) != len(view.example.messages):
        return None
    (system, _), (user, _) = view.turns[:2]
    if system.role != "system" or user.role != "user" or not (system.text_pointer and user.text_pointer):
        return None
    text = f"{system.content}\n\n{user.content}"
    edits = (SetValue(user.text_pointer, text), DeleteKey(system.pointer))
    return Fix(FixKind.SUGGESTION, "Put the system text before the question", edits)


@functools.lru_cache(maxsize=8)
def added_system_text(template: ChatTemplate) -> str:
    """What a template says before the first question when the row has no system text; "" when nothing.

    Found by asking: control tokens and the names of roles, which stand before every turn, are no text.
    """
    try:
        before = template.prompt([Message("user", PROBE, None, "")]).text.partition(PROBE)[0]
    except TemplateError:
        return ""
    for token in sorted(template.special_tokens, key=len, reverse=True):
        before = before.replace(token, "\n")
    lines = [line.strip() for line in before.splitlines()]
    return max((line for line in lines if len(line.split()) > _WORDS_OF_A_MARK), key=len, default="")


_WORDS_OF_A_MARK = 2


def content_altered(view: RowView) -> Iterator[Hit]:
    """A text that does not stand in the rendered text as it stands in the row; system texts have TPL002."""
    rendered = view.rendered
    if not isinstance(rendered, Rendered):
        return
    for message in view.example.messages:
        text = message.content
        if not text or message.role in ("system", "developer") or text in rendered.text:
            continue
        trimmed = text.strip()
        if trimmed and trimmed in rendered.text:
            words = "The chat template takes the white space off the ends of this text."
        else:
            words = "The chat template leaves out or rewrites a part of this text."
        yield Hit(view.content_pointer(message), words, 0, _length(message))


def over_context(view: RowView) -> Iterator[Hit]:
    measured = _measured_by_provider(view)
    if measured is not None:
        tokens, limit = measured
        words = f"The row has about {tokens:,} tokens; {view.target.model} is trained on {limit:,} of a row."
        yield Hit("", words)
    if isinstance(view.rendered_pair, RenderedPair):
        longer = max(view.rendered_pair, key=lambda answer: answer.tokens)
        if longer.cut_at is not None:
            words = f"With its longer answer the row has {longer.tokens:,} tokens"
            yield Hit("", f"{words}; training cuts it after {longer.cut_at:,}.")
        return
    rendered = view.rendered
    if not isinstance(rendered, Rendered) or rendered.cut_at is None:
        return
    place = _text_at_cut(view, rendered)
    message = f"The row has {rendered.tokens:,} tokens; training cuts it after {rendered.cut_at:,}."
    if place is None:
        yield Hit("", message)
    else:
        text, start = place
        yield Hit(text.pointer, message, start, len(text.text))


def target_truncated(view: RowView) -> Iterator[Hit]:
    if _measured_by_provider(view) is not None and view.answers:
        answer = view.answers[-1]  # "removes tokens from the end of the training example" (OpenAI's guide)
        yield Hit(answer.pointer, "The cut takes the end of the last answer.", 0, len(answer.text))
    rendered = view.rendered
    if not isinstance(rendered, Rendered) or rendered.cut_at is None or not view.answers:
        return
    kept = rendered.trained_before_cut
    if kept == rendered.trained:
        return
    answer = view.answers[-1]
    place = _text_at_cut(view, rendered)
    start = place[1] if place is not None and place[0] is answer else 0
    lost = rendered.trained - kept
    message = f"The cut takes {lost:,} of the {rendered.trained:,} tokens that should be learned."
    yield Hit(answer.pointer, message, start, len(answer.text))


def _measured_by_provider(view: RowView) -> tuple[int, int] | None:
    """(tokens, limit) of a row that is too long for the provider's model; a token has one byte at least."""
    limit = token_limit(view.target)
    if limit is None or len(view.parsed.raw) <= limit:
        return None
    from tunedesk.template.openai_tokens import encoding_for_model, load_encoding, tokens_of_example

    encoding = encoding_for_model(view.target.model)
    if encoding is None:
        return None
    tokens = tokens_of_example(view.example, load_encoding(encoding)).total
    return (tokens, limit) if tokens > limit else None


def _text_at_cut(view: RowView, rendered: Rendered) -> tuple[Text, int] | None:
    """The text in which the cut lies, and where in it; the next text when it lies between two."""
    cut = rendered.cut_character
    cursor = 0
    for text in view.texts:
        content = text.text.strip()
        at = rendered.text.find(content, cursor)
        if cut is None or at < 0:
            continue
        cursor = at + len(content)
        if cut < cursor:
            lead = len(text.text) - len(text.text.lstrip())
            return text, lead + max(cut - at, 0)
    return None


RULES = (
    Rule(
        "TPL001",
        "template-error",
        "The chat template does not accept the row.",
        Severity.ERROR,
        check=template_error,
        rejects=True,
        needs_template=True,
    ),
    Rule(
        "TPL002",
        "system-dropped-or-injected",
        "The chat template leaves the system text out, or adds its own.",
        Severity.WARNING,
        check=system_dropped_or_injected,
        fix=FixKind.SUGGESTION,
        needs_template=True,
    ),
    Rule(
        "TPL003",
        "content-altered",
        "The chat template changes a text.",
        Severity.INFO,
        check=content_altered,
        needs_template=True,
    ),
    Rule(
        "TPL004",
        "no-generation-mask",
        "What shall be trained cannot be told, or does not end.",
        Severity.ERROR,
        check=no_generation_mask,
        rejects=True,
        needs_template=True,
    ),
    Rule(
        "TOK001",
        "over-context",
        "The row is longer than what is trained.",
        Severity.ERROR,
        check=over_context,
        needs_template=True,
    ),
    Rule(
        "TOK002",
        "target-truncated",
        "The cut takes a part of the answer.",
        Severity.ERROR,
        check=target_truncated,
        needs_template=True,
    ),
)
