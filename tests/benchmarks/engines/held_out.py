"""The loss of a finished adapter on rows that nobody trained on, by plain transformers and peft, one by one.

python held_out.py TASK ROWS ADAPTER
"""

import json
import sys
from pathlib import Path

import torch
from common import Task, four_bit_model
from peft import PeftModel


@torch.no_grad()
def main() -> None:
    model = PeftModel.from_pretrained(four_bit_model(Task.given()), sys.argv[3]).eval()
    total, tokens = 0.0, 0
    for line in Path(sys.argv[2]).read_text().splitlines():
        row = json.loads(line)
        labels = torch.tensor([row["labels"]], device=model.device)
        count = int((labels[:, 1:] != -100).sum())
        loss = model(input_ids=torch.tensor([row["ids"]], device=model.device), labels=labels).loss
        total, tokens = total + float(loss) * count, tokens + count
    print(json.dumps({"loss": total / tokens}))


if __name__ == "__main__":
    main()
