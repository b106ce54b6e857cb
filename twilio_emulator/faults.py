"""What can go wrong at Twilio, or on the way there and back, chosen call by call."""

from enum import StrEnum

from pydantic import BaseModel


class RequestFault(StrEnum):
    """What becomes of the request that dials."""

    TOO_MANY = "too_many"  # 429, nothing is dialled
    UNAUTHORIZED = "unauthorized"  # 401, nothing is dialled
    ERROR_BEFORE = "error_before"  # 500, nothing is dialled
    ERROR_AFTER = "error_after"  # 500 although it dials
    CUT_AFTER = "cut_after"  # it dials, and the connection is cut in the middle of the answer
    CUT_BEFORE = "cut_before"  # the connection is cut and nothing is dialled
    SLOW = "slow"  # it dials, and answers later than anybody waits
    QUEUED = "queued"  # it takes the dial, and would make it an hour later


class CallbackFault(StrEnum):
    """What becomes of the callbacks of a call."""

    NONE = "none"  # none is ever sent
    TWICE = "twice"
    REVERSED = "reversed"  # the last one first
    EARLY = "early"  # before the request that dials is answered
    UNSIGNED = "unsigned"  # a wrong signature
    NO_END = "no_end"  # the last one is lost


class SocketFault(StrEnum):
    """What becomes of the conversation's socket."""

    DROPPED = "dropped"  # cut in the middle of the agent's second turn
    INTERRUPTED = "interrupted"  # the callee breaks into the agent's second turn
    KEYS = "keys"  # the callee presses keys instead of speaking
    TWICE = "twice"  # another socket is opened with the same address


class Fault(BaseModel):
    """The faults of one call."""

    request: RequestFault | None = None
    callbacks: CallbackFault | None = None
    socket: SocketFault | None = None
