"""A backend for clemcore that it does not have: its OpenAI-compatible one, with a thread for every request of a batch."""

from concurrent.futures import ThreadPoolExecutor

from clemcore import backends
from clemcore.backends import openai_api, openai_compatible_api  # modules: only one backend may be named here


class ThreadedModel(openai_api.OpenAIModel, backends.BatchGenerativeModel):
    """Answers a whole batch at once."""

    def generate_batch_response(self, batch_messages):
        with ThreadPoolExecutor(max(1, len(batch_messages))) as pool:
            return list(pool.map(self.generate_response, batch_messages))


class Threaded(openai_compatible_api.GenericOpenAI):
    """Makes such models."""

    def get_model_for(self, model_spec):
        return ThreadedModel(self.client, model_spec)
