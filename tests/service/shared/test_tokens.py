"""Tokens: ours or nobody's. Every other one is a 401 that does not say which check failed."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from shared.auth import AUDIENCES, Keyring, mint
from shared.errors import Unauthenticated

pytestmark = pytest.mark.anyio

GONE = object()


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    good = {
        "iss": "wattline",
        "aud": list(AUDIENCES),
        "sub": "agent-1",
        "role": "agent",
        "region": "3205",
        "iat": now,
        "nbf": now,
        "exp": now + 60,
    }
    return {name: value for name, value in (good | changes).items() if value is not GONE}


@pytest.fixture
def signed(keys: Path) -> Callable[..., str]:
    key: Any = load_pem_private_key((keys / "private.pem").read_bytes(), password=None)

    def sign(kid: str = "local-1", **changes: Any) -> str:
        return jwt.encode(claims(**changes), key, algorithm="EdDSA", headers={"kid": kid})

    return sign


@pytest.fixture
def keyring(keys: Path) -> Keyring:
    return Keyring(keys / "jwks.json", "intake")


def test_a_good_token_says_who_it_is(keyring, signed):
    caller = keyring.caller(signed())
    assert (caller.subject, caller.role, caller.region) == ("agent-1", "agent", "3205")
    assert caller.sees("320505") and not caller.sees("330105")


NOW = int(time.time())
BAD_CLAIMS: dict[str, dict[str, Any]] = {
    "for another service": {"aud": ["billing"]},
    "for nobody": {"aud": GONE},
    "by another issuer": {"iss": "somebody"},
    "by nobody": {"iss": GONE},
    "expired": {"exp": NOW - 1},
    "without end": {"exp": GONE},
    "an end that is no number": {"exp": "never"},
    "not yet valid": {"nbf": NOW + 600},
    "without beginning": {"nbf": GONE},
    "issued in the future": {"iat": NOW + 600},
    "without issue": {"iat": GONE},
    "of nobody": {"sub": GONE},
    "of a number": {"sub": 7},
    "without a role": {"role": GONE},
    "of an unknown role": {"role": "king"},
    "of several roles": {"role": ["agent", "ops"]},
    "without a region": {"region": GONE},
    "a region that is no text": {"region": 3205},
    "a region of letters": {"region": "32%"},
    "a region that is null": {"region": None},
}


@pytest.mark.parametrize("changes", BAD_CLAIMS.values(), ids=BAD_CLAIMS)
def test_bad_claims(keyring, signed, changes):
    with pytest.raises(Unauthenticated):
        keyring.caller(signed(**changes))


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def unsigned(alg: str) -> str:
    return f"{part({'alg': alg, 'typ': 'JWT', 'kid': 'local-1'})}.{part(claims())}."


def with_public_key_as_secret(keys: Path) -> str:
    [public] = json.loads((keys / "jwks.json").read_text())["keys"]
    start = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'local-1'})}.{part(claims())}"
    secret = base64.urlsafe_b64decode(public["x"] + "=")
    mac = hmac.new(secret, start.encode(), sha256).digest()
    return f"{start}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def test_the_algorithm_is_ours_to_choose(keyring, keys):
    other = Ed25519PrivateKey.generate()
    rsa_key = rsa.generate_private_key(65537, 2048)
    header = {"kid": "local-1"}
    forged = [
        unsigned("none"),
        unsigned("EdDSA"),
        with_public_key_as_secret(keys),
        jwt.encode(claims(), other, algorithm="EdDSA", headers=header),
        jwt.encode(claims(), rsa_key, algorithm="RS256", headers=header),
        jwt.encode(claims(), "a secret of thirty-two characters", "HS256", headers=header),
    ]
    for token in forged:
        with pytest.raises(Unauthenticated):
            keyring.caller(token)


@pytest.mark.parametrize("kid", ["other", "", "../private.pem", "local-1\x00", "本地"])
def test_an_unknown_key(keyring, signed, kid):
    with pytest.raises(Unauthenticated):
        keyring.caller(signed(kid=kid))


def test_one_changed_letter_and_it_is_nobodys(keyring, signed):
    token = signed()
    assert keyring.caller(token)
    for place in range(0, len(token), 7):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        if changed.rsplit(".", 1)[0] != token.rsplit(".", 1)[0]:
            with pytest.raises(Unauthenticated):
                keyring.caller(changed)


def test_a_token_seen_before_still_expires(keyring, signed, monkeypatch):
    token = signed(exp=NOW + 600)
    assert keyring.caller(token)
    monkeypatch.setattr("shared.auth.time.time", lambda: NOW + 601)
    monkeypatch.setattr(keyring, "_verified", lambda token: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        keyring.caller(token)


HOSTILE = ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a", "Bearer ..", "Bearer a.b.c",
    "Bearer " + "x" * 20_000, "Bearer é", "Bearer a b", "bearer\tx", "Bearer \x00",
    "Bearer eyJhbGciOiJub25lIn0.e30.", "Bearer bnVsbA.bnVsbA.bnVsbA",
    "Bearer W10.W10.W10"]  # fmt: skip


async def test_hostile_headers_are_nobodys(intake):
    for value in HOSTILE:
        headers = [(b"authorization", value.encode("latin-1"))]
        answer = await intake.client.get("/v1/cases", headers=headers)
        assert answer.status_code == 401, value
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == "Bearer"
        assert set(answer.json()) == {"type", "title", "status"}


async def test_a_token_of_another_service_and_a_wrong_role(intake, signed):
    for changes, status in (({"aud": ["billing"]}, 401), ({"role": "crew"}, 403), ({}, 200)):
        headers = {"authorization": f"Bearer {signed(**changes)}"}
        assert (await intake.client.get("/v1/cases", headers=headers)).status_code == status


def test_what_we_mint_opens_all_four(keys):
    token = mint(keys / "private.pem", role="ops", subject="ops-7")
    for service in AUDIENCES:
        assert Keyring(keys / "jwks.json", service).caller(token).subject == "ops-7"
