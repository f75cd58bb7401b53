"""Signs requests with botocore, at the time that each request names.

Reads a JSON list of requests from stdin. For each it prints a line: the Authorization header, or with
"expires" the presigned URL."""

import datetime
import json
import sys
from urllib.parse import quote, unquote, unquote_plus

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

# c47 does not sign what describes the client or the connection.
UNSIGNED = {
    "accept", "accept-encoding", "accept-language", "authorization", "connection", "content-length",
    "transfer-encoding", "user-agent", "x-amz-date", "x-amz-security-token",
}


def as_servers_do(url, is_s3):
    """The query, and for S3 the path, are decoded and encoded again by the services."""
    base, _, query = url.partition("?")
    scheme, _, rest = base.partition("://")
    host, _, path = rest.partition("/")
    path = "/" + path
    if is_s3:
        path = quote(unquote(path, errors="surrogateescape"), safe="/~", errors="surrogateescape")
    pairs = []
    for pair in query.split("&") if query else []:
        name, _, value = pair.partition("=")
        recoded = [quote(unquote_plus(part), safe="~") for part in (name, value)]
        pairs.append("=".join(recoded))
    return f"{scheme}://{host}{path}" + ("?" + "&".join(pairs) if pairs else "")


def sign(given):
    is_s3 = given["service"] == "s3"
    now = datetime.datetime.strptime(given["time"], "%Y%m%dT%H%M%SZ")
    botocore.auth.get_current_datetime = lambda *_, **__: now
    keys = Credentials(given["access_key"], given["secret_key"], given.get("token"))
    url = as_servers_do(given["url"], is_s3)
    request = AWSRequest(method=given["method"], url=url, data=bytes.fromhex(given["body"]))
    for name, value in given["headers"]:
        if name.lower() not in UNSIGNED:
            request.headers.add_header(name, value)
    scope = (keys, given["service"], given["region"])
    if "expires" in given:
        kind = botocore.auth.S3SigV4QueryAuth if is_s3 else botocore.auth.SigV4QueryAuth
        kind(*scope, expires=given["expires"]).add_auth(request)
        return request.url
    kind = botocore.auth.S3SigV4Auth if is_s3 else botocore.auth.SigV4Auth
    kind(*scope).add_auth(request)
    return request.headers["Authorization"]


for given in json.load(sys.stdin):
    print(sign(given))
