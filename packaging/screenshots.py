"""Pictures of each pane, light and dark, into docs/screenshots: python packaging/screenshots.py [--run RUN]

Nothing in them is made up: the script trains the sample for a few minutes in a folder of its own (or shows
the run it is given) and asks the tuned model a question. Without a screen it starts itself again under Xvfb.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "packaging")]

from build_sample import mended_rows  # noqa: E402
from PySide6.QtCore import QEventLoop, QObject  # noqa: E402
from PySide6.QtGui import QAction  # noqa: E402
from PySide6.QtWidgets import (  # noqa: E402
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QListView,
    QPlainTextEdit,
    QWidget,
)

from tunedesk import paths  # noqa: E402
from tunedesk.cli.train import recommended  # noqa: E402
from tunedesk.dataset.files import read_rows  # noqa: E402
from tunedesk.desktop.app import App, build_window  # noqa: E402
from tunedesk.project.folder import sample_copy  # noqa: E402
from tunedesk.runs.account_files import write_accounts  # noqa: E402
from tunedesk.runs.accounts import Account  # noqa: E402
from tunedesk.runs.places import this_computer  # noqa: E402
from tunedesk.runs.requests import RunRequest, prepare_run  # noqa: E402
from tunedesk.settings import Settings  # noqa: E402

PICTURES = ROOT / "docs" / "screenshots"
SIZE = (1280, 800)
THEMES = ("light", "dark")
SERVER = "Our GPU server"
QUESTION = (  # a message of the held-out split
    "Hello! My name is Rosa. If this is not fixed by tonight, our event is off. "
    "The tax on invoice 4477 was added two times."
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, help="a finished run on the sample, instead of training one")
    parser.add_argument("--only", nargs="*", choices=sorted(SHOTS), help="these pictures only")
    chosen = parser.parse_args()
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return _again_under_xvfb()
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TUNEDESK_HOME"] = os.environ["HOME"] = folder
        take_pictures(Path(folder), chosen.run, chosen.only or list(SHOTS))
    return 0


def _again_under_xvfb() -> int:
    if shutil.which("xvfb-run") is None:
        print("There is no screen, and xvfb-run is not installed (on Debian: apt-get install xvfb).")
        return 2
    screen = ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24"]
    os.execvp(screen[0], [*screen, sys.executable, *sys.argv])


def take_pictures(folder: Path, run: Path | None, names: Sequence[str]) -> None:
    application = QApplication(["tunedesk"])
    project = sample_copy(fresh_in=folder)
    if any(name in NEED_A_RUN for name in names):
        bring_run(project, run)
    with served(folder) as address:
        write_accounts(services(address))
        for theme in THEMES:
            app = build_window(application, Settings(theme=theme), project)
            show_all(app, theme, [name for name in names if name not in NEED_SERVICES])
            if here := [name for name in names if name in NEED_SERVICES]:
                show_all(build_window(application, Settings(theme=theme), mended(folder)), theme, here)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server of one's own that really runs."""
    command = [sys.executable, "-m", "tunedesk", "serve", "--port", "0", "--data", str(folder / "served")]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert server.stdout is not None
    try:
        yield next(word for line in server.stdout for word in line.split() if word.startswith("http://"))
    finally:
        server.terminate()
        server.wait()


def services(address: str) -> list[Account]:
    """The server, and two that a person without a key can only look at."""
    azure = "https://northlight.openai.azure.com/openai/v1"
    return [
        Account(name=SERVER, provider="tunedesk", base_url=address, auth="none"),
        Account(name="Azure Sweden", provider="azure", base_url=azure, region="swedencentral"),
        Account(name="OpenAI", provider="openai", base_url="https://api.openai.com/v1"),
    ]


