"""Claims about the files that a split makes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tunedesk.dataset.document import Document
from tunedesk.dataset.mapping import ColumnMapping
from tunedesk.dataset.split_recipe import SplitRecipe
from tunedesk.dataset.splitting import plan_split
from tunedesk.errors import UserError
from tunedesk.project.folder import (
    Project,
    close_project,
    create_project,
    open_document,
    open_project,
    with_dataset,
    with_mapping,
)
from tunedesk.project.splits import recipe_of, write_split

RECIPE = SplitRecipe(valid=0.2, heldout=0.1)
LINES = [json.dumps({"prompt": f"q{number}", "completion": "a"}).encode() for number in range(10)]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = create_project(tmp_path / "shop", "Shop")
    source = made.root / "datasets" / "all.jsonl"
    source.write_bytes(b"\n".join(LINES) + b"\n")
    made = with_dataset(made, "train", source)
    yield made
    close_project(made)


def source_of(project: Project) -> tuple[Path, Document]:
    path = project.root / "datasets" / "all.jsonl"
    return path, open_document(project, path)


def lines_of(project: Project, role: str) -> list[bytes]:
    return project.datasets[role].read_bytes().splitlines()


def split(project: Project, **how: object) -> Project | None:
    path, document = source_of(project)
    snapshot = document.snapshot()
    plan = plan_split(snapshot, RECIPE)
    assert plan is not None
    return write_split(project, path, snapshot, plan, **how)  # type: ignore[arg-type]


def test_the_parts_become_the_project_s_datasets_and_the_source_stays(project: Project):
    after = split(project)
    assert after is not None
    assert [len(lines_of(after, role)) for role in ("train", "valid", "heldout")] == [7, 2, 1]
    written = [line for role in ("train", "valid", "heldout") for line in lines_of(after, role)]
    assert sorted(written) == sorted(LINES)
    assert after.datasets["other"].read_bytes() == b"\n".join(LINES) + b"\n"
    assert after.datasets["valid"] == project.root / "datasets" / "all-valid.jsonl"


def test_unsaved_edits_are_in_the_parts(project: Project):
    path, document = source_of(project)
    document.replace(document.id_at(0), b'{"prompt": "new", "completion": "a"}', "Edit")
    plan = plan_split(document.snapshot(), SplitRecipe(valid=0, heldout=0))
    after = write_split(project, path, document.snapshot(), plan)
    assert b'{"prompt": "new", "completion": "a"}' in lines_of(after, "train")
    assert after.datasets.keys() == {"train", "other"}


def test_the_recipe_is_kept_so_that_the_same_split_can_be_made_again(project: Project):
    after = split(project)
    assert after is not None
    first = lines_of(after, "valid")
    close_project(after)
    again = open_project(project.root)
    path, document = source_of(again)
    recipe = recipe_of(again, path)
    assert recipe == RECIPE
    plan = plan_split(document.snapshot(), recipe)
    repeated = write_split(again, path, document.snapshot(), plan, overwrite=True)
    assert lines_of(repeated, "valid") == first
    assert recipe_of(again, again.root / "another.jsonl") is None


def test_nothing_is_overwritten_without_being_told(project: Project):
    there = project.root / "datasets" / "all-heldout.jsonl"
    there.write_bytes(b"mine")
    with pytest.raises(UserError, match=r"all-heldout\.jsonl is there already"):
        split(project)
    assert there.read_bytes() == b"mine"
    assert sorted(path.name for path in there.parent.iterdir()) == ["all-heldout.jsonl", "all.jsonl"]
    assert split(project, overwrite=True) is not None
    assert there.read_bytes() != b"mine"


def test_a_cancelled_split_leaves_nothing_behind(project: Project):
    assert split(project, cancelled=lambda: True) is None
    assert [path.name for path in (project.root / "datasets").iterdir()] == ["all.jsonl"]


def test_parts_mean_by_their_columns_what_the_source_means(project: Project):
    path = project.root / "datasets" / "all.jsonl"
    mapping = ColumnMapping(user="prompt", assistant="completion")
    after = split(with_mapping(project, path, mapping))
    assert after is not None
    assert after.mappings[after.datasets["heldout"]] == mapping


def test_a_part_never_takes_the_place_of_its_source(project: Project):
    path = project.root / "datasets" / "all-train.jsonl"
    path.write_bytes(b"\n".join(LINES))
    document = open_document(project, path)
    plan = plan_split(document.snapshot(), RECIPE)
    after = write_split(project, path, document.snapshot(), plan)
    assert path.read_bytes() == b"\n".join(LINES)
    assert after.datasets["train"].name == "all-train-train.jsonl"


def test_a_read_only_project_is_not_split(project: Project):
    second = open_project(project.root)
    with pytest.raises(UserError, match="another window"):
        split(second)
    close_project(second)


def test_a_recipe_that_cannot_be_read_is_told(project: Project):
    manifest = project.root / "project.json"
    content = json.loads(manifest.read_bytes())
    manifest.write_text(json.dumps({**content, "splits": {"a.jsonl": {"method": "magic"}}}))
    with pytest.raises(UserError, match='"splits" cannot be read'):
        open_project(project.root)
