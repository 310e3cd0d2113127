"""Every number a person may choose for a run, with its bounds and its sentence of help; it knows no job."""

import re
import typing
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from tunedesk.errors import UserError


class Hyperparameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every number a person may choose. Each field's description is the sentence the wizard shows."""

    seed: Annotated[int, Meta(ge=0, lt=2**31, description="The same seed and data give the same run.")] = 1
    epochs: Annotated[
        float,
        Meta(gt=0, le=1000, description="How often the training reads each example; 3 suits most data sets."),
    ] = 3.0
    max_steps: Annotated[
        int, Meta(ge=0, description="Stop after this many optimizer steps; 0 means as the epochs say.")
    ] = 0
    batch_size: Annotated[
        int,
        Meta(ge=1, le=4096, description="Examples per optimizer step; smaller learns faster but noisier."),
    ] = 16
    micro_batch_tokens: Annotated[
        int,
        Meta(ge=16, description="Tokens computed at once; less needs less memory and changes nothing else."),
    ] = 2048
    learning_rate: Annotated[
        float,
        Meta(gt=0, le=1, description="The size of each step at its highest; too high makes the loss jump."),
    ] = 2e-4
    schedule: Annotated[
        Literal["cosine", "linear", "constant"],
        Meta(description="How the learning rate falls after the warm-up; cosine and linear end at zero."),
    ] = "cosine"
    warmup_ratio: Annotated[
        float,
        Meta(ge=0, lt=1, description="The share of the steps in which the learning rate rises from zero."),
    ] = 0.05
    weight_decay: Annotated[
        float, Meta(ge=0, le=1, description="How strongly adapter weights are pulled to zero; 0 suits LoRA.")
    ] = 0.0
    max_grad_norm: Annotated[
        float,
        Meta(
            gt=0,
            le=1_000_000,
            description="Longer gradients are shortened to this length, so one bad batch cannot harm.",
        ),
    ] = 1.0
    prompt_loss_weight: Annotated[
        float,
        Meta(
            ge=0, le=1, description="What a token of the prompt counts beside one of the answer; 0 is usual."
        ),
    ] = 0.0
    beta: Annotated[
        float,
        Meta(
            gt=0,
            le=10,
            description="Preferences only: how strongly the answers are pulled apart (ORPO) or "
            "held near the start (DPO).",
        ),
    ] = 0.1
    lora_rank: Annotated[
        int, Meta(ge=1, le=1024, description="The adapter's size; 16 is right up to about 5,000 examples.")
    ] = 16
    lora_alpha: Annotated[
        int, Meta(ge=1, le=8192, description="How strongly the adapter speaks; twice the rank is customary.")
    ] = 32
    rslora: Annotated[
        bool, Meta(description="Scale by alpha / sqrt(rank): keeps high ranks (64 and more) effective.")
    ] = False
    dora: Annotated[
        bool, Meta(description="Learn the weights' lengths too: a little better at low ranks, 25 % slower.")
    ] = False
    lora_dropout: Annotated[
        float,
        Meta(ge=0, lt=1, description="Share of adapter inputs dropped at random; 0.05 helps tiny data sets."),
    ] = 0.0
    max_length: Annotated[
        int, Meta(ge=8, description="Tokens of an example after which it is cut; cut examples are listed.")
    ] = 1024
    wholly_cut_rows: Annotated[
        Literal["fail", "skip"],
        Meta(
            description="What to do with examples whose answer lies wholly behind the cut: fail or skip them."
        ),
    ] = "fail"
    quantization: Annotated[
        Literal["nf4", "none"],
        Meta(description="nf4 keeps the base model in 4 bits and saves memory; none keeps it as it is."),
    ] = "nf4"
    eval_steps: Annotated[
        int, Meta(ge=0, description="Steps between two validations; 0 means about eight in a run.")
    ] = 0
    checkpoint_steps: Annotated[
        int, Meta(ge=0, description="Steps between two checkpoints; 0 means with each validation.")
    ] = 0
    keep_checkpoints: Annotated[
        int,
        Meta(ge=1, le=1000, description="How many of the newest checkpoints stay; the best one always does."),
    ] = 2
    checkpoint_minutes: Annotated[
        float,
        Meta(
            ge=0,
            le=100_000,
            description="A checkpoint also after so many minutes without one; 0 means never.",
        ),
    ] = 10.0
    early_stopping: Annotated[
        int,
        Meta(ge=0, description="End after so many validations without a better one; 0 means never."),
    ] = 0
    activations: Annotated[
        Literal["auto", "keep", "recompute", "offload"],
        Meta(
            description="What happens to activations until the backward pass: kept, computed again, or kept "
            "in main memory; auto takes the fastest that fits."
        ),
    ] = "auto"
    optimizer: Annotated[
        Literal["adamw", "adamw_8bit"],
        Meta(description="adamw_8bit keeps the optimizer's memory in 8 bits: 6 bytes less a trained weight."),
    ] = "adamw"
    packing: Annotated[
        bool, Meta(description="Short examples share a row, each seeing only itself: faster, same result.")
    ] = True
    fused_loss: Annotated[
        bool, Meta(description="Compute the loss in pieces and never hold all logits: less memory.")
    ] = True
    fused_lora: Annotated[
        bool, Meta(description="Compute base and adapter in one function that keeps less: faster.")
    ] = True
    attention: Annotated[
        Literal["auto", "segments", "varlen", "mask"],
        Meta(description="How packed examples are kept apart; auto takes the fastest for model and device."),
    ] = "auto"
    threads: Annotated[
        int, Meta(ge=0, le=1024, description="Processor cores to use; 0 means all physical ones.")
    ] = 0

    def problems(self) -> list[str]:
        """One sentence for each field whose value is outside its bounds; empty when all is well."""
        found = []
        for name, kind in _field_types().items():
            try:
                msgspec.convert(getattr(self, name), kind)
            except msgspec.ValidationError as error:
                found.append(f"{name}: {in_plain_words(error)}.")
        return found


