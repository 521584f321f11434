"""A relying party on Authlib."""

import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidClaimError
from joserfc.jwk import KeySet
from urllib.parse import urlencode

from peer import check, open_in_browser, refuses, settings, tampered

issuer = settings["ISSUER"]
metadata = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=20).json()
check("discovers the provider", metadata["issuer"] == issuer)
keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"], timeout=20).json())
verifier = "a-code-verifier-of-more-than-forty-three-characters"


def session(**more):
    return OAuth2Session(
        settings["CLIENT_ID"],
        settings["CLIENT_SECRET"],
        scope="openid profile offline_access",
        redirect_uri=settings["REDIRECT_URI"],
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_basic",
        token_endpoint=metadata["token_endpoint"],
        **more,
    )


def authorize(client, **more):
    address, state = client.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=verifier, nonce="some-nonce", **more
    )
    reached, parameters = open_in_browser(address)
    check("gets its state back", parameters.get("state") == state, reached)
    return reached, parameters


def verified(token, access_token, client_id=settings["CLIENT_ID"]):
    decoded = jwt.decode(token, keys, algorithms=metadata["id_token_signing_alg_values_supported"])
    claims = CodeIDToken(
        decoded.claims,
        decoded.header,
        {"iss": {"values": [issuer]}, "aud": {"values": [client_id]}},
        {"nonce": "some-nonce", "client_id": client_id, "access_token": access_token},
    )
    claims.validate(leeway=30)
    return claims


client = session()
reached, parameters = authorize(client)
check("gets the issuer (RFC 9207)", parameters.get("iss") == issuer, reached)
token = client.fetch_token(authorization_response=reached, code_verifier=verifier)
claims = verified(token["id_token"], token["access_token"])
check("verifies the ID token, with nonce and at_hash", claims["sub"] != "")
refuses(
    "refuses a tampered ID token",
    BadSignatureError,
    lambda: verified(tampered(token["id_token"]), token["access_token"]),
)
refuses(
    "refuses an ID token beside another access token",
    InvalidClaimError,
    lambda: verified(token["id_token"], token["access_token"] + "x"),
    says="at_hash",
)

info = client.get(metadata["userinfo_endpoint"]).json()
check("gets the same person from UserInfo", (info["sub"], info["preferred_username"]) == (claims["sub"], settings["USERNAME"]), info)
wrong = requests.get(metadata["userinfo_endpoint"], headers={"Authorization": "Bearer wrong"}, timeout=20)
check("is refused UserInfo with a wrong token", wrong.status_code == 401 and "invalid_token" in wrong.headers["WWW-Authenticate"], wrong.status_code)

first = token["access_token"]
refreshed = client.refresh_token(metadata["token_endpoint"], token["refresh_token"])
check("refreshes", refreshed["access_token"] != first)
refuses(
    "is refused a wrong refresh token",
    OAuthError,
    lambda: session().refresh_token(metadata["token_endpoint"], token["refresh_token"] + "x"),
    says="invalid_grant",
)

active = client.introspect_token(metadata["introspection_endpoint"], refreshed["access_token"]).json()
check("introspects its token", active["active"] is True and active["client_id"] == settings["CLIENT_ID"], active)
client.revoke_token(metadata["revocation_endpoint"], refreshed["refresh_token"], token_type_hint="refresh_token")
inactive = client.introspect_token(metadata["introspection_endpoint"], refreshed["access_token"]).json()
check("finds it inactive once it revoked the grant", inactive == {"active": False}, inactive)

reached, _ = authorize(session())
spent = session()
spent.fetch_token(authorization_response=reached, code_verifier=verifier)
refuses(
    "is refused a code that it redeemed before",
    OAuthError,
    lambda: session().fetch_token(authorization_response=reached, code_verifier=verifier),
    says="invalid_grant",
)
reached, _ = authorize(session())
refuses(
    "is refused with another code_verifier",
    OAuthError,
    lambda: session().fetch_token(authorization_response=reached, code_verifier=verifier[::-1]),
    says="invalid_grant",
)

query = urlencode(
    {
        "id_token_hint": token["id_token"],
        "post_logout_redirect_uri": settings["POST_LOGOUT_REDIRECT_URI"],
        "state": "bye",
    }
)
_, parameters = open_in_browser(f"{metadata['end_session_endpoint']}?{query}")
check("is redirected to after logout, with the state", parameters.get("state") == "bye", parameters)
_, parameters = authorize(session(), prompt="none")
check("gets login_required after that", parameters.get("error") == "login_required", parameters)
