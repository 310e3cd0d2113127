# ruff: noqa: RUF001
"""What is wrong with a file as a whole is counted in classes of rows: few classes, many rows. Here the
protocol, and the counters of texts: refusals, lengths of preferences, languages, system prompts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Protocol

from tunedesk.dataset.languages import language_of
from tunedesk.lint.edits import SetValue
from tunedesk.lint.finding import Finding, Fix, FixKind, Severity
from tunedesk.lint.row_view import RowView
from tunedesk.lint.rules.refusals import is_refusal
from tunedesk.lint.targets import Target

ANSWER = "#answer"
"""As the pointer of a finding about a class: the row's own answer, whole."""


class ClassCounter(Protocol):
    """Puts each row into a class, counts the classes, and says what is wrong with all rows of a class.

    by_shape: rows in the usual shape that nothing is wrong with have the same class when their keys and
    types are the same; so it is asked once for all of them.
    """

    by_shape: bool

    def key_of(self, view: RowView) -> Hashable: ...

    def add(self, key: Hashable, rows: int = 1) -> None: ...

    def remove(self, key: Hashable) -> None: ...

    def findings(self, key: Hashable) -> tuple[Finding, ...]:
        """Of every row of this class, with row=None."""
        ...

    def take_changed(self) -> set[Hashable]:
        """Classes whose findings are others than when this was asked before."""
        ...

    def file_findings(self) -> tuple[Finding, ...]: ...


class Counted:
    """The part that most counters share: how many rows a class has, and which verdicts have changed."""

    by_shape = True

    def __init__(self) -> None:
        self._rows: Counter[Hashable] = Counter()
        self._told: dict[Hashable, tuple[Finding, ...]] = {}

    def add(self, key: Hashable, rows: int = 1) -> None:
        self._rows[key] += rows

    def remove(self, key: Hashable) -> None:
        self._rows[key] -= 1
        if not self._rows[key]:
            del self._rows[key]

    def take_changed(self) -> set[Hashable]:
        now = {key: found for key in self._rows if (found := self.findings(key))}
        changed = {
            key for key in now.keys() | self._told.keys() if now.get(key, ()) != self._told.get(key, ())
        }
        self._told = now
        return changed

    def findings(self, key: Hashable) -> tuple[Finding, ...]:
        return ()

    def file_findings(self) -> tuple[Finding, ...]:
        return ()


class Refusals(Counted):
    """QLT001. A fifth of all answers is more than any honest data set needs; fewer than ten prove nothing."""

    SHARE = 0.2
    LEAST = 10

    def key_of(self, view: RowView) -> bool:
        return any(is_refusal(answer.text) for answer in view.answers)

    def _are_too_many(self) -> bool:
        refusals, rows = self._rows[True], self._rows.total()
        return refusals >= self.LEAST and refusals > self.SHARE * rows

    def findings(self, key: Hashable) -> tuple[Finding, ...]:
        if not key or not self._are_too_many():
            return ()
        message = "One of the many answers that refuse; the model would learn to refuse as often."
        return (Finding("QLT001", Severity.WARNING, ANSWER, 0, 0, message),)

    def file_findings(self) -> tuple[Finding, ...]:
        if not self._are_too_many():
            return ()
        refusals, rows = self._rows[True], self._rows.total()
        message = f"{refusals:,} of {rows:,} rows ({refusals / rows:.0%}) have an answer that refuses."
        return (Finding("QLT001", Severity.WARNING, "", 0, 0, message),)


class LengthBias(Counted):
    """PRF005: which answer of a pair is longer, -1 the rejected one, 0 neither."""

    SHARE = 0.8
    LEAST = 20

    def key_of(self, view: RowView) -> int | None:
        chosen, rejected = (
            sum(len(message.content or "") for message in side)
            for side in (view.example.chosen, view.example.rejected)
        )
        if not view.example.chosen or not view.example.rejected:
            return None
        return (chosen > rejected) - (chosen < rejected)

    def file_findings(self) -> tuple[Finding, ...]:
        pairs = self._rows[1] + self._rows[0] + self._rows[-1]
        if pairs < self.LEAST or self._rows[1] <= self.SHARE * pairs:
            return ()
        share = self._rows[1] / pairs
        message = (
            f"In {share:.0%} of {pairs:,} pairs the chosen answer is the longer one; length alone would win."
        )
        return (Finding("PRF005", Severity.WARNING, "", 0, 0, message),)


