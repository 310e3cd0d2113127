"""Tab goes where the eye goes: the focus order of widgets made at different times follows their layouts."""

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout, QScrollArea, QWidget


def set_reading_order(root: QWidget) -> None:
    """Let Tab visit what lies in the layouts of `root` in their order."""
    before: QWidget | None = None
    for widget in focusable_in(root):
        if before is not None:
            QWidget.setTabOrder(before, widget)
        before = widget


def focusable_in(root: QWidget) -> Iterator[QWidget]:
    """Every widget below `root` that takes the focus by Tab, shown or not, in reading order."""
    if root.focusPolicy() & Qt.FocusPolicy.TabFocus and not isinstance(root, QScrollArea):
        yield root
    inside = root.widget() if isinstance(root, QScrollArea) else None
    if inside is not None:
        yield from focusable_in(inside)
    layout = root.layout()
    if layout is not None:
        yield from _in_layout(layout)


def _in_layout(layout: QLayout) -> Iterator[QWidget]:
    for place in range(layout.count()):
        item = layout.itemAt(place)
        if item is None:
            continue
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            yield from focusable_in(widget)
        elif inner is not None:
            yield from _in_layout(inner)
