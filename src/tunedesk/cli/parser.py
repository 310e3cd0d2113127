"""The command line's grammar: commands, their options and help; it imports no other part of the program."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tunedesk import __version__
from tunedesk.cli.cloud_parser import add_accounts, add_cloud, add_key_from, add_prices

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

TARGETS = (
    *("local", "openai", "openai-dpo", "openai-rft", "azure", "azure-dpo", "azure-rft"),
    *("together", "nebius", "mistral", "trl", "llamafactory", "axolotl", "generic"),
)


def make_parser() -> argparse.ArgumentParser:
    """The parsed arguments have `command` and `debug`, and what the command asks for."""
    parser = argparse.ArgumentParser(
        prog="tunedesk",
        description="Fine-tune language models on examples edited by hand, on your own computer.",
        epilog="Without a command, tunedesk [PATH] opens the window on a project or a dataset file.",
    )
    parser.add_argument("--version", action="version", version=f"tunedesk {__version__}")
    parser.add_argument("--debug", action="store_true", help="show a traceback when something goes wrong")
    commands = parser.add_subparsers(metavar="COMMAND", dest="command", required=True)
    _add_demo(commands)
    _add_data(commands)
    _add_stats(commands)
    _add_export(commands)
    _add_plan(commands)
    _add_runs(commands)
    _add_merge(commands)
    _add_chat(commands)
    add_accounts(_command(commands, "accounts", "services for fine-tuning, and where their keys are"))
    add_prices(
        _command(commands, "prices", "what services charge, with days and sources, and your own prices")
    )
    add_cloud(
        _command(commands, "cloud", "train at a service, after a look at what is sent and what it costs")
    )
    # Its own options are told by `tunedesk serve --help`, which does not come here.
    _command(commands, "serve", "serve chat and fine-tuning jobs to others, over OpenAI's API")
    _add_doctor(commands)
    return parser


def _command(commands: Commands, name: str, text: str) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text, description=text)
    command.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    return command


def _add_demo(commands: Commands) -> None:
    demo = _command(commands, "demo", "the whole path on the sample: mend, train, compare")
    demo.add_argument("--headless", action="store_true", help="without a window: print each step and a table")
    demo.add_argument("--json", action="store_true", help="end with one JSON object instead of the table")
    demo.add_argument("--seed", type=int, default=1, metavar="N", help="seed of the run (default 1)")
    demo.add_argument("--steps", type=int, default=0, metavar="N", help="train only N steps, to try the path")
    demo.add_argument("--out", type=Path, metavar="DIR", help="folder for the sample's copy and the run")
    demo.add_argument("--model", default="starter", metavar="M", help="model or its folder (default starter)")
    _add_set(demo)


def _add_data(commands: Commands) -> None:
    lint = _command(commands, "lint", "find what is wrong in a dataset, and mend it")
    lint.add_argument("file", type=Path, metavar="FILE", nargs="?")
    lint.add_argument("--explain", metavar="CODE", help="print the page of a rule, such as CNV003")
    lint.add_argument("--target", choices=TARGETS, help="for whom (default: the project's, else local)")
    lint.add_argument("--model", metavar="M", help="local model (default: the project's), or a provider's")
    near = "also look for rows that say nearly the same"
    lint.add_argument("--near-duplicates", action="store_true", help=near)
    lint.add_argument("--pedantic", action="store_true", help="also what is a matter of taste")
    forms = ("text", "table", "json", "sarif", "junit", "html")
    lint.add_argument("--format", choices=forms, default="text", help="form of the report (default text)")
    lint.add_argument("--report", type=Path, metavar="FILE", help="write the report here, not to the screen")
    lint.add_argument("--statistics", action="store_true", help="print how often each rule found something")
    lint.add_argument("--show-suppressed", action="store_true", help="as if nothing were suppressed")
    lint.add_argument("--baseline", type=Path, metavar="FILE", help="show only what this baseline has not")
    lint.add_argument("--write-baseline", type=Path, metavar="FILE", help="note what is found now")
    lint.add_argument("--fix", choices=("safe", "unsafe"), help="mend what has such a fix")
    lint.add_argument("--output", type=Path, metavar="FILE", help="write the mended rows here, not over FILE")
    show = _command(commands, "show", "what a model sees of one row: text, tokens, loss mask")
    show.add_argument("file", type=Path, metavar="FILE")
    show.add_argument("--row", type=int, required=True, metavar="N", help="row, counted from 1")
    show.add_argument("--model", required=True, metavar="M", help="model folder or name, or starter")
    show.add_argument(
        "--max-length", type=_length, metavar="N", help="cut here (default: the model's context)"
    )
    show.add_argument("--json", action="store_true")


def _add_export(commands: Commands) -> None:
    export = _command(commands, "export-data", "write a dataset as the files that a target wants")
    export.add_argument("file", type=Path, metavar="FILE")
    export.add_argument("--target", choices=TARGETS, required=True, help="for whom")
    export.add_argument("--out", type=Path, metavar="DIR", help="folder for the files")
    export.add_argument("--name", metavar="NAME", help="of the files (default: that of FILE)")
    export.add_argument(
        "--format", metavar="F", help="chat, alpaca, sharegpt, prompt-completion, ... (default: what fits)"
    )
    export.add_argument(
        "--map",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=COLUMN",
        help="what columns mean, such as user=question assistant=answer",
    )
    export.add_argument(
        "--style", choices=("text", "messages"), help="prompts as strings or as lists of messages"
    )
    export.add_argument(
        "--separator", default="", metavar="TEXT", help="end of each prompt; \\n is a line feed"
    )
    export.add_argument("--stop", default="", metavar="TEXT", help="end of each completion")
    export.add_argument("--leading-space", action="store_true", help="completions begin with a blank")
    marks = "leave separators and stop sequences in rows that become another format"
    export.add_argument("--keep-marks", action="store_true", help=marks)
    bom = "begin with a byte order mark (default: as the target wants it)"
    export.add_argument("--bom", action=argparse.BooleanOptionalAction, help=bom)
    export.add_argument("--skip-refused", action="store_true", help="leave out rows that cannot be written")
    export.add_argument("--overwrite", action="store_true", help="replace files that are there")
    export.add_argument("--check", action="store_true", help="only tell what would be written and lost")
    export.add_argument("--json", action="store_true", help="tell it as one JSON object")


def _add_stats(commands: Commands) -> None:
    stats = _command(commands, "stats", "what a dataset is made of: tokens, turns, languages, labels, advice")
    stats.add_argument("file", type=Path, metavar="FILE")
    text = "whose tokens are counted (default local)"
    stats.add_argument("--target", choices=("local", "openai"), default="local", help=text)
    stats.add_argument("--model", metavar="M", help="local model (default: the project's, else starter)")
    stats.add_argument("--openai-model", default="gpt-4.1-mini", metavar="M", help="default gpt-4.1-mini")
    stats.add_argument("--limit", type=_length, metavar="N", help="where rows are cut (default: the model's)")
    stats.add_argument("--json", action="store_true")


def _length(text: str) -> int:
    """argparse's error for anything but a whole number from 1 on."""
    if text.isascii() and text.isdigit() and int(text):
        return int(text)
    raise argparse.ArgumentTypeError(f"{text} is not a whole number of at least 1")


