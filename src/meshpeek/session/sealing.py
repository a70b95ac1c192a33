"""A network of its own for a rehearsal: loopback and nothing else (Linux namespaces).

The process moves into it, so what it starts afterwards is in it, too: the clusters and all that
commands start, whatever they call and whatever their environment is. See network_namespaces(7) and
user_namespaces(7).
"""

from __future__ import annotations

import errno
import os
import socket
import struct
import sys
from collections.abc import Mapping
from pathlib import Path

from meshpeek.errors import EnvironmentUnfitError
from meshpeek.session.nested import OUTER_REHEARSAL, read_outer_rehearsal

_NEW_NETWORK = 0x40000000  # CLONE_NEWNET and CLONE_NEWUSER of <linux/sched.h>
_NEW_USER = 0x10000000
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1  # SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP
_REQUEST = struct.Struct("16sh14x")  # struct ifreq: a name, and flags

_WHY_NOT = (
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.{}=0"),
    ("kernel/unprivileged_userns_clone", "0", "kernel.{}=1"),
    ("user/max_user_namespaces", "0", "user.{}=10000"),
    ("user/max_net_namespaces", "0", "user.{}=10000"),
)
"""Settings of the kernel, below /proc/sys, that forbid it: the value, and what would allow it."""


def seal_network(environment: Mapping[str, str]) -> None:
    """Move this process into a network that has loopback only.

    Within a rehearsal that is sealed (as `environment` tells), it is there already. The user stays
    the same, and so do the owners of files. Raises EnvironmentUnfitError where that is impossible.
    """
    outer = environment.get(OUTER_REHEARSAL)
    if outer:
        if read_outer_rehearsal(outer).sealed:
            return
        raise EnvironmentUnfitError(
            "this rehearsal cannot be sealed: it is part of one that is not",
            hint="seal the outer one: add --sealed, or `sealed: true` in its settings",
        )
    if sys.platform != "linux":
        raise EnvironmentUnfitError(
            "a rehearsal can be sealed on Linux only", hint="leave --sealed out, or use Linux"
        )
    try:
        try:
            _unshare(_NEW_NETWORK)  # as root is allowed to
        except PermissionError:
            _enter_namespaces()
        _bring_up_loopback()
    except OSError as error:
        raise EnvironmentUnfitError(
            f"this rehearsal cannot be sealed: a network namespace is refused: {error.strerror}",
            hint=_hint(error),
        ) from error


def _enter_namespaces() -> None:
    """Enter a new user namespace, which has this user alone, and a network namespace of it."""
    user, group = os.geteuid(), os.getegid()
    _unshare(_NEW_USER | _NEW_NETWORK)
    for name, text in (
        ("setgroups", "deny"),  # or groups could not be mapped
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        Path(f"/proc/self/{name}").write_text(text, encoding="ascii")


def _unshare(flags: int) -> None:
    if sys.version_info >= (3, 12):
        os.unshare(flags)
        return
    import ctypes  # only here: it takes a while to load

    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(flags):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _bring_up_loopback() -> None:
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        answer = fcntl.ioctl(any_socket, _GET_FLAGS, _REQUEST.pack(b"lo", 0))
        _, flags = _REQUEST.unpack(answer)
        fcntl.ioctl(any_socket, _SET_FLAGS, _REQUEST.pack(b"lo", flags | _UP))


def _hint(error: OSError) -> str:
    for path, refusing, setting in _WHY_NOT:
        try:
            value = Path("/proc/sys", path).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if value == refusing:
            return f"allow it: `sudo sysctl {setting.format(path.rpartition('/')[2])}`"
    if error.errno == errno.ENOSPC:
        return "there are too many namespaces; end some programs that have their own"
    return (
        "in a container, allow it: --cap-add SYS_ADMIN, or a seccomp profile that has `unshare`; "
        "or run without --sealed"
    )
