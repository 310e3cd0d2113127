"""TRL's SFTTrainer at its best with the same sequences in a step: lengths grouped, nothing computed twice.

Its packing is no candidate: with it a step holds as many rows as before, each of several sequences.
"""

from common import Task
from trl_default import train

if __name__ == "__main__":
    train(Task.given(), gradient_checkpointing=False, train_sampling_strategy="group_by_length")
