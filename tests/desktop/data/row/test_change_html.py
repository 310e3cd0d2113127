"""What a fix would change, as text with signs."""

import pytest
from PySide6.QtGui import QTextDocument

from tunedesk.desktop.data.row.change_html import change_html
from tunedesk.desktop.theme.tokens import LIGHT


@pytest.fixture
def shown(qapp):
    def lines(before, after):
        document = QTextDocument()
        document.setHtml(change_html(before, after, LIGHT))
        return document.toPlainText().replace("\u00a0", " ").split("\n")

    return lines


def test_lines_that_go_and_come_have_signs_and_far_ones_are_left_out(shown):
    before = "\n".join(f"line {number}" for number in range(20))
    after = before.replace("line 10", "row 10")
    lines = shown(before, after)
    assert "\u2212 line 10" in lines and "+ row 10" in lines
    assert "  line 8" in lines and not any("line 2" in each for each in lines)


def test_the_words_that_differ_are_underlined(qapp):
    html = change_html('"role": "human"', '"role": "user"', LIGHT)
    assert "<b><u>human</u></b>" in html and "<b><u>user</u></b>" in html
    assert "<u>role" not in html


def test_what_cannot_be_seen_is_named(shown):
    assert "\u2212 a[ZWSP]b" in shown("a\u200bb", "ab")


def test_text_is_never_taken_for_markup(shown):
    assert "+ <b>&amp;" in shown("", "<b>&amp;")


def test_a_row_that_goes_is_all_gone(shown):
    assert shown("one\ntwo", "") == ["\u2212 one", "\u2212 two"]
