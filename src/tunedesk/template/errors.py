"""The one error of this part: an example that a template cannot take."""

from tunedesk.errors import UserError


class TemplateError(UserError):
    """The chat template refuses an example, or its loss mask cannot be told; the message holds the template's
    words.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint, exit_code=1)
