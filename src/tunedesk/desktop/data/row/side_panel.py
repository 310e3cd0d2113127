"""What opens beside the editor and closes again: a rule's page, or what a fix would change."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt, QUrl, Signal
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor, QTextDocument, QTextFormat
from PySide6.QtWidgets import QStackedWidget, QTextBrowser, QWidget

from tunedesk import paths
from tunedesk.desktop.data.row.change_html import change_html, heading_html
from tunedesk.desktop.theme.fonts import monospaced
from tunedesk.desktop.theme.style import set_look
from tunedesk.desktop.theme.tokens import tokens_of
from tunedesk.desktop.widgets.buttons import action, push_button, tool_button
from tunedesk.desktop.widgets.layout import GRID, column, label, row


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """heading: "" when there is only this one."""

    heading: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ChangeOffer:
    """A change that is done when the answer is yes. note: what it means. answer: the word of the button."""

    title: str
    note: str
    changes: tuple[ChangedRow, ...]
    apply: Callable[[], None]
    answer: str = "Apply"
    is_about_many: bool = False


class SidePanel(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._title = label("", "heading", wrap=True)
        self._close = action(self, "Close this panel", "close", "Esc")
        self._close.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self._close.triggered.connect(self.hide)
        self.addAction(self._close)
        self._rule = _Page("Rule page")
        self._change = _ChangePage()
        self._change.answered.connect(self.hide)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._rule)
        self._pages.addWidget(self._change)
        head = row(self._title, tool_button(self._close))
        head.setStretch(0, 1)
        self.setLayout(column(head, self._pages, margin=GRID))
        self.hide()

    def show_rule(self, code: str) -> None:
        """The rule's page; its file is small and ships with TuneDesk."""
        page = paths.resources() / "rules" / f"{code}.md"
        self._title.setText("About this rule")
        self._rule.show_markdown(page.read_text(encoding="utf-8"))
        self._pages.setCurrentWidget(self._rule)
        self.show()

    def show_change(self, offer: ChangeOffer) -> None:
        """What a fix would change, with Apply and Leave it."""
        self._title.setText(offer.title)
        self._change.show_offer(offer)
        self._pages.setCurrentWidget(self._change)
        self.show()
        self._change.apply_button.setFocus()

    def close_change(self) -> None:
        """The row is another one now: a change that was offered for the old one must not be applied."""
        if self._pages.currentWidget() is self._change and not self._change.is_about_many:
            self.hide()


class _Page(QTextBrowser):
    """Text with a little markup; opens no link by itself and loads nothing."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setOpenLinks(False)
        set_look(self, "bare")
        self.document().setDocumentMargin(GRID)

    def show_markdown(self, text: str) -> None:
        self.document().setMarkdown(text, QTextDocument.MarkdownFeature.MarkdownNoHTML)
        self._calm_down()
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def _calm_down(self) -> None:
        """Qt's headings are twice as tall as the text beside a table, and its code lines do not wrap."""
        tokens = tokens_of(self)
        size = self.font().pointSizeF()
        block = self.document().begin()
        while block.isValid():
            cursor = QTextCursor(block)
            shape, letters = block.blockFormat(), QTextCharFormat()
            if level := shape.headingLevel():
                letters.setProperty(QTextFormat.Property.FontSizeAdjustment, 0)
                letters.setFontPointSize(size * (1.2 if level == 1 else 1.0))
                shape.setTopMargin(GRID * 1.5)
                shape.setBottomMargin(GRID / 2)
            if shape.hasProperty(QTextFormat.Property.BlockCodeFence):
                shape.setNonBreakableLines(False)
                shape.setBackground(QColor(tokens.hover))
                letters.setFontPointSize(size * 0.95)
            cursor.setBlockFormat(shape)
            cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
            cursor.mergeCharFormat(letters)
            block = block.next()

    def loadResource(self, type: int, name: QUrl | str) -> object:
        return None


class _ChangePage(QWidget):
    answered = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._offer: ChangeOffer | None = None
        self._text = _Page("What would change")
        self._text.setFont(monospaced())
        self.apply_button = push_button("Apply", "check", primary=True)
        self.apply_button.clicked.connect(self._accept)
        self._leave = push_button("Leave it")
        self._leave.clicked.connect(self.answered)
        self._note = label("", "muted", wrap=True)
        whole = column(self._note, self._text, row(self.apply_button, self._leave, None))
        whole.setStretch(1, 1)
        self.setLayout(whole)

    @property
    def is_about_many(self) -> bool:
        """Whether the offer stands whatever row is shown."""
        return self._offer is not None and self._offer.is_about_many

    def show_offer(self, offer: ChangeOffer) -> None:
        self._offer = offer
        self._note.setText(offer.note)
        self.apply_button.setText(offer.answer)
        self.apply_button.setEnabled(bool(offer.changes))
        self._redraw()

    def _accept(self) -> None:
        offer = self._offer
        self.answered.emit()
        if offer is not None:
            offer.apply()

    def _redraw(self) -> None:
        if self._offer is not None:
            tokens = tokens_of(self)
            parts = (
                heading_html(each.heading) + change_html(each.before, each.after, tokens)
                for each in self._offer.changes
            )
            self._text.setHtml("".join(parts))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._redraw()
