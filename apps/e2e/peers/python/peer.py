"""What a peer prints and reads: apps/e2e/peers/lib/program.mjs."""

import os
import sys
from urllib.parse import parse_qs, urlsplit

settings = os.environ


def check(name, holds, more=""):
    print("ok" if holds else "FAIL", name, str(more).replace("\n", " "), sep="\t", flush=True)


def refuses(name, kinds, run):
    """A check that holds when `run` raises one of these exceptions."""
    try:
        check(name, False, f"gave {run()!r:.200}")
    except kinds as error:
        check(name, True, type(error).__name__)


def open_in_browser(address):
    """Where the person's browser is sent from this address: the whole URL, and its parameters."""
    print("open", address, sep="\t", flush=True)
    reached = sys.stdin.readline().strip()
    return reached, {name: values[0] for name, values in parse_qs(urlsplit(reached).query).items()}


def tampered(token):
    """The same token with another signature."""
    head, signature = token.rsplit(".", 1)
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
