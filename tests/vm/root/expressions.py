#!/usr/bin/python3
"""Runs in the machine, with a Prometheus that scrapes netatop-exporter: each expression of the dashboard and of the
rules, over traffic of known size; expected is what was sent, or what the devices and /proc say.

expressions.py all DIRECTORY             with rules and dashboard in DIRECTORY
expressions.py alert DIRECTORY NAME VALUE   an alert's expression has this value now"""
import json
import pathlib
import sys
import time

import yaml

from promql import Window, ask, labels, scrape_after
from scene import Scene

HOST = {"job": "netatop", "instance": "127.0.0.1:10147"}
MODULE = pathlib.Path("/sys/module/netatop/parameters")


class Book:
    """The expressions of the files, each of which has to be looked at."""

    def __init__(self, directory):
        rules = yaml.safe_load((directory / "netatop.rules.yml").read_text(encoding="utf-8"))
        panels = json.loads((directory / "netatop.json").read_text(encoding="utf-8"))["panels"]
        self.rules = {rule.get("record") or rule["alert"]: rule["expr"]
                      for group in rules["groups"] for rule in group["rules"]}
        self.records = [rule["record"] for group in rules["groups"] for rule in group["rules"] if "record" in rule]
        self.panels = {f"{panel['title']} {target['refId']}": target["expr"]
                       for panel in panels for target in panel["targets"]}
        self.left = {**self.rules, **self.panels}
        self.failures = 0

    def expression(self, name):
        """In which a recording rule that another one uses is written out."""
        self.left.pop(name, None)
        expression = {**self.rules, **self.panels}[name]
        # The later ones use the earlier ones.
        for record in reversed(self.records):
            expression = expression.replace(record, f"({self.rules[record]})")
        return expression

    def equal(self, name, expected, found):
        """Amounts as numbers, or as pairs of the least and the most; numbers to the hundredth."""
        def fits(key):
            if key not in found or key not in expected:
                return False
            low, high = expected[key] if isinstance(expected[key], tuple) else (expected[key],) * 2
            return low - 0.01 <= found[key] <= high + 0.01

        wrong = [key for key in expected.keys() | found.keys() if not fits(key)]
        print(f"{'FAILED' if wrong else 'passed'}: {name}: {len(expected)} values")
        for key in wrong:
            print(f"    {dict(key)}: expected {expected.get(key)}, found {found.get(key)}")
        self.failures += bool(wrong)

    def end(self):
        for name in self.left:
            print(f"FAILED: {name}: not looked at; say in tests/vm/root/expressions.py what it must be")
        return 1 if self.failures or self.left else 0


def traffic_panels(book, window, scene):
    for way, direction in (("Received", "receive"), ("Transmitted", "transmit")):
        for what in ("slice", "unit", "command"):
            title = {"slice": f"{way}, by slice A", "unit": f"{way} over the wire, by unit and container A",
                     "command": f"{way} over the wire, by command A"}[what]
            book.equal(title, getattr(scene, f"by_{what}")(direction), window.carried(book.expression(title)))
    book.equal("Wire and loopback A", scene.by_scope(), window.carried(book.expression("Wire and loopback A")))
    families = window.carried('sum(rate(netatop_slice_transmit_bytes_total{scope="wire"}[5m]))')
    book.equal("what the devices carried", {labels(): scene.devices_carried}, families)


def records(book, window, scene):
    host = labels(**HOST)
    for direction in ("receive", "transmit"):
        for what in ("unit", "command"):
            name = f"instance_{what}:netatop_{direction}_bytes:rate5m"
            # That which is a task's.
            expected = {key | host: amount for key, amount in getattr(scene, f"by_{what}")(direction).items()
                        if key and "class" not in dict(key)}
            book.equal(name, expected, window.carried(book.expression(name)))
    name = "instance:netatop_bytes:rate5m"
    book.equal(name, {host: scene.wire_total()}, window.carried(book.expression(name)))
    name = "instance:netatop_unattributed_bytes:ratio_rate5m"
    ratio = window.ask(book.expression(name))
    book.equal(name, {host: round(1e6 * scene.lost / scene.wire_total())},
               {key: round(1e6 * value) for key, value in ratio.items()})


def recorded(book):
    """What Prometheus has recorded is the expression at the moment when it did so."""
    for name in book.records:
        for _ in range(10):
            moments = set(ask(f"timestamp({name})").values())
            if len(moments) == 1:
                moment = round(moments.pop() * 1000)
                found, computed = ask(name, moment), ask(book.rules[name], moment)
                if found == computed:
                    break
            time.sleep(0.7)
        book.equal(f"recorded {name}", computed, found)


