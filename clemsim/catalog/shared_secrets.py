"""Which agents of a run share a key or a secret header: one secret never goes to servers that do not belong together."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from clemsim.catalog.kinds import AgentKind, each_alone
from clemsim.engines.address import is_loopback, is_secret_name, origin
from clemsim.engines.connect import NetworkOptions
from clemsim.engines.credentials import BARE, api_key, own_variables
from clemsim.engines.proxies import find_proxy
from clemsim.errors import UsageError

Named = tuple[AgentKind, str]  # a kind of agents, and the argument of one of them


def check_secrets(agents: Sequence[Named], network: NetworkOptions) -> None:
    """Raise UsageError where one bare key, or one secret header, would go to servers of several deployments.

    The replicas of one agent, and whatever shares a server with them, are one deployment.
    """
    agents = each_alone(agents)
    with_bare_key = [[url for url in kind.addresses(arg) if _has_bare_key(url, kind, arg)] for kind, arg in agents]
    deployments = _deployments(with_bare_key)
    if len(deployments) > 1:
        variables = ", ".join(own_variables(urls[0])[0] for urls in deployments)
        where = " and ".join(origin(urls[0]) for urls in deployments[:2])
        raise UsageError(
            f"{BARE} would go to {where}, which may not belong together: set a key for each ({variables}), or name its "
            "variable in the SPEC (MODEL@URL#key_env=NAME)"
        )
    _check_names(agents)
    secret = [name for name, _ in network.headers if is_secret_name(name)]
    everywhere = _deployments([kind.addresses(arg) for kind, arg in agents])
    if secret and len(everywhere) > 1:
        where = " and ".join(origin(urls[0]) for urls in everywhere[:2])
        raise UsageError(f"the header {secret[0]} would go to {where}, which may not belong together: play them in two runs")


def unencrypted(agents: Sequence[Named], network: NetworkOptions) -> list[str]:
    """Return a warning for each server that gets a key or a secret header over plain http and is not this machine."""
    agents = each_alone(agents)
    secret = any(is_secret_name(name) for name, _ in network.headers)
    warnings = dict[str, None]()
    for kind, arg in agents:
        for url in kind.addresses(arg):
            if url.startswith("http:") and _leaves(url, network) and (secret or api_key(url, kind.key_variable(arg))):
                warnings[f"the key for {origin(url)} travels unencrypted: use https, or a tunnel (ssh -L)"] = None
    return list(warnings)


def _check_names(agents: Sequence[Named]) -> None:
    """Raise UsageError where two hosts have names so alike that both would get the key of one variable."""
    hosts: dict[str, str] = {}
    for kind, arg in agents:
        for url in kind.addresses(arg):
            found = None if kind.key_variable(arg) else api_key(url)
            if found and found.variable in own_variables(url):
                host = urlsplit(url).hostname or ""
                if hosts.setdefault(found.variable, host) != host:
                    raise UsageError(
                        f"{found.variable} would be the key of {hosts[found.variable]} and of {host}: name the variables in "
                        "the SPECs (MODEL@URL#key_env=NAME)"
                    )


def _has_bare_key(url: str, kind: AgentKind, arg: str) -> bool:
    found = None if kind.key_variable(arg) else api_key(url)
    return found is not None and found.variable == BARE


def _leaves(url: str, network: NetworkOptions) -> bool:
    """Return whether requests to an address leave this machine."""
    proxy = find_proxy(url) if network.proxies else None
    return not (is_loopback(url) and (proxy is None or is_loopback(proxy.url)))


def _deployments(addresses: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the addresses of several agents in groups that have no server in common."""
    groups: list[list[str]] = []
    for urls in addresses:
        if urls:
            mine = {origin(url) for url in urls}
            same = [group for group in groups if mine & {origin(url) for url in group}]
            groups = [group for group in groups if group not in same] + [[*(url for group in same for url in group), *urls]]
    return groups
