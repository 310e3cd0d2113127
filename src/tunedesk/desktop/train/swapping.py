"""Puts a newly built widget in the place of an old one."""

from PySide6.QtWidgets import QLayout, QWidget


def swap(layout: QLayout, old: QWidget, new: QWidget) -> QWidget:
    """The new widget, shown at once: by itself Qt shows it, and deletes the old one, only a moment later."""
    layout.replaceWidget(old, new)
    old.hide()
    old.deleteLater()
    new.show()
    return new
