"""`tunedesk plan`: what a run will need and what it will learn from, before it is made."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from msgspec.structs import asdict

from tunedesk.cli.output import duration, print_json, print_table, progress
from tunedesk.cli.train import request_from
from tunedesk.plan.advice import Recommendation, recommend
from tunedesk.plan.audit import Audit, audit
from tunedesk.plan.audit_rows import audit_rows
from tunedesk.plan.disk import run_bytes
from tunedesk.plan.facts import DataFacts
from tunedesk.plan.fitting import Change, in_words, smallest_change
from tunedesk.plan.hardware import Hardware, disk_free, find_hardware
from tunedesk.plan.limits import Caution, cautions
from tunedesk.plan.memory import MemoryEstimate, MemoryPlan, estimate_memory
from tunedesk.plan.readiness import Obstacle, model_obstacles
from tunedesk.plan.time import TimeEstimate, estimate_seconds
from tunedesk.runs.dry_run_report import DryRunReport
from tunedesk.runs.hyperparameters import Hyperparameters
from tunedesk.runs.places.engine_plan import count_memory
from tunedesk.runs.planning import memory_plan, tokens_read, total_steps
from tunedesk.runs.requests import RunRequest
from tunedesk.template.chat_template import ChatTemplate
from tunedesk.template.model_folder import ModelFolder, read_model_folder


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is known of a run before it is made.

    memory: by the formula; counted: by the engine's dry run, where that was asked. needed_disk, free_disk:
    bytes.
    """

    request: RunRequest
    model: ModelFolder
    facts: DataFacts
    hardware: Hardware
    advised: Recommendation
    cautions: tuple[Caution, ...]
    memory_plan: MemoryPlan
    memory: MemoryEstimate
    counted: DryRunReport | None
    changes: tuple[Change, ...]
    time: TimeEstimate
    needed_disk: int
    free_disk: int
    audit: Audit
    obstacles: tuple[Obstacle, ...]

    @property
    def settings(self) -> Hyperparameters:
        return self.request.hyperparameters

    @property
    def steps(self) -> int:
        return total_steps(self.facts.rows, self.settings)

    @property
    def free(self) -> int:
        return self.hardware.free_for_training

    @property
    def needed(self) -> int:
        """Bytes: counted where that was asked for."""
        return self.counted.total if self.counted else self.memory.total

    @property
    def fits(self) -> bool:
        return self.needed <= self.free

    @property
    def has_disk(self) -> bool:
        return self.needed_disk <= self.free_disk

    @property
    def blocked(self) -> bool:
        return bool(self.audit.blocking or self.obstacles) or not (self.fits and self.has_disk)


def plan(arguments: argparse.Namespace) -> int:
    """0: the run can start; 1: something blocks it; 2 (UserError): it cannot even be planned."""
    found = plan_of(arguments)
    if arguments.json:
        print_json(as_object(found))
    else:
        show(found)
    return 1 if found.blocked else 0


def plan_of(arguments: argparse.Namespace) -> Plan:
    request, facts = request_from(arguments)
    settings, hardware = request.hyperparameters, find_hardware()
    model = read_model_folder(request.model)
    advised = recommend(facts, model, hardware, request.method)
    needs = memory_plan(model, settings, facts, hardware, request.method)
    free = hardware.free_for_training
    counted = count_memory(model, settings, needs, request.method) if arguments.exact else None
    return Plan(
        request=request,
        model=model,
        facts=facts,
        hardware=hardware,
        advised=advised,
        cautions=cautions(settings, advised, facts, model),
        memory_plan=needs,
        memory=(formula := estimate_memory(model, needs)),
        counted=counted,
        # What was counted beyond the formula is needed by the formula's answers too.
        changes=smallest_change(model, needs, free + formula.total - counted.total if counted else free),
        time=estimate_seconds(
            model,
            tokens_read(facts, settings, request.method),
            hardware,
            trained_share=needs.trained_share,
            recompute=needs.activations != "keep",
        ),
        needed_disk=run_bytes(model, settings.lora_rank, settings.optimizer, settings.keep_checkpoints),
        free_disk=disk_free(request.runs_dir),
        audit=_audit(request),
        obstacles=tuple(each for each in model_obstacles(model, settings.max_length) if each.blocks),
    )


def _audit(request: RunRequest) -> Audit:
    template, settings = ChatTemplate.load(request.model), request.hyperparameters
    if len(request.train) >= 20_000:
        progress(f"rendering {len(request.train):,} rows")
    train, valid = (
        audit_rows(rows, template, settings.max_length, mapping, pairs=request.method != "sft")
        for rows, mapping in ((request.train, request.mapping), (request.valid, request.valid_mapping))
    )
    skip = settings.wholly_cut_rows == "skip"
    return audit(train, valid, settings.max_length, skip_wholly_cut=skip)


