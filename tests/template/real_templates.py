"""The real chat templates of tests/template/real as model folders, each with a tokenizer trained here that
knows the template's own control tokens.
"""

import json
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

REAL = Path(__file__).parent / "real"
WORDS = ["The parcel has not arrived, please look into it.\n\nsystem user assistant model tool call " * 20]
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "track_parcel",
        "description": "Tells where a parcel is.",
        "parameters": {
            "type": "object",
            "properties": {
                "number": {"type": "string", "description": "The parcel's number"},
                "years": {"type": "array", "items": {"type": "integer"}, "description": "When"},
            },
            "required": ["number"],
        },
    },
}


@dataclass(frozen=True)
class RealTemplate:
    """What index.toml says of one template; see there."""

    name: str
    model: str
    licence: str
    package: str
    path: str
    eos: str
    bos: str = ""
    ends: tuple[str, ...] = ()
    control: tuple[str, ...] = ()
    closes: tuple[str, ...] = ()
    history: str = ""
    left_open: bool = False
    marks: str = ""
    unsaid: tuple[str, ...] = ()
    tools: bool = False
    calls: int = 2
    asked: dict[str, Any] = field(default_factory=dict)

    @property
    def end_signs(self) -> tuple[str, ...]:
        return (self.eos, *self.ends)

    def folder(self, made_in: Path, template: str = "") -> Path:
        """A model folder with this template, or with another file of the same text."""
        folder = made_in / (template or self.name)
        folder.mkdir()
        tokenizer = Tokenizer.from_str(_trained())
        literals = dict.fromkeys(filter(None, (self.bos, *self.end_signs, *self.control)))
        tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in literals])
        tokenizer.save(str(folder / "tokenizer.json"))
        config = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": self.eos}
        config |= {"bos_token": self.bos} if self.bos else {}
        ends = [tokenizer.token_to_id(sign) for sign in self.end_signs]
        _write(folder / "tokenizer_config.json", config)
        _write(folder / "generation_config.json", {"eos_token_id": ends})
        source = REAL / f"{template or self.name}.jinja"
        (folder / "chat_template.jinja").write_bytes(source.read_bytes())
        return folder


@cache
def real_templates() -> dict[str, RealTemplate]:
    index = tomllib.loads((REAL / "index.toml").read_text(encoding="utf-8"))
    return {name: RealTemplate(name, **_frozen(entry)) for name, entry in index.items()}


def _frozen(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")


@cache
def _trained() -> str:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=360, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(WORDS, trainer)
    return tokenizer.to_str()
