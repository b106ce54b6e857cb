"""The tables: what was asked, and what happened."""

from outdial.models.account import Account, ApiKey
from outdial.models.agent import (
    Agent,
    AgentDefinition,
    AgentTask,
    AgentVersion,
    ExtractedField,
    OutcomeChoice,
)
from outdial.models.batch import Batch, BatchRejection
from outdial.models.call import Attempt, Call, CallEvent, SimulatedDial, Turn
from outdial.models.campaign import Campaign
from outdial.models.carrier import CarrierReport, DialPace, Recording, TalkSession, TextIntent
from outdial.models.compliance import DoNotCall
from outdial.models.contact import Consent, ConsentKind, Contact
from outdial.models.idempotency import IdempotentRequest
from outdial.models.member import Invitation, Member, MemberSession, Role
from outdial.models.notification import Notification, NotificationStatus
from outdial.models.oauth import OAuthClient
from outdial.models.webhook import Delivery, DeliveryState, DeliveryTry, WebhookEndpoint
from outdial.vocabulary import (
    AttemptState,
    BatchStatus,
    CallStatus,
    Disposition,
    Progress,
    Sentiment,
    Speaker,
)

__all__ = [
    "Account",
    "Agent",
    "AgentDefinition",
    "AgentTask",
    "AgentVersion",
    "ApiKey",
    "Attempt",
    "AttemptState",
    "Batch",
    "BatchRejection",
    "BatchStatus",
    "Call",
    "CallEvent",
    "CallStatus",
    "Campaign",
    "CarrierReport",
    "Consent",
    "ConsentKind",
    "Contact",
    "Delivery",
    "DeliveryState",
    "DeliveryTry",
    "DialPace",
    "Disposition",
    "DoNotCall",
    "ExtractedField",
    "IdempotentRequest",
    "Invitation",
    "Member",
    "MemberSession",
    "Notification",
    "NotificationStatus",
    "OAuthClient",
    "OutcomeChoice",
    "Progress",
    "Recording",
    "Role",
    "Sentiment",
    "SimulatedDial",
    "Speaker",
    "TalkSession",
    "TextIntent",
    "Turn",
    "WebhookEndpoint",
]