def mended(folder: Path) -> Path:
    """A copy of the sample without its faults."""
    project = folder / "mended"
    if not project.exists():
        shutil.copytree(paths.sample_project(), project)
        rows = [json.dumps(row, ensure_ascii=False) for row in mended_rows()]
        (project / "datasets" / "train.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return project


def show_all(app: App, theme: str, names: Sequence[str]) -> None:
    app.window.resize(*SIZE)
    app.window.show()
    settle(app, lambda: app.data is not None and app.data.document is not None)
    for name in names:
        SHOTS[name](app)
        settle(app)
        app.window.grab().save(str(PICTURES / f"{name}-{theme}.png"))
        print(PICTURES / f"{name}-{theme}.png")
    app.window.close()
    wait_until(lambda: not app.window.isVisible())
    app.window.deleteLater()


def bring_run(project: Path, run: Path | None) -> None:
    """A finished run in the project's folder: the one that is given, or a real training of the sample."""
    runs = project / "runs"
    runs.mkdir(exist_ok=True)
    if run is not None:
        shutil.copytree(run, runs / run.name)
        return
    train = [json.dumps(row).encode() for row in mended_rows()]
    valid = [raw for _, raw in read_rows(project / "datasets" / "valid.jsonl")]
    settings, _ = recommended(paths.starter_model(), train, len(valid), [])
    request = RunRequest(
        runs_dir=runs,
        dataset=project / "datasets" / "train.jsonl",
        train=train,
        model=paths.starter_model(),
        valid=valid,
        valid_source="valid.jsonl",
        hyperparameters=settings,
    )
    folder = prepare_run(request)
    print(f"training in {folder.path}")
    this_computer.start(folder)
    while folder.is_alive():
        time.sleep(1)


def settle(app: App, ready: Callable[[], bool] = lambda: True) -> None:
    """Until nothing works in the background and what was asked for is there."""
    wait_until(lambda: ready() and app.background.is_idle)
    rest = time.monotonic() + 0.6  # batches of tokens and curves that wait for their timer
    wait_until(lambda: time.monotonic() > rest and app.background.is_idle)


def wait_until(done: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise TimeoutError("the window did not come to rest")
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)


def named(root: QObject, name: str) -> QWidget:
    return next(
        each for each in root.findChildren(QWidget) if each.accessibleName() == name and each.isVisible()
    )


def data(app: App) -> None:
    """A row with a finding, its text underlined."""
    pane = app.data
    assert pane is not None
    app.window.show_pane("data")
    pane.actions_of_pane.view_turns.trigger()
    pane.reveal_row(203)


def trained(app: App) -> None:
    pane = app.data
    assert pane is not None
    app.window.show_pane("data")
    pane.reveal_row(12)
    pane.actions_of_pane.view_trained.trigger()


def train(app: App) -> None:
    app.window.show_pane("train")
    settle(app)
    pane = app.panes.train
    assert pane is not None
    wait_until(lambda: app.background.is_idle and pane.preparation.choices.splits is not None)


def place(app: App) -> None:
    """The table of places, with the server chosen."""
    train(app)
    pane = app.panes.train
    assert pane is not None
    for _ in range(2):
        wait_until(pane.next.isEnabled)
        pane.next.trigger()
        settle(app)
    radio = named(app.window, SERVER)
    assert isinstance(radio, QAbstractButton)
    radio.click()
    settle(app)


def consent(app: App) -> None:
    """What would be sent to the server; to be taken after `place`."""
    pane = app.panes.train
    assert pane is not None
    for _ in range(2):
        wait_until(pane.next.isEnabled)
        pane.next.trigger()
        settle(app)


def runs(app: App) -> None:
    app.window.show_pane("runs")
    settle(app)
    assert app.panes.runs is not None
    wait_until(lambda: app.panes.runs is not None and app.panes.runs.page.run is not None)
    settle(app)


def chat(app: App) -> None:
    """One question, answered by the base model and the tuned one, told what they were told in training."""
    app.window.show_pane("chat")
    settle(app)
    box = named(app.window, "Message to the models")
    assert isinstance(box, QPlainTextEdit)
    box.setPlainText(QUESTION)
    send = next(each for each in app.window.findChildren(QAbstractButton) if each.text() == "Send")
    wait_until(send.isEnabled)
    send.click()
    wait_until(lambda: not send.isVisible())
    wait_until(send.isVisible)


def tool(app: App, action: QAction) -> QWidget:
    """A tool of the data pane, opened."""
    app.window.show_pane("data")
    action.trigger()
    settle(app)
    assert app.data is not None and app.data.tool_shelf.open_tool is not None
    return app.data.tool_shelf.open_tool


def findings(app: App) -> None:
    assert app.data is not None
    tool(app, app.data.looking_tools.findings.action)


def replace(app: App) -> None:
    assert app.data is not None
    page = tool(app, app.data.editing_tools.replace_action)
    for field, text in zip(page.findChildren(QLineEdit), ("invoice", "bill"), strict=False):
        field.setText(text)
        field.textEdited.emit(text)


def split(app: App) -> None:
    assert app.data is not None
    page = tool(app, app.data.making_tools.split.action)
    way = named(page, "How")
    assert isinstance(way, QComboBox)
    way.setCurrentIndex(1)
    way.activated.emit(1)


def statistics(app: App) -> None:
    assert app.data is not None
    tool(app, app.data.looking_tools.statistics.action)
    wait_until(lambda: any("Suggested" in each.text() for each in app.window.findChildren(QLabel)))


def history(app: App) -> None:
    """A few edits, a named version, and what differs from it."""
    assert app.data is not None and app.data.document is not None
    document, session = app.data.document, app.data.session
    assert session is not None
    if not document.versions():
        document.name_version("Before the review")
    for number, old, new in ((1, b"on Monday", b"on Friday"), (3, b"toaster", b"kettle")):
        raw = document.raw_at(number - 1)
        session.change_many({document.id_at(number - 1): raw.replace(old, new)}, "Edit text")
    session.delete([document.id_at(8)])
    settle(app)
    page = tool(app, app.data.looking_tools.history.action)
    moments = named(page, "Moments")
    assert isinstance(moments, QListView)
    settle(app)
    moments.setCurrentIndex(moments.model().index(moments.model().rowCount() - 1, 0))
    settle(app)


SHOTS: dict[str, Callable[[App], None]] = {
    "data": data,
    "trained": trained,
    "findings": findings,
    "replace": replace,
    "split": split,
    "statistics": statistics,
    "history": history,
    "train": train,
    "place": place,
    "consent": consent,
    "runs": runs,
    "chat": chat,
}
NEED_A_RUN = ("runs", "chat")
NEED_SERVICES = ("place", "consent")
"""Taken of a project without faults, for which services are set up."""

if __name__ == "__main__":
    sys.exit(main())
