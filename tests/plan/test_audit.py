"""The audit gate: what blocks, what is told, and how much of it is named."""

from dataclasses import replace

import pytest

from tunedesk.plan.audit import Audit, AuditFinding, AuditRow, audit, named_rows


def row(number: int, tokens: int = 40, trained: int = 10, **changes: object) -> AuditRow:
    plain = AuditRow(
        row=number,
        tokens=tokens,
        read=tokens,
        trained=trained,
        kept=trained,
        has_end=True,
        digest=number,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def cut(number: int, kept: int) -> AuditRow:
    """A row of 100 tokens, the last 30 of them its answer, that is cut so that `kept` of these stay."""
    return row(number, 100, 30, read=70 + kept, kept=kept, is_cut=True, loses_end=True)


VALID = [row(901), row(902)]


def look(train: list[AuditRow], valid: list[AuditRow] | None = None, **options: bool) -> Audit:
    return audit(train, VALID if valid is None else valid, 80, **options)


def only(found: Audit) -> AuditFinding:
    (finding,) = found.findings
    return finding


def test_sound_rows_are_counted_and_nothing_is_said() -> None:
    found = look([row(1), row(2, tokens=60, trained=20)])
    assert found.findings == () and found.refusal() is None
    assert (found.rows, found.valid_rows, found.tokens, found.trained) == (2, 2, 100, 30)
    assert found.trained_share == pytest.approx(0.3)


def test_a_cut_says_what_the_answers_lose() -> None:
    finding = only(look([row(1), cut(2, 10), cut(4, 25)]))
    assert (finding.code, finding.blocks, finding.rows, finding.split) == ("cut", False, (2, 4), "train")
    assert finding.sentence == (
        "Rows 2, 4 of the training data: cut at 80 tokens. 25 of 60 tokens of the answers are lost, "
        "in 2 rows the end too, so that it does not teach when to stop."
    )


def test_a_cut_behind_the_answer_loses_nothing() -> None:
    finding = only(look([row(1, 100, 10, read=80, is_cut=True)]))
    assert finding.sentence.endswith("cut at 80 tokens. No answer loses anything.")


def test_an_answer_that_is_wholly_cut_blocks_unless_such_rows_are_left_out() -> None:
    rows = [row(1), cut(3, 0)]
    finding = only(look(rows))
    assert (finding.code, finding.blocks, finding.rows) == ("wholly-cut", True, (3,))
    assert [each.code for each in look(rows, skip_wholly_cut=True).findings] == ["cut", "left-out"]


def test_a_validation_row_that_is_wholly_cut_blocks_too() -> None:
    finding = only(look([row(1)], [row(901), cut(2, 0)]))
    assert (finding.blocks, finding.split) == (True, "valid")
    assert "row 2 of the validation data" in finding.sentence


def test_all_rows_that_cannot_be_trained_are_named_with_the_first_reason() -> None:
    broken = [AuditRow(number, problem=f"reason {number}.", hint="Mend it.") for number in (2, 5)]
    found = look([row(1), *broken])
    assert only(found).rows == (2, 5)
    assert only(found).sentence == "Row 2 of the training data: reason 2. Nor can row 5 of it be trained."
    refusal = found.refusal()
    assert refusal is not None and refusal.hint == "Mend it."


def test_nothing_to_learn_blocks_and_rows_without_an_answer_are_left_out() -> None:
    found = look([row(1, trained=0, has_end=False)])
    assert [(each.code, each.blocks) for each in found.findings] == [("left-out", False), ("nothing", True)]
    assert [each.code for each in look([]).findings] == ["nothing"]


def test_a_model_that_would_never_stop_is_refused_and_single_rows_are_told() -> None:
    silent = [row(1, has_end=False), row(2, has_end=False)]
    assert only(look(silent)).blocks
    finding = only(look([*silent, row(3)]))
    assert (finding.code, finding.blocks, finding.rows) == ("no-end", False, (1, 2))
    assert look([row(1, has_end=None)]).findings == ()


def test_control_tokens_in_texts_are_shown() -> None:
    finding = only(look([row(1), row(2, marks=("<|im_end|>", "<|im_start|>"))]))
    assert finding.sentence == (
        "Row 2 of the training data: <|im_end|>, <|im_start|> in the text is read as a control token, "
        "not as letters."
    )


def test_rows_of_both_splits_are_found_by_their_tokens() -> None:
    finding = only(look([row(1), row(2, digest=7), row(3, digest=7)], [row(1, digest=900), row(2, digest=7)]))
    assert (finding.code, finding.split, finding.rows) == ("leak", "valid", (2,))
    assert "(row 2)" in finding.sentence


def test_a_run_without_validation_is_told() -> None:
    assert only(look([row(1)], [])).sentence.startswith("There is no validation data")
    empty = look([row(1)], [row(1, trained=0)])
    assert [each.code for each in empty.findings] == ["left-out", "no-validation"]


def test_a_dataset_that_is_nearly_all_prompt_is_told() -> None:
    finding = only(look([row(1, tokens=10_000, trained=100)]))
    assert (finding.code, finding.blocks) == ("little-trained", False)
    assert "1.0%" in finding.sentence


def test_long_lists_of_rows_are_cut_in_the_sentence_and_whole_in_the_finding() -> None:
    finding = only(look([row(0), *(cut(number, 5) for number in range(1, 13))]))
    assert "Rows 1, 2, 3, 4, 5, 6, 7, 8 and 4 more of" in finding.sentence
    assert finding.rows == tuple(range(1, 13))
    assert named_rows([3]) == "row 3"
