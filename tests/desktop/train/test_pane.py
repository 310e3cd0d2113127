"""The wizard clicked through on the sample project, from its rows to a request for a run."""

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget

from tests.desktop.train.sample import mend
from tunedesk import paths
from tunedesk.desktop.train import wizard
from tunedesk.desktop.train.wizard import STEPS, Step


def button(widget, text):
    found = [one for one in widget.findChildren(QPushButton) if one.text() == text and one.isVisible()]
    assert found, f"there is no button {text}"
    return found[0]


def click(qtbot, widget, text):
    qtbot.mouseClick(button(widget, text), Qt.MouseButton.LeftButton)


def go_to(qtbot, bench, step):
    while bench.pane.step is not step:
        click(qtbot, bench.pane, "Next")


def field(bench, name):
    return bench.pane.settings_page.row(name).findChild(QLineEdit)


def type_into(qtbot, bench, name, text):
    line = field(bench, name)
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, text) if text else qtbot.keyClick(line, Qt.Key.Key_Delete)


def test_the_mended_sample_is_clicked_through_to_a_request_with_the_recommended_settings(
    qtbot, bench_on, whole_sample
):
    mend(whole_sample)
    bench = bench_on(whole_sample)
    bench.show()
    for step in STEPS[:-1]:
        assert bench.pane.step is step
        click(qtbot, bench.pane, "Next")
    assert bench.pane.step is Step.REVIEW
    with qtbot.waitSignal(bench.pane.start_requested) as started:
        click(qtbot, bench.pane, "Start training")
    (request,) = started.args
    assert request.hyperparameters == wizard.recommended(bench.choices)
    assert request.model == paths.starter_model()
    assert request.runs_dir == bench.project.runs_dir
    assert list(request.train) == bench.project.datasets["train"].read_bytes().splitlines()
    assert list(request.valid) == bench.project.datasets["valid"].read_bytes().splitlines()
    assert not request.modified


def test_errors_in_the_rows_hold_the_wizard_at_data(qtbot, bench_on, sample):
    bench = bench_on(sample)
    bench.show()
    assert not button(bench.pane, "Next").isEnabled()
    assert "rows have errors in train.jsonl" in bench.pane.missing
    qtbot.mouseClick(bench.pane.steps.button(Step.REVIEW), Qt.MouseButton.LeftButton)
    assert bench.pane.step is Step.DATA
    with qtbot.waitSignal(bench.pane.rows_requested) as asked:
        click(qtbot, bench.pane, "Show row 8 in Data")
    assert asked.args == [bench.project.datasets["train"], 8]


def test_a_row_that_is_mended_in_the_editor_opens_the_next_step(qtbot, bench):
    document = bench.open("train")
    spoilt = document.id_at(4)
    good = document.raw(spoilt)
    document.replace(spoilt, good[:-1], "Spoil")
    bench.show()
    assert "Row 5" in bench.pane.missing
    bench.pane.hide()
    document.replace(spoilt, good, "Mend")
    bench.show()
    assert button(bench.pane, "Next").isEnabled()


def test_unsaved_rows_are_what_is_trained_on(qtbot, bench):
    document = bench.open("train")
    value = json.loads(document.raw_at(0))
    value["messages"][1]["content"] = "Only on the screen."
    edited = json.dumps(value).encode()
    document.replace(document.id_at(0), edited, "Edit")
    bench.show()
    go_to(qtbot, bench, Step.REVIEW)
    with qtbot.waitSignal(bench.pane.start_requested) as started:
        click(qtbot, bench.pane, "Start training")
    (request,) = started.args
    assert request.train[0] == edited
    assert request.modified
    assert request.document_version == document.version
    assert b"Only on the screen." not in bench.project.datasets["train"].read_bytes()


def test_edits_that_no_open_document_shows_are_trained_on_too(qtbot, bench):
    document = bench.open("valid")
    document.delete([document.id_at(0)], "Delete")
    document.close()
    del bench.documents["valid"]
    bench.show()
    assert bench.choices.split("valid").rows == 9


def test_a_row_spoilt_behind_the_wizards_back_takes_it_back_to_data(qtbot, bench):
    document = bench.open("train")
    bench.show()
    go_to(qtbot, bench, Step.REVIEW)
    document.replace(document.id_at(0), b"{", "Spoil")
    bench.pane.look_again()
    bench.settle()
    assert bench.pane.step is Step.DATA


