"""What docs/simulator.md shows a newcomer can be done as it stands there."""

import re
import tomllib
from pathlib import Path

from sim.scenario.load import parse
from sim.scenario.play import play

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "simulator.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```toml\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def test_the_first_scenario_is_played_as_it_is_written() -> None:
    outcome = play(parse(BLOCKS[0], Path("mine.scenario.toml")))

    assert outcome.met, [verdict for verdict in outcome.verdicts if not verdict.met]


def test_with_something_broken_nothing_is_lost() -> None:
    # The page has them put together
    text = BLOCKS[0][: BLOCKS[0].index("[[expect]]")] + BLOCKS[1] + BLOCKS[2]

    outcome = play(parse(text, Path("mine.scenario.toml")))

    assert outcome.met, [verdict for verdict in outcome.verdicts if not verdict.met]
    assert outcome.verdicts[0].seen != "0 made, each received once"


def test_whoever_goes_on_as_the_page_says_sees_what_it_says() -> None:
    # Given the first file with the breaks added at its end, as a newcomer does it
    broken = "\n".join(BLOCKS[:3])

    outcome = play(parse(broken, Path("mine.scenario.toml")))

    assert [verdict.wanted.split(",")[0] for verdict in outcome.missed] == ["asked"]
    assert outcome.missed[0].seen.startswith("too late")

    # And with the question expected where the person sees it
    first, asked, rest = broken.partition('[[expect]]\nthat = "asked"')
    mended = first + BLOCKS[3] + rest[rest.index("[[expect]]") :]
    outcome = play(parse(mended, Path("mine.scenario.toml")))

    assert asked
    assert outcome.met, [verdict for verdict in outcome.verdicts if not verdict.met]


def test_every_block_is_toml() -> None:
    for block in BLOCKS:
        tomllib.loads(block)


def test_every_page_that_is_linked_is_there() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (DOCS / link).resolve().exists(), link


def test_the_example_for_ci_names_commands_that_exist() -> None:
    text = (DOCS / "examples" / "github-actions-scenarios.yml").read_text(encoding="utf-8")

    assert "doorknock sim run scenarios/*.toml --junit" in text
