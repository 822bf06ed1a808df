"""Start a gateway: `python serve.py`. It answers your clients, Twilio and its relays; run as many as you like."""

import sys

from runtime.leaving import leave
from runtime.logs import configure
from runtime.settings import ConfigurationError, load_settings
from runtime.wiring.gateway import gateway
from runtime.wiring.serving import serve


def main() -> int:
    """Run until SIGTERM or SIGINT; 0 after a clean stop, 1 when it could not start, 2 when a setting is wrong."""
    try:
        settings = load_settings("gateway")
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    configure(settings.log_level, settings.log_format, "gateway")
    has_started = serve(gateway(settings), settings.gateway_host, settings.gateway_port)
    return 0 if has_started else 1


if __name__ == "__main__":
    leave(main())
