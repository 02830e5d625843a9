#!/usr/bin/python3
"""picture.py TITLE <SCREEN.ansi >PICTURE.svg : a screen that tmux captured with its colours, as a picture.

Each run of characters of one look is a text of a given length, so that it is as wide with any font."""
import html
import re
import sys

WIDTH, HEIGHT, BASE = 8, 17, 13  # of a character, and where its line is
MARGIN, BAR = 12, 30
COLOURS = {"30": "#3b4252", "31": "#e06c75", "32": "#98c379", "33": "#e5c07b", "34": "#7aa2f7",
           "35": "#c678dd", "36": "#56b6c2", "37": "#d8dee9"}
PAPER, INK = "#1b1f27", "#d8dee9"
SELECT = re.compile("\x1b\\[([0-9;]*)m|\x1b[()].|[\x0e\x0f]")


class Look:
    """What the next characters look like."""

    def __init__(self):
        self.colour, self.bold, self.reverse = INK, False, False

    def take(self, numbers):
        """What SGR says."""
        for number in numbers.split(";"):
            if number in ("", "0"):
                self.__init__()
            elif number == "1":
                self.bold = True
            elif number == "7":
                self.reverse = True
            elif number == "27":
                self.reverse = False
            elif number == "39":
                self.colour = INK
            elif number in COLOURS:
                self.colour = COLOURS[number]


def runs(line, look):
    """The texts of a line, each with the column where it begins and its look."""
    column = at = 0
    for match in list(SELECT.finditer(line)) + [None]:
        text = line[at:match.start() if match else None]
        if text:
            yield column, text, look
        column += len(text)
        if match:
            at = match.end()
            if match[1] is not None:
                look.take(match[1])


def drawn(row, column, text, look):
    """One run as elements of SVG."""
    left, top, wide = MARGIN + column * WIDTH, BAR + row * HEIGHT, len(text) * WIDTH
    ink = PAPER if look.reverse else look.colour
    if look.reverse:
        yield f'<rect x="{left}" y="{top}" width="{wide}" height="{HEIGHT}" fill="{look.colour}"/>'
    if text.strip():
        skipped = len(text) - len(text.lstrip())
        text = text.strip()
        weight = ' font-weight="bold"' if look.bold else ""
        yield (f'<text x="{left + skipped * WIDTH}" y="{top + BASE}" fill="{ink}"{weight} '
               f'textLength="{len(text) * WIDTH}">{html.escape(text)}</text>')


def picture(lines, title):
    """The whole, with a window's bar above it."""
    columns = max(len(SELECT.sub("", line)) for line in lines)
    wide, high = columns * WIDTH + 2 * MARGIN, len(lines) * HEIGHT + BAR + MARGIN
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" '
           f'height="{high}" font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" '
           f'font-size="13.29" xml:space="preserve">')
    yield f"<title>{html.escape(title)}</title>"
    yield f'<rect width="{wide}" height="{high}" rx="6" fill="{PAPER}"/>'
    for place, colour in enumerate(("#e06c75", "#e5c07b", "#98c379")):
        yield f'<circle cx="{18 + 18 * place}" cy="15" r="5" fill="{colour}"/>'
    yield (f'<text x="{wide // 2}" y="19" fill="{INK}" text-anchor="middle">'
           f"{html.escape(title)}</text>")
    look = Look()
    for row, line in enumerate(lines):
        for column, text, now in runs(line, look):
            yield from drawn(row, column, text, now)
    yield "</svg>"


if __name__ == "__main__":
    print("\n".join(picture(sys.stdin.read().rstrip("\n").split("\n"), sys.argv[1])))
