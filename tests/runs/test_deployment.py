"""The request for a deployment, as a person can make it, and what is noted of it."""

import json
import shlex
from datetime import date
from pathlib import Path

import msgspec
import pytest

from tests.runs.test_consent import ACCOUNT, ORDER, PROVIDER, ROWS
from tunedesk.errors import UserError
from tunedesk.plan.price_table import read_prices
from tunedesk.runs.accounts import AzureResource
from tunedesk.runs.cloud_requests import CloudRequest, prepare_cloud_run
from tunedesk.runs.deployment import (
    Deployed,
    DeploymentOrder,
    az_delete_text,
    az_text,
    check_order,
    deployments_noted,
    hourly_cost,
    is_tuned,
    name_for,
    note_deployment,
    order_for,
    portal_link,
    read_deployment,
    reminder_words,
    resource_of,
    rest_text,
)
from tunedesk.runs.events import Finished, encode_event
from tunedesk.runs.run_folder import RunFolder

RESOURCE = AzureResource("sub-1", "my group", "res")
TUNED = "gpt-4.1-mini-2025-04-14.ft-0a1b2c"
WANTED = DeploymentOrder(resource=RESOURCE, name="help-desk", model=TUNED, sku="standard", capacity=1)


def finished(tmp_path: Path, deploys: bool = True, azure: AzureResource | None = RESOURCE) -> RunFolder:
    provider = msgspec.structs.replace(PROVIDER, deploys="azure" if deploys else "")
    order = msgspec.structs.replace(
        ORDER, provider=provider, account=msgspec.structs.replace(ACCOUNT, azure=azure)
    )
    request = CloudRequest(
        runs_dir=tmp_path / "runs", dataset=tmp_path / "t.jsonl", train=ROWS, order=order, name="run-1"
    )
    run = prepare_cloud_run(request)
    ended = Finished(
        run="run-1", attempt=1, seq=1, time=0.0, steps=1, train_loss=None, valid_loss=None, best_step=1,
        adapter="", seconds=1.0, model=TUNED,
    )  # fmt: skip
    run.events_path.write_bytes(encode_event(ended))
    return run


def test_the_az_command_says_all_of_it_quoted() -> None:
    words = shlex.split(az_text(WANTED, windows=False).replace("\\\n", " "))
    assert words[:5] == ["az", "cognitiveservices", "account", "deployment", "create"]
    options = dict(zip(words[5::2], words[6::2], strict=True))
    assert options == {
        "--subscription": "sub-1",
        "--resource-group": "my group",
        "--name": "res",
        "--deployment-name": "help-desk",
        "--model-name": TUNED,
        "--model-version": "1",
        "--model-format": "OpenAI",
        "--sku-name": "standard",
        "--sku-capacity": "1",
    }
    assert "--deployment-name help-desk" in az_delete_text(WANTED, windows=False)


def test_the_rest_request_is_the_documented_one_without_a_token() -> None:
    words = shlex.split(rest_text(WANTED, windows=False).replace("\\\n", " "))
    assert words[:3] == ["curl", "-X", "PUT"]
    assert words[3] == (
        "https://management.azure.com/subscriptions/sub-1/resourceGroups/my%20group"
        "/providers/Microsoft.CognitiveServices/accounts/res/deployments/help-desk?api-version=2024-10-01"
    )
    assert json.loads(words[-1]) == {
        "sku": {"name": "standard", "capacity": 1},
        "properties": {"model": {"format": "OpenAI", "name": TUNED, "version": "1"}},
    }
    assert "az account get-access-token" in rest_text(WANTED, windows=False)


def test_windows_gets_each_on_one_line_in_its_own_quotes() -> None:
    told = az_text(WANTED, windows=True)
    assert "\n" not in told
    assert '--resource-group "my group" --name res' in told
    rest = rest_text(WANTED, windows=True)
    assert rest.startswith("az rest --method put --url https://management.azure.com/")
    assert rest.endswith('\\"version\\": \\"1\\"}}}"')
    assert '"my group"' in az_delete_text(WANTED, windows=True)


def test_the_portal_shows_the_resource() -> None:
    assert portal_link(RESOURCE).endswith("/Microsoft.CognitiveServices/accounts/res/overview")


def test_a_finished_run_says_what_to_deploy(tmp_path: Path) -> None:
    order = order_for(finished(tmp_path))
    assert (order.name, order.model, order.resource) == ("tunedesk-run-1", TUNED, RESOURCE)
    assert order_for(finished(tmp_path / "b"), model="ftchkpt-77").model == "ftchkpt-77"


def test_what_cannot_be_deployed_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="needs no deployment"):
        order_for(finished(tmp_path, deploys=False))
    with pytest.raises(UserError, match="does not say its subscription"):
        order_for(finished(tmp_path / "b", azure=None))
    run = finished(tmp_path / "c")
    run.events_path.unlink()
    with pytest.raises(UserError, match="no tuned model yet"):
        order_for(run)
    with pytest.raises(UserError):
        resource_of(msgspec.structs.replace(ACCOUNT, azure=AzureResource("s", "", "r")))


@pytest.mark.parametrize("wrong", [{"name": "a"}, {"name": "a b"}, {"sku": "huge"}, {"capacity": 0}])
def test_a_wrong_order_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UserError):
        check_order(msgspec.structs.replace(WANTED, **wrong))


def test_a_deployments_name_comes_from_the_run() -> None:
    assert name_for("2026-11-20-1432-a7") == "tunedesk-2026-11-20-1432-a7"
    assert name_for("a run/ü" + "x" * 80).startswith("tunedesk-a-run--")
    assert len(name_for("x" * 80)) == 64


@pytest.mark.parametrize(
    ("model", "tuned"),
    [(TUNED, True), ("ftchkpt-00ff", True), ("ft:gpt-4.1:a::1", True), ("gpt-4.1-mini", False)],
)
def test_a_tuned_model_is_known_by_its_name(model: str, tuned: bool) -> None:
    assert is_tuned(model) is tuned


def test_the_price_of_an_hour_is_shown_before() -> None:
    table, today = read_prices(), date(2026, 11, 21)
    assert hourly_cost(table, TUNED, "globalstandard", today).text == "$1.70"
    assert hourly_cost(table, TUNED, "developertier", today).text == "$0.00"
    assert hourly_cost(table, "ftchkpt-77", "standard", today).text == "unknown"


def test_a_deployment_is_noted_and_forgotten(tmp_path: Path) -> None:
    run = finished(tmp_path)
    assert read_deployment(run) is None
    noted = Deployed(name="help-desk", model=TUNED, sku="standard", since="2026-11-21T12:00:00+00:00")
    note_deployment(run, noted)
    assert read_deployment(run) == noted
    assert deployments_noted(run.path.parent) == ((run, noted),)
    hour = hourly_cost(read_prices(), TUNED, "standard", date(2026, 11, 21))
    assert reminder_words(noted, "Work", hour) == (
        "help-desk is deployed at Work since 2026-11-21 12:00 UTC and costs $1.70 an hour, used or not."
    )
    assert "unknown amount" in reminder_words(noted, "Work", None)
    note_deployment(run, None)
    note_deployment(run, None)
    assert read_deployment(run) is None
    assert deployments_noted(run.path.parent) == deployments_noted(tmp_path / "nowhere") == ()
    (run.path / "deployment.json").write_text("{")
    with pytest.raises(UserError, match=r"deployment\.json"):
        read_deployment(run)
