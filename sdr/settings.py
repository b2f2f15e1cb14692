"""Every setting of SDR, read from the environment once and checked at start.

``docs/configuration.md`` lists the variables. Servers that no variable names are the embedded
ones of a running stack, found through ``var/run/engines.json``.
"""

import os
from pathlib import Path

import environ
from corsheaders.defaults import default_headers

from sdr import logs
from sdr.embedded import registry

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

# --- where things are ---------------------------------------------------------------------------

VAR_DIR = Path(env("VAR_DIR", default=str(BASE_DIR / "var"))).resolve()
ENGINES = registry.locate(
    VAR_DIR,
    database_url=env("DATABASE_URL", default=""),
    redis_url=env("REDIS_URL", default="")
    or (f"redis://{env('REDIS_HOST')}:{env('REDIS_PORT', default='6379')}/0" if env("REDIS_HOST", default="") else ""),
    kafka_bootstrap_servers=env("KAFKA_BOOTSTRAP_SERVERS", default=""),
)
PORT = env.int("PORT", default=5000)
GRPC_PORT = env.int("GRPC_PORT", default=50051)
WEB_HOST = env("WEB_HOST", default="127.0.0.1")
WEB_WORKERS = env.int("WEB_WORKERS", default=1)
WEB_THREADS = env.int("WEB_THREADS", default=8)

# --- security -----------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env("SECRET_KEY", default="development-only-" + "0" * 40 if DEBUG else "")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["*"] if DEBUG else ["localhost", "127.0.0.1", "[::1]"])
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
API_KEYS_REQUIRED = env.bool("API_KEYS_REQUIRED", default=not DEBUG)
# Calls a second; 0: no limit.
RATE_LIMIT_KEY = env.int("RATE_LIMIT_KEY", default=1000)
RATE_LIMIT_ANONYMOUS = env.int("RATE_LIMIT_ANONYMOUS", default=0 if DEBUG else 20)
# Whose X-Forwarded-For is believed: networks, like 10.0.0.0/8.
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Pages of other origins call the API only; which of its answers' headers they may read.
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = [*default_headers, "idempotency-key", "x-request-id"]
CORS_EXPOSE_HEADERS = [
    "Idempotency-Replayed",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "X-Request-ID",
]
BEHIND_TLS_PROXY = env.bool("BEHIND_TLS_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS_PROXY else None
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS_PROXY
# Asked from inside, past the proxy.
SECURE_REDIRECT_EXEMPT = [r"^(livez|readyz|metrics)$"]
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=30 * 24 * 3600 if BEHIND_TLS_PROXY else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
# Whether a domain goes into the lists that browsers are shipped with is its owner's to decide.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
MAX_BODY_BYTES = env.int("MAX_BODY_BYTES", default=5 * 1024 * 1024)
MAX_UPLOAD_BYTES = env.int("MAX_UPLOAD_BYTES", default=100 * 1024 * 1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES

# --- the applications ---------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.import_export",
    "sdr.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "corsheaders",
    "rest_framework",
    "django_filters",
    "import_export",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "pgtrigger",
    "sdr",
    "sdr.accounts",
    "sdr.idempotency",
    "sdr.rpc",  # before the framework, whose grpcrunserver it replaces
    "django_grpc_framework",
    "catalog",
    "events",
    "recommendations",
]
MIDDLEWARE = [
    "sdr.http.middleware.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "sdr.http.pages.PagePolicyMiddleware",
    "sdr.http.origins.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "sdr.idempotency.middleware.IdempotencyMiddleware",
]
ROOT_URLCONF = "sdr.urls"
APPEND_SLASH = True  # the admin's links end in one; the API's never do
WSGI_APPLICATION = "sdr.wsgi.application"
AUTH_USER_MODEL = "accounts.User"
LOGIN_REDIRECT_URL = "/admin/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "sdr" / "templates"],  # before those of the apps: pages of ours stand in for theirs
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
UNFOLD = {
    "SITE_TITLE": "SDR",
    "SITE_HEADER": "SDR",
    "SITE_SYMBOL": "storefront",
    "SIDEBAR": {"show_search": True, "navigation": "sdr.navigation.menu"},
}

# A file that is looked at first waits in the default storage, where each web process finds it.
IMPORT_EXPORT_TMP_STORAGE_CLASS = "import_export.tmp_storages.MediaStorage"
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "view"

# --- Postgres -----------------------------------------------------------------------------------

DATABASES = {
    "default": env.db_url_config(ENGINES.database_url or "postgres://localhost:1/embedded-postgres-is-not-running")
    | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
}
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 2)
# Of web and gRPC processes; 0: none.
DATABASE_STATEMENT_TIMEOUT_MS = env.int("DATABASE_STATEMENT_TIMEOUT_MS", default=10_000)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis --------------------------------------------------------------------------------------

