# The Python part of the flights: the functions of hours.
ARG PYTHON_IMAGE=python:3.13.9-slim-bookworm

FROM ${PYTHON_IMAGE}
COPY sdk-python /source/sdk-python
RUN python3 -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir /source/sdk-python
COPY examples/flights/python /opt/flights
RUN groupadd --gid 10001 functions && \
    useradd --uid 10001 --gid functions --no-create-home --shell /usr/sbin/nologin functions
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /opt/flights
EXPOSE 7500
STOPSIGNAL SIGTERM
CMD ["python", "hours.py", "0.0.0.0:7500"]
