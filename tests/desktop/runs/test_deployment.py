"""Deploying a tuned model from its run's page, with Azure's control plane on loopback."""

import shutil

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from tests.desktop.finding import WAIT, buttons, named, press, words_on
from tests.runs.places.azure.control_plane import TOKEN, ControlPlane, Refuse
from tests.runs.test_deployment import TUNED, finished
from tunedesk.desktop.background import Background
from tunedesk.desktop.runs.deployment_card import DeploymentCard
from tunedesk.desktop.runs.deployment_desk import DeploymentDesk
from tunedesk.runs.accounts import AzureResource
from tunedesk.runs.deployment import read_deployment
from tunedesk.runs.places.azure.arm import Arm
from tunedesk.runs.run_folder import RunFolder

RESOURCE = AzureResource("sub", "group", "res")


@pytest.fixture
def plane():
    with ControlPlane() as running:
        yield running


@pytest.fixture
def background(qtbot):
    made = Background()
    yield made
    assert made.shut_down()


@pytest.fixture
def desk(background, plane):
    return DeploymentDesk(background, lambda account: Arm(lambda: TOKEN, plane.root, lambda seconds: None))


@pytest.fixture
def card(desk, qtbot):
    made = DeploymentCard(desk)
    qtbot.addWidget(made)
    return made


@pytest.fixture
def run(tmp_path):
    return finished(tmp_path, azure=RESOURCE)


def looked(qtbot, desk, card, run):
    with qtbot.waitSignal(desk.changed, timeout=WAIT, check_params_cb=None):
        card.show_run(run)
    qtbot.waitUntil(lambda: desk.facts is not None, timeout=WAIT)


def agree(qtbot, card):
    named(card, "It costs $1.70 an hour until it is deleted").setChecked(True)


def test_the_request_can_be_copied_and_its_price_is_shown_before(qtbot, desk, card, run, plane):
    looked(qtbot, desk, card, run)
    assert any("$1.70" in words and "2026-08-11" in words for words in words_on(card))
    request = named(card, "The request to copy")
    assert "az cognitiveservices account deployment create" in request.toPlainText()
    named(card, "Way to deploy it by hand").setCurrentIndex(1)
    assert "management.azure.com" in request.toPlainText()
    named(card, "Name of the deployment").setText("help-desk")
    qtbot.mouseClick(named(card, "Copy the request"), Qt.MouseButton.LeftButton)
    assert "deployments/help-desk" in QGuiApplication.clipboard().text()
    assert plane.asked == []


def test_the_name_typed_for_one_run_is_not_taken_to_the_next(qtbot, desk, card, run, tmp_path):
    looked(qtbot, desk, card, run)
    named(card, "Name of the deployment").setText("help-desk")
    other = RunFolder(run.path.with_name("run-2"))
    shutil.copytree(run.path, other.path)
    looked(qtbot, desk, card, other)
    qtbot.waitUntil(lambda: desk.facts.run == other, timeout=WAIT)
    assert named(card, "Name of the deployment").text() == desk.facts.order.name != "help-desk"


def test_another_kind_has_another_price(qtbot, desk, card, run):
    looked(qtbot, desk, card, run)
    kind = named(card, "Kind of the deployment")
    kind.setCurrentIndex(kind.findData("developertier"))
    assert any("$0.00" in words for words in words_on(card))
    assert "developertier" in named(card, "The request to copy").toPlainText()


def test_a_wrong_name_is_told_and_cannot_be_deployed(qtbot, desk, card, run):
    looked(qtbot, desk, card, run)
    agree(qtbot, card)
    named(card, "Name of the deployment").setText("a b")
    assert "cannot be the name" in named(card, "The request to copy").toPlainText()
    assert not buttons(card, "Deploy")[0].isEnabled()


def test_nothing_is_deployed_before_the_cost_is_agreed_to(qtbot, desk, card, run, plane):
    looked(qtbot, desk, card, run)
    press(qtbot, card, "Deploy")
    assert plane.asked == []
    agree(qtbot, card)
    press(qtbot, card, "Deploy")
    qtbot.waitUntil(lambda: desk.facts.deployed is not None and not desk.is_working, timeout=WAIT)
    assert [each["properties"]["model"]["name"] for each in plane.deployments.values()] == [TUNED]
    assert read_deployment(run).name == "tunedesk-run-1"
    assert any("costs $1.70 an hour, used or not" in words for words in words_on(card))


def test_a_deployment_is_deleted_once_a_person_is_sure(qtbot, desk, card, run, plane):
    looked(qtbot, desk, card, run)
    agree(qtbot, card)
    press(qtbot, card, "Deploy")
    qtbot.waitUntil(
        lambda: bool(buttons(card, "Delete the deployment")) and not desk.is_working, timeout=WAIT
    )
    press(qtbot, card, "Delete the deployment")
    assert list(plane.deployments) == ["tunedesk-run-1"]
    named(card, "The tuned model stays; what asks it gets no answer").setChecked(True)
    press(qtbot, card, "Delete the deployment")
    qtbot.waitUntil(lambda: desk.facts.deployed is None and not desk.is_working, timeout=WAIT)
    assert plane.deployments == {}
    assert read_deployment(run) is None
    assert buttons(card, "Deploy")


def test_a_refusal_is_told_beside_the_button(qtbot, desk, card, run, plane):
    plane.refusals = [Refuse(403, "AuthorizationFailed", "no write", method="PUT")]
    looked(qtbot, desk, card, run)
    agree(qtbot, card)
    press(qtbot, card, "Deploy")
    qtbot.waitUntil(lambda: any("AuthorizationFailed" in words for words in words_on(card)), timeout=WAIT)
    assert not desk.is_working
    assert read_deployment(run) is None
    assert not buttons(card, "Deploy")[0].isEnabled()  # the cost is agreed to anew


def test_an_account_without_its_resource_says_what_is_missing(qtbot, desk, card, tmp_path):
    looked(qtbot, desk, card, finished(tmp_path, azure=None))
    assert any("does not say its subscription" in words for words in words_on(card))
    assert not buttons(card, "Deploy")[0].isEnabled()


def test_a_run_that_needs_no_deployment_shows_nothing(qtbot, desk, card, tmp_path):
    card.show_run(finished(tmp_path, deploys=False))
    qtbot.waitUntil(lambda: desk.parent().is_idle, timeout=WAIT)
    assert not card.isVisible()
    card.show_run(None)
    assert desk.facts is None
