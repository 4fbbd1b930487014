"""A request that is not served: its status and one line that says why."""

from typing import Final

from halfpixel.errors import HalfpixelError

REASONS: Final = {
    400: "a setting, a name or the body is not what it has to be",
    403: "the model is none that this service may read, or another site's page asks",
    404: "no model is there",
    405: "the method is none of this address",
    406: "the report is in no format that is accepted",
    408: "the model came too slowly",
    413: "the model is too large",
    415: "the body is compressed, which is not taken",
    421: "the service is not called so",
    422: "the model cannot be read, or its check ended the process that ran it",
    500: "a defect of halfpixel",
    503: "too many models are being checked",
    504: "the check took too long",
}
"""What each status says besides 200, which is a report."""


class Refused(HalfpixelError):  # noqa: N818 - what became of a request
    """A request that is not served.

    Attributes:
        status: the status of HTTP, one of `REASONS`.
        headers: what the answer says besides, such as when to try again.
    """

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        """Keep why.

        Args:
            status: the status of HTTP.
            detail: one line that says why.
            headers: what the answer says besides; an underscore for a hyphen.
        """
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        super().__init__(detail)
