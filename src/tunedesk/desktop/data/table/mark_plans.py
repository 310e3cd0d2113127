"""What becomes of the marks of rows when a person stars, reviews, tags or accepts them; knows no widget."""

from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from tunedesk.dataset.marks import RowMarks

Marks = Mapping[int, RowMarks]
Plan = Callable[[Marks], tuple[Marks, str]]
"""Of rows' marks: what they shall be, and the name of the undo step."""


def counted(verb: str, count: int, what: str = "row") -> str:
    return f"{verb} {what}" if count == 1 else f"{verb} {count:,} {what}s"


def toggle_star(marks: Marks) -> tuple[Marks, str]:
    """Star all, or take all stars away when each has one."""
    on = not all(each.star for each in marks.values())
    made = {row: replace(each, star=on) for row, each in marks.items()}
    return made, counted("Star" if on else "Unstar", len(marks))


def toggle_reviewed(marks: Marks) -> tuple[Marks, str]:
    """A draft that a person has reviewed is no draft any more."""
    if all(each.reviewed and not each.draft for each in marks.values()):
        made = {row: replace(each, reviewed=False) for row, each in marks.items()}
        return made, counted("Take back the review of", len(marks))
    return review(marks)


def review(marks: Marks) -> tuple[Marks, str]:
    made = {row: replace(each, reviewed=True, draft=False) for row, each in marks.items()}
    return made, counted("Review", len(marks))


def accept(marks: Marks) -> tuple[Marks, str]:
    """Only drafts are touched."""
    drafts = {row: each for row, each in marks.items() if each.draft}
    made = {row: replace(each, draft=False, reviewed=True) for row, each in drafts.items()}
    return made, counted("Accept", len(drafts), "draft")


def give_tags(wanted: tuple[str, ...], common: tuple[str, ...]) -> Plan:
    """wanted: the tags that all rows shall have. common: those that all had; what is not wanted of them
    goes.
    """
    gone = set(common) - set(wanted)

    def plan(marks: Marks) -> tuple[Marks, str]:
        made = {}
        for row, each in marks.items():
            kept = [tag for tag in each.tags if tag not in gone]
            tags = tuple(dict.fromkeys([*kept, *wanted]))
            made[row] = replace(each, tags=tags)
        return made, counted("Tag", len(marks))

    return plan


def give_note(note: str) -> Plan:
    def plan(marks: Marks) -> tuple[Marks, str]:
        return {row: replace(each, note=note) for row, each in marks.items()}, counted("Note on", len(marks))

    return plan


def common_tags(marks: Iterable[RowMarks]) -> tuple[str, ...]:
    """Those that every row has, as the first one has them."""
    every = list(marks)
    if not every:
        return ()
    others = [set(each.tags) for each in every[1:]]
    return tuple(tag for tag in every[0].tags if all(tag in tags for tags in others))


def parsed_tags(text: str) -> tuple[str, ...]:
    """Tags as they are typed, with commas between them."""
    return tuple(dict.fromkeys(" ".join(part.split()) for part in text.split(",") if part.strip()))
