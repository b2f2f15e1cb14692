from django.apps import AppConfig


class RecommendationsConfig(AppConfig):
    name = "recommendations"

    def ready(self) -> None:
        from recommendations import serving
        from sdr.health import register_dependency

        register_dependency("index", serving.index_problem)
