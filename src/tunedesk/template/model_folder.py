"""What a folder says about the model in it: architecture, size, context, licence. It loads no weights and no
code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunedesk import paths
from tunedesk.errors import UserError
from tunedesk.template.licence import find_licence, front_matter
from tunedesk.template.model_files import find_chat_template, read_json_object
from tunedesk.template.safetensors_header import WeightFile, read_weight_file

_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_OLD_CONTEXT = 2048  # of models so old that their config names none (OPT, 2022)
_ENDLESS = 10_000_000  # transformers writes 1e30 as model_max_length where it knows none


@dataclass(frozen=True, slots=True)
class ModelShape:
    """Sizes of a decoder: counts of layers and heads, widths, and whether input and output share one
    matrix.
    """

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    vocab: int
    tied: bool


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """One model that can be tuned. context: tokens; parameters: values in its weights; weight_bytes: as
    stored.
    """

    path: Path
    name: str
    architecture: str
    shape: ModelShape
    context: int
    parameters: int
    weight_bytes: int
    license: str
    has_template: bool
    is_practice: bool


def read_model_folder(path: Path) -> ModelFolder:
    """UserError, with a next step, for a folder whose model cannot be tuned or may not be loaded."""
    config = _read_config(path)
    _refuse_foreign_code(path, config)
    _refuse_kind(path, config)
    weights = [read_weight_file(file) for file in _weight_files(path)]
    if not (path / "tokenizer.json").is_file():
        raise UserError(
            f"{path} has no tokenizer.json, so its text cannot be turned into tokens.",
            hint="Use a model folder that holds the fast tokenizer's file (save it once with transformers).",
        )
    decoder = _decoder_config(config)
    _refuse_experts(path, decoder)
    architectures = config.get("architectures")
    named = architectures if isinstance(architectures, list) else []
    return ModelFolder(
        path=path,
        name=model_name(path),
        architecture=str(named[0]) if named else str(config.get("model_type", "unknown")),
        shape=_shape(path, decoder, weights),
        context=_context(path, decoder),
        parameters=sum(file.parameters for file in weights),
        weight_bytes=sum(file.weight_bytes for file in weights),
        license=find_licence(path),
        has_template=find_chat_template(path) is not None,
        is_practice=_is_practice(path),
    )


def model_name(path: Path) -> str:
    """`organisation/model` for a folder of the Hugging Face cache, else the folder's own name."""
    repository = path.parent.parent
    if path.parent.name == "snapshots" and repository.name.startswith("models--"):
        return repository.name.removeprefix("models--").replace("--", "/")
    return path.resolve().name


