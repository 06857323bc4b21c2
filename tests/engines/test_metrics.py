"""What a server says of its load: any text can be read, and no number of it is too large to be stored."""

from __future__ import annotations

from time import process_time

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clemsim.engines.load import ServerLoad
from clemsim.engines.metrics import read_histograms, read_load

VALUES = st.one_of(st.floats().map(str), st.integers().map(str), st.text("0123456789+-.einfNa٣", min_size=1, max_size=9))
NAMES = st.sampled_from(
    ["vllm:num_requests_running", "vllm:kv_cache_usage_perc", "vllm:cache_config_info", "vllm:ttft_bucket", "vllm:ttft_sum"]
)
SIZES = '{block_size="1e400",num_gpu_blocks="٣"}', '{block_size="' + "9" * 5000 + '"}'
LABELS = st.sampled_from(["", '{le="0.5"}', '{le="-"}', *SIZES])
LINES = st.builds(lambda name, labels, value: f"{name}{labels} {value}\n", NAMES, LABELS, VALUES)


@given(st.lists(LINES, max_size=8).map("".join))
def test_any_page_is_read(page: str) -> None:
    load = read_load("vllm:num_requests_running 1\n" + page)
    assert load is not None and load.running >= 1
    assert 0 <= load.kv_usage <= 1 and 0 <= load.kv_tokens <= 2**53
    orjson.dumps([load.running, load.waiting, load.preemptions, load.prefix_hits])
    read_histograms(page, ["vllm:ttft"])


@pytest.mark.parametrize("value", ["1e", "nan", "inf", "-inf", "-7", "1e400", "9" * 60])
def test_a_number_that_is_none(value: str) -> None:
    load = read_load(f"vllm:num_requests_running 2\nvllm:num_requests_waiting {value}\n")
    assert load == ServerLoad(2, 2**53 if value in ("inf", "1e400") else 0, 0.0, 0)


def test_a_page_of_one_long_word_takes_no_long_time() -> None:
    begun = process_time()
    read_load("vllm:cache_config_info{" + "a" * 2**20 + "} 1\n" + "vllm:" + "a" * 2**20)
    assert read_load("x" * (2**22 + 1)) is None
    assert process_time() - begun < 60, "quadratic, this would take hours"


def test_cached_prompt_tokens_are_preferred_to_what_was_looked_up() -> None:
    page = "vllm:num_requests_running 1\nvllm:prefix_cache_queries_total 90\nvllm:prefix_cache_hits_total 9\n"
    looked_up = read_load(page)
    counted = read_load(page + "vllm:prompt_tokens_total 60\nvllm:prompt_tokens_cached_total 45\n")
    assert looked_up and looked_up.prefix_share == 0.1
    assert counted and counted.prefix_share == 0.75
