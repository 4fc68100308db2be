"""What can go wrong with a scenario.

ScenarioError
├── WrongScenario   what is written cannot be played: the file and the line (exit 2)
└── RunFailed       the world did not come to its end: a crash, a limit (exit 1)
"""


class ScenarioError(Exception):
    """`str()` is for the person at the terminal."""


class WrongScenario(ScenarioError):
    """One sentence: which file, which line, what is wrong, what to do."""


class RunFailed(ScenarioError):
    """The run ended before its time; what was seen until then stands."""