def other_panels(book, window, scene):
    host, instance = labels(**HOST), labels(instance=HOST["instance"])
    unsettled = window.ask(book.expression("Nobody's yet A"))
    book.equal("Nobody's yet A", {instance: 0}, {key: value for key, value in unsettled.items() if value or key == instance})
    limits = {table: int((MODULE / f"max_{table}").read_text()) for table in ("sockets", "tasks", "cgroups")}
    title = "Tables of the module A"
    expression = book.expression(title)
    before = ask(expression.replace("$instance", ".*"), scene.begun)
    more = {key: (value - before[key]) * limits[dict(key)["table"]]
            for key, value in window.ask(expression).items() if dict(key)["table"] in limits}
    book.equal(title, {host | labels(table=table): bounds for table, bounds in scene.entries().items()}, more)
    book.equal("Cost A", {host: scene.processor_bounds()},
               {key: value * window.milliseconds / 1000 for key, value in window.ask(book.expression("Cost A")).items()})
    took = window.ask("scrape_duration_seconds")[host]
    book.equal("Cost B", {host: (0.0001, took)}, window.ask(book.expression("Cost B")))
    book.equal("Memory of the exporter A", {host: (scene.resident - 1e6, scene.resident + 1e6)},
               window.ask(book.expression("Memory of the exporter A")))
    book.equal("Searches for owners A", {host: scene.walk_bounds()},
               {key: value * window.milliseconds / 1000
                for key, value in window.ask(book.expression("Searches for owners A")).items()})


def quiet_alerts(book, window, scene):
    """Those that look at what was carried, and those that have nothing to say."""
    host = labels(**HOST)
    budget = book.expression("NetatopEgressBudget")
    sent = sum(scene.by_slice("transmit", scopes=("wire",)).values())
    book.equal("NetatopEgressBudget", {host: sent}, window.ask(budget.replace("100e9", str(sent - 0.5))))
    book.equal("NetatopEgressBudget, not spent", {}, window.ask(budget.replace("100e9", str(sent + 0.5))))
    expression = book.expression("NetatopUnattributed")
    book.equal("NetatopUnattributed", {host: 1e6 * scene.lost / scene.wire_total()},
               {key: 1e6 * value for key, value in window.ask(expression).items()})
    for name in ("NetatopExporterDown", "NetatopExporterMissing", "NetatopAccountingOff", "NetatopTableNearFull",
                 "NetatopTableOverflow"):
        book.equal(f"{name}, not so", {}, window.ask(book.expression(name)))
    book.equal("NetatopExporterMissing", {labels(job="netatop"): 1},
               ask(book.expression("NetatopExporterMissing"), window.last - 24 * 3600 * 1000))


def set_parameter(name, value):
    """A scrape that began after it."""
    (MODULE / name).write_text(str(value), encoding="ascii")
    return scrape_after(time.time())


def provoked_alerts(book, scene):
    host = labels(**HOST)
    moment = set_parameter("enabled", 0)
    book.equal("NetatopAccountingOff", {host: 0}, ask(book.expression("NetatopAccountingOff"), moment))
    set_parameter("enabled", 1)

    before = (MODULE / "max_tasks").read_text().strip()
    (held, _), sent = scene.entries()["tasks"], 10
    first = set_parameter("max_tasks", held)
    full = ask(book.expression("NetatopTableNearFull"), first)
    book.equal("NetatopTableNearFull", {host | labels(table="tasks"): (held, held + 60)},
               {key: value * held for key, value in full.items()})
    scene.send_without_room(sent)
    window = Window(first, scrape_after(time.time()))
    # At least each datagram of a process without room, and whatever else has come meanwhile.
    book.equal("NetatopTableOverflow", {host | labels(table="tasks"): (sent, 5 * sent)},
               window.ask(book.expression("NetatopTableOverflow")))
    set_parameter("max_tasks", before)


def everything(directory):
    book = Book(directory)
    with Scene() as scene:
        window = scene.play()
        traffic_panels(book, window, scene)
        other_panels(book, window, scene)
        records(book, window, scene)
        recorded(book)
        quiet_alerts(book, window, scene)
        provoked_alerts(book, scene)
    return book.end()


def alert(directory, name, value):
    found = ask(Book(directory).expression(name))
    print(f"{name}: expected {value}, found {found}")
    return 0 if list(found.values()) == [float(value)] else 1


def main(what, directory, *rest):
    return {"all": everything, "alert": alert}[what](pathlib.Path(directory), *rest)


sys.exit(main(*sys.argv[1:]))
