"""From studies and notebooks to pages; whatever runs a notebook comes through here."""

import sys

# jsonschema, which nbformat uses, tries to import a grammar of web addresses; building it takes
# longer than all other imports of a run together, and no notebook's schema asks for it.
_GRAMMAR = "rfc3987_syntax"
if "jsonschema" not in sys.modules and _GRAMMAR not in sys.modules:
    sys.modules[_GRAMMAR] = None  # type: ignore[assignment]
    try:
        import jsonschema  # type: ignore[import-untyped]  # noqa: F401
    finally:
        del sys.modules[_GRAMMAR]
