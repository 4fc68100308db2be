"""What the gateway says about its own work: lines on stderr, for people or as JSON.

No secret, no phone number, no free text of a person, and nothing about watches goes into a log.
"""

import logging
import sys
from typing import TextIO

import structlog


class NeverFails:
    """A text stream whose lines are lost where they cannot be written.

    journald restarts, a pipe's reader ends, a log's disk is full: nobody may go unheard for that.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Writes *text*, or loses it. Never raises."""
        try:
            self._stream.write(text)
        except (OSError, ValueError):
            return 0
        return len(text)

    def flush(self) -> None:
        """Sends on what is buffered, if that works. Never raises."""
        try:
            self._stream.flush()
        except (OSError, ValueError):
            return


def configure(*, as_json: bool = False, verbose: bool = False) -> None:
    """Sets up structlog for this process. as_json: one JSON object a line, for programs.

    verbose: also what would make a diary of a room: each question of a sensor, and its answer.
    """
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            sort_keys=False,
            # Its own choice would be rich, which shows the local variables: secrets among them.
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    # A TextIO is asked for; its loggers call write() and flush() alone.
    stderr: TextIO = NeverFails(sys.stderr)  # type: ignore[assignment]
    chain: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if as_json:
        chain.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*chain, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.DEBUG if verbose else logging.INFO
        ),
        logger_factory=structlog.WriteLoggerFactory(stderr),
        cache_logger_on_first_use=True,
    )
    # httpx logs every request with its address; alembic every step.
    logging.basicConfig(level=logging.WARNING, stream=stderr)
