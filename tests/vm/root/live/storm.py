#!/usr/bin/python3
"""storm.py serve            accepts connections at port 7100 and closes each
storm.py ask RATE SECONDS    makes so many a second, and prints how many it made"""
import socket
import sys
import time

ADDRESS = ("10.55.0.2", 7100)


def serve():
    """For ever."""
    listener = socket.create_server(ADDRESS, backlog=512)
    while True:
        listener.accept()[0].close()


def ask(rate, seconds):
    """Waits where it is ahead."""
    begun, made = time.monotonic(), 0
    while time.monotonic() - begun < seconds:
        with socket.create_connection(ADDRESS) as connection:
            connection.recv(1)
        made += 1
        time.sleep(max(begun + made / rate - time.monotonic(), 0))
    print(f"{made / (time.monotonic() - begun):.0f} connections a second")


if sys.argv[1] == "serve":
    serve()
else:
    ask(float(sys.argv[2]), float(sys.argv[3]))
