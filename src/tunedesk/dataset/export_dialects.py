"""What single targets want besides rows: dataset_info.json, a piece of YAML; and what they would not see."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tunedesk.dataset.converting import ConvertedRow, Loss, Refusal
from tunedesk.dataset.example import RowFormat
from tunedesk.dataset.target_profiles import TargetProfile
from tunedesk.errors import UserError

F = RowFormat
INFO = "dataset_info.json"
NEEDS_KEYS = ("llamafactory", "axolotl")
"""Targets that are told which keys occur."""


def kept_back(made: ConvertedRow, target: TargetProfile, to: RowFormat) -> ConvertedRow:
    """Refused or with its losses told, where a tool reads less of a format than the format holds."""
    if made.raw is None:
        return made
    if target.name == "llamafactory" and to is F.CHAT and b'"tool_calls"' in made.raw:
        return _refused(made, "LLaMA-Factory reads tool calls only in ShareGPT rows")
    if target.name == "axolotl" and to is F.SHAREGPT and b'"function_call"' in made.raw:
        return _refused(made, "Axolotl reads tool calls only in chat rows")
    if target.name == "axolotl" and to is F.ALPACA:
        value = json.loads(made.raw)
        lost = [
            Loss(made.row, f"/{key}", f"the {key} (Axolotl's alpaca has none)")
            for key in _LEFT
            if value.get(key)
        ]
        return replace(made, losses=(*made.losses, *lost))
    return made


_LEFT = ("system", "history")


def _refused(made: ConvertedRow, why: str) -> ConvertedRow:
    return ConvertedRow(made.row, None, (), Refusal(made.row, "", why))


def companions(
    target: TargetProfile, to: RowFormat, name: str, files: Sequence[str], keys: Mapping[str, None]
) -> tuple[tuple[str, str], ...]:
    """Names and texts of the small files that a tool needs to read the rows. keys: that occur in them."""
    if target.name == "llamafactory":
        entries = {Path(file).stem: _entry(to, file, keys) for file in files}
        return ((INFO, json.dumps(entries, indent=2, ensure_ascii=False) + "\n"),)
    if target.name == "axolotl":
        return ((f"{name}.axolotl.yml", _yaml(to, files, keys)),)
    return ()


def merged(path: Path, text: str) -> str:
    """Other data sets that are named in a dataset_info.json stay. UserError when it cannot be read."""
    if path.name != INFO or not path.exists():
        return text
    try:
        known = json.loads(path.read_bytes())
    except ValueError as error:
        raise UserError(f"{path} is not JSON: {error}.", hint="Mend or remove it.") from error
    if not isinstance(known, dict):
        raise UserError(f"{path} is no JSON object.", hint="Mend or remove it.")
    return json.dumps({**known, **json.loads(text)}, indent=2, ensure_ascii=False) + "\n"


def _entry(to: RowFormat, file: str, keys: Mapping[str, None]) -> dict[str, Any]:
    """An entry as data/README.md of LLaMA-Factory describes it; only columns that occur are named."""
    if to is F.TEXT:
        return {"file_name": file, "columns": {"prompt": "text"}}
    if to is F.ALPACA:
        columns = {"prompt": "instruction", "query": "input", "response": "output", "history": "history"}
        entry: dict[str, Any] = {"file_name": file}
    else:
        columns = {"messages": "messages" if to is F.CHAT else "conversations"}
        entry = {"file_name": file, "formatting": "sharegpt"}
    columns |= {key: key for key in ("system", "tools", "chosen", "rejected", "kto_tag")}
    if "chosen" in keys and "rejected" in keys:
        entry["ranking"] = True
    entry["columns"] = {role: column for role, column in columns.items() if column in keys}
    tags = _tags(to, keys)
    return {**entry, "tags": tags} if tags else entry


def _tags(to: RowFormat, keys: Mapping[str, None]) -> dict[str, str]:
    """Names of keys and roles, where they are not ShareGPT's own."""
    is_openai = to is F.CHAT or (to is F.SHAREGPT and "conversations/from" not in keys)
    if to is F.ALPACA or not is_openai:
        return {}
    roles = {"user": "user", "assistant": "assistant", "observation": "tool", "system": "system"}
    return {
        "role_tag": "role",
        "content_tag": "content",
        **{f"{tag}_tag": word for tag, word in roles.items()},
    }


def _yaml(to: RowFormat, files: Sequence[str], keys: Mapping[str, None]) -> str:
    """The `datasets` of an Axolotl configuration, as its docs/dataset-formats describe them."""
    lines = ["rl: dpo"] if to is F.TRL_PREFERENCE else []
    lines.append("datasets:")
    for file in files:
        lines += [f"  - path: {json.dumps(file, ensure_ascii=False)}", "    ds_type: json"]
        lines += [f"    {line}" for line in _how(to, keys)]
    return "\n".join(lines) + "\n"


def _how(to: RowFormat, keys: Mapping[str, None]) -> list[str]:
    match to:
        case F.TEXT:
            return ["type: completion", "field: text"]
        case F.ALPACA:
            return ["type: alpaca"]
        case F.PROMPT_COMPLETION:
            fields = ["field_instruction: prompt", "field_output: completion", 'format: "{instruction}"']
            return ["type:", *(f"  {line}" for line in [*fields, 'no_input_format: "{instruction}"'])]
        case F.TRL_PREFERENCE:
            fields = ["field_prompt: prompt", "field_chosen: chosen", "field_rejected: rejected"]
            return ["type:", *(f"  {line}" for line in fields)]
    column = "conversations" if to is F.SHAREGPT else "messages"
    role, text = ("from", "value") if f"{column}/from" in keys else ("role", "content")
    lines = ["type: chat_template", f"field_messages: {column}", "message_property_mappings:"]
    lines += [f"  role: {role}", f"  content: {text}", 'roles_to_train: ["assistant"]']
    return [*lines, *(["message_field_training: train"] if f"{column}/train" in keys else [])]
