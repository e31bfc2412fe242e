"""The press: from report specs and notebooks to editions. It would publish any notebook, on any subject."""

import sys

# nbformat imports jsonschema, and that a grammar of internationalised addresses whose making takes longer than all
# other imports of the press. No schema of a notebook asks for it; jsonschema does without what is not installed.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
