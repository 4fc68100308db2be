"""What the gateway says about its own work: lines on stderr, for people or as JSON.

No secret, no phone number, no free text of a person, and nothing about watches goes into a log.
"""

import logging
import sys

import structlog


def configure(*, as_json: bool = False) -> None:
    """Sets up structlog for this process. as_json: one JSON object a line, for programs."""
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
    chain: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if as_json:
        chain.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*chain, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # httpx logs every request with its address; alembic every step.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
