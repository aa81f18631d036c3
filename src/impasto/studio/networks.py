"""Addresses that many people share, such as those of a class behind one router."""

import ipaddress

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def shared(text: str) -> list[tuple[Network, int]]:
    """Networks, with how many people are in each, as the operator writes them: 203.0.113.7=30, 2001:db8::/48=200.

    Raises:
        ValueError: they are not written so; one plain line.
    """
    found = []
    for part in filter(None, map(str.strip, text.split(","))):
        network, _, people = map(str.strip, part.partition("="))
        if not people.isdecimal() or int(people) < 1:
            raise ValueError(f"{part} has no number of people; write 203.0.113.7=30, 2001:db8::/48=200")
        found.append((ipaddress.ip_network(network, strict=False), int(people)))
    return found


def people(address: Network | None, among: list[tuple[Network, int]]) -> int:
    """How many may share an address, which is a whole network where it is IPv6's."""
    return max(
        (
            count
            for network, count in among
            if address and address.version == network.version and address.overlaps(network)
        ),
        default=1,
    )
