"""Email addresses: which of them a mail can be sent to, and in which letters a mail server is told of them."""

from email_validator import EmailNotValidError, ValidatedEmail, validate_email

# What stands in for the rest of the world, where a name of a house such as `printer.local` is looked at.
_WORLD = ".example.org"


class AddressError(ValueError):
    """No address that a mail can be sent to."""


def checked(given: str, *, house: bool = False) -> str:
    """An address as it is kept: its domain in the letters that people read.

    Whether there is such a mailbox is found out by the mail itself.

    Args:
        given: what somebody wrote.
        house: take names of a network of one's own too, such as `anna@intranet` and `anna@mail.local`.

    Raises:
        AddressError: it is none.
    """
    return _found(given, house).normalized.removesuffix(_WORLD if house else "")


def is_plain(address: str) -> bool:
    """Whether the part before the @ is in letters that every mail server knows; else it takes SMTPUTF8 (RFC 6531)."""
    return address.rpartition("@")[0].isascii()


def on_the_wire(address: str) -> str:
    """The address as mail servers are told it: the domain in ASCII (RFC 5891), which needs no SMTPUTF8.

    Raises:
        AddressError: it is none.
    """
    found = _found(address, house=True)
    return f"{found.local_part}@{found.ascii_domain.removesuffix(_WORLD)}"


def _found(given: str, house: bool) -> ValidatedEmail:
    try:
        return validate_email(given.strip() + (_WORLD if house else ""), check_deliverability=False)
    except EmailNotValidError as error:
        raise AddressError(str(error)) from None
