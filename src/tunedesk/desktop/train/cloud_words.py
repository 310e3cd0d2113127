"""Names and sentences of a training at a service. Knows no Qt."""

from tunedesk.runs.provider import Provider

HELP = {
    "n_epochs": "How often each example is seen. Left empty, the service looks at the rows and decides.",
    "batch_size": "Examples that are learned from at once. Left empty, the service decides.",
    "learning_rate_multiplier": "Multiplies the learning rate that the service takes: 1 is its own.",
    "beta": "How strongly the model is held near what it was. Left empty, the service decides.",
    "seed": "The same seed with the same rows gives nearly the same model again.",
    "suffix": "A word that becomes part of the tuned model's name there.",
    "training_type": "Where the service computes, and at what price.",
}
ABSOLUTE_RATE = "The learning rate itself, such as 0.00002. Left empty, the service decides."
LEFT_TO_SERVICE = "left to the service"


def help_for(name: str, provider: Provider, value: str) -> str:
    """One sentence about a setting of this service; value: what is chosen."""
    match name:
        case "learning_rate_multiplier" if provider.learning_rate == "absolute":
            return ABSOLUTE_RATE
        case "suffix":
            return f"{HELP[name]} At most {provider.suffix_length} characters."
        case "training_type":
            return provider.residency.get(value, "") or HELP[name]
    return HELP[name]


def title_for(name: str, provider: Provider) -> str:
    """What a setting is called where the service means something else by it; "" for the usual name."""
    absolute = name == "learning_rate_multiplier" and provider.learning_rate == "absolute"
    return "Learning rate" if absolute else ""


def many_bytes(count: int) -> str:
    """Decimal units, with a digit where it says something."""
    if count < 1000:
        return f"{count} bytes"
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}" if count < 100 * size else f"{count / size:.0f} {unit}"
    raise AssertionError("every count has a unit")


def counted(count: int, one: str, many: str = "") -> str:
    """Like "1 row" or "1,200 rows"."""
    return f"1 {one}" if count == 1 else f"{count:,} {many or one + 's'}"
