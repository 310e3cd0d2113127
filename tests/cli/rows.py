"""Rows that the tiny model can be trained on."""

import json
from pathlib import Path

WORDS = ("red", "blue", "green", "one", "two", "three", "cat", "dog", "bird", "yes")


def row(question: str, answer: str) -> bytes:
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": turns}).encode()


def write_rows(path: Path, count: int = 10) -> Path:
    """`count` different good rows."""
    rows = [row(f"what is {WORDS[number % 10]} {number}", f"it is {number}") for number in range(count)]
    path.write_bytes(b"".join(each + b"\n" for each in rows))
    return path
