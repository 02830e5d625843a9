#!/usr/bin/python3
"""What an exposition and a Prometheus say, for scripts in the machine.

metrics.py sum FILE NAME [LABEL=VALUE...]   what all such samples add up to; VALUE * is any but none
metrics.py missing FILE OTHER               how many samples of FILE are not in OTHER, or with another value
metrics.py query EXPRESSION                 the sum of what Prometheus answers; fails without answer"""
import json
import re
import sys
import urllib.parse
import urllib.request

SAMPLE = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def samples(path):
    """Name, labels and value of each sample."""
    for line in open(path, encoding="utf-8"):
        match = SAMPLE.match(line)
        if match:
            yield match[1], dict(LABEL.findall(match[2] or "")), float(match[3])


def total(path, name, *wanted):
    """Labels that are asked for as LABEL= must not be there."""
    result = 0
    for found, labels, value in samples(path):
        wishes = (wish.split("=", 1) for wish in wanted)
        if found == name and all(labels.get(label, "") == wish or (wish == "*" and label in labels)
                                 for label, wish in wishes):
            result += value
    return result


def missing(path, other):
    """Fails when there is nothing in the first. An empty label is none, which node_exporter adds."""
    mine, others = ({(name, frozenset(label for label in labels.items() if label[1])): value
                     for name, labels, value in samples(each)} for each in (path, other))
    if not mine:
        sys.exit(f"{path}: no samples")
    return sum(others.get(key) != value for key, value in mine.items())


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


print(f'{ {"sum": total, "missing": missing, "query": query}[sys.argv[1]](*sys.argv[2:]):.0f}')
