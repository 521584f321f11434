"""What a peer prints and reads: apps/e2e/peers/lib/program.mjs."""

import os
import sys
from urllib.parse import parse_qs, urlsplit

settings = os.environ


def check(name, holds, more=""):
    print("ok" if holds else "FAIL", name, str(more).replace("\n", " "), sep="\t", flush=True)


def refuses(name, kind, run, says=""):
    """A check that holds when `run` raises this exception, and the message names what was wrong."""
    try:
        check(name, False, f"gave {run()!r:.200}")
    except kind as error:
        check(name, says in str(error), f"{type(error).__name__}: {error}")


def open_in_browser(address):
    """Where the person's browser is sent from this address: the whole URL, and its parameters."""
    print("open", address, sep="\t", flush=True)
    reached = sys.stdin.readline().strip()
    return reached, {name: values[0] for name, values in parse_qs(urlsplit(reached).query).items()}


def tampered(token):
    """The same token with another signature."""
    head, signature = token.rsplit(".", 1)
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
