"""From what a judge saw to labels, and from labels to metrics: one file a protocol.

dual_bench   as the paper did it, blind spot included
vscbench     accuracy on look-alike pairs
calibrated   ours, the default: credits safe completion, tells over-caution from refusal
"""

from dual_bench.errors import UnknownNameError
from dual_bench.protocols import calibrated, dual_bench, vscbench
from dual_bench.protocols.base import Field, Metric, Protocol, Rate, Step

PROTOCOLS: dict[str, Protocol] = {
    p.name: p for p in (dual_bench.PROTOCOL, vscbench.PROTOCOL, calibrated.PROTOCOL)
}
DEFAULT = "calibrated"


def protocol(name: str | Protocol) -> Protocol:
    """The protocol of that name; one that is one already comes back as it is.

    Raises:
        UnknownNameError: lists those that there are.
    """
    if isinstance(name, Protocol):
        return name
    if name not in PROTOCOLS:
        raise UnknownNameError("protocol", name, PROTOCOLS)
    return PROTOCOLS[name]


__all__ = ["DEFAULT", "PROTOCOLS", "Field", "Metric", "Protocol", "Rate", "Step", "protocol"]
