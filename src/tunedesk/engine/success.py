"""When a training counts as a success: judged on the adapter that will be used, not on the loss."""

from collections.abc import Sequence
from typing import Any

import torch

from tunedesk.engine.data import Data
from tunedesk.engine.evaluate import evaluation_mode
from tunedesk.engine.examples import Trainable
from tunedesk.engine.sample import greedy_answers
from tunedesk.engine.splitting import in_halves_that_fit
from tunedesk.errors import UserError
from tunedesk.template.chat_template import ChatTemplate

PROMPTS_TRIED = 4
LONGEST_TRY = 512


def answer_limit(data: Data, context: int) -> int:
    """Tokens an answer may have: half as many again as the longest one in the data."""
    return max(16, min(LONGEST_TRY, context // 2, data.longest_answer * 3 // 2 + 8))


def check_success(
    model: Any, weights: torch.Tensor, initial: torch.Tensor, template: ChatTemplate, data: Data, context: int
) -> None:
    """UserError says why the run has failed. weights, initial: the adapter as one vector, now and at
    first.
    """
    if not bool(torch.isfinite(weights).all()):
        raise UserError(
            "The adapter holds values that are not finite.",
            hint="Lower learning_rate and start a new run.",
            exit_code=1,
        )
    if bool(torch.equal(weights.to(initial.device), initial)):
        raise UserError(
            "The training changed nothing: the adapter is as it was at first.",
            hint="Raise learning_rate or epochs and start a new run.",
            exit_code=1,
        )
    if not stops_by_itself(model, data.valid or data.train, template, answer_limit(data, context)):
        raise UserError(
            "The tuned model does not end its answers: it wrote on until it was stopped.",
            hint="Start a new run: with more steps or a higher learning_rate if the loss was still falling, "
            "with a lower one if it rose.",
            exit_code=1,
        )


def stops_by_itself(
    model: Any, examples: Sequence[Trainable], template: ChatTemplate, most_tokens: int
) -> bool:
    """Whether the answer to one of the first few prompts ends with an end-of-turn token."""
    prompts = [example.prompt for example in examples[:PROMPTS_TRIED] if example.prompt]
    if not prompts:
        return True
    with evaluation_mode(model):
        answers = in_halves_that_fit(
            prompts, lambda some: greedy_answers(model, some, template.end_ids, template.pad_id, most_tokens)
        )
    return any(answer.stopped for answer in answers)
