"""The help page of each rule, as it ships with TuneDesk."""

from tunedesk import paths
from tunedesk.errors import UserError
from tunedesk.lint.registry import BY_CODE


def help_page(code: str) -> str:
    """Markdown: what, why, a bad and a good example, the fix. UserError for a code that no rule has."""
    if code not in BY_CODE:
        raise UserError(f"There is no rule {code}.", hint="Codes look like CNV003; `lint` prints them.")
    return (paths.resources() / "rules" / f"{code}.md").read_text(encoding="utf-8")
