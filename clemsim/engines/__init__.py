"""Model servers behind one seam: chat servers, replicas, vLLM, llama.cpp, and a simulated server.

It knows no game, no episode and no score.
"""
