"""Who may call what: tokens checked against pinned keys, a gate on every route, regions on rows."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from fastapi import Depends, Request

from shared.errors import Forbidden, Unauthenticated
from shared.query import check_words

ROLES = (
    "agent", "bot", "dispatcher", "crew", "supervisor", "callback", "ops", "service",
)  # fmt: skip
AUDIENCES = ("intake", "workorders", "notify", "billing")
_ALGORITHM, _ISSUER = "EdDSA", "wattline"
_CLAIMS = ["exp", "iat", "nbf", "iss", "aud", "sub"]
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose token it is. `region` is a code prefix: "" is everywhere, "3205" a city."""

    subject: str
    role: str
    region: str

    def sees(self, region: str) -> bool:
        return region.startswith(self.region)


class Keyring:
    """The public keys that we trust, by key id, and the tokens lately seen to be good."""

    def __init__(self, jwks: Path, audience: str) -> None:
        keys = jwt.PyJWKSet.from_dict(json.loads(jwks.read_text()))
        self._keys = {key.key_id: key for key in keys.keys}
        self._audience = audience
        self._seen: dict[str, tuple[Caller, float]] = {}

    def caller(self, token: str) -> Caller:
        """Whose token this is. Raises Unauthenticated, without saying which check failed."""
        known = self._seen.get(token)
        if known is not None and known[1] > time.time():
            return known[0]
        claims = self._verified(token)
        caller = Caller(claims["sub"], claims.get("role", ""), claims.get("region", "?"))
        if caller.role not in ROLES or not _is_region(caller.region):
            raise Unauthenticated
        if len(self._seen) >= _REMEMBERED:
            self._seen.clear()
        self._seen[token] = (caller, float(claims["exp"]))
        return caller

    def _verified(self, token: str) -> dict[str, Any]:
        try:
            key = self._keys[str(jwt.get_unverified_header(token).get("kid"))]
            return jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                audience=self._audience,
                issuer=_ISSUER,
                options={"require": _CLAIMS},
            )
        except (jwt.PyJWTError, KeyError, ValueError) as error:
            raise Unauthenticated from error


def token_of(request: Request) -> str:
    """The bearer token that came with it. Raises Unauthenticated."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated
    return token


def _is_region(claim: object) -> bool:
    return isinstance(claim, str) and (claim == "" or (claim.isascii() and claim.isdecimal()))


class Gate:
    """What stands before a route: these roles may pass, with a query that it takes."""

    def __init__(self, roles: Sequence[str]) -> None:
        unknown = set(roles) - set(ROLES)
        if unknown:
            raise ValueError(f"no such roles: {sorted(unknown)}")
        self.roles = tuple(roles)

    async def __call__(self, request: Request) -> None:
        caller = request.app.state.keyring.caller(token_of(request))
        if caller.role not in self.roles:
            raise Forbidden(role=caller.role, roles_that_may=list(self.roles))
        request.state.caller = caller
        check_words(request)


class Open:
    """What stands before a route that anyone may call, with a query that it takes; `why` is for
    the reader.
    """

    roles: tuple[str, ...] = ()

    def __init__(self, why: str) -> None:
        self.why = why

    async def __call__(self, request: Request) -> None:
        request.state.caller = Caller(subject="anonymous", role="", region="?")
        check_words(request)


def may(*roles: str) -> Any:
    """Route declaration: `dependencies=[may("agent", "supervisor")]`."""
    return Depends(Gate(roles))


def anyone(why: str) -> Any:
    """Route declaration for the few open doors: `dependencies=[anyone("token in the URL")]`."""
    return Depends(Open(why))


async def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


Called = Annotated[Caller, Depends(_caller)]


def new_keys(private: Path, jwks: Path) -> None:
    """Make a key pair: the private key readable by its owner only, the public one as a JWKS."""
    key = Ed25519PrivateKey.generate()
    private.parent.mkdir(parents=True, exist_ok=True)
    private.touch(mode=0o600)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    private.write_bytes(pem)
    public = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key()))
    jwks.write_text(json.dumps({"keys": [public | {"kid": "local-1", "alg": _ALGORITHM}]}))


def mint(private: Path, *, role: str, region: str = "", subject: str = "", hours: float = 8) -> str:
    """A token for local use, for all four services. `region` is a code prefix."""
    now = int(time.time())
    claims = {
        "iss": _ISSUER,
        "aud": list(AUDIENCES),
        "sub": subject or f"{role}-1",
        "role": role,
        "region": region,
        "iat": now,
        "nbf": now - 5,
        "exp": now + int(hours * 3600),
    }
    key = load_pem_private_key(private.read_bytes(), password=None)
    return jwt.encode(claims, key, algorithm=_ALGORITHM, headers={"kid": "local-1"})  # type: ignore[arg-type]
