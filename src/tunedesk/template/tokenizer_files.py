"""Reads what a model folder says about its tokenizer: tokenizer.json, special tokens, end ids and chat
templates.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from tokenizers import AddedToken, Tokenizer

from tunedesk.errors import UserError
from tunedesk.template.model_files import find_chat_template, read_json_object

# The names that transformers hands to a chat template (PreTrainedTokenizerBase.special_tokens_map).
SPECIAL_NAMES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")


@dataclass(frozen=True, slots=True)
class TokenizerFiles:
    """Everything about text that a model folder holds."""

    tokenizer: Tokenizer
    special: dict[str, str]  # bos_token, eos_token, ... as far as they are set
    special_tokens: frozenset[str]  # every literal that becomes a control token
    end_ids: frozenset[int]  # as configured
    template: str | None
    digest: str


def load_tokenizer_files(folder: Path) -> TokenizerFiles:
    """UserError when tokenizer.json is missing or damaged, or a file beside it is no JSON."""
    source = folder / "tokenizer.json"
    if not source.is_file():
        raise UserError(
            f"{folder} has no tokenizer.json, so its text cannot be turned into tokens.",
            hint="Use a model folder that holds the fast tokenizer's file (save it once with transformers).",
        )
    data = source.read_bytes()
    tokenizer = _load_tokenizer(source, data)
    config = read_json_object(folder / "tokenizer_config.json")
    legacy = read_json_object(folder / "special_tokens_map.json")
    special = _special_names(legacy) | _special_names(config)
    _add_missing_tokens(tokenizer, config)
    added = tokenizer.get_added_tokens_decoder().values()
    template = find_chat_template(folder)
    return TokenizerFiles(
        tokenizer=tokenizer,
        special=special,
        special_tokens=frozenset(token.content for token in added if token.special and token.content.strip())
        | frozenset(special.values()),
        end_ids=_end_ids(folder, tokenizer, special),
        template=template,
        digest=_digest(data, template, special),
    )


def _load_tokenizer(source: Path, data: bytes) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_str(data.decode("utf-8"))
    except Exception as error:  # the Rust library raises bare Exceptions
        raise UserError(f"{source} is damaged: {error}.", hint="Copy or download the model again.") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _special_names(config: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in SPECIAL_NAMES:
        value = config.get(name)
        content = value.get("content") if isinstance(value, dict) else value
        if isinstance(content, str):
            found[name] = content
    return found


def _add_missing_tokens(tokenizer: Tokenizer, config: dict[str, Any]) -> None:
    """Tokens that tokenizer_config.json adds behind the vocabulary, as transformers adds them when
    loading.
    """
    entries = config.get("added_tokens_decoder")
    if not isinstance(entries, dict):
        return
    numbered = sorted((int(number), entry) for number, entry in entries.items() if str(number).isdigit())
    for number, entry in numbered:
        content = entry.get("content") if isinstance(entry, dict) else None
        known = isinstance(content, str) and tokenizer.token_to_id(content) is not None
        if (
            not isinstance(content, str)
            or known
            or number != tokenizer.get_vocab_size(with_added_tokens=True)
        ):
            continue
        token = AddedToken(
            content, special=bool(entry.get("special")), normalized=bool(entry.get("normalized"))
        )
        tokenizer.add_tokens([token])


def _end_ids(folder: Path, tokenizer: Tokenizer, special: dict[str, str]) -> frozenset[int]:
    """eos of the tokenizer, and eos_token_id (a number or a list) of generation_config.json and
    config.json.
    """
    ids: set[int] = set()
    eos = tokenizer.token_to_id(special["eos_token"]) if "eos_token" in special else None
    if eos is not None:
        ids.add(eos)
    for name in ("generation_config.json", "config.json"):
        value = read_json_object(folder / name).get("eos_token_id")
        candidates = value if isinstance(value, list) else [value]
        ids.update(
            number
            for number in candidates
            if type(number) is int and tokenizer.id_to_token(number) is not None
        )
    return frozenset(ids)


def _digest(tokenizer: bytes, template: str | None, special: dict[str, str]) -> str:
    """sha256 over all that decides the ids of an example."""
    digest = hashlib.sha256(hashlib.sha256(tokenizer).digest())
    digest.update(msgspec.json.encode([template, sorted(special.items())]))
    return digest.hexdigest()
