"""The data contract: what a build folder holds, shared by those who write and who read it.

`columns` says what a row is, `ids` how a row is named, `pixels` what two equal pictures are,
`manifest` what stands beside the Parquet files. Nothing here opens a picture or a network.
"""

from dual_bench.schema.columns import (
    COLUMNS,
    CONFIGS,
    EXPECTED,
    LANGS,
    MODES,
    SIDES,
    TEXT_ONLY,
    VARIANTS,
    Config,
    config,
    features,
)
from dual_bench.schema.ids import RowId, config_of, parse_id, row_id
from dual_bench.schema.manifest import (
    DATA_VERSION,
    MANIFEST,
    Change,
    FileEntry,
    Manifest,
    file_sha256,
    read_manifest,
)
from dual_bench.schema.pixels import SIZE, pixel_sha256

__all__ = [
    "COLUMNS",
    "CONFIGS",
    "DATA_VERSION",
    "EXPECTED",
    "LANGS",
    "MANIFEST",
    "MODES",
    "SIDES",
    "SIZE",
    "TEXT_ONLY",
    "VARIANTS",
    "Change",
    "Config",
    "FileEntry",
    "Manifest",
    "RowId",
    "config",
    "config_of",
    "features",
    "file_sha256",
    "parse_id",
    "pixel_sha256",
    "read_manifest",
    "row_id",
]