def as_object(found: Plan) -> dict[str, Any]:
    """The edge where typed values become what a script reads. Sizes in bytes, rows from 1."""
    memory, values = found.memory, asdict(found.settings)
    return {
        "model": found.model.name,
        "method": found.request.method,
        "rows": found.facts.rows,
        "valid_rows": found.audit.valid_rows,
        "steps": found.steps,
        "settings": [
            {
                "name": item.name,
                "value": values[item.name],
                "advised": item.value,
                "help": item.help,
                "source": item.source,
            }
            for item in found.advised.advice
        ],
        "cautions": [
            {"setting": each.setting, "sentence": each.sentence, "source": each.source}
            for each in found.cautions
        ],
        "memory": {
            **dict(_parts(memory)),
            "total": memory.total,
            "counted": found.counted.total if found.counted else None,
            "offloaded": memory.offloaded,
            "free": found.free,
            "fits": found.fits,
            "activation_policy": found.memory_plan.activations,
            "largest_row": found.memory_plan.micro_batch_tokens,
        },
        "changes": [
            {"setting": each.setting, "value": each.value, "sentence": each.sentence, "needed": each.needed}
            for each in found.changes
        ],
        "time": {"seconds": found.time.seconds, "source": found.time.source},
        "disk": {"needed": found.needed_disk, "free": found.free_disk},
        "audit": {
            "rows": found.audit.rows,
            "tokens": found.audit.tokens,
            "trained_tokens": found.audit.trained,
            "findings": [
                {
                    "code": each.code,
                    "blocks": each.blocks,
                    "split": each.split,
                    "rows": list(each.rows),
                    "sentence": each.sentence,
                    "hint": each.hint,
                }
                for each in found.audit.findings
            ],
        },
        "obstacles": [{"sentence": each.message, "hint": each.hint} for each in found.obstacles],
        "blocked": found.blocked,
    }


def _parts(memory: MemoryEstimate) -> Iterator[tuple[str, int]]:
    yield "model", memory.weights
    yield "adapter", memory.adapter
    yield "activations", memory.activations
    yield "loss", memory.loss
    yield "program", memory.overhead


def show(found: Plan) -> None:
    """A page of text."""
    rows = "row" if found.facts.rows == 1 else "rows"
    print(f"{found.request.dataset}: {found.facts.rows:,} usable {rows} for {found.model.name}\n")
    _show_settings(found)
    _show_memory(found)
    _show_time_and_disk(found)
    _show_rows(found)
    print("\nSomething stands in the way." if found.blocked else "\nThe run can start.")


def _show_settings(found: Plan) -> None:
    print("Settings")
    table = []
    values = asdict(found.settings)
    for item in found.advised.advice:
        value = values[item.name]
        advised = "" if value == item.value else f"advised: {item.value}"
        table.append((f"  {item.name}", str(value), advised, item.source))
    print_table(table, numbers=False)
    for each in found.cautions:
        print(f"  careful: {each.setting}: {each.sentence} ({each.source})")


def _show_memory(found: Plan) -> None:
    needs = found.memory_plan
    print(f"\nMemory, at rows of up to {needs.micro_batch_tokens:,} tokens, activations={needs.activations}")
    print_table([(f"  {name}", size_of(size)) for name, size in _parts(found.memory)])
    if found.counted:
        formula = size_of(found.memory.total)
        print(f"  counted by the engine: {size_of(found.needed)}; by the formula above: {formula}")
    print(f"  {size_of(found.needed)} needed, {size_of(found.free)} free")
    if found.memory.offloaded:
        print(f"  and {size_of(found.memory.offloaded)} of main memory")
    if not found.fits:
        print(f"  It does not fit. {in_words(found.changes)}")
        for change in found.changes:
            print(f"    {change.assignment}: {size_of(change.needed)}. {change.sentence}")


def _show_time_and_disk(found: Plan) -> None:
    seconds = found.time.seconds
    told = "not known" if seconds is None else f"about {duration(seconds)}"
    print(f"\nTime: {told} for {found.steps:,} steps. {found.time.source}")
    print(f"Disk: {size_of(found.needed_disk)} for checkpoints, {size_of(found.free_disk)} free")
    if not found.has_disk:
        print("  That is too little: free some space, or choose another folder.")


def _show_rows(found: Plan) -> None:
    share = f"{found.audit.trained_share:.0%}"
    print(f"\nRows: {found.audit.tokens:,} tokens an epoch, {share} of them trained")
    for each in found.obstacles:
        print(f"  blocks: {each.message} {each.hint}")
    for finding in found.audit.findings:
        kind = "blocks" if finding.blocks else "note"
        print(f"  {kind}: {finding.sentence} {finding.hint}".rstrip())


def size_of(size: int) -> str:
    """Decimal megabytes below a gigabyte."""
    return f"{size / 1e6:,.0f} MB" if size < 1e9 else f"{size / 1e9:,.1f} GB"
