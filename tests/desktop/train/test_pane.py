"""The wizard clicked through on the sample project, from its rows to a request for a run."""

import json

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QPushButton, QToolButton, QWidget

from tests.desktop.train.sample import mend
from tests.runs.examples import a_job, a_start, a_step
from tests.tiny_adapter import write_tiny_adapter
from tunedesk import paths
from tunedesk.desktop.train import wizard
from tunedesk.desktop.train.wizard import STEPS, Step
from tunedesk.desktop.widgets.calm_combo import CalmComboBox
from tunedesk.runs.events import Finished, encode_event
from tunedesk.runs.job import ModelRef, decode_job
from tunedesk.runs.run_folder import RunFolder, rows_digest


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


def test_what_would_be_lost_is_a_page_with_links_to_the_rows(qtbot, bench):
    bench.show()
    go_to(qtbot, bench, Step.SETTINGS)
    type_into(qtbot, bench, "max_length", "96")
    bench.settle()
    go_to(qtbot, bench, Step.CHECK)
    assert bench.choices.audit is not None
    (cut, _) = bench.choices.audit.findings
    assert cut.code == "cut" and len(cut.rows) == 40
    with qtbot.waitSignal(bench.pane.rows_requested) as asked:
        click(qtbot, bench.pane.check_page, "Row 7")
    assert asked.args == [bench.project.datasets["train"], 7]


def test_the_memory_follows_what_is_typed(qtbot, bench):
    bench.show()
    go_to(qtbot, bench, Step.SETTINGS)
    before = bench.pane.settings_page.needs.headline
    bench.pane.settings_page.show_advanced()
    type_into(qtbot, bench, "lora_rank", "256")
    bench.settle()
    assert before.startswith("Needs about ") and before.endswith(": fits")
    assert bench.pane.settings_page.needs.headline != before


def test_the_memory_is_counted_when_asked_and_forgotten_with_the_next_change(qtbot, bench):
    bench.show()
    go_to(qtbot, bench, Step.SETTINGS)
    click(qtbot, bench.pane.settings_page, "Count exactly")
    qtbot.waitUntil(lambda: bench.choices.forecast.counted is not None, timeout=60_000)
    counted, formula = bench.choices.forecast.counted.total, bench.choices.forecast.memory.total
    assert counted == pytest.approx(formula, rel=0.1)
    assert any("Counted without weights" in one.text() for one in bench.pane.findChildren(QLabel))
    type_into(qtbot, bench, "epochs", "7")
    bench.settle()
    assert bench.choices.forecast.counted is None


def test_a_setting_that_is_on_or_off_is_a_box_to_tick(qtbot, bench):
    bench.show()
    go_to(qtbot, bench, Step.SETTINGS)
    bench.pane.settings_page.show_advanced()
    box = bench.pane.settings_page.row("packing").findChild(QCheckBox)
    assert box.isChecked()
    box.click()
    bench.settle()
    assert bench.choices.own == {"packing": "false"}
    assert not wizard.settings(bench.choices).packing
    box.click()
    assert bench.choices.own == {}


def test_rows_without_pairs_are_told_when_the_model_shall_prefer(qtbot, bench):
    bench.show()
    click_tool(qtbot, bench.pane.data_page, "Prefer (DPO)")
    bench.settle()
    assert bench.choices.method == "dpo"
    assert bench.choices.reading.refused_rows == 50
    assert "no pair of answers" in bench.choices.reading.first_refusal
    click_tool(qtbot, bench.pane.data_page, "Imitate")
    bench.settle()
    assert bench.choices.reading.refused_rows == 0


