"""The certificates that are trusted: one context for all clients, and what to say where one is refused."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from clemsim.errors import UsageError


def default_context(ca_file: str | None = None) -> ssl.SSLContext:
    """Return the context that trusts what this machine trusts (or SSL_CERT_FILE and SSL_CERT_DIR instead), and `ca_file`.

    It is made once, for reading the certificates takes longer than a turn. Raises UsageError for a file that cannot be
    read.
    """
    return _make_context(ca_file, os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@lru_cache(maxsize=8)
def _make_context(ca_file: str | None, cert_file: str | None, cert_dir: str | None) -> ssl.SSLContext:
    if cert_file and not Path(cert_file).is_file():
        raise UsageError(f"SSL_CERT_FILE: there is no file {cert_file}: correct it, or unset it")
    if cert_file or cert_dir:
        context = ssl.create_default_context()  # OpenSSL itself heeds both variables
    else:
        context = httpx.create_ssl_context(trust_env=False)  # brings certificates, for a small machine may have none
        context.load_default_certs()
    for name, path in (("SSL_CERT_FILE", cert_file), ("--ca-file", ca_file)):
        if path:
            _load(context, name, path)
    return context


def _load(context: ssl.SSLContext, name: str, path: str) -> None:
    if Path(path).exists() and not Path(path).is_file():
        raise UsageError(f"{name}: {path} is no file: give a file of certificates (PEM)")
    try:
        context.load_verify_locations(cafile=path)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        reason = (
            type(error).__name__ if isinstance(error, FileNotFoundError | PermissionError) else "it holds no certificate"
        )
        raise UsageError(f"{name}: {path} cannot be read ({reason}): give a file of certificates (PEM)") from error


def certificate_problem(error: BaseException, url: str) -> str | None:
    """Return what is wrong with a server's certificate, and what to do; None where that is not what went wrong."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            parts = urlsplit(url)
            whose, reason = f"the certificate of https://{parts.netloc}", cause.verify_message
            match cause.verify_code:
                case 10:  # X509_V_ERR_CERT_HAS_EXPIRED
                    return f"{whose} has expired: renew it"
                case 62 | 64:  # ..._HOSTNAME_MISMATCH, ..._IP_ADDRESS_MISMATCH
                    return f"{whose} is for another host ({reason}): correct the address"
            return f"{whose} is not trusted ({reason}): give its CA with --ca-file or SSL_CERT_FILE"
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what led to it. Clients wrap the one of interest in errors of their own."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        current = waiting.pop()
        if current is not None and id(current) not in seen:
            seen.add(id(current))
            yield current
            waiting += [
                current.__cause__,
                current.__context__,
                *(arg for arg in current.args if isinstance(arg, BaseException)),
            ]
