"""The statistics of dual-bench: intervals, resampling, paired tests, power, agreement.

    intervals    Wilson interval; what the unscored could have done to a rate
    clustered    Wilson interval for rows that come in clusters
    resampling   cluster bootstrap of rates, and of anything else formed from sums
    paired       two runs on the same rows: exact McNemar, cluster permutation, Holm
    power        the smallest difference that a comparison can be expected to find
    agreement    Cohen's and Fleiss' kappa, confusion matrix, macro-F1

Pure functions on numpy arrays. Nothing here knows labels, protocols or files, and nothing is
random without a seed. A statistic that does not exist for the data given (no rows, one
cluster, chance agreement of 1) is nan; each function says when. A wrong argument is a
`ValueError`.
"""

from dual_bench.stats.agreement import (
    ConfusionMatrix,
    cohen_kappa,
    confusion_matrix,
    fleiss_kappa,
    macro_f1,
)
from dual_bench.stats.clustered import cluster_wilson
from dual_bench.stats.intervals import Bounds, bounds, wilson
from dual_bench.stats.paired import (
    Permutation,
    discordant,
    holm,
    mcnemar_exact,
    paired_permutation,
)
from dual_bench.stats.power import detectable_difference, detectable_paired_difference
from dual_bench.stats.resampling import (
    Interval,
    cluster_bootstrap,
    cluster_sums,
    percentile_interval,
    resampled_sums,
)

__all__ = [
    "Bounds",
    "ConfusionMatrix",
    "Interval",
    "Permutation",
    "bounds",
    "cluster_bootstrap",
    "cluster_sums",
    "cluster_wilson",
    "cohen_kappa",
    "confusion_matrix",
    "detectable_difference",
    "detectable_paired_difference",
    "discordant",
    "fleiss_kappa",
    "holm",
    "macro_f1",
    "mcnemar_exact",
    "paired_permutation",
    "percentile_interval",
    "resampled_sums",
    "wilson",
]
