"""The demo's own count, where it cannot count: a finding, not a fault of the demo's."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from sim.demo.run import _compare
from sim.demo.script import Findings


def test_a_gateway_that_never_came_up_is_a_finding_and_leaves_no_store(tmp_path: Path) -> None:
    stage: Any = SimpleNamespace(settings=SimpleNamespace(data=tmp_path), boards={})
    findings = Findings()

    _compare(findings, cast(Any, stage))

    assert [(what, ok) for what, ok, _ in findings.checks] == [
        ("the gateway and its backend were up", False)
    ]
    assert list(tmp_path.iterdir()) == []
