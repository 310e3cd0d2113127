"""Settings: what was saved is read back, and a damaged file costs no more than its damaged part."""

import json

import pytest

from tunedesk import paths
from tunedesk.settings import Settings, load_settings, save_settings


def test_there_are_defaults_before_anything_was_saved():
    assert load_settings() == Settings()


def test_reading_makes_no_folder(tunedesk_home):
    load_settings()
    assert not tunedesk_home.exists()


def test_what_was_saved_is_read_back():
    settings = Settings(
        theme="dark",
        recent_projects=("/one", "/zwei ü"),
        model_folders=("/models",),
        window_geometry="QUJD",
        splitter_sizes={"data": [400, 600]},
    )
    save_settings(settings)
    assert load_settings() == settings


def test_only_what_differs_from_the_defaults_is_written():
    save_settings(Settings(theme="light"))
    assert json.loads(paths.settings_file().read_bytes()) == {"theme": "light"}


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"[1, 2]", b'{"theme": 7, "splitter_sizes": [1]}']
)
def test_a_damaged_file_gives_the_defaults(content):
    (paths.home() / "settings.json").write_bytes(content)
    assert load_settings() == Settings()


def test_one_wrong_value_leaves_the_others_alone_and_unknown_keys_are_ignored():
    text = '{"theme": "purple", "model_folders": ["/models"], "from_the_future": true}'
    (paths.home() / "settings.json").write_text(text, encoding="utf-8")
    assert load_settings() == Settings(model_folders=("/models",))
