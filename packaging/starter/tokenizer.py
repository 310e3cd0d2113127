"""Makes the starter model's tokenizer (byte-level BPE) and its chat template from texts of its world."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from starter.corpus import Chat, chats

VOCABULARY = 3072
CONTEXT = 1024  # tokens
SYSTEM, USER, ASSISTANT, END, PAD = "<|system|>", "<|user|>", "<|assistant|>", "<|end|>", "<|pad|>"
ROLE_TOKENS = {"system": SYSTEM, "user": USER, "assistant": ASSISTANT}
# Words take the space before them along, digits stand alone (so that numbers can be copied digit by digit).
PIECES = r" ?[A-Za-z\u00C0-\u024F]+|\d| ?[^\sA-Za-z\u00C0-\u024F\d]+|\s+(?!\S)|\s+"
TEMPLATE = (
    "{%- for message in messages -%}\n"
    "{%- if message['role'] == 'assistant' -%}\n"
    "{{- '<|assistant|>' -}}\n"
    "{%- generation -%}{{- message['content'] + '<|end|>' -}}{%- endgeneration -%}\n"
    "{%- elif message['role'] in ('system', 'user') -%}\n"
    "{{- '<|' + message['role'] + '|>' + message['content'] + '<|end|>' -}}\n"
    "{%- else -%}\n"
    "{{- raise_exception('The starter model knows the roles system, user and assistant, not '"
    " + message['role']) -}}\n"
    "{%- endif -%}\n"
    "{%- endfor -%}\n"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}\n"
)


def render(chat: Chat) -> str:
    """A chat as training text; the same characters as the chat template writes."""
    return "".join(f"{ROLE_TOKENS[turn['role']]}{turn['content']}{END}" for turn in chat.messages())


def build(seed: int, texts: int = 20_000) -> PreTrainedTokenizerFast:
    """Trains the BPE on `texts` chats and wraps it with the template and the names of its special tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        min_frequency=2,
        special_tokens=[PAD, END, SYSTEM, USER, ASSISTANT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    plain = (part["content"] for chat in islice(chats(seed), texts) for part in chat.messages())
    tokenizer.train_from_iterator(plain, trainer)
    special = [AddedToken(token, special=True, normalized=False) for token in (SYSTEM, USER, ASSISTANT)]
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END,
        pad_token=PAD,
        additional_special_tokens=special,
        model_max_length=CONTEXT,
        padding_side="left",
        clean_up_tokenization_spaces=False,
    )
    wrapped.chat_template = TEMPLATE
    return wrapped


def save(tokenizer: PreTrainedTokenizerFast, out: Path) -> None:
    """Writes tokenizer.json, tokenizer_config.json (which repeats the template) and chat_template.jinja."""
    tokenizer.save_pretrained(out)
    path = out / "tokenizer_config.json"
    config = json.loads(path.read_text("utf-8"))
    config["chat_template"] = tokenizer.chat_template
    config["tokenizer_class"] = "PreTrainedTokenizerFast"  # known to transformers 4 and 5 alike
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", "utf-8", newline="\n")
