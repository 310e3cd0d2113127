"""Claims about exports: the plan says what the files will be, and the files are whole or not there."""

import json
from dataclasses import dataclass, replace

import pytest

from tests.dataset.rows_of_formats import CALL, MAPPING, ROWS
from tunedesk.dataset.example import RowFormat, detect_format
from tunedesk.dataset.exporting import ExportOptions, Legacy, plan_export, write_export
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.parsing import BOM
from tunedesk.dataset.target_profiles import profile_named
from tunedesk.errors import UserError

F = RowFormat
USER, ASSISTANT = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}
CHAT = {"messages": [USER, ASSISTANT]}


@dataclass
class Rows:
    """Rows in memory, as an export reads them."""

    values: list
    mapping: ColumnMapping | None = None

    def __len__(self):
        return len(self.values)

    def rows(self):
        for number, value in enumerate(self.values):
            yield number, value if isinstance(value, bytes) else json.dumps(value).encode()


def plan_of(values, target, mapping=None, **options):
    plan = plan_export(Rows(values, mapping), profile_named(target), ExportOptions(**options))
    assert plan is not None
    return plan


def rows_in(path):
    return [json.loads(line) for line in path.read_bytes().removeprefix(BOM).splitlines()]


def test_the_files_are_as_big_as_the_plan_says_and_end_whole(tmp_path):
    plan = plan_of([CHAT] * 12, "openai")
    (path,) = write_export(plan, tmp_path / "new")
    assert path.name == "train.jsonl"
    assert (plan.files[0].rows, plan.files[0].bytes) == (12, path.stat().st_size)
    assert rows_in(path) == [CHAT] * 12
    assert [other.name for other in path.parent.iterdir()] == ["train.jsonl"]
    assert plan.problems == plan.losses == plan.refusals == ()


def test_azure_gets_a_byte_order_mark_unless_it_is_told_otherwise(tmp_path):
    (path,) = write_export(plan_of([CHAT] * 10, "azure"), tmp_path)
    assert path.read_bytes().startswith(BOM)
    plain = plan_of([CHAT] * 10, "azure", bom=False, name="plain")
    assert not write_export(plain, tmp_path)[0].read_bytes().startswith(BOM)


def test_losses_are_counted_by_what_is_lost(tmp_path):
    plan = plan_of([{**CHAT, "id": number} for number in range(12)], "openai")
    (lost,) = plan.losses
    assert (lost.what, lost.count, lost.rows, lost.pointer) == ("the key id", 12, tuple(range(1, 11)), "/id")


