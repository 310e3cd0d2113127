"""Unsloth's way to the same task; it needs a GPU, and an environment of its own."""

import unsloth  # noqa: F401  # isort: skip  (it must come before what it patches)

import torch
from common import Task, trainer_settings, watch
from datasets import Dataset
from transformers import TrainerCallback
from trl import SFTConfig, SFTTrainer
from unsloth import FastLanguageModel


def main() -> None:
    task = Task.given()
    torch.manual_seed(task.seed)
    model, tokenizer = FastLanguageModel.from_pretrained(
        task.model, max_seq_length=task.max_length, load_in_4bit=True, local_files_only=True
    )
    names = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    model = FastLanguageModel.get_peft_model(
        model, r=task.rank, lora_alpha=task.alpha, lora_dropout=0, target_modules=names
    )
    rows = task.examples()
    columns = {"input_ids": [row["ids"] for row in rows], "labels": [row["labels"] for row in rows]}
    watched = watch(TrainerCallback)
    settings = SFTConfig(**trainer_settings(task), max_length=task.max_length)
    SFTTrainer(
        model=model,
        args=settings,
        train_dataset=Dataset.from_dict(columns),
        processing_class=tokenizer,
        callbacks=[watched],
    ).train()
    model.save_pretrained(f"{task.output}/adapter")
    watched.told(sum(len(row["ids"]) for row in rows)).tell()


if __name__ == "__main__":
    main()