def test_a_harmless_edit_leaves_the_wizard_where_it_is_and_is_trained_on(qtbot, bench):
    document = bench.open("train")
    bench.show()
    go_to(qtbot, bench, Step.REVIEW)
    document.delete([document.id_at(0)], "Delete")
    bench.pane.look_again()
    assert not button(bench.pane, "Start training").isEnabled(), "until the rows were looked at"
    bench.settle()
    assert bench.pane.step is Step.REVIEW
    with qtbot.waitSignal(bench.pane.start_requested) as started:
        click(qtbot, bench.pane, "Start training")
    assert len(started.args[0].train) == len(document)


def test_a_missing_file_is_told_by_name(qtbot, bench):
    bench.project.datasets["valid"].unlink()
    bench.show()
    assert "valid.jsonl" in bench.pane.missing
    assert not button(bench.pane, "Next").isEnabled()


def test_an_empty_training_file_asks_for_an_example(qtbot, bench):
    bench.project.datasets["train"].write_bytes(b"")
    bench.show()
    assert bench.pane.missing == "train.jsonl has no rows yet. Write at least one example in Data."


def test_a_changed_setting_is_marked_used_and_can_be_reset(qtbot, bench):
    bench.show()
    go_to(qtbot, bench, Step.SETTINGS)
    before = field(bench, "epochs").text()
    type_into(qtbot, bench, "epochs", "2")
    bench.settle()
    assert wizard.settings(bench.choices).epochs == 2.0
    assert bench.pane.steps.button(Step.SETTINGS).note == "1 changed"
    click(qtbot, bench.pane.settings_page.row("epochs"), "Reset")
    bench.settle()
    assert field(bench, "epochs").text() == before
    assert bench.pane.steps.button(Step.SETTINGS).note == "as recommended"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("epochs", "many", "A number is expected"),
        ("batch_size", "", "A whole number is expected"),
        ("learning_rate", "0", "Expected"),
        ("max_length", "5000", "starter reads at most"),
        ("max_length", "20", "the whole answer of"),
    ],
)
def test_a_value_that_does_not_fit_is_told_at_its_field(qtbot, bench, name, text, words):
    bench.show()
    go_to(qtbot, bench, Step.SETTINGS)
    type_into(qtbot, bench, name, text)
    assert words.lower() in bench.pane.settings_page.row(name).problem.lower()
    assert not button(bench.pane, "Next").isEnabled()


def test_fewer_epochs_take_less_time(qtbot, bench):
    bench.show()
    go_to(qtbot, bench, Step.SETTINGS)
    steps = bench.choices.forecast.steps
    type_into(qtbot, bench, "epochs", "1")
    bench.settle()
    assert bench.choices.forecast.steps < steps


def test_models_that_cannot_be_used_are_listed_with_the_reason(qtbot, bench, tmp_path):
    pickled = tmp_path / "models" / "pickled"
    pickled.mkdir(parents=True)
    (pickled / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')
    (pickled / "pytorch_model.bin").write_bytes(b"x")
    bench.model_folders.append(tmp_path / "models")
    bench.show()
    go_to(qtbot, bench, Step.MODEL)
    assert [model.name for model in bench.pane.preparation.found.models] == ["starter"]
    click(qtbot, bench.pane, "1 folder left out: why?")
    names = {child.accessibleName(): child for child in bench.pane.findChildren(QWidget)}
    assert "pickle" in names["Folders that were left out, with the reason"].toPlainText()


def test_a_read_only_project_says_why_it_cannot_train(qtbot, bench_on, bench):
    second = bench_on(bench.project.root)
    assert second.project.read_only
    second.show()
    go_to(qtbot, second, Step.REVIEW)
    assert not button(second.pane, "Start training").isEnabled()
    assert second.pane.missing == second.project.read_only_reason


def test_every_action_has_a_text_an_icon_and_a_key_of_its_own(bench):
    actions = bench.pane.actions()
    keys = [one.shortcut().toString() for one in actions]
    assert all(one.text() and not one.icon().isNull() for one in actions)
    assert all(keys)
    assert len(set(keys)) == len(keys)


def test_the_wizard_can_be_walked_with_keys(qtbot, bench):
    bench.show()
    bench.pane.activateWindow()
    for step in STEPS[1:]:
        qtbot.keyClick(bench.pane, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
        assert bench.pane.step is step
    qtbot.keyClick(bench.pane, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    assert bench.pane.step is Step.MODEL


@pytest.mark.parametrize("step", STEPS)
def test_everything_that_takes_the_focus_has_a_name(qtbot, bench, step):
    bench.show()
    go_to(qtbot, bench, step)
    if step is Step.SETTINGS:
        bench.pane.settings_page.show_advanced()
    nameless = [
        widget
        for widget in bench.pane.findChildren(QWidget)
        if widget.isVisibleTo(bench.pane)
        and widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        and widget.objectName() != "qt_scrollarea_viewport"
        and not QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)
    ]
    assert nameless == []
