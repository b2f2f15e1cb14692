from drf_spectacular.generators import SchemaGenerator


def test_every_write_is_documented_with_its_key():
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    writes = [
        operations[method]
        for operations in paths.values()
        for method in {"post", "put", "patch", "delete"} & set(operations)
    ]
    assert writes
    for operation in writes:
        assert "Idempotency-Key" in [parameter["name"] for parameter in operation["parameters"]]
