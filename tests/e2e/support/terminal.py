"""terminal.py PROGRAM [ARGUMENT...]: runs a program whose output is a terminal's, and prints that."""

import os
import pty
import signal
import sys

child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
signal.signal(signal.SIGTERM, lambda number, _: os.kill(child, number))
while True:
    try:
        text = os.read(terminal, 65536)
    except OSError:
        break  # the program has ended
    os.write(1, text.replace(b"\r\n", b"\n"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
