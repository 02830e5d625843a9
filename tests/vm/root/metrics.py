#!/usr/bin/python3
"""What an exposition and a Prometheus say, for scripts in the machine.

metrics.py sum FILE NAME [LABEL=VALUE...]   what all such samples add up to; VALUE * is any but none
metrics.py query EXPRESSION                 the sum of what Prometheus answers; fails without answer
metrics.py dashboard FILE                   each expression of a dashboard has an answer"""
import json
import re
import sys
import urllib.parse
import urllib.request

SAMPLE = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def total(path, name, *wanted):
    """Labels that are asked for as LABEL= must not be there."""
    result = 0
    for line in open(path, encoding="utf-8"):
        match = SAMPLE.match(line)
        if not match or match[1] != name:
            continue
        labels = dict(LABEL.findall(match[2] or ""))
        wishes = (wish.split("=", 1) for wish in wanted)
        if all(labels.get(label, "") == value or (value == "*" and label in labels)
               for label, value in wishes):
            result += float(match[3])
    return result


def answers(expression):
    """The values that Prometheus has for it."""
    url = "http://127.0.0.1:9090/api/v1/query?" + urllib.parse.urlencode({"query": expression})
    with urllib.request.urlopen(url, timeout=60) as reply:
        said = json.load(reply)
    if said["status"] != "success":
        sys.exit(f"{expression}: {said}")
    return [float(sample["value"][1]) for sample in said["data"]["result"]]


def query(expression):
    """One number."""
    values = answers(expression)
    if not values:
        sys.exit(f"{expression}: no answer")
    return sum(values)


def dashboard(path):
    """How many expressions have an answer; ends without."""
    with open(path, encoding="utf-8") as file:
        panels = json.load(file)["panels"]
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    for expression in expressions:
        asked = expression.replace("$__rate_interval", "1m").replace("$instance", ".*")
        if not answers(asked):
            sys.exit(f"{asked}: no answer")
    return len(expressions)


print(f'{ {"sum": total, "query": query, "dashboard": dashboard}[sys.argv[1]](*sys.argv[2:]):.0f}')
