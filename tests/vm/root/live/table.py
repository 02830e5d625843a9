"""What stands on a screen of netatop: the first line, the rows of a table, amounts as numbers."""
import re
import unicodedata

NUMBERS = ("IN/s", "OUT/s", "IN", "OUT", "PKT/s", "PKT", "TOTAL", "SHARE")
UNITS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}


def amount(text, base=1024):
    """3.4K as 3481; 12.5% as 12.5; none is 0."""
    match = re.fullmatch(r"([0-9.]+)([KMGTPEk]?)%?", text)
    return float(match[1]) * base ** UNITS[match[2].upper()] if match else 0.0


def columns(text):
    """How many of them a terminal needs."""
    return sum(0 if unicodedata.combining(character) else
               2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def cut(line, begin, end=None):
    """What stands in these columns of a line."""
    taken, at = "", 0
    for character in line:
        if at >= begin and (end is None or at < end):
            taken += character
        at += columns(character)
    return taken


def sums(lines):
    """Of the first line: {"rows": ("3.4K", "0"), "module": …, "devices": …}."""
    found = re.findall(r"(rows|module|devices) in +(\S+) out +(\S+)", lines[0])
    return {name: (received, sent) for name, received, sent in found}


def heads(lines):
    """The words of the line above the rows, and where it is."""
    for number, line in enumerate(lines):
        if "SHARE" in line.split() or "IN/s" in line.split():
            return line, number
    raise AssertionError("no table:\n" + "\n".join(lines))


def rows(lines):
    """Each row by the heads of its columns. Numbers end where their heads do; text begins there."""
    head, at = heads(lines)
    places = [(match[0], match.start(), match.end()) for match in re.finditer(r"\S+", head)]
    last = next(i for i, line in enumerate(lines) if " s |" in line and i > at) \
        if any(" s |" in line for line in lines[at:]) else len(lines)
    found = []
    for line in lines[at + 1:last]:
        if not line.strip():
            continue
        row = {}
        for number, (name, begin, end) in enumerate(places):
            if name in NUMBERS or name in ("PID", "TID"):
                row[name] = cut(line, max(end - 7, 0), end).strip()
            else:
                following = places[number + 1] if number + 1 < len(places) else None
                until = None if following is None else \
                    following[2] - 7 if following[0] in NUMBERS else following[1]
                row[name] = cut(line, begin, until).rstrip()
        found.append(row)
    return found


def names(lines):
    """The first column that names the rows."""
    return [row.get("NAME") or row.get("UNIT") or row.get("CONTAINER") or row.get("REMOTE") or ""
            for row in rows(lines)]
