"""What a model folder tells, and which folders are refused with which sentence."""

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tunedesk import paths
from tunedesk.errors import UserError
from tunedesk.template.find_models import default_model_roots, find_models, resolve_model
from tunedesk.template.model_folder import read_model_folder

LLAMA = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 32,
    "vocab_size": 100,
    "max_position_embeddings": 512,
}
EMBEDDING = {"model.embed_tokens.weight": [100, 8]}
CARD = "---\ntags:\n- chat\nlicense: apache-2.0\n---\n# A model\n"


def write_weights(path: Path, shapes: dict[str, list[int]]) -> None:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    position = 0
    for name, shape in shapes.items():
        size = 2 * shape[0] * shape[1]
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [position, position + size]}
        position += size
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(position))


@pytest.fixture
def make_model(tmp_path: Path, tokenizer_json: str) -> Callable[..., Path]:
    """make_model("name", key=value, ...) -> a whole model folder; the keys go into config.json (None
    takes one out).
    """

    def make(name: str = "tiny", folder: Path | None = None, **changes: object) -> Path:
        made = folder or tmp_path / name
        made.mkdir(parents=True)
        config = {key: value for key, value in {**LLAMA, **changes}.items() if value is not None}
        (made / "config.json").write_text(json.dumps(config), encoding="utf-8")
        (made / "tokenizer.json").write_text(tokenizer_json, encoding="utf-8")
        (made / "README.md").write_text(CARD, encoding="utf-8")
        write_weights(made / "model.safetensors", EMBEDDING)
        return made

    return make


MakeModel = Callable[..., Path]


def refusal(folder: Path) -> str:
    with pytest.raises(UserError) as caught:
        read_model_folder(folder)
    return caught.value.sentence


def test_a_folder_tells_architecture_size_context_and_licence(make_model: MakeModel) -> None:
    model = read_model_folder(make_model())
    assert (model.name, model.architecture, model.context) == ("tiny", "LlamaForCausalLM", 512)
    assert (model.parameters, model.weight_bytes) == (800, 1600)
    assert model.license == "apache-2.0"
    assert (model.shape.layers, model.shape.heads, model.shape.kv_heads, model.shape.head_dim) == (2, 4, 2, 2)
    assert model.shape.tied
    assert not model.has_template
    assert not model.is_practice


def test_an_output_matrix_of_its_own_means_not_tied(make_model: MakeModel) -> None:
    folder = make_model()
    write_weights(folder / "model.safetensors", {**EMBEDDING, "lm_head.weight": [100, 8]})
    model = read_model_folder(folder)
    assert (model.shape.tied, model.parameters) == (False, 1600)


def test_weights_in_several_files_are_added_up(make_model: MakeModel) -> None:
    folder = make_model()
    (folder / "model.safetensors").unlink()
    write_weights(folder / "model-00001-of-00002.safetensors", EMBEDDING)
    write_weights(folder / "model-00002-of-00002.safetensors", {"model.norm.weight": [8, 8]})
    parts = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": parts}), encoding="utf-8")
    assert read_model_folder(folder).parameters == 864
    (folder / "model-00002-of-00002.safetensors").unlink()
    assert "lacks the weight file model-00002" in refusal(folder)


def test_an_index_may_not_point_outside_its_folder(make_model: MakeModel) -> None:
    folder = make_model()
    (folder / "model.safetensors").unlink()
    index = {"weight_map": {"a": "../other/model.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    assert "outside the folder" in refusal(folder)


def test_the_text_part_of_a_larger_model_counts(make_model: MakeModel) -> None:
    sizes = {key: value for key, value in LLAMA.items() if isinstance(value, int)}
    nested = make_model(
        architectures=["Gemma3ForConditionalGeneration"], text_config=sizes, **dict.fromkeys(sizes)
    )
    assert read_model_folder(nested).shape.layers == 2


def test_older_names_of_sizes_are_understood(make_model: MakeModel) -> None:
    old = {
        "n_embd": 8,
        "n_layer": 3,
        "n_head": 2,
        "n_positions": 256,
        "architectures": ["GPT2LMHeadModel"],
    }
    model = read_model_folder(make_model(**{**dict.fromkeys(LLAMA), "vocab_size": 100, **old}))
    assert (model.shape.layers, model.shape.intermediate, model.context) == (3, 32, 256)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"auto_map": {"AutoModelForCausalLM": "modeling.Evil"}}, "auto_map"),
        ({"trust_remote_code": True}, "trust_remote_code"),
        ({"architectures": ["BertForMaskedLM"]}, "BertForMaskedLM"),
        ({"is_encoder_decoder": True}, "does not write on"),
        ({"quantization_config": {"quant_method": "gptq"}}, "already quantised (gptq)"),
        ({"num_local_experts": 8}, "a mixture of 8 experts"),
        ({"text_config": {"num_experts": 64}}, "a mixture of 64 experts"),
        ({"hidden_size": None}, "does not say hidden_size"),
        ({"num_attention_heads": 0}, "num_attention_heads = 0"),
        ({"vocab_size": "many"}, "vocab_size = 'many'"),
    ],
)
def test_models_that_cannot_be_tuned_are_refused_with_the_key(
    make_model: MakeModel, changes: dict[str, object], words: str
) -> None:
    assert words in refusal(make_model(**changes))


