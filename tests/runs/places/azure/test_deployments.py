"""Deployments at Azure, over real HTTP against a control plane on loopback."""

from collections.abc import Iterator
from datetime import date

import msgspec
import pytest

from tests.runs.places.azure.control_plane import BASE, TOKEN, ControlPlane, Refuse
from tunedesk.errors import UserError
from tunedesk.plan.price_table import read_prices
from tunedesk.runs.accounts import AzureResource
from tunedesk.runs.deployment import DeploymentOrder
from tunedesk.runs.places.azure.arm import Arm
from tunedesk.runs.places.azure.deployments import (
    delete_deployment,
    deploy,
    list_deployments,
    reminders,
)

RESOURCE = AzureResource("sub", "group", "res")
TUNED = "gpt-4.1-mini-2025-04-14.ft-0a1b2c"
ORDER = DeploymentOrder(resource=RESOURCE, name="help-desk", model=TUNED)


@pytest.fixture
def plane() -> Iterator[ControlPlane]:
    with ControlPlane() as running:
        yield running


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def arm(plane: ControlPlane, waits: list[float]) -> Arm:
    return Arm(lambda: TOKEN, plane.root, waits.append)


def test_a_deployment_is_made_with_the_documented_request_and_waited_for(
    plane: ControlPlane, arm: Arm, waits: list[float]
) -> None:
    plane.states = ["Accepted", "Creating", "Succeeded"]
    told: list[str] = []
    made = deploy(arm, ORDER, told.append)
    assert (made.name, made.model, made.is_ready, made.capacity) == ("help-desk", TUNED, True, 50)
    assert plane.bodies == [
        {
            "sku": {"name": "globalstandard", "capacity": 50},
            "properties": {"model": {"format": "OpenAI", "name": TUNED, "version": "1"}},
        }
    ]
    assert ("PUT", f"{BASE}/help-desk") in plane.asked
    assert all(query["api-version"] == ["2024-10-01"] for query in plane.queries)
    assert told == ["help-desk: Accepted", "help-desk: Creating", "help-desk: Succeeded"]
    assert waits == [5.0, 7.5]


def test_asking_again_for_the_same_changes_nothing_and_another_model_is_not_replaced(
    plane: ControlPlane, arm: Arm
) -> None:
    deploy(arm, ORDER)
    deploy(arm, ORDER)
    assert len(plane.deployments) == 1
    with pytest.raises(UserError, match="is there already, of the model"):
        deploy(arm, msgspec.structs.replace(ORDER, model="gpt-4.1.ft-ff"))
    assert len(plane.bodies) == 2


def test_a_deployment_that_fails_is_told_and_known_to_have_been_made(plane: ControlPlane, arm: Arm) -> None:
    plane.states = ["Creating", "Failed"]
    noted: list[str] = []
    with pytest.raises(UserError, match="could not deploy"):
        deploy(arm, ORDER, accepted=lambda: noted.append("accepted"))
    assert noted == ["accepted"]


def test_a_refused_deployment_is_not_noted(plane: ControlPlane, arm: Arm) -> None:
    plane.refusals = [Refuse(400, "InsufficientQuota", "no quota", method="PUT")]
    noted: list[str] = []
    with pytest.raises(UserError, match="no quota"):
        deploy(arm, ORDER, accepted=lambda: noted.append("accepted"))
    assert noted == []


def test_waiting_can_be_given_up_and_the_deployment_goes_on(plane: ControlPlane, arm: Arm) -> None:
    made = deploy(arm, ORDER, cancelled=lambda: True)
    assert (made.state, made.is_ready) == ("Creating", False)
    assert "help-desk" in plane.deployments


@pytest.mark.parametrize(
    ("refusal", "says", "hint"),
    [
        (Refuse(401, "InvalidAuthenticationToken", "The token is expired"), "401", "az login"),
        (
            Refuse(403, "AuthorizationFailed", "no write"),
            "AuthorizationFailed: no write",
            "deployments/write",
        ),
        (Refuse(404, "ResourceGroupNotFound", "no group", method="PUT"), "no group", "resource group"),
        (Refuse(409, "RequestConflict", "busy"), "RequestConflict", "some minutes"),
        (Refuse(400, "InsufficientQuota", "no quota"), "InsufficientQuota: no quota", "portal"),
        (Refuse(307, headers={"Location": "https://elsewhere.example.com/"}), "307", "no login is sent"),
        (Refuse(429, "TooManyRequests", "later", {"Retry-After": "1800"}), "429", "30 minutes"),
    ],
)
def test_a_refusal_is_told_in_a_sentence_with_the_next_step(
    plane: ControlPlane, arm: Arm, refusal: Refuse, says: str, hint: str
) -> None:
    plane.refusals = [fresh(refusal)]
    with pytest.raises(UserError) as caught:
        deploy(arm, ORDER)
    assert says in caught.value.message
    assert hint in caught.value.hint
    assert TOKEN not in caught.value.sentence
    assert plane.deployments == {}


