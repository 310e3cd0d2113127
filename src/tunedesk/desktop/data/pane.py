"""The data pane: table on the left, one row on the right, a side panel when asked for; wires its parts."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from tunedesk.dataset.document import Document
from tunedesk.dataset.steps import Change
from tunedesk.desktop.background import Background
from tunedesk.desktop.data.data_actions import DataActions, make_data_actions
from tunedesk.desktop.data.linter import Checks
from tunedesk.desktop.data.open_dataset import OpenDataset
from tunedesk.desktop.data.row.detail_side import JSON, TURNS, DetailSide
from tunedesk.desktop.data.row.findings_list import Offer
from tunedesk.desktop.data.row.row_detail import RowDetail
from tunedesk.desktop.data.row.side_panel import SidePanel
from tunedesk.desktop.data.row.trained_view import ModelChoice
from tunedesk.desktop.data.row.turn_view import ROLES
from tunedesk.desktop.data.session import DatasetSession
from tunedesk.desktop.data.table.mark_cells import cell_icon
from tunedesk.desktop.data.table.row_list import RowList
from tunedesk.desktop.data.table.table_side import TableSide
from tunedesk.desktop.data.tools.draft_page import LocalModel
from tunedesk.desktop.data.tools.editing_tools import EditingTools
from tunedesk.desktop.data.tools.looking_tools import LookingTools
from tunedesk.desktop.data.tools.making_tools import MakingTools
from tunedesk.desktop.data.tools.tool_shelf import ToolDesk, ToolShelf
from tunedesk.desktop.shell.layout_memory import LayoutMemory
from tunedesk.desktop.widgets.empty_state import EmptyState
from tunedesk.desktop.widgets.layout import column
from tunedesk.desktop.widgets.notice_bar import Answer, Notice
from tunedesk.project.folder import Project

MERGE = "merge"
"""The key of the notice about a file that another program changed."""


class DataPane(QWidget):
    failed = Signal(Exception)
    notice_raised = Signal(Notice)
    notice_withdrawn = Signal(str)
    state_changed = Signal()
    """Undo, redo, saved or not may be another."""
    facts_changed = Signal(str)
    split_chosen = Signal(str)
    model_chosen = Signal(Path)
    checks_wanted = Signal(object)
    """Checks: for whom the rows are checked, and with which rules."""

    def __init__(
        self,
        background: Background,
        memory: LayoutMemory,
        open_file: QAction,
        sample: QAction,
        project: Callable[[], Project | None],
    ) -> None:
        """project: the one that is open."""
        super().__init__()
        self.actions_of_pane: DataActions = make_data_actions(self)
        actions = self.actions_of_pane
        self._background = background
        self._open: OpenDataset | None = None
        self._model: Path | None = None
        self._is_active = True
        rows = [
            actions.add_row,
            actions.duplicate_row,
            actions.delete_row,
            actions.move_up,
            actions.move_down,
        ]
        menu = [*rows, None, *actions.table.mark_menu]
        self._table_side = TableSide(rows, menu, actions.only_findings, actions.table, memory)
        self._detail_side = DetailSide(actions)
        self._panel = SidePanel()
        self._list = RowList(self._table_side, actions.table, background, self.flush)
        self._detail = RowDetail(self._detail_side, self._panel, background)
        self._empty = EmptyState(
            "data",
            "Open a file of examples",
            "A JSONL file with one conversation a line. TuneDesk edits the file itself and sends it nowhere. "
            "Drop one here, or look at the sample first.",
            open_file,
            (sample,),
        )
        self._no_rows = EmptyState(
            "plus", "This file has no examples yet", "Write the first one; each row is one.", actions.add_row
        )
        self._lay_out(memory)
        self.tool_shelf = ToolShelf(self._row_pages)
        self.tool_desk = ToolDesk(
            background,
            lambda: self._open,
            self._list.selected,
            self._list.reveal,
            self.flush,
            lambda: self._detail_side.trained.max_length,
        )
        self.editing_tools = EditingTools(self, self.tool_desk, self.tool_shelf)
        self.making_tools = MakingTools(self, self.tool_desk, self.tool_shelf, project)
        self.looking_tools = LookingTools(self, self.tool_desk, self.tool_shelf, project)
        self._connect()
        self.show_nothing()

    @property
    def dataset_menu(self) -> list[QAction | None]:
        """What is done with many rows; None is a separator."""
        making, looking = self.making_tools.actions, self.looking_tools.actions
        return [*self.editing_tools.actions, None, *making, None, *looking]

    @property
    def session(self) -> DatasetSession | None:
        return self._open.session if self._open is not None else None

    @property
    def document(self) -> Document | None:
        return self._open.document if self._open is not None else None

    def show_dataset(
        self,
        document: Document,
        splits: Sequence[str],
        chosen: str,
        checks: Checks,
        others: Mapping[str, Path],
    ) -> None:
        """Show a document. splits: the names to choose from. others: the files of the other splits."""
        self.flush()
        old, self._open = (
            self._open,
            OpenDataset(document, self._background, self._severity_icon, checks, others),
        )
        dataset = self._open
        dataset.session.changed.connect(self._follow)
        dataset.session.travelled.connect(self._show_where)
        dataset.session.state_changed.connect(self._refresh_actions)
        dataset.session.failed.connect(self.failed)
        dataset.session.merged.connect(self._take_merged)
        dataset.renderer.failed.connect(self._lint_without_template)
        dataset.renderer.template_loaded.connect(lambda _: self._take_template())
        self._table_side.show_splits(tuple(splits), chosen)
        self._detail.show_dataset(dataset)
        self._list.show_dataset(dataset)
        if old is not None:
            old.finder.cancel()
            old.deleteLater()
        self._pages.setCurrentWidget(self._splitter)
        self._show_row_page()
        self._tell_tools()
        self._refresh_actions()
        if self._model is not None:
            dataset.renderer.choose(self._model)

    def show_nothing(self) -> None:
        """No project is open."""
        old, self._open = self._open, None
        self._detail.show_dataset(None)
        self._list.show_dataset(None)
        if old is not None:
            old.finder.cancel()
            old.deleteLater()
        self._panel.hide()
        self._pages.setCurrentWidget(self._empty)
        self.facts_changed.emit("")
        self._refresh_actions()

    def _tell_tools(self) -> None:
        self.editing_tools.dataset_changed()
        self.making_tools.dataset_changed()
        self.looking_tools.dataset_changed()

    def show_models(self, models: Sequence[ModelChoice], chosen: Path | None) -> None:
        """The models of this computer, and the one whose template is used; None: check without a template."""
        self._detail_side.trained.show_models(models, chosen)
        self.making_tools.draft.show_models([LocalModel(each.name, each.path) for each in models])
        if chosen is not None:
            self.choose_model(chosen)
        elif self._open is not None:
            self._open.lint_again(self._detail_side.trained.max_length)

    def choose_model(self, path: Path) -> None:
        if path != self._model:
            self._model = path
            if self._open is not None:
                self._open.renderer.choose(path)

    def set_active(self, active: bool) -> None:
        """Whether the pane is on the screen; its keys do nothing while it is not."""
        self._is_active = active
        self._refresh_actions()

    def flush(self) -> None:
        """Put every edit that is still being typed into the document."""
        self._detail_side.flush()

    def save(self) -> None:
        self.flush()
        if self._open is not None:
            self._open.session.save()

    def save_as(self, path: Path) -> None:
        self.flush()
        if self._open is not None:
            self._open.session.save_as(path)

    def look_at_disk(self) -> None:
        """Ask in the background whether another program changed the file, and offer to merge."""
        if self._open is None:
            return
        document = self._open.document
        self._background.run(lambda job: document.changed_on_disk(), self._offer_merge, owner=self)

    def reveal_row(self, number: int) -> None:
        """Show a row by its number, from 1, whatever the filter was."""
        if self._open is not None and 1 <= number <= len(self._open.session.now):
            self._list.show_all()
            self._list.reveal([self._open.session.now.ids[number - 1]])

    def append_row(self, raw: bytes, label: str) -> None:
        """Add a row that was made elsewhere to the end of what is shown."""
        self.flush()
        if self._open is not None:
            self._open.session.append(raw, label)

    def _lay_out(self, memory: LayoutMemory) -> None:
        self._row_pages = QStackedWidget()
        self._row_pages.addWidget(self._detail_side)
        self._row_pages.addWidget(self._no_rows)
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setHandleWidth(1)
        self._splitter.setChildrenCollapsible(False)
        for part in (self._table_side, self._row_pages, self._panel):
            self._splitter.addWidget(part)
        self._splitter.setStretchFactor(1, 1)
        self._splitter.setSizes([500, 640, 340])
        self._table_side.setMinimumWidth(300)
        self._panel.setMinimumWidth(260)
        memory.follow(self._splitter, "data")
        memory.follow(self._detail_side.splitter, "data row")
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._splitter)
        self.setLayout(column(self._pages, spacing=0))

    def _connect(self) -> None:
        actions, rows, detail = self.actions_of_pane, self._list, self._detail
        rows.row_chosen.connect(self._show_row)
        self.tool_shelf.closed.connect(self._show_row_page)
        self.editing_tools.failed.connect(self.failed)
        self._table_side.table.selection_changed.connect(self.editing_tools.selection_changed)
        self._table_side.table.selection_changed.connect(self.making_tools.draft.selection_changed)
        self.making_tools.failed.connect(self.failed)
        self.looking_tools.failed.connect(self.failed)
        self.looking_tools.findings.rule_asked.connect(self._panel.show_rule)
        self.looking_tools.findings.checks_wanted.connect(self.checks_wanted)
        self._detail_side.findings.add_offer(
            Offer(
                lambda finding: "Let it stand…",
                "bell",
                lambda finding: True,
                lambda finding: self.looking_tools.findings.suppress(self._list.current_row_id, finding),
            )
        )
        rows.facts_changed.connect(self.facts_changed)
        rows.failed.connect(self.failed)
        rows.notice_raised.connect(self.notice_raised)
        detail.failed.connect(self.failed)
        self._detail_side.findings.row_asked.connect(self._show_other_row)
        self._table_side.split_chosen.connect(self.split_chosen)
        self._table_side.table.delete_pressed.connect(actions.delete_row.trigger)
        self._detail_side.trained.model_chosen.connect(self.model_chosen)
        self._detail_side.trained.max_length_changed.connect(lambda _: self._check_again())
        actions.undo.triggered.connect(lambda: self._travel(undo=True))
        actions.redo.triggered.connect(lambda: self._travel(undo=False))
        actions.find.triggered.connect(self._table_side.focus_search)
        actions.check_again.triggered.connect(self._check_again)
        actions.add_row.triggered.connect(self._add_row)
        actions.duplicate_row.triggered.connect(lambda: self._on_rows("duplicate"))
        actions.delete_row.triggered.connect(lambda: self._on_rows("delete"))
        actions.move_up.triggered.connect(lambda: self._on_rows("up"))
        actions.move_down.triggered.connect(lambda: self._on_rows("down"))
        actions.next_row.triggered.connect(lambda: rows.step(+1))
        actions.previous_row.triggered.connect(lambda: rows.step(-1))
        actions.next_finding.triggered.connect(lambda: self._step_finding(+1))
        actions.previous_finding.triggered.connect(lambda: self._step_finding(-1))
        actions.fix.triggered.connect(detail.fix_current)
        actions.add_turn.triggered.connect(detail.add_turn)
        self._connect_turns()

    def _connect_turns(self) -> None:
        actions, detail, turns = self.actions_of_pane, self._detail, self._detail_side.turns
        actions.choose_role.triggered.connect(detail.choose_role)
        for role, each in zip(ROLES, actions.roles, strict=True):
            each.triggered.connect(lambda _=False, role=role: detail.set_role(role))
        actions.duplicate_turn.triggered.connect(lambda: detail.duplicate_turn(turns.current_turn))
        actions.delete_turn.triggered.connect(lambda: detail.delete_turn(turns.current_turn))
        actions.turn_up.triggered.connect(
            lambda: detail.move_turn(turns.current_turn, turns.current_turn - 1)
        )
        actions.turn_down.triggered.connect(
            lambda: detail.move_turn(turns.current_turn, turns.current_turn + 1)
        )
        actions.next_turn.triggered.connect(lambda: turns.step_turn(+1))
        actions.previous_turn.triggered.connect(lambda: turns.step_turn(-1))
        actions.add_call.triggered.connect(detail.add_call)
        actions.swap.triggered.connect(detail.swap_answers)
        actions.judge_good.triggered.connect(lambda: detail.judge(True))
        actions.judge_bad.triggered.connect(lambda: detail.judge(False))
        actions.complete.triggered.connect(self._detail_side.raw.editor.offer_words)
        self._detail_side.view_chosen.connect(lambda _: self._refresh_offers())
        detail.offers_changed.connect(self._refresh_offers)
        for each in (actions.show_invisible, actions.show_blanks):
            each.toggled.connect(
                lambda: self._detail_side.show_invisible(
                    actions.show_invisible.isChecked(), actions.show_blanks.isChecked()
                )
            )

    def _show_row(self, row_id: int) -> None:
        self._detail.show_row(row_id)
        self._show_row_page()

    def _show_row_page(self) -> None:
        """The row's editor, unless a tool is open in its place."""
        if self.tool_shelf.open_tool is not None:
            return
        is_empty = self._open is not None and not len(self._open.session.now)
        self._row_pages.setCurrentWidget(self._no_rows if is_empty else self._detail_side)

    def _follow(self, change: Change) -> None:
        if self._open is None:
            return
        self._open.linter.follow(change)
        self.looking_tools.rows_changed(change)
        self._list.follow(change)
        self._detail.follow(change)
        self._show_row_page()

    def _show_where(self, change: Change) -> None:
        """Undo and redo show the row where it happened."""
        touched = change.changed or change.marked
        if touched and not change.is_structural and self._list.current_row_id not in touched:
            self._list.reveal(touched)

    def _travel(self, *, undo: bool) -> None:
        self.flush()
        if self._open is not None:
            (self._open.session.undo if undo else self._open.session.redo)()

    def _show_other_row(self, row_id: int) -> None:
        if self._open is not None and (number := self._open.session.number_of(row_id)) is not None:
            self.reveal_row(number)

    def _add_row(self) -> None:
        self.flush()
        if self._open is not None:
            current = self._list.current_row_id
            number = self._open.session.number_of(current) if current >= 0 else len(self._open.document)
            self._open.session.add_row(number or 0)
            self._detail_side.turns.go_to(0)

    def _on_rows(self, what: str) -> None:
        self.flush()
        row_ids = self._list.selected()
        if self._open is None or not row_ids:
            return
        session = self._open.session
        if what == "delete":
            session.delete(row_ids)
        elif what == "duplicate":
            session.duplicate(row_ids)
        else:
            session.move(row_ids, up=what == "up")

    def _step_finding(self, step: int) -> None:
        if self._detail.step_finding(step):
            return
        row_id = self._list.row_with_finding(step)
        if row_id is not None:
            self._list.reveal([row_id])
            self._detail.step_finding(step)

    def _take_template(self) -> None:
        """Another model counts and cuts differently."""
        if self._open is not None:
            self._open.model.forget_tokens()
            self._check_again()

    def _check_again(self) -> None:
        if self._open is not None:
            self._open.lint_again(self._detail_side.trained.max_length)
            self._detail.refresh()

    def _lint_without_template(self, error: Exception) -> None:
        """The model cannot be read: what needs no template is still checked."""
        self.failed.emit(error)
        if self._open is not None:
            self._open.lint_again(self._detail_side.trained.max_length)

    def _take_merged(self, sentence: str) -> None:
        self._list.refresh()
        self._check_again()
        self.notice_withdrawn.emit(MERGE)
        self.notice_raised.emit(Notice(sentence, "ok"))

    def _offer_merge(self, is_changed: bool) -> None:
        if not is_changed or self._open is None:
            return
        session = self._open.session

        def merge() -> None:
            self.flush()
            session.merge_from_disk()

        self.notice_raised.emit(
            Notice(
                f"Another program has changed {session.path.name} since it was opened.",
                "warning",
                (Answer("Merge your edits into it", merge),),
                key=MERGE,
            )
        )

    def _refresh_actions(self) -> None:
        document, actions = self.document, self.actions_of_pane
        usable = document is not None and self._is_active
        actions.enable(usable)
        can_edit = usable and document is not None and not document.read_only
        for each in (*actions.changing, *filter(None, self.dataset_menu)):
            each.setEnabled(can_edit)
        _name(actions.undo, "&Undo", document.undo_label if document and can_edit else None)
        _name(actions.redo, "&Redo", document.redo_label if document and can_edit else None)
        self._refresh_offers()
        self.state_changed.emit()

    def _refresh_offers(self) -> None:
        """What depends on the row that is shown."""
        document, actions, view = self.document, self.actions_of_pane, self._detail.view
        can_edit = self._is_active and document is not None and not document.read_only
        in_turns = self._detail_side.view == TURNS  # elsewhere one does not see which turn is meant
        turns = (actions.duplicate_turn, actions.delete_turn, actions.turn_up, actions.turn_down)
        roles = (actions.choose_role, *actions.roles)
        for each, offered in (
            (actions.add_turn, in_turns and view.can_change),
            (actions.add_call, in_turns and any(turn.can_call for turn in view.all_turns)),
            *((each, in_turns and any(turn.roles for turn in view.all_turns)) for each in roles),
            (actions.swap, view.is_pair),
            (actions.complete, self._detail_side.view == JSON),
            (actions.judge_good, view.is_judged),
            (actions.judge_bad, view.is_judged),
            *((each, in_turns and any(turn.can_move for turn in view.turns)) for each in turns),
        ):
            each.setEnabled(can_edit and offered)
        for each in (actions.next_turn, actions.previous_turn):
            each.setEnabled(self._is_active and in_turns and bool(view.all_turns))

    def _severity_icon(self, severity: str) -> QIcon:
        return cell_icon(severity, self)


def _name(action: QAction, verb: str, label: str | None) -> None:
    """Undo and redo say what they will take back."""
    action.setText(f"{verb} {label[0].lower()}{label[1:]}" if label else verb)
    action.setEnabled(label is not None)
