"""The verdict of a canary for other tools: Markdown for a summary of a CI job, JUnit XML for its list of tests."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

from clemsim.canary.sentences import headline, sentence
from clemsim.canary.verdict import NAMES, CanaryMeasure, CanaryVerdict


def markdown(verdict: CanaryVerdict) -> str:
    """Return the verdict as Markdown, with a table of the measures."""
    rows = [
        "| measure | answer | pairs | change | interval | margin |",
        "|---|---|---|---|---|---|",
        *(_row(measure) for measure in verdict.measures),
    ]
    what = f"A: `{verdict.a}`  \nB: `{verdict.b}`"
    notes = "\n".join(f"- {line}" for line in verdict.sentences[1:])
    return f"## Canary: {headline(verdict)}\n\n{what}\n\n" + "\n".join(rows) + f"\n\n{notes}\n"


def junit(verdict: CanaryVerdict) -> str:
    """Return the verdict as JUnit XML: a test for each measure, failed where B is worse, skipped where that is open."""
    answers = [measure.answer for measure in verdict.measures]
    counts = {"failures": answers.count("worse"), "skipped": answers.count("open")}
    facts = {"name": "clemsim canary", "tests": str(len(answers)), "time": f"{verdict.seconds:g}"}
    suite = Xml.Element("testsuite", facts | {name: str(count) for name, count in counts.items()})
    for measure in verdict.measures:
        case = Xml.SubElement(suite, "testcase", classname="clemsim.canary", name=NAMES[measure.name])
        if measure.answer == "worse":
            Xml.SubElement(case, "failure", message=sentence(measure))
        elif measure.answer == "open":
            Xml.SubElement(case, "skipped", message=sentence(measure))
    Xml.SubElement(suite, "system-out").text = "\n".join(verdict.sentences)
    Xml.indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(suite, encoding="unicode") + "\n"


def _row(measure: CanaryMeasure) -> str:
    low, high = measure.interval
    speed = measure.name == "speed"
    estimate = "" if measure.estimate is None else f"{measure.estimate:.2f}" if speed else f"{measure.estimate:+.1f}"
    interval = f"{low:.2f}…{'?' if high is None else f'{high:.2f}'}" if speed else f"{low:+.1f}…{high:+.1f}"
    margin = f"{measure.margin:.2f}" if speed else f"{measure.margin:g}"
    return f"| {NAMES[measure.name]} | {measure.answer} | {measure.pairs} | {estimate} | {interval} | {margin} |"
