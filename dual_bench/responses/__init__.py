"""What a model said, row by row: read it, write it, and say why a row has no usable reply.

    model    one reply (`Response`), a whole run of them (`Responses`)
    read     from JSON Lines, CSV, TSV, Parquet, a list of dicts or a `datasets.Dataset`
    rows     the formats: from a source to plain dicts with line numbers
    write    to JSON Lines, CSV, TSV or Parquet

Nothing here judges a reply, and nothing knows which ids a dataset has.
"""

from dual_bench.responses.model import CUT_OFF, FILTERED, Response, Responses
from dual_bench.responses.read import read_responses
from dual_bench.responses.rows import RESPONSES
from dual_bench.responses.write import write_responses

__all__ = [
    "CUT_OFF",
    "FILTERED",
    "RESPONSES",
    "Response",
    "Responses",
    "read_responses",
    "write_responses",
]
