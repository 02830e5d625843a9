"""What a Prometheus on this machine answers, and at which moments it scraped: for scripts in the machine."""
import json
import re
import time
import urllib.parse
import urllib.request

PROMETHEUS = "http://127.0.0.1:9090"


def labels(**named):
    """Labels as a key of what ask() gives."""
    return frozenset(named.items())


def ask(expression, moment=None):
    """The values of an expression by their labels, without the name, at a moment of scrapes in milliseconds or now."""
    wanted = {"query": expression}
    if moment is not None:
        wanted["time"] = f"{moment / 1000:.3f}"
    url = f"{PROMETHEUS}/api/v1/query?{urllib.parse.urlencode(wanted)}"
    with urllib.request.urlopen(url, timeout=60) as reply:
        data = json.load(reply)["data"]
    if data["resultType"] == "scalar":
        return {labels(): float(data["result"][1])}
    return {frozenset((name, value) for name, value in sample["metric"].items() if name != "__name__"):
            float(sample["value"][1]) for sample in data["result"]}


def scrape_after(moment, patience=60):
    """When a scrape began after a moment in seconds, in milliseconds."""
    ends = time.monotonic() + patience
    while time.monotonic() < ends:
        for seconds in ask('timestamp(netatop_build_info{job="netatop"})').values():
            if seconds > moment:
                return round(seconds * 1000)
        time.sleep(0.2)
    raise SystemExit(f"no scrape within {patience} seconds")


class Window:
    """The time between two scrapes. A range that begins with a scrape and ends with one is not extrapolated: an increase
    over it is what the counters counted, to the byte."""

    def __init__(self, first, last):
        self.last = last
        self.milliseconds = last - first

    def ask(self, expression, instance="127.0.0.1:10147"):
        """With this window for each range of the expression."""
        expression = expression.replace("$__rate_interval", f"{self.milliseconds}ms").replace("$instance", instance)
        return ask(re.sub(r"\[[0-9]+[mhd]\]", f"[{self.milliseconds}ms]", expression), self.last)

    def carried(self, expression):
        """What a rate was in this window, times its length; what was nothing is left out."""
        amounts = {key: value * self.milliseconds / 1000 for key, value in self.ask(expression).items()}
        return {key: amount for key, amount in amounts.items() if amount}
