"""The writing of tokens: a batch gives what single rows give, ends are kept, draws follow their seed."""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from tests.tiny_adapter import write_tiny_adapter
from tests.tiny_model import write_tiny_model
from tunedesk.engine.generate_tokens import Answer, choose, write
from tunedesk.engine.generate_voices import Voices
from tunedesk.errors import UserError
from tunedesk.runs.digests import model_digest
from tunedesk.runs.generation import Load, Reason, Sampling, Voice

PROMPTS = ["red", "what is the cat of the dog", "hello blue bird says yes", "no", "one two three " * 9]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    model = write_tiny_model(tmp_path_factory.mktemp("model"))
    return model, write_tiny_adapter(tmp_path_factory.mktemp("adapter"), model)


@pytest.fixture(scope="module", params=["nf4", "none"])
def voices(folders: tuple[Path, Path], request: pytest.FixtureRequest) -> Voices:
    return Voices(Load(str(folders[0]), str(folders[1]), request.param, threads=1))


def answers(voices: Voices, texts: Sequence[str], who: Sequence[Voice], limit: int = 12) -> list[Answer]:
    return [
        Answer(number, voice, voices.template.encode(text), limit, "length", random.Random(number))
        for number, text in enumerate(texts)
        for voice in who
    ]


def run(
    voices: Voices, batch: list[Answer], settings: Sampling, ends: frozenset[int] = frozenset()
) -> list[list[int]]:
    for _ in write(
        voices.forward,
        batch,
        settings,
        cache=voices.new_cache(),
        end_ids=ends,
        pad_id=voices.template.pad_id,
        device=voices.device,
        cancelled=lambda: False,
    ):
        pass
    return [answer.written for answer in batch]


@pytest.mark.parametrize("settings", [Sampling(), Sampling(temperature=1.5, top_p=0.9)])
def test_a_batch_of_both_voices_gives_the_tokens_of_single_rows(voices: Voices, settings: Sampling) -> None:
    together = run(voices, answers(voices, PROMPTS, ("base", "tuned")), settings)
    alone = [run(voices, [row], settings)[0] for row in answers(voices, PROMPTS, ("base", "tuned"))]
    assert together == alone


def test_the_two_voices_differ_and_the_base_voice_is_the_model_without_adapter(
    voices: Voices, folders: tuple[Path, Path]
) -> None:
    base, tuned = run(voices, answers(voices, PROMPTS[:1], ("base", "tuned")), Sampling())
    plain = Voices(Load(str(folders[0]), None, voices.request.quantization))
    assert base != tuned
    assert run(plain, answers(plain, PROMPTS[:1], ("base",)), Sampling()) == [base]


def test_greedy_tokens_are_those_of_a_pass_over_the_whole_text(voices: Voices) -> None:
    (written,) = run(voices, answers(voices, PROMPTS[1:2], ("tuned",)), Sampling())
    ids = list(voices.template.encode(PROMPTS[1]))
    for token in written:
        logits = voices.forward(["tuned"], input_ids=torch.tensor([ids]))
        assert int(logits[0].argmax()) == token
        ids.append(token)


def test_an_end_token_ends_its_row_alone_and_is_not_kept(voices: Voices) -> None:
    free = run(voices, answers(voices, PROMPTS, ("tuned",)), Sampling(temperature=1.5))
    end = free[0][3]
    batch = answers(voices, PROMPTS, ("tuned",))
    ended = run(voices, batch, Sampling(temperature=1.5), frozenset({end}))
    for row, whole, answer in zip(ended, free, batch, strict=True):
        stop = whole.index(end) if end in whole else len(whole)
        expected: Reason = "end" if end in whole else "length"
        assert (row, answer.reason) == (whole[:stop], expected)


def test_a_cancel_between_two_tokens_keeps_what_was_written(voices: Voices) -> None:
    batch = answers(voices, PROMPTS[:2], ("base",))
    seen: list[int] = []
    for _ in write(
        voices.forward,
        batch,
        Sampling(),
        cache=voices.new_cache(),
        end_ids=frozenset(),
        pad_id=0,
        device=voices.device,
        cancelled=lambda: len(seen) >= 6,
    ):
        seen.append(1)
    assert [(len(answer.written), answer.reason) for answer in batch] == [(3, "cancelled"), (3, "cancelled")]


def test_the_same_seed_draws_the_same_tokens_and_another_one_others(voices: Voices) -> None:
    def drawn(seed: int) -> list[int]:
        row = Answer(0, "tuned", voices.template.encode("red"), 20, "length", random.Random(seed))
        return run(voices, [row], Sampling(temperature=1.5))[0]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_an_adapter_can_be_exchanged_and_taken_back(folders: tuple[Path, Path], tmp_path: Path) -> None:
    model, first = folders
    voices = Voices(Load(str(model), str(first), "none"))
    before = run(voices, answers(voices, PROMPTS[:2], ("tuned",)), Sampling())
    other = write_tiny_adapter(tmp_path / "other", model, seed=9, rank=8)
    voices.switch(Load(str(model), str(other), "none"))
    assert run(voices, answers(voices, PROMPTS[:2], ("tuned",)), Sampling()) != before
    voices.switch(Load(str(model), str(first), "none"))
    assert run(voices, answers(voices, PROMPTS[:2], ("tuned",)), Sampling()) == before


def test_an_adapter_of_another_model_is_refused_with_both_names(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    wider = write_tiny_model(tmp_path / "wider", hidden=32, layers=1)
    with pytest.raises(UserError, match=r"does not fit the model wider"):
        Voices(Load(str(wider), str(folders[1]), "none"))


def test_a_model_that_was_changed_since_the_run_is_refused(folders: tuple[Path, Path]) -> None:
    model, adapter = map(str, folders)
    digest = model_digest(folders[0])
    Voices(Load(model, adapter, "none", digest=digest)).switch(Load(model, None, "none", digest=digest))
    with pytest.raises(UserError, match="was changed after this run"):
        Voices(Load(model, adapter, "none", digest="another"))


def test_pickled_adapter_weights_are_refused(folders: tuple[Path, Path], tmp_path: Path) -> None:
    adapter = tmp_path / "pickled"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text("{}")
    (adapter / "adapter_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(UserError, match=r"has no adapter_model\.safetensors"):
        Voices(Load(str(folders[0]), str(adapter), "none"))


def test_top_p_leaves_out_what_is_unlikely() -> None:
    logits = torch.log(torch.tensor([0.5, 0.3, 0.15, 0.05]))
    chance = random.Random(0)
    drawn = {choose(logits, Sampling(temperature=1.0, top_p=0.7), chance) for _ in range(200)}
    assert drawn == {0, 1}


def test_draws_follow_the_probabilities() -> None:
    logits = torch.log(torch.tensor([0.6, 0.1, 0.3]))
    chance = random.Random(0)
    drawn = [choose(logits, Sampling(temperature=1.0), chance) for _ in range(3000)]
    assert [drawn.count(token) / 3000 for token in range(3)] == pytest.approx([0.6, 0.1, 0.3], abs=0.03)
