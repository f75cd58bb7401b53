"""The services of a studio, behind a proxy: the hosts in the examples of the documentation.

Prints the port of the proxy on 127.0.0.1. An `https` call arrives as CONNECT and is served here, with a
certificate for all hosts. Its CA is written to the given file.

usage: studio.py CA.pem
"""

import base64
import email.utils
import gzip
import http.server
import json
import ssl
import sys
import threading
import time
import urllib.parse

import trustme

HOSTS = ["*.studio.lan", "*.mirror.lan"]
PROJECTS = [
    {"id": "a1f7", "name": "night_shift", "fps": 24, "budget": 1.10},
    {"id": "b2c8", "name": "tide", "fps": 25, "budget": 20},
]
TOOL = b"a tool of the studio\n" * 50000
lock = threading.Lock()
counts = {}


def token(**claims):
    """Of the form of a JSON Web Token; nobody checks its signature."""

    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    now = int(time.time())
    claims = {"iat": now, "exp": now + 3600, **claims}
    header = json.dumps({"alg": "HS256", "typ": "JWT"}).encode()
    return ".".join([part(header), part(json.dumps(claims).encode()), part(b"s" * 32)])


def kitsu(request):
    method, path = request.command, request.path
    if (method, path) == ("POST", "/api/auth/login"):
        login = json.loads(request.content)
        if login.get("password") != "correct-horse":
            return 400, {"error": True, "login": False, "message": "Wrong user or password"}
        who = login["email"]
        return 200, {"access_token": token(sub=who), "refresh_token": token(sub=who, type="refresh")}
    if not request.headers.get("Authorization", "").startswith("Bearer "):
        return 401, {"msg": "Missing Authorization Header"}
    if (method, path) == ("GET", "/api/auth/logout"):
        return 200, {"logout": True}
    if (method, path) == ("GET", "/api/data/projects"):
        return 200, PROJECTS
    if (method, path) == ("GET", "/api/data/projects/a1f7/shots"):
        return 200, [{"id": "c3d9", "name": "sh010", "nb_frames": 120}, {"id": "d4e0", "name": "sh020", "nb_frames": 96}]
    if path.startswith("/api/data/tasks?page="):
        page = int(path.rpartition("=")[2])
        tasks = [{"id": f"t{2 * page + n}", "name": "comp"} for n in (-1, 0)]
        return 200, {"data": tasks, "nb_pages": 3, "page": page, "total": 6}
    if (method, path) == ("POST", "/api/data/shots"):
        return 201, {"id": "c3d9", **json.loads(request.content)}
    if method == "PUT" and path.startswith("/api/data/shots/"):
        return 200, {"id": path.rpartition("/")[2], **json.loads(request.content)}
    if (method, path) == ("POST", "/api/pictures/preview"):
        return 201, {"received": request.headers["Content-Type"].partition(";")[0]}
    return 404, {"message": "not found"}


def tracker(request):
    if (request.command, request.path) == ("POST", "/v2/session"):
        return 200, {"data": {"session": "session-of-farm", "refresh": "refresh-of-farm"}}
    if request.headers.get("X-Session") != "session-of-farm":
        return 401, {"message": "log in"}
    return 200, [{"id": 7, "title": "sh010 flickers"}]


def files(request):
    if request.path == "/tool.tar.gz":
        return range_of(request, TOOL)
    if request.path == "/moved.tar.gz":
        return 302, b"", {"Location": "https://files.mirror.lan/tool.tar.gz"}
    if request.path == "/log" and request.command == "POST":
        coding = request.headers.get("Content-Encoding", "identity")
        content = gzip.decompress(request.content) if coding == "gzip" else request.content
        return 200, {"coding": coding, "lines": content.count(b"\n")}
    if request.command == "PUT":
        return 201, {"stored": len(request.content)}
    return 404, {"message": "not found"}


