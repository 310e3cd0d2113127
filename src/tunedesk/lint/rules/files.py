"""ENC and TOK about the file as such: encoding, line ends, container, size, number of examples."""

from collections.abc import Callable, Iterator

from tunedesk.dataset.target_profiles import MB, profile_named
from tunedesk.lint.edits import RewriteFile
from tunedesk.lint.file_facts import FileFacts
from tunedesk.lint.finding import Finding, Fix, FixKind, Severity
from tunedesk.lint.rule import Hit, Rule, Scope, on_targets
from tunedesk.lint.targets import AZURE, Target

FileCheck = Callable[[FileFacts, Target], Iterator[Hit]]
_BY_DATASETS = ("local", "trl", "llamafactory", "axolotl")  # pyarrow and our own reader skip the mark


def bom_policy(facts: FileFacts, target: Target) -> Iterator[Hit]:
    if facts.encoding != "utf-8" or facts.container not in ("jsonl", "json-array", "json-pretty"):
        return
    if target.name in AZURE and not facts.has_bom and target.pedantic:
        # The guide says "must", the service takes both, its own validators refuse a mark: so it is an
        # opinion, and the export writes the mark.
        fix = Fix(FixKind.SAFE, "Write a byte order mark", (RewriteFile(has_bom=True),))
        words = "The file has no byte order mark; Azure's guide asks for one (the service takes both)."
        yield Hit("", words, fix=fix, severity=Severity.INFO)
    elif target.name not in AZURE and facts.has_bom:
        fix = Fix(FixKind.SAFE, "Write no byte order mark", (RewriteFile(has_bom=False),))
        yield Hit("", "The file begins with a byte order mark; many readers stop at it.", fix=fix)


def not_utf8_file(facts: FileFacts, target: Target) -> Iterator[Hit]:
    if facts.encoding == "utf-8":
        return
    what = "holds zero bytes" if facts.encoding == "nul" else f"is {facts.encoding.upper()} text"
    fix = Fix(FixKind.SAFE, "Write it as UTF-8", (RewriteFile(as_utf8=True),))
    yield Hit("", f"The file {what}; everything reads UTF-8.", fix=fix)


def crlf_newlines(facts: FileFacts, target: Target) -> Iterator[Hit]:
    if facts.crlf:
        fix = Fix(FixKind.SAFE, "End lines in LF", (RewriteFile(unix_newlines=True),))
        yield Hit("", f"{facts.crlf:,} lines end in CRLF, as on Windows; readers take it.", fix=fix)


def json_array_file(facts: FileFacts, target: Target) -> Iterator[Hit]:
    fix = None
    words = f"The file is {facts.container.upper()}; the target takes JSON lines only."
    if facts.container in ("json-array", "json-pretty"):
        fix = Fix(FixKind.SAFE, "Write one row a line", (RewriteFile(as_lines=True),))
        what = "one JSON list" if facts.container == "json-array" else "JSON over several lines"
        words = f"The file is {what}; the target reads one object a line."
    if facts.container != "jsonl":
        yield Hit("", words, fix=fix)


_AZURE_DOCUMENTED = 512 * MB  # "Each file must be less than 512 MB" (fine-tuning guide)


def file_too_large(facts: FileFacts, target: Target) -> Iterator[Hit]:
    profile = profile_named(target.name)
    size = f"{facts.size / MB:,.0f} MB"
    if target.name in AZURE:
        yield from _too_large_for_azure(facts, size)
    elif profile.file_bytes and facts.size > profile.file_bytes:
        limit = f"{profile.file_bytes / MB:,.0f} MB"
        yield Hit("", f"The file has {size}; {profile.title} takes {limit} at once. Export splits it.")


def _too_large_for_azure(facts: FileFacts, size: str) -> Iterator[Hit]:
    """The service has a limit, its portal a lower one, and practice one that is lower still."""
    profile = profile_named("azure")
    if facts.size >= _AZURE_DOCUMENTED:
        yield Hit("", f"The file has {size}; each file must be less than 512 MB. Export splits it.")
    elif facts.size > profile.portal_bytes:
        words = f"The file has {size}; the portal takes 200 MB, only an upload in parts takes more."
        yield Hit("", words, severity=Severity.WARNING)
    elif facts.size > profile.file_bytes:
        words = f"The file has {size}; above 150 MB the plain upload has been seen to fail without a word."
        yield Hit("", words, severity=Severity.WARNING)


