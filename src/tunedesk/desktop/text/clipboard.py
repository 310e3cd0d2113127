"""Text on its way through the clipboard or a drag: exact between our own editors, usual for all others."""

from PySide6.QtCore import QMimeData

EXACT = "application/x-tunedesk-text"
"""UTF-8 in which halves of surrogate pairs may stand alone; line ends as they are."""


def mime_of(text: str) -> QMimeData:
    data = QMimeData()
    data.setText(text.encode("utf-8", "replace").decode("utf-8"))
    data.setData(EXACT, text.encode("utf-8", "surrogatepass"))
    return data


def text_of(source: QMimeData) -> str:
    """What is to be inserted; another program's line ends become line feeds."""
    if source.hasFormat(EXACT):
        return bytes(source.data(EXACT).data()).decode("utf-8", "surrogatepass")
    return source.text().replace("\r\n", "\n").replace("\r", "\n")