def test_code_in_the_tokenizers_settings_is_refused_too(make_model: MakeModel) -> None:
    folder = make_model()
    (folder / "tokenizer_config.json").write_text(
        '{"auto_map": {"AutoTokenizer": ["x.Y", null]}}', encoding="utf-8"
    )
    assert "tokenizer_config.json" in refusal(folder)


def test_pickled_weights_alone_are_refused(make_model: MakeModel) -> None:
    folder = make_model()
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert "pickle (pytorch_model.bin)" in refusal(folder)


def test_missing_pieces_are_named(make_model: MakeModel, tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "nowhere")
    file = tmp_path / "file"
    file.write_text("x")
    assert "is a file" in refusal(file)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "no config.json" in refusal(empty)
    without_weights = make_model("bare")
    (without_weights / "model.safetensors").unlink()
    assert "no weights" in refusal(without_weights)
    without_tokenizer = make_model("mute")
    (without_tokenizer / "tokenizer.json").unlink()
    assert "no tokenizer.json" in refusal(without_tokenizer)
    adapter = make_model("adapter")
    (adapter / "adapter_config.json").write_text("{}")
    assert "an adapter" in refusal(adapter)


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"\xff\xfe", b'{"hidden_size": NaN}'])
def test_a_damaged_config_is_named(make_model: MakeModel, damage: bytes) -> None:
    folder = make_model()
    (folder / "config.json").write_bytes(damage)
    assert "config.json" in refusal(folder)


def test_weights_that_were_cut_short_are_noticed(make_model: MakeModel) -> None:
    folder = make_model()
    whole = (folder / "model.safetensors").read_bytes()
    for length in (0, 5, 60, len(whole) - 1):
        (folder / "model.safetensors").write_bytes(whole[:length])
        assert "model.safetensors is damaged" in refusal(folder)


def test_the_licence_comes_from_the_card_or_the_licence_file(make_model: MakeModel) -> None:
    folder = make_model()
    for card, expected in (
        ("---\nlicense: other\nlicense_name: tongyi\n---\n", "tongyi"),
        ("---\nlicense:\n- mit\n---\n", "mit"),
        ("no front matter", ""),
    ):
        (folder / "README.md").write_text(card, encoding="utf-8")
        assert read_model_folder(folder).license == expected
    (folder / "LICENSE").write_text("  Apache License\n  Version 2.0, January 2004\n", encoding="utf-8")
    assert read_model_folder(folder).license == "apache-2.0"


def test_models_are_found_in_folders_children_and_the_hub_cache(
    make_model: MakeModel, tmp_path: Path
) -> None:
    make_model(folder=tmp_path / "mine" / "alpha")
    broken = make_model(folder=tmp_path / "mine" / "broken", auto_map={"a": "b"})
    (tmp_path / "mine" / "notes").mkdir()
    repository = tmp_path / "hub" / "models--org--beta"
    make_model(folder=repository / "snapshots" / "old", max_position_embeddings=1)
    make_model(folder=repository / "snapshots" / "new", max_position_embeddings=2)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("new")
    single = make_model(folder=tmp_path / "gamma")
    folders = [tmp_path / "mine", tmp_path / "hub", single, single, tmp_path / "absent"]
    found = find_models(folders)
    assert [(model.name, model.context) for model in found.models] == [
        ("alpha", 512),
        ("gamma", 512),
        ("org/beta", 2),
    ]
    assert [path for path, _ in found.refused] == [broken]
    assert "auto_map" in found.refused[0][1]
    assert resolve_model("ORG/beta", folders) == repository / "snapshots" / "new"


def test_the_hub_cache_is_looked_for_where_huggingface_puts_it(tmp_path: Path) -> None:
    for environment, expected in (
        ({"HF_HUB_CACHE": str(tmp_path / "a")}, tmp_path / "a"),
        ({"HF_HOME": str(tmp_path / "b")}, tmp_path / "b" / "hub"),
        ({"XDG_CACHE_HOME": str(tmp_path / "c")}, tmp_path / "c" / "huggingface" / "hub"),
        ({}, Path.home() / ".cache" / "huggingface" / "hub"),
    ):
        assert default_model_roots(environment)[1] == expected


def test_a_model_is_named_by_path_or_starter(make_model: MakeModel) -> None:
    folder = make_model()
    assert resolve_model(str(folder)) == folder
    assert resolve_model("starter") == paths.starter_model()
    with pytest.raises(UserError, match="no model alpah") as caught:
        resolve_model("alpah", [make_model("alpha")])
    assert "alpha" in caught.value.hint


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="rights do not bind this user")
def test_a_folder_that_may_not_be_read_is_skipped(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o000)
    assert find_models([closed]).models == ()