REDIS_URL = ENGINES.redis_url
REDIS_TIMEOUT_SECONDS = env.float("REDIS_TIMEOUT_SECONDS", default=2.0)
# After so many days what followed what counts half.
SEQUENCE_HALF_LIFE_DAYS = env.float("SEQUENCE_HALF_LIFE_DAYS", default=30.0)

# --- Kafka --------------------------------------------------------------------------------------

KAFKA_BOOTSTRAP_SERVERS = ENGINES.kafka_bootstrap_servers
# The embedded broker has no topic ids: it names itself anew at each start. None: ask the real one.
KAFKA_INCARNATION = ENGINES.kafka_incarnation
# Callers that may wait for an acknowledgement at once: an outage must leave threads for recommendations.
KAFKA_MAX_WAITERS = env.int("KAFKA_MAX_WAITERS", default=max(WEB_THREADS // 2, 1))
KAFKA_CONSUMER_GROUP = env("KAFKA_CONSUMER_GROUP", default="sdr-live-state")
# How long a consumer that says nothing keeps its partitions.
KAFKA_SESSION_TIMEOUT_MS = env.int("KAFKA_SESSION_TIMEOUT_MS", default=10_000)
KAFKA_PARTITIONS = env.int("KAFKA_PARTITIONS", default=4)
KAFKA_REPLICATION = env.int("KAFKA_REPLICATION", default=1)
KAFKA_RETENTION_MS = env.int("KAFKA_RETENTION_MS", default=7 * 24 * 3600 * 1000)
KAFKA_ACK_TIMEOUT_SECONDS = env.float("KAFKA_ACK_TIMEOUT_SECONDS", default=2.0)
# The share of answers that recommendations_served tells of.
SERVED_SAMPLE_RATE = env.float("SERVED_SAMPLE_RATE", default=1.0)

# --- Celery -------------------------------------------------------------------------------------

CELERY_BROKER_URL = env("CELERY_BROKER_URL", default=REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": "celery:", "visibility_timeout": 3600}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_EXPIRES = None  # there are none, and so nothing for beat to clean up
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
# What beat does by itself. Each entry is made once as a row, which staff edit in the admin (sdr/schedule.py);
# CELERY_BEAT_SCHEDULE stays empty, because beat would write its entries over the rows at each start.
SCHEDULE = {
    "rebuild-changed-indexes": {
        "task": "recommendations.tasks.rebuild_changed_indexes",
        "seconds": env.int("REBUILD_INTERVAL_SECONDS", default=300),
        "description": "Builds a new index for each shop whose catalogue has changed since its last one.",
    },
    "evaluate-indexes": {
        "task": "recommendations.tasks.evaluate_indexes",
        "daily_at": (3, 17),
        "description": "Finds out by each shop's archive how good the lists of its index are.",
    },
    "forget-old-answers": {
        "task": "sdr.idempotency.tasks.forget_old_answers",
        "seconds": 3600,
        "description": "Deletes the answers that were kept for writes with an Idempotency-Key, a day after.",
    },
    "settle-shoppers": {
        "task": "events.tasks.settle_shoppers",
        "seconds": 15,
        "description": "Brings Redis and Kafka up to date with what shops decided about shoppers while they were away.",
    },
}

# --- recommendations ----------------------------------------------------------------------------

# A folder unless a class of another storage is named, a bucket's for example, with its options as JSON.
INDEX_STORAGE = env("INDEX_STORAGE", default="") or "django.core.files.storage.FileSystemStorage"
INDEX_STORAGE_OPTIONS = env.json("INDEX_STORAGE_OPTIONS", default={}) or (
    {"location": VAR_DIR / "index", "allow_overwrite": True} if INDEX_STORAGE.endswith(".FileSystemStorage") else {}
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": VAR_DIR / "media"}},
    "index": {"BACKEND": INDEX_STORAGE, "OPTIONS": INDEX_STORAGE_OPTIONS},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
INDEX_VERSIONS_KEPT = 5
INDEX_BUILD_THREADS = env.int("INDEX_BUILD_THREADS", default=2)
# Catalogues with more variant groups than this are compared in row blocks, by all Celery workers together.
INDEX_SPREAD_FROM = env.int("INDEX_SPREAD_FROM", default=200_000)
INDEX_BLOCK_ROWS = env.int("INDEX_BLOCK_ROWS", default=20_000)
# A version is measured by what shoppers met in the last days of the archive, of which the last few are asked for. It is
# not let serve if its figure is lower by more than this share of that of the version that serves.
QUALITY_MARGIN = env.float("QUALITY_MARGIN", default=0.1)
QUALITY_DAYS = env.int("QUALITY_DAYS", default=30)
QUALITY_TEST_DAYS = env.int("QUALITY_TEST_DAYS", default=3)
# With fewer cases nothing is refused; more than these are not asked at a build, and once a night.
QUALITY_MIN_CASES = env.int("QUALITY_MIN_CASES", default=200)
QUALITY_CASES = env.int("QUALITY_CASES", default=1000)
QUALITY_NIGHTLY_CASES = env.int("QUALITY_NIGHTLY_CASES", default=20_000)
# When more of the products than this share, and more than this number, changed since the build, it is time for another.
OVERLAY_MAX_SHARE = env.float("OVERLAY_MAX_SHARE", default=0.02)
OVERLAY_MIN_PRODUCTS = env.int("OVERLAY_MIN_PRODUCTS", default=500)
# How often the catalogue's change log is looked at, and how often serving processes look for what was found in it.
OVERLAY_POLL_SECONDS = env.float("OVERLAY_POLL_SECONDS", default=0.1)
# An index that nobody asked for in this time makes room; the next request loads it again.
TENANT_IDLE_SECONDS = env.float("TENANT_IDLE_SECONDS", default=3600)
# Of what shoppers go on to, a serving process holds so many lists of each tenant; who needs another one reads it.
SEQUENCE_LISTS_HELD = env.int("SEQUENCE_LISTS_HELD", default=10_000)

# --- REST ---------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "sdr.accounts.authentication.ApiKeyAuthentication",
        "sdr.accounts.authentication.StaffAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "sdr.accounts.permissions.HasScope",
        "sdr.idempotency.permissions.FirstAttempt",
    ],
    "DEFAULT_RENDERER_CLASSES": [
        "sdr.renderers.OrjsonRenderer",
        "rest_framework.renderers.BrowsableAPIRenderer",
    ],
    "DEFAULT_PARSER_CLASSES": [
        "sdr.parsers.JsonParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "sdr.api.PageNumberPagination",
    "EXCEPTION_HANDLER": "sdr.api.exception_handler",
    "UNICODE_JSON": True,
    "COERCE_DECIMAL_TO_STRING": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "SDR",
    "DESCRIPTION": "Real-time product recommendations: send what shoppers do, ask what to show.",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "sdr.idempotency.schema.describe_keys",
        "sdr.openapi.document_errors",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# --- gRPC ---------------------------------------------------------------------------------------

GRPC_FRAMEWORK = {
    "ROOT_HANDLERS_HOOK": "sdr.rpc.handlers.grpc_handlers",
    "SERVER_INTERCEPTORS": ["sdr.rpc.interceptors.ErrorInterceptor", "sdr.rpc.interceptors.AccessInterceptor"],
}
GRPC_PROCESSES = env.int("GRPC_PROCESSES", default=1)
GRPC_THREADS = env.int("GRPC_THREADS", default=10)
# gRPC reads it from the environment when it is imported. The thread that handles calls reads their sockets, too, as it
# did until gRPC 1.60: two hand-overs less for each call, and a fifth more answers.
os.environ["GRPC_EXPERIMENTS"] = env("GRPC_EXPERIMENTS", default="-event_engine_listener")
# PEM files. All empty: plain text. With authorities of clients, who has no certificate of theirs is not let in.
GRPC_TLS_CERT = env("GRPC_TLS_CERT", default="")
GRPC_TLS_KEY = env("GRPC_TLS_KEY", default="")
GRPC_TLS_CLIENT_CA = env("GRPC_TLS_CLIENT_CA", default="")
GRPC_DRAIN_SECONDS = env.float("GRPC_DRAIN_SECONDS", default=0.0)
GRPC_GRACE_SECONDS = env.float("GRPC_GRACE_SECONDS", default=10.0)
# For restarts without a failed call, see docs/grpc.md.
GRPC_HANDOVER_SECONDS = env.float("GRPC_HANDOVER_SECONDS", default=0.0)
GRPC_METRICS_PORT = env.int("GRPC_METRICS_PORT", default=0)
GRPC_ACCESS_LOG = env.bool("GRPC_ACCESS_LOG", default=False)
# Each names a django-grpc-framework Service with `service_name` and `add_to_server`.
GRPC_SERVICES = [
    "recommendations.rpc.RecommendationService",
    "catalog.rpc.ProductService",
    "events.shoppers.rpc.UserService",
    "events.rpc.EventService",
]

# --- logging ------------------------------------------------------------------------------------

LOG_LEVEL = env("LOG_LEVEL", default="info").upper()
LOG_FORMAT = env("LOG_FORMAT", default="console" if DEBUG else "json")
LOGGING = logs.logging_config(LOG_LEVEL, LOG_FORMAT)

# --- metrics ------------------------------------------------------------------------------------

PROMETHEUS_MULTIPROC_DIR = env("PROMETHEUS_MULTIPROC_DIR", default="")
if not PROMETHEUS_MULTIPROC_DIR:
    # prometheus_client takes an empty name for the directory we are in.
    os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
