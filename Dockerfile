# One image for worker, gateway, starter, simulator and example agent: the command says which.
FROM python:3.12-slim-bookworm AS packages
WORKDIR /opt
COPY requirements.lock .
RUN python -m venv ringback \
 && ringback/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement requirements.lock

FROM python:3.12-slim-bookworm
ENV PATH=/opt/ringback/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin ringback
COPY --from=packages /opt/ringback /opt/ringback
WORKDIR /srv/ringback
COPY serve.py worker.py starter.py ./
COPY activities activities
COPY adapters adapters
COPY calls calls
COPY conversation conversation
COPY examples examples
COPY gateway gateway
COPY runtime runtime
COPY simulator simulator
COPY workflows workflows
USER 10001
CMD ["python", "worker.py"]