def test_a_dataset_of_pairs_begins_with_preference_and_imitation_says_that_nothing_is_learned(
    qtbot, bench_on, sample
):
    for name, thing in (("train", "parcel"), ("valid", "colour of the sky"), ("heldout", "best soup")):
        rows = [
            {
                "input": {"messages": [{"role": "user", "content": f"Which {thing} is number {number}?"}]},
                "preferred_output": [{"role": "assistant", "content": "It is on its way."}],
                "non_preferred_output": [{"role": "assistant", "content": "No idea."}],
            }
            for number in range(12)
        ]
        lines = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
        (sample / "datasets" / f"{name}.jsonl").write_bytes(lines)
    bench = bench_on(sample)
    bench.show()
    assert bench.choices.method == "dpo"
    assert any("most rows are pairs" in one.text() for one in bench.pane.data_page.findChildren(QLabel))
    click_tool(qtbot, bench.pane.data_page, "Imitate")
    bench.settle()
    assert bench.choices.method == "sft"
    assert "Nothing in train.jsonl would be learned" in bench.pane.missing


def click_tool(qtbot, widget, text):
    found = [one for one in widget.findChildren(QToolButton) if one.text() == text]
    qtbot.mouseClick(found[0], Qt.MouseButton.LeftButton)


def test_a_preset_brings_back_what_was_changed(qtbot, bench, tmp_path):
    bench.show()
    go_to(qtbot, bench, Step.SETTINGS)
    type_into(qtbot, bench, "epochs", "7")
    bench.settle()
    kept = tmp_path / "mine.preset.json"
    bench.pane.settings_page.preset_named.emit(kept)
    qtbot.waitUntil(kept.is_file)
    click(qtbot, bench.pane, "Reset all")
    assert bench.choices.own == {}
    bench.pane.settings_page.preset_chosen.emit(kept)
    qtbot.waitUntil(lambda: bench.choices.own == {"epochs": "7"})
    bench.settle()
    assert wizard.settings(bench.choices).epochs == 7


def test_the_job_is_copied_as_it_would_be_run(qtbot, bench):
    bench.show()
    go_to(qtbot, bench, Step.REVIEW)
    QGuiApplication.clipboard().clear()
    click(qtbot, bench.pane, "Copy the job as JSON")
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().text() != "")
    job = decode_job(QGuiApplication.clipboard().text().encode())
    assert job.hyperparameters == wizard.settings(bench.choices)
    assert job.train.rows == 40 and job.train.sha256 == rows_digest(rows_in(bench, "train"))


def rows_in(bench, role):
    return bench.project.datasets[role].read_bytes().splitlines()


def test_a_training_may_go_on_from_an_earlier_runs_adapter(qtbot, bench):
    run = finished_run(bench.project.runs_dir)
    bench.show()
    qtbot.waitUntil(lambda: len(bench.choices.adapters) == 1)
    go_to(qtbot, bench, Step.MODEL)
    box = bench.pane.model_page.findChild(CalmComboBox)
    assert box.itemText(1) == f"Go on from {run.path.name}"
    box.setCurrentIndex(1)
    box.activated.emit(1)
    bench.settle()
    go_to(qtbot, bench, Step.REVIEW)
    with qtbot.waitSignal(bench.pane.start_requested) as started:
        click(qtbot, bench.pane, "Start training")
    (request,) = started.args
    assert request.adapter == run.adapter_dir
    assert request.hyperparameters.lora_rank == 4


def finished_run(runs_dir):
    """A run of the starter model that has ended, with a small adapter in peft's format."""
    job = msgspec.structs.replace(a_job(), run="earlier", model=ModelRef("s", str(paths.starter_model())))
    runs_dir.mkdir(exist_ok=True)
    run = RunFolder.create(runs_dir, job, [b"{}"])
    write_tiny_adapter(run.adapter_dir, paths.starter_model(), rank=4)
    ended = Finished(
        run="r", attempt=1, seq=2, time=1.0, steps=1, train_loss=1.0, valid_loss=None, best_step=1,
        adapter="adapter", seconds=1.0,
    )  # fmt: skip
    run.events_path.write_bytes(
        b"".join(encode_event(event) for event in (a_start(1, None), a_step(1), ended))
    )
    return run
