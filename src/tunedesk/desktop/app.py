"""The wiring of the window, all of it: which part is told of what. The parts know nothing of each other."""

from __future__ import annotations

import base64
import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QObject, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QWidget

from tunedesk import paths
from tunedesk.desktop import project_changes
from tunedesk.desktop.background import Background, Job
from tunedesk.desktop.cloud.clouds import Clouds
from tunedesk.desktop.desk import Desk, OpenedProject
from tunedesk.desktop.leaving import Leaving
from tunedesk.desktop.project_panes import ProjectPanes
from tunedesk.desktop.shell.edit_actions import EditActions
from tunedesk.desktop.shell.errors import ErrorHook
from tunedesk.desktop.shell.layout_memory import LayoutMemory
from tunedesk.desktop.shell.main_window import MainWindow
from tunedesk.desktop.shell.settings_views import SettingsViews
from tunedesk.desktop.shell.top_line import shown_path
from tunedesk.desktop.shell.window_actions import ask_for_file, make_window_actions
from tunedesk.desktop.theme.theme import Theme
from tunedesk.desktop.widgets.notice_bar import Answer, Notice
from tunedesk.errors import UserError
from tunedesk.settings import Settings, save_settings

if TYPE_CHECKING:  # the panes come after the first paint
    from tunedesk.dataset.document import Document
    from tunedesk.dataset.mapping import ColumnMapping
    from tunedesk.dataset.snapshot import Snapshot
    from tunedesk.dataset.splitting import SplitPlan
    from tunedesk.desktop.data.pane import DataPane
    from tunedesk.desktop.data.row.trained_view import ModelChoice

log = logging.getLogger(__name__)

MOST_RECENT = 8
DISK_CHECK_MS = 4000
CHAT_KEY = "key for the chat"
READ_ONLY = "read-only"
"""The key of the notice that says why nothing can be edited."""


