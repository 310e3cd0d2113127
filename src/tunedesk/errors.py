"""The one exception for trouble that a person can understand and act on."""


class UserError(Exception):
    """Expected trouble, told in a sentence with a next step.

    message: what happened, to which file, row or key.
    hint: what the user can do now; empty when the message says it all.
    exit_code: what the command line ends with (1: findings or a failed run, 2: wrong use or environment).
    """

    def __init__(self, message: str, *, hint: str = "", exit_code: int = 2) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = exit_code

    @property
    def sentence(self) -> str:
        """Message and hint together, as shown in a status line or on standard error."""
        return f"{self.message} {self.hint}".strip()
