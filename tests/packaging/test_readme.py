"""What the README tells people to type is what the program understands."""

import re
import shlex
from pathlib import Path

import pytest

from tunedesk.__main__ import wants_server, wants_window
from tunedesk.cli.parser import make_parser
from tunedesk.serve.command import make_parser as make_server_parser

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [line.split("  #")[0].strip() for line in README.splitlines() if line.startswith("tunedesk ")]


def test_the_readme_shows_every_command() -> None:
    shown = {shlex.split(command)[1] for command in COMMANDS}
    assert {"lint", "show", "train", "stop", "resume", "chat", "demo", "doctor"} <= shown


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_is_understood(command: str) -> None:
    arguments = shlex.split(command)[1:]
    if wants_server(arguments):
        make_server_parser().parse_args(arguments[1:])
    elif not wants_window(arguments):
        make_parser().parse_args(arguments)


def test_what_the_readme_links_to_is_there() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_readme_names_the_two_commands_on_its_first_screen() -> None:
    first_screen = README[:1800]
    assert "\n./run " in first_screen
    assert "\n./run test" in first_screen
    assert "![" in first_screen
