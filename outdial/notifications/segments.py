"""Segments: how many messages a text is sent in. 160 characters of GSM 03.38 fit into one, 70 of any other."""

import smsutil  # pyright: ignore[reportMissingTypeStubs]


def count_segments(text: str) -> int:
    """How many messages the carrier makes of the text; longer ones are split at 153 or 67 characters."""
    return len(smsutil.split(text).parts)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
