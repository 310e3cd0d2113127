"""What a tool did not do, and why: a value that every tool on rows hands back and every face shows."""

from dataclasses import dataclass

from tunedesk.dataset.parsing import ParsedRow


@dataclass(frozen=True, slots=True)
class LeftOut:
    """row: its id (or its number, from 1, where the tool says so). pointer: of the place; "" for the row."""

    row: int
    pointer: str
    reason: str


def why_not_writable(parsed: ParsedRow) -> str:
    """Why a row cannot be written anew without losing something; "" when it can."""
    if parsed.value is None:
        return "The row is not JSON, so nothing can be changed in it."
    if any(problem.code == "JSN003" for problem in parsed.problems):
        return "A key stands twice in the row, and a change would lose one of them."
    return ""
