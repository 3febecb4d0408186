"""How results look in a terminal; `tables` lays out, one file for each kind of result."""

from dual_bench.show.agreement import show_agreement
from dual_bench.show.comparison import show_comparison
from dual_bench.show.result import show

__all__ = ["show", "show_agreement", "show_comparison"]
