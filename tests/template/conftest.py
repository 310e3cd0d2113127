"""Small model folders for the template tests: a byte-level tokenizer trained here, and hand-written
templates.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from tokenizers.processors import TemplateProcessing

from tunedesk.dataset.example import Example, example_of

CONTROL = (
    "<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|header|>", "<|endheader|>", "<|eot|>", "<start_of_turn>",
    "<end_of_turn>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>",
)  # fmt: skip
WORDS = [
    "The parcel has not arrived, please look into it. Hello, our delivery team will trace the parcel.",
    "system user assistant model You answer in one short sentence. Good morning! Thank you very much.",
    "[INST] [/INST] <think> </think> What is the capital of France? Paris is the capital of France.",
]
MakeFolder = Callable[..., Path]


@pytest.fixture(scope="session")
def tokenizer_json() -> str:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=420,
        special_tokens=list(CONTROL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(WORDS * 20, trainer)
    start = ("<s>", tokenizer.token_to_id("<s>"))
    tokenizer.post_processor = TemplateProcessing(single="<s> $A", special_tokens=[start])
    return tokenizer.to_str()


@pytest.fixture(scope="session")
def make_folder(tokenizer_json: str, tmp_path_factory: pytest.TempPathFactory) -> MakeFolder:
    """make_folder(template text or None, eos_token=..., **tokenizer_config) -> a folder with
    tokenizer files.
    """

    def make(template: str | None = None, eos_token: str = "</s>", **config: object) -> Path:
        folder = tmp_path_factory.mktemp("model")
        (folder / "tokenizer.json").write_text(tokenizer_json, encoding="utf-8")
        settings = {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": "<s>",
            "eos_token": eos_token,
            "pad_token": {"__type": "AddedToken", "content": "</s>", "special": True, "normalized": False},
            **config,
        }
        (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
        if template is not None:
            (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
        return folder

    return make


@pytest.fixture(scope="session")
def family(make_folder: MakeFolder) -> Callable[[str], Path]:
    """family("chatml") -> the model folder with that template."""
    made: dict[str, Path] = {}

    def folder(name: str) -> Path:
        if name not in made:
            source = Path(__file__).parent / "templates" / f"{name}.jinja"
            made[name] = make_folder(source.read_text(encoding="utf-8"))
        return made[name]

    return folder


def chat(*turns: tuple[str, str], weights: dict[int, int] | None = None) -> Example:
    """chat(("user", "Hi"), ("assistant", "Hello")); weights by index of the turn."""
    messages: list[dict[str, object]] = [{"role": role, "content": content} for role, content in turns]
    for index, weight in (weights or {}).items():
        messages[index]["weight"] = weight
    return example_of({"messages": messages})


@pytest.fixture
def make_chat() -> Callable[..., Example]:
    return chat
