"""The wizard with services: the table of places, settings, consent. Nothing is sent by any of it.

The service that is asked for its models is a server on loopback that knows nothing else.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QRadioButton

from tests.desktop.finding import WAIT, named, words_on
from tests.desktop.train.sample import mend, shorten
from tunedesk import paths
from tunedesk.desktop.background import Background
from tunedesk.desktop.cloud.price_desk import PriceDesk
from tunedesk.desktop.cloud.service_desk import ServiceDesk
from tunedesk.desktop.train.pane import TrainPane
from tunedesk.desktop.train.sources import project_sources
from tunedesk.desktop.train.wizard import Step
from tunedesk.project.folder import close_project, open_project
from tunedesk.runs.account_files import write_accounts
from tunedesk.runs.accounts import Account
from tunedesk.runs.cloud_requests import prepare_cloud_run
from tunedesk.runs.keys import KeyStore
from tunedesk.runs.receipt import give_consent, require_consent
from tunedesk.template.find_models import default_model_roots

KEY = "sk-for-tests-5d2c8a"


class Models(BaseHTTPRequestHandler):
    """Answers GET /v1/models for who has the key."""

    def do_GET(self):
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            self._answer(401, {"error": {"message": "Wrong key.", "code": "invalid_api_key"}})
        else:
            model = {"id": "gpt-4.1-mini-2025-04-14", "object": "model", "created": 1, "owned_by": "them"}
            self._answer(200, {"object": "list", "data": [model]})

    def _answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address():
    with ThreadingHTTPServer(("127.0.0.1", 0), Models) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


class CloudBench:
    """The pane on the sample, with one service that has no key yet."""

    def __init__(self, qtbot, root, address):
        self.qtbot = qtbot
        write_accounts([Account(name="Work", provider="openai", base_url=address)])
        self.background = Background()
        self.project = open_project(root)
        self.failures = []
        self.services = ServiceDesk(self.background, KeyStore(None))
        self.prices = PriceDesk(self.background)
        self.pane = TrainPane(
            self.background,
            lambda: project_sources(self.project, {}),
            default_model_roots,
            self.project.runs_dir,
            paths.starter_model(),
            clouds=(self.services, self.prices),
        )
        self.pane.failed.connect(self.failures.append)
        self.pane.key_entered.connect(self.services.give_key)
        qtbot.addWidget(self.pane)
        self.pane.resize(1200, 800)
        self.pane.show()
        self.settle()

    @property
    def cloud(self):
        return self.pane.preparation.choices.cloud

    def settle(self):
        idle = self.background
        self.qtbot.waitUntil(lambda: idle.is_idle and self.pane.preparation.is_settled, timeout=WAIT)

    def click(self, text):
        (button,) = [
            one for one in self.pane.findChildren(QPushButton) if one.text() == text and one.isVisible()
        ]
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def go_to(self, step):
        for _ in range(len(Step)):
            if self.pane.step is step:
                return
            self.click("Next")
        raise AssertionError(self.pane.missing)

    def choose(self, name):
        self.go_to(Step.PLACE)
        named(self.pane, name, QRadioButton).click()
        self.settle()

    def give_key(self, key=KEY):
        field = named(self.pane, "Key of Work", QLineEdit)
        self.qtbot.keyClicks(field, key)
        self.click("Use this key")
        self.settle()


@pytest.fixture
def bench(qtbot, whole_sample, address):
    mend(whole_sample)
    shorten(whole_sample)
    made = CloudBench(qtbot, whole_sample, address)
    yield made
    assert made.background.shut_down()
    close_project(made.project)
    assert not made.failures


def test_the_table_compares_this_computer_and_each_service(bench):
    bench.go_to(Step.PLACE)
    told = words_on(bench.pane.place_page.table)
    assert {"Place", "Time", "Money now", "Money a month", "Memory", "Data goes to"} <= set(told)
    assert "nowhere" in told
    assert any(words.startswith("$") for words in told)
    assert named(bench.pane, "This computer", QRadioButton).isChecked()
    assert bench.cloud is None


def test_a_service_asks_for_its_key_then_for_its_models(bench):
    bench.choose("Work")
    assert bench.pane.missing == "Give the key of Work, or choose another place."
    bench.give_key("sk-wrong")
    assert "Wrong key" in " ".join(words_on(bench.pane))
    bench.give_key()
    assert [model.id for model in bench.cloud.models] == ["gpt-4.1-mini-2025-04-14"]
    assert bench.pane.missing == ""
    assert "All 40 rows can be sent" in words_on(bench.pane)


def test_the_way_to_a_service_and_back_to_this_computer(bench):
    bench.choose("Work")
    bench.give_key()
    bench.click("Next")
    assert bench.pane.step is Step.SETTINGS
    assert "What you leave empty, the service decides." in words_on(bench.pane)
    bench.click("Back")
    named(bench.pane, "This computer", QRadioButton).click()
    bench.click("Next")
    assert "What you leave empty, the service decides." not in words_on(bench.pane)
    bench.go_to(Step.REVIEW)


def test_more_epochs_cost_more_and_a_wrong_number_holds_the_wizard(bench):
    bench.choose("Work")
    bench.give_key()
    bench.click("Next")
    card = bench.pane.cloud_settings_page.price
    assert " to " in card.headline, "the service may choose from 1 to 10 epochs"
    field = named(bench.pane, "Epochs", QLineEdit)
    field.setFocus()
    bench.qtbot.keyClicks(field, "3")
    assert " to " not in card.headline
    bench.qtbot.keyClicks(field, "33")
    assert "from 1 to 50" in bench.pane.missing
    assert "Mend the settings below first." in words_on(card)
    assert "Prices are being read." not in words_on(card)
    bench.click("Reset all")
    assert bench.pane.missing == ""


def test_consent_shows_the_rows_and_what_is_sent_is_what_was_shown(bench):
    bench.choose("Work")
    bench.give_key()
    bench.go_to(Step.CONSENT)
    bench.settle()
    consent = bench.cloud.consent
    shown = [one for one in bench.pane.findChildren(QPlainTextEdit) if one.isVisible()]
    assert [one.exact_text() for one in shown[:5]] == [one.text for one in consent.files[0].shown]
    assert not bench.pane.start.isEnabled()
    boxes = [one for one in bench.pane.consent_page.findChildren(QCheckBox) if one.isVisible()]
    for box in boxes:  # the price is half a year old, which is ticked by itself
        box.click()
    assert bench.pane.start.isEnabled()
    with bench.qtbot.waitSignal(bench.pane.cloud_start_requested) as started:
        bench.click("Send and train")
    (start,) = started.args
    run = prepare_cloud_run(start.request)
    give_consent(run, start.consent)
    assert require_consent(run).host == consent.host
    assert not bench.pane.start.isEnabled(), "what is sent once was agreed to once"


def test_tab_comes_to_the_agreement_after_the_last_row(bench):
    bench.choose("Work")
    bench.give_key()
    bench.go_to(Step.CONSENT)
    bench.settle()
    rows = [one for one in bench.pane.findChildren(QPlainTextEdit) if one.isVisible()]
    boxes = [one for one in bench.pane.consent_page.findChildren(QCheckBox) if one.isVisible()]
    back = [one for one in bench.pane.findChildren(QPushButton) if one.text() == "Back" and one.isVisible()]
    wanted, met, here = [*rows, *boxes, *back], [], bench.pane.nextInFocusChain()
    while here is not bench.pane:
        if here in wanted:
            met.append(here)
        here = here.nextInFocusChain()
    assert met == wanted


def test_a_model_that_the_service_does_not_list_is_warned_of_to_the_last_step(bench):
    words = "my-typo is not among the models that Work lists"
    bench.choose("Work")
    bench.give_key()
    bench.pane.preparation.cloud.choose_model("my-typo")
    bench.settle()
    assert any(words in told for told in words_on(bench.pane.place_page))
    bench.go_to(Step.CONSENT)
    bench.settle()
    assert any(words in told for told in bench.cloud.consent.warnings)
    assert any(words in told for told in words_on(bench.pane.consent_page))


def test_what_changes_after_consent_must_be_agreed_to_again(bench):
    bench.choose("Work")
    bench.give_key()
    bench.go_to(Step.CONSENT)
    bench.settle()
    first = bench.cloud.consent
    bench.pane.preparation.cloud.agree(True)
    bench.click("Back")
    field = named(bench.pane, "Epochs", QLineEdit)
    field.setFocus()
    bench.qtbot.keyClicks(field, "4")
    assert bench.cloud.consent is None and not bench.cloud.agreed
    bench.click("Next")
    bench.settle()
    assert bench.cloud.consent is not None and bench.cloud.consent != first
    assert not bench.cloud.agreed


def test_a_row_that_the_service_refuses_is_named_and_can_be_shown(bench):
    file = bench.project.datasets["train"]
    rows = file.read_bytes().splitlines()
    value = json.loads(rows[3])
    value["messages"].append({"role": "user", "content": "And?"})
    rows[3] = json.dumps(value).encode()
    file.write_bytes(b"\n".join(rows) + b"\n")
    bench.pane.look_again()
    bench.settle()
    bench.choose("Work")
    bench.give_key()
    assert "Row 4" in bench.pane.missing
    with bench.qtbot.waitSignal(bench.pane.rows_requested) as asked:
        bench.click("Show row 4 in Data")
    assert asked.args == [file, 4]


def test_every_field_of_a_service_has_a_name(bench):
    bench.choose("Work")
    fields = [one for one in bench.pane.place_page.findChildren(QLineEdit) if one.isVisible()]
    assert fields
    for field in fields:
        assert field.accessibleName() or field.parent().accessibleName()
    assert not [one for one in bench.pane.findChildren(QLabel) if KEY in one.text()]
