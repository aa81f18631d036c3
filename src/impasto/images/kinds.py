"""What a file is by its first bytes: the kinds of pictures that are refused, each by its name and with what to do."""

from impasto.images.picture import PictureError

_RAW = "develop it first, with darktable for example, or give the camera's JPEG"
_PNG = "save it as a PNG"
_TIFF = "save it as a TIFF of 16 bits"

_REFUSED = (
    (0, b"FUJIFILMCCD-RAW", "a camera's raw file (RAF)", _RAW),
    (0, b"FOVb", "a camera's raw file (X3F)", _RAW),
    (0, b"\0MRM", "a camera's raw file (MRW)", _RAW),
    (0, b"IIRO", "a camera's raw file (ORF)", _RAW),
    (0, b"IIRS", "a camera's raw file (ORF)", _RAW),
    (0, b"MMOR", "a camera's raw file (ORF)", _RAW),
    (0, b"IIU\0", "a camera's raw file (RW2)", _RAW),
    (6, b"HEAPCCDR", "a camera's raw file (CRW)", _RAW),
    (4, b"ftypcrx ", "a camera's raw file (CR3)", _RAW),
    (8, b"CR\x02", "a camera's raw file (CR2)", _RAW),
    (0, b"v/1\x01", "an OpenEXR picture", _TIFF),
    (0, b"#?RADIANCE", "a Radiance HDR picture", _TIFF),
    (0, b"#?RGBE", "a Radiance HDR picture", _TIFF),
    (0, b"PF\n", "a PFM picture of floats", _TIFF),
    (0, b"Pf\n", "a PFM picture of floats", _TIFF),
    (0, b"II\xbc", "a JPEG XR", _PNG),
    (0, b"8BPS\0\x02", "a large Photoshop document (PSB)", "flatten it, and save it as a TIFF or PNG"),
    (0, b"gimp xcf", "a GIMP document (XCF)", "export it as a PNG"),
    (0, b"SIMPLE  =", "a FITS picture", _TIFF),
    (128, b"DICM", "a DICOM picture", "export it as a PNG"),
    (0, b"SDPX", "a DPX frame", _TIFF),
    (0, b"XPDS", "a DPX frame", _TIFF),
    (0, b"\x80\x2a\x5f\xd7", "a Cineon frame", _TIFF),
    (0, b"BPG\xfb", "a BPG picture", _PNG),
    (0, b"FLIF", "a FLIF picture", _PNG),
    (0, b"\0\0\x01\0", "an icon (ICO)", _PNG),
    (0, b"icns", "an icon (ICNS)", _PNG),
    (0, b"\x01\xda\0\x01", "a Silicon Graphics picture (SGI)", _PNG),
    (0, b"\x01\xda\x01\x01", "a Silicon Graphics picture (SGI)", _PNG),
    (0, b"\x0a\x05\x01", "a PCX picture", _PNG),
    (0, b"AT&TFORM", "a DjVu document", "export its page as a PNG"),
    (0, b"\xab\x4b\x54\x58", "a texture (KTX)", _PNG),
)
HEAD = 132
"""Bytes at the beginning of a file that tell these kinds."""


def refuse_by_name(head: bytes, name: str) -> None:
    """Refuse a kind of picture that is known by its first bytes and that nothing here decodes.

    Raises:
        PictureError: says what it is and what to do.
    """
    for offset, magic, kind, fix in _REFUSED:
        if head[offset : offset + len(magic)] == magic:
            raise PictureError(f"{name} is {kind}, which Impasto doesn't read: {fix}")


def raw(name: str, kind: str) -> PictureError:
    """The refusal of a raw file that its first bytes do not tell from a TIFF."""
    return PictureError(f"{name} is a camera's raw file ({kind}), which Impasto doesn't read: {_RAW}")
