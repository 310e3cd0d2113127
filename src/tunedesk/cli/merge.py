"""`tunedesk merge`: a tuned model that needs no adapter any more."""

from __future__ import annotations

import argparse

import msgspec

from tunedesk.runs.merge_report import MergeReport
from tunedesk.runs.places.engine_merge import merge_run


def merge(arguments: argparse.Namespace) -> int:
    """0 when the model is written; a `UserError` says why it is not."""
    report = merge_run(arguments.run, arguments.out, arguments.base)
    if arguments.json:
        print(msgspec.json.encode(report).decode())
    else:
        print(f"{arguments.out}: {report.bytes / 1e6:,.1f} MB of weights in {report.dtype}")
        print(_comparison(report))
    return 0


def _comparison(report: MergeReport) -> str:
    if report.difference is None or report.same_choice is None:
        return "It was not compared with the run, which watches no prompt."
    return (
        f"Compared with base and adapter: the logits differ by at most {report.difference:.3g}, "
        f"the likeliest token is the same at {report.same_choice:.1%} of the places."
    )
