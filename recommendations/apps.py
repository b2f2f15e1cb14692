from django.apps import AppConfig


class RecommendationsConfig(AppConfig):
    name = "recommendations"

    def ready(self) -> None:
        from sdr.health import register_dependency

        register_dependency("index", _index_problem)


def _index_problem() -> str | None:
    from recommendations import serving  # what ranks: processes that never ask do without

    return serving.index_problem()
