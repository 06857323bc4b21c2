"""A word game of three rounds for clemcore, with as many requests as clemsim's taboo in which nothing is guessed."""

from clemcore.clemgame import DialogueGameMaster, GameBenchmark, GameScorer, Player

ROUNDS = 3


class Speaker(Player):
    """Either of the two."""

    def _custom_response(self, context):
        return ""


class Words(DialogueGameMaster):
    """One describes, the other guesses wrong; a failure after three rounds."""

    def _on_setup(self, **instance):
        describer, guesser = (Speaker(model) for model in self.player_models)
        self.describer, self.guesser = describer, guesser
        self.add_player(describer, initial_context=instance["describer"])
        self.add_player(guesser, initial_prompt=instance["guesser"])

    def _parse_response(self, player, response):
        return response

    def _advance_game(self, player, parsed_response):
        if player is self.describer:
            self.set_context_for(self.guesser, parsed_response)
            return
        self.set_context_for(self.describer, parsed_response)
        if self.current_round == ROUNDS - 1:
            self.state.failed()


class Scorer(GameScorer):
    """No scores: they are not part of what is timed."""


class Benchmark(GameBenchmark):
    """The game."""

    def create_game_master(self, experiment, player_models):
        return Words(self.game_spec, experiment, player_models)

    def create_game_scorer(self, experiment, game_instance):
        return Scorer(self.game_name, experiment, game_instance)