def field_names() -> list[str]:
    """The hyperparameters' names in the order the wizard shows them."""
    return list(Hyperparameters.__struct_fields__)


def describe(name: str) -> str:
    """The sentence of help of one hyperparameter; KeyError for a name that does not exist."""
    for meta in typing.get_args(_field_types()[name])[1:]:
        if isinstance(meta, Meta) and meta.description:
            return meta.description
    return ""


def with_settings(base: Hyperparameters, settings: Sequence[str]) -> Hyperparameters:
    """Apply "key=value" texts in order; UserError names the unknown key or the value that does not fit."""
    changes: dict[str, Any] = {}
    kinds = _field_types()
    for setting in settings:
        key, equals, text = setting.partition("=")
        key = key.strip()
        if not equals:
            raise UserError(f"“{setting}” is not of the form key=value.", hint="For example: epochs=2")
        if key not in kinds:
            raise UserError(f"There is no setting “{key}”.", hint=_closest(key, list(kinds)))
        try:
            changes[key] = msgspec.convert(text.strip(), kinds[key], strict=False)
        except msgspec.ValidationError as error:
            raise UserError(
                f"{key}={text.strip()} does not fit: {_wanted(kinds[key], error)} is expected.",
                hint=describe(key),
            ) from error
    return msgspec.structs.replace(base, **changes)


def _field_types() -> dict[str, Any]:
    return typing.get_type_hints(Hyperparameters, include_extras=True)


def _wanted(kind: Any, error: msgspec.ValidationError) -> str:
    """What a setting may be, in a reader's words: from the bound that was missed, or from its kind."""
    base = typing.get_args(kind)[0]
    if typing.get_origin(base) is Literal:
        return f"one of {', '.join(typing.get_args(base))}"
    if base is bool:
        return "true or false"
    number = "a whole number" if base is int else "a number"
    bound = re.search(r"[<>]=? -?[\d.]+", str(error))
    return f"{number} {bound.group().removesuffix('.0')}" if bound else number


def in_plain_words(error: Exception) -> str:
    """msgspec's sentence in a reader's words: no `$.`, no back ticks, first letter small, no full stop."""
    text = str(error).replace("`", "").replace("$.", "").removesuffix(".")
    text = re.sub(r" - at \$$", "", text)
    return text[:1].lower() + text[1:]


def _closest(key: str, names: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(key, names, n=1)
    return f"Did you mean {near[0]}?" if near else f"The settings are: {', '.join(names)}."
