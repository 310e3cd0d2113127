"""`tunedesk cloud deploy`: shown with its price first, then done over real HTTP on loopback."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runs.places.azure.control_plane import TOKEN, ControlPlane
from tests.runs.test_deployment import TUNED, finished
from tunedesk.__main__ import main
from tunedesk.cli import cloud_parser, deploying
from tunedesk.plan.prices import UNITS
from tunedesk.runs.accounts import AzureResource
from tunedesk.runs.deployment import SKUS, read_deployment
from tunedesk.runs.places.azure.arm import Arm
from tunedesk.runs.run_folder import RunFolder

RESOURCE = AzureResource("sub", "group", "res")


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return finished(tmp_path, azure=RESOURCE)


@pytest.fixture
def plane(monkeypatch: pytest.MonkeyPatch) -> Iterator[ControlPlane]:
    with ControlPlane() as running:
        arm = Arm(lambda: TOKEN, running.root, lambda seconds: None)
        monkeypatch.setattr(deploying, "arm_for", lambda account: arm)
        yield running


def test_the_request_and_its_price_are_shown_and_nothing_is_done(
    run: RunFolder, plane: ControlPlane, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cloud", "deploy", str(run.path), "--show"]) == 0
    told = capsys.readouterr().out
    for said in ("portal.azure.com", "az cognitiveservices", "curl -X PUT", "$1.70", "deployment delete"):
        assert said in told
    assert plane.asked == []


def test_without_a_yes_nothing_is_deployed(
    run: RunFolder, plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions: list[str] = []

    def no(question: str) -> str:
        questions.append(question)
        return "n"

    monkeypatch.setattr("builtins.input", no)
    assert main(["cloud", "deploy", str(run.path)]) == 1
    assert "$1.70 an hour" in questions[0]
    assert plane.asked == []


def test_a_model_is_deployed_listed_and_deleted(
    run: RunFolder, plane: ControlPlane, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cloud", "deploy", str(run.path), "--name", "help-desk", "--yes"]) == 0
    told = capsys.readouterr()
    assert "help-desk answers at Work" in told.out and "Creating" in told.err
    noted = read_deployment(run)
    assert noted is not None and (noted.name, noted.model) == ("help-desk", TUNED)
    azure = ["--azure-subscription", "sub", "--azure-resource-group", "group", "--azure-resource", "res"]
    address = ["--base-url", "https://r.openai.azure.com/openai/v1"]
    assert main(["accounts", "add", "Work", "--provider", "azure", "--no-key", *address, *azure]) == 0
    capsys.readouterr()
    assert main(["cloud", "deployments", "--account", "Work"]) == 0
    assert "help-desk" in (told := capsys.readouterr()).out and "$1.70 an hour, used or not" in told.out
    assert main(["cloud", "deployments", "--account", "Work", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["deployments"][0]["an_hour"] == "1.70"
    runs = ["--runs", str(run.path.parent)]
    assert main(["cloud", "deployments", *runs]) == 0
    assert "help-desk is deployed at Work since" in capsys.readouterr().out
    assert main(["cloud", "deployments", *runs, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["noted"][0]["name"] == "help-desk"
    assert main(["cloud", "undeploy", str(run.path), "--yes"]) == 0
    assert main(["cloud", "deployments", *runs]) == 0
    assert "No deployment" in capsys.readouterr().out
    assert plane.deployments == {}
    assert read_deployment(run) is None
    assert main(["cloud", "undeploy", str(run.path), "--yes"]) == 2
    assert main(["cloud", "deployments", "--account", "Work"]) == 0
    assert "Nothing is deployed" in capsys.readouterr().out


def test_the_grammar_knows_what_the_program_knows() -> None:
    assert SKUS == cloud_parser.SKUS
    assert tuple(UNITS) == cloud_parser.UNITS
