"""Shows what a model wrote. It is untrusted: no HTML, pictures or files, and no link by itself."""

from PySide6.QtCore import QTimer, QUrl, Signal
from PySide6.QtGui import QFont, QResizeEvent, QTextBlockFormat, QTextCursor, QTextDocument, QWheelEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser

from tunedesk.desktop.theme.fonts import monospaced
from tunedesk.desktop.theme.style import set_look

RENDER_MS = 80
"""A streaming answer is laid out about twelve times a second; 10,000 characters take about 10 ms."""
SHOWN_CHARACTERS = 60_000
"""Longer texts would make each layout noticeable; the rest is named, and copying still takes all of it."""

Features = QTextDocument.MarkdownFeature


class MarkdownView(QTextBrowser):
    """As high as its text: the transcript scrolls, not the answer. plain: no Markdown, but what was typed."""

    link_clicked = Signal(str)

    def __init__(self, name: str, *, plain: bool = False) -> None:
        super().__init__()
        self.setAccessibleName(name)
        set_look(self, "bare")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setVerticalScrollBarPolicy(self.horizontalScrollBarPolicy().ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self.anchorClicked.connect(lambda url: self.link_clicked.emit(url.toString()))
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._text = ""
        self._plain = plain
        self._exact = False
        self._later = QTimer(self, singleShot=True, interval=RENDER_MS)
        self._later.timeout.connect(self._render)
        self._fit()

    @property
    def text(self) -> str:
        """What was given, to the character; the layout never changes it."""
        return self._text

    def show_text(self, text: str) -> None:
        self._text = text
        self._render()

    def stream_text(self, text: str) -> None:
        """A streaming answer as far as it is; laid out a little later, together with what comes meanwhile."""
        self._text = text
        if not self._later.isActive():
            self._later.start()

    def show_exact(self, exact: bool) -> None:
        """Plain text, character for character, instead of Markdown."""
        self._exact = exact
        self._render()

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Nothing is loaded: a picture in an answer could read files or reach another computer."""
        return ""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the transcript scrolls

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _render(self) -> None:
        self._later.stop()
        shown = self._text[:SHOWN_CHARACTERS]
        if len(self._text) > SHOWN_CHARACTERS:
            shown += f"\n\n… and {len(self._text) - SHOWN_CHARACTERS:,} more characters"
        self.document().setDefaultFont(monospaced() if self._exact else self.font())
        if self._exact or self._plain:
            self.document().setPlainText(shown)
        else:
            self.document().setMarkdown(shown, Features.MarkdownDialectGitHub | Features.MarkdownNoHTML)
            self._monospace_code()
        self._fit()

    def _monospace_code(self) -> None:
        """Qt's Markdown leaves code blocks in a fixed font of its own choice; give them ours and some air."""
        block = self.document().begin()
        while block.isValid():
            if block.blockFormat().hasProperty(QTextBlockFormat.Property.BlockCodeFence):
                cursor = QTextCursor(block)
                cursor.select(QTextCursor.SelectionType.BlockUnderCursor)
                style = cursor.charFormat()
                style.setFontFamilies(monospaced().families())
                style.setFontStyleHint(QFont.StyleHint.Monospace)
                cursor.mergeCharFormat(style)
            block = block.next()

    def _fit(self, *_: object) -> None:
        """setFixedHeight only on a change: it causes a layout, which asks for the size again."""
        line = self.fontMetrics().lineSpacing()
        height = max(line, int(self.document().size().height())) + 2
        if height != self.height() or self.minimumHeight() != height:
            self.setFixedHeight(height)
