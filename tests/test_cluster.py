"""Two hosts in network namespaces, one of them lost: the whole of it, as root on Linux."""

from __future__ import annotations

import json
import os
from shutil import which

import pytest

from tests.test_benchmarks import run

pytest.importorskip("ray", reason="the extra `ray` is not installed")


@pytest.mark.slow
@pytest.mark.parametrize("how", [(), ("--cut",)])
@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0 or not which("ip"), reason="makes network namespaces")
def test_a_run_on_two_hosts_of_which_one_is_lost_is_that_of_one_process(how: tuple[str, ...]) -> None:
    ran = run("cluster", "--instances", "60", *how, seconds=420)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["same"] and found["codes"] == [0, 0] and len(found["said"]) == 1
    ready, amiss = found["doctor"][:2], found["doctor"][2:]
    assert all("reaches the servers" in each for each in ready)
    assert any("that address is each node itself" in each for each in amiss)
