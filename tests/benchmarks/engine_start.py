"""Starting the engine until its first step is done, against importing the same libraries and loading alone.

python tests/benchmarks/engine_start.py [--rounds 3] [--json]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import psutil

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src"))

from tunedesk import paths  # noqa: E402
from tunedesk.dataset.files import read_rows  # noqa: E402
from tunedesk.runs.events import Started, Step  # noqa: E402
from tunedesk.runs.hyperparameters import Hyperparameters  # noqa: E402
from tunedesk.runs.places import this_computer  # noqa: E402
from tunedesk.runs.places.engine_command import engine_command  # noqa: E402
from tunedesk.runs.places.this_computer import ENVIRONMENT  # noqa: E402
from tunedesk.runs.places.warm_engine import WarmEngine  # noqa: E402
from tunedesk.runs.requests import RunRequest, prepare_run  # noqa: E402
from tunedesk.runs.run_folder import RunFolder  # noqa: E402

# What anybody would write to have the model in memory, ready to be trained.
ALONE = """
import sys, torch, bitsandbytes
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, BitsAndBytesConfig
four_bits = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True)
model = AutoModelForCausalLM.from_pretrained(
    sys.argv[1], quantization_config=four_bits, device_map={"": "cpu"}, dtype=torch.float32,
    local_files_only=True, use_safetensors=True, trust_remote_code=False)
get_peft_model(model, LoraConfig(target_modules="all-linear", task_type="CAUSAL_LM"))
"""


def timed(command: list[str], *, check: bool) -> tuple[float, float]:
    """Wall and processor seconds of a process."""
    before, began = psutil.Process().cpu_times(), time.perf_counter()
    environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": str(ROOT / "src")}
    subprocess.run(command, check=check, env=environment, capture_output=True)
    wall, after = time.perf_counter() - began, psutil.Process().cpu_times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, spent


def alone() -> tuple[float, float]:
    return timed([sys.executable, "-c", ALONE, str(paths.starter_model())], check=True)


def request_in(folder: Path) -> RunRequest:
    """One short step that is no success: what is timed lies before its end."""
    sample = paths.sample_project() / "datasets"
    rows = [raw for _, raw in read_rows(sample / "heldout.jsonl")]
    return RunRequest(
        runs_dir=folder,
        dataset=sample / "heldout.jsonl",
        train=rows,
        model=paths.starter_model(),
        hyperparameters=Hyperparameters(max_steps=1, batch_size=1, max_length=512),
    )


def engine(folder: Path) -> tuple[float, float]:
    """Wall seconds from the process's start to the end of the first step; CPU seconds of the one-step run."""
    request = request_in(folder)
    run = prepare_run(request)
    _, spent = timed([*engine_command(), "train", str(run.path)], check=False)
    return to_first_step(run), spent


def to_first_step(run: RunFolder) -> float:
    """Seconds from the engine's start, or from its order, to the end of the first step."""
    events = run.read_events()
    started = next(event for event in events if isinstance(event, Started))
    step = next(event for event in events if isinstance(event, Step))
    return started.seconds + step.time - started.time


def waiting_engine(folder: Path) -> float:
    """The same by an engine that has its imports done."""
    warm = WarmEngine(ENVIRONMENT)
    warm.prepare()
    if not warm.wait_until_ready(120):
        raise SystemExit("the waiting engine did not get ready")
    run = prepare_run(replace(request_in(folder), name=f"warm-{time.time_ns()}"))
    this_computer.start(run, warm)
    info = run.process()
    assert info is not None
    psutil.Process(info.pid).wait()
    warm.close()
    return to_first_step(run)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    plain, ours, warm = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(chosen.rounds):
            plain.append(alone())
            ours.append(engine(Path(folder)))
            warm.append(waiting_engine(Path(folder)))
    figures = {
        "alone_seconds": median(wall for wall, _ in plain),
        "alone_cpu_seconds": median(spent for _, spent in plain),
        "seconds_to_first_step": median(wall for wall, _ in ours),
        "run_cpu_seconds": median(spent for _, spent in ours),
    }
    figures["warm_seconds_to_first_step"] = median(warm)
    figures["warm_ratio"] = figures["warm_seconds_to_first_step"] / figures["alone_seconds"]
    figures["ratio"] = figures["seconds_to_first_step"] / figures["alone_seconds"]
    figures["cpu_ratio"] = figures["run_cpu_seconds"] / figures["alone_cpu_seconds"]
    print(f"{'':34}{'wall s':>9}{'CPU s':>9}")
    print(f"{'importing and loading':34}{figures['alone_seconds']:9.2f}{figures['alone_cpu_seconds']:9.2f}")
    first = figures["seconds_to_first_step"]
    print(
        f"{'engine, to the end of step 1':34}{first:9.2f}{figures['run_cpu_seconds']:9.2f}  (CPU: whole run)"
    )
    print(f"{'one that has waited':34}{figures['warm_seconds_to_first_step']:9.2f}")
    print(f"{'ratio':34}{figures['ratio']:9.2f}{figures['cpu_ratio']:9.2f}")
    if chosen.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
