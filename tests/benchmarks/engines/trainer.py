"""The plain Trainer, well set: lengths grouped, padded to the longest, nothing computed twice."""

import torch
from common import Task, four_bit_model, lora, trainer_settings, watch
from peft import get_peft_model
from transformers import Trainer, TrainerCallback, TrainingArguments


def padded(rows: list[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
    longest = max(len(row["input_ids"]) for row in rows)

    def filled(key: str, filling: int) -> torch.Tensor:
        return torch.tensor([row[key] + [filling] * (longest - len(row[key])) for row in rows])

    mask = torch.tensor(
        [[1] * len(row["input_ids"]) + [0] * (longest - len(row["input_ids"])) for row in rows]
    )
    return {"input_ids": filled("input_ids", 0), "labels": filled("labels", -100), "attention_mask": mask}


def main() -> None:
    task = Task.given()
    torch.manual_seed(task.seed)
    model = get_peft_model(four_bit_model(task), lora(task))
    for module in model.modules():  # its gradients would be wrong after an evaluation; there is none here
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
    rows = [{"input_ids": row["ids"], "labels": row["labels"]} for row in task.examples()]
    watched = watch(TrainerCallback)
    settings = TrainingArguments(
        **trainer_settings(task),
        train_sampling_strategy="group_by_length",
        gradient_checkpointing=False,
        remove_unused_columns=False,
    )
    Trainer(model=model, args=settings, train_dataset=rows, data_collator=padded, callbacks=[watched]).train()
    model.save_pretrained(f"{task.output}/adapter")
    watched.told(sum(len(row["input_ids"]) for row in rows)).tell()


if __name__ == "__main__":
    main()
