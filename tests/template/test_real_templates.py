"""The chat templates that models are published with: text, ids and loss mask are those of transformers.

Two things stand beside ours that know nothing of it: the marks {% generation %}, in the template itself or
in a copy of it, as transformers reads them; and what changes in transformers' text when a turn is another.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from tests.template.generated_chats import Chat, chats, has_calls, most_calls
from tests.template.real_templates import REAL, TOOL, RealTemplate, real_templates
from tunedesk.dataset.example import Example, example_of
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.errors import TemplateError
from tunedesk.template.rendered import Rendered

NAMES = tuple(real_templates())
OWN_MARKS = ("lfm2_2_5_v2", "phi_4")
MARKED = (*(name for name in NAMES if real_templates()[name].marks), *OWN_MARKS)
OTHER = ("Otherwordz", "Wordthatq")
PROFILE = settings(
    max_examples=20,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@dataclass(frozen=True)
class Pair:
    """One template as TuneDesk and as transformers load it; marked: the same text with marks."""

    real: RealTemplate
    ours: ChatTemplate
    theirs: Any
    marked: Any

    def text(self, chat: Chat, tools: list[dict[str, Any]] | None, *, prompt: bool = False) -> str | None:
        """transformers' text, None where the template refuses."""
        asked = self.real.asked if prompt else {}
        try:
            return self.theirs.apply_chat_template(
                chat, tools=tools, tokenize=False, add_generation_prompt=prompt, **asked
            )
        except Exception:  # the template's own words, or what its expressions raise
            return None


@pytest.fixture(scope="session")
def pair_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Pair]:
    made: dict[str, Pair] = {}

    def pair(name: str) -> Pair:
        if name not in made:
            real, place = real_templates()[name], tmp_path_factory.mktemp("real")
            folder = real.folder(place)
            ours, theirs = ChatTemplate.load(folder), AutoTokenizer.from_pretrained(folder)
            own = theirs if name in OWN_MARKS else None
            marked = AutoTokenizer.from_pretrained(real.folder(place, real.marks)) if real.marks else own
            made[name] = Pair(real, ours, theirs, marked)
        return made[name]

    return pair


def example(chat: Chat, tools: list[dict[str, Any]] | None) -> Example:
    return example_of({"messages": chat} | ({"tools": tools} if tools else {}))


def tools_of(draw: st.DataObject, pair: Pair, chat: Chat) -> list[dict[str, Any]] | None:
    is_shown = has_calls(chat) or (pair.real.tools and draw.draw(st.booleans()))
    return [TOOL] if is_shown else None


def rendered_or_refused(pair: Pair, chat: Chat, tools: list[dict[str, Any]] | None) -> Rendered | None:
    """Ours; None where both refuse, or where ours must because the template drops all calls but the first."""
    theirs = pair.text(chat, tools)
    if theirs is not None and most_calls(chat) <= pair.real.calls:
        return pair.ours.render(example(chat, tools))
    with pytest.raises(TemplateError, match="does not accept" if theirs is None else "leaves out tool calls"):
        pair.ours.render(example(chat, tools))
    return None


def test_the_templates_are_as_they_were_published_and_say_where_they_come_from() -> None:
    sums = dict(line.split("  ")[::-1] for line in (REAL / "SHA256SUMS").read_text("utf-8").splitlines())
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in REAL.glob("*.jinja")}
    assert files == sums
    named = {
        f"{name}.jinja" for real in real_templates().values() for name in (real.name, real.marks) if name
    }
    assert named == set(files)
    assert all(
        real.licence and real.package and real.path.endswith(".jinja") for real in real_templates().values()
    )


@pytest.mark.parametrize("name", NAMES)
def test_text_and_ids_are_those_of_transformers(pair_of: Callable[[str], Pair], name: str) -> None:
    pair = pair_of(name)

    @PROFILE
    @given(chats(pair.real), st.data())
    def check(chat: Chat, draw: st.DataObject) -> None:
        tools = tools_of(draw, pair, chat)
        rendered = rendered_or_refused(pair, chat, tools)
        if rendered is None:
            return
        assert rendered.text == pair.text(chat, tools)
        assert list(rendered.ids) == pair.theirs.apply_chat_template(chat, tools=tools)["input_ids"]
        asked = pair.ours.prompt(example(chat[:-1], tools).messages, tools)
        assert asked.text == pair.text(chat[:-1], tools, prompt=True)
        check_again(pair.ours, example(chat, tools), rendered)

    check()


def check_again(ours: ChatTemplate, row: Example, rendered: Rendered) -> None:
    """The second and third time a conversation of this shape is laid out, from a frame; and the counts."""
    for _ in range(2):
        again = ours.render(row)
        assert (again.text, again.mask) == (rendered.text, rendered.mask)
    counted = ours.measure([ours.lay_out(row)])[0]
    assert not isinstance(counted, TemplateError)
    assert (counted.total, counted.trained) == (rendered.tokens, rendered.trained)


@pytest.mark.parametrize("name", MARKED)
def test_what_is_trained_is_what_the_marks_enclose(pair_of: Callable[[str], Pair], name: str) -> None:
    """Less what stands in the prompt already, and what follows upon the token that ends the answer."""
    pair = pair_of(name)

    @PROFILE
    @given(chats(pair.real), st.data())
    def check(chat: Chat, draw: st.DataObject) -> None:
        tools = tools_of(draw, pair, chat)
        rendered = rendered_or_refused(pair, chat, tools)
        if rendered is None:
            return
        marked = pair.marked.apply_chat_template(chat, tools=tools, return_assistant_tokens_mask=True)
        assert marked["input_ids"] == list(rendered.ids)
        marks = marked["assistant_masks"]
        assert not [at for at, bit in enumerate(rendered.mask) if bit and not marks[at]]
        for stretch in stretches([mark and not bit for mark, bit in zip(marks, rendered.mask, strict=True)]):
            left_out = rendered.text[rendered.offsets[stretch[0]][0] : rendered.offsets[stretch[-1]][1]]
            assert left_out.strip() in ("", *pair.real.unsaid)

    check()