class Languages(Counted):
    """QLT004: (language of the question, language of the answer)."""

    by_shape = False
    LEAST = 20
    MAJORITY = 0.9

    def key_of(self, view: RowView) -> tuple[str, str] | None:
        answer = view.answers[-1] if view.answers else None
        if answer is None:
            return None
        asked = [message.content or "" for message in view.example.messages if message.role == "user"]
        told = [message.content or "" for message in view.example.messages if message.role == "system"]
        if _names_a_language("\n".join((*asked, *told))):
            return None
        return language_of(asked[-1] if asked else ""), language_of(answer.text)

    def findings(self, key: Hashable) -> tuple[Finding, ...]:
        if not isinstance(key, tuple) or not key[1]:
            return ()
        question, answer = key
        usual = question or self._majority()
        if not usual or usual == answer:
            return ()
        reason = f"the question in {usual}" if question else f"nearly all other answers in {usual}"
        message = f"The answer seems to be written in {answer}, {reason}."
        return (Finding("QLT004", Severity.WARNING, ANSWER, 0, 0, message),)

    def _majority(self) -> str:
        answers: Counter[str] = Counter()
        for key, count in self._rows.items():
            if isinstance(key, tuple) and key[1]:
                answers[key[1]] += count
        total = answers.total()
        best = max(answers, key=lambda language: (answers[language], language), default="")
        return best if total >= self.LEAST and answers[best] >= self.MAJORITY * total else ""


# A question that names a language may ask for it. The beginnings of their names in the languages that are
# told apart.
_NAMED_WORDS = (
    "translat перев übersetz tradui traduc tradu vertaal przetłum 翻译 翻譯 翻訳 번역 ترجم english russian "
    "german french spanish chinese japanese korean arabic italian portuguese ukrainian dutch polish "
    "turkish hindi hebrew greek англий русск немец франц испан китайс японс корейс арабс итальян украин "
    "англійськ українськ deutsch englisch französisch spanisch russisch anglais français espagnol "
    "allemand inglés español francés alemán 英文 英语 中文 汉语 "
    "俄语 日语 法语 德语 英語 日本語 中国語 الإنجليزية العربية"
)
_NAMED = _NAMED_WORDS.split()


def _names_a_language(text: str) -> bool:
    lower = text[:20_000].casefold()
    return any(name in lower for name in _NAMED)


@dataclass(frozen=True, slots=True)
class _Prompt:
    """A system prompt and where it stands."""

    pointer: str
    text: str


class SystemPrompts(Counted):
    """QLT008: rare system prompts that are nearly written like a frequent one."""

    by_shape = False
    LONGEST = 4_000  # characters; longer ones are made for each row
    MOST = 200  # different prompts; more are made for each row
    FREQUENT = 10
    RATIO = 10

    def __init__(self) -> None:
        super().__init__()
        self._meant: dict[Hashable, str] | None = None

    def key_of(self, view: RowView) -> _Prompt | None:
        first = view.example.messages[0] if view.example.messages else None
        if first is None or first.role != "system" or not first.content or len(first.content) > self.LONGEST:
            return None
        return _Prompt(view.content_pointer(first), first.content) if first.text_pointer else None

    def add(self, key: Hashable, rows: int = 1) -> None:
        super().add(key, rows)
        self._meant = None

    def remove(self, key: Hashable) -> None:
        super().remove(key)
        self._meant = None

    def findings(self, key: Hashable) -> tuple[Finding, ...]:
        if self._meant is None:
            self._meant = self._find_meant()
        meant = self._meant.get(key)
        if meant is None or not isinstance(key, _Prompt):
            return ()
        fix = Fix(FixKind.UNSAFE, "Write the usual system prompt", (SetValue(key.pointer, meant),))
        message = f'The system prompt is nearly the usual one: "{_short(meant)}"'
        return (Finding("QLT008", Severity.INFO, key.pointer, 0, len(key.text), message, fix),)

    def take_changed(self) -> set[Hashable]:
        if len(self._rows) <= self.MOST + 1 or self._told:
            return super().take_changed()
        return set()

    def _find_meant(self) -> dict[Hashable, str]:
        prompts = [(key, count) for key, count in self._rows.items() if isinstance(key, _Prompt)]
        if len(prompts) > self.MOST:
            return {}
        often: Counter[str] = Counter()
        for key, count in prompts:
            often[key.text] += count
        frequent = sorted(text for text, count in often.items() if count >= self.FREQUENT)
        found: dict[Hashable, str] = {}
        for key, _ in prompts:
            rivals = [text for text in frequent if often[text] >= self.RATIO * often[key.text]]
            near = [text for text in rivals if text != key.text and _are_near(key.text, text)]
            if near:
                found[key] = max(near, key=lambda text: (often[text], text))
        return found


@lru_cache(maxsize=4096)
def _are_near(first: str, second: str) -> bool:
    """Nine of ten words the same; case, blanks and punctuation make no difference to a word."""
    one, two = _words(first), _words(second)
    if min(len(one), len(two)) < 0.8 * max(len(one), len(two)):
        return False
    return SequenceMatcher(None, one, two, autojunk=False).ratio() >= 0.9


def _words(text: str) -> Sequence[str]:
    words = "".join(letter if letter.isalnum() else " " for letter in text.casefold()).split()
    return words if len(words) >= 5 else list("".join(words))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:57]}..."


def own_counters(target: Target) -> tuple[ClassCounter, ...]:
    """The counters of this file whose rules are on for the target."""
    from tunedesk.lint.rules.corpus import BIAS, DRIFT, LANGUAGE, REFUSAL

    pairs = ((REFUSAL, Refusals), (BIAS, LengthBias), (LANGUAGE, Languages), (DRIFT, SystemPrompts))
    return tuple(make() for rule, make in pairs if rule.severity_in(target) is not None)
