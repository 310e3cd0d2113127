"""TPL, INJ, TOK: what becomes of a row in the target's chat template and tokenizer."""

import functools
import re
from collections.abc import Iterator

from tunedesk.lint.edits import ReplaceText
from tunedesk.lint.finding import Fix, FixKind, Severity
from tunedesk.lint.row_view import RowView, Text
from tunedesk.lint.rule import Hit, Rule
from tunedesk.lint.targets import Target
from tunedesk.template.errors import TemplateError
from tunedesk.template.rendered import Rendered

_OPENAI_TOKENS = frozenset(
    [
        "<|im_start|>",
        "<|im_sep|>",
        "<|im_end|>",
        "<|endoftext|>",
        "<|endofprompt|>",
        "<|fim_prefix|>",
        "<|fim_middle|>",
        "<|fim_suffix|>",
    ]
)
# Control tokens and turn marks of the families that are tuned most; for files that may go anywhere.
_KNOWN_TOKENS = _OPENAI_TOKENS | frozenset(
    [
        "</s>",
        "[INST]",
        "[/INST]",
        "<<SYS>>",
        "<</SYS>>",
        "<|begin_of_text|>",
        "<|end_of_text|>",
        "<|eot_id|>",
        "<|start_header_id|>",
        "<|end_header_id|>",
        "<start_of_turn>",
        "<end_of_turn>",
        "<|system|>",
        "<|user|>",
        "<|assistant|>",
        "<|end|>",
    ]
)


def template_error(view: RowView) -> Iterator[Hit]:
    if isinstance(view.rendered, TemplateError):
        yield Hit("", view.rendered.message)


def no_stop_token(view: RowView) -> Iterator[Hit]:
    rendered, template = view.rendered, view.target.template
    if template is None or not isinstance(rendered, Rendered) or not rendered.trained:
        return
    last = max(index for index, trained in enumerate(rendered.mask) if trained)
    if rendered.ids[last] not in template.end_ids:
        message = f"{template.name} is given no token that ends the answer, so it would not learn to stop."
        yield Hit("", message)


def special_token_in_text(view: RowView) -> Iterator[Hit]:
    pattern = _pattern(literals_of(view.target))
    for text in view.texts:
        for match in pattern.finditer(text.text):
            literal = match.group()
            fix = Fix(
                FixKind.UNSAFE,
                f"Delete {literal}",
                (ReplaceText(text.pointer, match.start(), match.end(), literal, ""),),
            )
            message = f"{literal} is a control token of the model; here it would act as one."
            yield Hit(text.pointer, message, match.start(), match.end(), fix)


def literals_of(target: Target) -> frozenset[str]:
    """The control tokens that may not stand in a text for this target."""
    if target.template is not None:
        return target.template.special_tokens
    return _OPENAI_TOKENS if target.name in ("openai", "azure") else _KNOWN_TOKENS


@functools.lru_cache(maxsize=16)
def _pattern(literals: frozenset[str]) -> re.Pattern[str]:
    """Longest first, so that <|end|> does not hide <|end|>x; one that never matches when there are none."""
    alternatives = "|".join(
        re.escape(literal) for literal in sorted(literals, key=lambda text: (-len(text), text))
    )
    return re.compile(alternatives or r"(?!)")


def over_context(view: RowView) -> Iterator[Hit]:
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
        "INJ001",
        "special-token-in-text",
        "A text holds a control token of the model.",
        Severity.ERROR,
        check=special_token_in_text,
        fix=FixKind.UNSAFE,
    ),
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
        "TPL004",
        "no-stop-token",
        "No token ends the answer that is trained.",
        Severity.ERROR,
        check=no_stop_token,
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
