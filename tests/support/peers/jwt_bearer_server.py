"""A token endpoint by RFC 7523 on Authlib: checks the assertion's signature, aud and exp.

usage: jwt_bearer_server.py PORT PUBLIC_KEY.pem
"""

import sys
import time

from authlib.oauth2.rfc6749 import ClientMixin
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc7523 import JWTBearerGrant as Base
from flask import Flask, jsonify, request

port, public_key = int(sys.argv[1]), open(sys.argv[2]).read()
issued = {}


class Client(ClientMixin):
    client_id = "farm@project.example"

    def get_client_id(self):
        return self.client_id

    def check_grant_type(self, grant_type):
        return True

    def get_allowed_scope(self, scope):
        return scope

    def check_endpoint_auth_method(self, method, endpoint):
        return True


class JWTBearerGrant(Base):
    def get_audiences(self):
        return [f"http://127.0.0.1:{port}/token"]

    def resolve_issuer_client(self, issuer):
        return Client() if issuer == Client.client_id else None

    def resolve_client_key(self, client, headers, payload):
        from joserfc.jwk import import_key

        return import_key(public_key, "RSA")

    def authenticate_user(self, subject):
        return subject

    def has_granted_permission(self, client, user):
        return True


app = Flask(__name__)
app.config["OAUTH2_TOKEN_EXPIRES_IN"] = {JWTBearerGrant.GRANT_TYPE: 3600}
server = AuthorizationServer(
    app,
    query_client=lambda client_id: Client(),
    save_token=lambda token, request: issued.update({token["access_token"]: time.time()}),
)
server.register_grant(JWTBearerGrant)


@app.post("/token")
def token():
    return server.create_token_response()


@app.get("/data")
def data():
    word, _, given = request.headers.get("authorization", "").partition(" ")
    return jsonify(ok=True) if word == "Bearer" and given in issued else ("", 401)


import os

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
app.run("127.0.0.1", port)
