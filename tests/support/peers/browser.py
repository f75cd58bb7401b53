"""A browser for tests, in the place of xdg-open: follows redirects with cookies, fills in the forms of
oidc-provider, and does with the redirect to this machine what BROWSER_DO says:

deliver     opens it (default)
noisy       opens a connection in advance, asks for an icon, sends a wrong state, then opens it
twice       opens it twice
other-iss   opens it with another issuer
deny        refuses in the place of logging in
save        writes it to the file BROWSER_FILE
fail        ends with an error, as xdg-open without a browser
page        opens only the given page and fills in nothing
"""
import http.cookiejar
import os
import re
import socket
import sys
import urllib.error
import urllib.parse
import urllib.request

do = os.environ.get("BROWSER_DO", "deliver")
if do == "fail":
    sys.exit(3)
if log := os.environ.get("BROWSER_ENVIRONMENT"):
    with open(log, "w") as file:
        file.write("\n".join(sorted(os.environ)))


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


browser = urllib.request.build_opener(
    NoRedirect, urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
)


def fetch(url, fields=None):
    """Status, Location and body."""
    data = None if fields is None else urllib.parse.urlencode(fields).encode()
    try:
        with browser.open(urllib.request.Request(url, data), timeout=30) as answer:
            return answer.status, answer.headers.get("location"), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("location"), error.read().decode()


def walk(url):
    """From the page to the redirect to this machine, or to a page without a form."""
    fields = None
    for _ in range(30):
        status, location, body = fetch(url, fields)
        fields = None
        if location:
            url = urllib.parse.urljoin(url, location)
            if urllib.parse.urlsplit(url).path == "/callback":
                return url
            continue
        form = re.search(r"<form[^>]*?action=\"([^\"]*)\"[^>]*>(.*?)</form>", body, re.S)
        if status >= 400 or not form:
            return None
        if do == "deny" and (cancel := re.search(r"href=\"([^\"]*/abort)\"", body)):
            url = urllib.parse.urljoin(url, cancel.group(1))
            continue
        fields = {}
        for field in re.findall(r"<(?:input|button)[^>]*>", form.group(2)):
            name = re.search(r"name=\"([^\"]*)\"", field)
            value = re.search(r"value=\"([^\"]*)\"", field)
            if name and name.group(1) != "abort":
                fields[name.group(1)] = value.group(1) if value else ""
        fields.update({name: text for name, text in [("login", "lena"), ("password", "any")] if name in fields})
        url = urllib.parse.urljoin(url, form.group(1))
    sys.exit("too many pages")


def with_value(url, name, value):
    parts = urllib.parse.urlsplit(url)
    pairs = [(n, value if n == name else v) for n, v in urllib.parse.parse_qsl(parts.query)]
    return parts._replace(query=urllib.parse.urlencode(pairs)).geturl()


start = sys.argv[1]
end = start if do == "page" else walk(start)
if end is None:
    sys.exit(0)
if do == "save":
    with open(os.environ["BROWSER_FILE"], "w") as file:
        file.write(end)
    sys.exit(0)
if do == "other-iss":
    end = with_value(end, "iss", "https://evil.lan")
if do == "noisy":
    parts = urllib.parse.urlsplit(end)
    idle = socket.create_connection((parts.hostname, parts.port))
    assert fetch(urllib.parse.urljoin(end, "/favicon.ico"))[0] == 404
    assert fetch(with_value(end, "state", "wrong"))[0] == 400
status, _, body = fetch(end)
with open(os.environ.get("BROWSER_FILE", os.devnull), "w") as file:
    file.write(f"{status} {body}")
if do == "twice":
    try:
        fetch(end)
    except urllib.error.URLError:
        pass  # the port is closed
