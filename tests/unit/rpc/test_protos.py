from catalog.selectors import ProductCard
from protos import generate
from protos.catalog.v1.catalog_pb2 import Product


def test_the_committed_python_is_what_the_proto_files_say():
    assert generate.check() == 0


def test_a_product_has_the_fields_of_a_card():
    assert [field.name for field in Product.DESCRIPTOR.fields] == list(ProductCard.__annotations__)
