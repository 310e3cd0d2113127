"""Rebuilds the starter model: makes its texts, its tokenizer and its weights, and writes the model folder."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault(
    "OMP_WAIT_POLICY", "PASSIVE"
)  # two times faster when other programs use the processor too

import torch
from starter import tokenizer as tokenizers
from starter.training import Plan, new_model, train
from transformers import GenerationConfig

DEFAULT_OUT = Path(__file__).resolve().parent.parent / "resources" / "models" / "starter"
CARD = Path(__file__).resolve().parent / "starter" / "model_card.md"


def build(out: Path, plan: Plan, threads: int) -> float:
    """Writes the model folder `out` and returns the loss at the end of the training."""
    torch.set_num_threads(threads)
    out.mkdir(parents=True, exist_ok=True)
    tokenizer = tokenizers.build(plan.seed)
    model = new_model(tokenizer, plan.seed)
    loss = train(model, tokenizer, plan, report=lambda line: print(line, flush=True))
    tokenizers.save(tokenizer, out)
    model.generation_config = GenerationConfig(
        do_sample=False,
        max_new_tokens=128,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model.to(torch.bfloat16).save_pretrained(out, safe_serialization=True)
    shutil.copyfile(CARD, out / "README.md")
    return loss


def main() -> int:
    """Command line: where to write and how long to train."""
    plan = Plan()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="the model folder to write")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, default=plan.steps, help="training steps (repeatable)")
    length.add_argument("--minutes", type=float, help="train for this long instead (not repeatable)")
    parser.add_argument("--seed", type=int, default=plan.seed)
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    started = time.monotonic()
    loss = build(
        chosen.out, Plan(seed=chosen.seed, steps=chosen.steps, minutes=chosen.minutes), chosen.threads
    )
    print(f"loss {loss:.4f}, {time.monotonic() - started:.0f} s, written to {chosen.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