def _read_config(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise UserError(
            f"The model folder {path} does not exist.", hint="Check the path, or choose another model."
        )
    if not path.is_dir():
        raise UserError(
            f"{path} is a file, not a model folder.", hint="Choose the folder that holds config.json."
        )
    if (path / "adapter_config.json").is_file():
        raise UserError(
            f"{path} holds an adapter, not a whole model.", hint="Choose the model it was trained on."
        )
    if (path / "config.json").is_file():
        return read_json_object(path / "config.json")
    if any(path.glob("*.gguf")):
        raise UserError(
            f"{path} holds only GGUF files, which cannot be tuned.", hint="Use the safetensors original."
        )
    raise UserError(
        f"{path} has no config.json, so it is not a model folder.", hint="Choose the folder that holds it."
    )


def _refuse_foreign_code(path: Path, config: Mapping[str, Any]) -> None:
    """Models that bring Python code are refused: nothing of a model folder is ever executed."""
    tokenizer = read_json_object(path / "tokenizer_config.json")
    for name, values in (("config.json", config), ("tokenizer_config.json", tokenizer)):
        for key in ("auto_map", "trust_remote_code"):
            if values.get(key):
                raise UserError(
                    f"{path / name} asks to run its author's Python code (key {key}); refused.",
                    hint="Choose a model of a standard architecture.",
                )


def _refuse_kind(path: Path, config: Mapping[str, Any]) -> None:
    architectures = config.get("architectures")
    names = [str(name) for name in architectures] if isinstance(architectures, list) else []
    writes_text = not names or any(
        name.endswith(("ForCausalLM", "ForConditionalGeneration", "LMHeadModel")) for name in names
    )
    if config.get("is_encoder_decoder") is True or not writes_text:
        raise UserError(
            f"{path} holds {names[0] if names else 'an encoder-decoder model'}, which does not write on.",
            hint="Choose a chat model or another decoder (an architecture that ends with ForCausalLM).",
        )
    quantised = config.get("quantization_config")
    if isinstance(quantised, dict):
        method = quantised.get("quant_method", "an unknown method")
        raise UserError(
            f"{path} is already quantised ({method}), so its weights cannot be read for tuning.",
            hint="Choose the original model; TuneDesk quantises it itself while loading.",
        )


def _refuse_experts(path: Path, decoder: Mapping[str, Any]) -> None:
    """A mixture keeps its experts in stacked weights, which LoRA on linear layers would pass over."""
    for key in ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts"):
        count = decoder.get(key)
        if isinstance(count, int) and count > 1:
            raise UserError(
                f"{path} is a mixture of {count} experts; only dense models can be tuned here.",
                hint="Choose a dense model of the same family.",
            )


def _weight_files(path: Path) -> list[Path]:
    """The files that from_pretrained would load; UserError when they are missing or pickles."""
    index = path / "model.safetensors.index.json"
    single = path / "model.safetensors"
    if single.is_file():
        return [single]
    if index.is_file():
        return _shards(path, index)
    pickles = sorted(file.name for pattern in _PICKLES for file in path.glob(pattern))
    if pickles:
        raise UserError(
            f"{path} has its weights only as a pickle ({pickles[0]}), which can run code when it is loaded; "
            "this is refused.",
            hint="Get the model as safetensors.",
        )
    raise UserError(
        f"{path} holds no weights (model.safetensors).", hint="Finish copying or downloading the model."
    )


def _shards(path: Path, index: Path) -> list[Path]:
    weight_map = read_json_object(index).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise UserError(f"{index} names no weight files.", hint="Copy or download the model again.")
    names = sorted({str(name) for name in weight_map.values()})
    for name in names:
        if Path(name).name != name or "\\" in name:
            raise UserError(f"{index} names the file {name}, which lies outside the folder; this is refused.")
        if not (path / name).is_file():
            raise UserError(
                f"{path} lacks the weight file {name}.", hint="Finish copying or downloading the model."
            )
    return [path / name for name in names]


def _decoder_config(config: dict[str, Any]) -> dict[str, Any]:
    """The text part of a model that also sees or hears."""
    for key in ("text_config", "llm_config", "language_config"):
        nested = config.get(key)
        if isinstance(nested, dict):
            return nested
    return config


def _shape(path: Path, config: Mapping[str, Any], weights: list[WeightFile]) -> ModelShape:
    hidden = _number(path, config, "hidden_size", "n_embd", "d_model")
    heads = _number(path, config, "num_attention_heads", "n_head", "num_heads")
    names = frozenset[str]().union(*(file.names for file in weights))
    return ModelShape(
        layers=_number(path, config, "num_hidden_layers", "n_layer", "num_layers"),
        hidden=hidden,
        heads=heads,
        kv_heads=_number(path, config, "num_key_value_heads", default=heads),
        head_dim=_number(path, config, "head_dim", default=hidden // heads),
        intermediate=_number(path, config, "intermediate_size", "n_inner", "ffn_dim", default=4 * hidden),
        vocab=_number(path, config, "vocab_size"),
        # A shared matrix is stored once; configs leave the key out where it has its default.
        tied=not any(name.endswith(("lm_head.weight", "embed_out.weight")) for name in names),
    )


def _number(path: Path, config: Mapping[str, Any], *names: str, default: int | None = None) -> int:
    """The first of the names that is set; UserError when none is and there is no default."""
    for name in names:
        value = config.get(name)
        if value is None:
            continue
        if type(value) is not int or value <= 0:
            raise UserError(f"{path / 'config.json'} has {name} = {value!r}, which is no size.")
        return value
    if default is None:
        raise UserError(
            f"{path / 'config.json'} does not say {names[0]}.",
            hint="TuneDesk does not know this kind of model.",
        )
    return default


def _context(path: Path, config: Mapping[str, Any]) -> int:
    for name in ("max_position_embeddings", "n_positions", "max_sequence_length", "max_seq_len"):
        value = config.get(name)
        if type(value) is int and value > 0:
            return value
    limit = read_json_object(path / "tokenizer_config.json").get("model_max_length")
    return int(limit) if isinstance(limit, (int, float)) and 0 < limit < _ENDLESS else _OLD_CONTEXT


def _is_practice(path: Path) -> bool:
    """TuneDesk's starter model, wherever it was copied to: its model card carries the tag
    `practice-model`.
    """
    return "practice-model" in front_matter(path) or path.resolve() == _starter()


def _starter() -> Path | None:
    try:
        return paths.starter_model().resolve()
    except FileNotFoundError:
        return None
