"""Turns examples into the text, tokens and loss mask of one model; preview, lint, training and chat all use
this.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import jinja2

from tunedesk.dataset.example import Example, Message
from tunedesk.template.errors import TemplateError
from tunedesk.template.habits import Habits, find_habits
from tunedesk.template.loss_mask import Range, RenderedChat, Turn, trained_ranges
from tunedesk.template.model_folder import model_name
from tunedesk.template.rendered import Prompt, Rendered
from tunedesk.template.sandbox import CompiledTemplate, MarkedText
from tunedesk.template.tokenizer_files import TokenizerFiles, load_tokenizer_files

MAX_CHARACTERS = (
    4_000_000  # of one example, about a million tokens; more would keep a thread busy for minutes
)


class ChatTemplate:
    """A model's chat template with its tokenizer; immutable after loading, so any thread may use it.

    end_ids: tokens that end an answer. special_tokens: literals that become control tokens wherever they
    stand in a text. pad_id: the tokenizer's padding token, else an end token, else 0. digest: sha256 of all
    that decides token ids. asks_as_trained: whether a prompt for an answer is what stands before an answer
    in training; where it is not (models that must think first), a tuned model is asked in another way.
    """

    def __init__(self, name: str, files: TokenizerFiles) -> None:
        self.name = name
        self.digest = files.digest
        self.special_tokens = files.special_tokens
        self.has_template = files.template is not None
        self._tokenizer = files.tokenizer
        self._special = files.special
        self._template = _compile(name, files.template) if files.template is not None else None
        self._habits = (
            find_habits(self._template, files.special, files.special_tokens)
            if self._template is not None
            else Habits(files.special)
        )
        self.asks_as_trained = self._habits.asks_as_trained
        self.end_ids = files.end_ids | self._new_end_ids(files.end_ids)
        configured = (self._tokenizer.id_to_token(number) for number in self.end_ids)
        self._ends = frozenset(self._habits.ends) | frozenset(text for text in configured if text)
        self.bos_id = self._id_of("bos_token")
        eos = self._id_of("eos_token")
        self.eos_id = eos if eos is not None else min(self.end_ids, default=None)
        padding = self._id_of("pad_token")
        self.pad_id: int = padding if padding is not None else (self.eos_id or 0)

    @staticmethod
    def load(model_dir: Path) -> "ChatTemplate":
        """UserError when the tokenizer is missing or damaged; TemplateError when the template is no jinja."""
        return ChatTemplate(model_name(model_dir), load_tokenizer_files(model_dir))

    @property
    def vocabulary_size(self) -> int:
        return self._tokenizer.get_vocab_size(with_added_tokens=True)

    def render(self, example: Example, max_length: int | None = None) -> Rendered:
        """Text, ids and loss mask of an example; turns of weight 0 are context only.

        TemplateError when the template refuses the example, a turn has no text, or the mask cannot be told.
        """
        if self._template is None:
            return self._render_plain(example, max_length)
        if not self._habits.keeps_answers:
            raise TemplateError(
                f"The chat template of {self.name} leaves out answers that are plain text.",
                hint="It is made for images; choose a model for text.",
            )
        messages = _as_dicts(example.messages)
        turns = [
            Turn(message.role, message.content or "", message.role == "assistant" and message.weight != 0)
            for message in example.messages
        ]
        marked = self._marked_text(messages)
        chat = RenderedChat(
            turns=turns,
            text=marked.text,
            marked=marked.ranges,
            ends=self._ends,
            prefix=lambda count, prompt: self._try_text(messages[:count], add_prompt=prompt),
            replaced=lambda index, answer: self._try_text(
                _with_answer(messages, index, answer), add_prompt=False
            ),
        )
        return self._encode_masked(marked.text, trained_ranges(chat), max_length)

    def prompt(self, messages: Sequence[Message]) -> Prompt:
        """What is put before the model so that it answers the last message; TemplateError as in `render`."""
        texts = _as_dicts(messages)
        if self._template is None:
            if len(texts) != 1:
                raise self._needs_template()
            text = self._plain_start() + texts[0]["content"]
        else:
            text = self._text(texts, add_prompt=True)
        return Prompt(text, self._encode_once(text).ids)

    def encode(self, text: str) -> tuple[int, ...]:
        """Token ids of a bare text; nothing is added."""
        _check_encodable(text)
        return tuple(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def decode(self, ids: Iterable[int], skip_special: bool = True) -> str:
        return self._tokenizer.decode(list(ids), skip_special_tokens=skip_special)

    def count(self, text: str) -> int:
        """Number of tokens of a bare text."""
        return len(self.encode(text))

    def _render_plain(self, example: Example, max_length: int | None) -> Rendered:
        """Prompt, completion and the end token, for models that were never taught to chat."""
        messages = _as_dicts(example.messages)
        if example.format != "prompt-completion" or len(messages) != 2:
            raise self._needs_template()
        end = self._tokenizer.id_to_token(self.eos_id) if self.eos_id is not None else None
        if end is None:
            raise TemplateError(
                f"{self.name} names no end token, so a model trained on it would never stop.",
                hint="Set eos_token in its tokenizer_config.json, or choose another model.",
            )
        start = self._plain_start() + messages[0]["content"]
        text = start + messages[1]["content"] + end
        trained = example.messages[1].weight != 0
        return self._encode_masked(text, [(len(start), len(text))] if trained else [], max_length)

    def _plain_start(self) -> str:
        """The start token's text where the tokenizer itself puts one before a text."""
        added = self._tokenizer.encode("", add_special_tokens=True).ids
        is_wanted = self.bos_id is not None and added[:1] == [self.bos_id]
        return self._special["bos_token"] if is_wanted else ""

    def _needs_template(self) -> TemplateError:
        return TemplateError(
            f"{self.name} has no chat template, so it can only be trained on prompt and completion.",
            hint="Choose a chat model, or turn the rows into prompt and completion.",
        )

    def _marked_text(self, messages: Sequence[Mapping[str, str]]) -> MarkedText:
        template = self._template
        if template is None:
            raise self._needs_template()
        try:
            return template.render_marked(messages, self._habits.variables)
        except Exception as error:  # whatever the template's own expressions raise
            raise self._refusal(error) from error

    def _text(self, messages: Sequence[Mapping[str, str]], *, add_prompt: bool) -> str:
        if self._template is None:
            raise self._needs_template()
        try:
            return self._template.render(messages, self._habits.variables, add_prompt=add_prompt)
        except Exception as error:  # whatever the template's own expressions raise
            raise self._refusal(error) from error

    def _try_text(self, messages: Sequence[Mapping[str, str]], *, add_prompt: bool) -> str | None:
        """None where the template does not accept the messages."""
        try:
            return self._text(messages, add_prompt=add_prompt)
        except TemplateError:
            return None

    def _refusal(self, error: Exception) -> TemplateError:
        words = str(error).strip() or type(error).__name__
        return TemplateError(
            f"The chat template of {self.name} does not accept this example: {words.rstrip('.')}.",
            hint="Change the turns accordingly, or choose another model.",
        )

    def _encode_masked(self, text: str, ranges: Sequence[Range], max_length: int | None) -> Rendered:
        encoded = self._encode_once(text)
        length = len(encoded.ids)
        cut_at = max_length if max_length is not None and length > max_length else None
        mask = _mask(text, encoded.offsets, ranges)
        return Rendered(text, encoded.ids, mask, encoded.offsets, cut_at)

    def _encode_once(self, text: str) -> "_Encoded":
        """Ids and offsets without adding anything: the template wrote every control token into the text
        already.
        """
        _check_encodable(text)
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        ids = tuple(encoding.ids)
        if self.bos_id is not None and ids[:2] == (self.bos_id, self.bos_id):
            raise TemplateError(
                f"The text begins with {self._special['bos_token']} twice.",
                hint="Delete it from the first message, or correct the chat template.",
            )
        return _Encoded(ids, tuple(encoding.offsets))

    def _new_end_ids(self, known: frozenset[int]) -> frozenset[int]:
        """The token that ends an answer, where the model does not list it (or a token behind it) itself."""
        numbers = [self._tokenizer.token_to_id(sign) for sign in self._habits.ends]
        return frozenset(
            number for number in numbers[:1] if number is not None and not known.intersection(numbers)
        )

    def _id_of(self, name: str) -> int | None:
        return self._tokenizer.token_to_id(self._special[name]) if name in self._special else None


