"""Rows in OpenAI's chat format, for tests that need some."""

import json


def chat_row(question: str, answer: str) -> bytes:
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": turns}).encode()
