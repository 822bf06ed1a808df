"""What call objects tell their readers: under which address this API is, and a token to open a call with."""

from datetime import timedelta

from calls.access_tokens import AccessTokens
from runtime.setting_values import only_reachable_from_here
from runtime.settings import Settings


def api_origin(settings: Settings) -> str:
    """The address under which clients reach the API; a public one that only the simulator can reach is none."""
    public = settings.public_base_url
    if public and not only_reachable_from_here(public):
        return public
    host = "127.0.0.1" if settings.gateway_host in ("0.0.0.0", "::") else settings.gateway_host
    return f"http://{host}:{settings.gateway_port}"


def access_tokens(settings: Settings) -> AccessTokens:
    """Makes access tokens; without the secret they open nothing."""
    secret = settings.access_token_secret
    lifetime = timedelta(seconds=settings.access_token_ttl_seconds)
    return AccessTokens(secret.get_secret_value() if secret else "", lifetime=lifetime)
