"""Answers what makes a model play well, from runs, studies or published tables (extra `analysis`).

It plays nothing, and prints nothing: `clemsim.cli` does.

    kinds.py      the registry of the analyses: a line for each, without the libraries of the extra
    analyze.py    from evidence to the answers of the chosen analyses
    compare.py    two runs, paired by instance
    statistics/   pure functions of numbers; each names its source
    sources/      reads runs, studies and published tables into one `Evidence`
    questions/    one module for each analysis: tables, sentences and figures from the evidence
    drawing/      Altair specifications, and the layout of names in them
    writing/      the analyses as CSV, LaTeX, pictures, JSON and one page of HTML

Source: Bhavsar, Jordan, Hakimov and Schlangen (2024), "How Many Parameters Does it Take to Change a Light Bulb?", arXiv
2406.14051.
"""
