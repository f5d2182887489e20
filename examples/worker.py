#!/usr/bin/env python3
"""A worker: tells of every paid order, each one at least once, also those that were paid while it was away.

    pip install 'psycopg[binary]>=3.2'
    DATABASE_URL="$(target/debug/tradepost db-url --role worker)" python3 examples/worker.py

The pattern: LISTEN first, then catch up from the log, then trust the wake-ups. The notification carries nothing that
matters; a lost one costs the idle pause and never an event. With `--until-idle` it ends when it has caught up.
"""

import os
import sys

import psycopg

CONSUMER = "example-python"
IDLE_S = 30
EVENTS_AT_ONCE = 100


def handle(seq: int, kind: str, payload: dict) -> None:
    print(f"{seq} {kind}: order {payload['orderId']}", flush=True)


def catch_up(connection: psycopg.Connection) -> None:
    """Handles everything after this consumer's position.

    The position moves after the work, so a crash between the two repeats the work: make it harmless to repeat. If the
    work is in this database too, do both in one transaction, and it happens exactly once.
    """
    fetch = "select seq, type, payload from events.fetch(%s, %s)"
    while events := connection.execute(fetch, (CONSUMER, EVENTS_AT_ONCE)).fetchall():
        for event in events:
            handle(*event)
        connection.execute("select events.commit(%s, %s)", (CONSUMER, events[-1][0]))


def main() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("listen events_orders")
        connection.execute("select events.create_consumer(%s, '{orders.order_paid}', 0)", (CONSUMER,))
        while True:
            catch_up(connection)
            if "--until-idle" in sys.argv:
                return
            for _ in connection.notifies(timeout=IDLE_S, stop_after=1):
                pass


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