def test_rows_that_cannot_be_written_are_named_and_never_left_out_unasked(tmp_path):
    rows = [CHAT, {"text": "alone"}, b"", CHAT]
    plan = plan_of(rows, "openai")
    assert (plan.rows, plan.refusals[0].rows, plan.refusals[0].count) == (2, (2,), 1)
    with pytest.raises(UserError, match="Row 2"):
        write_export(plan, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    skipping = plan_of(rows, "openai", skip_refused=True)
    assert rows_in(write_export(skipping, tmp_path)[0]) == [CHAT, CHAT]


def test_too_few_rows_and_too_many_pictures_are_problems_of_the_file():
    picture = {"type": "image_url", "image_url": {"url": "x"}}
    many = {"messages": [{"role": "user", "content": [picture] * 11}, ASSISTANT]}
    assert plan_of([CHAT], "openai").problems == ("OpenAI needs at least 10 rows; here are 1.",)
    assert "one has 11" in plan_of([many] * 10, "openai").problems[0]
    assert plan_of([many] * 10, "azure").problems == ()


def test_a_big_file_is_cut_into_pieces_that_are_one_file_together(tmp_path):
    rows = [{"messages": [{**USER, "content": "x" * number}, ASSISTANT]} for number in range(40)]
    small = replace(profile_named("azure"), file_bytes=1000, part_bytes=700, total_bytes=10_000)
    plan = plan_export(Rows(rows), small)
    paths = write_export(plan, tmp_path)
    assert [path.name for path in paths][:2] == ["train.part-01.jsonl", "train.part-02.jsonl"]
    assert all(path.stat().st_size <= 700 for path in paths)
    assert [path.stat().st_size for path in paths] == [file.bytes for file in plan.files]
    whole = b"".join(path.read_bytes() for path in paths)
    assert whole.startswith(BOM) and whole.count(BOM) == 1
    assert [json.loads(line) for line in whole.removeprefix(BOM).splitlines()] == rows
    assert any("pieces" in note for note in plan.notes)


def test_where_pieces_are_unknown_each_file_stands_for_itself(tmp_path):
    plan = plan_of([CHAT] * 10, "nebius", file_bytes=200)
    paths = write_export(plan, tmp_path)
    assert len(paths) > 2 and all(path.stat().st_size <= 200 for path in paths)
    assert [row for path in paths for row in rows_in(path)] == [CHAT] * 10


def test_more_than_a_target_takes_in_all_is_a_problem():
    small = replace(profile_named("openai"), file_bytes=100, part_bytes=60, total_bytes=200)
    plan = plan_export(Rows([CHAT] * 10), small)
    assert any("in all" in problem for problem in plan.problems)
    assert any("piece" in problem for problem in plan.problems)


def test_the_legacy_format_gets_its_separator_stop_and_blank_once(tmp_path):
    legacy = Legacy(separator="\n###\n", stop=" END", leading_space=True)
    rows = [CHAT, {"prompt": "p\n###\n", "completion": " c END"}]
    plan = plan_of(rows, "openai", format=F.PROMPT_COMPLETION, legacy=legacy)
    assert rows_in(write_export(plan, tmp_path)[0]) == [
        {"prompt": "q\n###\n", "completion": " a END"},
        {"prompt": "p\n###\n", "completion": " c END"},
    ]
    assert any("###" in note for note in plan.notes)
    inside = plan_of(
        [{"prompt": "a\n###\nb", "completion": "c"}], "openai", format=F.PROMPT_COMPLETION, legacy=legacy
    )
    assert "separator" in inside.losses[0].what


def test_marks_of_the_legacy_format_are_taken_off_where_all_rows_have_them(tmp_path):
    rows = [{"prompt": f"q{n}\n\n###\n\n", "completion": f" a{n} END", "n": 1} for n in range(3)]
    plan = plan_of(rows, "generic", format=F.CHAT)
    (path,) = write_export(plan, tmp_path)
    assert [turn["content"] for turn in rows_in(path)[2]["messages"]] == ["q2", "a2"]
    assert any("taken off" in note for note in plan.notes)
    kept = plan_of(rows, "generic", format=F.CHAT, keep_marks=True, name="kept")
    assert rows_in(write_export(kept, tmp_path)[0])[0]["messages"][1]["content"] == " a0 END"
    one_without = [*rows, {"prompt": "q", "completion": " a END"}]
    mixed = plan_of(one_without, "generic", format=F.CHAT, name="mixed")
    first = rows_in(write_export(mixed, tmp_path)[0])[0]["messages"]
    assert [turn["content"] for turn in first] == ["q0\n\n###\n\n", " a0"]


@pytest.mark.parametrize(
    ("name", "target", "format"),
    [
        ("chat", "llamafactory", F.SHAREGPT),
        ("alpaca", "llamafactory", F.ALPACA),
        ("alpaca preference", "llamafactory", F.ALPACA),
        ("alpaca", "axolotl", F.CHAT),
        ("sharegpt", "openai", F.CHAT),
        ("mapped", "openai", F.CHAT),
        ("trl-preference", "openai-dpo", F.PREFERENCE),
        ("preference", "trl", F.TRL_PREFERENCE),
        ("prompt-completion", "trl", F.PROMPT_COMPLETION),
        ("text", "generic", F.TEXT),
    ],
)
def test_the_format_is_the_rows_own_or_the_target_s_best(name, target, format):
    plan = plan_of([ROWS[name]], target, MAPPING if name == "mapped" else None)
    assert plan.format is format
    assert plan.rows == 1


def test_a_format_that_the_target_does_not_read_is_refused():
    with pytest.raises(UserError, match="does not read"):
        plan_of([CHAT], "openai", format=F.ALPACA)


@pytest.mark.parametrize("name", ["", "../up", "a/b", "c:d", ".hidden", "what?"])
def test_a_name_that_is_none_on_some_computer_is_refused(name):
    with pytest.raises(UserError, match="name of a file"):
        plan_of([CHAT], "openai", name=name)


def test_llamafactory_finds_its_entry_beside_those_that_stand_there(tmp_path):
    (tmp_path / "dataset_info.json").write_text('{"mine": {"file_name": "mine.json"}}')
    plan = plan_of([ROWS["sharegpt"]], "llamafactory", name="helpdesk")
    paths = write_export(plan, tmp_path)
    assert [path.name for path in paths] == ["helpdesk.jsonl", "dataset_info.json"]
    assert json.loads(paths[1].read_text()) == {
        "mine": {"file_name": "mine.json"},
        "helpdesk": {
            "file_name": "helpdesk.jsonl",
            "formatting": "sharegpt",
            "columns": {"messages": "conversations", "system": "system", "tools": "tools"},
        },
    }
    (tmp_path / "dataset_info.json").write_text("oops")
    with pytest.raises(UserError, match="not JSON"):
        write_export(plan, tmp_path, overwrite=True)


def test_llamafactory_s_entry_says_how_other_rows_are_read():
    def entry(row, **options):
        plan = plan_of([row], "llamafactory", **options)
        return json.loads(plan.companions[0][1])["train"]

    assert entry(ROWS["alpaca preference"])["ranking"] is True
    assert entry(CHAT, format=F.CHAT)["tags"]["role_tag"] == "role"
    assert entry(ROWS["text"]) == {"file_name": "train.jsonl", "columns": {"prompt": "text"}}
    assert set(entry(ROWS["alpaca"])["columns"]) == {"prompt", "query", "response", "system", "history"}


def test_axolotl_gets_weights_as_flags_and_the_yaml_that_names_them(tmp_path):
    row = {"messages": [USER, {**ASSISTANT, "weight": 0}, USER, ASSISTANT]}
    plan = plan_of([row], "axolotl")
    data, snippet = write_export(plan, tmp_path)
    assert rows_in(data)[0]["messages"][1] == {**ASSISTANT, "train": False}
    assert "message_field_training: train" in snippet.read_text()
    assert 'path: "train.jsonl"' in snippet.read_text()
    history = plan_of([ROWS["alpaca"]], "axolotl", format=F.ALPACA)
    assert {lost.pointer for lost in history.losses} == {"/system", "/history"}


def test_calls_are_kept_back_where_a_tool_would_not_see_them():
    row = {"messages": [USER, {"role": "assistant", "content": None, "tool_calls": [CALL]}]}
    assert plan_of([row], "llamafactory", format=F.CHAT).refusals[0].count == 1
    assert plan_of([row], "axolotl", format=F.SHAREGPT).refusals[0].count == 1
    assert plan_of([row], "llamafactory").refusals == ()


def test_trl_is_said_to_know_no_weights():
    plan = plan_of([{"messages": [USER, {**ASSISTANT, "weight": 0}]}], "trl")
    assert any("TRL knows no weights" in note for note in plan.notes)


def test_what_stands_there_is_not_overwritten_unasked(tmp_path):
    (tmp_path / "train.jsonl").write_text("mine")
    with pytest.raises(UserError, match="exists already"):
        write_export(plan_of([CHAT] * 10, "openai"), tmp_path)
    assert (tmp_path / "train.jsonl").read_text() == "mine"
    write_export(plan_of([CHAT] * 10, "openai"), tmp_path, overwrite=True)
    assert rows_in(tmp_path / "train.jsonl") == [CHAT] * 10


def test_a_cancelled_export_leaves_nothing(tmp_path):
    rows = Rows([CHAT] * 1200)
    assert plan_export(rows, profile_named("openai"), cancelled=lambda: True) is None
    plan = plan_export(rows, profile_named("openai"))
    assert write_export(plan, tmp_path, cancelled=lambda: True) == ()
    assert list(tmp_path.iterdir()) == []


def test_rows_that_changed_since_the_plan_are_noticed(tmp_path):
    rows = Rows([CHAT] * 10)
    plan = plan_export(rows, profile_named("openai"))
    rows.values.append(CHAT)
    with pytest.raises(UserError, match="changed"):
        write_export(plan, tmp_path)
    rows.values[:] = [{"messages": [USER, {**ASSISTANT, "content": "longer"}]}] * 10
    with pytest.raises(UserError, match="changed"):
        write_export(plan, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_leaves_nothing(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UserError, match="No space"):
        write_export(plan_of([CHAT] * 10, "openai"), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize(
    "target", ["openai", "openai-dpo", "azure-rft", "together", "mistral", "trl", "llamafactory"]
)
def test_every_row_goes_into_the_file_or_is_refused(name, target, tmp_path):
    plan = plan_of([ROWS[name]], target, MAPPING if name == "mapped" else None, skip_refused=True)
    assert plan.rows + sum(refusal.count for refusal in plan.refusals) == 1
    if plan.rows:
        (row,) = rows_in(write_export(plan, tmp_path)[0])
        assert detect_format(row) is plan.format


def test_an_export_without_a_row_is_refused(tmp_path):
    for rows in ([], [b"", b"  "]):
        with pytest.raises(UserError, match="no row to write"):
            write_export(plan_of(rows, "trl"), tmp_path)
    with pytest.raises(UserError, match=r"No row can be written as preference for OpenAI.*two answers"):
        write_export(plan_of([CHAT], "openai-dpo", skip_refused=True), tmp_path)
    assert list(tmp_path.iterdir()) == []
