"""A web application with a login of people: a session cookie, a CSRF token and a redirect."""

import secrets

from flask import Flask, abort, jsonify, redirect, request, session
from werkzeug.serving import WSGIRequestHandler, make_server

app = Flask(__name__)
app.secret_key = secrets.token_bytes(16)
app.config["SESSION_COOKIE_PATH"] = "/app"


@app.get("/app/login")
def form():
    session["csrf"] = secrets.token_hex(8)
    return jsonify(csrf=session["csrf"])


@app.post("/app/login")
def login():
    if request.form["csrf"] != session.get("csrf"):
        abort(403)
    if request.form["password"] != "pass":
        abort(401)
    session.clear()
    session["user"] = request.form["user"]
    return redirect("/app/me")


@app.get("/app/me")
def me():
    if "user" not in session:
        abort(401)
    session["count"] = session.get("count", 0) + 1
    return jsonify(user=session["user"], count=session["count"])


@app.get("/app/logout")
def logout():
    session.clear()
    return redirect("/app/login")


WSGIRequestHandler.protocol_version = "HTTP/1.1"
server = make_server("127.0.0.1", 0, app, threaded=True)
print(server.port, flush=True)
server.serve_forever()
