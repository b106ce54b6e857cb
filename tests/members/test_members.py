"""Members: links that work once, passwords, sessions that end."""

from datetime import timedelta

import pytest
from sqlmodel import select

from outdial import members
from outdial.errors import Conflict, Invalid
from outdial.members import FREE_FAILURES, LinkUsed, SignInFailed
from outdial.models import Account, Member
from outdial.models.base import utc_now
from outdial.models.member import Role
from outdial.store.database import Database
from tests.build import an_account

PASSWORD = "correct horse battery"
NOW = utc_now()


@pytest.fixture
def account(database: Database) -> Account:
    with database.write() as session:
        return an_account(session)


def joined(
    database: Database, account: Account, email: str = "ada@example.com", role: Role = Role.ADMIN
) -> Member:
    """Somebody who came by a link."""
    with database.write() as session:
        _, token = members.invite(session, account.id, role, NOW, email=email)
        return members.join(session, token, "", PASSWORD, NOW)


def signs_in(database: Database, password: str = PASSWORD, *, after: float = 0) -> Member | None:
    """Ada's try, so many seconds later."""
    with database.write() as session:
        return members.sign_in(session, "Ada@example.com", password, NOW + timedelta(seconds=after))


def test_a_member_signs_in_with_its_password(database: Database, account: Account) -> None:
    """Upper case in an email does not count."""
    ada = joined(database, account)
    found = signs_in(database)
    assert found is not None
    assert found.id == ada.id


def test_passwords_are_kept_as_argon2id(database: Database, account: Account) -> None:
    """Never in clear."""
    assert joined(database, account).password_hash.startswith("$argon2id$")


def test_a_wrong_password_signs_nobody_in(database: Database, account: Account) -> None:
    """Nor does one for an email that nobody has."""
    joined(database, account)
    assert signs_in(database, "wrong") is None
    with database.write() as session:
        assert members.sign_in(session, "nobody@example.com", PASSWORD, NOW) is None


def test_guessing_is_slowed_down(database: Database, account: Account) -> None:
    """After some wrong passwords even the right one has to wait; then it is taken."""
    joined(database, account)
    for _ in range(FREE_FAILURES):
        assert signs_in(database, "wrong") is None
    with pytest.raises(SignInFailed, match="Try again in"):
        signs_in(database)
    assert signs_in(database, after=60) is not None


def test_a_link_works_once(database: Database, account: Account) -> None:
    """Whoever comes second is told so."""
    with database.write() as session:
        token = members.first_run(session, account.id, NOW)
        assert token
        members.join(session, token, "ada@example.com", PASSWORD, NOW)
    with database.write() as session, pytest.raises(LinkUsed):
        members.join(session, token, "eve@example.com", PASSWORD, NOW)


def test_a_link_grows_old(database: Database, account: Account) -> None:
    """After a week it is of no use."""
    with database.write() as session:
        _, token = members.invite(session, account.id, Role.VIEWER, NOW)
    with database.write() as session, pytest.raises(LinkUsed):
        members.join(session, token, "ada@example.com", PASSWORD, NOW + timedelta(days=8))


def test_a_newer_first_run_link_replaces_the_older(database: Database, account: Account) -> None:
    """Only what was printed last opens the door."""
    with database.write() as session:
        older = members.first_run(session, account.id, NOW)
        assert members.first_run(session, account.id, NOW)
    with database.write() as session, pytest.raises(LinkUsed):
        members.invitation_of(session, older or "", NOW)


def test_there_is_no_first_run_once_somebody_is_in(database: Database, account: Account) -> None:
    """The link that makes an admin is for an empty account alone."""
    joined(database, account)
    with database.write() as session:
        assert members.first_run(session, account.id, NOW) is None


@pytest.mark.parametrize("password", ["short", "", "ada@example.com", "x" * 1001])
def test_poor_passwords_are_refused(database: Database, account: Account, password: str) -> None:
    """Too short, too long, or the email itself."""
    with database.write() as session:
        _, token = members.invite(session, account.id, Role.VIEWER, NOW, email="ada@example.com")
    with database.write() as session, pytest.raises(Invalid) as refused:
        members.join(session, token, "", password, NOW)
    assert refused.value.field == "password"


@pytest.mark.parametrize("email", ["", "ada", "ada@", "@example.com", "a b@example.com"])
def test_an_email_has_two_sides(database: Database, account: Account, email: str) -> None:
    """What is no email is refused by name."""
    with database.write() as session, pytest.raises(Invalid) as refused:
        members.invite(session, account.id, Role.VIEWER, NOW, email=email)
    assert refused.value.field == "email"


def test_an_email_belongs_to_one_member(database: Database, account: Account) -> None:
    """In whichever account."""
    joined(database, account)
    with database.write() as session, pytest.raises(Conflict):
        members.invite(session, account.id, Role.VIEWER, NOW, email="ADA@example.com")


def test_a_session_ends_with_its_time(database: Database, account: Account) -> None:
    """Two weeks, then one signs in again."""
    ada = joined(database, account)
    with database.write() as session:
        _, token = members.open_session(session, ada, "Firefox", NOW)
    with database.read() as session:
        assert members.session_of(session, token, NOW) is not None
        assert members.session_of(session, token, NOW + members.SESSION_LASTS) is None
        assert members.session_of(session, token + "x", NOW) is None


def test_a_new_password_signs_other_browsers_out(database: Database, account: Account) -> None:
    """The browser that asked stays."""
    ada = joined(database, account)
    with database.write() as session:
        mine, my_token = members.open_session(session, ada, "mine", NOW)
        _, other_token = members.open_session(session, ada, "other", NOW)
    given = {"keep_session": mine.id, "account_id": account.id}
    with database.write() as session:
        members.change_password(session, ada.id, PASSWORD, "another long one", **given)
    with database.read() as session:
        assert members.session_of(session, my_token, NOW) is not None
        assert members.session_of(session, other_token, NOW) is None


def test_a_removed_member_is_out(database: Database, account: Account) -> None:
    """Its sessions end and it can't sign in."""
    joined(database, account, "boss@example.com")
    ada = joined(database, account)
    with database.write() as session:
        _, token = members.open_session(session, ada, "", NOW)
    with database.write() as session:
        members.remove(session, account.id, ada.id)
    with database.read() as session:
        assert members.session_of(session, token, NOW) is None
        assert [one.email for one in session.exec(select(Member))] == ["boss@example.com"]


def test_the_last_admin_stays(database: Database, account: Account) -> None:
    """Neither removed nor made less."""
    ada = joined(database, account)
    with database.write() as session, pytest.raises(Conflict):
        members.remove(session, account.id, ada.id)
    with database.write() as session, pytest.raises(Conflict):
        members.change_role(session, account.id, ada.id, Role.VIEWER)


@pytest.mark.parametrize(("role", "needed", "may"), [
    (Role.VIEWER, Role.OPERATOR, False),
    (Role.OPERATOR, Role.OPERATOR, True),
    (Role.ADMIN, Role.OPERATOR, True),
    (Role.OPERATOR, Role.ADMIN, False),
])  # fmt: skip
def test_each_role_may_do_what_the_one_before_it_may(role: Role, needed: Role, may: bool) -> None:
    """Viewer, operator, admin."""
    assert role.may(needed) is may