def stretches(bits: list[bool]) -> Iterator[list[int]]:
    """The indices of the set bits, those that follow each other together."""
    run: list[int] = []
    for at, bit in enumerate([*bits, False]):
        if bit:
            run.append(at)
        elif run:
            yield run
            run = []


@pytest.mark.parametrize("name", NAMES)
def test_a_change_in_an_answer_is_a_change_in_what_is_trained(
    pair_of: Callable[[str], Pair], name: str
) -> None:
    """Of each turn is looked for what becomes of it in the text: all of it is trained where the turn is the
    assistant's and its weight is not 0, with the token that closes it, and nothing of it elsewhere.
    """
    pair = pair_of(name)

    @PROFILE
    @given(chats(pair.real), st.data())
    def check(chat: Chat, draw: st.DataObject) -> None:
        tools = tools_of(draw, pair, chat)
        for turn in chat:
            if turn["role"] == "assistant":
                turn["weight"] = draw.draw(st.sampled_from([1, 1, 0]))
        rendered = rendered_or_refused(pair, chat, tools)
        if rendered is not None:
            for index in range(len(chat)):
                check_turn(pair, rendered, chat, index, partial(pair.text, tools=tools))

    check()


def check_turn(
    pair: Pair, rendered: Rendered, chat: Chat, index: int, text_of: Callable[..., str | None]
) -> None:
    turn = chat[index]
    is_trained = turn["role"] == "assistant" and turn["weight"] != 0
    pairs = [(text_of(one), text_of(other)) for one, other in others(chat, index)]
    found = [changed(rendered.text, one, other, strictly=turn["role"] != "assistant") for one, other in pairs]
    places = [place for place in found if place is not None]
    prompt = text_of(chat[:index], prompt=True) or ""
    asked = len(prompt) if rendered.text.startswith(prompt) else 0
    for begin, end in places:
        bits = bits_between(rendered, max(begin, asked) if is_trained else begin, end)
        assert all(bits) if is_trained else not any(bits), rendered.text[begin:end]
    if is_trained and places:
        check_beginning(rendered, min(places)[0], asked)
        is_last = index == len(chat) - 1
        check_end(pair.real, rendered, places[-1][1], is_open=pair.real.left_open and is_last)


def check_beginning(rendered: Rendered, inside: int, asked: int) -> None:
    """Training begins where the prompt for the turn ends, if that is what stands before the turn."""
    if asked == 0 or inside < asked:
        return
    runs = stretches([bit == 1 for bit in rendered.mask])
    starts = [rendered.offsets[run[0]][0] for run in runs if rendered.offsets[run[0]][0] <= inside]
    low, high = sorted((starts[-1], asked))
    assert rendered.text[low:high].strip() == ""


def check_end(real: RealTemplate, rendered: Rendered, behind: int, *, is_open: bool) -> None:
    """Training goes on up to the token that closes the turn, which is not left out."""
    signs = (*real.closes, *filter(None, [real.history]))
    places = [(at, sign) for sign in signs if (at := rendered.text.find(sign, behind)) >= 0]
    if is_open:
        assert not places
        return
    at, sign = min(places)
    assert all(bits_between(rendered, behind, at))
    assert bits_between(rendered, at, at + len(sign)) == [int(sign != real.history)]


def others(chat: Chat, index: int) -> Iterator[tuple[Chat, Chat]]:
    """The same conversation with two other texts in one turn, or two other arguments in its last call."""
    turn = chat[index]

    def instead(change: Callable[[str], dict[str, Any]]) -> tuple[Chat, Chat]:
        one, other = ([*chat[:index], {**turn, **change(word)}, *chat[index + 1 :]] for word in OTHER)
        return one, other

    yield instead(lambda word: {"content": word})
    if "tool_calls" in turn:
        *before, last = turn["tool_calls"]
        yield instead(lambda word: {"tool_calls": [*before, called_with(last, word)]})


def called_with(call: dict[str, Any], number: str) -> dict[str, Any]:
    function = call["function"]
    return {**call, "function": {**function, "arguments": {**function["arguments"], "number": number}}}


def changed(text: str, one: str | None, other: str | None, *, strictly: bool) -> tuple[int, int] | None:
    """The stretch of `text` where two texts stand in which one turn reads otherwise.

    None where they were refused, are the same, or read otherwise elsewhere too (a question that is the same
    as the last one is shown with the tools, in Mistral's); the assistant's thoughts before it may be others.
    """
    if one is None or other is None or one == other:
        return None
    before, behind = alike(one, other), alike(one[::-1], other[::-1])
    begin, end = min(before, alike(text, one)), len(text) - behind
    if not text.endswith(one[len(one) - behind :]) or (strictly and begin < before) or end < begin:
        return None
    return begin, end


def alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    most = min(len(one), len(other))
    return next((at for at in range(most) if one[at] != other[at]), most)


def bits_between(rendered: Rendered, begin: int, end: int) -> list[int]:
    """The mask of the tokens that lie inside a stretch and are more than white space."""
    return [
        bit
        for bit, (first, last) in zip(rendered.mask, rendered.offsets, strict=True)
        if begin <= first and last <= end and not rendered.text[first:last].isspace()
    ]
