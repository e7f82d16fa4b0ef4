"""A server of a test's own, by what it does with a connection."""

import contextlib
import socket
import threading


@contextlib.contextmanager
def listener(serve):
    """Calls `serve` with each connection, on a thread of its own."""
    def handle(connection):
        with contextlib.suppress(OSError), connection:
            serve(connection)

    def accept():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=handle, args=(socket_of.accept()[0],), daemon=True).start()
    with socket.create_server(("127.0.0.1", 0)) as socket_of:
        threading.Thread(target=accept, daemon=True).start()
        yield f"127.0.0.1:{socket_of.getsockname()[1]}"
        socket_of.shutdown(socket.SHUT_RDWR)
