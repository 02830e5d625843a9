"""Traffic of known size by units, a container, two commands and a class, and what each of them must be told with."""
import os
import pathlib
import shutil
import subprocess
import time

from promql import Window, labels, scrape_after

ADDRESS, PORT = "10.55.0.2", 7000
CONTAINER = "c0ffee" + 58 * "0"
PLACE = pathlib.Path("/tmp/scene")
# What the cable and the protocols add to the payload of a datagram, over the wire and within a host.
WIRE, LOOPBACK = 14 + 20 + 8, 20 + 8
HELD = 30
SYSTEM = labels(slice="system.slice", unit="vm-run.service")


def load(unit, **more):
    return labels(slice="load.slice", unit=unit, **more)


# Unit, command, bytes and datagrams that are answered over the wire.
ASKED = [(load("first.service"), "traffic", 1000, 50),
         (load("second.service"), "courier", 500, 20),
         (load(f"docker-{CONTAINER}.scope", container=CONTAINER), "traffic", 200, 30)]
UNANSWERED = (load("lost.service"), "bash", 1000, 40)
INSIDE = (3000, 25)


def in_namespace(name, *command):
    return ["ip", "netns", "exec", name, *map(str, command)]


def output(*command):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout


def number(name, namespace=None):
    """A counter of a device, as its file in /sys/class/net, in a network namespace or here."""
    path = f"/sys/class/net/{name}"
    return int(output(*in_namespace(namespace, "cat", path) if namespace else ("cat", path)))


def add(amounts, key, amount):
    if amount:
        amounts[key] = amounts.get(key, 0) + amount


