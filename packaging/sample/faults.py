"""Plants the tutorial's 25 faults in training rows and tells how a person mends each; it reads no file."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sample.messages import Ticket

Row = dict[str, Any]
FAKE_KEY = "sk-" + "Q7vR2mXk9LpW4tYb" * 3  # shaped like a provider's secret key, never valid anywhere


@dataclass(frozen=True)
class Fault:
    """One planted fault: `line` is what stands in the file, `mended` what should (None: delete the row)."""

    code: str
    wrong: str
    mend: str
    line: str
    mended: Row | None


def dump(row: Row) -> str:
    """A row in the spacing of the whole file."""
    return json.dumps(row, ensure_ascii=False)


def in_place(rows: list[Row]) -> list[Fault]:
    """Faults that spoil a good row: one for each entry of `SPOILERS`, in that order."""
    return [spoil(row) for spoil, row in zip(SPOILERS, rows, strict=True)]


def additions(earlier: Row, conflicting: Row, leaked: Row) -> list[Fault]:
    """Faulty rows that stand in the file as well as the good ones; mending deletes them."""
    return [_empty_messages(leaked), _duplicate(earlier), _leak(leaked), _conflict(conflicting), _blank()]


def _message(row: Row, role: str) -> Row:
    found: Row = next(message for message in row["messages"] if message["role"] == role)
    return found


def _changed(row: Row, change: Callable[[Row], object]) -> str:
    spoiled = copy.deepcopy(row)
    change(spoiled)
    return dump(spoiled)


def _trailing_comma(row: Row) -> Fault:
    return Fault(
        "JSN001",
        "A comma stands after the last message, so the line is not JSON.",
        "Remove the comma before the closing bracket.",
        dump(row)[:-2] + ",]}",
        row,
    )


def _cut_line(row: Row) -> Fault:
    return Fault(
        "JSN001",
        "The end of the line is missing: the last quotes and brackets were cut off.",
        "Add the missing '\"}]}' at the end of the line.",
        dump(row)[: -len('"}]}')],
        row,
    )


def _duplicate_key(row: Row) -> Fault:
    line = dump(row).replace('"role": "user", ', '"role": "user", "content": "Hello?", ', 1)
    return Fault(
        "JSN003",
        "The user's message has the key content twice, and readers silently keep only one of them.",
        'Remove the first content, "Hello?".',
        line,
        row,
    )


def _role_alias(row: Row) -> Fault:
    return Fault(
        "SCH009",
        'The customer\'s role is called "human", a name that this format does not know.',
        'Change the role to "user".',
        _changed(row, lambda spoiled: _message(spoiled, "user").update(role="human")),
        row,
    )


def _missing_key(row: Row) -> Fault:
    return Fault(
        "SCH003",
        "The customer's message has no role.",
        'Add the role "user" to the second message.',
        _changed(row, lambda spoiled: _message(spoiled, "user").pop("role")),
        row,
    )


def _wrong_type(row: Row) -> Fault:
    def answer_as_object(spoiled: Row) -> None:
        answer = _message(spoiled, "assistant")
        answer["content"] = json.loads(answer["content"])

    return Fault(
        "SCH005",
        "The answer is a JSON object where the format asks for text.",
        "Put the answer in quotes, so that it is text which holds JSON.",
        _changed(row, answer_as_object),
        row,
    )


def _unknown_role(row: Row) -> Fault:
    return Fault(
        "CNV002",
        'The first message has the role "instructions", which no trainer knows.',
        'Change the role to "system".',
        _changed(row, lambda spoiled: _message(spoiled, "system").update(role="instructions")),
        row,
    )


def _no_assistant(row: Row) -> Fault:
    return Fault(
        "CNV003",
        "The row has a question and no answer, so there is nothing to learn from it.",
        "Add an assistant turn with the route of the message.",
        _changed(row, lambda spoiled: spoiled["messages"].pop()),
        row,
    )


def _last_not_assistant(row: Row) -> Fault:
    thanks = {"role": "user", "content": "Thank you, that was all."}
    return Fault(
        "CNV005",
        "The row ends with a message of the customer that is never answered.",
        "Delete the last turn.",
        _changed(row, lambda spoiled: spoiled["messages"].append(thanks)),
        row,
    )


def _missing_content(row: Row) -> Fault:
    return Fault(
        "CNV008",
        "The assistant's turn has no content.",
        "Write the answer: category, urgency and reply.",
        _changed(row, lambda spoiled: _message(spoiled, "assistant").update(content=None)),
        row,
    )


def _empty_content(row: Row) -> Fault:
    return Fault(
        "CNV009",
        "The answer is empty, so the model would learn to say nothing.",
        "Write the answer: category, urgency and reply.",
        _changed(row, lambda spoiled: _message(spoiled, "assistant").update(content="")),
        row,
    )


def _bad_weight(row: Row) -> Fault:
    return Fault(
        "CNV010",
        "The weight of the answer is 2; only 0 (do not train) and 1 (train) exist.",
        "Remove the weight.",
        _changed(row, lambda spoiled: _message(spoiled, "assistant").update(weight=2)),
        row,
    )


def _nothing_to_train(row: Row) -> Fault:
    return Fault(
        "CNV011",
        "The only answer has weight 0, so the row trains nothing.",
        "Remove the weight.",
        _changed(row, lambda spoiled: _message(spoiled, "assistant").update(weight=0)),
        row,
    )


def _user_text_with(row: Row, change: Callable[[str], str]) -> str:
    def spoil(spoiled: Row) -> None:
        message = _message(spoiled, "user")
        message["content"] = change(message["content"])

    return _changed(row, spoil)


def _special_token(row: Row) -> Fault:
    return Fault(
        "INJ001",
        "The message holds <|end|>, the sign that ends a turn of the starter model.",
        "Delete <|end|> from the message.",
        _user_text_with(row, lambda text: text + " <|end|>"),
        row,
    )


def _control_character(row: Row) -> Fault:
    return Fault(
        "TXT001",
        "A backspace character (U+0008) hides between two words of the message.",
        "Delete the control character.",
        _user_text_with(row, lambda text: text.replace(" the ", " \bthe ", 1)),
        row,
    )


def _invisible_character(row: Row) -> Fault:
    return Fault(
        "TXT002",
        "A zero-width space (U+200B) hides inside the message.",
        "Delete the invisible character.",
        _user_text_with(row, lambda text: text.replace(" the ", " the\u200b ", 1)),
        row,
    )


def _not_json_answer(row: Row) -> Fault:
    answer = json.loads(_message(row, "assistant")["content"])
    words = f"This is about {answer['category']}. {answer['reply']}"
    return Fault(
        "QLT005",
        "The answer is plain text, where every other row answers with JSON.",
        "Write the answer as JSON with category, urgency and reply.",
        _changed(row, lambda spoiled: _message(spoiled, "assistant").update(content=words)),
        row,
    )


def _label_typo(row: Row) -> Fault:
    def misspell(spoiled: Row) -> None:
        answer = _message(spoiled, "assistant")
        answer["content"] = answer["content"].replace('"billing"', '"Biling"', 1)

    return Fault(
        "QLT005",
        'The category is spelled "Biling", a label that no other row has.',
        'Change the category to "billing".',
        _changed(row, misspell),
        row,
    )


def _secret(row: Row) -> Fault:
    return Fault(
        "PII002",
        "The customer pasted a secret key into the message, and the model would be shown it.",
        "Delete the sentence with the key.",
        _user_text_with(row, lambda text: f"{text} The key of my user is {FAKE_KEY}."),
        row,
    )


def _over_long(row: Row) -> Fault:
    log = " ".join(
        f"10:{minute:02d} the device is not ready yet, this was try {minute + 1} of 60;"
        for minute in range(60)
    )
    return Fault(
        "TOK001",
        "A pasted log makes the message longer than the model's context.",
        "Delete the log from the end of the message.",
        _user_text_with(row, lambda text: f"{text} Here is the log: {log}"),
        row,
    )


def _empty_messages(_: Row) -> Fault:
    return Fault("CNV001", "The list of messages is empty.", "Delete the row.", dump({"messages": []}), None)


def _duplicate(earlier: Row) -> Fault:
    return Fault(
        "DUP001",
        "The row stands in the file twice.",
        "Delete the second copy.",
        dump(earlier),
        None,
    )


def _leak(valid_row: Row) -> Fault:
    return Fault(
        "DUP003",
        "The same message stands in the validation split, which would make its loss look too good.",
        "Delete the row from the training split.",
        dump(valid_row),
        None,
    )


def _conflict(row: Row) -> Fault:
    answer = json.loads(_message(row, "assistant")["content"])
    answer["urgency"] = "low" if answer["urgency"] == "high" else "high"
    contradiction = json.dumps(answer, ensure_ascii=False)
    return Fault(
        "DUP004",
        "An earlier row has the same message with another urgency.",
        "Delete this row; the earlier answer is right.",
        _changed(row, lambda spoiled: _message(spoiled, "assistant").update(content=contradiction)),
        None,
    )


def _blank() -> Fault:
    return Fault("ENC005", "The line is blank.", "Delete the blank line.", "", None)


SPOILERS: tuple[Callable[[Row], Fault], ...] = (
    _trailing_comma,
    _cut_line,
    _duplicate_key,
    _role_alias,
    _missing_key,
    _wrong_type,
    _unknown_role,
    _no_assistant,
    _last_not_assistant,
    _missing_content,
    _empty_content,
    _bad_weight,
    _nothing_to_train,
    _special_token,
    _control_character,
    _invisible_character,
    _not_json_answer,
    _label_typo,
    _secret,
    _over_long,
)


def fits(spoiler: Callable[[Row], Fault], ticket: Ticket) -> bool:
    """Whether this fault makes sense on this ticket (a typo of "billing" needs a billing ticket)."""
    if spoiler is _label_typo:
        return ticket.category == "billing"
    if spoiler is _over_long:
        return ticket.category == "technical"
    if spoiler is _secret:
        return ticket.category == "account"
    return " the " in ticket.prompt
