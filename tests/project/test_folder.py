"""Claims about project folders."""

import json
import subprocess
import sys

import pytest

from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.errors import UserError
from tunedesk.paths import loose_projects_dir, projects_dir, sample_project
from tunedesk.project.folder import (
    Project,
    close_project,
    create_project,
    open_document,
    open_project,
    sample_copy,
    save_project,
    with_dataset,
    with_mapping,
)

ROW = b'{"prompt": "a", "completion": "b"}\n'


@pytest.fixture
def project(tmp_path):
    made = create_project(tmp_path / "helpdesk", "Help desk")
    (made.root / "datasets" / "train.jsonl").write_bytes(ROW)
    return with_dataset(made, "train", made.root / "datasets" / "train.jsonl")


def test_a_new_project_is_opened_again_with_what_was_set(project):
    close_project(project)
    again = open_project(project.root)
    assert (again.name, again.default_target, again.default_model) == ("Help desk", "local", "starter")
    assert again.datasets == {"train": project.root / "datasets" / "train.jsonl"}
    assert not again.read_only
    assert again.runs_dir.is_dir()
    assert again.chats_dir.is_dir()


def test_files_inside_the_folder_are_named_relative_to_it(project):
    content = json.loads((project.root / "project.json").read_bytes())
    assert content["datasets"] == {"train": "datasets/train.jsonl"}
    assert content["format"] == 1


def test_the_sample_project_opens():
    project = open_project(sample_copy())
    assert set(project.datasets) == {"train", "valid", "heldout"}
    assert len(open_document(project, project.datasets["train"])) > 300


def test_the_second_window_is_told_and_may_only_read(project):
    document = open_document(project, project.datasets["train"])
    document.replace(document.id_at(0), b"{}", "Edit")
    second = open_project(project.root)
    assert second.read_only
    assert "another window" in second.read_only_reason
    shown = open_document(second, second.datasets["train"])
    assert shown.raw_at(0) == b"{}"
    with pytest.raises(UserError, match="for reading only"):
        shown.replace(shown.id_at(0), b"[]", "Edit")
    with pytest.raises(UserError, match="another window"):
        save_project(second)
    close_project(second)
    assert open_project(project.root).read_only, "closing the second window must not let a third one write"
    close_project(project)
    assert not open_project(project.root).read_only


