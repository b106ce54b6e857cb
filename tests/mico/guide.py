"""The guide's requests and answers as they are printed, dates aside."""

from typing import Any, cast

from tests.mico.standing import ahead

CAMPAIGN_ASKED = {"name": "My First Campaign", "is_enabled": True, "type": "scheduled_call"}
CAMPAIGN: dict[str, Any] = {
    "uid": "09c83f1c-3489-4ac2-876c-bb6d7f3321bf",
    "name": "My First Campaign",
    "is_enabled": True,
    "created_at": "2025-04-16T12:00:00Z",
    "updated_at": "2025-04-16T12:00:00Z",
}

SCHEDULE: dict[str, Any] = {
    "uid": "096c36c45-b95c-4ab1-8bb1-6e6e1283c950",
    "name": "Morning Calls",
    "starts_at": "2025-04-17T09:00:00Z",
    "ends_at": "2025-04-17T12:00:00Z",
    "retry_type": "consistent",
    "retry_intervals": [300, 300, 300],
    "is_enabled": False,
    "is_auto": False,
    "created_at": "2025-04-16T12:05:00Z",
    "updated_at": "2025-04-16T12:05:00Z",
}

CALL_ASKED: dict[str, Any] = {
    "phone_number": "+818012345678",
    "full_name": "John Doe",
    "first_name": "John",
    "last_name": "Doe",
    "phonetic_full_name": "John Doe",
    "phonetic_first_name": "John",
    "phonetic_last_name": "Doe",
    "email": "john.doe@example.com",
    "custom_parameters": {"account_id": "A12345", "appointment_time": "3:30 PM"},
    "external_id": "CUST-123",
}
CALL: dict[str, Any] = {
    "uid": "d26a3041-1743-413f-9722-04ac1f612960",
    "external_id": "CUST-123",
    "status": "pending",
    "progress": "in_queue",
    "is_test_call": False,
    "number_call_retries": 3,
    "cooldown_until": None,
    "created_at": "2025-04-16T12:10:00Z",
    "updated_at": "2025-04-16T12:10:00Z",
    "outbound_call_info": {
        "phone_number": "5551234567",
        "full_name": "John Doe",
        "first_name": "John",
        "last_name": "Doe",
        "phonetic_full_name": "John Doe",
        "phonetic_first_name": "John",
        "phonetic_last_name": "Doe",
        "email": "john.doe@example.com",
        "custom_parameters": {"account_id": "A12345", "appointment_time": "3:30 PM"},
    },
    "outbound_call_attempts": [],
    "outbound_calls_notifications": [],
}

BULK_ASKED: list[dict[str, Any]] = [
    {
        "phone_number": "5551234567",
        "full_name": "John Doe",
        "first_name": "John",
        "last_name": "Doe",
        "phonetic_full_name": "John Doe",
        "phonetic_first_name": "John",
        "phonetic_last_name": "Doe",
        "email": "john.doe@example.com",
        "custom_parameters": {"appointment_id": "APT-789"},
        "external_id": "CUST-123",
    },
    {
        "phone_number": "+818098765432",
        "full_name": "Jane Smith",
        "first_name": "Jane",
        "last_name": "Smith",
        "phonetic_full_name": "Jane Smith",
        "phonetic_first_name": "Jane",
        "phonetic_last_name": "Smith",
        "email": "jane.smith@example.com",
        "custom_parameters": {"appointment_id": "APT-456"},
        "external_id": "CUST-456",
    },
]
_ADDED = {"status": "pending", "progress": "in_queue"}
BULK: dict[str, Any] = {
    "outbound_calls": [
        {"uid": "d26a3041-1743-413f-9722-04ac1f612960", "external_id": "CUST-123", **_ADDED},
        {"uid": "7f93b218-5c22-476a-9321-e9712fdcb490", "external_id": "CUST-456", **_ADDED},
    ],
    "total_count": 2,
    "successful_count": 2,
    "failed_count": 0,
    "failures": [],
}
FAILURE: dict[str, Any] = {
    "index": 2,
    "reason": "Invalid phone number format",
    "details": {"phone_number": "Invalid format"},
}

DETAIL: dict[str, Any] = {
    **CALL,
    "status": "completed",
    "progress": "answered",
    "number_call_retries": 0,
    "outbound_call_attempts": [
        {
            "uid": "8ae20b12-ebaa-47f4-822f-2b7e3f388f49",
            "status": "hangup",
            "started_at": "2025-04-16T12:12:00Z",
            "answered_at": "2025-04-16T12:12:15Z",
            "ended_at": "2025-04-16T12:15:30Z",
            "duration": 195,
            "created_at": "2025-04-16T12:11:00Z",
            "updated_at": "2025-04-16T12:15:30Z",
            "error_details": None,
            "outbound_call_attempts_outcomes": [
                {
                    "call_outcome": {
                        "uid": "6a938cdf-9b4b-4e8c-940b-05af78ea8666",
                        "name": "APPOINTMENT_CONFIRMED",
                    },
                    "created_at": "2025-04-16T12:15:00Z",
                }
            ],
        }
    ],
    "outbound_calls_notifications": [
        {"uid": "8ae20b12-ebaa-47f4-822f-2b7e3f388f49", "status": "delivered", "message_count": 1}
    ],
}


def schedule_asked() -> dict[str, Any]:
    """Step 2's body with a window around now."""
    return {
        "name": "Morning Calls",
        "starts_at": ahead(seconds=-60),
        "ends_at": ahead(hours=3),
        "retry_type": "consistent",
        "retry_intervals": [300, 300, 300],
    }


def like(answer: Any, printed: Any) -> bool:
    """Whether an answer has the printed fields in the printed order, each of the printed type."""
    if isinstance(printed, dict):
        fields = cast("dict[str, Any]", printed)
        return list(answer) == list(fields) and all(like(answer[name], fields[name]) for name in fields)
    if isinstance(printed, list):
        items = cast("list[Any]", printed)
        return len(answer) == len(items) and all(map(like, answer, items))
    return type(answer) is type(printed)
