"""Reads the small JSON and template files of a model folder; knows no tokenizer, so that it is quick
to import.
"""

from pathlib import Path
from typing import Any

import msgspec

from tunedesk.errors import UserError

_MAX_JSON = 256 << 20  # bytes; the largest tokenizer.json of 2026 is under 40 MB


def read_json_object(path: Path) -> dict[str, Any]:
    """A JSON object; empty when the file does not exist. UserError when it is damaged, huge or something
    else.
    """
    if not path.is_file():
        return {}
    try:
        if path.stat().st_size > _MAX_JSON:
            raise UserError(f"{path} is larger than {_MAX_JSON >> 20} MB, which no such file is.")
        value = msgspec.json.decode(path.read_bytes())
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is damaged: {error}.", hint="Copy or download the model again.") from error
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {error.strerror}.", hint="Check the rights of the file."
        ) from error
    if not isinstance(value, dict):
        raise UserError(f"{path} does not hold a JSON object.", hint="Copy or download the model again.")
    return value


def find_chat_template(folder: Path) -> str | None:
    """The folder's chat template: chat_template.jinja wins over tokenizer_config.json, as in transformers,
    and of named templates the default is taken. None when there is none; UserError when it cannot be read.
    """
    named = _configured_templates(folder)
    source = folder / "chat_template.jinja"
    if source.is_file():
        try:
            named["default"] = source.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"{source} cannot be read as UTF-8 text: {error}.") from error
    named = {name: text for name, text in named.items() if text.strip()}
    if named and "default" not in named:
        raise UserError(
            f"{folder} has the chat templates {', '.join(sorted(named))} and none is called default.",
            hint="Save the one to use as chat_template.jinja in the folder.",
        )
    return named.get("default")


def _configured_templates(folder: Path) -> dict[str, str]:
    value = read_json_object(folder / "tokenizer_config.json").get("chat_template")
    if value is None:
        return {}
    if isinstance(value, str):
        return {"default": value}
    if isinstance(value, dict) and all(isinstance(text, str) for text in value.values()):
        return dict(value)
    try:
        return {str(entry["name"]): str(entry["template"]) for entry in value}
    except (TypeError, KeyError) as error:
        raise UserError(
            f"{folder / 'tokenizer_config.json'} has a chat_template of an unknown shape."
        ) from error
