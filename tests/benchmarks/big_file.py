"""A big dataset file for benchmarks, the same bytes every time."""

import json
import random
from pathlib import Path

WORDS = 2000
PARAGRAPHS = 3000


def write_rows(path: Path, rows: int, seed: int = 1) -> None:
    """Chat rows of about 1,000 bytes each: one to three exchanges, some text that is not ASCII."""
    chance = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(chance.choices(letters, k=chance.randint(2, 10))) for _ in range(WORDS)]
    words += ["привет", "Grüße", "東京", "naïve"]
    texts = [" ".join(chance.choices(words, k=chance.randint(24, 72))) for _ in range(PARAGRAPHS)]
    # Ready-made pieces: writing 500,000 rows takes seconds, not minutes.
    pieces = [json.dumps(text, ensure_ascii=False) for text in texts]
    with path.open("w", encoding="utf-8", newline="\n", buffering=1 << 20) as file:
        for number in range(rows):
            turns = []
            for turn in range(chance.choice((1, 1, 2))):
                question = pieces[(number * 7 + turn) % PARAGRAPHS]
                answer = pieces[(number * 13 + turn * 5) % PARAGRAPHS]
                turns.append(f'{{"role": "user", "content": {question}}}')
                turns.append(f'{{"role": "assistant", "content": {answer}}}')
            file.write(f'{{"id": {number}, "messages": [{", ".join(turns)}]}}\n')
