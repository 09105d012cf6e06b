"""What programs inside are told of the way out, in the words that package clients understand."""

from collections.abc import Mapping
from pathlib import Path

from astrolabe.adapters.sandboxes.holder.network import PROXY_PORT

_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/certs/ca-bundle.crt",
)
"""Where distributions keep the authorities this machine trusts, within what a sandbox shows."""
_PROXIES = (
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "ALL_PROXY",
    "npm_config_https_proxy",
    "npm_config_proxy",
    "YARN_HTTPS_PROXY",
)
_TRUST = (
    "SSL_CERT_FILE",
    "NODE_EXTRA_CA_CERTS",
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "CARGO_HTTP_CAINFO",
)


def variables() -> Mapping[str, str]:
    """Return the variables by which clients find the gate, and the authorities that vouch for what lies behind it."""
    proxy = f"http://127.0.0.1:{PROXY_PORT}"
    told = dict.fromkeys([*_PROXIES, *(name.lower() for name in _PROXIES if name.isupper())], proxy)
    told |= dict.fromkeys(("NO_PROXY", "no_proxy"), "localhost,127.0.0.1,::1")
    told |= {
        "NODE_USE_ENV_PROXY": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "npm_config_update_notifier": "false",
    }
    bundle = next((place for place in _BUNDLES if Path(place).exists()), None)
    return told | (dict.fromkeys(_TRUST, bundle) if bundle else {})
