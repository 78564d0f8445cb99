"""Holds a listening socket, as systemd does, and keeps a program running on it: started anew whenever it ends well.

usage: held-socket.py PORT PROGRAM ARG...   The program has the socket as descriptor 3. SIGTERM ends both.
"""
import os
import signal
import socket
import subprocess
import sys

held = socket.socket()
held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
held.bind(("127.0.0.1", int(sys.argv[1])))
held.listen(511)
if held.fileno() != 3:
    os.dup2(held.fileno(), 3)
os.set_inheritable(3, True)
ending = False
child = None


def end(*_):
    global ending
    ending = True
    if child is not None:
        child.terminate()


signal.signal(signal.SIGTERM, end)
while not ending:
    child = subprocess.Popen(sys.argv[2:], pass_fds=(3,))
    if child.wait() != 0:
        break