class _Encoded:
    __slots__ = ("ids", "offsets")

    def __init__(self, ids: tuple[int, ...], offsets: tuple[tuple[int, int], ...]) -> None:
        self.ids = ids
        self.offsets = offsets


def _compile(name: str, source: str) -> CompiledTemplate:
    try:
        return CompiledTemplate(source)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(
            f"The chat template of {name} is damaged in line {error.lineno}: {error.message}.",
            hint="Copy or download the model again.",
        ) from error
    except jinja2.TemplateError as error:
        raise TemplateError(f"The chat template of {name} is refused: {error}.") from error


def _as_dicts(messages: Sequence[Message]) -> list[dict[str, str]]:
    """Messages as templates expect them. TemplateError when there are none, or one has no text."""
    if not messages:
        raise TemplateError("The example has no messages.", hint="Add a question and an answer.")
    found: list[dict[str, str]] = []
    for number, message in enumerate(messages, start=1):
        if message.content is None:
            raise TemplateError(
                f"Turn {number} ({message.role or 'no role'}) has no text.",
                hint="Only turns with text can be trained now; tool calls and images cannot.",
            )
        found.append({"role": message.role, "content": message.content})
    size = sum(len(message["content"]) for message in found)
    if size > MAX_CHARACTERS:
        raise TemplateError(
            f"The example has {size:,} characters; no more than {MAX_CHARACTERS:,} can be rendered.",
            hint="Split it, or delete what is not needed.",
        )
    return found


def _with_answer(messages: Sequence[dict[str, str]], index: int, answer: str) -> list[dict[str, str]]:
    return [*messages[:index], {**messages[index], "content": answer}, *messages[index + 1 :]]


def _check_encodable(text: str) -> None:
    if text.isascii():
        return
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise TemplateError(
            f"The text holds half a character (U+{ord(text[error.start]):04X}), which no tokenizer takes.",
            hint="Delete it, or replace it by the whole character.",
        ) from error


def _mask(text: str, offsets: Sequence[tuple[int, int]], ranges: Sequence[Range]) -> tuple[int, ...]:
    """One 0/1 for each token. A token that begins before a range is trained only if what it takes along is
    white space.
    """
    mask = [0] * len(offsets)
    for begin, end in ranges:
        first = bisect_left(offsets, (begin, 0))
        behind = bisect_left(offsets, (end, 0))
        while first and offsets[first - 1][1] > begin and text[offsets[first - 1][0] : begin].isspace():
            first -= 1
        mask[first:behind] = [1] * (behind - first)
    return tuple(mask)
