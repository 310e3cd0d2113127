"""Rows that TRL stops at or drops, with the starter model and its default of 1,024 tokens, are the linter's
errors for TRL; rows that it takes are not, but for those that it trains as nobody would want.
"""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.lint.differential.rows import CALLS, CHATS, Row, assistant, chat, codes, user
from tunedesk import paths
from tunedesk.dataset.parsing import parse_row
from tunedesk.lint.finding import Severity
from tunedesk.lint.rows import lint_row
from tunedesk.lint.targets import Target
from tunedesk.template.chat_template import ChatTemplate

pytest.importorskip("trl", reason="trl is not installed (extra: oracle)")
pytest.importorskip("datasets", reason="datasets is not installed (extra: oracle)")

LONG = "The parcel is late again. " * 1000
ROWS: dict[str, Row] = {
    **CHATS,
    "text": {"text": "Parcels come tomorrow."},
    "pair": {"prompt": "Where?", "completion": "There."},
    "pair of turns": {"prompt": [user()], "completion": [assistant()]},
    "pair with a system at the end": {
        "prompt": [{"role": "system", "content": "Be brief."}],
        "completion": [assistant()],
    },
    "no answer column": {"completion": "There."},
    "number as completion": {"prompt": "Where?", "completion": 5},
    "long answer": chat(user(), assistant(LONG)),
    "long question": {"prompt": LONG, "completion": "There."},
    "long question as turns": {"prompt": [user(LONG)], "completion": [assistant()]},
    "pair and more": {"prompt": "Where?", "completion": "There.", "id": 1},
}
# TRL takes these and trains them, but not as anybody would want; the linter calls that an error, too.
TRAINED_WRONGLY = {
    "no answer": "questions are trained like answers",
    "empty answer": "the end token alone is trained",
    "role of ShareGPT": "the model learns a role that it never meets",
    "role developer": "the same",
    "unknown role": "the same",
    "weight two": "weights are not looked at",
    "weight as text": "weights are not looked at",
    "no content": "the template writes nothing, or None",
    "null content": "the template writes nothing, or None",
    "number as content": "the template writes the number",
    "no role": "the template writes nothing for it",
    "long answer": "the end of the answer is cut",
}


@pytest.fixture(scope="module")
def prepare(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """TRL's own preparation of a data set, from SFTTrainer, with what it reads of a trainer and no model."""
    import datasets
    from transformers import AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    datasets.disable_progress_bars()
    datasets.disable_caching()
    folder = tmp_path_factory.mktemp("trl")
    arguments = SFTConfig(output_dir=str(folder), max_length=1024, use_cpu=True, bf16=False, report_to="none")
    tokenizer = AutoTokenizer.from_pretrained(str(paths.starter_model()))

    def run(row: Row, *, answers_only: bool = False, template: str | None = None) -> int:
        """How many rows are left; whatever TRL raises otherwise."""
        arguments.assistant_only_loss = answers_only
        trainer = SimpleNamespace(
            _tokenizer=tokenizer,
            chat_template=template,
            completion_only_loss="prompt" in row and "completion" in row,
        )
        made = datasets.Dataset.from_list([row])
        return len(SFTTrainer._prepare_dataset(trainer, made, tokenizer, arguments, False, None, "train"))

    return run


@pytest.fixture(scope="module")
def target() -> Target:
    return Target("trl", ChatTemplate.load(Path(paths.starter_model())), 1024)


def trl_takes(prepare: Any, row: Row) -> bool:
    try:
        return bool(prepare(row))
    except Exception:  # whatever the template, the tokenizer or pyarrow raises stops the run
        return False


def errors(row: Row, target: Target) -> set[str]:
    found = lint_row(parse_row(json.dumps(row).encode()), target)
    return {each.code for each in found if each.severity is Severity.ERROR}


@pytest.mark.parametrize("name", ROWS)
def test_trl_trains_what_has_no_error(name: str, prepare: Any, target: Target) -> None:
    row = ROWS[name]
    taken, found = trl_takes(prepare, row), errors(row, target)
    if name in TRAINED_WRONGLY and taken:
        assert found, TRAINED_WRONGLY[name]
    else:
        assert taken != bool(found), found


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": [user()]},
        {"prompt": [user()], "chosen": [assistant()], "rejected": [assistant("No idea.")]},
        {"chosen": [user(), assistant()], "rejected": [user(), assistant("No idea.")]},
        {"prompt": [user()], "completion": [assistant()], "label": True},
        {"prompt": [user()], "chosen": [assistant()]},
        {"chosen": [user(), assistant()]},
        {"completion": [assistant()], "label": True},
        {"prompt": [user()], "rejected": [assistant()]},
    ],
    ids=lambda row: "+".join(row),
)
def test_the_sets_of_keys_are_trls(row: Row) -> None:
    from transformers import AutoTokenizer
    from trl.data_utils import apply_chat_template

    tokenizer = AutoTokenizer.from_pretrained(str(paths.starter_model()))
    try:
        apply_chat_template(row, tokenizer)
        taken = True
    except KeyError:
        taken = False
    assert taken != bool(codes(row, "trl") & {"SCH001", "SCH003", "SCH010"}), codes(row, "trl")


@pytest.mark.parametrize("marked", [False, True])
def test_answers_alone_need_marks_in_the_template(marked: bool, prepare: Any, tmp_path: Path) -> None:
    said = "{% generation %}{{ m.content }}<|end|>{% endgeneration %}" if marked else "{{ m.content }}<|end|>"
    template = (
        "{% for m in messages %}<|{{ m.role }}|>{% if m.role == 'assistant' %}"
        f"{said}{{% else %}}{{{{ m.content }}}}<|end|>{{% endif %}}{{% endfor %}}"
    )
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(paths.starter_model() / name, tmp_path)
    (tmp_path / "chat_template.jinja").write_text(template)
    target = Target("trl", ChatTemplate.load(tmp_path), 1024, answers_only=True)
    found = errors(CHATS["plain"], target)
    if marked:
        assert prepare(CHATS["plain"], answers_only=True, template=template) == 1
        assert "TPL004" not in found
    else:
        with pytest.raises(RuntimeError, match="assistant_only_loss"):
            prepare(CHATS["plain"], answers_only=True, template=template)
        assert "TPL004" in found


def test_calls_as_text_are_quoted_twice_by_trl_and_an_error_here() -> None:
    assert "TLC002" in codes(CALLS["call and result"], "trl")
