"""Turns examples into the text, tokens and loss mask of one model; preview, lint, training and chat all use
this.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jinja2

from tunedesk.dataset.example import Example, Message
from tunedesk.template.conversation import (
    MAX_CHARACTERS,
    Conversation,
    Turns,
    as_dicts,
    conversation_of,
    is_trained,
    plain_turns,
)
from tunedesk.template.encoding import Encoder, RowTokens, check_encodable
from tunedesk.template.errors import TemplateError
from tunedesk.template.frames import Frames, Shape, WatchedEnvironment
from tunedesk.template.habits import Habits, find_habits
from tunedesk.template.loss_mask import trained_ranges
from tunedesk.template.model_folder import model_name
from tunedesk.template.opaque import LookedAt
from tunedesk.template.rendered import LaidOut, Prompt, Rendered
from tunedesk.template.rendered_chat import Range, RenderedChat, Turn
from tunedesk.template.sandbox import CompiledTemplate, MarkedText
from tunedesk.template.tokenizer_files import TokenizerFiles, load_tokenizer_files
from tunedesk.template.turn_search import probes_of_calls

_Tools = Sequence[Mapping[str, Any]] | None
_PLAIN = frozenset({"prompt-completion", "alpaca", "trl-preference"})  # formats of bare texts
DEVELOPER_AS_SYSTEM = "The model's template knows no role developer; the turn is shown as system."


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
        self._encoder = Encoder(files.tokenizer, files.special.get("bos_token"))
        self._special = files.special
        self._template = _compile(name, files.template) if files.template is not None else None
        self._habits = (
            find_habits(self._template, files.special, files.special_tokens)
            if self._template is not None
            else Habits(files.special)
        )
        self._source = files.template or ""
        self.asks_as_trained = self._habits.asks_as_trained
        self.end_ids = files.end_ids | self._new_end_ids(files.end_ids)
        configured = (self._tokenizer.id_to_token(number) for number in self.end_ids)
        self._ends = frozenset(self._habits.ends) | frozenset(text for text in configured if text)
        self._watched: CompiledTemplate | None = None
        self._frames = Frames(self._lay_out_opaque, self._ends)
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
    def marks_answers(self) -> bool:
        """Whether the template itself says what the assistant's own text is ({% generation %})."""
        return self._template is not None and self._template.has_generation_marks

    @property
    def vocabulary_size(self) -> int:
        return self._tokenizer.get_vocab_size(with_added_tokens=True)

    def render(self, example: Example, max_length: int | None = None) -> Rendered:
        """Text, ids and loss mask of an example; turns of weight 0 are context only.

        TemplateError when the format is not trained as it stands, the template refuses the example, a turn
        has no text, or the mask cannot be told.
        """
        return self._encoded(self.lay_out(example), max_length)

    def lay_out(self, example: Example) -> LaidOut:
        """The text and what of it is trained, before any token is counted; TemplateError as in `render`."""
        if example.format == "text":
            return self._lay_out_text(example)
        if not example.is_supervised and example.messages:
            kind = f"A row of the format {example.format}" + (" with judged answers" * example.is_preference)
            raise TemplateError(
                f"{kind} is not trained by showing it as it stands.",
                hint="Choose a method that trains this format, or turn the rows into conversations.",
            )
        if self._template is None:
            return self._lay_out_plain(example)
        plain = plain_turns(example)
        framed = None if plain is None else self._frames.fill(*plain)
        return LaidOut(*framed) if framed else self._lay_out_conversation(conversation_of(example))

    def lay_out_turns(self, shape: Shape, contents: Sequence[str]) -> LaidOut | None:
        """The same for turns of a chat that are nothing but texts; None where the template must be asked."""
        if ("developer", False) in shape or sum(map(len, contents)) > MAX_CHARACTERS:
            return None
        framed = self._frames.fill(shape, contents)
        return None if framed is None else LaidOut(*framed)

    def measure(self, laid_out: Sequence[LaidOut]) -> list[RowTokens | TemplateError]:
        """Counts of many texts on all cores, the same as those of `render`."""
        return self._encoder.measure([(one.text, one.ranges) for one in laid_out])

    def _encoded(self, laid: LaidOut, max_length: int | None) -> Rendered:
        rendered = self._encoder.encode_masked(laid.text, laid.ranges, max_length)
        return replace(rendered, notes=laid.notes) if laid.notes else rendered

    def render_preference(self, example: Example, max_length: int | None = None) -> tuple[Rendered, Rendered]:
        """The chosen and the rejected answer, each behind the prompt that both share, which gets no loss.

        Without a prompt of their own, it is the turns that both answers begin with (as TRL extracts it).
        TemplateError as in `render`, and when there is no pair.
        """
        if not example.chosen or not example.rejected:
            raise TemplateError(
                "The row has no pair of answers.", hint="Give it a preferred and a rejected answer."
            )
        shared = 0 if example.messages else _shared_turns(example.chosen, example.rejected)
        prompt = (*example.messages, *example.chosen[:shared])
        pair = (example.chosen[shared:], example.rejected[shared:])
        chosen, rejected = (self._render_answer(example, prompt, answer, max_length) for answer in pair)
        return chosen, rejected

    def _render_answer(
        self, example: Example, prompt: Sequence[Message], answer: Sequence[Message], max_length: int | None
    ) -> Rendered:
        whole = replace(example, messages=(*prompt, *answer))
        if self._template is None:
            return self._encoded(self._lay_out_plain(whole), max_length)
        return self._encoded(self._lay_out_conversation(conversation_of(whole, len(prompt))), max_length)

    def _lay_out_conversation(self, asked: Conversation) -> LaidOut:
        if not self._habits.keeps_answers:
            raise TemplateError(
                f"The chat template of {self.name} leaves out answers that are plain text.",
                hint="It is made for images; choose a model for text.",
            )
        said, marked, notes = self._accepted(asked)
        ranges = self._ranges(
            said, marked, lambda turns, prompt: self._try_text(turns, said.tools, add_prompt=prompt)
        )
        return LaidOut(marked.text, ranges, notes)

    def _ranges(
        self, said: Conversation, marked: MarkedText, text_of: Callable[[Turns, bool], str | None]
    ) -> list[Range]:
        """text_of: the text of other turns, with a prompt for an answer or without; None when refused."""
        chat = RenderedChat(
            turns=said.turns,
            text=marked.text,
            marked=marked.ranges,
            ends=self._ends,
            lead=self._habits.lead,
            prefix=lambda count, prompt: text_of(said.messages[:count], prompt),
            replaced=lambda index, answer: text_of(_with_answer(said.messages, index, answer), False),
            called=lambda index, words: text_of(_with_arguments(said.messages, index, words), False),
        )
        return trained_ranges(chat)

    def _lay_out_opaque(self, shape: Shape, contents: list[str]) -> tuple[str, Sequence[Range]]:
        """How the template lays out turns of this shape; raises whatever it raises, LookedAt too."""
        if self._watched is None:
            self._watched = CompiledTemplate(self._source, WatchedEnvironment)
        template, variables = self._watched, self._habits.variables
        messages: Turns = [
            {"role": role, "content": text} for (role, _), text in zip(shape, contents, strict=True)
        ]
        turns = tuple(
            Turn(role, str(text), trained) for (role, trained), text in zip(shape, contents, strict=True)
        )

        def text_of(turns: Turns, prompt: bool) -> str | None:
            try:
                return template.render(turns, variables, add_prompt=prompt)
            except LookedAt:
                raise
            except Exception:  # as in _try_text: the template does not accept these turns
                return None

        marked = template.render_marked(messages, variables)
        return marked.text, self._ranges(Conversation(messages, None, turns), marked, text_of)

    def _accepted(self, asked: Conversation) -> tuple[Conversation, MarkedText, tuple[str, ...]]:
        """The conversation as the template takes it: a role developer is called system where it refuses or
        drops it. TemplateError when it takes neither, or leaves tools out.
        """
        developer = [turn["content"].strip() for turn in asked.messages if turn["role"] == "developer"]
        said, notes = asked, tuple[str, ...]()
        try:
            marked = self._marked_text(asked.messages, asked.tools)
            refused = any(text not in marked.text for text in developer)
        except TemplateError:
            if not developer:
                raise
            refused = True
        if refused:
            said, notes = asked.with_system_for_developer(), (DEVELOPER_AS_SYSTEM,)
            marked = self._marked_text(said.messages, said.tools)
        if said.tools or said.has_calls:
            self._check_tools(said, marked.text)
        return said, marked, notes

    def _check_tools(self, said: Conversation, text: str) -> None:
        """Templates that know no tools drop them without a word, others all calls of a turn but the first."""
        words: list[str] = []
        messages = said.messages
        for index, turn in enumerate(said.turns):
            if turn.call_names:
                words += (probes := probes_of_calls(turn, text, index))
                messages = _with_arguments(messages, index, probes)
        shown = self._text(messages, said.tools, add_prompt=False) if words else ""
        if not all(word in shown for word in words):
            raise TemplateError(
                f"The chat template of {self.name} leaves out tool calls.",
                hint="Choose a model that was made to call tools, and as many in one turn.",
            )
        listed = [tool.get("function", tool) for tool in said.tools or ()]
        names = [str(tool.get("name", "")) for tool in listed if isinstance(tool, Mapping)]
        if not all(name in text for name in names):
            raise TemplateError(
                f"The chat template of {self.name} does not show the model which tools there are.",
                hint="Choose a model that was made to call tools, or delete the row's tools.",
            )

    def prompt(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] | None = None) -> Prompt:
        """What is put before the model so that it answers the last message; TemplateError as in `render`."""
        texts = as_dicts(messages)
        if self._template is None:
            if len(texts) != 1:
                raise self._needs_template()
            text = self._plain_start() + str(texts[0]["content"])
        else:
            text = self._text(texts, tools, add_prompt=True)
        return Prompt(text, self._encoder.encode(text)[0])

    def prompt_of(self, example: Example) -> Prompt:
        """The same for a whole row: with its tools and calls, as they are shown in training."""
        if self._template is None:
            return self.prompt(example.messages)
        said, _, _ = self._accepted(conversation_of(example))
        text = self._text(said.messages, said.tools, add_prompt=True)
        return Prompt(text, self._encoder.encode(text)[0])

    def encode(self, text: str) -> tuple[int, ...]:
        """Token ids of a bare text; nothing is added."""
        check_encodable(text)
        return tuple(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def decode(self, ids: Iterable[int], skip_special: bool = True) -> str:
        return self._tokenizer.decode(list(ids), skip_special_tokens=skip_special)

    def count(self, text: str) -> int:
        """Number of tokens of a bare text."""
        return len(self.encode(text))

    def _lay_out_plain(self, example: Example) -> LaidOut:
        """Prompt, completion and the end token, for models that were never taught to chat."""
        messages = as_dicts(example.messages)
        if example.format not in _PLAIN or [turn["role"] for turn in messages] != ["user", "assistant"]:
            raise self._needs_template()
        start = self._plain_start() + messages[0]["content"]
        text = start + messages[1]["content"] + self._end_sign()
        trained = is_trained(example, example.messages[1])
        return LaidOut(text, [(len(start), len(text))] if trained else [])

    def _lay_out_text(self, example: Example) -> LaidOut:
        """A text that is learned whole. As TRL does it, an end token is added where there is none."""
        body = str(as_dicts(example.messages)[0]["content"])
        begin, end = self._plain_start(), self._end_sign()
        text = body if body.startswith(begin) else begin + body
        text = text if text.endswith(end) else text + end
        trained = example.messages[0].weight != 0
        return LaidOut(text, [(len(begin), len(text))] if trained else [])

    def _end_sign(self) -> str:
        end = self._tokenizer.id_to_token(self.eos_id) if self.eos_id is not None else None
        if end is None:
            raise TemplateError(
                f"{self.name} names no end token, so a model trained on it would never stop.",
                hint="Set eos_token in its tokenizer_config.json, or choose another model.",
            )
        return end

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

    def _marked_text(self, messages: Turns, tools: _Tools) -> MarkedText:
        template = self._template
        if template is None:
            raise self._needs_template()
        try:
            return template.render_marked(messages, self._habits.variables, tools)
        except Exception as error:  # whatever the template's own expressions raise
            raise self._refusal(error) from error

    def _text(self, messages: Turns, tools: _Tools, *, add_prompt: bool) -> str:
        if self._template is None:
            raise self._needs_template()
        try:
            return self._template.render(messages, self._habits.variables, add_prompt=add_prompt, tools=tools)
        except Exception as error:  # whatever the template's own expressions raise
            raise self._refusal(error) from error

    def _try_text(self, messages: Turns, tools: _Tools, *, add_prompt: bool) -> str | None:
        """None where the template does not accept the messages."""
        try:
            return self._text(messages, tools, add_prompt=add_prompt)
        except TemplateError:
            return None

    def _refusal(self, error: Exception) -> TemplateError:
        words = str(error).strip() or type(error).__name__
        return TemplateError(
            f"The chat template of {self.name} does not accept this example: {words.rstrip('.')}.",
            hint="Change the turns accordingly, or choose another model.",
        )

    def _new_end_ids(self, known: frozenset[int]) -> frozenset[int]:
        """The token that ends an answer, where the model does not list it (or a token behind it) itself."""
        numbers = [self._tokenizer.token_to_id(sign) for sign in self._habits.ends]
        return frozenset(
            number for number in numbers[:1] if number is not None and not known.intersection(numbers)
        )

    def _id_of(self, name: str) -> int | None:
        return self._tokenizer.token_to_id(self._special[name]) if name in self._special else None


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


def _with_answer(messages: Turns, index: int, answer: str) -> Turns:
    """Another answer in place of one turn; its calls stay."""
    return [*messages[:index], {**messages[index], "content": answer}, *messages[index + 1 :]]


def _with_arguments(messages: Turns, index: int, words: Sequence[str]) -> Turns:
    """Other arguments in the calls of one turn: each an object of one word, as its key and as its value."""
    calls = [
        {**call, "function": {**call["function"], "arguments": {word: word}}}
        for call, word in zip(messages[index]["tool_calls"], words, strict=True)
    ]
    return [*messages[:index], {**messages[index], "tool_calls": calls}, *messages[index + 1 :]]


def _shared_turns(chosen: Sequence[Message], rejected: Sequence[Message]) -> int:
    """How many turns both begin with; the last of each stays an answer."""
    most = min(len(chosen), len(rejected)) - 1
    count = 0
    while count < most and _says(chosen[count]) == _says(rejected[count]):
        count += 1
    return count


def _says(message: Message) -> tuple[object, ...]:
    calls = tuple((call.name, call.arguments) for call in message.tool_calls)
    return message.role, message.content, message.reasoning, message.name, message.tool_call_id, calls