class Scene:
    """Units that have carried something before, so that an engine has seen their first value, and then carry what is
    known."""

    def __init__(self):
        self.jobs = []
        self.lost = UNANSWERED[3] * (UNANSWERED[2] + WIRE)
        self.exporter = output("systemctl", "show", "-P", "MainPID", "netatop-exporter").strip()

    def __enter__(self):
        shutil.rmtree(PLACE, ignore_errors=True)
        PLACE.mkdir()
        shutil.copy(shutil.which("traffic"), PLACE / "courier")
        return self

    def __exit__(self, *_):
        for unit in ("first", "second", "lost", "inside", "held"):
            subprocess.run(["systemctl", "stop", unit], check=False)
        for job in self.jobs:
            job.terminate()
        for job in self.jobs:
            job.wait()

    def play(self):
        """Everything, between two scrapes with quiet around."""
        self.silence_neighbours()
        self.begun = scrape_after(time.time())
        self.begin_units()
        time.sleep(2)
        outer = self.readings()
        first = scrape_after(time.time())
        inner = self.readings()
        (PLACE / "go").touch()
        self.wait_for("done")
        time.sleep(2)
        inner_end = self.readings()
        last = scrape_after(time.time())
        outer_end = self.readings()
        self.least = {name: inner_end[name] - inner[name] for name in inner}
        self.most = {name: outer_end[name] - outer[name] for name in outer}
        self.resident = outer_end["resident"]
        # The messages that say that a port is closed, as much of a datagram as they repeat; they are not counted.
        self.devices_carried = self.most["devices"] - self.most["refusals"] * (14 + 576)
        return Window(first, last)

    def readings(self):
        fields = pathlib.Path(f"/proc/{self.exporter}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        status = pathlib.Path(f"/proc/{self.exporter}/status").read_text(encoding="ascii")
        module = pathlib.Path("/proc/netatop").read_text(encoding="ascii")
        refusals = output(*in_namespace("server", "cat", "/proc/net/snmp")).split("\nIcmp: ")
        names, values = (line.split("\n")[0].split() for line in refusals[1:3])
        return {"processor": (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"),
                "resident": 1024 * int(status.split("VmRSS:")[1].split()[0]),
                "walks": int(module.split("owner walks:")[1].split()[0]),
                "loopback": number("lo/statistics/tx_bytes"),
                "devices": sum(number("cable/statistics/tx_bytes", side) for side in ("client", "server")),
                "refusals": int(values[names.index("OutDestUnreachs")])}

    def silence_neighbours(self):
        """Nothing but what is sent goes over the cable: no questions for addresses."""
        output(*in_namespace("client", "bash", "-c", f"exec 3<>/dev/tcp/{ADDRESS}/{PORT}"))
        for side, other, address in (("client", "server", ADDRESS), ("server", "client", "10.55.0.1")):
            there = output(*in_namespace(other, "cat", "/sys/class/net/cable/address")).strip()
            output("ip", "-n", side, "neigh", "replace", address, "lladdr", there, "dev", "cable", "nud", "permanent")
            output(*in_namespace(side, "sysctl", "-w", "net.ipv6.conf.cable.disable_ipv6=1"))

    def begin_units(self):
        self.jobs.append(subprocess.Popen(in_namespace("client", "traffic", "serve", "127.0.0.1", 7001)))
        time.sleep(1)
        for key, command, size, count in ASKED:
            path = PLACE / command if command == "courier" else command
            ask = f"{path} ask udp {ADDRESS} {PORT} {size}"
            self.begin(dict(key)["unit"], f"{ask} 1", f"{ask} {count}")
        lose = f"for ((i = 0; i < %d; i++)); do printf %%0{UNANSWERED[2]}d 0 >/dev/udp/{ADDRESS}/7999; done"
        self.begin("lost.service", lose % 1, lose % UNANSWERED[3])
        ask = f"traffic ask udp 127.0.0.1 7001 {INSIDE[0]}"
        self.begin("inside.service", f"{ask} 1", f"{ask} {INSIDE[1]}")
        # Sockets that are there before and after.
        hold = f"for ((i = 0; i < {HELD}; i++)); do sleep 1000 | traffic ask udp {ADDRESS} {PORT} 100 1 & done"
        self.begin("held.service", hold, "true")
        self.wait_for("ready")

    def begin(self, unit, first, then):
        name = unit.partition(".")[0]
        script = (f"PATH=$PATH:{pathlib.Path(shutil.which('traffic')).parent}\n{first}; touch {PLACE}/{name}.ready; "
                  f"until [ -e {PLACE}/go ]; do sleep 0.2; done; {then}; touch {PLACE}/{name}.done; sleep 1000")
        (PLACE / f"{name}.sh").write_text(script, encoding="ascii")
        scope = ["--scope"] if unit.endswith(".scope") else ["--collect"]
        self.jobs.append(subprocess.Popen(
            ["systemd-run", "--quiet", *scope, f"--unit={unit}", "--slice=load.slice",
             *in_namespace("client", "bash", PLACE / f"{name}.sh")], stdin=subprocess.DEVNULL))

    def wait_for(self, what):
        """Until each unit has come so far."""
        for _ in range(600):
            if len(list(PLACE.glob(f"*.{what}"))) == len(ASKED) + 3:
                return
            time.sleep(0.1)
        raise SystemExit(f"{what}: {list(PLACE.iterdir())}")

    def send_without_room(self, count):
        output(*in_namespace("client", "bash", "-c",
                             f"for ((i = 0; i < {count}; i++)); do printf x >/dev/udp/{ADDRESS}/7999; done"))

    def by_unit(self, direction):
        """Over the wire; the server runs where this test does, and what has no task has no labels."""
        amounts = {}
        for key, _, size, count in ASKED:
            add(amounts, key, count * (size + WIRE))
            add(amounts, SYSTEM, count * (size + WIRE))
        add(amounts, UNANSWERED[0] if direction == "transmit" else labels(), self.lost)
        return amounts

    def by_command(self, direction):
        amounts = {}
        for _, command, size, count in ASKED:
            add(amounts, labels(command=command), count * (size + WIRE))
            add(amounts, labels(command="traffic"), count * (size + WIRE))
        add(amounts, labels(command="bash") if direction == "transmit" else labels(**{"class": "nosocket"}), self.lost)
        return amounts

    def by_slice(self, direction, scopes=("wire", "loopback")):
        """Prometheus itself is in slice system: it and the exporter carry at most what the device did."""
        amounts = {}
        for key, amount in self.by_unit(direction).items():
            name = dict(key).get("slice")
            add(amounts, labels(slice=name) if name else labels(**{"class": "nosocket"}), amount)
        if "loopback" in scopes:
            inside = INSIDE[1] * (INSIDE[0] + LOOPBACK)
            amounts[labels(slice="load.slice")] += inside
            system = amounts[labels(slice="system.slice")] + inside
            amounts[labels(slice="system.slice")] = (system + self.least["loopback"], system + self.most["loopback"])
        return amounts

    def wire_total(self):
        return sum(sum(self.by_unit(direction).values()) for direction in ("receive", "transmit"))

    def by_scope(self):
        inside = 4 * INSIDE[1] * (INSIDE[0] + LOOPBACK)
        return {labels(scope="wire"): self.wire_total(),
                labels(scope="loopback"): (inside + 2 * self.least["loopback"], inside + 2 * self.most["loopback"])}

    def entries(self):
        """By how many more there are in each table than before, at least and at most: a process has one of its own and
        one for each thread. Sockets stay a while after they are closed, those of the queries of this test too."""
        units = len(ASKED) + 3
        return {"sockets": (HELD, 5 * HELD), "tasks": (2 * HELD, 2 * HELD + 20), "cgroups": (units, units + 2)}

    def processor_bounds(self):
        tick = 2 / os.sysconf("SC_CLK_TCK")
        return (self.least["processor"] - tick, self.most["processor"] + tick)

    def walk_bounds(self):
        return (self.least["walks"], self.most["walks"])
