"""A backend for clemcore that it does not have: its OpenAI-compatible one, with a thread for every request of a batch."""

from concurrent.futures import ThreadPoolExecutor

import clemcore.backends as backends
from clemcore.backends.openai_api import OpenAIModel
from clemcore.backends.openai_compatible_api import GenericOpenAI


class ThreadedModel(OpenAIModel, backends.BatchGenerativeModel):
    """Answers a whole batch at once."""

    def generate_batch_response(self, batch_messages):
        with ThreadPoolExecutor(max(1, len(batch_messages))) as pool:
            return list(pool.map(self.generate_response, batch_messages))


class Threaded(GenericOpenAI):
    """Makes such models."""

    def get_model_for(self, model_spec):
        return ThreadedModel(self.client, model_spec)
