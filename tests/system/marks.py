"""Which database a test runs on in `make test`; `make test-all` runs it on the other one too."""

import pytest

ON_SQLITE = pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True
)
ON_POSTGRESQL = pytest.mark.parametrize(
    "database_url", ["postgresql", pytest.param("sqlite", marks=pytest.mark.slow)], indirect=True
)
