"""Settings, Services: added, named anew, keyed and removed through the widgets; no key stays in any."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPushButton

from tests.desktop.finding import act, buttons, named, words_on
from tunedesk import paths
from tunedesk.runs.account_files import add_account, read_accounts
from tunedesk.runs.accounts import Account

KEY = "sk-typed-into-the-page-31f0"
BOX = Account(name="Our box", provider="tunedesk", base_url="http://127.0.0.1:8731/v1")


@pytest.fixture
def page(qtbot, clouds, settle):
    made = clouds.make_services_page()
    qtbot.addWidget(made)
    made.resize(1100, 800)
    made.show()
    settle()
    return made


def click(qtbot, page, text):
    (button,) = [one for one in buttons(page, text) if isinstance(one, QPushButton)]
    assert button.isEnabled(), text
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def type_into(qtbot, page, name, text):
    field = named(page, name, QLineEdit)
    field.clear()
    qtbot.keyClicks(field, text)


def new_service(qtbot, page, settle, name="Work", address="https://api.example.com/v1", key=""):
    act(page, "Add a service…").trigger()
    profile = named(page, "Profile")
    qtbot.keyClicks(profile, "Other")
    type_into(qtbot, page, "Name", name)
    type_into(qtbot, page, "Address", address)
    if key:
        type_into(qtbot, page, "Key of the new service", key)
    click(qtbot, page, "Add the service")
    settle()


def test_without_a_service_the_page_says_what_one_is_for(page):
    assert "No service yet" in words_on(page)
    assert buttons(page, "Add a service")


def test_a_service_is_added_with_its_key_which_stands_nowhere_afterwards(qtbot, page, settle, clouds):
    new_service(qtbot, page, settle, key=KEY)
    (account,) = read_accounts()
    assert (account.name, account.provider, account.base_url) == (
        "Work",
        "custom",
        "https://api.example.com/v1",
    )
    assert clouds.services.key_of(account) == KEY
    assert "there is one" in words_on(page)
    assert not [one for one in page.findChildren(QLineEdit) if KEY in one.text()]
    files = [file for file in paths.home().rglob("*") if file.is_file()]
    assert not [file for file in files if KEY.encode() in file.read_bytes()]


def test_an_address_that_would_be_read_by_others_is_refused_and_the_fields_stay(qtbot, page, settle):
    new_service(qtbot, page, settle, address="http://api.example.com/v1", key=KEY)
    assert any("https" in words for words in words_on(page))
    assert read_accounts() == ()
    assert named(page, "Name", QLineEdit).text() == "Work"
    type_into(qtbot, page, "Address", "https://api.example.com/v1")
    click(qtbot, page, "Add the service")
    settle()
    assert len(read_accounts()) == 1


def test_a_service_with_a_new_name_keeps_its_key_and_one_with_another_host_does_not(
    qtbot, page, settle, clouds
):
    new_service(qtbot, page, settle, key=KEY)
    type_into(qtbot, page, "Name", "Play")
    click(qtbot, page, "Save")
    settle()
    (account,) = read_accounts()
    assert (account.name, clouds.services.key_of(account)) == ("Play", KEY)
    type_into(qtbot, page, "Address", "https://elsewhere.example.com/v1")
    click(qtbot, page, "Save")
    settle()
    (account,) = read_accounts()
    assert clouds.services.key_of(account) == ""
    assert "none yet" in words_on(page)


def test_a_removed_service_can_be_brought_back_but_not_its_key(qtbot, page, settle, clouds):
    new_service(qtbot, page, settle, key=KEY)
    click(qtbot, page, "Remove")
    settle()
    assert read_accounts() == ()
    assert "No service yet" in words_on(page)
    clouds.notices.notices[0].answers[0].then()
    settle()
    (account,) = read_accounts()
    assert clouds.services.key_of(account) == ""


def test_a_key_is_given_and_forgotten(qtbot, page, settle, clouds):
    add_account(BOX)
    clouds.services.look()
    settle()
    with qtbot.waitSignal(clouds.services.key_given) as given:
        type_into(qtbot, page, "Key of Our box", KEY)
        click(qtbot, page, "Use this key")
    settle()
    assert given.args == ["Our box"]
    click(qtbot, page, "Forget the key")
    settle()
    assert clouds.services.key_of(BOX) == ""


def test_what_is_being_typed_outlives_a_look_at_the_services(qtbot, page, settle, clouds):
    new_service(qtbot, page, settle)
    type_into(qtbot, page, "Name", "Half a na")
    clouds.services.look()
    settle()
    assert named(page, "Name", QLineEdit).text() == "Half a na"


def test_a_profile_is_copied_as_a_file_of_ones_own_and_can_be_chosen(qtbot, page, settle):
    new_service(qtbot, page, settle)
    type_into(qtbot, page, "Name of your copy of the profile", "my-gateway")
    click(qtbot, page, "Copy the profile")
    settle()
    assert (paths.home() / "providers" / "my-gateway.toml").exists()
    assert any("my-gateway.toml" in words for words in words_on(page))


def test_a_damaged_profile_is_told_and_the_others_stay(qtbot, page, settle, clouds):
    (paths.home() / "providers").mkdir()
    (paths.home() / "providers" / "mine.toml").write_text("id = 7")
    clouds.services.look()
    settle()
    (trouble,) = clouds.troubles
    assert "mine.toml" in trouble.message
    clouds.troubles.clear()
    assert clouds.services.known.profiles


def test_a_service_that_cannot_be_reached_says_so_beside_its_fields(qtbot, page, settle, clouds):
    new_service(qtbot, page, settle, address="http://127.0.0.1:9/v1", key=KEY)
    click(qtbot, page, "Test the connection")
    settle()
    assert any("127.0.0.1:9" in words or "Work" in words for words in words_on(page) if "broke" in words)
    assert not [words for words in words_on(page) if KEY in words]


def test_a_login_of_microsoft_is_waited_for_and_told(qtbot, page, settle, clouds, monkeypatch):
    from tunedesk.runs.places.azure import credentials

    monkeypatch.setattr(credentials, "log_in", lambda scope: f"anna@example.com for {scope}")
    address = "https://r.openai.azure.com/openai/v1"
    add_account(Account(name="Azure", provider="azure", base_url=address, auth="entra"))
    clouds.services.look()
    settle()
    click(qtbot, page, "Log in in the browser")
    settle()
    assert "Logged in as anna@example.com for https://ai.azure.com/.default." in words_on(page)
    assert not buttons(page, "Use this key")
