"""Secrets at rest."""

import stat
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from outdial.secrets import KEY_FILE, SecretBox, SecretUnreadable, secret_keys
from outdial.settings import Settings

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_what_is_encrypted_can_be_read_again_and_not_seen() -> None:
    """The text comes back; its token does not contain it."""
    box = SecretBox([NEW])
    token = box.encrypt("whsec_grün")
    assert box.decrypt(token) == "whsec_grün"
    assert "whsec" not in token


def test_an_old_key_still_reads_beside_a_new_one() -> None:
    """After a rotation of keys nothing has to be written anew at once."""
    token = SecretBox([OLD]).encrypt("secret")
    assert SecretBox([NEW, OLD]).decrypt(token) == "secret"


def test_reencrypting_makes_the_old_key_needless() -> None:
    """A token that was encrypted anew is read by the new key alone."""
    token = SecretBox([NEW, OLD]).reencrypt(SecretBox([OLD]).encrypt("secret"))
    assert SecretBox([NEW]).decrypt(token) == "secret"


@pytest.mark.parametrize("token", ["", "gAAAA", "not a token", "ü"])
def test_a_token_without_its_key_is_refused(token: str) -> None:
    """A foreign or damaged token raises SecretUnreadable, and nothing else."""
    with pytest.raises(SecretUnreadable):
        SecretBox([NEW]).decrypt(token)


def test_keys_of_the_settings_come_first_to_last() -> None:
    """Comma-separated keys are taken in their order; nothing is written."""
    settings = Settings(secret_keys=SecretStr(f"{NEW}, {OLD}"), data=Path("nowhere"))
    assert secret_keys(settings) == [NEW, OLD]
    assert not Path("nowhere").exists()


def test_a_key_is_made_once_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    """Without keys in the settings one is made in the data folder, mode 0600, and found there again."""
    settings = Settings(secret_keys=None, data=tmp_path / "data")
    first, again = secret_keys(settings), secret_keys(settings)
    assert first == again
    assert stat.S_IMODE((tmp_path / "data" / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == [KEY_FILE]


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    """Several processes that find no key end up with the same one."""
    with ProcessPoolExecutor(4, mp_context=get_context("fork")) as processes:
        keys = set(processes.map(_first_key, [str(tmp_path)] * 16))
    assert len(keys) == 1


def _first_key(folder: str) -> str:
    return secret_keys(Settings(secret_keys=None, data=Path(folder)))[0]
