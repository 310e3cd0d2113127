"""The loss of the trained tokens without ever holding all their logits.

The head is frozen, so all that the backward pass needs of it is the gradient of the hidden states, and that
is known as soon as the logits are: it is made in the forward pass, piece by piece, and the logits are gone.
That costs two products with the head; keeping or recomputing the logits would cost as much or more.
"""

from typing import Any, NamedTuple

import torch

from tunedesk.engine.loss import compute_context, forward_arguments, same_logits, trained_logits
from tunedesk.engine.packing import MicroBatch

PIECE_BYTES = 32 << 20
"""Float32 logits that are held at once; on a processor small pieces also stay near its caches."""
FEWEST_ROWS = 16


class Head(NamedTuple):
    """How a decoder turns hidden states into logits: scale * (hidden @ weight.T + bias), softly capped.

    weight: [vocab, hidden]. cap: logits become cap * tanh(logits / cap); 0: none.
    """

    weight: torch.Tensor
    bias: torch.Tensor | None
    scale: float = 1.0
    cap: float = 0.0

    def logits(self, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Float32 logits, [tokens, vocab], and the tangent of them that a cap has taken."""
        raw = torch.nn.functional.linear(hidden.to(self.weight.dtype), self.weight, self.bias).float()
        if self.scale != 1.0:
            raw *= self.scale
        if not self.cap:
            return raw, None
        tangent = raw.div_(self.cap).tanh_()
        return tangent * self.cap, tangent

    def hidden_gradient(self, logits: torch.Tensor, tangent: torch.Tensor | None) -> torch.Tensor:
        """The gradient of the hidden states from that of the logits, which is overwritten."""
        if tangent is not None:
            logits *= tangent.square_().neg_().add_(1)
        if self.scale != 1.0:
            logits *= self.scale
        return logits.to(self.weight.dtype) @ self.weight


def head_of(model: Any) -> Head:
    """The head of a decoder of transformers, after what the families write in their configurations."""
    layer = model.get_output_embeddings()
    config = model.config.get_text_config()
    scale = getattr(config, "logit_scale", None) or 1 / (getattr(config, "logits_scaling", None) or 1.0)
    cap = getattr(config, "final_logit_softcapping", None) or 0.0
    return Head(layer.weight, getattr(layer, "bias", None), float(scale), float(cap))


class _TokenLosses(torch.autograd.Function):
    """Cross-entropy of each token, [tokens], from hidden states, [tokens, hidden]."""

    @staticmethod
    def forward(ctx: Any, hidden: torch.Tensor, targets: torch.Tensor, head: Head) -> torch.Tensor:
        wanted = ctx.needs_input_grad[0]
        losses = torch.empty(len(targets), dtype=torch.float32, device=hidden.device)
        gradient = torch.empty_like(hidden) if wanted else None
        rows = max(FEWEST_ROWS, PIECE_BYTES // (4 * len(head.weight)))
        for start in range(0, len(targets), rows):
            piece = slice(start, start + rows)
            logits, tangent = head.logits(hidden[piece])
            normaliser = logits.logsumexp(dim=1)
            wanted_tokens = targets[piece, None]
            losses[piece] = normaliser - logits.gather(1, wanted_tokens)[:, 0]
            if gradient is not None:
                # d loss / d logits = softmax(logits) - one(target)
                slope = logits.sub_(normaliser[:, None]).exp_()
                slope.scatter_add_(1, wanted_tokens, slope.new_full(wanted_tokens.shape, -1.0))
                gradient[piece] = head.hidden_gradient(slope, tangent)
        if gradient is not None:
            ctx.save_for_backward(gradient)
        return losses

    @staticmethod
    def backward(ctx: Any, *upstream: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * upstream[0].to(gradient.dtype)[:, None], None, None


def losses_from_hidden(hidden: torch.Tensor, targets: torch.Tensor, head: Head) -> torch.Tensor:
    """Cross-entropy of each token in nats, [tokens], float32.

    hidden: [tokens, hidden], the head's input at the predicting positions. targets: token ids, [tokens].
    """
    losses: torch.Tensor = _TokenLosses.apply(hidden, targets, head)
    return losses


def fused_token_losses(model: Any, batch: MicroBatch) -> torch.Tensor:
    """`TokenLosses` in pieces; only for a model that `reason_against` has nothing against."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    with compute_context(batch.ids.device):
        hidden = base.get_decoder()(**forward_arguments(batch)).last_hidden_state[0]
        return losses_from_hidden(hidden[batch.predictors], batch.targets, head_of(base))


@torch.no_grad()
def reason_against(model: Any, batch: MicroBatch) -> str:
    """Why the loss cannot be fused, "" when it can. batch: a few tokens on which both ways are compared.

    Comparing finds every peculiarity of a head that no list of families could.
    """
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    layer = base.get_output_embeddings()
    if type(layer) is not torch.nn.Linear:
        return f"its head is of the class {type(layer).__name__}"
    if any(parameter.requires_grad for parameter in layer.parameters()):
        return "its head is trained too"
    if not hasattr(base, "get_decoder"):
        return "its decoder cannot be told from its head"
    with compute_context(batch.ids.device):
        hidden = base.get_decoder()(**forward_arguments(batch)).last_hidden_state[0]
        ours, _ = head_of(base).logits(hidden[batch.predictors])
        theirs = trained_logits(model, batch).float()
    if not same_logits(theirs, ours, next(base.parameters()).dtype):
        return "its head does more than this way knows"
    return ""