def _add_plan(commands: Commands) -> None:
    text = "what a run will need and learn from: settings advised, memory, time, disk, audit of the rows"
    plan = _command(commands, "plan", text)
    plan.add_argument("dataset", type=Path, metavar="DATA", help="training rows, or a project folder")
    plan.add_argument("--valid", type=Path, metavar="FILE", help="validation rows")
    plan.add_argument("--model", metavar="M", help="model folder or name, or starter")
    _add_method(plan)
    _add_set(plan)
    exact = "let the engine count the memory on a model without weights; takes some seconds"
    plan.add_argument("--exact", action="store_true", help=exact)
    _add_adapter(plan)
    plan.set_defaults(out=None)  # as for train, which reads the same arguments
    plan.add_argument("--json", action="store_true")


def _add_method(command: argparse.ArgumentParser) -> None:
    text = "imitate answers (sft, the default), or learn from pairs"
    command.add_argument("--method", choices=("sft", "dpo", "orpo"), help=text)


def _add_adapter(command: argparse.ArgumentParser) -> None:
    text = "go on from an adapter or a finished run"
    command.add_argument("--adapter", type=Path, metavar="DIR", help=text)


def _add_runs(commands: Commands) -> None:
    train = _command(commands, "train", "train an adapter on this computer")
    source = train.add_mutually_exclusive_group(required=True)
    source.add_argument("--dataset", type=Path, metavar="FILE", help="training rows, or a project folder")
    source.add_argument("--job", type=Path, metavar="FILE", help="job.json of a run, to do it again")
    train.add_argument("--valid", type=Path, metavar="FILE", help="validation rows")
    train.add_argument("--model", metavar="M", help="model folder or name, or starter")
    train.add_argument("--out", type=Path, metavar="RUN", help="the new run's folder")
    _add_method(train)
    _add_adapter(train)
    _add_set(train)
    text = "go on with a run where its last checkpoint stands, or follow a job at a service again"
    resume = _command(commands, "resume", text)
    stop = _command(commands, "stop", "stop a run with a checkpoint, or cancel a job at a service")
    for command in (resume, stop):
        command.add_argument("run", type=Path, metavar="RUN")
        add_key_from(command)


def _add_set(command: argparse.ArgumentParser) -> None:
    text = "a setting such as epochs=2; may be given more than once"
    command.add_argument("--preset", type=Path, metavar="FILE", help="settings that were saved as a file")
    command.add_argument("--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help=text)


def _add_merge(commands: Commands) -> None:
    merge = _command(commands, "merge", "write a run's base and adapter as one model")
    merge.add_argument("run", type=Path, metavar="RUN", help="a finished run's folder")
    merge.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the new model")
    merge.add_argument(
        "--base",
        choices=("trained", "original"),
        default="trained",
        help="trained: the base as the run computed with it (default); original: its files' own weights",
    )
    merge.add_argument("--json", action="store_true", help="print one JSON object")


def _add_chat(commands: Commands) -> None:
    chat = _command(commands, "chat", "talk to a tuned run or a model")
    chat.add_argument("model", metavar="RUN|MODEL", help="run folder, model folder, or starter")
    chat.add_argument("--prompt", metavar="TEXT", help="one message; - reads it from standard input")
    chat.add_argument("--base", action="store_true", help="also show the untuned model's answer")
    chat.add_argument("--system", metavar="TEXT", help="system prompt (default: the run's own)")
    chat.add_argument("--temperature", type=float, default=0.0, metavar="T")
    chat.add_argument("--top-p", type=float, default=1.0, metavar="P")
    chat.add_argument("--max-tokens", type=int, default=256, metavar="N")
    chat.add_argument("--seed", type=int, default=1, metavar="N")
    add_key_from(chat)


def _add_doctor(commands: Commands) -> None:
    doctor = _command(commands, "doctor", "check that this computer has what TuneDesk needs")
    doctor.add_argument("--json", action="store_true")
