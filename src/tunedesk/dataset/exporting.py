"""Rows as files for a target: first a plan with every loss and size, then the files."""

from tunedesk.dataset.export_files import write_export
from tunedesk.dataset.export_plan import ExportOptions, ExportPlan, PlannedFile, RowSource, Tally, plan_export
from tunedesk.dataset.legacy_marks import Legacy

__all__ = [
    "ExportOptions",
    "ExportPlan",
    "Legacy",
    "PlannedFile",
    "RowSource",
    "Tally",
    "plan_export",
    "write_export",
]