ADVISED_EXAMPLES = 50  # OpenAI's guide: "We recommend starting with 50 well-crafted demonstrations"
AZURE_TOKENS = 2_000_000_000  # tokens times epochs of one job (Azure's quotas)
DEFAULT_EPOCHS = 3
CHARACTERS_A_TOKEN = 4


def budget(facts: FileFacts, target: Target) -> Iterator[Hit]:
    rows, profile = facts.rows, profile_named(target.name)
    if rows is not None and rows < profile.min_rows:
        yield Hit("", f"There {_are(rows)}; {profile.title} wants {profile.min_rows} at least.")
    elif rows is not None and profile.max_rows and rows > profile.max_rows:
        yield Hit("", f"There {_are(rows)}; {profile.title} takes {profile.max_rows:,}.")
    elif rows is not None and rows < ADVISED_EXAMPLES and target.pedantic:
        words = f"There {_are(rows)}; {ADVISED_EXAMPLES} good ones are a better start."
        yield Hit("", words, severity=Severity.INFO)
    characters = facts.size if facts.characters is None else facts.characters
    tokens = characters // CHARACTERS_A_TOKEN * DEFAULT_EPOCHS
    if tokens > AZURE_TOKENS and target.name in AZURE:
        words = f"About {tokens:,} tokens in {DEFAULT_EPOCHS} epochs; one job may have {AZURE_TOKENS:,}."
        yield Hit("", words)


def _are(rows: int) -> str:
    return "is 1 example" if rows == 1 else f"are {rows:,} examples"


_CHECKS: dict[str, FileCheck] = {
    "ENC002": bom_policy,
    "ENC003": not_utf8_file,
    "ENC004": crlf_newlines,
    "ENC006": json_array_file,
    "ENC007": file_too_large,
    "TOK004": budget,
}
RULES = (
    Rule(
        "ENC002",
        "bom-policy",
        "A byte order mark where the target stops at it, or none where it asks for one.",
        Severity.WARNING,
        Scope.FILE,
        fix=FixKind.SAFE,
        by_target=on_targets((Severity.ERROR, ("together", "mistral")), (None, (*_BY_DATASETS, "generic"))),
    ),
    Rule(
        "ENC003",
        "not-utf8-file",
        "The file is no UTF-8 text.",
        Severity.ERROR,
        Scope.FILE,
        fix=FixKind.SAFE,
    ),
    Rule(
        "ENC004",
        "crlf-newlines",
        "Lines end in CRLF.",
        Severity.INFO,
        Scope.FILE,
        fix=FixKind.SAFE,
    ),
    Rule(
        "ENC006",
        "json-array-file",
        "The file is one JSON value, not one row a line.",
        Severity.ERROR,
        Scope.FILE,
        fix=FixKind.SAFE,
        by_target=on_targets((Severity.WARNING, ["generic"]), (None, _BY_DATASETS)),
    ),
    Rule(
        "ENC007",
        "file-too-large",
        "The file is larger than the target takes.",
        Severity.ERROR,
        Scope.FILE,
    ),
    Rule(
        "TOK004",
        "budget",
        "Too few examples for the target, or more tokens than one job may have.",
        Severity.ERROR,
        Scope.FILE,
    ),
)


def lint_file_facts(facts: FileFacts, target: Target) -> tuple[Finding, ...]:
    """What is wrong with a file as such, with row=None."""
    found: list[Finding] = []
    for rule in RULES:
        severity = rule.severity_in(target)
        if severity is None:
            continue
        for hit in _CHECKS[rule.code](facts, target):
            chosen = target.severities.get(rule.code) or hit.severity or severity
            found.append(Finding(rule.code, chosen, "", 0, 0, hit.message, hit.fix))
    return tuple(found)