class App(QObject):
    """The window and what it works on, from the first paint to goodbye."""

    def __init__(self, application: QApplication, settings: Settings, path: Path | None) -> None:
        super().__init__(application)
        self.settings = settings
        self._path = path
        self.theme = Theme(application, settings.theme)
        self.background = Background(self)
        self.memory = LayoutMemory(settings.splitter_sizes)
        self.errors = ErrorHook(self)
        self.desk = Desk(self.background)
        self.window = MainWindow(self.background)
        self.actions = make_window_actions(self.window)
        self.leaving = Leaving(self.background, self.window.notices)
        self.data: DataPane | None = None
        self.clouds = Clouds(self.background, self.memory, self.window.notices)
        self._add_panes()
        self._wire_window()
        self._wire_desk()
        self._restore_geometry()

    def _add_panes(self) -> None:
        window = self.window
        window.add_pane("data", "&Data", "data", "Ctrl+1", self._make_data, tip="Examples: read, mend, edit")
        self.panes = ProjectPanes(
            window,
            self.desk,
            self.background,
            self.memory,
            self.actions.open,
            self._model_roots,
            self.clouds,
        )
        self.panes.keep_engine_ready(self.settings.warm_engine)
        window.add_pane("settings", "&Settings", "settings", "Ctrl+,", self._make_settings, at_foot=True)
        window.add_page("shortcuts", self._make_shortcuts)
        window.add_page("about", self._make_about)

    def _wire_window(self) -> None:
        window, actions = self.window, self.actions
        window.fill_menu("File", actions.file_menu)
        window.fill_menu("Help", (actions.shortcuts, None, actions.about))
        actions.open.triggered.connect(self._ask_what_to_open)
        actions.sample.triggered.connect(self.desk.open_sample)
        actions.save.triggered.connect(self._save)
        actions.save_as.triggered.connect(self._ask_where_to_save)
        actions.close.triggered.connect(self._close_project)
        actions.leave.triggered.connect(window.close)
        actions.recent.aboutToShow.connect(self._fill_recent)
        actions.shortcuts.triggered.connect(self._show_shortcuts)
        actions.about.triggered.connect(lambda: window.show_pane("about"))
        window.path_dropped.connect(self.open)
        window.first_painted.connect(lambda: QTimer.singleShot(0, self._begin))
        window.pane_shown.connect(self._activate_pane)
        window.may_close = self.leaving.may_close
        window.closing.connect(self._say_goodbye)
        self.leaving.decided.connect(window.close)
        self.leaving.failed.connect(self.errors.report)
        self.background.failed.connect(self.errors.report)
        self.errors.reported.connect(self._show_error)
        for each in (actions.save, actions.save_as, actions.close):
            each.setEnabled(False)

    def _wire_desk(self) -> None:
        self.desk.project_opened.connect(self._take_project)
        self.desk.dataset_opened.connect(self._show_dataset)
        self.desk.datasets_changed.connect(self._show_changed_datasets)
        self.desk.project_closed.connect(self._show_no_project)
        self.desk.project_closed.connect(self.panes.end_project)
        self.desk.failed.connect(self.errors.report)
        self.panes.failed.connect(self.errors.report)
        self.panes.rows_requested.connect(self._show_rows)
        self.panes.model_folder_added.connect(self._add_model_folder)
        self.panes.example_made.connect(self._append_example)
        self.panes.service_wanted.connect(self._add_service)
        self.panes.key_wanted.connect(self._offer_to_give_key)
        self.panes.chat_host_changed.connect(self._show_chat_host)
        self.clouds.failed.connect(self.errors.report)
        self.clouds.services.key_given.connect(lambda _: self.window.notices.withdraw(CHAT_KEY))
        watch = self.clouds.watch
        watch.sending_changed.connect(lambda what: self.window.top_line.show_privacy(what, "jobs"))
        watch.key_asked.connect(self._ask_for_key)
        watch.runs_changed.connect(self.panes.look_at_runs)
        watch.run_asked.connect(self.panes.show_run)

    def _wire_data(self, pane: DataPane) -> None:
        window, actions = self.window, pane.actions_of_pane
        window.fill_menu("Edit", actions.edit_menu)
        window.menus["Edit"].insertActions(actions.find, EditActions(window).menu)
        window.menus["Edit"].insertSeparator(actions.find)
        window.fill_menu("Row", actions.row_menu)
        window.fill_menu("Dataset", pane.dataset_menu)
        window.fill_menu("View", (None, *actions.view_menu))
        pane.failed.connect(self.errors.report)
        pane.notice_raised.connect(window.notices.show_notice)
        pane.notice_withdrawn.connect(window.notices.withdraw)
        pane.state_changed.connect(self._show_saved)
        pane.facts_changed.connect(window.status_line.show_facts)
        pane.split_chosen.connect(self.desk.choose_split)
        pane.model_chosen.connect(pane.choose_model)
        pane.checks_wanted.connect(lambda checks: project_changes.keep_checks(self.desk, checks))
        pane.making_tools.split.wanted.connect(self._write_split)
        pane.making_tools.mapping.wanted.connect(self._use_mapping)
        pane.making_tools.draft.sending_changed.connect(
            lambda sending: window.top_line.show_privacy(sending, "drafts")
        )

    def open(self, path: Path) -> None:
        """Open a dataset or a project, as chosen, dropped or named on the command line."""
        if self.data is not None:
            self.data.flush()
        self.window.show_pane("data")
        self.desk.open(path)

    def _begin(self) -> None:
        """After the first paint: what it did not need."""
        self.window.draw_icons()
        self.window.show_pane("data")
        if self._path is not None:
            self.desk.open(self._path)
        elif self.settings.recent_projects and Path(self.settings.recent_projects[0]).exists():
            self.desk.open(Path(self.settings.recent_projects[0]))
        else:
            self.desk.open_sample()
        timer = QTimer(self, interval=DISK_CHECK_MS)
        timer.timeout.connect(self._look_at_disk)
        timer.start()

    def _make_data(self) -> QWidget:
        from tunedesk.desktop.data.pane import DataPane

        self.data = DataPane(
            self.background,
            self.memory,
            self.actions.open,
            self.actions.sample,
            lambda: self.desk.project,
        )
        self._wire_data(self.data)
        return self.data

    def _make_settings(self) -> QWidget:
        makers = {
            "general": self._make_general_settings,
            "services": self.clouds.make_services_page,
            "prices": self.clouds.make_prices_page,
        }
        return SettingsViews(lambda name: makers[name]())

    def _make_general_settings(self) -> QWidget:
        from tunedesk.desktop.shell.settings_page import SettingsPage

        page = SettingsPage(self.settings, paths.home())
        page.settings_changed.connect(self._take_settings)
        return page

    def _show_services(self) -> None:
        settings = self.window.show_pane("settings")
        if isinstance(settings, SettingsViews):
            settings.show_view("services")

    def _show_chat_host(self, host: str) -> None:
        self.window.top_line.show_privacy(f"Messages go to {host}" if host else "", "chat")

    def _offer_to_give_key(self, name: str) -> None:
        """From the chat, as soon as such a model is chosen: the page is left only if the user wants to."""
        answer = Answer("Give the key", lambda: self._ask_for_key(name))
        words = f"{name} answers once it has its key."
        self.window.notices.show_notice(Notice(words, "warning", (answer,), key=CHAT_KEY))

    def _ask_for_key(self, name: str) -> None:
        self._show_services()
        self.clouds.ask_for_key(name)

    def _add_service(self) -> None:
        """From the wizard: the fields of a new service."""
        self._show_services()
        self.clouds.add_service()

    def _make_shortcuts(self) -> QWidget:
        from tunedesk.desktop.shell.help_pages import ShortcutsPage

        return ShortcutsPage(self.window.all_actions())

    def _show_shortcuts(self) -> None:
        """Made anew each time: panes that were opened since have keys of their own."""
        self.window.forget_pane("shortcuts")
        self.window.show_pane("shortcuts")

    def _make_about(self) -> QWidget:
        from tunedesk.desktop.shell.help_pages import AboutPage

        return AboutPage()

    def _activate_pane(self, name: str) -> None:
        """Only the pane on the screen has keys and facts; Data hands over its edits before another looks."""
        if self.data is not None:
            self.data.flush()
            self.data.set_active(name == "data")
        if name != "data":
            self.window.status_line.show_facts("")

    def _take_project(self, opened: OpenedProject) -> None:
        self._remember(opened)
        project = opened.project
        self.panes.begin_project()
        self.leaving.watch(project.runs_dir)
        self.window.notices.withdraw(READ_ONLY)
        reason = project.read_only_reason or (opened.document.read_only_reason if opened.document else "")
        if reason:
            self.window.notices.show_notice(Notice(reason, "warning", key=READ_ONLY, can_close=False))
        if project.state.report:
            self.window.notices.show_notice(Notice(project.state.report, "warning"))
        self._find_models(project.default_model)
        if opened.document is not None:
            self._show_dataset(opened.split, opened.document)
        self.actions.close.setEnabled(True)

    def _show_dataset(self, split: str, document: Document) -> None:
        project, pane = self.desk.project, self.data
        if project is None or pane is None:
            return
        from tunedesk.desktop.data.linter import Checks

        pane.show_dataset(
            document,
            self.desk.splits(),
            split,
            Checks(project.default_target, project.lint),
            self.desk.other_files(),
        )
        if document.merge_report is not None:
            self.window.notices.show_notice(Notice(document.merge_report.sentence, "warning"))
        if document.journal_report:
            self.window.notices.show_notice(Notice(document.journal_report, "warning"))
        for note in document.notes:  # what was guessed of the file: its encoding, which sheet
            self.window.notices.show_notice(Notice(note, key=note))
        self._show_saved()

    def _write_split(self, snapshot: Snapshot, plan: SplitPlan, overwrite: bool) -> None:
        if self.data is not None and self.data.document is not None:
            project_changes.write_parts(self.desk, self.data.document, snapshot, plan, overwrite)

    def _use_mapping(self, mapping: ColumnMapping | None) -> None:
        if self.data is not None and self.data.document is not None:
            project_changes.keep_mapping(self.desk, self.data.document, mapping)

    def _show_changed_datasets(self) -> None:
        document = self.desk.documents.get(self.desk.split)
        if document is not None:
            self._show_dataset(self.desk.split, document)

    def _show_no_project(self) -> None:
        if self.data is not None:
            self.data.show_nothing()
        self.leaving.watch(None)
        self.window.notices.withdraw(READ_ONLY)
        self.window.top_line.show_project("", "")
        self.actions.close.setEnabled(False)
        self._show_saved()

    def _close_project(self) -> None:
        if self.data is not None:
            self.data.flush()
        self.desk.close()

    def _find_models(self, default: str) -> None:
        """Which models there are, and whose template is used for the preview and the checks."""
        folders = [Path(folder) for folder in self.settings.model_folders]

        def work(job: Job) -> tuple[list[ModelChoice], Path | None, UserError | None]:
            from tunedesk.desktop.data.row.trained_view import ModelChoice
            from tunedesk.template.find_models import default_model_roots, find_models, resolve_model

            found = find_models([*default_model_roots(), *folders]).models
            models = [ModelChoice(each.name, each.path, each.is_practice, each.context) for each in found]
            try:
                return models, resolve_model(default, folders), None
            except UserError as trouble:
                return models, None, trouble

        def then(result: tuple[list[ModelChoice], Path | None, UserError | None]) -> None:
            models, chosen, trouble = result
            if self.data is not None:
                self.data.show_models(models, chosen)
            self.panes.take_models(tuple((each.name, each.path) for each in models), chosen)
            if trouble is not None:
                self.errors.report(trouble)

        self.background.run(work, then, owner=self, label="Looking for models")

    def _model_roots(self) -> list[Path]:
        from tunedesk.template.find_models import default_model_roots

        return [*default_model_roots(), *(Path(folder) for folder in self.settings.model_folders)]

    def _add_model_folder(self, folder: Path) -> None:
        if str(folder) not in self.settings.model_folders:
            self._change_settings(model_folders=(*self.settings.model_folders, str(folder)))
            settings = self.window.pane("settings")
            if isinstance(settings, SettingsViews):
                settings.forget("general")

    def _show_rows(self, file: Path, number: int) -> None:
        """From Train's list of what blocks: show the row in Data."""

        def reveal(document: Document) -> None:
            if self.data is not None and self.data.document is not document:
                self.desk.show(document)
            if self.data is not None and number:
                self.data.reveal_row(number)

        self.window.show_pane("data")
        self.desk.with_file(file, reveal)

    def _append_example(self, split: str, row: bytes) -> None:
        """Into the table when that dataset is shown, else straight into its document."""
        document = self.desk.documents[split]
        if self.data is not None and self.data.document is document:
            self.data.append_row(row, "Add example from chat")
            return
        try:
            document.insert(len(document), [row], "Add example from chat")
        except UserError as error:
            self.errors.report(error)

    def _show_saved(self) -> None:
        document = self.data.document if self.data is not None else None
        line = self.window.top_line
        if document is None:
            line.show_saved("")
            self.window.setWindowTitle("TuneDesk")
        else:
            name = self.desk.project.name if self.desk.project is not None else ""
            line.show_project(name, shown_path(document.path))
            if document.read_only:
                line.show_saved("Read only", "lock")
            elif document.is_modified:
                line.show_saved("Edits kept, not saved to the file", "pencil")
            else:
                line.show_saved("Saved", "check")
            self.window.setWindowTitle(f"{document.path.name}[*] \u2013 TuneDesk")
            self.window.setWindowModified(document.is_modified)
        self.actions.save.setEnabled(document is not None and document.is_modified and not document.read_only)
        self.actions.save_as.setEnabled(document is not None)

    def _save(self) -> None:
        if self.data is not None:
            self.data.save()

    def _ask_what_to_open(self) -> None:
        document = self.data.document if self.data is not None else None
        start = document.path if document is not None else None
        dialog = ask_for_file(self.window, "Open examples or a project", saving=False, start=start)
        dialog.fileSelected.connect(lambda name: self.open(Path(name)))

    def _ask_where_to_save(self) -> None:
        pane = self.data
        if pane is None or pane.document is None:
            return
        dialog = ask_for_file(self.window, "Save the examples as", saving=True, start=pane.document.path)
        dialog.fileSelected.connect(lambda name: pane.save_as(Path(name)))

    def _fill_recent(self) -> None:
        menu = self.actions.recent
        menu.clear()
        for name in self.settings.recent_projects:
            entry = QAction(name, menu)
            entry.triggered.connect(lambda _=False, name=name: self.open(Path(name)))
            menu.addAction(entry)
        if menu.isEmpty():
            menu.addAction("Nothing has been opened yet").setEnabled(False)

    def _remember(self, opened: OpenedProject) -> None:
        project = opened.project
        name = str(project.opened if project.is_loose else project.root)
        others = [each for each in self.settings.recent_projects if each != name]
        self._change_settings(recent_projects=tuple([name, *others][:MOST_RECENT]))

    def _take_settings(self, settings: Settings) -> None:
        """The page knows the theme and the folders; the rest may have changed since it was opened."""
        folders_changed = settings.model_folders != self.settings.model_folders
        self._change_settings(
            theme=settings.theme, model_folders=settings.model_folders, warm_engine=settings.warm_engine
        )
        self.panes.keep_engine_ready(settings.warm_engine)
        self.theme.choose(settings.theme)
        if folders_changed and self.desk.project is not None:
            self._find_models(self.desk.project.default_model)

    def _change_settings(self, **values: Any) -> None:
        self.settings = settings = replace(self.settings, **values)
        self.background.run(lambda job: save_settings(settings), lambda _: None, self.errors.report)

    def _look_at_disk(self) -> None:
        if self.data is not None and self.window.isVisible():
            self.data.look_at_disk()

    def _show_error(self, error: Exception, trace: str) -> None:
        if isinstance(error, UserError):
            notice = Notice(error.sentence, "error", key=error.message)
        elif isinstance(error, OSError):
            notice = Notice(f"{error.strerror or error}: {error.filename or ''}", "error", details=trace)
        else:
            words = "Something went wrong inside TuneDesk. Every edit is kept; you can go on."
            notice = Notice(f"{words} ({type(error).__name__}: {error})", "error", details=trace, key=trace)
        self.window.notices.show_notice(notice)

    def _restore_geometry(self) -> None:
        if self.settings.window_geometry:
            self.window.restoreGeometry(QByteArray(base64.b64decode(self.settings.window_geometry)))

    def _say_goodbye(self) -> None:
        if self.data is not None:
            self.data.flush()
        geometry = base64.b64encode(self.window.saveGeometry().data()).decode("ascii")
        self.settings = replace(self.settings, window_geometry=geometry, splitter_sizes=self.memory.sizes)
        try:
            save_settings(self.settings)
        except OSError as trouble:
            log.warning("the settings could not be saved: %s", trouble)
        self.background.shut_down()
        self.desk.close()


def build_window(application: QApplication, settings: Settings, path: Path | None = None) -> App:
    """Everything but the event loop; `path` is opened after the first paint (None: what was open last)."""
    return App(application, settings, path)
