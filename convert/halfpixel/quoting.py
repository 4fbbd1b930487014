r"""Text from a file as data in what is generated: one function a language.

Whatever is written in a language goes through its function here, so that a name can end no comment,
no string, no element and no property. What people read is made printable first.
"""

import ast
from collections.abc import Container

from halfpixel.printable import COMMAND, printable, printable_line


def python_literal(value: str | None) -> str:
    r"""Return a text as a Python literal, whose value it is.

    >>> python_literal('a"\n\u202e\u3164##[x]')
    '\'a"\\n\\u202e\\u3164\\x23#[x]\''
    """
    return printable(repr(value))


def is_expression(text: str, names: Container[str]) -> bool:
    """Whether a text is one Python expression, with no names but these.

    >>> is_expression("F.pad(x, (0, 1))", {"F", "x"}), is_expression("F.pad(x, inf)", {"F", "x"})
    (True, False)
    """
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return False
    return all(node.id in names for node in ast.walk(tree) if isinstance(node, ast.Name))


def python_comment(text: str) -> str:
    r"""Return a text as a comment of one line of Python.

    >>> python_comment("up\nopen('x')")
    "# up\\nopen('x')"
    """
    return f"# {printable(text)}"


def python_docstring(text: str) -> str:
    r'''Return a text as a docstring of one line.

    >>> python_docstring('a"""\n')
    '"""a\\"\\"\\"\\\\n"""'
    '''
    escaped = printable(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"""{escaped}"""'


def json_text(value: object, *, indent: int | None = None, compact: bool = False) -> str:
    r"""Return plain values as JSON in ASCII; strings keep every character.

    >>> json_text(["\x1b\u202e", "##[error]"])
    '["\\u001b\\u202e", "\\u0023#[error]"]'
    """
    import json

    separators = (",", ":") if compact else None
    text = json.dumps(value, indent=indent, separators=separators)
    return COMMAND.sub(r"\\u0023#", text) if "##" in text else text  # only a string holds it


def xml(text: str) -> str:
    r"""Return a text for an element or an attribute of XML, which has no control characters.

    >>> xml("<up>\x1b")
    '&lt;up&gt;\\x1b'
    """
    from html import escape

    return escape(printable(text))


def sarif_message(text: str) -> str:
    r"""Return a text as a message of SARIF, in which nothing is a link (3.11.6).

    >>> print(sarif_message("[up](https://a.b)"))
    [up\](https://a.b)
    """
    return printable_line(text).replace("](", "\\](")


def github_message(*lines: str) -> str:
    r"""Return lines as the message of a workflow command; only they are lines.

    >>> github_message("50%\noff", "b")
    '50%25\\noff%0Ab'
    """
    return "%0A".join(printable(line).replace("%", "%25") for line in lines)


def github_property(text: str) -> str:
    """Return a text as a property of a workflow command.

    >>> github_property("a,b:c.onnx")
    'a%2Cb%3Ac.onnx'
    """
    return github_message(text).replace(":", "%3A").replace(",", "%2C")


def markdown_cell(text: str) -> str:
    r"""Return a text for a cell of a table in Markdown, which neither ends it nor is HTML.

    >>> markdown_cell("a | b <c>\n"), markdown_cell("&commat;d")
    ('a   b &lt;c>\\n', '&amp;commat;d')
    """
    told = printable_line(text).replace("|", " ")
    return told.replace("&", "&amp;").replace("<", "&lt;")


def shell_word(text: str) -> str:
    """Return a text as one word of a command that is shown to be pasted.

    >>> shell_word("x; ls"), shell_word("x.1=1x3x8x8")
    ("'x; ls'", 'x.1=1x3x8x8')
    """
    import shlex

    return shlex.quote(printable(text))


def uri_address(text: str) -> str:
    """Return the address of a file elsewhere as a URI.

    >>> uri_address("s3://bucket/a b.onnx"), uri_address("https://host/a%20b.onnx?...")
    ('s3://bucket/a%20b.onnx', 'https://host/a%20b.onnx?...')
    """
    from urllib.parse import quote

    return quote(bytes_of(text), safe="/:?=&%+@,;!$'()*~")


def of_uri(text: str) -> str:
    """Return what a part of a URI stands for.

    >>> of_uri("a%20b")
    'a b'
    """
    from urllib.parse import unquote

    return unquote(text)


def uri_path(text: str) -> str:
    """Return the path of a file as that of a URI.

    >>> uri_path("a b#c.onnx")
    'a%20b%23c.onnx'
    """
    from urllib.parse import quote

    return quote(bytes_of(text), safe="/")


def bytes_of(text: str) -> bytes:
    """Return a text in UTF-8; of a file's name that is no text, the bytes that it has."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a surrogate that stands for no byte
        return text.encode("utf-8", "surrogatepass")