def test_a_project_of_a_window_that_was_killed_can_be_written_again(project):
    close_project(project)
    program = """
import sys
from pathlib import Path
from tunedesk.project.folder import open_project
project = open_project(Path(sys.argv[1]))
print(project.read_only, flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", program, str(project.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "False"
        beside = open_project(project.root)
        assert beside.read_only
        child.kill()
    assert not open_project(project.root).read_only


def test_a_folder_that_cannot_be_written_is_opened_for_reading(project):
    close_project(project)
    state = project.root / ".tunedesk"
    for file in state.iterdir():
        file.unlink()
    state.rmdir()
    state.write_bytes(b"")  # a file where the folder should be: nobody can write into it, not even root
    again = open_project(project.root)
    assert "cannot be written" in again.read_only_reason
    assert again.runs_dir == project.root / "runs"
    assert not again.runs_dir.exists()
    assert len(open_document(again, again.datasets["train"])) == 1


def test_edits_follow_a_project_that_was_moved(project, tmp_path):
    document = open_document(project, project.datasets["train"])
    document.replace(document.id_at(0), b"{}", "Edit")
    close_project(project)
    project.root.rename(tmp_path / "moved")
    moved = open_project(tmp_path / "moved")
    document = open_document(moved, moved.datasets["train"])
    assert (document.raw_at(0), document.undo_label) == (b"{}", "Edit")


def test_a_dataset_file_opens_the_project_around_it(project):
    close_project(project)
    again = open_project(project.datasets["train"])
    assert (again.root, again.opened) == (project.root, project.datasets["train"])
    assert again.datasets == project.datasets


def test_a_file_of_the_project_that_has_no_role_is_its_other_dataset(project):
    close_project(project)
    extra = project.root / "datasets" / "extra.jsonl"
    extra.write_bytes(ROW)
    again = open_project(extra)
    assert (again.datasets["other"], again.opened) == (extra, extra)
    assert set(again.datasets) == {"train", "other"}


def test_project_json_itself_opens_the_project(project):
    close_project(project)
    assert open_project(project.root / "project.json").root == project.root


def loose(tmp_path, name: str) -> Project:
    path = tmp_path / name / "rows.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(ROW)
    return open_project(path)


def test_a_loose_file_gets_a_project_that_is_found_again(tmp_path):
    project = loose(tmp_path, "here")
    assert project.is_loose
    assert project.root.parent == loose_projects_dir()
    assert project.datasets == {"train": tmp_path / "here" / "rows.jsonl"}
    document = open_document(project, project.datasets["train"])
    document.replace(document.id_at(0), b"{}", "Edit")
    close_project(project)
    again = open_project(tmp_path / "here" / "rows.jsonl")
    assert open_document(again, again.datasets["train"]).raw_at(0) == b"{}"
    assert list((tmp_path / "here").iterdir()) == [tmp_path / "here" / "rows.jsonl"]


def test_loose_files_of_the_same_name_have_projects_of_their_own(tmp_path):
    assert loose(tmp_path, "one").root != loose(tmp_path, "two").root


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "is not JSON"),
        (b"[]", "must hold an object"),
        (b'{"format": 2}', "newer TuneDesk"),
        (b'{"format": "x"}', "newer TuneDesk"),
        (b'{"name": 3}', '"name" must be a text'),
        (b'{"datasets": ["a"]}', '"datasets" must be'),
        (b'{"datasets": {"train": 1}}', '"datasets" must be'),
        (b"\xff\xfe", "is not JSON"),
        (b'{"a":' + b"[" * 100_000, "is not JSON"),
    ],
)
def test_a_damaged_project_file_is_told_in_a_sentence(tmp_path, content, words):
    (tmp_path / "project.json").write_bytes(content)
    with pytest.raises(UserError, match=words):
        open_project(tmp_path)


def test_a_folder_without_a_project_file_is_no_project(tmp_path):
    with pytest.raises(UserError, match="is not a TuneDesk project"):
        open_project(tmp_path)


def test_a_missing_path_is_named(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        open_project(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["x" * 5000, "nul\0byte"])
def test_a_path_that_cannot_be_looked_at_is_told_in_a_sentence(tmp_path, name):
    with pytest.raises(UserError, match="cannot be read"):
        open_project(tmp_path / name)


def test_where_only_the_database_cannot_be_written_the_project_is_opened_for_reading(project):
    close_project(project)
    for file in (project.root / ".tunedesk").glob("state.db*"):
        file.unlink()
    (project.root / ".tunedesk" / "state.db").mkdir()
    again = open_project(project.root)
    assert "Edits cannot be stored" in again.read_only_reason
    assert len(open_document(again, again.datasets["train"])) == 1


def test_a_project_of_a_newer_version_is_refused(project):
    with project.state.transaction() as sql:
        sql.execute("PRAGMA user_version = 99")
    close_project(project)
    with pytest.raises(UserError, match="newer TuneDesk"):
        open_project(project.root)


def test_a_project_is_not_made_twice(project):
    with pytest.raises(UserError, match="is a project already"):
        create_project(project.root, "Again")


def test_keys_that_we_do_not_know_are_written_back(project):
    close_project(project)
    path = project.root / "project.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "notes": ["mine"]}))
    save_project(open_project(project.root))
    assert json.loads(path.read_text())["notes"] == ["mine"]


def test_an_unknown_role_is_refused(project):
    with pytest.raises(ValueError, match="tests"):
        with_dataset(project, "tests", project.root / "x.jsonl")


def test_the_users_copy_of_the_sample_is_made_once_and_keeps_its_edits():
    copy = sample_copy()
    assert copy.parent == projects_dir()
    for path in sample_project().rglob("*"):
        if path.is_file():
            assert (copy / path.relative_to(sample_project())).read_bytes() == path.read_bytes()
    (copy / "datasets" / "train.jsonl").write_bytes(ROW)
    assert sample_copy() == copy
    assert (copy / "datasets" / "train.jsonl").read_bytes() == ROW


def test_a_half_made_copy_of_the_sample_is_made_anew():
    half = projects_dir() / sample_project().name
    half.mkdir()
    (half / "rubbish").write_bytes(b"")
    assert (sample_copy() / "project.json").is_file()


def test_a_fresh_copy_of_the_sample_is_made_where_it_is_wanted(tmp_path):
    copy = sample_copy(fresh_in=tmp_path / "demo")
    assert copy.parent == tmp_path / "demo"
    assert open_project(copy).name == "Helpdesk"
    assert not (projects_dir() / copy.name).exists()


def test_what_columns_mean_is_kept_for_the_dataset_and_forgotten_when_asked(project):
    mapping = ColumnMapping(user="question", assistant="answer")
    table = project.root / "datasets" / "train.jsonl"
    with_mapping(project, table, mapping)
    close_project(project)
    again = open_project(project.root)
    assert again.mappings == {table: mapping}
    stored = json.loads((project.root / "project.json").read_bytes())
    assert stored["mappings"] == {"datasets/train.jsonl": {"user": "question", "assistant": "answer"}}
    assert with_mapping(again, table, None).mappings == {}
    assert "mappings" not in json.loads((project.root / "project.json").read_bytes())


@pytest.mark.parametrize("mappings", [3, {"a": 1}, {"a": {"nobody": "x"}}])
def test_a_mapping_that_cannot_be_read_is_told(project, mappings):
    close_project(project)
    path = project.root / "project.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "mappings": mappings}))
    with pytest.raises(UserError, match="mappings"):
        open_project(project.root)
