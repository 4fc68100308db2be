"""The link against brokers that misbehave, and the supervisor, under MicroPython."""


def test_the_link_survives_whatever_a_broker_does(on_the_device) -> None:
    on_the_device("link_cases.py")


def test_one_dead_task_starves_the_watchdog(on_the_device) -> None:
    on_the_device("health_cases.py")
