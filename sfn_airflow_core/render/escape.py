"""Text of unknown origin made harmless for the place it is shown in."""

from __future__ import annotations

import re
import unicodedata

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~$>-])")
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def visible(text: str) -> str:
    r"""Text for a terminal: control characters, bidirectional overrides and other invisible ones become escapes.

    >>> visible("a\x1b[31mb\u202ec\nd")
    'a\\x1b[31mb\\u202ec\\nd'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(char) if unicodedata.category(char) in _HIDDEN else char for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def markdown(text: str) -> str:
    r"""Text inside a paragraph or table cell of GitHub's Markdown: no markup, HTML, link or mention comes of it.

    >>> markdown("<b>|*x*|</b> @all https://a.b")
    '&lt;b&gt;\\|\\*x\\*\\|&lt;/b&gt; &#64;all https&#58;//a.b'
    """
    text = visible(text).replace("&", "\0").replace("<", "\1").replace(">", "\2")
    text = _MARKDOWN.sub(r"\\\1", text)
    for mark, entity in (("\0", "&amp;"), ("\1", "&lt;"), ("\2", "&gt;"), ("@", "&#64;"), ("://", "&#58;//")):
        text = text.replace(mark, entity)
    return re.sub(r"(?i)\bwww\.", "www&#46;", text)


def code_span(text: str) -> str:
    """Text as code inside a paragraph; more back ticks than in the text enclose it.

    >>> code_span("/States/a`b")
    '``/States/a`b``'
    """
    text = visible(text)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    stripped = text[:1] == text[-1:] == " " and text.strip()  # CommonMark takes one space off both ends of these
    pad = " " if "`" in (text[:1], text[-1:]) or stripped else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def prose(text: str) -> str:
    """Text like ``markdown``, in which what stands between back ticks is code.

    >>> prose("raise `a_b` | c_d")
    'raise `a_b` \\\\| c\\\\_d'
    """
    pieces = re.split(r"`([^`]+)`", text)
    return "".join(code_span(p).replace("|", "\\|") if odd % 2 else markdown(p) for odd, p in enumerate(pieces))


def code_block(text: str, language: str = "") -> str:
    """Text as a fenced block whose fence the text cannot close."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def xml(text: str) -> str:
    r"""Text without the characters that XML 1.0 has not, each of which becomes a question mark.

    >>> xml("a\x00\ud800b")
    'a??b'
    """
    return "".join(
        c if c in "\t\n" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff" else "?" for c in text
    )