def fresh(refusal: Refuse) -> Refuse:
    """Parameters are shared between tests, and a refusal counts down."""
    return Refuse(**vars(refusal))


def test_a_busy_control_plane_is_asked_again_after_what_it_says(
    plane: ControlPlane, arm: Arm, waits: list[float]
) -> None:
    plane.refusals = [Refuse(429, headers={"Retry-After": "7"}), Refuse(503)]
    assert list_deployments(arm, RESOURCE) == ()
    assert waits == [7.0, 2.0]


def test_a_control_plane_that_stays_broken_is_told(plane: ControlPlane, arm: Arm, waits: list[float]) -> None:
    plane.refusals = [Refuse(500, "InternalServerError", "oops", times=99)]
    with pytest.raises(UserError, match="InternalServerError: oops"):
        list_deployments(arm, RESOURCE)
    assert len(waits) == 3


@pytest.mark.parametrize("text", ["<html>Log in to the guest network</html>", "[1, 2]", '{"value": '])
def test_what_is_not_azures_is_not_taken_for_an_answer(plane: ControlPlane, arm: Arm, text: str) -> None:
    plane.refusals = [Refuse(200, text=text)]
    with pytest.raises(UserError, match="not Azure's"):
        deploy(arm, ORDER)
    assert plane.deployments == {}


def test_a_refusal_without_json_is_told_by_its_number(plane: ControlPlane, arm: Arm) -> None:
    plane.refusals = [Refuse(403, text="<html>no</html>")]
    with pytest.raises(UserError, match=r"Azure answered 403\."):
        list_deployments(arm, RESOURCE)


def test_a_line_that_is_dead_is_told(plane: ControlPlane, waits: list[float]) -> None:
    root = plane.root
    plane.__exit__(None, None, None)
    with pytest.raises(UserError, match="cannot be reached"):
        list_deployments(Arm(lambda: TOKEN, root, waits.append), RESOURCE)


def test_deployments_are_listed_over_pages(plane: ControlPlane, arm: Arm) -> None:
    for number in range(5):
        plane.put(f"d{number}", TUNED if number % 2 else "gpt-4.1-mini")
    plane.page = 2
    found = list_deployments(arm, RESOURCE)
    assert [each.name for each in found] == ["d0", "d1", "d2", "d3", "d4"]
    assert [each.name for each in found if each.tuned] == ["d1", "d3"]
    assert found[0].created == "2026-11-19T08:00:00Z"


def test_a_deployment_is_deleted_and_waited_for_until_it_is_gone(plane: ControlPlane, arm: Arm) -> None:
    plane.put("help desk/1", TUNED)
    delete_deployment(arm, RESOURCE, "help desk/1")
    assert plane.deployments == {}
    delete_deployment(arm, RESOURCE, "help desk/1")  # what is gone is gone


def test_running_deployments_of_tuned_models_are_reminded_of_with_their_cost(
    plane: ControlPlane, arm: Arm
) -> None:
    plane.put("a", TUNED)
    plane.put("b", "gpt-4.1-mini")
    plane.put("c", TUNED, sku="developertier")
    plane.put("d", "unheard-of.ft-1")
    found = reminders(list_deployments(arm, RESOURCE), read_prices(), date(2026, 11, 21))
    assert [(each.deployment.name, each.hourly.text) for each in found] == [
        ("a", "$1.70"),
        ("c", "$0.00"),
        ("d", "unknown"),
    ]
    assert "since 2026-11-19" in found[0].sentence and "$1.70 an hour, used or not" in found[0].sentence
    assert "there is no price" in found[2].sentence


def test_a_token_never_goes_out_in_the_clear() -> None:
    with pytest.raises(UserError, match="without encryption"):
        Arm(lambda: TOKEN, "http://management.azure.com")


def test_a_token_that_cannot_stand_in_a_header_is_not_shown(arm: Arm, plane: ControlPlane) -> None:
    with pytest.raises(UserError) as caught:
        list_deployments(Arm(lambda: "secret\r\nX: y", plane.root), RESOURCE)
    assert "secret" not in caught.value.sentence
