"""A service that writes down what it is asked to do, for batches that run on several machines.

usage: counting_server.py DIRECTORY MILLISECONDS

Prints its port. `POST /token` gives a client its token. Every other POST, PATCH and PUT takes about the
given time. It appends a line to DIRECTORY/seen when it is read, and to DIRECTORY/acted when it takes
effect: its path, the Idempotency-Key or `-`. A key that has taken effect does so only once. Each line is
one write, so that the files are true whatever happens.
"""

import base64
import json
import os
import socketserver
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler

directory, seconds = sys.argv[1], int(sys.argv[2]) / 1000
logs = {
    name: os.open(os.path.join(directory, name), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for name in ("seen", "acted", "logins")
}
keys = set()
lock = threading.Lock()


def note(name, *words):
    os.write(logs[name], (" ".join(words) + "\n").encode())


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def respond(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def body(self):
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def do_POST(self):
        body = self.body()
        if self.path == "/token":
            user = self.headers.get("authorization", "-")
            note("logins", base64.b64encode(user.encode()).decode())
            # Long enough for the other shards to ask for one too.
            time.sleep(0.5)
            return self.respond(200, {"access_token": "t1", "token_type": "Bearer", "expires_in": 3600})
        if self.headers.get("authorization") != "Bearer t1":
            return self.respond(401, {"error": "no token"})
        key = self.headers.get("idempotency-key", "-")
        note("seen", self.path, key)
        time.sleep(seconds)
        with lock:
            if key == "-" or key not in keys:
                keys.add(key)
                note("acted", self.path, key)
        self.respond(200, {"path": self.path, "bytes": len(body)})

    do_PATCH = do_PUT = do_POST

    def do_GET(self):
        self.respond(200, {})

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    request_queue_size = 128


with Server(("127.0.0.1", 0), Handler) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
