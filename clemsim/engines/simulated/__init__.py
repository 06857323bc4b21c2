"""A simulated vLLM server with known latency and capacity, without a model.

It plays no game and judges no answer.
"""
