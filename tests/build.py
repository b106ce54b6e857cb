"""Small builders of rows: each makes one valid row, flushed, with what the test cares about given by name."""

from typing import Any

from sqlmodel import Session, select

from outdial.models import Account, Agent, AgentDefinition, AgentVersion, Attempt, Call, OutcomeChoice
from outdial.models.base import utc_now
from outdial.plans import Plan

PROMPT = "You call patients of Lakeside Dental to book a check-up."
OPENING = "Hello {{first_name}}, this is Lakeside Dental."


def an_account(session: Session, plan: Plan = Plan.GROWTH, **given: Any) -> Account:
    """An account in the United States."""
    values: dict[str, Any] = {"name": "Lakeside Dental", "plan": plan, **given}
    return _added(session, Account(**values))


def a_definition(**given: Any) -> AgentDefinition:
    """What an agent that books check-ups says and may report; the opening line needs ``first_name``."""
    outcomes = [
        OutcomeChoice(name="BOOKED", meaning="The person agreed to a time."),
        OutcomeChoice(name="REFUSED", meaning="The person does not want this."),
    ]
    values: dict[str, Any] = {"system_prompt": PROMPT, "opening_line": OPENING, "outcomes": outcomes, **given}
    return AgentDefinition(**values)


def an_agent(
    session: Session, account: Account | None = None, *, name: str = "Front desk", **definition: Any
) -> Agent:
    """An agent in its first version; further names are those of AgentDefinition."""
    account = account or an_account(session)
    agent = _added(session, Agent(account_id=account.id, name=name))
    data = a_definition(**definition).model_dump(mode="json")
    _added(session, AgentVersion(account_id=account.id, agent_id=agent.id, version=1, data=data))
    return agent


def version_of(session: Session, agent: Agent) -> AgentVersion:
    """The version that new calls of this agent get."""
    chosen = select(AgentVersion).where(
        AgentVersion.agent_id == agent.id, AgentVersion.version == agent.version
    )
    return session.exec(chosen).one()


def a_call(session: Session, agent: Agent | None = None, **given: Any) -> Call:
    """A call to a US number, due now, not yet started."""
    agent = agent or an_agent(session)
    values: dict[str, Any] = {
        "account_id": agent.account_id,
        "agent_id": agent.id,
        "agent_version_id": version_of(session, agent).id,
        "number": "+12025550123",
        "variables": {"first_name": "Ada"},
        "timezone": "America/New_York",
        "max_duration_seconds": 900,
        "due_at": utc_now(),
        **given,
    }
    return _added(session, Call(**values))


def an_attempt(session: Session, call: Call, **given: Any) -> Attempt:
    """The call's first attempt, just begun at the simulated carrier."""
    values: dict[str, Any] = {
        "account_id": call.account_id,
        "call_id": call.id,
        "number": 1,
        "dial_key": f"{call.id}:1",
        "carrier": "simulated",
        "intended_at": utc_now(),
        **given,
    }
    return _added(session, Attempt(**values))


def _added(session: Session, row: Any) -> Any:
    session.add(row)
    session.flush()
    return row
