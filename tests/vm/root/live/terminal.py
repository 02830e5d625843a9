"""A terminal with a person at it, by tmux: runs a program, presses keys, looks at the screen."""
import os
import pathlib
import subprocess
import time

SCREENS = pathlib.Path(os.environ.get("RESULTS", ".")) / "screens"


def tmux(*arguments, check=True):
    """One command of tmux, and what it prints."""
    done = subprocess.run(["tmux", "-u", "-L", "live", "-f", "/dev/null", *arguments],
                          stdout=subprocess.PIPE, check=check)
    return done.stdout.decode("utf-8", "replace")


class Terminal:
    """One pane; its program is a child of a shell's `exec`, with these variables."""
    count = 0

    def __init__(self, command="netatop", width=80, height=24, **variables):
        Terminal.count += 1
        self.name = f"t{Terminal.count}"
        sets = " ".join(f"{name}='{value}'" for name, value in variables.items())
        tmux("new-session", "-d", "-s", self.name, "-x", str(width), "-y", str(height),
             f"exec env {sets} {command}", ";", "set", "-g", "status", "off", ";",
             "set", "-g", "remain-on-exit", "on", ";", "set", "-s", "escape-time", "0", ";",
             "resize-window", "-t", self.name, "-x", str(width), "-y", str(height))

    def press(self, *keys):
        """By the names that tmux has for them, one by one."""
        tmux("send-keys", "-t", self.name, *keys)

    def write(self, text):
        tmux("send-keys", "-l", "-t", self.name, text)

    def resize(self, width, height):
        tmux("resize-window", "-t", self.name, "-x", str(width), "-y", str(height))

    def lines(self):
        return tmux("capture-pane", "-p", "-t", self.name).split("\n")

    def coloured(self):
        return tmux("capture-pane", "-e", "-p", "-t", self.name)

    def ask(self, what):
        """What tmux knows of the pane, pane_pid for example."""
        return tmux("display-message", "-p", "-t", self.name, f"#{{{what}}}").strip()

    def save(self, name):
        """For who wants to look at it: as text, and with its colours."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        (SCREENS / f"{name}.txt").write_text("\n".join(self.lines()))
        (SCREENS / f"{name}.ansi").write_text(self.coloured())

    def wait(self, seen, seconds=20):
        """Until it is true of the lines; the lines."""
        end = time.monotonic() + seconds
        while True:
            lines = self.lines()
            if seen(lines):
                return lines
            if time.monotonic() > end:
                raise AssertionError("not seen in time:\n" + "\n".join(lines))
            time.sleep(0.2)

    def wait_text(self, *texts, seconds=20):
        """Until one line has all of them; the lines."""
        return self.wait(lambda lines: any(all(text in line for text in texts) for line in lines),
                         seconds)

    def close(self):
        tmux("kill-session", "-t", self.name, check=False)