def range_of(request, content):
    headers = {"ETag": '"1"', "Content-Type": "application/gzip", "Accept-Ranges": "bytes"}
    wanted = request.headers.get("Range", "")
    if not wanted.startswith("bytes="):
        return 200, content, headers
    first = int(wanted.removeprefix("bytes=").partition("-")[0])
    headers["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
    return 206, content[first:], headers


def mirror(request):
    """Says which of the headers that matter have come."""
    names = ["authorization", "x-show", "cookie"]
    return 200, {"received": {name: request.headers[name] for name in names if name in request.headers}}


def queue(request):
    """Is down for the first request of each path; a render job is done at the third."""
    with lock:
        counts[request.path] = counts.get(request.path, 0) + 1
        count = counts[request.path]
        is_first = count == 1
    if request.path.startswith("/render/"):
        status = "done" if count >= 3 else "running"
        return 200, {"status": status, "frames": 40 * count}
    if is_first:
        return 503, {"message": "starting"}, {"Retry-After": "1"}
    return 200, {"waiting": 12}


def ayon(request):
    if request.headers.get("X-Api-Key") != "ayon-key":
        return 401, {"detail": "not logged in"}
    return 200, {"version": "1.9.2", "user": {"name": "farm"}}


def lists(request):
    """Two pages, with the address of the next one or with the cursor of GraphQL."""
    if request.command == "POST":
        sent = json.loads(request.content)
        if "artists" in sent["query"]:
            message = "Cannot query field 'artists' on type 'Query'."
            return 200, {"errors": [{"message": message, "locations": [{"line": 1, "column": 3}]}]}
        cursor = sent.get("variables", {}).get("after")
        names = ["light", "fx"] if cursor else ["anim", "comp"]
        info = {"hasNextPage": cursor is None, "endCursor": names[-1]}
        return 200, {"data": {"tasks": {"pageInfo": info, "edges": [{"node": {"name": name}} for name in names]}}}
    if request.path == "/shots":
        return 200, {"data": [{"name": "sh010"}], "links": {"next": "/shots?page=2"}}
    return 200, {"data": [{"name": "sh020"}], "links": {"next": None}}


def review(request):
    """A web application with a login of people: a session cookie and a redirect."""
    if (request.command, request.path) == ("POST", "/login"):
        cookie = "session=6d1f; Path=/; Secure; HttpOnly; Max-Age=3600"
        return 303, b"", {"Location": "/api/me", "Set-Cookie": cookie}
    if request.headers.get("Cookie") != "session=6d1f":
        return 401, {"message": "log in"}
    return 200, {"user": "lena"}


def rez(request):
    return 200, {"packages": 1}


SERVICES = {
    "kitsu.studio.lan": kitsu,
    "tracker.studio.lan": tracker,
    "files.studio.lan": files,
    "files.mirror.lan": mirror,
    "queue.studio.lan": queue,
    "ayon.studio.lan": ayon,
    "lists.studio.lan": lists,
    "review.studio.lan": review,
    "rez.studio.lan": rez,
}


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "studio"
    sys_version = ""
    host = None

    def do_CONNECT(self):
        self.host = self.path.rpartition(":")[0]
        self.send_response_only(200)
        self.end_headers()
        self.connection = tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.close_connection = False

    def serve(self):
        host = self.host
        if not host:
            url = urllib.parse.urlsplit(self.path)
            host, self.path = url.hostname, url.path or "/"
        self.content = self.received()
        service = SERVICES.get(host)
        status, body, *more = service(self) if service else (404, {"message": "no such host"})
        if not isinstance(body, bytes):
            body = json.dumps(body, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json", **(more[0] if more else {})}
        self.send_response_only(status)
        self.send_header("Date", email.utils.formatdate(usegmt=True))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def received(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        content = b""
        while size := int(self.rfile.readline(), 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return content

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = serve

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that does not trust the certificate ends the connection."""


authority = trustme.CA()
authority.cert_pem.write_to_path(sys.argv[1])
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
authority.issue_cert(*HOSTS).configure_cert(tls)
server = Server(("127.0.0.1", 0), Proxy)
print(server.server_port, flush=True)
server.serve_forever()
