"""The starter model's folder is complete, honest and loads like any other; its build script works."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import build_sample
import build_starter
import pytest
import torch
from sample import phrases
from starter import tokenizer as starter_tokenizer
from starter.corpus import Chat, chats
from starter.training import Plan
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

from tunedesk import paths

STARTER = paths.resources() / "models" / "starter"
CHAT = [
    {"role": "system", "content": "You answer in simple English."},
    {"role": "user", "content": "Who bought the lamp?\nMaria bought a lamp for 42 euros."},
    {"role": "assistant", "content": "Maria."},
    {"role": "user", "content": "Thank you!"},
    {"role": "assistant", "content": "You are welcome."},
]


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerBase:
    return AutoTokenizer.from_pretrained(STARTER, local_files_only=True)


@pytest.fixture(scope="module")
def model() -> Any:
    return AutoModelForCausalLM.from_pretrained(STARTER, local_files_only=True, dtype=torch.float32).eval()


def answer(model: Any, tokenizer: PreTrainedTokenizerBase, *messages: dict[str, str]) -> tuple[str, bool]:
    """The model's greedy answer and whether it ended its turn by itself."""
    ids = tokenizer.apply_chat_template(
        list(messages), add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    written = model.generate(**ids, max_new_tokens=60, do_sample=False)[0, ids["input_ids"].shape[1] :]
    return tokenizer.decode(written, skip_special_tokens=True), tokenizer.eos_token_id in written.tolist()


def test_the_folder_is_complete_and_holds_no_pickle() -> None:
    names = {path.name for path in STARTER.iterdir()}
    assert names == {
        "README.md",
        "chat_template.jinja",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }


def test_the_folder_is_small() -> None:
    assert sum(path.stat().st_size for path in STARTER.iterdir()) < 15_000_000


def test_the_card_says_that_it_is_a_practice_model_and_how_it_is_rebuilt() -> None:
    card = (STARTER / "README.md").read_text("utf-8")
    assert "practice model" in card
    assert "python packaging/build_starter.py" in card
    assert "Apache-2.0" in card


def test_the_card_gives_the_right_number_of_parameters(model: Any) -> None:
    told = re.search(r"parameters \| ([\d.]+) million", (STARTER / "README.md").read_text("utf-8"))
    assert told and float(told[1]) == round(model.num_parameters() / 1e6, 1)


def test_it_has_2_to_6_million_parameters_and_widths_that_fit_nf4_blocks(model: Any) -> None:
    assert 2e6 <= model.num_parameters() <= 6e6
    linear = [module for module in model.modules() if isinstance(module, torch.nn.Linear)]
    assert all(module.in_features % 64 == 0 and module.out_features % 64 == 0 for module in linear)
    assert model.config.max_position_embeddings == 1024


def test_special_tokens_are_single_tokens_and_nothing_is_put_in_front(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    for token in ("<|system|>", "<|user|>", "<|assistant|>", "<|end|>", "<|pad|>"):
        assert len(tokenizer(token)["input_ids"]) == 1
    assert tokenizer.eos_token == "<|end|>"
    assert tokenizer.pad_token == "<|pad|>"
    assert tokenizer("Hello")["input_ids"] == tokenizer("Hello", add_special_tokens=False)["input_ids"]


def test_the_model_ends_with_the_end_of_turn(model: Any, tokenizer: PreTrainedTokenizerBase) -> None:
    assert model.generation_config.eos_token_id == tokenizer.eos_token_id
    assert model.config.pad_token_id == tokenizer.pad_token_id


@pytest.mark.parametrize(
    "text",
    [
        "Hello Maria, invoice 4821 is paid.",
        "  two spaces, a\ttab\nand a line  ",
        '{"name": "Anna", "city": "Rome"}',
        "Grüße aus Köln, 東京 und Москва 🙂\u200b\u2028",
        "",
    ],
)
def test_text_comes_back_unchanged_from_its_tokens(tokenizer: PreTrainedTokenizerBase, text: str) -> None:
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_the_plain_tokenizers_library_makes_the_same_ids(tokenizer: PreTrainedTokenizerBase) -> None:
    plain = Tokenizer.from_file(str(STARTER / "tokenizer.json"))
    text = starter_tokenizer.render(Chat("Be short.", (("How are you?", "Fine, thank you."),)))
    assert plain.encode(text, add_special_tokens=False).ids == tokenizer(text)["input_ids"]


def test_the_template_renders_the_roles_as_the_pretraining_did(tokenizer: PreTrainedTokenizerBase) -> None:
    chat = Chat(CHAT[0]["content"], tuple((CHAT[n]["content"], CHAT[n + 1]["content"]) for n in (1, 3)))
    assert tokenizer.apply_chat_template(CHAT, tokenize=False) == starter_tokenizer.render(chat)


def test_the_template_marks_answers_with_their_end_for_training(tokenizer: PreTrainedTokenizerBase) -> None:
    encoded = tokenizer.apply_chat_template(CHAT, return_dict=True, return_assistant_tokens_mask=True)
    trained = [i for i, mask in zip(encoded["input_ids"], encoded["assistant_masks"], strict=True) if mask]
    assert tokenizer.decode(trained) == "Maria.<|end|>You are welcome.<|end|>"


def test_the_prompt_is_the_beginning_of_the_whole_chat(tokenizer: PreTrainedTokenizerBase) -> None:
    prompt = tokenizer.apply_chat_template(CHAT[:2], add_generation_prompt=True, return_dict=True)[
        "input_ids"
    ]
    whole = tokenizer.apply_chat_template(CHAT, return_dict=True)["input_ids"]
    assert whole[: len(prompt)] == prompt
    assert tokenizer.decode(prompt).endswith("<|assistant|>")


def test_the_template_stands_in_both_places(tokenizer: PreTrainedTokenizerBase) -> None:
    config = json.loads((STARTER / "tokenizer_config.json").read_text("utf-8"))
    assert config["chat_template"] == (STARTER / "chat_template.jinja").read_text("utf-8")


def test_the_template_refuses_a_role_that_it_does_not_know(tokenizer: PreTrainedTokenizerBase) -> None:
    with pytest.raises(Exception, match="not human"):
        tokenizer.apply_chat_template([{"role": "human", "content": "Hello"}], tokenize=False)


def test_it_answers_a_greeting_and_stops(model: Any, tokenizer: PreTrainedTokenizerBase) -> None:
    said, ended = answer(model, tokenizer, {"role": "user", "content": "Hello!"})
    assert ended
    assert said.startswith(("Hello", "Hi"))


def test_it_answers_a_question_about_a_text(model: Any, tokenizer: PreTrainedTokenizerBase) -> None:
    text = "On Monday Clara bought a kettle in Lyon for 25 euros. Who bought the kettle?"
    said, ended = answer(model, tokenizer, {"role": "user", "content": text})
    assert ended
    assert "Clara" in said


def test_it_calls_itself_a_practice_model(model: Any, tokenizer: PreTrainedTokenizerBase) -> None:
    said, _ = answer(model, tokenizer, {"role": "user", "content": "Who are you?"})
    assert "practice" in said


def test_it_cannot_do_the_sample_task_before_tuning(model: Any, tokenizer: PreTrainedTokenizerBase) -> None:
    rows = [json.loads(line)["messages"] for line in build_sample.build().heldout[:12]]
    right = sum(routes_like(answer(model, tokenizer, *row[:2])[0], row[2]["content"]) for row in rows)
    assert right / len(rows) < 0.2


def routes_like(said: str, wanted: str) -> bool:
    try:
        got = json.loads(said)
    except ValueError:
        return False
    route = json.loads(wanted)
    return isinstance(got, dict) and all(got.get(key) == route[key] for key in ("category", "urgency"))


def test_a_row_of_the_sample_is_short_and_the_over_long_one_does_not_fit(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    sample = build_sample.build()
    lengths = [length(tokenizer, row) for row in build_sample.mended_rows(sample)]
    assert max(lengths) < 200
    too_long = next(item.row for item in sample.planted if item.fault.code == "TOK001")
    assert length(tokenizer, json.loads(sample.train[too_long - 1])) > 1024


def length(tokenizer: PreTrainedTokenizerBase, row: Any) -> int:
    return len(tokenizer.apply_chat_template(row["messages"], return_dict=True)["input_ids"])


def test_the_pretraining_texts_hold_nothing_of_the_sample() -> None:
    sample = (
        *(problem.text for group in phrases.PROBLEMS.values() for problem in group),
        *(text for group in phrases.PRESSURE.values() for text in group),
        *phrases.ACTIONS.values(),
        *phrases.PROMISES.values(),
    )
    runs = {run for text in sample for part in re.split(r"\{\w+\}", text) for run in runs_of_words(part, 6)}
    seen = "\n".join(
        message["content"]
        for share in (0.0, 0.3)
        for chat in itertools.islice(chats(1, share), 4000)
        for message in chat.messages()
    )
    assert len(runs) > 200
    assert not [run for run in runs if run in seen]
    assert not [text for text in sample if text in seen]
    assert '"category"' not in seen and '"urgency"' not in seen and "Northlight" not in seen


def runs_of_words(text: str, length: int) -> list[str]:
    words = text.split()
    return [" ".join(words[start : start + length]) for start in range(len(words) - length + 1)]


def test_the_texts_are_the_same_for_the_same_seed() -> None:
    first, again, other = (list(itertools.islice(chats(seed), 50)) for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_the_committed_tokenizer_is_the_one_that_the_script_makes(tmp_path: Path) -> None:
    starter_tokenizer.save(starter_tokenizer.build(Plan().seed), tmp_path)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        assert (tmp_path / name).read_text("utf-8") == (STARTER / name).read_text("utf-8"), name


def test_a_short_rebuild_makes_a_model_that_loads(tmp_path: Path) -> None:
    build_starter.build(tmp_path, Plan(steps=3, polish_steps=2, tokens=256), threads=1)
    rebuilt = AutoModelForCausalLM.from_pretrained(tmp_path, local_files_only=True)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in STARTER.iterdir()}
    assert all(torch.isfinite(weight).all() for weight in rebuilt.parameters())
    _, _ = answer(rebuilt, tokenizer, {"role": "user", "content": "Hello!"})
