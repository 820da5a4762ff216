"""Which distributions the imports of a function need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

RUNTIME = frozenset({"boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil", "six"})
"""What Lambda's Python runtimes bring along."""

DISTRIBUTIONS: Mapping[str, str] = {
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "confluent_kafka": "confluent-kafka",
    "cv2": "opencv-python-headless",
    "dotenv": "python-dotenv",
    "fitz": "PyMuPDF",
    "git": "GitPython",
    "googleapiclient": "google-api-python-client",
    "jose": "python-jose",
    "jwt": "PyJWT",
    "kafka": "kafka-python",
    "ldap": "python-ldap",
    "magic": "python-magic",
    "MySQLdb": "mysqlclient",
    "mysql": "mysql-connector-python",
    "nacl": "PyNaCl",
    "OpenSSL": "pyOpenSSL",
    "PIL": "Pillow",
    "psycopg2": "psycopg2-binary",
    "serial": "pyserial",
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "slack": "slackclient",
    "slugify": "python-slugify",
    "snowflake": "snowflake-connector-python",
    "telegram": "python-telegram-bot",
    "yaml": "PyYAML",
    "zmq": "pyzmq",
}
"""Distributions that are called otherwise than what they install."""

_NAMESPACES = ("google.cloud", "azure", "opentelemetry")
"""Packages that many distributions put modules into; each is named after its module."""


def distribution(module: str) -> str:
    """The distribution of an imported module; empty where Lambda brings it along.

    >>> distribution("yaml"), distribution("google.cloud.storage.client"), distribution("boto3.session")
    ('PyYAML', 'google-cloud-storage', '')
    """
    for namespace in _NAMESPACES:
        if module.startswith(f"{namespace}."):
            depth = namespace.count(".") + 2
            return "-".join(module.split(".")[:depth])
    top = module.partition(".")[0]
    if top in RUNTIME:
        return ""
    return DISTRIBUTIONS.get(top, top.replace("_", "-"))


def requirements(modules: Iterable[str], given: Iterable[str] = ()) -> tuple[str, ...]:
    """The lines of a requirements.txt.

    Args:
        modules: imported modules, by their dotted names.
        given: requirements that the task states itself; they hold instead of ours.
    """
    stated = {_bare(line): line.strip() for line in given if line.strip()}
    for module in modules:
        name = distribution(module)
        if name and _bare(name) not in stated:
            stated[_bare(name)] = name
    return tuple(sorted(stated.values(), key=str.lower))


def _bare(requirement: str) -> str:
    name = ""
    for letter in requirement.strip():
        if not (letter.isalnum() or letter in "-_."):
            break
        name += letter
    return name.lower().replace("_", "-")
