"""Every job without a window: one file a group of commands; heavy imports wait inside the commands."""

COMMANDS = (
    "demo",
    "lint",
    "show",
    "stats",
    "export-data",
    "plan",
    "train",
    "resume",
    "stop",
    "merge",
    "chat",
    "accounts",
    "prices",
    "cloud",
    "serve",
    "doctor",
)
