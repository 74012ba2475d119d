"""The virtual environment `.venv` in which the tools run, made with the standard library alone.

Packages are fetched into a folder of the user's cache and installed from there, so whatever was
fetched once can be installed again without a network, in any checkout.
"""

from __future__ import annotations

import configparser
import hashlib
import importlib.util
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "flowgraph-stamp.json"
MINIMUM_PYTHON = (3, 11)


def run(command: Sequence[str | Path]) -> int:
    """Prints `command`, runs it in the checkout and returns its exit status."""
    words = [str(word) for word in command]
    print("$ " + shlex.join(words), flush=True)
    try:
        return subprocess.run(words, cwd=ROOT).returncode
    except KeyboardInterrupt:
        sys.exit(130)


def prepare(extras: Iterable[str] = ()) -> Path:
    """Makes `.venv` hold the project with `extras`, if it does not yet; returns its Python.

    Nothing is fetched or installed while the Python, the project's requirements and the place of
    the checkout are those of the last time. Exits with a message where this cannot be done.
    """
    _check_python()
    identity = _identity()
    installed = _installed_extras(identity)
    if installed is not None and installed.issuperset(extras):
        print(f"{VENV} is up to date", flush=True)
        return _venv_python()
    wanted = sorted((installed or set()).union(extras))
    if installed is None:
        _create()
    # Without its stamp, an installation that is interrupted here is made again from scratch.
    STAMP.unlink(missing_ok=True)
    _install(wanted)
    _write_stamp(identity, wanted)
    return _venv_python()


def _check_python() -> None:
    if sys.version_info < MINIMUM_PYTHON:
        minimum = ".".join(map(str, MINIMUM_PYTHON))
        sys.exit(f"flowgraph needs Python {minimum} or newer; {sys.executable} is {_version()}")
    missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if missing:
        sys.exit(
            f"Cannot make a virtual environment: {sys.executable} (Python {_version()}) has no "
            f"module {' and no module '.join(missing)}.\n"
            "On Debian and Ubuntu the package python3-venv holds it; elsewhere use a complete "
            "installation of Python."
        )


def _version() -> str:
    return ".".join(map(str, sys.version_info[:3]))


def _identity() -> dict[str, str]:
    digest = hashlib.sha256()
    for name in ("setup.cfg", "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return {
        "python": sys.version,
        "prefix": sys.base_prefix,
        "checkout": str(ROOT),
        "requirements": digest.hexdigest(),
    }


def _installed_extras(identity: dict[str, str]) -> set[str] | None:
    """The extras of a `.venv` made from the same `identity`, None where there is no such one."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
        current = stamp["identity"] == identity and _venv_python().exists()
        return set(stamp["extras"]) if current else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_stamp(identity: dict[str, str], extras: list[str]) -> None:
    partial = STAMP.with_suffix(".partial")
    partial.write_text(json.dumps({"identity": identity, "extras": extras}), encoding="utf-8")
    partial.replace(STAMP)


def _venv_python() -> Path:
    return VENV / "Scripts" / "python.exe" if os.name == "nt" else VENV / "bin" / "python"


def _create() -> None:
    print(f"Making {VENV} with Python {_version()}", flush=True)
    if run([sys.executable, "-m", "venv", "--clear", VENV]):
        sys.exit(f"Could not make {VENV}; the lines above say why.")


def _install(extras: list[str]) -> None:
    wheels = _wheel_folder()
    pip: list[str | Path] = [_venv_python(), "-m", "pip", "--disable-pip-version-check"]
    print(f"Fetching packages into {wheels}", flush=True)
    # Wheels only: nobody should need a compiler.
    fetch = [*pip, "download", "--only-binary", ":all:", "--retries", "2", "--dest", wheels]
    fetched = run([*fetch, *_requirements(extras)]) == 0
    if not fetched:
        print(f"Could not fetch all packages; trying those already in {wheels}", flush=True)
    project = f".[{','.join(extras)}]" if extras else "."
    install = [*pip, "install", "--quiet", "--no-index", "--find-links", wheels]
    if run([*install, "--editable", project]):
        reason = "" if fetched else " A first installation needs a network; later ones do not."
        sys.exit(f"Could not install flowgraph into {VENV}; the lines above say why.{reason}")


def _wheel_folder() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    wheels = cache / "flowgraph" / "wheels"
    try:
        wheels.mkdir(parents=True, exist_ok=True)
    except OSError:
        wheels = ROOT / ".cache" / "wheels"
        wheels.mkdir(parents=True, exist_ok=True)
    return wheels


def _requirements(extras: list[str]) -> list[str]:
    """What must be fetched to build and install the project with `extras`."""
    # Imported here because an older Python, which has no tomllib, must still get its message.
    import tomllib

    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    requirements = config["options"]["install_requires"].split("\n")
    for extra in extras:
        requirements += config["options.extras_require"][extra].split("\n")
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    requirements += build["build-system"]["requires"]
    return [line.strip() for line in requirements if line.strip()]
