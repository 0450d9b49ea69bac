# The app for people whom you do not know: docker build -t niwt . && docker run --rm --read-only --tmpfs /tmp -p 8501:8501 niwt
# With a study of your own: docker run ... -v "$PWD/studies/birds:/studies/birds:ro" niwt /studies/birds
FROM python:3.11-slim-bookworm AS build
# PyTorch without CUDA: 200 MB in place of 3 GB. Its versions end in +cpu, so that pip takes them before the others.
ENV PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/niwt
WORKDIR /build
COPY requirements.txt ./
RUN /opt/niwt/bin/pip install -r requirements.txt
COPY pyproject.toml setup.py README.md LICENSE app.py ./
COPY .streamlit .streamlit
COPY assets assets
COPY pages pages
COPY niwt_core niwt_core
RUN /opt/niwt/bin/pip install --no-deps .

FROM python:3.11-slim-bookworm
# skia, which draws the Aviary's birds, wants these two though it draws without a screen.
RUN apt-get update \
 && apt-get install --no-install-recommends --yes libegl1 libgl1 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin niwt
COPY --from=build /opt/niwt /opt/niwt
# What libraries want to write goes to /tmp, the one place that may be written.
ENV PATH=/opt/niwt/bin:$PATH HOME=/tmp MPLCONFIGDIR=/tmp/matplotlib PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001
WORKDIR /tmp
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
ENTRYPOINT ["niwt", "app", "--public", "--host", "0.0.0.0", "--port", "8501"]
