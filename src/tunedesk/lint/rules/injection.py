"""INJ: texts that hold what only the template should write."""

import functools
import re
from collections.abc import Iterator

from tunedesk.lint.edits import ReplaceText
from tunedesk.lint.finding import Fix, FixKind, Severity
from tunedesk.lint.row_view import RowView
from tunedesk.lint.rule import Hit, Rule
from tunedesk.lint.targets import AZURE, OPENAI, Target

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
_MISTRAL_TOKENS = frozenset(
    ["<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_CALLS]"]
) | frozenset(["[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[IMG]"])
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
    if target.name == "mistral":
        return _MISTRAL_TOKENS
    return _OPENAI_TOKENS if target.name in (*OPENAI, *AZURE) else _KNOWN_TOKENS


@functools.lru_cache(maxsize=16)
def _pattern(literals: frozenset[str]) -> re.Pattern[str]:
    """Longest first, so that <|end|> does not hide <|end|>x; one that never matches when there are none."""
    alternatives = "|".join(
        re.escape(literal) for literal in sorted(literals, key=lambda text: (-len(text), text))
    )
    return re.compile(alternatives or r"(?!)")


# What older prompt formats put before a turn: Alpaca, Vicuna, Anthropic's first API.
_ROLE_MARK = re.compile(
    r"^(?:###[ ]?(?:Instruction|Response|Input|Human|Assistant|User|System)\b:?"
    r"|(?:Human|Assistant|ASSISTANT|USER):)",
    re.MULTILINE,
)
ROLE_SIGNS = (b"### ", b"###I", b"###R", b"Human:", b"Assistant:", b"ASSISTANT:", b"USER:")
_MAX_HITS = 20  # of one rule in one text


def role_marker_in_text(view: RowView) -> Iterator[Hit]:
    """At the beginning of a line only: a sentence may speak of a Human: or an ASSISTANT: ."""
    for text in view.texts:
        if text.is_call or not (":" in text.text or "###" in text.text):
            continue
        for _, match in zip(range(_MAX_HITS), _ROLE_MARK.finditer(text.text), strict=False):
            start, end = match.span()
            end += len(text.text[end:]) - len(text.text[end:].lstrip(" "))
            old = text.text[start:end]
            fix = Fix(
                FixKind.UNSAFE, f"Delete {old.strip()}", (ReplaceText(text.pointer, start, end, old, ""),)
            )
            words = f"{old.strip()} looks like a turn's mark that was left over; the template writes its own."
            yield Hit(text.pointer, words, start, match.end(), fix)


_THINK = re.compile(r"</?think>")
THINK_SIGN = b"think>"


def unbalanced_think(view: RowView) -> Iterator[Hit]:
    """In answers, where a thought that never ends swallows what follows."""
    for text in view.answers:
        depth = 0
        for match in _THINK.finditer(text.text):
            opens = match.group() == "<think>"
            if opens == bool(depth):  # opened twice, or closed without being open
                break
            depth = 1 if opens else 0
        else:
            if not depth:
                continue
            match = list(_THINK.finditer(text.text))[-1]
        what = "never closed" if match.group() == "<think>" else "closed without being opened"
        yield Hit(text.pointer, f"A thought is {what}.", match.start(), match.end())


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
        "INJ002",
        "role-marker-in-text",
        "A text holds a turn's mark of an older prompt format.",
        Severity.WARNING,
        check=role_marker_in_text,
        fix=FixKind.UNSAFE,
    ),
    Rule(
        "INJ003",
        "unbalanced-think",
        "A thought is opened and never closed, or the other way round.",
        Severity.WARNING,
        check=unbalanced_think,
    ),
)
