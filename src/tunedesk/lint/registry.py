"""All rules, in the order of the catalogue's groups; codes are never used twice."""

from tunedesk.lint.rule import Rule
from tunedesk.lint.rules import (
    conversation,
    corpus,
    files,
    housekeeping,
    injection,
    lines,
    preference,
    privacy,
    quality,
    reinforcement,
    rendering,
    schema,
    schema_corpus,
    text,
    tools,
    weights,
)

RULES: tuple[Rule, ...] = (
    *files.RULES,
    *lines.RULES,
    *schema.RULES,
    *conversation.RULES,
    *weights.RULES,
    *tools.RULES,
    *preference.RULES,
    *reinforcement.RULES,
    *rendering.RULES,
    *injection.RULES,
    *text.RULES,
    *schema_corpus.RULES,
    *corpus.RULES,
    *quality.RULES,
    *privacy.RULES,
    *housekeeping.RULES,
)
BY_CODE: dict[str, Rule] = {rule.code: rule for rule in RULES}
