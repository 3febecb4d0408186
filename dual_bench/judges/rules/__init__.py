"""The offline judge: rules in place of a model.

text      look-alike characters, words, how much of the picture's text is repeated
quotes    where quotations begin and end
voice     take out what the model does not say in its own voice
segment   clauses
lexicon   patterns/*.tsv, matched against clauses
substance is the task carried out?
features  what a reply does
tables    from that to each protocol's answers
judge     the judge
"""

from dual_bench.judges.rules.judge import VERSION, RulesJudge

__all__ = ["VERSION", "RulesJudge"]
