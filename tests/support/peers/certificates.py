"""Creates the certificates of the tests in a directory: NAME.pem (the chain) and NAME.key."""

import datetime
import ipaddress
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DIRECTORY = pathlib.Path(sys.argv[1])
LOCAL = [
    x509.DNSName("localhost"),
    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    x509.IPAddress(ipaddress.ip_address("::1")),
]


def year(number):
    return datetime.datetime(number, 1, 1, tzinfo=datetime.timezone.utc)


def issue(name, issuer=None, *, ca=False, names=LOCAL, years=(2024, 2084), key=None,
          usage=ExtendedKeyUsageOID.SERVER_AUTH, chain=()):
    """Writes a certificate signed by `issuer` (or by itself) and returns it with its key."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "c47 test " + name)])
    issuer_subject, issuer_key = (issuer[0].subject, issuer[1]) if issuer else (subject, key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(year(years[0]))
        .not_valid_after(year(years[1]))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )
    if not ca:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    certificate = builder.sign(issuer_key, hashes.SHA256())
    chain = [certificate, *chain]
    pem = b"".join(c.public_bytes(serialization.Encoding.PEM) for c in chain)
    (DIRECTORY / (name + ".pem")).write_bytes(pem)
    (DIRECTORY / (name + ".key")).write_bytes(key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ))
    return certificate, key


ca = issue("ca", ca=True)
other_ca = issue("other_ca", ca=True)
intermediate = issue("intermediate", ca, ca=True)
issue("good", ca)
issue("chained", intermediate, chain=[intermediate[0]])
issue("rsa", ca, key=rsa.generate_private_key(public_exponent=65537, key_size=2048))
issue("expired", ca, years=(2020, 2021))
issue("not_yet_valid", ca, years=(2090, 2091))
issue("wrong_name", ca, names=[x509.DNSName("other.example")])
issue("self_signed")
issue("unknown_issuer", other_ca)
issue("client", ca, names=[x509.DNSName("client.example")], usage=ExtendedKeyUsageOID.CLIENT_AUTH)
