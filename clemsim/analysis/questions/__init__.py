"""The analyses, each in a module with `answer(evidence, options)`: from evidence to tables, sentences and figures.

`size` to `dynamics` are the paper's nine (see `clemsim.analysis.kinds`); `scores` and `ratings` go beyond them. The other
modules are parts of these, or shared by several: `size_fits`, `size_sentences`, `model_comparison`, `variant_groups`,
`group_differences`.
"""
