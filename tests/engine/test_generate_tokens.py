"""The writing of tokens: a batch gives what single rows give, ends are kept, draws follow their seed."""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from tests.tiny_adapter import write_tiny_adapter
from tests.tiny_model import write_tiny_model
from tunedesk.engine.generate_tokens import Answer, Batch, choose
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


def answers(
    voices: Voices,
    texts: Sequence[str],
    who: Sequence[Voice],
    settings: Sampling = Sampling(),
    limit: int = 12,
) -> list[Answer]:
    return [
        Answer(number, voice, voices.template.encode(text), limit, "length", random.Random(number), settings)
        for number, text in enumerate(texts)
        for voice in who
    ]


def batch_of(voices: Voices, rows: Sequence[Answer], ends: frozenset[int] = frozenset()) -> Batch:
    return Batch(
        voices.forward,
        rows,
        new_cache=voices.new_cache,
        end_ids=ends,
        pad_id=voices.template.pad_id,
        device=voices.device,
    )


def run(voices: Voices, rows: list[Answer], ends: frozenset[int] = frozenset()) -> list[list[int]]:
    batch = batch_of(voices, rows, ends)
    while batch.live:
        batch.step()
    return [answer.written for answer in rows]


@pytest.mark.parametrize("settings", [Sampling(), Sampling(temperature=1.5, top_p=0.9)])
def test_a_batch_of_both_voices_gives_the_tokens_of_single_rows(voices: Voices, settings: Sampling) -> None:
    together = run(voices, answers(voices, PROMPTS, ("base", "tuned"), settings))
    rows = answers(voices, PROMPTS, ("base", "tuned"), settings)
    alone = [run(voices, [row])[0] for row in rows]
    assert together == alone


def test_the_two_voices_differ_and_the_base_voice_is_the_model_without_adapter(
    voices: Voices, folders: tuple[Path, Path]
) -> None:
    base, tuned = run(voices, answers(voices, PROMPTS[:1], ("base", "tuned")))
    plain = Voices(Load(str(folders[0]), None, voices.request.quantization))
    assert base != tuned
    assert run(plain, answers(plain, PROMPTS[:1], ("base",))) == [base]


def test_greedy_tokens_are_those_of_a_pass_over_the_whole_text(voices: Voices) -> None:
    (written,) = run(voices, answers(voices, PROMPTS[1:2], ("tuned",)))
    ids = list(voices.template.encode(PROMPTS[1]))
    for token in written:
        logits = voices.forward(["tuned"], input_ids=torch.tensor([ids]))
        assert int(logits[0].argmax()) == token
        ids.append(token)


def test_an_end_token_ends_its_row_alone_and_is_not_kept(voices: Voices) -> None:
    warm = Sampling(temperature=1.5)
    free = run(voices, answers(voices, PROMPTS, ("tuned",), warm))
    end = free[0][3]
    batch = answers(voices, PROMPTS, ("tuned",), warm)
    ended = run(voices, batch, frozenset({end}))
    for row, whole, answer in zip(ended, free, batch, strict=True):
        stop = whole.index(end) if end in whole else len(whole)
        expected: Reason = "end" if end in whole else "length"
        assert (row, answer.reason) == (whole[:stop], expected)


def test_an_answer_that_is_ended_between_two_tokens_keeps_what_was_written(voices: Voices) -> None:
    rows = answers(voices, PROMPTS[:2], ("base",))
    batch = batch_of(voices, rows)
    for _ in range(3):
        batch.step()
    rows[0].reason = "cancelled"
    while batch.live:
        batch.step()
    assert [(len(row.written), row.reason) for row in rows] == [(3, "cancelled"), (12, "length")]


@pytest.mark.parametrize("settings", [Sampling(), Sampling(temperature=1.5, top_p=0.9)])
def test_answers_that_join_later_and_outlive_others_are_what_they_are_alone(
    voices: Voices, settings: Sampling
) -> None:
    def rows() -> list[Answer]:
        made = answers(voices, PROMPTS, ("base", "tuned"), settings)
        for number, row in enumerate(made):
            row.limit = 4 + 3 * number
        return made

    alone = [run(voices, [row])[0] for row in rows()]
    together = rows()
    host = batch_of(voices, together[:2])
    for number, row in enumerate(together[2:]):
        for _ in range(number % 3 + 1):
            host.step()
        guest = batch_of(voices, [row])
        assert not host.can_join(guest), "its prompt is not read"
        guest.step()
        assert host.can_join(guest)
        host.join(guest)
    while host.live:
        host.step()
    assert [row.written for row in together] == alone


def test_a_batch_that_rows_join_and_leave_for_ever_does_not_grow(voices: Voices) -> None:
    widths = []
    host = batch_of(voices, answers(voices, ["red"], ("base",), limit=6))
    host.step()
    for _ in range(30):
        host.step()
        guest = batch_of(voices, answers(voices, ["no"], ("base",), limit=6))
        guest.step()
        host.join(guest)
        widths.append(host.columns)
    assert max(widths[10:]) == max(widths[:10]) <= 16


def test_the_chances_of_a_token_are_those_of_the_model_before_temperature(voices: Voices) -> None:
    (row,) = answers(voices, PROMPTS[1:2], ("tuned",), Sampling(temperature=2.0))
    row.likeliest = 3
    logits = voices.forward(["tuned"], input_ids=torch.tensor([list(row.ids)]))[0]
    (written,) = batch_of(voices, [row]).step()
    logs = torch.log_softmax(logits.float(), -1)
    assert written.token is not None and written.chances is not None
    assert written.chances.logprob == pytest.approx(float(logs[written.token]), abs=1e-4)
    assert [token for token, _ in written.chances.likeliest] == logs.topk(3).indices.tolist()


def test_the_same_seed_draws_the_same_tokens_and_another_one_others(voices: Voices) -> None:
    def drawn(seed: int) -> list[int]:
        ids = voices.template.encode("red")
        row = Answer(0, "tuned", ids, 20, "length", random.Random(seed), Sampling(temperature=1.5))
        return run(voices, [row])[0]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_an_adapter_can_be_exchanged_and_taken_back(folders: tuple[Path, Path], tmp_path: Path) -> None:
    model, first = folders
    voices = Voices(Load(str(model), str(first), "none"))
    before = run(voices, answers(voices, PROMPTS[:2], ("tuned",)))
    other = write_tiny_adapter(tmp_path / "other", model, seed=9, rank=8)
    voices.switch(Load(str(model), str(other), "none"))
    assert run(voices, answers(voices, PROMPTS[:2], ("tuned",))) != before
    voices.switch(Load(str(model), str(first), "none"))
    assert run(voices, answers(voices, PROMPTS[:2], ("tuned",))) == before


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


@pytest.mark.parametrize("top_p", [1.0, 0.999, 0.9, 0.3, 1e-9])
@pytest.mark.parametrize("flatness", [0.2, 3.0, 20.0])
def test_a_draw_from_a_large_vocabulary_is_that_of_sorting_all_of_it(top_p: float, flatness: float) -> None:
    """Also where the first few hundred tokens are not enough."""
    generator = torch.Generator().manual_seed(5)
    settings = Sampling(temperature=1.0, top_p=top_p)
    for seed in range(40):
        logits = torch.randn(5000, generator=generator) * 5 / flatness
        ordered, ids = torch.softmax(logits, -1).sort(descending=True)
        total = ordered.cumsum(-1)
        total = total[: int((total < top_p).sum()) + 1]
        point = random.Random(seed).random() * float(total[-1])
        expected = int(ids[int((total < point).sum())])
        assert choose(logits, settings, random.Random(seed)) == expected
