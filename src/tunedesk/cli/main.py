"""Parses a command line and runs its command."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tunedesk.cli.guard import guarded
from tunedesk.cli.output import print_what_the_terminal_lacks_as_escapes
from tunedesk.cli.parser import make_parser


def main(arguments: Sequence[str]) -> int:
    """Exit code of the command: 0 fine, 1 findings or a failed run, 2 wrong use or environment."""
    print_what_the_terminal_lacks_as_escapes()
    chosen = make_parser().parse_args(arguments)
    return guarded(lambda: run(chosen), debug=chosen.debug)


def run(chosen: argparse.Namespace) -> int:
    """Import and run the chosen command; help and wrong use need none of the program."""
    match chosen.command:
        case "demo":
            from tunedesk.cli.demo import demo as command
        case "lint":
            from tunedesk.cli.lint import lint as command
        case "export-data":
            from tunedesk.cli.export_data import export_data as command
        case "show":
            from tunedesk.cli.show import show as command
        case "stats":
            from tunedesk.cli.stats import stats as command
        case "plan":
            from tunedesk.cli.plan import plan as command
        case "train":
            from tunedesk.cli.train import train as command
        case "resume":
            from tunedesk.cli.train import resume as command
        case "stop":
            from tunedesk.cli.train import stop as command
        case "merge":
            from tunedesk.cli.merge import merge as command
        case "chat":
            from tunedesk.cli.chat import chat as command
        case "accounts":
            from tunedesk.cli.accounts import accounts as command
        case "prices":
            from tunedesk.cli.prices import prices as command
        case "cloud":
            from tunedesk.cli.cloud import cloud as command
        case _:
            from tunedesk.cli.doctor import doctor as command
    return command(chosen)
