"""A simulated vLLM server: latency, capacity, prefix cache and metrics, without a model. For tests and benchmarks."""
