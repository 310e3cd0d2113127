"""All rules, in the order of the catalogue's groups; codes are never used twice."""

from tunedesk.lint.rule import Rule
from tunedesk.lint.rules import conversation, corpus, housekeeping, lines, quality, rendering, schema, text

RULES: tuple[Rule, ...] = (
    *lines.RULES,
    *schema.RULES,
    *conversation.RULES,
    *rendering.RULES,
    *text.RULES,
    *corpus.RULES,
    *quality.RULES,
    *housekeeping.RULES,
)
BY_CODE: dict[str, Rule] = {rule.code: rule for rule in RULES}
