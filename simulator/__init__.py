"""A pretend carrier: Twilio's voice API over HTTP and websockets, from its documents. It knows nothing of the rest."""
