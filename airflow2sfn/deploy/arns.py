"""ARNs of what calls are about, from arguments that may be known, computed, or parameters of the template."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sfn_airflow_core.asl.model import Json

ANY = "*"
_START = re.compile(r"""\s*(?:'([^'"\\]*)'|"([^"'\\]*)")\s*&""")


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one call; what ``{% … %}`` computes is not known."""

    given: Json

    def get(self, path: str) -> Json:
        """A member by its dotted path; ``None`` where there is none."""
        value = self.given
        for name in path.split("."):
            if isinstance(value, list) and name.isdigit():
                value = value[int(name)] if int(name) < len(value) else None
            elif isinstance(value, dict):
                value = value.get(name)
            else:
                return None
        return value

    def text(self, path: str) -> str:
        """A text that is known; empty otherwise."""
        value = self.get(path)
        return value if isinstance(value, str) and not value.strip().startswith("{%") else ""

    def prefix(self, path: str) -> str:
        """What a text surely starts with.

        >>> Arguments({"Prefix": "{% 'audit/' & $ds %}"}).prefix("Prefix")
        'audit/'
        """
        value = self.get(path)
        if not isinstance(value, str):
            return ""
        if not value.strip().startswith("{%"):
            return value
        found = _START.match(value.strip()[2:-2])
        return (found[1] or found[2] or "") if found else ""


Find = Callable[[Arguments], tuple[str, ...]]


def arn(service: str, rest: str, region: str = "${AWS::Region}", account: str = "${AWS::AccountId}") -> str:
    """An ARN in the account and region of the stack.

    >>> arn("glue", "job/clean")
    'arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}:job/clean'
    """
    return f"arn:${{AWS::Partition}}:{service}:{region}:{account}:{rest}"


def named(service: str, form: str, path: str, default: str = "") -> Find:
    """The ARN of something that is called by name, or by its ARN; of all of which the names start like a computed one.

    >>> named("glue", "job/{}", "JobName")(Arguments({"JobName": "{% 'clean-' & $ds %}"}))
    ('arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}:job/clean-*',)
    """

    def find(arguments: Arguments) -> tuple[str, ...]:
        given = arguments.get(path)
        text = arguments.text(path) or (default if given is None else "")
        if not text and (start := arguments.prefix(path)):
            text = f"{start}*"
        if text.startswith("arn:") or re.fullmatch(r"\$\{\w*Arn\}", text):
            return (text,)
        return (arn(service, form.format(text)),) if text else (ANY,)

    return find


def whole(path: str) -> Find:
    """What is named by its ARN."""
    return one_of(path)


def one_of(*paths: str) -> Find:
    """What is named by its ARN, in one of several arguments."""

    def find(arguments: Arguments) -> tuple[str, ...]:
        return tuple(text for path in paths if (text := arguments.text(path)))[:1] or (ANY,)

    return find


def queue(arguments: Arguments) -> tuple[str, ...]:
    """The ARN of a queue, from its URL.

    >>> queue(Arguments({"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"}))
    ('arn:${AWS::Partition}:sqs:eu-west-1:123456789012:orders',)
    """
    found = re.fullmatch(
        r"https://sqs\.([a-z0-9-]+)\.amazonaws\.com[.a-z]*/(\d+)/([\w.-]+)", arguments.text("QueueUrl")
    )
    return (arn("sqs", found[3], found[1], found[2]),) if found else (ANY,)


def bucket(arguments: Arguments) -> tuple[str, ...]:
    """A bucket."""
    name = _bucket(arguments)
    return (_s3(name),) if name else (ANY,)


def _bucket(arguments: Arguments) -> str:
    """The name of a bucket, or what it surely starts with."""
    name, start = arguments.text("Bucket"), arguments.prefix("Bucket")
    return name or (f"{start}*" if start else "")


def s3_object(arguments: Arguments) -> tuple[str, ...]:
    """An object, or all below the prefix that its key surely has."""
    name = _bucket(arguments)
    if not name:
        return (ANY,)
    key = arguments.text("Key")
    return (f"{_s3(name)}/{key or arguments.prefix('Key') + '*'}",)


def s3_uri(uri: str) -> tuple[str, ...]:
    """A bucket, and what is below a URI in it.

    >>> s3_uri("s3://acme/athena/")[1]
    'arn:${AWS::Partition}:s3:::acme/athena/*'
    """
    name, _, prefix = uri.removeprefix("s3://").partition("/")
    inside = prefix if prefix and not prefix.endswith("/") and "." in prefix else f"{prefix}*"
    return _s3(name), f"{_s3(name)}/{inside}"


def _s3(rest: str) -> str:
    return f"arn:${{AWS::Partition}}:s3:::{rest}"
