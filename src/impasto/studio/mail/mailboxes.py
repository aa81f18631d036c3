"""Mailboxes: who owns one has many addresses, and is one person to every limit."""

# Where dots before the @ mean nothing: https://support.google.com/mail/answer/7436150
WITHOUT_DOTS = ("gmail.com", "googlemail.com")


def mailbox(address: str) -> str:
    """What all addresses of one mailbox are the same in: lower case, and no sub-address (RFC 5233: `name+detail@`)."""
    name, _, domain = address.strip().lower().rpartition("@")
    name = name.partition("+")[0] or name
    if domain in WITHOUT_DOTS:
        name, domain = name.replace(".", ""), WITHOUT_DOTS[0]
    return f"{name}@{domain}"
