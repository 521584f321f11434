"""A resource server on PyJWT: it verifies JWT access tokens by the provider's keys, and introspects them."""

import base64
import json

import jwt
import requests

from peer import check, refuses, settings, tampered

issuer = settings["ISSUER"]
audience = settings["AUDIENCE"]
token = settings["ACCESS_TOKEN"]
metadata = requests.get(f"{issuer}/.well-known/oauth-authorization-server", timeout=20).json()
check("discovers the provider (RFC 8414)", metadata["issuer"] == issuer)
keys = jwt.PyJWKClient(metadata["jwks_uri"])


def verified(text, **changes):
    """RFC 9068 4"""
    if jwt.get_unverified_header(text).get("typ") != "at+jwt":
        raise jwt.InvalidTokenError("typ")
    expected = {"audience": audience, "issuer": issuer, "algorithms": ["ES256"], **changes}
    return jwt.decode(
        text,
        keys.get_signing_key_from_jwt(text).key,
        options={"require": ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"]},
        **expected,
    )


claims = verified(token)
check("accepts an access token for this API", claims["client_id"] == settings["CLIENT_ID"], claims)
check("finds the scope in it", claims["scope"].split() == ["stock"], claims["scope"])
refuses("refuses a tampered signature", jwt.InvalidSignatureError, lambda: verified(tampered(token)))
header, _, signature = token.split(".")
widened = base64.urlsafe_b64encode(json.dumps({**claims, "scope": "stock admin"}).encode()).rstrip(b"=").decode()
refuses("refuses a widened scope", jwt.InvalidSignatureError, lambda: verified(f"{header}.{widened}.{signature}"))
refuses("refuses a token for another API", jwt.InvalidAudienceError, lambda: verified(token, audience="https://other.example/"))
refuses("refuses another issuer", jwt.InvalidIssuerError, lambda: verified(token, issuer="https://other.example"))
refuses("refuses an ID token as an access token", jwt.InvalidTokenError, lambda: verified(settings["ID_TOKEN"]), says="typ")


def introspect(text, secret=settings["API_SECRET"]):
    return requests.post(
        metadata["introspection_endpoint"], {"token": text}, auth=(settings["API_ID"], secret), timeout=20
    )


answer = introspect(token).json()
check("introspects it", answer["active"] is True and answer["sub"] == claims["sub"] and answer["aud"] == audience, answer)
answer = introspect(tampered(token)).json()
check("finds a tampered one inactive", answer == {"active": False}, answer)
check("is refused introspection with a wrong secret", introspect(token, "wrong").status_code == 401)
# The provider revokes it now.
requests.post(
    metadata["revocation_endpoint"],
    {"token": settings["REFRESH_TOKEN"]},
    auth=(settings["CLIENT_ID"], settings["CLIENT_SECRET"]),
    timeout=20,
).raise_for_status()
answer = introspect(token).json()
check("finds it inactive once its grant is revoked", answer == {"active": False}, answer)
