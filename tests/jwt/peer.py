"""Keys and tokens from PyJWT and cryptography, and checks of those from c47.

    peer.py make DIR     writes keys in every format, and a token for each algorithm
    peer.py judge DIR    verifies DIR/signed/ALG.*, and reads the keys in DIR/made
"""

import base64
import datetime
import hashlib
import hmac
import json
import pathlib
import sys
import time

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
PKCS8 = serialization.PrivateFormat.PKCS8
TRADITIONAL = serialization.PrivateFormat.TraditionalOpenSSL
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
PKCS1 = serialization.PublicFormat.PKCS1
PLAIN = serialization.NoEncryption()
LOCKED = serialization.BestAvailableEncryption(b"passphrase")
FAMILIES = {
    "hmac": ["HS256", "HS384", "HS512"],
    "rsa": ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
    "p256": ["ES256"],
    "p384": ["ES384"],
    "ed25519": ["EdDSA"],
}
SECRET = b"a shared secret of more than sixty-four bytes, as HS512 would have it."


def certificate(key):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "c47")])
    now = datetime.datetime.now(datetime.timezone.utc)
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, digest)
    )


def write_pair(directory, family, key):
    def put(name, content):
        (directory / f"{family}.{name}").write_bytes(content)

    public = key.public_key()
    algorithm = jwt.get_algorithm_by_name(FAMILIES[family][0])
    for ending, encoding in ("pem", PEM), ("der", DER):
        put(f"private.pkcs8.{ending}", key.private_bytes(encoding, PKCS8, PLAIN))
        put(f"public.spki.{ending}", public.public_bytes(encoding, SPKI))
        put(f"public.crt.{ending}", certificate(key).public_bytes(encoding))
        if family != "ed25519":
            put(f"private.traditional.{ending}", key.private_bytes(encoding, TRADITIONAL, PLAIN))
        if family == "rsa":
            put(f"public.pkcs1.{ending}", public.public_bytes(encoding, PKCS1))
        put(f"locked.pkcs8.{ending}", key.private_bytes(encoding, PKCS8, LOCKED))
    if family != "ed25519":
        put("locked.traditional.pem", key.private_bytes(PEM, TRADITIONAL, LOCKED))
    put("private.jwk", algorithm.to_jwk(key).encode())
    jwk = algorithm.to_jwk(public)
    put("public.jwk", jwk.encode())
    put("public.jwks", json.dumps({"keys": [json.loads(jwk)]}).encode())


def part(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def make(directory):
    keys = {
        "rsa": rsa.generate_private_key(65537, 2048),
        "p256": ec.generate_private_key(ec.SECP256R1()),
        "p384": ec.generate_private_key(ec.SECP384R1()),
        "ed25519": ed25519.Ed25519PrivateKey.generate(),
    }
    for family, key in keys.items():
        write_pair(directory, family, key)
    (directory / "hmac.private.raw").write_bytes(SECRET)
    (directory / "hmac.private.jwk").write_text(json.dumps({"kty": "oct", "k": part(SECRET)}))
    keys["hmac"] = SECRET
    claims = {"sub": "peer", "aud": ["a", "b"], "exp": int(time.time()) + 3600, "n": 1.5}
    for family, algorithms in FAMILIES.items():
        for algorithm in algorithms:
            token = jwt.encode(claims, keys[family], algorithm, headers={"kid": "peer"})
            (directory / f"{family}.{algorithm}.token").write_text(token)
    # Verifiers that use any key as a shared secret accept these forged tokens.
    for ending in "spki.pem", "spki.der", "crt.pem", "jwk":
        secret = (directory / f"rsa.public.{ending}").read_bytes()
        for secret, name in (secret, "whole"), (secret.rstrip(b"\n"), "trimmed"):
            signed = part(b'{"alg":"HS256"}') + "." + part(json.dumps(claims).encode())
            signature = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
            (directory / f"forged.{ending}.{name}").write_text(signed + "." + part(signature))


def judge(directory):
    count = 0
    for file in sorted((directory / "signed").iterdir()):
        algorithm, family = file.name.split(".")[:2]
        if family == "hmac":
            key = SECRET
        else:
            key = (directory / f"{family}.public.spki.pem").read_bytes()
        claims = jwt.decode(file.read_text().strip(), key, [algorithm], audience="b",
                            options={"require": ["exp", "iat", "nbf", "jti"]})
        assert claims["sub"] == "c47", claims
        assert jwt.get_unverified_header(file.read_text())["kid"] == "k", file
        count += 1
    print(count, "verified")
    for file in sorted((directory / "made").glob("*.pem")):
        private = serialization.load_pem_private_key(file.read_bytes(), None)
        public = serialization.load_pem_public_key(file.with_name(file.name + ".pub").read_bytes())
        assert private.public_key() == public, file
        print("read", file.name)
    for file in sorted((directory / "made").glob("*.jwk")):
        jwk = jwt.PyJWK.from_json(file.read_text())
        token = jwt.encode({}, jwk, jwk.algorithm_name)
        beside = file.with_name(file.name + ".pub")
        public = jwt.PyJWK.from_json(beside.read_text()) if beside.exists() else jwk
        jwt.decode(token, public, [jwk.algorithm_name])
        print("read", file.name)
    made = jwt.PyJWKSet.from_json((directory / "made" / "set.jwks").read_text())
    print(len(made.keys), "in the set")
    for file in sorted((directory / "made").glob("*.set.token")):
        token = file.read_text().strip()
        key = made[jwt.get_unverified_header(token)["kid"]]
        jwt.decode(token, key, [key.algorithm_name])
        print("verified", file.name)


{"make": make, "judge": judge}[sys.argv[1]](pathlib.Path(sys.argv[2]))
