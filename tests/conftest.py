"""What every test runs under: no network beyond this machine, no deadlines."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest

# A loaded machine is slow now and then; that is no failure.
hypothesis.settings.register_profile("flowgraph", deadline=None, print_blob=True)
hypothesis.settings.load_profile("flowgraph")

# Programs for `flowgraph run`, which test_scripts.py runs.
collect_ignore = ["scripts"]

_connect = socket.socket.connect


def _is_local(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True
    host = str(address[0])
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _connect_locally(self: socket.socket, address: Any) -> None:
    if not _is_local(address):
        raise OSError(f"tests must not use the network: connection to {address} refused")
    _connect(self, address)


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Only connections within this machine are possible: a test that downloads, fails."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _connect_locally)
        yield
