"""`python -m tunedesk.engine`: train, plan, merge, generate, check, wait; torch stays behind this door."""

import argparse
import sys
import time
from pathlib import Path

import psutil

from tunedesk.engine.start_up import prepare_environment

FINE, FAILED, WRONG_USE = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    """0: finished or stopped; 1: the run failed; 2: wrong use or environment."""
    parser = argparse.ArgumentParser(prog="tunedesk.engine", description="TuneDesk's engine.")
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="execute the run in a run folder")
    train.add_argument("run_folder", type=Path)
    train.add_argument("--resume", action="store_true", help="go on from the newest sound checkpoint")
    commands.add_parser("generate", help="answer prompts; JSON lines on standard input and output")
    plan = commands.add_parser("plan", help="print one line about the memory that a job will need")
    plan.add_argument("job", type=Path, help="a run folder or a job.json")
    share = "of the tokens, the part with a loss, for a job.json without rows (default 1)"
    plan.add_argument("--trained-share", type=float, default=1.0, metavar="S", help=share)
    merge = commands.add_parser("merge", help="write base and adapter of a run as one model")
    merge.add_argument("run_folder", type=Path)
    merge.add_argument("--out", type=Path, required=True)
    merge.add_argument("--base", choices=("trained", "original"), default="trained")
    commands.add_parser("wait", help="import everything, then do what one line on standard input asks")
    commands.add_parser("check", help="print one line about the libraries and the device")
    chosen = parser.parse_args(arguments)
    # Of a process that has waited with its imports done, a run's time counts from its order.
    began = psutil.Process().create_time() if arguments is None else time.time()
    prepare_environment()
    if chosen.command == "generate":
        from tunedesk.engine import generate

        return generate.main()
    if chosen.command == "check":
        from tunedesk.engine.check import check

        return check()
    if chosen.command == "plan":
        from tunedesk.engine.plan_job import plan_job

        return plan_job(chosen.job.absolute(), chosen.trained_share)
    if chosen.command == "merge":
        from tunedesk.engine.merge import merge_run

        return merge_run(chosen.run_folder.absolute(), chosen.out.absolute(), chosen.base)
    if chosen.command == "wait":
        from tunedesk.engine.waiting import wait

        return wait(main)
    from tunedesk.engine.run import execute

    return execute(chosen.run_folder.absolute(), resume=chosen.resume, began=began)


if __name__ == "__main__":
    sys.exit(main())
