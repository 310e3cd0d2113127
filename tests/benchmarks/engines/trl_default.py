"""TRL's SFTTrainer as it comes, but for what the task demands: the same examples, masks, LoRA and steps."""

from typing import Any

import torch
from common import Task, four_bit_model, lora, trainer_settings, watch
from datasets import Dataset
from transformers import AutoTokenizer, TrainerCallback
from trl import SFTConfig, SFTTrainer


def train(task: Task, **more: Any) -> None:
    torch.manual_seed(task.seed)
    rows = task.examples()
    columns = {"input_ids": [row["ids"] for row in rows], "labels": [row["labels"] for row in rows]}
    watched = watch(TrainerCallback)
    settings = SFTConfig(**trainer_settings(task), max_length=task.max_length, **more)
    trainer = SFTTrainer(
        model=four_bit_model(task),
        args=settings,
        train_dataset=Dataset.from_dict(columns),
        processing_class=AutoTokenizer.from_pretrained(task.model),
        peft_config=lora(task),
        callbacks=[watched],
    )
    trainer.train()
    trainer.model.save_pretrained(f"{task.output}/adapter")
    watched.told(sum(len(row["ids"]) for row in rows)).tell()


if __name__ == "__main__":
    train(Task.given())
