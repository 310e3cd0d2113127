"""Values of every kind the wizard handles, for tests that need some."""

from dataclasses import replace
from pathlib import Path

from tunedesk.desktop.train.wizard import Choices, Forecast, Reading, SplitFacts
from tunedesk.plan.advice import recommend
from tunedesk.plan.audit import Audit, AuditFinding
from tunedesk.plan.facts import DataFacts
from tunedesk.plan.hardware import Hardware
from tunedesk.plan.memory import MemoryEstimate
from tunedesk.plan.time import TimeEstimate
from tunedesk.template.model_folder import ModelFolder, ModelShape


def a_model(name: str = "tiny", context: int = 1024) -> ModelFolder:
    return ModelFolder(
        path=Path("/models") / name,
        name=name,
        architecture="LlamaForCausalLM",
        shape=ModelShape(4, 64, 4, 2, 16, 128, 384, True),
        context=context,
        parameters=1_000_000,
        weight_bytes=4_000_000,
        license="apache-2.0",
        has_template=True,
        is_practice=False,
    )


def a_split(role: str = "train", rows: int = 300, **more: object) -> SplitFacts:
    return replace(SplitFacts(role, Path(f"/data/{role}.jsonl"), rows), **more)  # type: ignore[arg-type]


def a_reading(rows: int = 300) -> Reading:
    return Reading(DataFacts(rows=rows, valid_rows=30, tokens=[100] * rows, trained_tokens=40 * rows))


def some_hardware() -> Hardware:
    return Hardware(
        cpu_name="A processor", cpu_count=2, ram_total=16_000_000_000, ram_free=12_000_000_000, gpus=()
    )


def a_forecast() -> Forecast:
    memory = MemoryEstimate(weights=1, adapter=1, activations=1, loss=1, overhead=1)
    return Forecast(steps=114, memory=memory, time=TimeEstimate(60.0, "From a measurement."))


def an_audit(*findings: AuditFinding) -> Audit:
    return Audit(findings, rows=300, valid_rows=30, tokens=30_000, trained=12_000)


def ready_choices() -> Choices:
    """A wizard that may start."""
    reading, model, hardware = a_reading(), a_model(), some_hardware()
    return Choices(
        splits=(a_split(), a_split("valid", 30)),
        model=model,
        reading=reading,
        hardware=hardware,
        advice=recommend(reading.facts, model, hardware),
        forecast=a_forecast(),
        audit=an_audit(),
    )
