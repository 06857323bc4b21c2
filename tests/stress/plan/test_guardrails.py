"""The addresses that a load test may call, and how much it may ask of them."""

from __future__ import annotations

import pytest

from clemsim.errors import LimitReached, UsageError
from clemsim.stress.plan.guardrails import Budget, check_private, resolve, server_urls

HERE = "http://127.0.0.1:8000"


def test_servers_are_the_addresses_that_the_agents_name() -> None:
    specs = [f"m@{HERE}/v1,http://10.0.0.1:8000", f"judge=n@{HERE}", "guesser=baseline"]
    assert server_urls(specs) == [f"{HERE}/v1", "http://10.0.0.1:8000/v1"]


@pytest.mark.parametrize("specs", [[], ["baseline"], ["local"], ["vllm:x"], [f"m@{HERE}", "judge=local:x.gguf"]])
def test_agents_that_cannot_be_loaded_are_refused(specs: list[str]) -> None:
    with pytest.raises(UsageError, match="MODEL@URL"):
        server_urls(specs)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.1.1", "::1", "fe80::1%lo", "fd00::1"]
)
def test_private_addresses_may_be_loaded(address: str) -> None:
    check_private(["http://server:80/v1"], lambda host: [address])


@pytest.mark.parametrize("address", ["8.8.8.8", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_other_addresses_need_yes(address: str) -> None:
    with pytest.raises(UsageError, match="--yes"):
        check_private(["http://server:80/v1"], lambda host: ["127.0.0.1", address])


def test_a_host_without_an_address_is_refused() -> None:
    assert "127.0.0.1" in resolve("127.0.0.1")
    with pytest.raises(UsageError, match="there is no host"):
        resolve("no-such-host.invalid")


def test_a_budget_is_exhausted_by_requests_and_by_time() -> None:
    budget = Budget(2, 60.0)
    budget.take_request()
    assert not budget.exhausted
    budget.take_request()
    assert "--max-requests" in budget.exhausted
    with pytest.raises(LimitReached):
        budget.take_request()
    late = Budget(2, 0.0)
    late.start()
    assert "--max-seconds" in late.exhausted
