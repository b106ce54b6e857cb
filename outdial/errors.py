"""What can be wrong with a request, as exceptions that carry a code, a sentence for a person, and the field.

They are raised where the fact is known; the API turns them into each dialect's shape in one place.
"""


class OutdialError(Exception):
    """A request that can't be done: a stable code, a sentence that says what was expected, the field at fault."""

    code = "error"

    def __init__(self, message: str, *, field: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.code = code or self.code


class Invalid(OutdialError):
    """The input is not what was expected."""

    code = "invalid"


class NotFound(OutdialError):
    """There is no such thing, or it belongs to another account."""

    code = "not_found"


class Conflict(OutdialError):
    """The thing is in a state that does not allow this."""

    code = "conflict"


class LimitReached(OutdialError):
    """The account's plan does not allow this many."""

    code = "limit_reached"


class RateLimited(OutdialError):
    """The key asks too often. ``retry_after`` is in seconds."""

    code = "rate_limited"

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Forbidden(OutdialError):
    """The key is known, but may not do this."""

    code = "forbidden"


class Unauthorized(OutdialError):
    """No key, or one that is unknown, revoked or expired."""

    code = "unauthorized"


class Unavailable(OutdialError):
    """A part that is needed (Temporal, the database) does not answer; nothing was taken. Try again later."""

    code = "unavailable"
