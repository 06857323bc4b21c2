"""A game written for clembench: find a number. It is played as it is, by clemcore and by clemsim:

clemsim run --arena clembench:examples/clembench_game --agent local
"""

from clemcore.clemgame import DialogueGameMaster, GameBenchmark, GameScorer, ParseError, Player
from clemcore.clemgame.metrics import BENCH_SCORE, METRIC_ABORTED, METRIC_LOSE, METRIC_SUCCESS

TRIES = 5
ASK = "Guess a number from 1 to 20. Reply in this form:\nGUESS: <number>"


class Guesser(Player):
    def _custom_response(self, context):
        return "GUESS: 10"


class HigherLower(DialogueGameMaster):
    def _on_setup(self, **instance):
        self.number, self.tries = instance["number"], 0
        self.guesser = Guesser(self.player_models[0])
        self.add_player(self.guesser, initial_context=ASK)

    def _parse_response(self, player, response):
        tag, _, number = response.strip().partition("GUESS: ")
        if tag or not number.isdecimal():
            raise ParseError("no guess", response)
        return int(number)

    def _advance_game(self, player, guess):
        self.tries += 1
        if guess == self.number:
            self.state.succeed()
        elif self.tries == TRIES:
            self.log_to_self("out of guesses", self.tries)
            self.state.failed()
        else:
            self.set_context_for(player, f"The secret number is {'higher' if guess < self.number else 'lower'}.")

    def _on_parse_error(self, error):
        self.log_to_self("invalid format", error.reason)
        self.state.abort()

    def _on_after_game(self):
        self.log_key("Tries", self.tries)
        for key, outcome in ((METRIC_ABORTED, "aborted"), (METRIC_LOSE, "failure"), (METRIC_SUCCESS, "success")):
            self.log_key(key, int(self.state.outcome == outcome))


class TriesScorer(GameScorer):
    def compute_round_score(self, round_idx, round_events):
        pass

    def compute_episode_scores(self, interactions):
        self.log_episode_score("Tries", interactions["Tries"])
        if interactions[METRIC_ABORTED]:
            self.log_episode_score(BENCH_SCORE, float("nan"))
        else:
            self.log_episode_score(BENCH_SCORE, 100 / interactions["Tries"] if interactions[METRIC_SUCCESS] else 0)


class HigherLowerBenchmark(GameBenchmark):
    def create_game_master(self, experiment, player_models):
        return HigherLower(self.game_spec, experiment, player_models)

    def create_game_scorer(self, experiment, game_instance):
        return TriesScorer(self.game_name, experiment, game_instance)
