"""What the benchmarked trainers share: the task they are given, the model they load, and what they tell."""

import json
import resource
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

BEGAN = time.time()


@dataclass(frozen=True)
class Task:
    """The same for every engine. rows: JSON lines with `ids` and `labels` (-100: not trained).

    chats: the same rows as messages, for the engine that renders them itself. model: a folder.
    """

    model: str
    rows: str
    chats: str
    output: str
    sequences: int
    rank: int
    alpha: int
    learning_rate: float
    max_length: int
    row_tokens: int
    seed: int

    @staticmethod
    def given() -> "Task":
        return Task(**json.loads(Path(sys.argv[1]).read_text()))

    def examples(self) -> list[dict[str, list[int]]]:
        return [json.loads(line) for line in Path(self.rows).read_text().splitlines()]


@dataclass(frozen=True)
class Told:
    """tokens: useful ones (no padding) that were trained on within cpu_seconds and seconds; losses: of each
    step. first_step: seconds from the process's start to the end of the first step.
    """

    tokens: int
    cpu_seconds: float
    seconds: float
    first_step: float
    losses: list[float]

    def tell(self) -> None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({**asdict(self), "peak_bytes": peak}))


def four_bit_model(task: Task) -> Any:
    """The base model in NF4, doubly quantised; on a processor every engine computes in float32."""
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    gpu = torch.cuda.is_available()
    kind = torch.bfloat16 if gpu else torch.float32
    four_bits = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=kind,
    )
    return AutoModelForCausalLM.from_pretrained(
        task.model,
        quantization_config=four_bits,
        device_map={"": 0 if gpu else "cpu"},
        dtype=kind,
        local_files_only=True,
    )


def lora(task: Task) -> Any:
    from peft import LoraConfig

    return LoraConfig(
        r=task.rank,
        lora_alpha=task.alpha,
        lora_dropout=0.0,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )


def watch(kind: type) -> Any:
    """A callback of transformers' that notes when steps end and what they lost. kind: TrainerCallback."""

    class Watch(kind):  # type: ignore[misc]
        def __init__(self) -> None:
            self.began = self.ended = (0.0, 0.0)
            self.first = 0.0
            self.losses: list[float] = []

        def on_train_begin(self, *_: Any, **__: Any) -> None:
            self.began = time.process_time(), time.perf_counter()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            self.ended = time.process_time(), time.perf_counter()
            self.first = self.first or time.time() - BEGAN

        def on_log(self, *_: Any, logs: dict[str, float] | None = None, **__: Any) -> None:
            if logs and "loss" in logs:
                self.losses.append(logs["loss"])

        def told(self, tokens: int) -> Told:
            cpu, wall = (end - start for start, end in zip(self.began, self.ended, strict=True))
            return Told(tokens, cpu, wall, self.first, self.losses)

    return Watch()


def trainer_settings(task: Task) -> dict[str, Any]:
    """What every training by transformers' arguments gets: the same steps, rates and nothing on the side."""
    import torch

    gpu = torch.cuda.is_available()
    return {
        "output_dir": task.output,
        "per_device_train_batch_size": task.sequences,
        "num_train_epochs": 1,
        "learning_rate": task.learning_rate,
        "lr_scheduler_type": "constant",
        "warmup_steps": 0,
        "weight_decay": 0.0,
        "max_grad_norm": 1.0,
        "optim": "adamw_torch",
        "logging_steps": 1,
        "report_to": [],
        "save_strategy": "no",
        "disable_tqdm": True,
        "seed": task.seed,
        "use_cpu": not gpu,
        "bf16": gpu,
    }
