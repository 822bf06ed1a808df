"""What this gateway has of the carrier: its signature to check, and the addresses that it was given."""

from dataclasses import dataclass

from adapters.twilio.signature import SignatureVerifier
from adapters.twilio.urls import CallbackUrls


@dataclass(frozen=True, slots=True)
class CarrierSide:
    """The carrier as the callbacks need it.

    `public_base_url` is what all `urls` begin with; `reconnects`: whether it reconnects broken relays by itself.
    """

    verifier: SignatureVerifier
    urls: CallbackUrls
    public_base_url: str
    reconnects: bool = False


def carrier_side(public_base_url: str, auth_token: str, *, reconnects: bool = False) -> CarrierSide:
    """The carrier's side of a deployment."""
    urls = CallbackUrls(public_base_url)
    return CarrierSide(SignatureVerifier(auth_token, urls), urls, public_base_url, reconnects)
