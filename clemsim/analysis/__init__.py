"""What makes a model play well: runs, studies or published tables in, the paper's analyses and more out (extra `analysis`).

    statistics/   pure functions of numbers; each names its source
    sources/      reads runs, studies and published tables into one `Evidence`
    questions/    one module for each analysis: tables, sentences, figures out of the evidence
    drawing/      Altair specifications, and where names go on them
    writing/      the analyses as CSV, LaTeX, pictures, JSON and one page of HTML

Source: Bhavsar, Jordan, Hakimov and Schlangen (2024), "How Many Parameters Does it Take to Change a Light Bulb?", arXiv
2406.14051.
"""
