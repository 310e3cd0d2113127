"""Which characters get a mark, and what the mark says."""

import unicodedata

import pytest

from tunedesk.desktop.text.exact_text import Carrier
from tunedesk.desktop.text.invisible import INVISIBLE, full_name, short_name

CARRIER = Carrier.for_text("", shows_invisible=True)


def marked(text):
    return [CARRIER.name_of(each) for each in CARRIER.to_widget(text) if CARRIER.name_of(each)]


@pytest.mark.parametrize("character", INVISIBLE)
def test_each_invisible_character_has_a_name_that_fits_and_survives(character):
    assert 1 <= len(short_name(character)) <= 4
    assert full_name(character).startswith(f"U+{ord(character):04X} ")
    assert CARRIER.from_widget(CARRIER.to_widget(f"a{character}b")) == f"a{character}b"
    assert marked(f"a{character}b") == [short_name(character)]


def test_every_format_character_of_the_basic_plane_that_writes_no_language_is_known():
    formats = [chr(code) for code in range(0x10000) if unicodedata.category(chr(code)) == "Cf"]
    unknown = [each for each in formats if each not in INVISIBLE]
    # Arabic, Syriac and Egyptian signs that are drawn, and deprecated shaping controls
    assert {unicodedata.name(each).split()[0] for each in unknown} <= {
        "ARABIC", "SYRIAC", "ACTIVATE", "INHIBIT", "NATIONAL", "NOMINAL"
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "family \U0001f468\u200d\U0001f469\u200d\U0001f467",
        "Wales \U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f",
        "Persian \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "Hindi \u0915\u094d\u200d\u0937",
        "Hebrew \u05e9\u05dc\u05d5\u05dd\u200f!",
        "plain text, tabs\t and\nlines",
    ],
)
def test_what_writes_a_language_or_an_emoji_gets_no_mark(text):
    assert not marked(text)
    assert CARRIER.to_widget(text) == text


@pytest.mark.parametrize("text", ["a\u200db", "a\u200eb", "\u200c", "\u0645\u202e"])
def test_the_same_characters_elsewhere_get_one(text):
    assert len(marked(text)) == 1


def test_without_the_wish_only_what_qt_would_lose_is_marked():
    carrier = Carrier.for_text("")
    assert carrier.to_widget("a\u200bb\u00a0") == "a\u200bb\u00a0"
    assert carrier.to_widget("\u2029") != "\u2029"
