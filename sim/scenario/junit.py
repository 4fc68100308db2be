"""A run of scenarios as CI systems read it: JUnit XML, a suite a file, a case an expectation."""

from collections.abc import Iterable
from pathlib import Path

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from sim import writable
from sim.scenario.outcome import Outcome


def write(outcomes: Iterable[Outcome], file: Path) -> None:
    """Raises OSError."""
    report = JUnitXml("doorknock scenarios")
    for outcome in outcomes:
        suite = TestSuite(outcome.name)
        suite.add_property("title", outcome.title)
        suite.add_property("seed", str(outcome.seed))
        if outcome.smallest is not None:
            suite.add_property("smallest", str(outcome.smallest))
        share_s = outcome.took_s / max(1, len(outcome.verdicts))
        for verdict in outcome.verdicts:
            case = TestCase(verdict.wanted, classname=outcome.name, time=round(share_s, 3))
            if verdict.known_limit and not verdict.met:
                case.result = [Skipped(verdict.known_limit)]
            elif not verdict.met:
                line = f", line {verdict.line}" if verdict.line else ""
                where = f"{outcome.path}{line}"
                failure = Failure(f"{verdict.wanted}: {verdict.seen}", "expectation")
                failure.text = f"{where}: wanted {verdict.wanted}; seen: {verdict.seen}"
                case.result = [failure]
            suite.add_testcase(case)
        if outcome.trouble:
            case = TestCase("comes to its end", classname=outcome.name)
            error = Error(outcome.trouble.splitlines()[-1], "trouble")
            error.text = outcome.trouble
            case.result = [error]
            suite.add_testcase(case)
        report.add_testsuite(suite)
    with writable.written(file):
        report.write(str(file), pretty=True)
