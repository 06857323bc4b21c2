"""Stops a run when its stopping rule is answered: `A > B`, `|A - B| < 5`, or `ci(clemscore) < 20`.

What is looked at, and when, must not depend on what comes out, or the answer would be wrong too often. Short episodes
end first, and how long one lasts depends on how it goes. So the seed of a run decides one order of its instances
(`order`), in blocks that hold a proportional part of each game; episodes begin in that order; and the rule (`rule`) looks,
one after the other, only at the blocks at its beginning whose instances all agents in question have ended, in all
repetitions. So the answer is the same at any width and speed. Once it is there no more episodes begin; those under way end,
so that short ones are not favoured in the scores (`play`).

Instances are taken as a sample of what the games could have asked, as in all other intervals of clemsim. What a rule asks
is in `criteria`, its text is read in `parsing`, and `outlook` says at the beginning what these instances can answer. The
mathematics is in `results.confidence_sequence`: intervals that hold at all looks together.
"""
