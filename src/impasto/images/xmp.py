"""The settings that made a painting, kept in its file as an XMP packet: one attribute that holds JSON."""

import html
import json
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

XMP = "xmp-data"
"""libvips' name for the XMP packet, in every format that can hold one."""

_NAMESPACE = "urn:impasto:painting:1"
_ATTRIBUTE = f"{{{_NAMESPACE}}}settings"


def to_xmp(settings: Mapping[str, Any]) -> bytes:
    """An XMP packet that holds the settings.

    Raises:
        TypeError, ValueError: the settings can't be written as JSON (an object, NaN).
    """
    text = json.dumps(settings, allow_nan=False, separators=(",", ":"))
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" xmlns:impasto="{_NAMESPACE}" impasto:settings="{html.escape(text)}"/>'
        "</rdf:RDF></x:xmpmeta>"
        '<?xpacket end="r"?>'
    ).encode()


def from_xmp(packet: bytes) -> dict[str, Any] | None:
    """The settings in an XMP packet, or None where it holds none."""
    try:
        root = ElementTree.fromstring(packet.rstrip(b"\0"))
        found = next((node.attrib[_ATTRIBUTE] for node in root.iter() if _ATTRIBUTE in node.attrib), "null")
        settings = json.loads(found)
    except (ElementTree.ParseError, ValueError):
        return None
    return settings if isinstance(settings, dict) else None
