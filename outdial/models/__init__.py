"""The tables: what was asked, and what happened."""

from outdial.models.account import Account, ApiKey
from outdial.models.agent import Agent, AgentDefinition, AgentVersion, ExtractedField, OutcomeChoice
from outdial.models.call import Attempt, Call, CallEvent, SimulatedDial, Turn
from outdial.models.compliance import DoNotCall
from outdial.models.idempotency import IdempotentRequest
from outdial.models.webhook import Delivery, DeliveryState, DeliveryTry, WebhookEndpoint
from outdial.vocabulary import AttemptState, CallStatus, Disposition, Progress, Sentiment, Speaker

__all__ = [
    "Account",
    "Agent",
    "AgentDefinition",
    "AgentVersion",
    "ApiKey",
    "Attempt",
    "AttemptState",
    "Call",
    "CallEvent",
    "CallStatus",
    "Delivery",
    "DeliveryState",
    "DeliveryTry",
    "Disposition",
    "DoNotCall",
    "ExtractedField",
    "IdempotentRequest",
    "OutcomeChoice",
    "Progress",
    "Sentiment",
    "SimulatedDial",
    "Speaker",
    "Turn",
    "WebhookEndpoint",
]
